"""What a picture of a match needs: the submitted body, and how far each spot of it is from the part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from partwatch.geometry.clusters import clustered
from partwatch.geometry.refine import split_long_edges
from partwatch.matching.alignment import apply, inverse
from partwatch.matching.verification import ListedSurface, Measurement
from partwatch.model.document import View
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.model.view import encode_view

# Enough for a picture a hand wide; more only makes the report heavy.
MOST_TRIANGLES = 12_000
# Edges are split down to this share of the diagonal, so that a local difference shows on a large facet.
EDGE_SHARE = 1 / 40
# Where the tolerance runs through a triangle, down to this share, in so many rounds.
BORDER_SHARE = 1 / 200
BORDER_ROUNDS = 12
# Beyond this many tolerances nothing of the part counts as near.
REACH = 10.0


def overlay(
    body: Mesh, listed: ListedSurface, measured: Measurement, mm_per_unit: float, with_part: bool
) -> View:
    """The body in the item's millimetres with its distance to the part; the part only where asked for."""
    T_part_body = inverse(measured.T_body_part)

    def distances(points: FloatArray) -> FloatArray:
        on_part = apply(T_part_body, points)
        return listed.tree.closest(on_part, np.zeros_like(on_part), REACH * measured.tolerance_mm)[0]

    shown, distance = drawn_with(body, distances, measured.tolerance_mm)
    positions = shown.vertices * mm_per_unit
    if not with_part:
        return encode_view(positions, shown.triangles, distance)
    part = _drawable(listed.mesh)
    on_body = apply(measured.T_body_part, part.vertices) * mm_per_unit
    return encode_view(positions, shown.triangles, distance, on_body, part.triangles)


def drawn_with(
    mesh: Mesh, distances: Callable[[FloatArray], FloatArray], tolerance: float
) -> tuple[Mesh, FloatArray]:
    """A mesh fit to be drawn, and (n,) what `distances` says of its vertices, fine where that passes the
    tolerance."""
    return _sharpened(_drawable(mesh), distances, tolerance)


def _sharpened(
    mesh: Mesh, distances: Callable[[FloatArray], FloatArray], tolerance: float
) -> tuple[Mesh, FloatArray]:
    """Splits the triangles through which the tolerance runs, so that its border is drawn where it is."""
    shortest = BORDER_SHARE * float(np.linalg.norm(mesh.extents))
    distance = distances(mesh.vertices)
    for _ in range(BORDER_ROUNDS):
        near = np.asarray(distance[mesh.triangles] <= tolerance)
        mixed = np.asarray(near.any(axis=1) & ~near.all(axis=1))
        finer = split_long_edges(mesh.vertices, mesh.triangles, shortest, mixed)
        if finer is None or len(finer[1]) > 2 * MOST_TRIANGLES:
            break
        distance = np.concatenate([distance, distances(finer[0][len(distance) :])])
        mesh = Mesh(*finer[:2])
    return mesh, distance


def _drawable(mesh: Mesh) -> Mesh:
    """A mesh of at most about MOST_TRIANGLES, without long edges as far as that allows."""
    if len(mesh.triangles) > MOST_TRIANGLES:
        return _simplified(mesh, MOST_TRIANGLES)
    longest = EDGE_SHARE * float(np.linalg.norm(mesh.extents))
    vertices, triangles = mesh.vertices, mesh.triangles
    while True:
        finer = split_long_edges(vertices, triangles, longest)
        if finer is None or len(finer[1]) > MOST_TRIANGLES:
            return Mesh(vertices, triangles)
        vertices, triangles, _ = finer


# How greedy simplification is, 0 to 10: shy enough to stop above the target rather than spoil the shape.
SHY = 3


def _simplified(mesh: Mesh, triangles: int) -> Mesh:
    """Fewer triangles by quadric error (Garland and Heckbert 1997), or by clustering without its library."""
    try:
        import fast_simplification
    except ImportError:
        return clustered(mesh, triangles)
    points, faces = fast_simplification.simplify(
        mesh.vertices.astype(np.float32), mesh.triangles, target_count=triangles, agg=SHY
    )
    return Mesh(points.astype(np.float64), np.ascontiguousarray(faces, dtype=np.int32))
