"""Pieces of a part: cut by a plane, a ball or a cylinder, with pegs or sockets, along an axis, unfinished."""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.curation.changes import Change
from partwatch.curation.disguises.solids import (
    Manifold,
    biggest,
    direction_of,
    frame_of,
    mesh_of,
    on_surface,
    placed,
    rod,
    solid_of,
)
from partwatch.model.mesh import FloatArray, Mesh

_SAMPLES = 4096
# Radii of pegs and sockets, and what is left of wall around them, in millimetres.
PEG_RADIUS_MM = (1.5, 3.0)
PEG_DEPTH_MM = (3.0, 6.0)
_PEG_WALL_MM = 0.5


def plane_cut(share: float) -> Change:
    """Cut by a plane of any direction that leaves about this share of the surface; the largest body left."""

    def change(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
        cut = _cut_by_plane(mesh, rng, share)
        return biggest(mesh_of(cut[0])) if cut else None

    return change


def curved_cut(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Cut by a ball or a cylinder of about its size: what is within or without, the largest body of it."""
    import manifold3d

    solid = solid_of(mesh)
    if solid is None:
        return None
    points, _ = on_surface(mesh, _SAMPLES)
    size = float(np.linalg.norm(mesh.extents))
    radius = size * rng.uniform(0.4, 1.2)
    frame, round_about = frame_of(direction_of(rng)), bool(rng.random() < 0.5)
    keep_within, share = bool(rng.random() < 0.5), rng.uniform(0.3, 0.75)
    middle = (mesh.bounds[0] + mesh.bounds[1]) / 2
    # A cylinder's axis is z of the frame; both bodies come along x.
    local = (points - middle) @ frame
    if not round_about:
        local[:, 2] = 0
    shifts = np.linspace(-radius - size, 0, 256)
    within = np.array([_share_within(local - [shift, 0, 0], radius) for shift in shifts])
    shift = shifts[int(np.argmin(np.abs((within if keep_within else 1 - within) - share)))]
    if round_about:
        cutter = manifold3d.Manifold.sphere(radius, 128)
    else:
        cutter = manifold3d.Manifold.cylinder(2 * size, radius, radius, 128, True)
    cutter = placed(cutter, frame, middle + shift * frame[:, 0])
    return biggest(mesh_of(solid ^ cutter if keep_within else solid - cutter))


def _share_within(points: FloatArray, radius: float) -> float:
    return float((np.linalg.norm(points, axis=1) <= radius).mean())


def with_pegs(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Half of it by a plane, with one to three pegs on the cut; None where none fits."""
    return _jointed(mesh, rng, raised=True)


def with_sockets(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Half of it by a plane, with one to three holes for pegs in the cut; None where none fits."""
    return _jointed(mesh, rng, raised=False)


def along_an_axis(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Cut across its longest axis near the middle, as for a small printer; all that is on one side."""
    solid = solid_of(mesh)
    if solid is None:
        return None
    axis = int(np.argmax(mesh.extents))
    at = mesh.bounds[0][axis] + mesh.extents[axis] * rng.uniform(0.35, 0.65)
    sign = float(rng.choice([-1.0, 1.0]))
    return mesh_of(solid.trim_by_plane(tuple(sign * np.eye(3)[axis]), sign * at))


def half_printed(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """What lies below half its height along z: a print that stopped."""
    del rng
    solid = solid_of(mesh)
    if solid is None:
        return None
    at = mesh.bounds[0][2] + mesh.extents[2] / 2
    return mesh_of(solid.trim_by_plane((0.0, 0.0, -1.0), -at))


def _cut_by_plane(
    mesh: Mesh, rng: np.random.Generator, share: float
) -> tuple[Manifold, FloatArray, float] | None:
    """What is left, the plane's normal into it and its distance from the origin along that."""
    solid = solid_of(mesh)
    if solid is None:
        return None
    normal = direction_of(rng)
    points, _ = on_surface(mesh, _SAMPLES)
    offset = float(np.quantile(points @ normal, 1 - share))
    return solid.trim_by_plane(tuple(normal), offset), normal, offset


def _jointed(mesh: Mesh, rng: np.random.Generator, raised: bool) -> Mesh | None:
    cut = _cut_by_plane(mesh, rng, 0.5)
    if cut is None:
        return None
    solid, normal, offset = cut
    radius, depth = rng.uniform(*PEG_RADIUS_MM), rng.uniform(*PEG_DEPTH_MM)
    places = _places(mesh, mesh_of(solid), normal, offset, radius + _PEG_WALL_MM)
    if places is None:
        return None
    for k in rng.permutation(len(places))[: int(rng.integers(1, 4))]:
        joint = rod(places[k] - depth * normal, places[k] + depth * normal, radius)
        solid = solid + joint if raised else solid - joint
    return biggest(mesh_of(solid))


def _places(
    part: Mesh, piece: Mesh | None, normal: FloatArray, offset: float, margin_mm: float
) -> FloatArray | None:
    """(n, 3): points of the cut at least that far from the part's own surface, and from each other twice."""
    if piece is None:
        return None
    heights = piece.vertices @ normal - offset
    flat = (np.abs(heights)[piece.triangles] < 1e-6 * (1 + abs(offset))).all(axis=1)
    if not flat.any():
        return None
    points, _ = on_surface(Mesh(piece.vertices, np.ascontiguousarray(piece.triangles[flat])), 512)
    tree = kernel.TriangleTree(np.ascontiguousarray(part.vertices), part.triangles, 0.0)
    distance, _ = tree.closest(points, np.zeros_like(points), margin_mm)
    free = points[~np.isfinite(distance)]
    chosen: list[FloatArray] = []
    for point in free:
        if all(np.linalg.norm(point - other) > 2 * margin_mm for other in chosen):
            chosen.append(point)
    return np.array(chosen) if chosen else None
