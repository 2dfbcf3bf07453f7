"""The surface of a field on a grid: naive surface nets.

One vertex in each cell that the surface passes through, in the middle of where it crosses the cell's
edges, and a quadrilateral around each edge of the grid that it crosses (Gibson 1998, Constrained Elastic
Surface Nets, without the relaxation).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from partwatch.model.mesh import FloatArray, Mesh

Field = npt.NDArray[np.float32]
# The edges of a cell, by its corners: bit 0 of a corner is x, bit 1 y, bit 2 z.
_EDGES = np.array(
    [(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1], dtype=np.int64
)


def surface_nets(layers: Sequence[Field], z: FloatArray, cell: float, low: FloatArray) -> Mesh:
    """The surface where the field is 0, facing where it is below.

    layers: of equal shape (ny, nx), one for each z, from the lowest; below 0 all around. cell: distance of
    neighbours in x and in y. low: (2,), x and y of the first value.
    """
    number: list[npt.NDArray[np.int64]] = []
    vertices: list[FloatArray] = []
    quads: list[npt.NDArray[np.int64]] = []
    count = 0
    for k in range(len(layers) - 1):
        pair = np.stack([layers[k], layers[k + 1]])
        at, places = _vertices(pair, z[k : k + 2], cell, low)
        ny, nx = layers[k].shape
        own = np.full((ny - 1, nx - 1), -1, dtype=np.int64)
        own[at[:, 0], at[:, 1]] = np.arange(count, count + len(at))
        count += len(at)
        vertices.append(places)
        quads += _across(layers[k], layers[k + 1], own)
        if number:
            quads += _along(layers[k], number[-1], own)
        number = [own]
    corners = np.concatenate(quads) if quads else np.zeros((0, 4), dtype=np.int64)
    triangles = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]]).astype(np.int32)
    every = np.concatenate(vertices) if vertices else np.zeros((0, 3))
    return Mesh(every, triangles)


def _vertices(
    pair: Field, z: FloatArray, cell: float, low: FloatArray
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """(n, 2) row and column of the cells that the surface passes through, and (n, 3) a place in each."""
    inside = pair > 0
    some = inside[0] | inside[1]
    every = inside[0] & inside[1]
    any_of = some[:-1, :-1] | some[1:, :-1] | some[:-1, 1:] | some[1:, 1:]
    all_of = every[:-1, :-1] & every[1:, :-1] & every[:-1, 1:] & every[1:, 1:]
    rows, columns = np.nonzero(any_of & ~all_of)
    corner = np.arange(8)
    x, y, up = corner & 1, corner >> 1 & 1, corner >> 2
    value = pair[up[None], rows[:, None] + y[None], columns[:, None] + x[None]].astype(np.float64)
    a, b = value[:, _EDGES[:, 0]], value[:, _EDGES[:, 1]]
    crosses = (a > 0) != (b > 0)
    share = np.where(crosses, a / np.where(crosses, a - b, 1.0), 0.0)
    offsets = np.stack([x, y, up], axis=1).astype(np.float64)
    begin, along = offsets[_EDGES[:, 0]], offsets[_EDGES[:, 1]] - offsets[_EDGES[:, 0]]
    total = crosses.sum(axis=1)[:, None]
    within = (crosses.astype(np.float64) @ begin + share @ along) / total
    places = np.column_stack(
        [
            low[0] + cell * (columns + within[:, 0]),
            low[1] + cell * (rows + within[:, 1]),
            z[0] + (z[1] - z[0]) * within[:, 2],
        ]
    )
    return np.column_stack([rows, columns]), places


def _across(lower: Field, upper: Field, own: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """Quadrilaterals around the upright edges between two layers; each edge has four cells around it."""
    down, up = lower[1:-1, 1:-1] > 0, upper[1:-1, 1:-1] > 0
    ring = own[:-1, :-1], own[:-1, 1:], own[1:, 1:], own[1:, :-1]
    yield _ring(down & ~up, ring)
    yield _ring(~down & up, ring[::-1])


def _along(
    layer: Field, below: npt.NDArray[np.int64], above: npt.NDArray[np.int64]
) -> Iterator[npt.NDArray[np.int64]]:
    """The same around the edges within a layer, which have cells below and above."""
    inside = layer > 0
    left, right = inside[1:-1, :-1], inside[1:-1, 1:]
    ring = below[:-1], below[1:], above[1:], above[:-1]
    yield _ring(left & ~right, ring)
    yield _ring(~left & right, ring[::-1])
    near, far = inside[:-1, 1:-1], inside[1:, 1:-1]
    ring = below[:, :-1], above[:, :-1], above[:, 1:], below[:, 1:]
    yield _ring(near & ~far, ring)
    yield _ring(~near & far, ring[::-1])


def _ring(where: npt.NDArray[np.bool_], cells: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.stack([each[where] for each in cells], axis=1)
