"""The solids that a job makes, each group of strokes that lie apart on its own grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import ndimage

from partwatch import kernel
from partwatch.model.errors import LimitError
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.model.toolpath import Toolpath
from partwatch.toolpath import fields
from partwatch.toolpath.deposits import Indices, Laid, Strokes, laid
from partwatch.toolpath.loops import enclosed
from partwatch.toolpath.supports import Beside
from partwatch.toolpath.surfaces import LEAST_SLICES, high_enough, surface
from partwatch.toolpath.widths import widths

# Side of the cells by which strokes are told to lie apart, and how many layers there may be.
APART_MM = 1.0
MOST_LAYERS = 200_000
# Share of loops' cells that are deeper than half a stroke from which on walls have more than one: a third is
# usual for two, a tenth for one.
SINGLE = 0.2


def solids_of(path: Toolpath) -> Iterator[Mesh]:
    """Meshes in the machine's frame, in mm. DamagedError where nothing is laid, LimitError where too much."""
    job = laid(path)
    if len(job.top) > MOST_LAYERS:
        raise LimitError(
            f"the print job has {len(job.top):,} layers, more than the limit of {MOST_LAYERS:,}: "
            "slice it in layers that a printer makes"
        )
    wide = widths(job)
    for own in _apart(job.strokes):
        yield from _solid(job, own, wide)


def _apart(strokes: Strokes) -> Iterator[Indices]:
    """The strokes of each group that others do not come near, seen from above."""
    low, high = strokes.bounds
    low, size = low - 2 * APART_MM, high - low + 2 * APART_MM
    cell = max(APART_MM, float(np.sqrt(size.prod() / 4e6)))
    columns, rows = (int(n) + 3 for n in np.ceil(size / cell))
    ends = strokes.on_grid(low, cell)
    covered = np.full((rows, columns), -1.0, dtype=np.float32)
    kernel.lay_strokes(covered, ends, np.full(len(ends), 0.75), 0.0)
    number, count = ndimage.label(covered > 0, np.ones((3, 3)))
    at = np.round((ends[:, :2] + ends[:, 2:]) / 2).astype(int)
    group = number[at[:, 1], at[:, 0]]
    order = np.argsort(group, kind="stable")
    for own in np.split(order, np.searchsorted(group[order], np.arange(1, count + 1))):
        if len(own):
            yield np.sort(own)


def _solid(job: Laid, own: Indices, wide: FloatArray) -> Iterator[Mesh]:
    """What one group of strokes makes, if it is anything; wide: of all of the job's."""
    single = False
    if not job.spiral:
        own, single = _walled_layers(job, own, wide)
    strokes, used = _numbered(job.strokes.of(own))
    if len(used) < LEAST_SLICES:
        return
    slices, grid = fields.sliced(strokes, wide[own], job.top[used], job.height[used])
    # In place: it is the largest there is.
    depth = np.empty((len(slices.layers), *grid.shape), dtype=np.float32)
    for k, of_slice in enumerate(fields.depths(strokes, wide[own], slices.layers, grid)):
        depth[k] = of_slice
    flat = depth > 0
    if single:
        flat = _enclosed(strokes, wide[own], slices, grid)
    elif not job.spiral:
        flat = fields.laid_wide(depth, grid.cell, float(np.median(wide)))
        kept = strokes.loop
        loops = fields.depths(strokes.of(kept), wide[own][kept], slices.layers, grid)
        flat = fields.within_loops(flat, loops)
    solid = fields.filled(flat, depth, grid.cell)
    if not job.spiral:
        solid = fields.without_brim(solid, slices, grid.cell)
    solid = high_enough(solid)
    if solid.any():
        yield surface(solid, lambda k: fields.distances(solid[k], depth[k], grid.cell), slices.bounds, grid)


def _enclosed(strokes: Strokes, wide: FloatArray, slices: fields.Slices, grid: fields.Grid) -> fields.Flags:
    """What single walls go round, themselves with it."""
    loops, wide = strokes.of(strokes.loop), wide[strokes.loop]
    both = zip(
        enclosed(loops, slices.layers, grid), fields.depths(loops, wide, slices.layers, grid), strict=True
    )
    flat = np.empty((len(slices.layers), *grid.shape), dtype=bool)
    for k, (inner, on) in enumerate(both):
        flat[k] = inner | (on > 0)
    return fields.whole(flat)


def _walled_layers(job: Laid, own: Indices, wide: FloatArray) -> tuple[Indices, bool]:
    """The strokes of layers that hold walls: others would only cut these into more slices, as supports do;
    all of them where no layer holds anything else. And whether these walls are a single stroke wide."""
    strokes, used = _numbered(job.strokes.of(own))
    # Whether strokes lie side by side shows in fine cells only; there is one layer at a time.
    grid = fields.grid_of(strokes, wide[own], len(used) // 2)
    beside = Beside(strokes, wide[own], grid, float(np.median(wide)))
    cells, paired = beside.walls(np.arange(len(used)), strokes.loop)
    # Few of a fine part's walls may run along each other, and of a part with many supports few loops.
    if cells[:, 1].sum() < SINGLE * cells[:, 0].sum() and beside.single(paired):
        return own[(cells[:, 0] > 0)[strokes.layer]], True
    supports = beside.supports(paired)
    left = strokes.loop & ~supports
    fewer = np.flatnonzero(np.bincount(strokes.layer[supports], minlength=len(used)))
    cells[fewer], _ = beside.walls(fewer, left)
    walled = cells[:, 1] * grid.cell**2 >= fields.SPECK * beside.width**2
    # Few are left, and only for these all strokes are laid.
    walled[~walled] = beside.filled(np.flatnonzero(~walled), left)
    walled |= _gaps(walled, job.top[used], job.height[used])
    return (own[walled[strokes.layer] & ~supports] if walled.any() else own), False


def _gaps(walled: fields.Flags, top: FloatArray, height: FloatArray) -> fields.Flags:
    """(layers,) those between walled ones without which nothing would lie at their height: their walls were
    laid in pieces. Where supports have layers of their own, the part's lie at these heights as well."""
    out = np.zeros_like(walled)
    if not walled.any():
        return out
    high, low = top[walled], (top - height)[walled]
    middle = top - height / 2
    for k in np.flatnonzero(~walled & (middle > low.min()) & (middle < high.max())):
        out[k] = not ((low < middle[k]) & (middle[k] < high)).any()
    return out


def _numbered(strokes: Strokes) -> tuple[Strokes, Indices]:
    """With the layers that they are in counted from 0; and which those are."""
    present = np.bincount(strokes.layer) > 0
    number = np.cumsum(present) - 1
    return replace(strokes, layer=number[strokes.layer]), np.flatnonzero(present)
