"""Changes that leave a body the listed part, by class: what recall is measured on.

Each takes a mesh and a random generator and returns the changed mesh in its place, or None where it does
not apply; `moved` then lays it elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from partwatch.model.mesh import FloatArray, IndexArray, Mesh

Change = Callable[[Mesh, np.random.Generator], Mesh | None]

NOISE_RMS_MM = 0.05
NOISE_LEAST_DIAGONAL_MM = 50.0


def random_rotation(rng: np.random.Generator) -> FloatArray:
    """A rotation drawn evenly from all of them, (3, 3) (Shoemake 1992)."""
    q = rng.normal(size=4)
    x, y, z, w = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def moved(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """Turned at random, and moved by about its size."""
    shift = rng.normal(size=3) * mesh.extents.max()
    return Mesh(mesh.vertices @ random_rotation(rng).T + shift, mesh.triangles)


def untouched(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """The mesh as it is."""
    del rng
    return mesh


def mirrored(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """Mirrored, its winding kept outward."""
    del rng
    return Mesh(mesh.vertices * [-1.0, 1.0, 1.0], np.ascontiguousarray(mesh.triangles[:, ::-1]))


def wound_inward(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """Every triangle turned inside out."""
    del rng
    return Mesh(mesh.vertices, np.ascontiguousarray(mesh.triangles[:, ::-1]))


def reordered(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """Triangles, their corners and the vertices in another order."""
    rank = rng.permutation(len(mesh.vertices)).astype(np.int32)
    vertices = np.empty_like(mesh.vertices)
    vertices[rank] = mesh.vertices
    triangles = np.roll(rank[mesh.triangles], int(rng.integers(3)), axis=1)
    return Mesh(vertices, np.ascontiguousarray(rng.permutation(triangles, axis=0)))


def in_unit(mm_per_unit: float) -> Change:
    """Its numbers in another unit."""

    def change(mesh: Mesh, rng: np.random.Generator) -> Mesh:
        del rng
        return Mesh(mesh.vertices / mm_per_unit, mesh.triangles)

    return change


def noisy(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Every vertex shifted by NOISE_RMS_MM; None for bodies too small for it to be noise."""
    if np.linalg.norm(mesh.extents) < NOISE_LEAST_DIAGONAL_MM:
        return None
    return Mesh(
        mesh.vertices + rng.normal(size=mesh.vertices.shape) * NOISE_RMS_MM / np.sqrt(3), mesh.triangles
    )


def subdivided(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Each triangle split in four; None where that is too many to be worth it."""
    del rng
    if len(mesh.triangles) > 100_000:
        return None
    t = mesh.triangles
    pairs = np.sort(np.stack([t, np.roll(t, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    edges, index = np.unique(pairs, axis=0, return_inverse=True)
    middle = (index.reshape(-1, 3) + len(mesh.vertices)).astype(np.int32)
    a, b, c = t.T
    ab, bc, ca = middle.T
    finer = np.concatenate(
        [np.stack(corners, axis=1) for corners in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    )
    vertices = np.concatenate([mesh.vertices, mesh.vertices[edges].mean(axis=1)])
    return Mesh(vertices, np.ascontiguousarray(finer, dtype=np.int32))


def simplified(keep: float) -> Change:
    """Simplified by quadric error to that share of the triangles."""

    def change(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
        import fast_simplification

        del rng
        wanted = int(keep * len(mesh.triangles))
        if wanted < 40:
            return None
        points, faces = fast_simplification.simplify(
            mesh.vertices.astype(np.float32), mesh.triangles, target_count=wanted
        )
        triangles: IndexArray = np.ascontiguousarray(faces, dtype=np.int32)
        return Mesh(points.astype(np.float64), triangles) if len(triangles) else None

    return change


def remeshed(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Subdivided, every vertex slid within its facets' planes by simplification: no triangle stays."""
    finer = subdivided(mesh, rng)
    return simplified(0.3)(finer, rng) if finer else None
