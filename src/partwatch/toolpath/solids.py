"""The solids that a job makes, each group of strokes that lie apart on its own grid."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from partwatch import kernel
from partwatch.geometry.nets import surface_nets
from partwatch.model.errors import LimitError
from partwatch.model.mesh import Mesh
from partwatch.model.toolpath import Toolpath
from partwatch.toolpath import fields
from partwatch.toolpath.deposits import Indices, Laid, Strokes, laid
from partwatch.toolpath.widths import widths

# Side of the cells by which strokes are told to lie apart, and how many layers there may be.
APART_MM = 1.0
MOST_LAYERS = 200_000
# What is fewer slices high is no part but a skirt, a line that primes the nozzle, a raft's rest.
LEAST_SLICES = 3


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
        yield from _solid(job, own, wide[own])


def _apart(strokes: Strokes) -> Iterator[Indices]:
    """The strokes of each group that others do not come near, seen from above."""
    low = np.minimum(strokes.start, strokes.end).min(axis=0) - 2 * APART_MM
    size = np.maximum(strokes.start, strokes.end).max(axis=0) - low
    cell = max(APART_MM, float(np.sqrt(size.prod() / 4e6)))
    columns, rows = (int(n) + 3 for n in np.ceil(size / cell))
    ends = np.ascontiguousarray(
        (np.concatenate([strokes.start, strokes.end], axis=1) - np.tile(low, 2)) / cell
    )
    covered = np.full((rows, columns), -1.0, dtype=np.float32)
    kernel.lay_strokes(covered, ends, np.full(len(ends), 0.75), 0.0)
    number, count = ndimage.label(covered > 0, np.ones((3, 3)))
    at = np.round((ends[:, :2] + ends[:, 2:]) / 2).astype(int)
    group = number[at[:, 1], at[:, 0]]
    order = np.argsort(group, kind="stable")
    for own in np.split(order, np.searchsorted(group[order], np.arange(1, count + 1))):
        if len(own):
            yield np.sort(own)


def _solid(job: Laid, own: Indices, wide: np.ndarray) -> Iterator[Mesh]:
    strokes = job.strokes.of(own)
    used = np.unique(strokes.layer)
    place = np.zeros(len(job.top), dtype=np.int64)
    place[used] = np.arange(len(used))
    strokes = Strokes(strokes.start, strokes.end, place[strokes.layer], strokes.filament)
    slices = fields.slices_of(job.top[used], job.height[used])
    if len(slices.layers) < LEAST_SLICES:
        return
    grid = fields.grid_of(strokes, wide, len(slices.layers))
    depth = np.stack(list(fields.depths(strokes, wide, slices, grid)))
    solid = fields.filled(depth, grid.cell)
    if not job.spiral:
        solid = fields.without_threads(solid, grid.cell, float(np.median(wide)))
        solid = fields.without_brim(solid, slices, grid.cell)
    solid = _high_enough(solid)
    if not solid.any():
        return
    layers = [
        fields.distances(flat, own_depth, grid.cell) for flat, own_depth in zip(solid, depth, strict=True)
    ]
    empty = np.full(grid.shape, -fields.FARTHEST_MM, dtype=np.float32)
    thick = slices.top - slices.bottom
    middle = (slices.bottom + slices.top) / 2
    z = np.concatenate([[middle[0] - thick[0]], middle, [middle[-1] + thick[-1]]])
    yield surface_nets([empty, *layers, empty], z, grid.cell, grid.low)


def _high_enough(solid: fields.Flags) -> fields.Flags:
    number, count = ndimage.label(solid)
    if count <= 1:
        return solid
    found = ndimage.find_objects(number)
    high = np.array([False, *(place[0].stop - place[0].start >= LEAST_SLICES for place in found)])
    return high[number] if high.any() else solid
