"""What happens to files on their way: moved, rescaled, mirrored, re-meshed, roughened, reordered."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold
from manifold3d import Mesh64 as ManifoldMesh

from examples.shapes import mesh_of
from partwatch.model.mesh import FloatArray, Mesh

SEED = 20250101


def moved(mesh: Mesh, angles_deg: tuple[float, float, float], offset: tuple[float, float, float]) -> Mesh:
    """Rotated about x, then y, then z, then shifted."""
    rotation = np.eye(3)
    for axis, angle in enumerate(np.radians(angles_deg)):
        rotation = _rotation(axis, float(angle)) @ rotation
    return Mesh(mesh.vertices @ rotation.T + np.asarray(offset), mesh.triangles)


def scaled(mesh: Mesh, factor: float) -> Mesh:
    """Everything times `factor`: another size, or another unit."""
    return Mesh(mesh.vertices * factor, mesh.triangles)


def mirrored(mesh: Mesh) -> Mesh:
    """Left for right, with the triangles turned so that outside stays outside."""
    return inside_out(Mesh(mesh.vertices * np.array([-1.0, 1.0, 1.0]), mesh.triangles))


def inside_out(mesh: Mesh) -> Mesh:
    """Every triangle wound the other way."""
    return Mesh(mesh.vertices, np.ascontiguousarray(mesh.triangles[:, ::-1]))


def shuffled(mesh: Mesh) -> Mesh:
    """The same triangles in another order, each starting at another corner, vertices renumbered."""
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(mesh.vertices))
    rank = np.argsort(order).astype(np.int32)
    triangles = rank[mesh.triangles][rng.permutation(len(mesh.triangles))]
    starts = rng.integers(0, 3, len(triangles))[:, None]
    return Mesh(mesh.vertices[order], np.take_along_axis(triangles, (np.arange(3) + starts) % 3, axis=1))


def refined(solid: Manifold, edge_mm: float) -> Mesh:
    """The same surface in more triangles: every edge of the solid is cut into pieces of `edge_mm` or less."""
    return mesh_of(solid.refine_to_length(edge_mm))


def decimated(solid: Manifold, tolerance_mm: float) -> Mesh:
    """Fewer triangles, nowhere further than about `tolerance_mm` from the solid."""
    return mesh_of(solid.simplify(tolerance_mm))


def roughened(mesh: Mesh, amplitude_mm: float) -> Mesh:
    """Every vertex moved by up to `amplitude_mm` in a random direction, as a scanner's noise would."""
    rng = np.random.default_rng(SEED)
    direction: FloatArray = rng.normal(size=mesh.vertices.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return Mesh(
        mesh.vertices + direction * rng.uniform(0.0, amplitude_mm, (len(direction), 1)), mesh.triangles
    )


def solid_of(mesh: Mesh) -> Manifold:
    """The closed mesh as a solid that booleans and measures work on."""
    vertices = np.array(mesh.vertices, dtype=np.float64, order="C")
    return Manifold(ManifoldMesh(vertices, np.array(mesh.triangles, dtype=np.uint64, order="C")))


def _rotation(axis: int, angle_rad: float) -> FloatArray:
    """A rotation about one coordinate axis."""
    sine, cosine = np.sin(angle_rad), np.cos(angle_rad)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    rotation = np.eye(3)
    rotation[first, first] = rotation[second, second] = cosine
    rotation[first, second], rotation[second, first] = -sine, sine
    return rotation
