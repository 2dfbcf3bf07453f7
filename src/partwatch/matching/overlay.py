"""What a picture of a match needs: the submitted body, and how far each spot of it is from the part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from partwatch.geometry.clusters import clustered
from partwatch.geometry.refine import along_border, without_long_edges
from partwatch.matching.alignment import apply, inverse
from partwatch.matching.verification import ListedSurface, Measurement
from partwatch.model.document import View
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.model.view import encode_view

# Enough for a picture a hand wide; more only makes the report heavy.
MOST_TRIANGLES = 12_000
# Edges are split down to this share of the diagonal, so that a local difference shows on a large facet.
EDGE_SHARE = 1 / 40
# Where the tolerance runs through a triangle, down to this share.
BORDER_SHARE = 1 / 200
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
    shown = _drawable(mesh)
    shortest = BORDER_SHARE * float(np.linalg.norm(shown.extents))
    return along_border(shown, distances, tolerance, shortest, 2 * MOST_TRIANGLES)[:2]


def _drawable(mesh: Mesh) -> Mesh:
    """A mesh of at most about MOST_TRIANGLES, without long edges as far as that allows."""
    if len(mesh.triangles) > MOST_TRIANGLES:
        return _simplified(mesh, MOST_TRIANGLES)
    longest = EDGE_SHARE * float(np.linalg.norm(mesh.extents))
    return without_long_edges(mesh, longest, MOST_TRIANGLES)[0]


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
