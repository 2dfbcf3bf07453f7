"""Which specimens may be kin: nearest by descriptor, among those of a size that kin may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.curation.specimens import Specimens
from partwatch.model.mesh import MM_PER_UNIT

# Least similarity of descriptors, of 2 for the same: of revisions in one size, and of copies in any size.
LEAST_ALIKE = 1.94
LEAST_ALIKE_SCALED = 1.985
# Largest natural logarithm of the ratio of sizes between revisions.
SIZE_GAP = 0.4
# Neighbours of each specimen that are compared.
NEIGHBOURS = 12
_BLOCK = 256
_UNIT_FACTORS = sorted({0.0, *(float(np.log(mm)) for mm in MM_PER_UNIT.values())})
UNIT_GAP = 0.02


@dataclass(frozen=True, eq=False)
class Pairs:
    """a < b: (n,) rows, most alike first."""

    a: npt.NDArray[np.int64]
    b: npt.NDArray[np.int64]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.a.tolist(), self.b.tolist(), strict=True)


def likely_pairs(specimens: Specimens, rows: npt.NDArray[np.int64]) -> Pairs:
    """The NEIGHBOURS most alike of each of the rows, among the rows, where they are alike enough."""
    size = np.log(specimens.radius[rows])
    mine = np.ascontiguousarray(specimens.descriptors[rows])
    may_scale = np.array([specimens.is_known_scaled(int(row)) for row in rows], dtype=bool)
    found: list[npt.NDArray[np.int64]] = []
    alike: list[npt.NDArray[np.float32]] = []
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, min(start + _BLOCK, len(rows)))
        similar = mine[block] @ mine.T
        gap = np.abs(size[block, None] - size[None])
        bar = np.where(may_scale[block, None] & may_scale[None], LEAST_ALIKE_SCALED, np.inf)
        near = gap <= SIZE_GAP
        for factor in _UNIT_FACTORS[1:]:
            near |= np.abs(gap - factor) <= UNIT_GAP
        bar[near] = LEAST_ALIKE
        similar[similar < bar] = 0
        similar[np.arange(len(similar)), np.arange(start, start + len(similar))] = 0
        most = min(NEIGHBOURS, similar.shape[1])
        top = np.argpartition(-similar, most - 1, axis=1)[:, :most]
        value = np.take_along_axis(similar, top, axis=1)
        k, place = np.nonzero(value > 0)
        pair = np.stack([start + k, top[k, place]], axis=1)
        found.append(np.sort(pair, axis=1))
        alike.append(value[k, place])
    return _ordered(
        np.concatenate(found or [np.zeros((0, 2), np.int64)]),
        np.concatenate(alike or [np.zeros(0, np.float32)]),
        rows,
    )


def _ordered(
    pairs: npt.NDArray[np.int64], alike: npt.NDArray[np.float32], rows: npt.NDArray[np.int64]
) -> Pairs:
    pairs, first = np.unique(pairs, axis=0, return_index=True)
    # Products of blocks may differ in the last digits: they must not order anything.
    rounded = np.round(alike[first].astype(np.float64), 4)
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -rounded))
    return Pairs(rows[pairs[order, 0]], rows[pairs[order, 1]])
