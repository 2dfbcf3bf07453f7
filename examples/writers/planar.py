"""Triangles gathered into flat faces bounded by loops: what a boundary representation is written from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from examples.writers.stl import facet_normals
from partwatch.model.mesh import FloatArray, Mesh

Edge = tuple[int, int]

NORMAL_TOLERANCE = 1e-9
"""How far a triangle's normal may be off its face's: one minus the cosine."""

DISTANCE_TOLERANCE_MM = 1e-6
"""How far a corner may lie off its face's plane."""


@dataclass(frozen=True, eq=False)
class FlatFace:
    """A plane (unit normal, point) and vertex loops: the outer one first, then the holes."""

    normal: FloatArray
    point: FloatArray
    loops: list[list[int]]


def flat_faces(mesh: Mesh) -> list[FlatFace]:
    """The closed mesh as flat faces; its vertices are shared, so that the faces still meet."""
    normals = facet_normals(mesh.vertices[mesh.triangles])
    faces: list[FlatFace] = []
    for group in _coplanar_groups(mesh, normals):
        faces += _faces_of(mesh, group, normals[group[0]])
    return faces


def _coplanar_groups(mesh: Mesh, normals: FloatArray) -> list[list[int]]:
    """Connected triangles that lie in the plane of the first of them."""
    neighbours = _neighbours(mesh)
    taken = np.zeros(len(mesh.triangles), dtype=bool)
    groups = []
    for seed in range(len(mesh.triangles)):
        if taken[seed]:
            continue
        taken[seed] = True
        group, waiting = [], [seed]
        while waiting:
            triangle = waiting.pop()
            group.append(triangle)
            for other in neighbours[triangle]:
                if not taken[other] and _in_plane(mesh, normals, seed, other):
                    taken[other] = True
                    waiting.append(other)
        # The seed comes first: the plane is its.
        groups.append(group)
    return groups


def _in_plane(mesh: Mesh, normals: FloatArray, seed: int, other: int) -> bool:
    """Whether the other triangle lies in the seed's plane and faces the same way."""
    corners = mesh.vertices[mesh.triangles[other]]
    distance = (corners - mesh.vertices[mesh.triangles[seed, 0]]) @ normals[seed]
    parallel = float(normals[seed] @ normals[other]) > 1.0 - NORMAL_TOLERANCE
    return parallel and float(np.abs(distance).max()) < DISTANCE_TOLERANCE_MM


def _neighbours(mesh: Mesh) -> list[list[int]]:
    """For each triangle, those across its three edges."""
    owner = {
        edge: index for index, triangle in enumerate(mesh.triangles.tolist()) for edge in _edges(triangle)
    }
    return [[owner[b, a] for a, b in _edges(triangle)] for triangle in mesh.triangles.tolist()]


def _edges(corners: list[int]) -> list[Edge]:
    return [(corners[0], corners[1]), (corners[1], corners[2]), (corners[2], corners[0])]


def _faces_of(mesh: Mesh, group: list[int], normal: FloatArray) -> list[FlatFace]:
    """One face for the group; triangle by triangle where its boundary touches itself in a point."""
    point = mesh.vertices[mesh.triangles[group[0], 0]]
    triangles: list[list[int]] = mesh.triangles[group].tolist()
    loops = _loops(triangles)
    if loops is None:
        return [FlatFace(normal, point, [corners]) for corners in triangles]
    loops.sort(key=lambda loop: -_signed_area(mesh.vertices[loop], normal))
    return [FlatFace(normal, point, loops)]


def _loops(triangles: list[list[int]]) -> list[list[int]] | None:
    """The boundary walked edge by edge; None where two loops share a vertex."""
    edges = {edge for corners in triangles for edge in _edges(corners)}
    border = [(a, b) for a, b in sorted(edges) if (b, a) not in edges]
    following = dict(border)
    if len(following) != len(border):
        return None
    loops = []
    while following:
        start, current = following.popitem()
        loop = [start]
        while current != start:
            loop.append(current)
            current = following.pop(current)
        loops.append(loop)
    return loops


def _signed_area(points: npt.NDArray[np.float64], normal: FloatArray) -> float:
    """Positive where the loop runs counter-clockwise seen against the normal."""
    return float(np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0) @ normal) / 2
