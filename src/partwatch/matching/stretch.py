"""A part that was made longer along one direction: the pose, with the stretch that brings it onto a body.

Point-to-plane least squares (Chen and Medioni 1992) for a general linear map and a shift, brought back after
each round to what was asked for: by its polar decomposition to a rotation, with or without a reflection, and
one principal stretch that differs from the unit's.
"""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.matching.alignment import apply, planes_of
from partwatch.model.mesh import FloatArray, Mesh

# By how much a part may be longer or shorter along one direction.
MOST_STRETCH = 0.06
ROUNDS = 10
# Weight of keeping the map as it is, as a share of what the points weigh: flat parts leave some of it open.
KEPT = 1e-3
# Fewer points fix no map.
LEAST_POINTS = 24


def stretched(
    mesh: Mesh,
    tree: kernel.TriangleTree,
    points: FloatArray,
    normals: FloatArray,
    T: FloatArray,
    reach: float,
    tolerance: float,
) -> FloatArray | None:
    """The (3, 4) map from the part's points (n, 3), with their normals, onto the mesh, near the similarity T.

    tree: of the mesh. reach: how far off a point may be at first, and tolerance at last, in the mesh's unit.
    None where too little is near.
    """
    unit = float(np.cbrt(abs(np.linalg.det(T[:, :3]))))
    centre = points.mean(axis=0)
    for cap in np.geomspace(reach, tolerance, ROUNDS):
        distance, triangle = tree.closest(apply(T, points), _turned(T, normals), float(cap))
        near = np.flatnonzero(np.isfinite(distance))
        if len(near) < LEAST_POINTS:
            return None
        plane, on_plane = planes_of(mesh, triangle[near])
        T = _uniaxial(_fitted(points[near] - centre, plane, on_plane, _at(T, centre)), unit, centre)
    return T


def stretch_of(T: FloatArray) -> float:
    """How much longer the longest principal direction of a (3, 4) map is than the shortest, as a share."""
    sizes = np.linalg.svd(T[:, :3], compute_uv=False)
    return float(sizes[0] / max(sizes[-1], 1e-30) - 1)


def _at(T: FloatArray, centre: FloatArray) -> FloatArray:
    """The map for points given from the centre."""
    return np.concatenate([T[:, :3], (T[:, :3] @ centre + T[:, 3])[:, None]], axis=1)


def _fitted(offset: FloatArray, plane: FloatArray, on_plane: FloatArray, T: FloatArray) -> FloatArray:
    """The map (3, 4) of offsets (n, 3) that brings them onto their planes, close to T."""
    rows = np.concatenate([(plane[:, :, None] * offset[:, None, :]).reshape(-1, 9), plane], axis=1)
    misses = (plane * (on_plane - apply(T, offset))).sum(axis=1)
    left = rows.T @ rows
    kept = np.append(np.full(9, (offset**2).sum() / 9), np.full(3, len(offset) / 3))
    change = np.linalg.solve(left + KEPT * np.diag(kept), rows.T @ misses)
    return np.asarray(T + np.concatenate([change[:9].reshape(3, 3), change[9:, None]], axis=1))


def _uniaxial(T: FloatArray, unit: float, centre: FloatArray) -> FloatArray:
    """The closest map of one principal stretch; T is for offsets from the centre, the result for points."""
    u, sizes, vt = np.linalg.svd(T[:, :3])
    odd = int(np.abs(sizes - unit).argmax())
    kept = np.full(3, unit)
    kept[odd] = np.clip(sizes[odd], unit * (1 - MOST_STRETCH), unit * (1 + MOST_STRETCH))
    A = (u * kept) @ vt
    return np.concatenate([A, (T[:, 3] - A @ centre)[:, None]], axis=1)


def _turned(T: FloatArray, normals: FloatArray) -> FloatArray:
    """Unit normals after a map that stretches: by its cofactors."""
    turned = normals @ np.linalg.inv(T[:, :3])
    return np.ascontiguousarray(turned / np.maximum(np.linalg.norm(turned, axis=1), 1e-30)[:, None])
