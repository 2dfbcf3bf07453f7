"""Closed meshes as solids that can be cut and joined, and the simple bodies that disguises are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.geometry.bodies import RAY, merge, split_bodies
from partwatch.geometry.clean import triangle_areas
from partwatch.model.mesh import FloatArray, IndexArray, Mesh

# manifold3d ships no types of its own; it is loaded only where something is cut or joined.
Manifold: TypeAlias = Any

MOST_TRIANGLES = 150_000
MOST_SOLIDS = 16


def solid_of(mesh: Mesh) -> Manifold | None:
    """The mesh as one solid, its bodies joined; None where it is not closed, or too much to cut."""
    import manifold3d

    if not 0 < len(mesh.triangles) <= MOST_TRIANGLES:
        return None
    solids = split_bodies(mesh)
    if not 0 < len(solids) <= MOST_SOLIDS or not all(solid.closed for solid in solids):
        return None
    made = [_one(solid.mesh) for solid in solids]
    if any(solid is None for solid in made):
        return None
    return made[0] if len(made) == 1 else manifold3d.Manifold.batch_boolean(made, manifold3d.OpType.Add)


def _one(mesh: Mesh) -> Manifold | None:
    import manifold3d

    triangles = mesh.triangles
    if kernel.signed_volume(np.ascontiguousarray(mesh.vertices), triangles) < 0:
        triangles = triangles[:, ::-1]
    # Whole, because the library reads the arrays as they lie in memory.
    raw = manifold3d.Mesh64(
        np.ascontiguousarray(mesh.vertices), np.ascontiguousarray(triangles, dtype=np.uint64)
    )
    solid = manifold3d.Manifold(raw)
    return None if solid.status() != manifold3d.Error.NoError or solid.is_empty() else solid


def mesh_of(solid: Manifold) -> Mesh | None:
    """Its surface; None where nothing is left."""
    if solid.is_empty():
        return None
    raw = solid.to_mesh64()
    triangles: IndexArray = np.ascontiguousarray(raw.tri_verts, dtype=np.int32)
    return Mesh(np.array(raw.vert_properties[:, :3], dtype=np.float64), triangles)


def biggest(mesh: Mesh | None) -> Mesh | None:
    """Its connected body with the most surface."""
    bodies = [solid.mesh for solid in split_bodies(mesh)] if mesh else []
    return max(bodies, key=area, default=None)


def area(mesh: Mesh) -> float:
    """Of its triangles."""
    return float(triangle_areas(mesh).sum())


def on_surface(mesh: Mesh, count: int) -> tuple[FloatArray, FloatArray]:
    """(count, 3) points spread evenly over the surface and their facets' unit normals."""
    points, normals, _, _ = kernel.sample(np.ascontiguousarray(mesh.vertices), mesh.triangles, count)
    return points, normals


def inside(points: FloatArray, closed: Mesh) -> npt.NDArray[np.bool_]:
    """(n,): which points lie within a closed mesh."""
    tree = kernel.TriangleTree(np.ascontiguousarray(closed.vertices), closed.triangles, 0.0)
    crossed = tree.crossings(np.ascontiguousarray(points), RAY)
    return np.asarray(crossed[:, 0] > crossed[:, 1])


def direction_of(rng: np.random.Generator) -> FloatArray:
    """A unit vector drawn evenly, (3,)."""
    vector = rng.normal(size=3)
    return vector / np.linalg.norm(vector)


def frame_of(direction: FloatArray) -> FloatArray:
    """A rotation that turns z into the unit vector, (3, 3)."""
    aside = np.eye(3)[int(np.argmin(np.abs(direction)))]
    x = np.cross(aside, direction)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(direction, x), direction], axis=1)


def placed(solid: Manifold, rotation: FloatArray, at: FloatArray) -> Manifold:
    """Turned about the origin and then moved there."""
    return solid.transform(np.concatenate([rotation, at[:, None]], axis=1))


def rod(start: FloatArray, end: FloatArray, radius: float) -> Manifold:
    """A round rod from one point to the other."""
    import manifold3d

    along = end - start
    length = float(np.linalg.norm(along))
    return placed(manifold3d.Manifold.cylinder(length, radius, radius, 32), frame_of(along / length), start)


def box(low: FloatArray, high: FloatArray) -> Manifold:
    """A box along the axes."""
    import manifold3d

    return manifold3d.Manifold.cube(tuple(high - low)).translate(tuple(low))


def all_of(solids: Sequence[Manifold]) -> Manifold:
    """Their union."""
    import manifold3d

    return manifold3d.Manifold.batch_boolean(list(solids), manifold3d.OpType.Add)


def together(*meshes: Mesh) -> Mesh:
    """Side by side in one mesh, each a body of its own."""
    return merge(list(meshes))
