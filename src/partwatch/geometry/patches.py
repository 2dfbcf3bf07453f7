"""What of a surface hangs together: parts linked by pairs, and faces between sharp edges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partwatch.model.mesh import Mesh

Labels = npt.NDArray[np.int64]
# Facets of a round surface meet at less than this, machined edges at more.
CREASE_ANGLE_RAD = np.radians(32.0)


def linked(count: int, left: npt.NDArray[np.integer], right: npt.NDArray[np.integer]) -> Labels:
    """(count,) the lowest member of each one's group, where left[k] and right[k] are of one group."""
    labels = np.arange(count, dtype=np.int64)
    # Each round halves the way to the lowest member at least along chains of pointers.
    while True:
        least = np.minimum(labels[left], labels[right])
        before = labels.copy()
        np.minimum.at(labels, labels[left], least)
        np.minimum.at(labels, labels[right], least)
        labels = labels[labels]
        if np.array_equal(labels, before):
            return labels


def patches(triangles: npt.NDArray[np.integer]) -> Labels:
    """(m,) label of each triangle, 0 upward; triangles that share a vertex share a label."""
    if len(triangles) == 0:
        return np.empty(0, dtype=np.int64)
    used, corner = np.unique(triangles.reshape(-1), return_inverse=True)
    corner = corner.reshape(-1, 3)
    of_vertex = linked(len(used), corner[:, [0, 1]].reshape(-1), corner[:, [1, 2]].reshape(-1))
    return np.asarray(np.unique(of_vertex[corner[:, 0]], return_inverse=True)[1].reshape(-1), dtype=np.int64)


def smooth_faces(mesh: Mesh) -> Labels:
    """(m,) label of each triangle; neighbours over an edge that is not sharp share one."""
    t = mesh.triangles.astype(np.int64)
    corners = mesh.vertices[mesh.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    ends = np.sort(t[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    key = ends[:, 0] * (int(t.max(initial=0)) + 1) + ends[:, 1]
    order = np.argsort(key, kind="stable")
    meets = key[order[:-1]] == key[order[1:]]
    first, second = order[:-1][meets] // 3, order[1:][meets] // 3
    flat = np.einsum("ij,ij->i", normals[first], normals[second]) > np.cos(CREASE_ANGLE_RAD)
    return linked(len(t), first[flat], second[flat])
