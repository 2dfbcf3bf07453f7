"""What is solid in each slice of a job: strokes as a field on a grid, hollows within them filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from partwatch import kernel
from partwatch.model.errors import LimitError
from partwatch.model.mesh import FloatArray
from partwatch.toolpath.deposits import Indices, Strokes

Flags = npt.NDArray[np.bool_]
Singles = npt.NDArray[np.float32]

# Sides of a cell that are aimed at, and how many cells there may be.
CELL_MM = (0.25, 1.0)
MOST_CELLS = 30_000_000
# Empty cells around all, and so far from a stroke its distance is known, in cells.
MARGIN, REACH = 4, 2.0
# Gaps this wide between strokes are none: where walls meet infill, and at seams.
GAP_MM = 0.3
# How wide an opening must be to lead from one slice to the next.
PASSAGE_MM = 0.6
# Distances within a slice count up to here: so far a slope may move from one layer to the next.
FARTHEST_MM = 1.5
# Half the width from which on something is more than one stroke wide, as a share of a stroke's whole width.
LEAST_HALF_WIDTH = 0.65
# Share of a layer that must be wider, and the area of a speck in widths squared.
LEAST_WIDE = 0.2
SPECK = 3.0
# Share of what a loop encloses that is wider where that is filled.
FILLED = 0.4
# So many slices on either side tell what one of them lacks; and a slice with less than this share of what is
# in those on both sides of it lacks something.
BESIDE, LACKING = 4, 0.8
# How far the lowest slice may reach beyond the next one; a brim reaches farther.
LEAST_BRIM_MM = 0.8
# Boundaries of layers that are closer are one; the second as a share of their usual height.
LEAST_SLICE_MM = 0.03
LEAST_SLICE = 0.4


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

    @property
    def bounds(self) -> FloatArray:
        """(n, 2), where each begins and ends."""
        return np.stack([self.bottom, self.top], axis=1)


def sliced(strokes: Strokes, width: FloatArray, top: FloatArray, height: FloatArray) -> tuple[Slices, Grid]:
    """Slices and cells of some strokes, as fine as there is room for. top, height: of each layer."""
    slices = slices_of(top, height)
    grid = grid_of(strokes, width, len(slices.layers))
    while grid.shape[0] * grid.shape[1] * len(slices.layers) > 2 * MOST_CELLS:
        # As coarse upwards as across.
        thick = max(2 * float(np.median(slices.top - slices.bottom)), grid.cell)
        slices = slices_of(top, height, thick)
        grid = grid_of(strokes, width, len(slices.layers))
    return slices, grid


def slices_of(top: FloatArray, height: FloatArray, thick: float = 0.0) -> Slices:
    """Where layers begin and end, as slices, none thinner than `thick`: layers of several heights may lie
    side by side."""
    bounds = np.sort(np.concatenate([top, top - height]))
    least = max(thick, LEAST_SLICE_MM, LEAST_SLICE * float(np.median(height)))
    kept = [float(bounds[0])]
    for z in bounds[1:].tolist():
        if z - kept[-1] > least:
            kept.append(z)
    bounds = np.array(kept)
    low, high = bounds[:-1], bounds[1:]
    # A slice of two layers has a boundary in its middle.
    middle = low + 0.499 * (high - low)
    order = np.argsort(top - height, kind="stable")
    starts = (top - height)[order]
    layers = []
    for z in middle:
        begun = order[: int(np.searchsorted(starts, z))]
        layers.append(begun[top[begun] > z])
    filled = np.array([len(each) > 0 for each in layers], dtype=bool)
    # A gap between two stays one, as an empty slice.
    some = np.flatnonzero(filled | (np.arange(len(filled)) < np.flatnonzero(filled).max(initial=-1)))
    return Slices(low[some], high[some], tuple(layers[k] for k in some))


def grid_of(strokes: Strokes, width: FloatArray, slices: int) -> Grid:
    """A grid around some strokes, as fine as there is room for. LimitError where there is none."""
    reach = float(width.max(initial=0.0)) / 2
    low, high = strokes.bounds
    low, size = low - reach, high - low + 2 * reach
    cell = float(np.clip(np.sqrt(size.prod() * slices / MOST_CELLS), *CELL_MM))
    columns, rows = (int(n) + 2 * MARGIN + 1 for n in np.ceil(size / cell))
    if rows * columns > MOST_CELLS:
        raise LimitError(
            f"the print job is {size.max() / 1000:.0f} m wide, larger than any printer: export it again"
        )
    return Grid(low - MARGIN * cell, cell, (rows, columns))


def depths(
    strokes: Strokes, width: FloatArray, layers_of: Sequence[Indices], grid: Grid
) -> Iterator[Singles]:
    """Of each slice, by the layers in it: (rows, columns), how deep within a stroke each cell's middle lies,
    in mm; below 0 outside, and nowhere below -REACH cells."""
    order = np.argsort(strokes.layer, kind="stable")
    most = max((int(layers.max(initial=0)) for layers in layers_of), default=0)
    first = np.searchsorted(strokes.layer[order], np.arange(most + 2))
    segments = strokes.on_grid(grid.low, grid.cell)
    half = width / (2 * grid.cell)
    for layers in layers_of:
        own = np.concatenate([order[first[k] : first[k + 1]] for k in layers] or [order[:0]])
        field = np.full(grid.shape, -REACH, dtype=np.float32)
        kernel.lay_strokes(field, segments[own], half[own], REACH)
        yield field * np.float32(grid.cell)


def laid_wide(depth: Singles, cell: float, width: float) -> Flags:
    """(slices, rows, columns) where material is laid, without what is about one stroke wide: supports,
    skirts, shields, strings, and open infill, which lies within walls. All of it where hardly anything is.

    An opening: what a disc of that radius fits into stays, with a cell around it: cells make no round disc.
    """
    radius = LEAST_HALF_WIDTH * width
    out = np.zeros(depth.shape, dtype=bool)
    every = 0
    for k, own in enumerate(depth):
        rows, columns = around(own > 0)
        part = own[rows, columns] > 0
        every += int(part.sum())
        core = _within(part, own[rows, columns], cell) > radius if part.any() else part
        if core.any():
            near = kernel.distance_outside(~core)[0] * cell <= radius + 1.5 * cell
            out[k, rows, columns] = _without_specks(part & near, cell, width)
    return out if out.sum() >= LEAST_WIDE * every else depth > 0


def within_loops(laid: Flags, loops: Iterable[Singles]) -> Flags:
    """(slices, rows, columns) of what is laid that which lies on or in loops: a part has walls around it, a
    support's dense layers have none. All of it where that leaves hardly anything.

    loops: of each slice, how deep cells lie within the strokes of runs that close.
    """
    within = np.zeros_like(laid)
    for k, own in enumerate(loops):
        within[k] = _on_or_in(own)
    # Walls that were laid in pieces close in the slices beside.
    out = laid & whole(within)
    return out if out.sum() >= LEAST_WIDE * laid.sum() else laid


def _between(flat: Flags, k: int) -> Flags:
    """(rows, columns) what is both in a slice not far below the k-th and in one not far above."""
    below = flat[max(k - BESIDE, 0) : k].any(axis=0)
    return np.asarray(below & flat[k + 1 : k + 1 + BESIDE].any(axis=0))


def whole(flat: Flags) -> Flags:
    """(slices, rows, columns) with what those slices lack that have less than lies on both sides of them:
    slicers lay a wall in pieces here and there, and what does not close encloses nothing."""
    out = flat.copy()
    for k in range(1, len(flat) - 1):
        beside = _between(flat, k)
        if flat[k].sum() < LACKING * beside.sum():
            out[k] |= beside
    return out


def filled(laid: Flags, depth: Singles, cell: float) -> Flags:
    """(slices, rows, columns) what is solid: what was laid, and what in that cannot be reached from outside.

    Within a slice whatever is open is reached, from one to the next only through what is wide enough: walls
    that lean leave slits between layers, and no printer lays them so that water would not come through.
    """
    across = ndimage.generate_binary_structure(2, 1)[None]
    rounds = int(np.ceil(GAP_MM / 2 / cell)) + 1
    # Closed as well are gaps between strokes that belong together.
    beside = ndimage.binary_dilation(laid, across, iterations=rounds) & (depth > -GAP_MM / 2)
    outside = reached(~(laid | beside), cell)
    # What of a gap lies at the outside belongs to it.
    return np.asarray(~ndimage.binary_dilation(outside, across, iterations=rounds, mask=~laid))


def reached(free: Flags, cell: float) -> Flags:
    """(slices, rows, columns) what can be reached of what is free from outside, which is around all of it."""
    free = np.pad(free, ((1, 1), (0, 0), (0, 0)), constant_values=True)
    flat = ndimage.generate_binary_structure(3, 1)
    flat[[0, 2]] = False
    number, count = ndimage.label(free, flat)
    passage = ndimage.binary_erosion(
        free, flat, iterations=max(int(PASSAGE_MM / 2 / cell), 1), border_value=1
    )
    links = np.concatenate([_links(number, passage, k) for k in range(len(free) - 1)], axis=1)
    ones = np.ones(links.shape[1], dtype=np.int32)
    _, group = sparse.csgraph.connected_components(
        sparse.coo_array((ones, (links[0], links[1])), shape=(count + 1, count + 1)), directed=False
    )
    same = group == group[number[0, 0, 0]]
    same[0] = False
    return np.asarray(same[number[1:-1]])


def _links(number: npt.NDArray[np.int32], passage: Flags, k: int) -> npt.NDArray[np.int32]:
    """(2, n) numbers of what lies upon each other in slice k and the next, where that is wide enough."""
    through = passage[k] & passage[k + 1]
    links = np.stack([number[k][through], number[k + 1][through]])
    # Neighbours mostly say the same.
    changes = np.ones(links.shape[1], dtype=bool)
    changes[1:] = (links[:, 1:] != links[:, :-1]).any(axis=0)
    return links[:, changes]


def beside(depth: Singles, cell: float, width: float) -> Flags:
    """(rows, columns) cells where strokes lie beside each other: they are deeper than half a stroke."""
    return np.asarray(_within(depth > 0, depth, cell) > LEAST_HALF_WIDTH * width)


def is_filled(depth: Singles, loops: Singles, cell: float, width: float) -> bool:
    """Whether loops in a layer enclose what is filled: some slicers lay a top in a single wall."""
    flat = (depth > 0) & _on_or_in(loops)
    if not flat.any():
        return False
    return bool((_within(flat, depth, cell) > LEAST_HALF_WIDTH * width).sum() >= FILLED * flat.sum())


def _on_or_in(loops: Singles) -> Flags:
    """(rows, columns) what lies on loops or is enclosed by them; loops: as of `walls`."""
    number, _ = ndimage.label(loops <= -GAP_MM / 2)
    return np.asarray(number != number[0, 0])


def _within(flat: Flags, depth: Singles, cell: float) -> FloatArray:
    """How far within what is solid each cell's middle lies, in mm; 0 outside. Strokes' edges lie between
    cells: by how far the nearest empty one is off them."""
    far, nearest = kernel.distance_outside(np.ascontiguousarray(flat))
    return np.where(flat, far * cell + np.minimum(depth.ravel()[nearest], 0.0), 0.0)


def _without_specks(flat: Flags, cell: float, width: float) -> Flags:
    """Without what is smaller than a crossing of two strokes leaves."""
    number, _ = ndimage.label(flat)
    large = np.bincount(number.ravel()) * cell**2 >= SPECK * width**2
    large[0] = False
    return np.asarray(large[number])


def around(flat: Flags) -> tuple[slice, slice]:
    """The rows and columns that hold anything, with one around."""
    rows, columns = np.flatnonzero(flat.any(axis=1)), np.flatnonzero(flat.any(axis=0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(rows[0] - 1, rows[-1] + 2), slice(columns[0] - 1, columns[-1] + 2)


def without_brim(solid: Flags, slices: Slices, cell: float) -> Flags:
    """The lowest slices cut back to what stands on them, where they reach far beyond it."""
    above = int(np.searchsorted(slices.bottom, slices.top[0] - 1e-6))
    if above >= len(solid) or not solid[above].any():
        return solid
    reach = int(np.ceil(LEAST_BRIM_MM / cell))
    near = kernel.distance_outside(~solid[above])[0] <= reach
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
    field = np.full(solid.shape, -FARTHEST_MM, dtype=np.float32)
    if not solid.any():
        return field
    # No more of it than what is near to something.
    reach = int(np.ceil(FARTHEST_MM / cell)) + 1
    rows, columns = (slice(max(some.start - reach, 0), some.stop + reach) for some in around(solid))
    solid, depth = solid[rows, columns], depth[rows, columns]
    within = _within(solid, depth, cell)
    apart, nearest = kernel.distance_outside(~solid)
    without = -np.where(depth > -REACH * cell, -depth, apart * cell - within.ravel()[nearest])
    found = np.where(solid, np.maximum(within, 1e-3), np.minimum(without, -1e-3))
    field[rows, columns] = np.clip(found, -FARTHEST_MM, FARTHEST_MM)
    return field
