"""The local features of a list as arrays of its index, written without holding them all in memory.

Two passes over the table: the first counts what each cell gets, the second puts every feature in its place.
Parts count as the index counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from partwatch import kernel
from partwatch.fingerprint.feature_index import OCTAVES, FeatureIndex, cells_of
from partwatch.fingerprint.local import FEATURE, Features, facing_of
from partwatch.fingerprint.shipped import codebook
from partwatch.model.errors import StoreError
from partwatch.watchlist.features import unpack_features
from partwatch.watchlist.npy import mapped
from partwatch.watchlist.schema import LOCAL_FEATURES

# What a part without usable features has in place of their number.
NO_FEATURES: Final = -1
# Type of each array of a FeatureIndex, and the shape of its rows.
_ARRAYS: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    "codes": ("|i1", (kernel.CODE_SIZE,)),
    "part": ("<i4", ()),
    "place": ("<f4", (3,)),
    "facing": ("<f4", (3,)),
}
_PARTS_AT_ONCE: Final = 64


def write_features(connection: Connection, folder: Path, part_ids: Sequence[int]) -> npt.NDArray[np.int32]:
    """Write the arrays; (parts,): how many features each part has, NO_FEATURES where none are usable.

    Damaged ones are not: whoever searches says how many parts have none.
    """
    book = codebook()
    counts = np.full(len(part_ids), NO_FEATURES, dtype=np.int32)
    sizes = np.zeros(OCTAVES * book.cells, dtype=np.int64)
    cells: list[npt.NDArray[np.int32]] = []
    for first, found in _fetched(connection, part_ids):
        counts[first : first + len(found)] = [NO_FEATURES if one is None else len(one) for one in found]
        cells.append(cells_of(_joined(found), book, 1)[:, 0])
        sizes += np.bincount(cells[-1], minlength=len(sizes))
    start = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    np.save(folder / "features_start.npy", start.astype("<i8"))
    arrays = {name: _made(folder, name, int(start[-1])) for name in _ARRAYS}
    free = start[:-1].copy()
    for (first, found), cell in zip(_fetched(connection, part_ids), cells, strict=True):
        rows = _taken(free, cell)
        records = _joined(found)
        lengths = [0 if one is None else len(one) for one in found]
        arrays["codes"][rows] = records["code"]
        arrays["part"][rows] = np.repeat(np.arange(first, first + len(found)), lengths)
        arrays["place"][rows] = records["place"]
        arrays["facing"][rows] = facing_of(records)
    for array in arrays.values():
        array.flush()
    return counts


def load_features(folder: Path, counts: npt.NDArray[np.int32]) -> FeatureIndex:
    """Map the arrays. counts: as `write_features` gave them.

    Raises OSError or ValueError where the arrays are not whole: the kernel goes by them.
    """
    start = mapped(folder, "features_start", np.dtype("<i8"))
    arrays = {name: mapped(folder, f"features_{name}", np.dtype(kind)) for name, (kind, _) in _ARRAYS.items()}
    size = int(counts[counts > 0].sum(dtype=np.int64))
    fits = all(arrays[name].shape == (size, *shape) for name, (_, shape) in _ARRAYS.items())
    part = arrays["part"]
    if (
        not fits
        or start.shape != (OCTAVES * codebook().cells + 1,)
        or (start[0], start[-1]) != (0, size)
        or (start[1:] < start[:-1]).any()
        or (size and not 0 <= part.min() <= part.max() < len(counts))
    ):
        raise ValueError(f"{folder}: its local features do not fit together")
    return FeatureIndex(**arrays, start=start)


def _fetched(connection: Connection, part_ids: Sequence[int]) -> Iterator[tuple[int, list[Features | None]]]:
    """The features of some parts at a time, with the number of the first of these."""
    for first in range(0, len(part_ids), _PARTS_AT_ONCE):
        some = part_ids[first : first + _PARTS_AT_ONCE]
        statement = select(LOCAL_FEATURES).where(LOCAL_FEATURES.c.part_id.in_(some))
        found = {row.part_id: _usable(row) for row in connection.execute(statement)}
        yield first, [found.get(part_id) for part_id in some]


def _usable(row: Any) -> Features | None:
    try:
        return unpack_features(row)
    except StoreError:
        return None


def _joined(found: list[Features | None]) -> Features:
    return np.concatenate([np.zeros(0, dtype=FEATURE), *(one for one in found if one is not None)])


def _made(folder: Path, name: str, size: int) -> np.memmap[Any, Any]:
    kind, shape = _ARRAYS[name]
    path = folder / f"features_{name}.npy"
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=(size, *shape))


def _taken(free: npt.NDArray[np.int64], cell: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """The row of each feature by its cell, in the order in which they come; `free` moves on."""
    order = np.argsort(cell, kind="stable")
    ordered = cell[order]
    rows = np.empty(len(cell), dtype=np.int64)
    rows[order] = free[ordered] + np.arange(len(cell)) - np.searchsorted(ordered, ordered)
    free += np.bincount(cell, minlength=len(free))
    return rows
