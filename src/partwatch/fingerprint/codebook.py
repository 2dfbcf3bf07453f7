"""The codebook of local features: from a descriptor to a short code, a cell, and how rare that cell is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int8]
# Cells that a feature of a body is looked for in.
PROBES = 4


@dataclass(frozen=True, eq=False)
class Codebook:
    """mean (LOCAL_SIZE,), basis (LOCAL_SIZE, CODE_SIZE): principal components of descriptors, in eighths of a
    bit of int8. centroids: (cells, CODE_SIZE), in codes. rarity: (cells,), in bits: minus log2 of the share
    of families of benign bodies that have a feature in the cell. version: 12 hex digits over all of that:
    codes of two codebooks are never compared.
    """

    mean: npt.NDArray[np.float32]
    basis: npt.NDArray[np.float32]
    centroids: npt.NDArray[np.float32]
    rarity: npt.NDArray[np.float32]
    version: str

    @property
    def cells(self) -> int:
        """How many cells an octave has."""
        return len(self.centroids)

    def encode(self, descriptors: npt.NDArray[np.float32]) -> Codes:
        """(n, CODE_SIZE) codes of (n, LOCAL_SIZE) descriptors."""
        return np.clip(np.rint((descriptors - self.mean) @ self.basis), -127, 127).astype(np.int8)

    def nearest(self, codes: Codes, probes: int = 1) -> npt.NDArray[np.intp]:
        """(n, probes) cells of codes, nearest first."""
        distance = self._squares - 2 * codes.astype(np.float32) @ self.centroids.T
        if probes == 1:
            return np.asarray(distance.argmin(axis=1)[:, None])
        some = np.argpartition(distance, probes, axis=1)[:, :probes]
        order = np.argsort(np.take_along_axis(distance, some, axis=1), axis=1, kind="stable")
        return np.asarray(np.take_along_axis(some, order, axis=1), dtype=np.intp)

    @cached_property
    def _squares(self) -> npt.NDArray[np.float32]:
        return np.asarray((self.centroids**2).sum(axis=1))
