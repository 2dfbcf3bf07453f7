"""Items made to cost much where regions are searched: all edges, all alike, or no body at all."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks import parts
from partwatch.geometry.bodies import merge
from partwatch.model.mesh import FloatArray, Mesh

PLATE_BODIES = 200
# Corners of the faces of a cell on the side towards -x, +x, -y, ..., outwards.
_FACES = (
    ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0)),
    ((1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1)),
    ((0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)),
    ((0, 1, 0), (0, 1, 1), (1, 1, 1), (1, 1, 0)),
    ((0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 0)),
    ((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)),
)


def foam(triangles: int) -> Mesh:
    """Cubes of 2 mm, half of them missing by chance: about that many triangles, every one at an edge."""
    # Three faces of two triangles for each cell, half of them between a cube and a gap.
    side = max(3, round((triangles / 3) ** (1 / 3)))
    filled = np.pad(np.random.default_rng(11).random((side, side, side)) < 0.5, 1)
    return _of_cells(filled, 2.0)


def lattice(triangles: int) -> Mesh:
    """Struts of 1 mm along all edges of a grid of 4 mm: the same corner again and again."""
    cells = max(1, round((triangles / 84) ** (1 / 3)))
    on = np.arange(4 * cells + 1) % 4 == 0
    x, y, z = np.meshgrid(on, on, on, indexing="ij")
    return _of_cells(np.pad((x & y) | (y & z) | (x & z), 1), 1.0)


def spikes(triangles: int) -> Mesh:
    """A block with 10,000 thin spikes (for 200,000 triangles), each of another height."""
    side = max(2, math.isqrt(triangles // 20))
    heights = np.random.default_rng(12).uniform(2.0, 8.0, (side, side))
    return _block(_bumped(heights), 0.5)


def bumps(triangles: int) -> Mesh:
    """A block with 60,000 bumps (for 200,000 triangles), all alike."""
    side = max(2, math.isqrt(3 * triangles // 10))
    return _block(_bumped(np.full((side, side), 1.5)), 0.5)


def soup(triangles: int) -> Mesh:
    """Triangles between corners drawn by chance, which all cross: a tenth of those asked for.

    Each spans the whole: to find the closest of them, nearly all are looked at.
    """
    rng = np.random.default_rng(13)
    count = max(100, triangles // 10)
    chosen = rng.integers(0, max(8, count // 50), (count, 3)).astype(np.int32)
    a, b, c = chosen.T
    distinct = (a != b) & (b != c) & (a != c)
    return Mesh(rng.uniform(0, 100, (chosen.max() + 1, 3)), np.ascontiguousarray(chosen[distinct]))


def plate(triangles: int) -> Mesh:
    """As many parts as fit a full plate, each another one; fewer for fewer triangles."""
    count = max(2, min(PLATE_BODIES, triangles // 500))
    row = math.ceil(math.sqrt(count))
    placed = []
    for k in range(count):
        mesh = parts.part(7_000_000 + k)
        at = np.array([k % row, k // row, 0]) * 250.0
        placed.append(Mesh(mesh.vertices + at, mesh.triangles))
    return merge(placed)


HOSTILE: dict[str, Callable[[int], Mesh]] = {
    "foam": foam, "lattice": lattice, "spikes": spikes, "bumps": bumps, "soup": soup, "plate": plate,
}  # fmt: skip


def _of_cells(filled: npt.NDArray[np.bool_], size: float) -> Mesh:
    """The surface of the filled cells; none may lie at the border of the grid."""
    quads = []
    for face, corners in enumerate(_FACES):
        axis, ahead = divmod(face, 2)
        open_side = filled & ~np.roll(filled, -1 if ahead else 1, axis=axis)
        quads.append(np.argwhere(open_side)[:, None] + np.array(corners))
    every = np.concatenate(quads).reshape(-1, 3)
    points, corner = np.unique(every, axis=0, return_inverse=True)
    return Mesh(size * points.astype(np.float64), _halved(corner.reshape(-1, 4)))


def _bumped(heights: FloatArray) -> FloatArray:
    """Heights on a grid: one of these in the middle of each two by two cells."""
    grid = np.zeros((2 * heights.shape[0] + 1, 2 * heights.shape[1] + 1))
    grid[1::2, 1::2] = heights
    return grid


def _block(heights: FloatArray, step: float) -> Mesh:
    """A closed block whose top is this height field over its 3 mm."""
    rows, columns = heights.shape
    x, y = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    top = np.stack([step * x, step * y, 3.0 + heights], axis=-1).reshape(-1, 3)
    number = np.arange(rows * columns).reshape(rows, columns)
    quads = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], axis=-1).reshape(
        -1, 4
    )
    rim = np.concatenate([number[:-1, 0], number[-1, :-1], number[:0:-1, -1], number[0, :0:-1]])
    below = top[rim] * [1, 1, 0]
    low = len(top) + np.arange(len(rim))
    after = np.roll(np.arange(len(rim)), -1)
    walls = np.stack([rim, low, low[after], rim[after]], axis=-1)
    middle = np.full(len(rim), len(top) + len(rim))
    floor = np.stack([low, middle, low[after]], axis=-1)
    vertices = np.concatenate([top, below, [below.mean(axis=0)]])
    triangles = np.concatenate([_halved(quads), _halved(walls), floor])
    return Mesh(vertices, np.ascontiguousarray(triangles, dtype=np.int32))


def _halved(quads: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    halves = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return np.ascontiguousarray(halves, dtype=np.int32)
