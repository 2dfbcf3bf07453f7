"""Entries as rows of a table, and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.history.entry import Entry
from partwatch.history.extras import HISTORY
from partwatch.history.projection import SIZE, Projection

FEW: Final = "few"
DESCRIPTOR: Final = "descriptor"
# Two processes that write the same body at once conflict, and the later one tries again; else both stay.
_KEY: Final = {"lance-schema:unenforced-primary-key:position": "1"}
# All but what is searched.
FACTS: Final = (
    "submission", "position", "file_sha256", "item_sha256", "member", "body", "customer", "screened_at",
    "radius_mm", "area_mm2", "extents_mm", "version",
)  # fmt: skip


def _arrow() -> Any:
    return HISTORY.module("pyarrow", "the history")


def schema() -> Any:
    """The columns of the table of bodies. id is its key."""
    pa = _arrow()
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False, metadata=_KEY),
            pa.field("submission", pa.string(), nullable=False),
            pa.field("position", pa.int32(), nullable=False),
            pa.field("file_sha256", pa.string(), nullable=False),
            pa.field("item_sha256", pa.string()),
            pa.field("member", pa.string()),
            pa.field("body", pa.int32(), nullable=False),
            pa.field("customer", pa.string(), nullable=False),
            pa.field("screened_at", pa.string(), nullable=False),
            pa.field("radius_mm", pa.float32(), nullable=False),
            pa.field("area_mm2", pa.float32(), nullable=False),
            pa.field("extents_mm", pa.list_(pa.float32(), 3), nullable=False),
            pa.field("version", pa.string(), nullable=False),
            pa.field(FEW, pa.list_(pa.float16(), SIZE), nullable=False),
            pa.field(DESCRIPTOR, pa.list_(pa.float16(), DESCRIPTOR_SIZE), nullable=False),
        ]
    )


def table_of(entries: Sequence[Entry], projection: Projection) -> Any:
    """Rows for the table of bodies."""
    pa = _arrow()
    descriptors = np.stack([entry.descriptor for entry in entries]).astype(np.float32)
    columns: dict[str, Any] = {name: [getattr(entry, name) for entry in entries] for name in ("id", *FACTS)}
    # Half a pair is no text; a member's name may hold one.
    columns["member"] = [None if name is None else _text(name) for name in columns["member"]]
    columns[FEW] = _halves(projection.few(descriptors))
    columns[DESCRIPTOR] = _halves(descriptors)
    return pa.table(columns, schema=schema())


def about_of(layout: int, fingerprint: str, projection: Projection) -> Any:
    """The one row of the table that says what the other is."""
    directions = np.ascontiguousarray(projection.directions, dtype="<f4").tobytes()
    return _arrow().table({"layout": [layout], "fingerprint": [fingerprint], "directions": [directions]})


def floats(column: Any, size: int) -> npt.NDArray[np.float32]:
    """(n, size) float32 of a column of that many float16."""
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False).reshape(-1, size), dtype=np.float32)


def quoted(text: str) -> str:
    """A text as the filter language has it."""
    return "'" + text.replace("'", "''") + "'"


def limited(customer: str | None, since: date | None, until: date | None) -> str | None:
    """A filter for one customer, by its key, and for days in UTC, both counted in; None for all."""
    said = []
    if customer is not None:
        said.append(f"customer = {quoted(customer)}")
    if since is not None:
        said.append(f"screened_at >= {quoted(since.isoformat())}")
    if until is not None and until < date.max:
        said.append(f"screened_at < {quoted((until + timedelta(days=1)).isoformat())}")
    return " AND ".join(said) or None


def table_names(connection: Any) -> list[str]:
    """All tables of a connection."""
    found = connection.list_tables()
    return list(getattr(found, "tables", found))


def _halves(values: npt.NDArray[np.float32]) -> Any:
    pa = _arrow()
    halves = np.ascontiguousarray(values, dtype=np.float16)
    return pa.FixedSizeListArray.from_arrays(pa.array(halves.ravel()), values.shape[1])


def _text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
