"""A triangle mesh, as readers hand it over and as bodies keep it, and the units files speak in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int32]


class Unit(StrEnum):
    """A unit of length that a file states or that is supposed where it states none."""

    MICRON = "micron"
    MILLIMETRE = "mm"
    CENTIMETRE = "cm"
    INCH = "inch"
    FOOT = "foot"
    METRE = "m"


MM_PER_UNIT: dict[Unit, float] = {
    Unit.MICRON: 0.001,
    Unit.MILLIMETRE: 1.0,
    Unit.CENTIMETRE: 10.0,
    Unit.INCH: 25.4,
    Unit.FOOT: 304.8,
    Unit.METRE: 1000.0,
}

# The contract's hypotheses, tried only where the format states no unit; no foot among them.
UNIT_HYPOTHESES: tuple[Unit, ...] = (
    Unit.MILLIMETRE,
    Unit.INCH,
    Unit.CENTIMETRE,
    Unit.METRE,
    Unit.MICRON,
)


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles over shared vertices.

    vertices: (n, 3) float64, in the unit of whoever holds the mesh.
    triangles: (m, 3) int32 indices into vertices.
    """

    vertices: FloatArray
    triangles: IndexArray

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest corner of the axis-aligned box around the vertices, (3,) each; else zero."""
        if len(self.vertices) == 0:
            return np.zeros(3), np.zeros(3)
        # By column: numpy's reduction over rows of three is many times slower.
        columns = self.vertices.T
        return np.array([column.min() for column in columns]), np.array([column.max() for column in columns])

    @property
    def extents(self) -> FloatArray:
        """Size of that box, (3,)."""
        low, high = self.bounds
        return high - low
