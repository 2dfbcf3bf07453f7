"""The index of a list: what is searched, as flat arrays that many processes map at once.

A folder is made beside its final place and renamed into it, so whoever sees one sees all of it. Parts
are in the order of their design's name and their place in it, whatever the order in which they came:
lists of one version are searched in one order.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, Select, select

from partwatch.fingerprint.feature_index import FeatureIndex
from partwatch.fingerprint.local import features_layout
from partwatch.model.document import Medium
from partwatch.watchlist.codec import unpack_floats
from partwatch.watchlist.folders import sync
from partwatch.watchlist.index_features import load_features, write_features
from partwatch.watchlist.npy import mapped
from partwatch.watchlist.schema import DESIGNS, PARTS, PRINTS
from partwatch.watchlist.types import Float32Array, PrintLayout

INDEX_FORMAT: Final = 2
MEDIA: Final = tuple(Medium)
DESIGN_TEXTS: Final = ("name", "authority", "reason", "note")
PART_TEXTS: Final = ("name", "source_name", "alternative_to")

_DESIGN_DTYPE: Final = np.dtype([("expires", "<i4")])
_PART_DTYPE: Final = np.dtype(
    [
        ("part_id", "<i8"),
        ("design", "<i4"),
        ("quantity", "<i4"),
        ("triangles", "<i8"),
        ("distinctiveness", "<f8"),
        ("area_mm2", "<f8"),
        ("extents_mm", "<f8", (3,)),
        ("sha256", "S64"),
        ("medium", "u1"),
        ("required", "?"),
        ("has_geometry", "?"),
        ("features", "<i4"),
    ]
)
_PRINT_DTYPE: Final = np.dtype([("print_id", "<i8"), ("part", "<i4"), ("shell", "<i4")])
_FETCH_ROWS: Final = 5000


@dataclass(frozen=True)
class IndexState:
    """Which list an index is of. generation: counts the writes, for the ids differ where it does.

    features: the layout of the local features; two programs may search one list with their own.
    """

    version: str
    generation: int
    layout: PrintLayout
    features: str = field(default_factory=features_layout)

    @property
    def key(self) -> str:
        """Names this state within its home."""
        return f"{self.version[:16]}-{self.generation}-{self.features}"


def index_folder(parent: Path, key: str) -> Path:
    """Where the index of that key lies."""
    return parent / f"index-{INDEX_FORMAT}-{key}"


class Texts(Sequence[str]):
    """Very many strings in two arrays: nothing is decoded before it is asked for.

    content: (bytes,) uint8, UTF-8 one after another. ends: (n,) int64, where each ends.
    """

    def __init__(self, content: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> None:
        self._content = content
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        start = int(self._ends[index - 1]) if index else 0
        return self._content[start : int(self._ends[index])].tobytes().decode("utf-8")


@dataclass(frozen=True, eq=False)
class IndexArrays:
    """An index as mapped from its folder, all arrays read-only.

    descriptors: (R, D) float32. prints, parts, designs: structured, one record a row. texts: the
    DESIGN_TEXTS of each design, then the PART_TEXTS of each part. features: of the parts that have some.
    """

    state: IndexState
    descriptors: Float32Array
    prints: npt.NDArray[np.void]
    parts: npt.NDArray[np.void]
    designs: npt.NDArray[np.void]
    texts: Texts
    features: FeatureIndex


def load_index(folder: Path) -> IndexArrays:
    """Map an index. Raises OSError, ValueError or KeyError where it is not whole."""
    state = json.loads((folder / "state.json").read_text("utf-8"))
    layout = PrintLayout(**state.pop("layout"))
    parts = mapped(folder, "parts", _PART_DTYPE)
    arrays = IndexArrays(
        state=IndexState(layout=layout, **state),
        descriptors=mapped(folder, "descriptors", np.dtype("<f4")),
        prints=mapped(folder, "prints", _PRINT_DTYPE),
        parts=parts,
        designs=mapped(folder, "designs", _DESIGN_DTYPE),
        texts=Texts(mapped(folder, "texts", np.dtype("u1")), mapped(folder, "text_ends", np.dtype("<i8"))),
        features=load_features(folder, parts["features"]),
    )
    texts = len(arrays.designs) * len(DESIGN_TEXTS) + len(arrays.parts) * len(PART_TEXTS)
    if arrays.descriptors.shape != (len(arrays.prints), layout.descriptor_size) or len(arrays.texts) != texts:
        raise ValueError(f"{folder}: its arrays do not fit together")
    return arrays


def build_index(connection: Connection, state: IndexState, parent: Path) -> None:
    """Write the index of the list as the connection's transaction sees it, and put it in its place.

    Call it within the lock in which indices are made.
    """
    folder = Path(tempfile.mkdtemp(prefix="index-new-", dir=parent))
    try:
        write_index(connection, state, folder)
        for file in folder.iterdir():
            sync(file)
        folder.rename(index_folder(parent, state.key))
        sync(parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def write_index(connection: Connection, state: IndexState, folder: Path) -> None:
    """Write an index's files into an empty folder: the same bytes for the same state."""
    designs = list(_fetched(connection, select(DESIGNS).order_by(DESIGNS.c.name)))
    parts = list(_fetched(connection, _ordered_parts()))
    design_of = {row.id: index for index, row in enumerate(designs)}
    np.save(folder / "designs.npy", _design_records(designs))
    part_ids = [row.id for row in parts]
    records = _part_records(parts, design_of)
    records["features"] = write_features(connection, folder, part_ids)
    np.save(folder / "parts.npy", records)
    _write_texts(folder, designs, parts)
    _write_prints(connection, folder, part_ids, state.layout.descriptor_size)
    (folder / "state.json").write_text(json.dumps(asdict(state)), "utf-8")


