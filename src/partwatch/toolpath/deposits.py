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
# Strokes that begin where the one before ended are one run; and so near may its ends be at a wall's seam.
SAME_PLACE_MM = 0.02
SEAM_MM = 0.6
# Heights that differ by less are one layer's.
SAME_HEIGHT_MM = 2e-3
# A layer is at most so high; what has nothing so far below it is the first of its kind.
MOST_HEIGHT_MM = 1.2
# Side of the cells by which strokes are asked what they lie on, and how many places are looked at.
COARSE_MM = 0.4
MOST_PLACES = 4_000_000
# So much of a run lies on what is right below it.
LOW_SHARE = 0.2
# Heights in one level that differ by less are one.
SAME_KIND_MM = 0.03
# Share of the length laid that may rise during its stroke before a job counts as one spiral.
LEAST_RISING = 0.2
# Diameters of filament that are sold, in mm; the last one is of a job that counts volumes.
DIAMETERS_MM = (1.75, 2.85, 3.0, 2 / np.sqrt(np.pi))
# Widths of strokes in nozzles that are sold, in mm.
WIDTHS_MM = (0.1, 3.0)


@dataclass(frozen=True, eq=False)
class Strokes:
    """start, end: (n, 2), in mm. layer: (n,). filament: (n,), mm pushed in a millimetre moved. run: (n,),
    those that follow on each other without a break are one. loop: (n,), whether that run ends where it began,
    as walls do and infill and supports do not."""

    start: FloatArray
    end: FloatArray
    layer: Indices
    filament: FloatArray
    run: Indices
    loop: npt.NDArray[np.bool_]

    @property
    def length(self) -> FloatArray:
        """(n,), in mm."""
        return np.asarray(np.linalg.norm(self.end - self.start, axis=1))

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """(2,) the lowest and the highest x and y of their lines."""
        return (
            np.minimum(self.start, self.end).min(axis=0),
            np.maximum(self.start, self.end).max(axis=0),
        )

    def on_grid(self, low: FloatArray, cell: float) -> FloatArray:
        """(n, 4) both ends in cells, for `kernel.lay_strokes`. low: (2,), the middle of the first cell."""
        ends = np.concatenate([self.start, self.end], axis=1)
        return np.ascontiguousarray((ends - np.tile(low, 2)) / cell)

    def of(self, chosen: npt.NDArray[np.bool_] | Indices) -> Strokes:
        """Some of them."""
        return Strokes(
            self.start[chosen],
            self.end[chosen],
            self.layer[chosen],
            self.filament[chosen],
            self.run[chosen],
            self.loop[chosen],
        )


@dataclass(frozen=True, eq=False)
class Laid:
    """All strokes of a job. top, height: (layers,), in mm, from the lowest. spiral: it always rises."""

    strokes: Strokes
    top: FloatArray
    height: FloatArray
    spiral: bool


def laid(path: Toolpath) -> Laid:
    """The strokes of a job by layers. DamagedError where it lays nothing."""
    before, length = path.start, path.across
    some = np.flatnonzero((path.filament > 0) & (length > LEAST_STROKE_MM))
    if len(some) == 0:
        raise DamagedError("the print job lays no material: export it again, sliced for a printer")
    start, end, length = before[some], path.end[some], length[some]
    rise = np.abs(end[:, 2] - start[:, 2])
    rising = float(length[rise > SAME_HEIGHT_MM / 20].sum() / length.sum())
    spiral = rising > LEAST_RISING
    z = (start[:, 2] + end[:, 2]) / 2
    level, top = _turns(z, rise) if spiral else _levels(z)
    # Strokes that follow on each other without a break are of one kind.
    apart = np.linalg.norm(start[1:, :2] - end[:-1, :2], axis=1)
    run = np.concatenate([[0], np.cumsum((apart > SAME_PLACE_MM) | (np.diff(level) != 0))])
    even = None if spiral else _even_heights(top)
    if even is None:
        layer, top, height = _kinds(level, top, _heights(start[:, :2], end[:, :2], level, top, run))
    else:
        layer, height = level, even
    loop = _loops(start[:, :2], end[:, :2], run)
    strokes = Strokes(start[:, :2], end[:, :2], layer, path.filament[some] / length, run, loop)
    return Laid(strokes, top, height, spiral)


def _kinds(level: Indices, top: FloatArray, height: FloatArray) -> tuple[Indices, FloatArray, FloatArray]:
    """(strokes,) layers, and tops and heights of these: one level may hold a part's layer and a support's of
    another height. height: of each stroke."""
    kinds, layer = np.unique(
        np.column_stack([level, np.round(height / SAME_KIND_MM).astype(np.int64)]),
        axis=0,
        return_inverse=True,
    )
    layer = layer.reshape(-1).astype(np.int64)
    mean = np.bincount(layer, weights=height) / np.bincount(layer)
    return layer, top[kinds[:, 0]], mean


