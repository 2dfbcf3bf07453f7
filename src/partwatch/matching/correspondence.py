"""Whether two meshes are one: vertex on vertex, triangle on triangle, up to order, motion and number format."""

from __future__ import annotations

import numpy as np

from partwatch import _kernel
from partwatch.matching.alignment import apply
from partwatch.model.mesh import FloatArray, IndexArray, Mesh

# Rounds of pairing and fitting; each pairs what the last one brought together.
ROUNDS = 8
# What float32 keeps of a coordinate, with room for a rotation computed in it.
FLOAT32_SHARE = 4e-6


def mesh_motion(body: Mesh, part: Mesh, T_part_body: FloatArray, reach: float) -> FloatArray | None:
    """The motion (3, 4) that lays a body's mesh vertex on vertex on the part's; None where there is none.

    T_part_body: (3, 4), where to start from; vertices must lie within `reach` of their partners by it, in
    the part's millimetres. Both meshes are welded.
    """
    if body.vertices.shape != part.vertices.shape or body.triangles.shape != part.triangles.shape:
        return None
    T = T_part_body
    for _ in range(ROUNDS):
        moved = apply(T, body.vertices)
        found = _kernel.nearest_within(part.vertices, moved, reach)
        paired = found >= 0
        if paired.mean() < 0.5:
            return None
        T = fit_similarity(body.vertices[paired], part.vertices[found[paired]])
        if _is_onto(body, part, T):
            return T
    return None


def fit_similarity(source: FloatArray, target: FloatArray) -> FloatArray:
    """Least-squares similarity (3, 4) from (n, 3) to (n, 3) points, reflections allowed (Umeyama 1991)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    x, y = source - a, target - b
    u, s, vt = np.linalg.svd(y.T @ x / len(x))
    spread = float((x**2).sum() / len(x))
    A = (s.sum() / spread if spread > 0 else 1.0) * (u @ vt)
    return np.concatenate([A, (b - A @ a)[:, None]], axis=1)


def _is_onto(body: Mesh, part: Mesh, T_part_body: FloatArray) -> bool:
    moved = apply(T_part_body, body.vertices)
    size = np.abs(part.vertices).max() + np.linalg.norm(part.extents)
    found = _kernel.nearest_within(part.vertices, moved, max(FLOAT32_SHARE * float(size), 1e-9))
    if (found < 0).any() or len(np.unique(found)) != len(found):
        return False
    return np.array_equal(_facets(part.triangles), _facets(found[body.triangles]))


def _facets(triangles: IndexArray) -> IndexArray:
    """Triangles as sorted rows of sorted corners."""
    rows = np.sort(triangles, axis=1)
    return np.asarray(rows[np.lexsort(rows.T)])
