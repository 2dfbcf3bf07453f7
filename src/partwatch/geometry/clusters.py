"""Fewer triangles by clustering vertices: for pictures, where no library that simplifies is there."""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.model.mesh import IndexArray, Mesh

_ROUNDS = 12
_FINEST = 512


def clustered(mesh: Mesh, most: int) -> Mesh:
    """At most `most` triangles, the vertices of each cell of a grid made one (Rossignac and Borrel 1993).

    The grid is the finest that does it, up to 512 cells along the longest extent; the mesh itself where it
    is small enough.
    """
    if len(mesh.triangles) <= most:
        return mesh
    low, high = 1, _FINEST
    best = _with_cells(mesh, low)
    for _ in range(_ROUNDS):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        tried = _with_cells(mesh, middle)
        if len(tried.triangles) <= most:
            best, low = tried, middle
        else:
            high = middle
    return best


def _with_cells(mesh: Mesh, cells: int) -> Mesh:
    start, _ = mesh.bounds
    step = max(float(mesh.extents.max()) / cells, np.finfo(float).tiny)
    at = np.floor((mesh.vertices - start) / step).astype(np.int64)
    key = (at[:, 0] * (cells + 1) + at[:, 1]) * (cells + 1) + at[:, 2]
    _, group = np.unique(key, return_inverse=True)
    group = group.reshape(-1)
    count = np.bincount(group)
    vertices = np.stack([np.bincount(group, mesh.vertices[:, k]) / count for k in range(3)], axis=1)
    faces = group[mesh.triangles]
    apart = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    kept: IndexArray = np.ascontiguousarray(faces[apart], dtype=np.int32)
    return Mesh(vertices, kept[kernel.first_of_equals(kept).astype(bool)])
