"""The solids that a resin job makes, each group of them that others do not come near on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from partwatch import kernel
from partwatch.model.layers import Layers
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.toolpath.fields import FARTHEST_MM, MARGIN, Flags, Grid, Singles, reached
from partwatch.toolpath.surfaces import high_enough, surface

Shares = npt.NDArray[np.uint8]
# From here on a cell counts as exposed; all or nothing of it, where its edge lies elsewhere.
HALF, WHOLE, NOTHING = 128, 250, 5
# What a support's pillar, or two that cross, cover of a slice at most.
THREAD_MM2 = 3.0
# Share of all that must be left without supports: else what looked like them is the part.
LEAST_LEFT = 0.2
_BESIDE = np.ones((3, 3), dtype=bool)
_ACROSS = _BESIDE[None]


@dataclass(frozen=True, eq=False)
class _Group:
    """share: (slices, rows, columns); low: (2,), the first cell's corner, in cells of all."""

    share: Shares
    low: FloatArray


def solids_of_layers(layers: Layers) -> Iterator[Mesh]:
    """Meshes in the printer's frame, in mm; none where nothing is exposed by half."""
    for group in _apart(layers.share):
        yield from _solid(group, layers)


def _apart(share: Shares) -> Iterator[_Group]:
    """What does not touch, seen from above, with an empty margin around each."""
    number, count = ndimage.label(share.max(axis=0) >= HALF, _BESIDE)
    if not count:
        return
    # Grey edges belong to whatever is nearest.
    owner = number.ravel()[kernel.distance_outside(number == 0)[1]]
    for k, place in enumerate(ndimage.find_objects(number), start=1):
        rows, columns = (slice(max(side.start - 1, 0), side.stop + 1) for side in place)
        own = np.where(owner[rows, columns] == k, share[:, rows, columns], 0)
        padded = np.pad(own, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
        yield _Group(
            padded.astype(np.uint8), np.array([columns.start, rows.start], dtype=np.float64) - MARGIN
        )


def _solid(group: _Group, layers: Layers) -> Iterator[Mesh]:
    # Sides of a cell differ by little, so that distances are those of square ones.
    cell = float(np.sqrt(layers.cell.prod()))
    share = _without_supports(group.share, float(layers.cell.prod()))
    exposed = share >= HALF
    # A hollow that nothing leads into is a slicer's way to save resin, or traps it: the shape is its outside.
    solid = high_enough(~reached(~exposed, cell))
    if not solid.any():
        return
    share[solid & ~exposed] = 255
    share[exposed & ~solid] = 0
    bounds = np.stack([layers.z[:-1], layers.z[1:]], axis=1)
    # By the middle of the first cell.
    grid = Grid((group.low + 0.5) * cell, cell, (share.shape[1], share.shape[2]))
    mesh = surface(solid, lambda k: distances(share[k], cell), bounds, grid)
    sides = layers.cell / cell
    yield Mesh(mesh.vertices * [*sides, 1.0] + [*layers.low, 0.0], mesh.triangles)


def _without_supports(share: Shares, cell_mm2: float) -> Shares:
    """A copy without thin pillars that stand on something and carry something, as supports do; pins that end
    free are a part's. All of it where hardly anything is left."""
    exposed = share >= HALF
    thin = np.stack([_thin(each, cell_mm2) for each in exposed])
    bulky = exposed & ~thin
    if bulky.sum() < LEAST_LEFT * exposed.sum():
        return share.copy()
    number, count = ndimage.label(thin, np.ones((3, 3, 3)))
    near = ndimage.binary_dilation(bulky, _ACROSS)
    carries, stands = (np.zeros(count + 1, dtype=bool) for _ in range(2))
    carries[number[:-1][near[1:]]] = True
    stands[number[1:][near[:-1]]] = True
    stands[number[0]] = True
    supports = carries & stands
    supports[0] = False
    gone = ndimage.binary_dilation(supports[number], _ACROSS) & ~near
    gone |= supports[number]
    out = share.copy()
    out[gone] = 0
    return out


def _thin(flat: Flags, cell_mm2: float) -> Flags:
    """Of a slice, what lies in pieces no larger than pillars."""
    number, _ = ndimage.label(flat)
    small = np.bincount(number.ravel()) * cell_mm2 <= THREAD_MM2
    small[0] = False
    return np.asarray(small[number])


def distances(share: Shares, cell: float) -> Singles:
    """Of one slice (rows, columns): how far each cell's middle lies within what is exposed, in mm,
    FARTHEST_MM at most; below 0 outside. An edge lies in a grey cell so far as the cell is exposed."""
    field = np.full(share.shape, -FARTHEST_MM, dtype=np.float32)
    if not (share >= HALF).any():
        return field
    grey = (share.astype(np.float32) / 255 - 0.5) * np.float32(cell)
    whole, nothing = share >= WHOLE, share <= NOTHING
    # Specks of grey that touch nothing exposed would be heard all around.
    nothing |= ~ndimage.binary_dilation(share >= HALF, _BESIDE)
    within, edge = kernel.distance_outside(np.ascontiguousarray(whole))
    apart, rim = kernel.distance_outside(np.ascontiguousarray(nothing))
    inside = within * cell + np.where(nothing.ravel()[edge], -cell / 2, grey.ravel()[edge])
    outside = apart * cell - np.where(whole.ravel()[rim], cell / 2, grey.ravel()[rim])
    found = np.where(whole, inside, np.where(nothing, -outside, grey))
    found = np.where(share >= HALF, np.maximum(found, 1e-3), np.minimum(found, -1e-3))
    return np.clip(found, -FARTHEST_MM, FARTHEST_MM).astype(np.float32)
