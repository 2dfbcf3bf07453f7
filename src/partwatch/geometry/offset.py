"""A mesh whose walls are all moved out or in by one distance."""

from __future__ import annotations

import numpy as np

from partwatch.geometry.clean import weld
from partwatch.model.mesh import FloatArray, Mesh

# A vertex goes no further than so many times what its walls do: where facets turn back on each other no point
# is on all their planes.
MOST_MOVED = 2.0


def offset_mesh(mesh: Mesh, by: float) -> Mesh:
    """The plane of each facet moved outward by a distance; a vertex goes where those of its facets go, by
    least squares, each weighed by its angle there so that a wall cut into slivers counts once."""
    mesh = weld(mesh)
    corners = mesh.vertices[mesh.triangles]
    plane = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(plane, axis=1)
    plane = plane / np.where(size > 0, size, 1.0)[:, None]
    left, right = np.zeros((len(mesh.vertices), 3, 3)), np.zeros((len(mesh.vertices), 3))
    for k in range(3):
        at, to, back = (corners[:, (k + j) % 3] for j in range(3))
        angle = np.where(size > 0, _angle(to - at, back - at), 0.0)
        np.add.at(left, mesh.triangles[:, k], angle[:, None, None] * plane[:, :, None] * plane[:, None, :])
        np.add.at(right, mesh.triangles[:, k], angle[:, None] * plane)
    move = np.linalg.solve(left + 1e-3 * np.eye(3), right[:, :, None])[:, :, 0]
    far = np.linalg.norm(move, axis=1)
    move *= np.minimum(1.0, MOST_MOVED / np.maximum(far, 1e-12))[:, None]
    return Mesh(mesh.vertices + by * move, mesh.triangles)


def _angle(u: FloatArray, v: FloatArray) -> FloatArray:
    return np.asarray(np.arctan2(np.linalg.norm(np.cross(u, v), axis=1), (u * v).sum(axis=1)))
