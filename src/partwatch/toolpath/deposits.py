"""Material that a job lays: strokes of the nozzle in layers, each with its height and width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.model.errors import DamagedError
from partwatch.model.mesh import FloatArray
from partwatch.model.toolpath import Toolpath

Indices = npt.NDArray[np.int64]

# Moves shorter than this lay a dot, not a stroke.
LEAST_STROKE_MM = 1e-4
# Heights that differ by less are one layer's.
SAME_HEIGHT_MM = 2e-3
# A layer is at most so high; what has nothing so far below it is the first of its kind.
MOST_HEIGHT_MM = 1.2
# Side of the cells by which layers are asked whether they lie on each other, and the least share that must.
COARSE_MM = 1.0
LEAST_SHARED = 0.25
# Share of the length laid that may rise during its stroke before a job counts as one spiral.
LEAST_RISING = 0.2
# Diameters of filament that are sold, in mm; the last one is of a job that counts volumes.
DIAMETERS_MM = (1.75, 2.85, 3.0, 2 / np.sqrt(np.pi))
# Widths of strokes in nozzles that are sold, in mm.
WIDTHS_MM = (0.1, 3.0)


@dataclass(frozen=True, eq=False)
class Strokes:
    """start, end: (n, 2), in mm. layer: (n,). filament: (n,), millimetres pushed a millimetre moved."""

    start: FloatArray
    end: FloatArray
    layer: Indices
    filament: FloatArray

    @property
    def length(self) -> FloatArray:
        """(n,), in mm."""
        return np.asarray(np.linalg.norm(self.end - self.start, axis=1))

    def of(self, chosen: npt.NDArray[np.bool_] | Indices) -> Strokes:
        """Some of them."""
        return Strokes(self.start[chosen], self.end[chosen], self.layer[chosen], self.filament[chosen])


@dataclass(frozen=True, eq=False)
class Laid:
    """All strokes of a job. top, height: (layers,), in mm, from the lowest. spiral: it always rises."""

    strokes: Strokes
    top: FloatArray
    height: FloatArray
    spiral: bool


def laid(path: Toolpath) -> Laid:
    """The strokes of a job by layers. DamagedError where it lays nothing."""
    before = np.concatenate([np.zeros((1, 3)), path.end[:-1]])
    length = np.linalg.norm((path.end - before)[:, :2], axis=1)
    some = np.flatnonzero((path.filament > 0) & (length > LEAST_STROKE_MM))
    if len(some) == 0:
        raise DamagedError("the print job lays no material: export it again, sliced for a printer")
    start, end, length = before[some], path.end[some], length[some]
    rise = np.abs(end[:, 2] - start[:, 2])
    rising = float(length[rise > SAME_HEIGHT_MM / 20].sum() / length.sum())
    spiral = rising > LEAST_RISING
    z = (start[:, 2] + end[:, 2]) / 2
    layer, top = _turns(z, length, rise) if spiral else _levels(z)
    strokes = Strokes(start[:, :2], end[:, :2], layer, path.filament[some] / length)
    return Laid(strokes, top, _heights(strokes, top), spiral)


def _levels(z: FloatArray) -> tuple[Indices, FloatArray]:
    """Which level each height is, and the levels' heights."""
    order = np.argsort(z, kind="stable")
    ordered = z[order]
    level = np.concatenate([[0], np.cumsum(np.diff(ordered) > SAME_HEIGHT_MM)])
    layer = np.empty(len(z), dtype=np.int64)
    layer[order] = level
    first = np.flatnonzero(np.diff(level, prepend=-1))
    return layer, np.asarray(ordered[first])


def _turns(z: FloatArray, length: FloatArray, rise: FloatArray) -> tuple[Indices, FloatArray]:
    """The same of a job that rises all the time: as many levels as it has flat ones' height, or turns."""
    flat = rise <= SAME_HEIGHT_MM / 20
    levels = _levels(z[flat])[1] if flat.any() else z[:0]
    steps = np.diff(levels)
    steps = steps[steps > 0.02]
    height = float(np.median(steps)) if len(steps) > 1 else 0.2
    level = np.floor((z - z.min()) / height + 1e-6).astype(np.int64)
    used, layer = np.unique(level, return_inverse=True)
    return layer.astype(np.int64), z.min() + (used + 0.5) * height


def _heights(strokes: Strokes, top: FloatArray) -> FloatArray:
    """How thick each layer is: down to the nearest one below on which it lies in good part."""
    cells = _footprints(strokes, len(top))
    height = np.zeros(len(top))
    for k in range(len(top)):
        below = k - 1
        while below >= 0 and top[k] - top[below] <= MOST_HEIGHT_MM:
            shared = len(np.intersect1d(cells[k], cells[below], assume_unique=True))
            if shared >= LEAST_SHARED * min(len(cells[k]), len(cells[below])):
                height[k] = top[k] - top[below]
                break
            below -= 1
    known = height > 0
    usual = float(np.median(height[known])) if known.any() else 0.2
    first = ~known
    height[first] = np.where((top[first] > 0) & (top[first] <= MOST_HEIGHT_MM), top[first], usual)
    return height


def _footprints(strokes: Strokes, layers: int) -> list[Indices]:
    """Of each layer the coarse cells that strokes' middles and ends lie in."""
    low = strokes.start.min(axis=0)
    at = np.concatenate([strokes.start, strokes.end, (strokes.start + strokes.end) / 2])
    cell = np.floor((at - low) / COARSE_MM).astype(np.int64)
    wide = int(cell[:, 0].max(initial=0)) + 2
    key = np.unique(np.tile(strokes.layer, 3) * (1 << 40) + cell[:, 1] * wide + cell[:, 0])
    return np.split(key % (1 << 40), np.searchsorted(key >> 40, np.arange(1, layers)))
