"""A mesh as it came, made ready: welded, without triangles that hold no area or repeat another."""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.model.mesh import IndexArray, Mesh

_ROWS = 4096


def weld(mesh: Mesh) -> Mesh:
    """Makes vertices of equal coordinates one, and drops those that no triangle uses."""
    corners = np.ascontiguousarray(mesh.vertices, dtype=np.float64)
    vertices, remap = kernel.weld(corners)
    return compact(Mesh(vertices, np.ascontiguousarray(remap[mesh.triangles.reshape(-1)].reshape(-1, 3))))


def weld_within(mesh: Mesh, rim: IndexArray, reach: float) -> Mesh:
    """Makes those of the vertices `rim` that lie within `reach` of each other one, transitively."""
    near = kernel.weld_within(np.ascontiguousarray(mesh.vertices[rim]), reach)
    labels = np.arange(len(mesh.vertices), dtype=np.int32)
    labels[rim] = rim[near]
    return compact(Mesh(mesh.vertices, np.ascontiguousarray(labels[mesh.triangles])))


def compact(mesh: Mesh) -> Mesh:
    """The same mesh without vertices that no triangle uses; order is kept."""
    used = np.zeros(len(mesh.vertices), dtype=bool)
    used[mesh.triangles.reshape(-1)] = True
    if used.all():
        return mesh
    number = np.cumsum(used, dtype=np.int32) - 1
    return Mesh(mesh.vertices[used], np.ascontiguousarray(number[mesh.triangles], dtype=np.int32))


def drop_flat(mesh: Mesh) -> tuple[Mesh, int]:
    """The mesh without triangles that have two equal corners, and how many those were."""
    t = mesh.triangles
    flat = (t[:, 0] == t[:, 1]) | (t[:, 1] == t[:, 2]) | (t[:, 2] == t[:, 0])
    dropped = int(flat.sum())
    return (compact(Mesh(mesh.vertices, np.ascontiguousarray(t[~flat]))), dropped) if dropped else (mesh, 0)


def drop_repeated(mesh: Mesh) -> tuple[Mesh, int]:
    """The mesh without triangles that repeat an earlier one's corners in any order, and how many."""
    first = kernel.first_of_equals(mesh.triangles).astype(bool)
    dropped = int(len(first) - first.sum())
    return (
        (compact(Mesh(mesh.vertices, np.ascontiguousarray(mesh.triangles[first]))), dropped)
        if dropped
        else (mesh, 0)
    )


def signed_volume(mesh: Mesh) -> float:
    """Volume by the divergence theorem; negative where the winding is inside out."""
    return kernel.signed_volume(mesh.vertices, mesh.triangles)


def has_area(mesh: Mesh) -> bool:
    """Whether any triangle has one; a few at a time, since the first ones nearly always do."""
    return any(
        triangle_areas(Mesh(mesh.vertices, mesh.triangles[start : start + _ROWS])).any()
        for start in range(0, len(mesh.triangles), _ROWS)
    )


def triangle_areas(mesh: Mesh) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Area of each triangle, (m,)."""
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)
