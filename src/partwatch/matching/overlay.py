"""What a picture of a match needs: the submitted body, and how far each spot of it is from the part."""

from __future__ import annotations

import numpy as np

from partwatch.matching.alignment import apply, inverse
from partwatch.matching.verification import ListedSurface, Measurement
from partwatch.model.document import View
from partwatch.model.mesh import FloatArray, IndexArray, Mesh
from partwatch.model.view import encode_view

# Enough for a picture a hand wide; more only makes the report heavy.
MOST_TRIANGLES = 12_000
# Edges are split down to this share of the diagonal, so that a local difference shows on a large facet.
EDGE_SHARE = 1 / 40
# Beyond this many tolerances nothing of the part counts as near.
REACH = 10.0


def overlay(
    body: Mesh, listed: ListedSurface, measured: Measurement, mm_per_unit: float, with_part: bool
) -> View:
    """The body in the item's millimetres with its distance to the part; with the part only where asked for."""
    shown = _drawable(body)
    on_part = apply(inverse(measured.T_body_part), shown.vertices)
    distance, _ = listed.tree.closest(on_part, np.zeros_like(on_part), REACH * measured.tolerance_mm)
    if not with_part:
        return encode_view(shown.vertices * mm_per_unit, shown.triangles, distance)
    part = _drawable(listed.mesh)
    return encode_view(
        shown.vertices * mm_per_unit,
        shown.triangles,
        distance,
        apply(measured.T_body_part, part.vertices) * mm_per_unit,
        part.triangles,
    )


def _drawable(mesh: Mesh) -> Mesh:
    """A mesh of at most about MOST_TRIANGLES, without long edges as far as that allows."""
    if len(mesh.triangles) > MOST_TRIANGLES:
        return _simplified(mesh, MOST_TRIANGLES)
    longest = EDGE_SHARE * float(np.linalg.norm(mesh.extents))
    vertices, triangles = mesh.vertices, mesh.triangles
    while True:
        finer = _split_long_edges(vertices, triangles, longest)
        if finer is None or len(finer[1]) > MOST_TRIANGLES:
            return Mesh(vertices, triangles)
        vertices, triangles = finer


def _simplified(mesh: Mesh, triangles: int) -> Mesh:
    """Fewer triangles by quadric error (Garland and Heckbert 1997)."""
    import fast_simplification

    points, faces = fast_simplification.simplify(
        mesh.vertices.astype(np.float32), mesh.triangles, target_count=triangles
    )
    return Mesh(points.astype(np.float64), np.ascontiguousarray(faces, dtype=np.int32))


def _split_long_edges(
    vertices: FloatArray, triangles: IndexArray, longest: float
) -> tuple[FloatArray, IndexArray] | None:
    """Halves the longest edge of each triangle that has one too long; None where there is none.

    Neighbours may be split unlike each other: for drawing, the surface stays where it was.
    """
    corners = vertices[triangles]
    lengths = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
    edge = lengths.argmax(axis=1)
    long = np.flatnonzero(lengths.max(axis=1) > longest)
    if len(long) == 0:
        return None
    a = triangles[long, edge[long]]
    b = triangles[long, (edge[long] + 1) % 3]
    c = triangles[long, (edge[long] + 2) % 3]
    pairs, inverse_index = np.unique(np.sort(np.stack([a, b], axis=1), axis=1), axis=0, return_inverse=True)
    middle = (len(vertices) + inverse_index.reshape(-1)).astype(np.int32)
    halves = np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])
    kept = np.delete(triangles, long, axis=0)
    return (
        np.concatenate([vertices, vertices[pairs].mean(axis=1)]),
        np.ascontiguousarray(np.concatenate([kept, halves]), dtype=np.int32),
    )
