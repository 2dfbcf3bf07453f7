"""What is solid in each slice of a job: strokes as a field on a grid, hollows within them filled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from partwatch import kernel
from partwatch.model.mesh import FloatArray
from partwatch.toolpath.deposits import Indices, Strokes

Flags = npt.NDArray[np.bool_]
Singles = npt.NDArray[np.float32]

# Sides of a cell that are aimed at, and how many cells there may be.
CELL_MM = (0.2, 1.0)
MOST_CELLS = 40_000_000
# Empty cells around all, and so far from a stroke its distance is known, in cells.
MARGIN, REACH = 4, 2.0
# Gaps this wide between strokes are none: where walls meet infill, and at seams.
GAP_MM = 0.3
# Distances within a slice count up to here: so far a slope may move from one layer to the next.
FARTHEST_MM = 1.5
# Half the width from which on something is more than one stroke wide, as a share of a stroke's whole width.
LEAST_HALF_WIDTH = 0.75
# How far the lowest slice may reach beyond the next one; a brim reaches farther.
LEAST_BRIM_MM = 0.8
# Boundaries of layers that are closer are one.
LEAST_SLICE_MM = 0.03


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells in x and y. low: (2,), the middle of the first one, in mm. shape: rows, columns."""

    low: FloatArray
    cell: float
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Slices:
    """bottom, top: (n,), in mm, without overlap, from the lowest. layers: those that lie in each."""

    bottom: FloatArray
    top: FloatArray
    layers: tuple[Indices, ...]


def slices_of(top: FloatArray, height: FloatArray) -> Slices:
    """Where layers begin and end, as slices: layers of several heights may lie side by side."""
    bounds = np.sort(np.concatenate([top, top - height]))
    bounds = bounds[np.concatenate([[True], np.diff(bounds) > LEAST_SLICE_MM])]
    low, high = bounds[:-1], bounds[1:]
    middle = (low + high) / 2
    order = np.argsort(top - height, kind="stable")
    starts = (top - height)[order]
    layers = []
    for z in middle:
        begun = order[: int(np.searchsorted(starts, z))]
        layers.append(begun[top[begun] > z])
    filled = np.array([len(each) > 0 for each in layers], dtype=bool)
    # A gap between two stays one, as an empty slice.
    kept = np.flatnonzero(filled | (np.arange(len(filled)) < np.flatnonzero(filled).max(initial=-1)))
    return Slices(low[kept], high[kept], tuple(layers[k] for k in kept))


def grid_of(strokes: Strokes, width: FloatArray, slices: int) -> Grid:
    """A grid around some strokes, as fine as there is room for."""
    reach = float(width.max(initial=0.0)) / 2
    low = np.minimum(strokes.start, strokes.end).min(axis=0) - reach
    high = np.maximum(strokes.start, strokes.end).max(axis=0) + reach
    size = high - low
    cell = float(np.clip(np.sqrt(size.prod() * slices / MOST_CELLS), *CELL_MM))
    columns, rows = (int(n) + 2 * MARGIN + 1 for n in np.ceil(size / cell))
    return Grid(low - MARGIN * cell, cell, (rows, columns))


def depths(strokes: Strokes, width: FloatArray, slices: Slices, grid: Grid) -> Iterator[Singles]:
    """Of each slice (rows, columns): how deep within a stroke each cell's middle lies, in mm; below 0
    outside, and nowhere below -REACH cells."""
    order = np.argsort(strokes.layer, kind="stable")
    first = np.searchsorted(strokes.layer[order], np.arange(strokes.layer.max(initial=0) + 2))
    ends = np.concatenate([strokes.start, strokes.end], axis=1)
    segments = np.ascontiguousarray((ends - np.tile(grid.low, 2)) / grid.cell)
    half = width / (2 * grid.cell)
    for layers in slices.layers:
        own = np.concatenate([order[first[k] : first[k + 1]] for k in layers] or [order[:0]])
        field = np.full(grid.shape, -REACH, dtype=np.float32)
        kernel.lay_strokes(field, segments[own], half[own], REACH)
        yield field * np.float32(grid.cell)


def filled(depth: Singles, cell: float) -> Flags:
    """(slices, rows, columns) what is solid: strokes, and what lies within them out of reach from outside."""
    gap = np.float32(-GAP_MM / 2)
    open_cells = np.pad(depth < gap, ((1, 1), (0, 0), (0, 0)), constant_values=True)
    number, _ = ndimage.label(open_cells)
    outside = (number == number[0, 0, 0])[1:-1]
    # What of the gap lies at the outside belongs to it.
    free = depth < 0
    rounds = int(np.ceil(GAP_MM / 2 / cell)) + 1
    around = ndimage.generate_binary_structure(2, 1)[None]
    return np.asarray(~ndimage.binary_dilation(outside, around, iterations=rounds, mask=free))


def without_threads(solid: Flags, cell: float, width: float) -> Flags:
    """Without what is one stroke wide in its slice: supports, skirts, shields, strings."""
    out = np.zeros_like(solid)
    for k, flat in enumerate(solid):
        number, count = ndimage.label(flat)
        if not count:
            continue
        within = ndimage.distance_transform_edt(flat)
        wide = np.zeros(count + 1, dtype=bool)
        wide[number[(within - 0.5) * cell > LEAST_HALF_WIDTH * width]] = True
        out[k] = wide[number]
    return out


def without_brim(solid: Flags, slices: Slices, cell: float) -> Flags:
    """The lowest slices cut back to what stands on them, where they reach far beyond it."""
    above = int(np.searchsorted(slices.bottom, slices.top[0] - 1e-6))
    if above >= len(solid) or not solid[above].any():
        return solid
    reach = int(np.ceil(LEAST_BRIM_MM / cell))
    near = ndimage.distance_transform_edt(~solid[above]) <= reach
    beyond = solid[0] & ~near
    if not beyond.any():
        return solid
    out = solid.copy()
    # Its whole width, not only what lies farther out, is the brim's.
    rim = ndimage.binary_propagation(beyond, mask=solid[0] & ~solid[above])
    out[:above] &= ~rim
    return out


def distances(solid: Flags, depth: Singles, cell: float) -> Singles:
    """Of one slice (rows, columns): how far each cell's middle lies within what is solid, in mm, FARTHEST_MM
    at most; below 0 outside."""
    if not solid.any():
        return np.full(solid.shape, -FARTHEST_MM, dtype=np.float32)
    inside, nearest = ndimage.distance_transform_edt(solid, return_indices=True)
    within = inside * cell + np.minimum(depth[tuple(nearest)], 0.0)
    apart, nearest = ndimage.distance_transform_edt(~solid, return_indices=True)
    without = -np.where(depth > -REACH * cell, -depth, apart * cell - within[tuple(nearest)])
    field = np.where(solid, np.maximum(within, 1e-3), np.minimum(without, -1e-3))
    return np.clip(field, -FARTHEST_MM, FARTHEST_MM).astype(np.float32)
