"""Normals for shading: smooth over curved surfaces, sharp where faces meet at an edge."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

# Facets of a round surface meet at less than this, machined edges at more.
CREASE_ANGLE_RAD = np.radians(32.0)
_ROUNDS = 32


def corner_normals(positions: Floats, triangles: npt.NDArray[np.int32]) -> Floats:
    """(m, 3, 3) unit normals, one for each corner of each triangle.

    Corners that share a vertex, and whose triangles are joined by an unbroken fan of flat edges, share
    the area-weighted mean of those triangles' normals.
    """
    faces = _face_normals(positions, triangles)
    groups = _smooth_groups(triangles, _unit(faces))
    flat = np.repeat(faces, 3, axis=0)
    sums = np.zeros((len(flat), 3))
    for axis in range(3):
        sums[:, axis] = np.bincount(groups, weights=flat[:, axis], minlength=len(flat))
    return _unit(sums[groups]).reshape(-1, 3, 3).astype(np.float32)


def split_at_creases(
    positions: Floats, triangles: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Vertices doubled along sharp edges, for viewers that shade each vertex with one normal.

    Returns which vertex each new one copies, (k,), and the triangles over the new ones, (m, 3).
    """
    groups = _smooth_groups(triangles, _unit(_face_normals(positions, triangles)))
    kept, corner_vertex = np.unique(groups, return_inverse=True)
    copies = triangles.reshape(-1)[kept]
    return copies.astype(np.int32), corner_vertex.reshape(-1, 3).astype(np.int32)


def _face_normals(positions: Floats, triangles: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    corners = positions.astype(np.float64)[triangles]
    normals: npt.NDArray[np.float64] = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normals


def _unit(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-30))


def _smooth_groups(
    triangles: npt.NDArray[np.int32], unit_normals: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """(3m,) label of each corner; corners joined across a flat edge carry the same one."""
    left, right = _corner_links(triangles, unit_normals)
    labels = np.arange(3 * len(triangles))
    # A label travels one triangle of the fan a round, and pointer jumping doubles that.
    for _ in range(_ROUNDS):
        least = np.minimum(labels[left], labels[right])
        if np.array_equal(least, labels[left]) and np.array_equal(least, labels[right]):
            break
        np.minimum.at(labels, left, least)
        np.minimum.at(labels, right, least)
        labels = labels[labels]
    return labels


def _corner_links(
    triangles: npt.NDArray[np.int32], unit_normals: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs of corners at the same vertex in two triangles that meet across a flat edge."""
    count = len(triangles)
    start = np.arange(3 * count)
    end = start - start % 3 + (start + 1) % 3
    tail, head = triangles.reshape(-1)[start].astype(np.int64), triangles.reshape(-1)[end].astype(np.int64)
    swap = tail > head
    low, high = np.where(swap, head, tail), np.where(swap, tail, head)
    low_corner, high_corner = np.where(swap, end, start), np.where(swap, start, end)
    key = low * (int(triangles.max(initial=0)) + 1) + high
    order = np.argsort(key, kind="stable")
    first, second = order[:-1], order[1:]
    meets = key[first] == key[second]
    first, second = first[meets], second[meets]
    cosine = np.einsum("ij,ij->i", unit_normals[first // 3], unit_normals[second // 3])
    flat = cosine > np.cos(CREASE_ANGLE_RAD)
    first, second = first[flat], second[flat]
    left = np.concatenate([low_corner[first], high_corner[first]])
    right = np.concatenate([low_corner[second], high_corner[second]])
    return left, right
