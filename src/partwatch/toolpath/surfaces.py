"""The surface of what a job makes, whatever its slices were told by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from partwatch.geometry.nets import surface_nets
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.toolpath.fields import FARTHEST_MM, Flags, Grid, Singles
from partwatch.toolpath.lighter import lighter

# What is fewer slices high is no part but a skirt, a line that primes the nozzle, a raft's rest.
LEAST_SLICES = 3
# From so many triangles on, cells and slices are left out; slices stay no farther apart than this.
MANY_TRIANGLES = 500_000
COARSE_SLICE_MM = 0.25


def surface(solid: Flags, distances: Callable[[int], Singles], bounds: FloatArray, grid: Grid) -> Mesh:
    """Of what is solid, through places between cells and slices; every so many of them where it is large.

    distances: of a slice, how far its cells lie within what is solid, in mm, below 0 outside. bounds: (n, 2),
    where each slice begins and ends.
    """
    thick = bounds[:, 1] - bounds[:, 0]
    every, across = 1, 1
    if 2 * _faces(solid) > MANY_TRIANGLES:
        every = max(int(COARSE_SLICE_MM / float(np.median(thick))), 1)
        across = 2 if 2 * _faces(solid[::every]) <= 4 * MANY_TRIANGLES else 3
    chosen = np.unique([*range(0, len(solid), every), len(solid) - 1])
    layers = [distances(int(k))[::across, ::across] for k in chosen]
    empty = np.full(layers[0].shape, -FARTHEST_MM, dtype=np.float32)
    middle = bounds.mean(axis=1)[chosen]
    z = np.concatenate([[middle[0] - thick[0]], middle, [middle[-1] + thick[-1]]])
    return lighter(surface_nets([empty, *layers, empty], z, across * grid.cell, grid.low))


def _faces(solid: Flags) -> int:
    """How many faces of cells lie between what is solid and what is not."""
    across = int((solid[:, 1:] != solid[:, :-1]).sum()) + int((solid[:, :, 1:] != solid[:, :, :-1]).sum())
    return across + int((solid[1:] != solid[:-1]).sum())


def high_enough(solid: Flags) -> Flags:
    """Without bodies of fewer slices than LEAST_SLICES; as it is where there are no others."""
    number, count = ndimage.label(solid)
    if count <= 1:
        return solid
    found = ndimage.find_objects(number)
    high = np.array([False, *(place[0].stop - place[0].start >= LEAST_SLICES for place in found)])
    return high[number] if high.any() else solid
