"""Triangles made finer where it is asked for; the surface stays where it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from partwatch.model.mesh import FloatArray, IndexArray, Mesh

Rows = npt.NDArray[np.intp]

BORDER_ROUNDS = 12


def without_long_edges(mesh: Mesh, longest: float, most: int) -> tuple[Mesh, Rows]:
    """A mesh whose edges are no longer than that, as far as `most` triangles allow; (m,) the triangle of the
    given mesh that each is a part of."""
    of: Rows = np.arange(len(mesh.triangles))
    while len(mesh.triangles) < most:
        finer = split_long_edges(mesh.vertices, mesh.triangles, longest)
        if finer is None or len(finer[1]) > most:
            break
        mesh, of = Mesh(*finer[:2]), of[finer[2]]
    return mesh, of


def along_border(
    mesh: Mesh, distances: Callable[[FloatArray], FloatArray], tolerance: float, shortest: float, most: int
) -> tuple[Mesh, FloatArray, Rows]:
    """Triangles split where the tolerance runs through them, down to edges of `shortest` and as far as `most`
    triangles allow; distances of the vertices; (m,) the triangle of the given mesh that each is a part of."""
    of: Rows = np.arange(len(mesh.triangles))
    distance = distances(mesh.vertices)
    for _ in range(BORDER_ROUNDS):
        near = np.asarray(distance[mesh.triangles] <= tolerance)
        mixed = np.asarray(near.any(axis=1) & ~near.all(axis=1))
        finer = split_long_edges(mesh.vertices, mesh.triangles, shortest, mixed)
        if finer is None or len(finer[1]) > most:
            break
        distance = np.concatenate([distance, distances(finer[0][len(distance) :])])
        mesh, of = Mesh(*finer[:2]), of[finer[2]]
    return mesh, distance, of


def split_long_edges(
    vertices: FloatArray, triangles: IndexArray, longest: float, among: npt.NDArray[np.bool_] | None = None
) -> tuple[FloatArray, IndexArray, Rows] | None:
    """Halves the longest edge of each triangle (of those `among`) that has one too long; None without any.

    Vertices, of which the old ones come first; triangles; (m,) the old triangle that each is a part of.
    Neighbours may be split unlike each other: such a mesh is for measuring and drawing.
    """
    corners = vertices[triangles]
    lengths = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
    edge = lengths.argmax(axis=1)
    too_long = lengths.max(axis=1) > longest
    long = np.flatnonzero(too_long if among is None else too_long & among)
    if len(long) == 0:
        return None
    a = triangles[long, edge[long]]
    b = triangles[long, (edge[long] + 1) % 3]
    c = triangles[long, (edge[long] + 2) % 3]
    pairs, inverse_index = np.unique(np.sort(np.stack([a, b], axis=1), axis=1), axis=0, return_inverse=True)
    middle = (len(vertices) + inverse_index.reshape(-1)).astype(np.int32)
    halves = np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])
    kept = np.delete(triangles, long, axis=0)
    of = np.concatenate([np.delete(np.arange(len(triangles)), long), long, long])
    return (
        np.concatenate([vertices, vertices[pairs].mean(axis=1)]),
        np.ascontiguousarray(np.concatenate([kept, halves]), dtype=np.int32),
        of,
    )