def _loops(start: FloatArray, end: FloatArray, run: Indices) -> npt.NDArray[np.bool_]:
    """(strokes,): whether each is of a run of several that ends about where it began."""
    first = np.flatnonzero(np.diff(run, prepend=-1))
    last = np.append(first[1:], len(run)) - 1
    gap = np.linalg.norm(start[first] - end[last], axis=1)
    length = np.bincount(run, weights=np.linalg.norm(end - start, axis=1))
    closed = (gap <= SEAM_MM) & (length > 4 * gap) & (last - first >= 2)
    return np.asarray(closed[run])


def _levels(z: FloatArray) -> tuple[Indices, FloatArray]:
    """Which level each height is, and the levels' heights."""
    # Most strokes are as high as the one before.
    changes = np.concatenate([[True], z[1:] != z[:-1]])
    few = z[changes]
    order = np.argsort(few, kind="stable")
    ordered = few[order]
    level = np.concatenate([[0], np.cumsum(np.diff(ordered) > SAME_HEIGHT_MM)])
    of_few = np.empty(len(few), dtype=np.int64)
    of_few[order] = level
    layer = of_few[np.cumsum(changes) - 1]
    first = np.flatnonzero(np.diff(level, prepend=-1))
    return layer, np.asarray(ordered[first])


def _turns(z: FloatArray, rise: FloatArray) -> tuple[Indices, FloatArray]:
    """The same of a job that rises all the time: as many levels as it has flat ones' height, or turns."""
    flat = rise <= SAME_HEIGHT_MM / 20
    levels = _levels(z[flat])[1] if flat.any() else z[:0]
    steps = np.diff(levels)
    steps = steps[steps > 0.02]
    height = float(np.median(steps)) if len(steps) > 1 else 0.2
    level = np.floor((z - z.min()) / height + 1e-6).astype(np.int64)
    used, layer = np.unique(level, return_inverse=True)
    return layer.astype(np.int64), z.min() + (used + 0.5) * height


def _heights(start: FloatArray, end: FloatArray, level: Indices, top: FloatArray, run: Indices) -> FloatArray:
    """(strokes,) how thick each is: down to the nearest level below that lies beneath most of its run."""
    stroke, cell = _footprints(start, end)
    order = np.lexsort((level[stroke], cell))
    here, at = cell[order], level[stroke[order]]
    new = np.concatenate([[True], (np.diff(here) != 0) | (np.diff(at) != 0)])
    first = np.flatnonzero(new)
    gap = np.concatenate([[np.inf], top[at[first[1:]]] - top[at[first[:-1]]]])
    gap[np.concatenate([[True], np.diff(here[first]) != 0])] = np.inf
    below = np.empty(len(order))
    below[order] = gap[np.cumsum(new) - 1]
    known = below <= MOST_HEIGHT_MM
    # Infill crosses what lies right below it here and there only.
    height = _quantiles(below[known], run[stroke[known]], int(run[-1]) + 1, LOW_SHARE)[run]
    usual = _quantiles(height[np.isfinite(height)], level[np.isfinite(height)], len(top), 0.5)
    usual[0] = top[0] if 0 < top[0] <= MOST_HEIGHT_MM else usual[0]
    every = usual[np.isfinite(usual)]
    usual[~np.isfinite(usual)] = float(np.median(every)) if len(every) else 0.2
    # Higher than the rest of its level is only what spans a gap.
    return np.fmin(height, usual[level])


def _even_heights(top: FloatArray) -> FloatArray | None:
    """(levels,) their heights where all are alike, and so each lies on the one before; None where not."""
    gaps = np.diff(top)
    if len(gaps) < 2 or np.ptp(gaps) > 2 * SAME_HEIGHT_MM or not gaps.max() <= MOST_HEIGHT_MM:
        return None
    first = top[0] if 0 < top[0] <= MOST_HEIGHT_MM else gaps[0]
    return np.concatenate([[first], gaps])


def _quantiles(values: FloatArray, group: Indices, groups: int, share: float) -> FloatArray:
    """(groups,) a quantile of each group's values; not a number where it has none."""
    order = np.lexsort((values, group))
    count = np.bincount(group, minlength=groups)
    begin = np.cumsum(count) - count
    out = np.full(groups, np.nan)
    some = count > 0
    out[some] = values[order][(begin + (share * count).astype(np.int64))[some]]
    return out


def _footprints(start: FloatArray, end: FloatArray) -> tuple[Indices, Indices]:
    """Places along strokes: whose each is, and the coarse cell that it lies in."""
    length = np.linalg.norm(end - start, axis=1)
    step = max(COARSE_MM / 2, float(length.sum()) / MOST_PLACES)
    count = np.ceil(length / step).astype(np.int64) + 1
    stroke = np.repeat(np.arange(len(start)), count)
    number = np.arange(len(stroke)) - np.repeat(np.cumsum(count) - count, count)
    share = (number / np.maximum(count[stroke] - 1, 1))[:, None]
    at = start[stroke] + share * (end - start)[stroke]
    # No finer than places are apart, or strokes would seem to lie on nothing.
    cell = np.floor((at - at.min(axis=0)) / (2 * step)).astype(np.int64)
    return stroke, cell[:, 1] * (int(cell[:, 0].max()) + 1) + cell[:, 0]
