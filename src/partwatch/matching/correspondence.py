"""Whether two meshes are one: vertex on vertex, triangle on triangle, whatever order and motion."""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.matching.alignment import apply
from partwatch.model.mesh import FloatArray, Mesh

# Rounds of pairing and fitting; each pairs what the last one brought together.
ROUNDS = 12
FITTED_VERTICES = 400
# What float32 keeps of a coordinate, with room for a rotation computed in it.
FLOAT32_SHARE = 4e-6


def mesh_motion(body: Mesh, part: Mesh, T_part_body: FloatArray, reach: float) -> FloatArray | None:
    """The motion (3, 4) that lays a body's mesh vertex on vertex on the part's; None where there is none.

    T_part_body: (3, 4), where to start from; vertices must lie within `reach` of their partners by it, in
    the part's millimetres. Both meshes are welded.
    """
    if body.vertices.shape != part.vertices.shape or body.triangles.shape != part.triangles.shape:
        return None
    in_order = _in_order(body, part)
    if in_order is not None:
        return in_order
    T = T_part_body
    grid = kernel.PointGrid(part.vertices, reach)
    some = body.vertices[:: max(len(body.vertices) // FITTED_VERTICES, 1)]
    before = np.inf
    for _ in range(ROUNDS):
        found = grid.nearest(apply(T, some))
        paired = found >= 0
        if paired.mean() < 0.5:
            return None
        source, target = some[paired], part.vertices[found[paired]]
        T = fit_similarity(source, target)
        error = float(np.sqrt(((apply(T, source) - target) ** 2).sum(axis=1).mean()))
        if error < _rounding(part) or error > 0.99 * before:
            break
        before = error
    return T if _is_onto(body, part, T) else None


def _in_order(body: Mesh, part: Mesh) -> FloatArray | None:
    """The motion where both meshes come in one order, as files that were only moved do."""
    if not np.array_equal(body.triangles, part.triangles):
        return None
    step = max(len(body.vertices) // FITTED_VERTICES, 1)
    T = fit_similarity(body.vertices[::step], part.vertices[::step])
    if np.abs(apply(T, body.vertices) - part.vertices).max() > _rounding(part):
        return None
    return T


def fit_similarity(source: FloatArray, target: FloatArray) -> FloatArray:
    """Least-squares similarity (3, 4) from (n, 3) to (n, 3) points, reflections allowed (Umeyama 1991)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    x, y = source - a, target - b
    u, s, vt = np.linalg.svd(y.T @ x / len(x))
    spread = float((x**2).sum() / len(x))
    A = (s.sum() / spread if spread > 0 else 1.0) * (u @ vt)
    return np.concatenate([A, (b - A @ a)[:, None]], axis=1)


def _is_onto(body: Mesh, part: Mesh, T_part_body: FloatArray) -> bool:
    found = kernel.PointGrid(part.vertices, _rounding(part)).nearest(apply(T_part_body, body.vertices))
    if (found < 0).any() or np.bincount(found).max() > 1:
        return False
    # Neither mesh repeats a triangle of its own, so each of the body's must repeat one of the part's.
    both = np.concatenate([part.triangles, found[body.triangles]])
    first = kernel.first_of_equals(np.ascontiguousarray(both))
    return not first[len(part.triangles) :].any()


def _rounding(part: Mesh) -> float:
    return max(FLOAT32_SHARE * float(np.abs(part.vertices).max() + np.linalg.norm(part.extents)), 1e-9)
