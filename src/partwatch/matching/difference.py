"""Where two surfaces in one frame part, and by how much: connected places, the largest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.geometry.bodies import RAY
from partwatch.geometry.clean import triangle_areas
from partwatch.geometry.patches import linked, patches, smooth_faces
from partwatch.geometry.refine import along_border, without_long_edges
from partwatch.matching.alignment import MIN_COSINE
from partwatch.model.comparison import RegionKind
from partwatch.model.mesh import FloatArray, Mesh

Longs = npt.NDArray[np.int64]

MOST_REGIONS = 50
# Triangles up to which a surface is made finer for measuring.
MOST_MEASURED = 60_000
# Edges are split down to this share of the diagonal; along the border of a difference down to the second.
EDGE_SHARE = 1 / 40
BORDER_SHARE = 1 / 400
# Places on both surfaces within so many tolerances of each other are one.
LINK_TOLERANCES = 3.0
# A face of which more than this differs is one place, though its differences may not touch.
FACE_SHARE = 1 / 3
# Of what lies inside or outside the other body, for a place to be only one's.
ONE_SIDED = 0.9
# Triangles by which a place is told to be inside or outside.
PROBES = 400


@dataclass(frozen=True, eq=False)
class Place:
    """A connected place where the surfaces part, in their common frame."""

    kind: RegionKind
    area_a: float
    area_b: float
    centre: FloatArray
    extents: FloatArray
    largest: float


class Surface:
    """One of both surfaces, ready to be measured against."""

    def __init__(self, mesh: Mesh, closed: bool) -> None:
        self.mesh = mesh
        self.closed = closed
        self.tree = kernel.TriangleTree(np.ascontiguousarray(mesh.vertices), mesh.triangles, MIN_COSINE)
        self.diagonal = float(np.linalg.norm(mesh.extents))

    def distances(self, points: FloatArray, cap: float) -> FloatArray:
        """(n,) from points to the surface, whichever way it faces; inf beyond the cap."""
        points = np.ascontiguousarray(points)
        return self.tree.closest(points, np.zeros_like(points), cap)[0]

    def holds(self, points: FloatArray) -> npt.NDArray[np.bool_]:
        """(n,) whether points lie inside, by a ray's crossings; for closed surfaces."""
        return np.asarray(self.tree.crossings(np.ascontiguousarray(points), RAY).sum(axis=1) % 2 == 1)


@dataclass(frozen=True, eq=False)
class _Far:
    """The triangles of one surface that lie beyond tolerance of the other, and the patches they form."""

    corners: FloatArray  # (m, 3, 3)
    areas: FloatArray
    largest: FloatArray  # (m,) the farthest corner of each
    patch: Longs  # (m,) 0 upward
    points: FloatArray  # (n, 3) their vertices, each with its patch
    patch_of_point: Longs

    @property
    def count(self) -> int:
        return int(self.patch.max(initial=-1)) + 1


def places(a: Surface, b: Surface, tolerance: float, finest: int = MOST_MEASURED) -> tuple[list[Place], int]:
    """Places where the surfaces are more than `tolerance` apart, by falling area; how many were left out.

    finest: triangles up to which either is made finer for measuring.

    Distances are of surfaces, unsigned and to the nearest point. What lies on both is no place of either.
    """
    cap = 2 * (a.diagonal + b.diagonal) + float(np.linalg.norm(a.mesh.bounds[0] - b.mesh.bounds[0]))
    far_a, far_b = (_far(one, other, tolerance, cap, finest) for one, other in ((a, b), (b, a)))
    group = _joined(far_a, far_b, LINK_TOLERANCES * tolerance + BORDER_SHARE * max(a.diagonal, b.diagonal))
    of_a, of_b = group[: far_a.count][far_a.patch], group[far_a.count :][far_b.patch]
    count = int(group.max(initial=-1)) + 1
    areas = np.bincount(of_a, far_a.areas, count) + np.bincount(of_b, far_b.areas, count)
    order = [int(k) for k in np.argsort(-areas, kind="stable") if areas[k] >= tolerance**2]
    found = [_place(a, b, _only(far_a, of_a == k), _only(far_b, of_b == k)) for k in order[:MOST_REGIONS]]
    return found, max(len(order) - MOST_REGIONS, 0)


def _far(one: Surface, other: Surface, tolerance: float, cap: float, finest: int) -> _Far:
    mesh, distance, of = measured(one.mesh, lambda points: other.distances(points, cap), tolerance, finest)
    corner = distance[mesh.triangles]
    rows = np.flatnonzero(corner.mean(axis=1) > tolerance)
    triangles = mesh.triangles[rows]
    label = patches(triangles)
    areas = triangle_areas(mesh)
    label = _by_face(label, areas[rows], smooth_faces(one.mesh)[of], areas, rows)
    vertices = np.unique(triangles)
    patch_of_vertex = np.zeros(len(mesh.vertices), dtype=np.int64)
    patch_of_vertex[triangles.reshape(-1)] = np.repeat(label, 3)
    return _Far(
        corners=mesh.vertices[triangles],
        areas=areas[rows],
        largest=corner[rows].max(axis=1) if len(rows) else np.zeros(0),
        patch=label,
        points=mesh.vertices[vertices],
        patch_of_point=patch_of_vertex[vertices],
    )