def _ordered_parts() -> Select[Any]:
    joined = select(PARTS).join(DESIGNS, DESIGNS.c.id == PARTS.c.design_id)
    return joined.order_by(DESIGNS.c.name, PARTS.c.position)


def _design_records(rows: list[Row[Any]]) -> npt.NDArray[np.void]:
    ordinals = [(date.fromisoformat(row.expires).toordinal(),) for row in rows]
    return np.array(ordinals, dtype=_DESIGN_DTYPE)


def _part_records(rows: list[Row[Any]], design_of: dict[int, int]) -> npt.NDArray[np.void]:
    media = {medium.value: number for number, medium in enumerate(MEDIA)}
    records = np.zeros(len(rows), dtype=_PART_DTYPE)
    for record, row in zip(records, rows, strict=True):
        record["part_id"] = row.id
        record["design"] = design_of[row.design_id]
        record["extents_mm"] = (row.extent_x_mm, row.extent_y_mm, row.extent_z_mm)
        record["sha256"] = row.sha256.encode("ascii")
        record["medium"] = media[row.medium]
        for name in ("quantity", "triangles", "distinctiveness", "area_mm2", "required", "has_geometry"):
            record[name] = getattr(row, name)
    return records


def _write_texts(folder: Path, designs: list[Row[Any]], parts: list[Row[Any]]) -> None:
    texts = [
        (getattr(row, field) or "").encode("utf-8")
        for rows, fields in ((designs, DESIGN_TEXTS), (parts, PART_TEXTS))
        for row in rows
        for field in fields
    ]
    ends = np.cumsum([len(text) for text in texts], dtype="<i8")
    np.save(folder / "texts.npy", np.frombuffer(b"".join(texts), dtype="u1"))
    np.save(folder / "text_ends.npy", ends)


def _write_prints(connection: Connection, folder: Path, part_ids: list[int], size: int) -> None:
    part_of = {part_id: index for index, part_id in enumerate(part_ids)}
    rows = connection.execute(select(PRINTS.c.id, PRINTS.c.part_id, PRINTS.c.shell)).all()
    found = [(row.id, part_of[row.part_id], row.shell) for row in rows]
    prints = np.sort(np.array(found, dtype=_PRINT_DTYPE), order=("part", "print_id"))
    np.save(folder / "prints.npy", prints)
    row_of = {int(print_id): row for row, print_id in enumerate(prints["print_id"])}
    shape = (len(prints), size)
    descriptors = np.lib.format.open_memmap(folder / "descriptors.npy", mode="w+", dtype="<f4", shape=shape)
    for row in _fetched(connection, select(PRINTS.c.id, PRINTS.c.descriptor)):
        descriptors[row_of[row.id]] = unpack_floats(row.descriptor, (size,))
    descriptors.flush()


def _fetched(connection: Connection, statement: Select[Any]) -> Iterator[Row[Any]]:
    return iter(connection.execution_options(yield_per=_FETCH_ROWS).execute(statement))
