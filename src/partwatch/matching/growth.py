"""A part whose walls all lie a little further out or in, as a print's tolerance or a mended fit puts them.

Point-to-plane least squares (Chen and Medioni 1992) for a small motion and the one distance by which every
facet's plane has moved.
"""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.matching.alignment import apply, planes_of, scale_of, turn_normals
from partwatch.model.mesh import FloatArray, Mesh

# By how much walls may have moved.
MOST_GROWTH_MM = 0.3
ROUNDS = 5
# Weight of leaving things as they are, as a share of what the points weigh.
KEPT = 1e-4
# Fewer points tell no growth.
LEAST_POINTS = 24


def growth_of(
    mesh: Mesh,
    tree: kernel.TriangleTree,
    points: FloatArray,
    normals: FloatArray,
    T: FloatArray,
    reach: float,
) -> tuple[FloatArray, float] | None:
    """The pose near T (3, 4) and by how many of the part's millimetres its walls lie further out on the mesh.

    tree: of the mesh. points, normals: (n, 3), on the part, each with its facet's normal. reach: how far off
    a point may be, in the mesh's unit. None where too little is near, or walls moved by more than is tried.
    """
    grown, units = 0.0, scale_of(T)
    for _ in range(ROUNDS):
        turned = turn_normals(T, normals)
        at = apply(T, points) + grown * units * turned
        distance, triangle = tree.closest(np.ascontiguousarray(at), turned, reach)
        near = np.flatnonzero(np.isfinite(distance))
        if len(near) < LEAST_POINTS:
            return None
        plane, on_plane = planes_of(mesh, triangle[near])
        # Which way a facet of the body is wound says nothing of which side is within.
        plane *= np.where((plane * turned[near]).sum(axis=1) < 0, -1.0, 1.0)[:, None]
        turn, shift, more = _step(at[near], plane, on_plane)
        T, grown = _moved(T, at[near].mean(axis=0), turn, shift), grown + more / units
    return (T, grown) if abs(grown) <= MOST_GROWTH_MM else None


def _step(at: FloatArray, plane: FloatArray, on_plane: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Turn about their middle, shift, and growth that bring points (n, 3) onto their planes."""
    offset = at - at.mean(axis=0)
    size = max(float(np.sqrt((offset**2).sum(axis=1).mean())), 1e-12)
    rows = np.concatenate([np.cross(offset / size, plane), plane, np.ones((len(at), 1))], axis=1)
    misses = (plane * (on_plane - at)).sum(axis=1)
    change = np.linalg.solve(rows.T @ rows + KEPT * len(at) * np.eye(7), rows.T @ misses)
    return change[:3] / size, change[3:6], float(change[6])


def _moved(T: FloatArray, centre: FloatArray, turn: FloatArray, shift: FloatArray) -> FloatArray:
    """A pose after a small turn, a rotation vector, about a point, and a shift."""
    angle = float(np.linalg.norm(turn))
    x, y, z = turn / max(angle, 1e-30)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    R = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return np.concatenate([R @ T[:, :3], (R @ (T[:, 3] - centre) + centre + shift)[:, None]], axis=1)