def _by_face(label: Longs, areas: FloatArray, face: Longs, all_areas: FloatArray, rows: Longs) -> Longs:
    """Patches on one smooth face made one, where much of the face differs: the wall of a hole that moved."""
    if len(label) == 0:
        return label
    size = int(face.max()) + 1
    differs = np.bincount(face[rows], areas, size) > FACE_SHARE * np.bincount(face, all_areas, size)
    on = differs[face[rows]]
    first = np.full(size, -1, dtype=np.int64)
    first[face[rows][on][::-1]] = label[on][::-1]
    joined = linked(int(label.max()) + 1, label[on], first[face[rows][on]])
    return np.asarray(np.unique(joined[label], return_inverse=True)[1].reshape(-1), dtype=np.int64)


def measured(
    mesh: Mesh, distances: Callable[[FloatArray], FloatArray], tolerance: float, finest: int = MOST_MEASURED
) -> tuple[Mesh, FloatArray, npt.NDArray[np.intp]]:
    """The mesh made finer where a difference may hide or ends; distances of its vertices; (m,) the triangle
    of the given mesh that each triangle is a part of."""
    diagonal = float(np.linalg.norm(mesh.extents))
    most = max(finest, 2 * len(mesh.triangles))
    even, of = without_long_edges(mesh, EDGE_SHARE * diagonal, finest)
    fine, distance, of_even = along_border(even, distances, tolerance, BORDER_SHARE * diagonal, most)
    return fine, distance, of[of_even]


def _joined(a: _Far, b: _Far, reach: float) -> Longs:
    """(patches of A, then of B) the number of the place that each is of, 0 upward."""
    count = a.count + b.count
    if a.count == 0 or b.count == 0:
        return np.arange(count, dtype=np.int64)
    left, right = [], []
    for one, other, swap in ((a, b, False), (b, a, True)):
        found = kernel.PointGrid(np.ascontiguousarray(other.points), reach).nearest(
            np.ascontiguousarray(one.points)
        )
        met = np.flatnonzero(found >= 0)
        mine, theirs = one.patch_of_point[met], other.patch_of_point[found[met]]
        left.append(theirs if swap else mine)
        right.append((mine if swap else theirs) + a.count)
    labels = linked(count, np.concatenate(left), np.concatenate(right))
    return np.asarray(np.unique(labels, return_inverse=True)[1].reshape(-1), dtype=np.int64)


def _only(far: _Far, rows: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Corners, areas and largest distances of some triangles."""
    return far.corners[rows], far.areas[rows], far.largest[rows]


Part = tuple[FloatArray, FloatArray, FloatArray]


def _place(a: Surface, b: Surface, on_a: Part, on_b: Part) -> Place:
    corners = np.concatenate([on_a[0], on_b[0]])
    areas = np.concatenate([on_a[1], on_b[1]])
    weights = areas if areas.sum() > 0 else np.ones(len(areas))
    points = corners.reshape(-1, 3)
    return Place(
        kind=_kind(a, b, on_a, on_b),
        area_a=float(on_a[1].sum()),
        area_b=float(on_b[1].sum()),
        centre=np.average(corners.mean(axis=1), axis=0, weights=weights),
        extents=np.ptp(points, axis=0),
        largest=float(np.concatenate([on_a[2], on_b[2]]).max()),
    )


def _kind(a: Surface, b: Surface, on_a: Part, on_b: Part) -> RegionKind:
    """Whether material is gone, came, or both; of open surfaces, on which of them the place is."""
    if not (a.closed and b.closed):
        if len(on_a[1]) and len(on_b[1]):
            return RegionKind.MOVED
        return RegionKind.ONLY_A if len(on_a[1]) else RegionKind.ONLY_B
    gone = came = 0.0
    for (corners, areas, _), other, inside_is_more in ((on_a, b, True), (on_b, a, False)):
        some = np.argsort(-areas, kind="stable")[:PROBES]
        inside = other.holds(corners[some].mean(axis=1))
        # A's surface inside B was covered; B's surface inside A was cut.
        share = float(areas[some][inside].sum()), float(areas[some][~inside].sum())
        came += share[0] if inside_is_more else share[1]
        gone += share[1] if inside_is_more else share[0]
    if gone >= ONE_SIDED * (gone + came):
        return RegionKind.ONLY_A
    return RegionKind.ONLY_B if came >= ONE_SIDED * (gone + came) else RegionKind.MOVED
