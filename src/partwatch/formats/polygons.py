"""Polygons of any size into triangles: fans where that is right, ears where a corner points inwards."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partwatch.model.mesh import FloatArray

Indices = npt.NDArray[np.int64]


def triangulate(vertices: FloatArray, counts: Indices, corners: Indices) -> Indices:
    """Triangles of polygons, (m, 3), in the order of the polygons.

    vertices: (n, 3); counts: corners of each polygon, at least 3; corners: their indices one polygon
    after the other, within range. A polygon of k corners gives k - 2 triangles.
    """
    if len(counts) == 0:
        return np.empty((0, 3), np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    out = np.empty((int((counts - 2).sum()), 3), np.int64)
    out_starts = np.concatenate([[0], np.cumsum(counts - 2)])
    for size in np.unique(counts):
        chosen = np.flatnonzero(counts == size)
        polygons = corners[starts[chosen][:, None] + np.arange(size)]
        out[out_starts[chosen][:, None] + np.arange(size - 2)] = _of_one_size(vertices, polygons)
    return out


def _of_one_size(vertices: FloatArray, polygons: Indices) -> Indices:
    """Triangles of (p, k) polygons, (p, k - 2, 3)."""
    count, size = polygons.shape
    steps = np.arange(1, size - 1)
    fans = np.stack(
        [np.broadcast_to(polygons[:, :1], (count, size - 2)), polygons[:, steps], polygons[:, steps + 1]],
        axis=2,
    )
    if size == 3:
        return fans
    with np.errstate(all="ignore"):
        corners = vertices[fans]
        normals = np.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0])
        whole = normals.sum(axis=1)
        bent = ((normals * whole[:, None]).sum(axis=2) < 0).any(axis=1)
        for place in np.flatnonzero(bent & np.isfinite(corners).all(axis=(1, 2, 3))):
            fans[place] = _ears(vertices, polygons[place], whole[place])
    return fans


def _ears(vertices: FloatArray, polygon: Indices, normal: FloatArray) -> Indices:
    """Ear clipping in the plane that faces along the polygon's normal (Newell's, up to a factor)."""
    dropped = int(np.argmax(np.abs(normal)))
    flat = np.delete(vertices[polygon], dropped, axis=1)
    if (normal[dropped] < 0) != (dropped == 1):
        flat = flat[:, ::-1]
    left = list(range(len(polygon)))
    ears = []
    while len(left) > 3:
        at = next((at for at in range(len(left)) if _is_ear(flat, left, at)), 0)
        ears.append((left[at - 1], left[at], left[(at + 1) % len(left)]))
        del left[at]
    ears.append((left[0], left[1], left[2]))
    return np.asarray(polygon[np.array(ears)])


def _is_ear(flat: FloatArray, left: list[int], at: int) -> bool:
    a, b, c = flat[left[at - 1]], flat[left[at]], flat[left[(at + 1) % len(left)]]
    if _turn(a, b, c) <= 0:
        return False
    others = flat[[i for i in left if i not in (left[at - 1], left[at], left[(at + 1) % len(left)])]]
    sides = np.stack([_turn(a, b, others), _turn(b, c, others), _turn(c, a, others)])
    inside = (sides >= 0).all(axis=0)
    # A corner that lies on one of the ear's own is a seam to a hole, not something inside.
    seam = (others[:, None] == np.stack([a, b, c])).all(axis=2).any(axis=1)
    return not bool((inside & ~seam).any())


def _turn(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    ab, ac = b - a, c - a
    return np.asarray(ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0])
