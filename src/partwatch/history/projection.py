"""Descriptors in few numbers, so that most of a history is passed over without reading it whole.

The few are the descriptor's coordinates along some orthonormal directions. Distances between them are never
larger than those between the descriptors: what lies beyond a distance by the few lies beyond it by all, and
nothing is lost whatever the directions are. Good directions only make more be passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint import DESCRIPTOR_SIZE

FloatRows = npt.NDArray[np.float32]

# Of the pairs of benign bodies that these put within 0.3 of each other, two in three are by all 464 numbers.
SIZE: Final = 32
# Both sides are kept as float16: what rounding may add to a distance.
ROUNDING: Final = 2e-3


@dataclass(frozen=True, eq=False)
class Projection:
    """directions: (DESCRIPTOR_SIZE, SIZE) float32, orthonormal columns."""

    directions: FloatRows

    def __post_init__(self) -> None:
        if self.directions.shape != (DESCRIPTOR_SIZE, SIZE):
            raise ValueError(f"directions of {self.directions.shape}")
        products = self.directions.T.astype(np.float64) @ self.directions.astype(np.float64)
        if not np.abs(products - np.eye(SIZE)).max() < 1e-4:
            raise ValueError("directions that are not orthonormal")

    @classmethod
    def fitted(cls, descriptors: FloatRows) -> Projection:
        """The directions in which these (n, DESCRIPTOR_SIZE) spread most; n at least SIZE + 1."""
        rows = descriptors.astype(np.float64)
        _, _, directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
        return cls(np.ascontiguousarray(directions[:SIZE].T, dtype=np.float32))

    def few(self, descriptors: FloatRows) -> FloatRows:
        """(n, SIZE) of (n, DESCRIPTOR_SIZE)."""
        return np.asarray(descriptors.astype(np.float32) @ self.directions)


def distances(rows: FloatRows, queries: FloatRows) -> FloatRows:
    """(n, m) Euclidean distances between (n, D) and (m, D); Hellinger's, in each block of a descriptor."""
    squares = (rows**2).sum(axis=1)[:, None] + (queries**2).sum(axis=1)[None, :] - 2 * rows @ queries.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))
