"""The solids that a job makes, each group of strokes that lie apart on its own grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import ndimage

from partwatch import kernel
from partwatch.geometry.nets import surface_nets
from partwatch.model.errors import LimitError
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.model.toolpath import Toolpath
from partwatch.toolpath import fields
from partwatch.toolpath.deposits import Indices, Laid, Strokes, laid
from partwatch.toolpath.lighter import lighter
from partwatch.toolpath.widths import widths

# Side of the cells by which strokes are told to lie apart, and how many layers there may be.
APART_MM = 1.0
MOST_LAYERS = 200_000
# The height is told no finer than so.
MOST_SLICES = 400
# What is fewer slices high is no part but a skirt, a line that primes the nozzle, a raft's rest.
LEAST_SLICES = 3
# From so many triangles on, cells and slices are left out; slices stay no farther apart than this.
MANY_TRIANGLES = 500_000
COARSE_SLICE_MM = 0.25


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
    if not job.spiral:
        job, own = _thinned(job, own)
        own = _walled_layers(job, own, wide)
    strokes, used = _numbered(job.strokes.of(own))
    if len(used) < LEAST_SLICES:
        return
    slices, grid = fields.sliced(strokes, wide[own], job.top[used], job.height[used])
    depth = np.stack(list(fields.depths(strokes, wide[own], slices.layers, grid)))
    flat = depth > 0
    if not job.spiral:
        flat = fields.laid_wide(depth, grid.cell, float(np.median(wide)))
        kept = strokes.loop
        loops = fields.depths(strokes.of(kept), wide[own][kept], slices.layers, grid)
        flat = fields.within_loops(flat, loops)
    solid = fields.filled(flat, depth, grid.cell)
    if not job.spiral:
        solid = fields.without_brim(solid, slices, grid.cell)
    solid = _high_enough(solid)
    if not solid.any():
        return
    yield _surface(solid, depth, slices, grid)


def _surface(solid: fields.Flags, depth: fields.Singles, slices: fields.Slices, grid: fields.Grid) -> Mesh:
    """Of what is solid, through places between cells and slices; every so many of them where it is large."""
    thick = slices.top - slices.bottom
    every, across = 1, 1
    if 2 * _faces(solid) > MANY_TRIANGLES:
        every = max(int(COARSE_SLICE_MM / float(np.median(thick))), 1)
        across = 2 if 2 * _faces(solid[::every]) <= 4 * MANY_TRIANGLES else 3
    chosen = np.unique([*range(0, len(solid), every), len(solid) - 1])
    layers = [fields.distances(solid[k], depth[k], grid.cell)[::across, ::across] for k in chosen]
    empty = np.full(layers[0].shape, -fields.FARTHEST_MM, dtype=np.float32)
    middle = ((slices.bottom + slices.top) / 2)[chosen]
    z = np.concatenate([[middle[0] - thick[0]], middle, [middle[-1] + thick[-1]]])
    return lighter(surface_nets([empty, *layers, empty], z, across * grid.cell, grid.low))


def _faces(solid: fields.Flags) -> int:
    """How many faces of cells lie between what is solid and what is not."""
    across = int((solid[:, 1:] != solid[:, :-1]).sum()) + int((solid[:, :, 1:] != solid[:, :, :-1]).sum())
    return across + int((solid[1:] != solid[:-1]).sum())


def _thinned(job: Laid, own: Indices) -> tuple[Laid, Indices]:
    """No more slices than MOST_SLICES over the height: of layers that are thinner, one stands for several."""
    strokes, used = _numbered(job.strokes.of(own))
    top, height = job.top[used], job.height[used]
    thick = float(top.max() - (top - height).min()) / MOST_SLICES
    if thick <= float(np.median(height)):
        return job, own
    slices = fields.slices_of(top, height, thick)
    number = np.repeat(np.arange(len(slices.layers)), [len(layers) for layers in slices.layers])
    layer = np.concatenate(slices.layers)
    count = np.bincount(layer, minlength=len(used))
    # What is higher than a slice keeps its height.
    once = count[layer] == 1
    tops, heights = job.top.copy(), job.height.copy()
    tops[used[layer[once]]] = slices.top[number[once]]
    heights[used[layer[once]]] = (slices.top - slices.bottom)[number[once]]
    return replace(job, top=tops, height=heights), own[count[strokes.layer] > 0]


def _walled_layers(job: Laid, own: Indices, wide: FloatArray) -> Indices:
    """The strokes of layers that hold walls: others would only cut these into more slices, as supports do;
    all of them where no layer holds anything else."""
    strokes, used = _numbered(job.strokes.of(own))
    grid = fields.grid_of(strokes, wide[own], len(used))
    width = float(np.median(wide))
    layers = tuple(np.array([k]) for k in range(len(used)))
    wide, loops = wide[own], strokes.of(strokes.loop)
    loops_wide = wide[strokes.loop]
    of_loops = fields.depths(loops, loops_wide, layers, grid)
    walled = np.array([fields.is_walled(depth, grid.cell, width) for depth in of_loops])
    # Few are left, and only for these all strokes are laid.
    open_ones = [layers[k] for k in np.flatnonzero(~walled)]
    both = zip(
        fields.depths(strokes, wide, open_ones, grid),
        fields.depths(loops, loops_wide, open_ones, grid),
        strict=True,
    )
    walled[~walled] = [fields.is_filled(depth, loop, grid.cell, width) for depth, loop in both]
    return own[walled[strokes.layer]] if walled.any() else own


def _numbered(strokes: Strokes) -> tuple[Strokes, Indices]:
    """With the layers that they are in counted from 0; and which those are."""
    used, layer = np.unique(strokes.layer, return_inverse=True)
    return replace(strokes, layer=layer.astype(np.int64)), used


def _high_enough(solid: fields.Flags) -> fields.Flags:
    number, count = ndimage.label(solid)
    if count <= 1:
        return solid
    found = ndimage.find_objects(number)
    high = np.array([False, *(place[0].stop - place[0].start >= LEAST_SLICES for place in found)])
    return high[number] if high.any() else solid
