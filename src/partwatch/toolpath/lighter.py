"""A surface in fewer triangles: flat walls of a grid hold many that say nothing."""

from __future__ import annotations

import numpy as np

from partwatch.model.mesh import Mesh

MOST_TRIANGLES = 200_000


def lighter(mesh: Mesh) -> Mesh:
    """The mesh in MOST_TRIANGLES about, by quadric errors (Garland and Heckbert 1997); as it is where it has
    no more, and where there is no library for it."""
    if len(mesh.triangles) <= MOST_TRIANGLES:
        return mesh
    try:
        import fast_simplification
    except ImportError:
        return mesh
    # Single precision is its own: about the middle, so that a far corner of a bed costs no digits.
    middle = np.mean(mesh.bounds, axis=0)
    points, faces = fast_simplification.simplify(
        (mesh.vertices - middle).astype(np.float32),
        mesh.triangles,
        target_count=MOST_TRIANGLES,
    )
    return Mesh(np.asarray(points, dtype=np.float64) + middle, np.ascontiguousarray(faces, dtype=np.int32))
