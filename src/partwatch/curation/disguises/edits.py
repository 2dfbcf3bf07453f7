"""Edits that leave most of a part: holes, raised and sunk bars, a thick spot, chamfers, offset, stretch."""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.curation.disguises.solids import (
    Manifold,
    all_of,
    frame_of,
    mesh_of,
    on_surface,
    placed,
    rod,
    solid_of,
)
from partwatch.geometry.clean import triangle_areas
from partwatch.geometry.offset import offset_mesh
from partwatch.model.mesh import FloatArray, Mesh

HOLE_DIAMETER_MM = (2.0, 6.0)
OFFSET_MM = (0.05, 0.2)
STRETCH = (0.01, 0.05)
_SAMPLES = 2048
_LEAST_FACE_MM2 = 40.0
_LEAST_EDGE_MM = 3.0


def drilled(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """One to three holes, blind or through, at right angles to the surface."""
    solid = solid_of(mesh)
    if solid is None:
        return None
    points, normals = on_surface(mesh, _SAMPLES)
    through = 2 * float(np.linalg.norm(mesh.extents))
    for k in rng.choice(len(points), size=int(rng.integers(1, 4))):
        depth = through if rng.random() < 0.5 else rng.uniform(3, 10)
        radius = rng.uniform(*HOLE_DIAMETER_MM) / 2
        solid -= rod(points[k] - depth * normals[k], points[k] + normals[k], radius)
    return mesh_of(solid)


def embossed(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Bars like letters raised on one of its largest flat faces."""
    return _lettered(mesh, rng, raised=True)


def engraved(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Bars like letters sunk into one of its largest flat faces."""
    return _lettered(mesh, rng, raised=False)


def thickened(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """A flat blob joined to its surface at one spot."""
    import manifold3d

    solid = solid_of(mesh)
    if solid is None:
        return None
    points, normals = on_surface(mesh, _SAMPLES)
    k = int(rng.integers(len(points)))
    size = float(np.linalg.norm(mesh.extents))
    radii = size * np.array([rng.uniform(0.05, 0.12), rng.uniform(0.05, 0.12), rng.uniform(0.015, 0.04)])
    blob = manifold3d.Manifold.sphere(1.0, 48).scale(tuple(radii))
    return mesh_of(solid + placed(blob, frame_of(normals[k]), points[k]))


def chamfered(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """One to four of its long convex edges taken off; None where it has none."""
    solid = solid_of(mesh)
    surface = mesh_of(solid) if solid is not None else None
    if surface is None:
        return None
    starts, ends, one, other = _convex_edges(surface)
    if not len(starts):
        return None
    length = np.linalg.norm(ends - starts, axis=1)
    for k in rng.choice(len(length), size=int(rng.integers(1, 5)), p=length / length.sum()):
        width = float(np.clip(0.1 * length[k], 0.4, 2.0)) * rng.uniform(0.5, 1.0)
        solid -= _wedge(starts[k], ends[k], one[k], other[k], width)
    return mesh_of(solid)


def offset(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Every wall moved outward or inward by a print's tolerance; vertices go where their facets' planes go.

    The plane of each facet moves by the distance; a vertex moves by least squares over its facets.
    """
    by = rng.uniform(*OFFSET_MM) * rng.choice([-1.0, 1.0])
    return offset_mesh(mesh, by) if triangle_areas(mesh).any() else None


def stretched(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Longer along one axis of its file by 1 to 5 %."""
    factors = np.ones(3)
    factors[int(rng.integers(3))] += rng.uniform(*STRETCH)
    return Mesh(mesh.vertices * factors, mesh.triangles)


def _lettered(mesh: Mesh, rng: np.random.Generator, raised: bool) -> Mesh | None:
    import manifold3d

    solid = solid_of(mesh)
    spot = _spot(mesh, rng) if solid is not None else None
    if spot is None:
        return None
    at, normal, room = spot
    height = float(np.clip(room, 1.5, 8.0))
    depth, stroke = rng.uniform(0.3, 0.8), max(height / 6, 0.4)
    letters = int(np.clip(2.0 * room / (0.75 * height), 1, 6))
    strokes = [
        manifold3d.Manifold.cube((*size, 2 * depth), True).translate((*place, 0.0))
        for k in range(letters)
        for size, place in _strokes(height, stroke, (k - (letters - 1) / 2) * 0.75 * height, rng)
    ]
    text = placed(all_of(strokes), frame_of(normal), at)
    return mesh_of(solid + text if raised else solid - text)


def _strokes(
    height: float, stroke: float, x: float, rng: np.random.Generator
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Sizes and places of a letter's bars: an upright, and some of four others."""
    width = 0.5 * height
    upright, across = (stroke, height), (width, stroke)
    others = [
        (upright, (x + width / 2, 0.0)),
        (across, (x, (height - stroke) / 2)),
        (across, (x, 0.0)),
        (across, (x, (stroke - height) / 2)),
    ]
    chosen = rng.permutation(4)[: int(rng.integers(1, 4))]
    return [(upright, (x - width / 2, 0.0)), *(others[k] for k in chosen)]


def _spot(mesh: Mesh, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, float] | None:
    """A point of a large flat face, the face's normal, and how far the rest of the surface is."""
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    size = np.linalg.norm(normal, axis=1) / 2
    normal = normal / np.where(size > 0, 2 * size, 1)[:, None]
    key = np.round(np.column_stack([normal * 500, (a * normal).sum(axis=1) * 50])).astype(np.int64)
    _, face = np.unique(key, axis=0, return_inverse=True)
    face = face.reshape(-1)
    areas = np.bincount(face, weights=size)
    largest = np.argsort(-areas, kind="stable")[:3]
    largest = largest[areas[largest] >= _LEAST_FACE_MM2]
    if not len(largest):
        return None
    chosen = face == rng.choice(largest)
    points, normals = on_surface(Mesh(mesh.vertices, np.ascontiguousarray(mesh.triangles[chosen])), 512)
    rest = np.ascontiguousarray(mesh.triangles[~chosen])
    tree = kernel.TriangleTree(np.ascontiguousarray(mesh.vertices), rest, 0.0)
    room, _ = tree.closest(points, np.zeros_like(points), float(np.linalg.norm(mesh.extents)))
    k = int(np.argmax(np.where(np.isfinite(room), room, 0)))
    return (points[k], normals[k], float(room[k])) if 1.5 <= room[k] < np.inf else None


def _convex_edges(mesh: Mesh) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Ends of the edges that stand out by 30° and more, (n, 3) each, and the normals of their two facets."""
    v, t = mesh.vertices, mesh.triangles
    a, b, c = (v[t[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    size = np.linalg.norm(normal, axis=1)
    normal = normal / np.where(size > 0, size, 1)[:, None]
    edges = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    opposite = np.concatenate([t[:, 2], t[:, 0], t[:, 1]])
    facet = np.tile(np.arange(len(t)), 3)
    order = np.lexsort(np.sort(edges, axis=1).T)
    # Of a closed surface each edge comes twice, once for each of its facets.
    first, second = order[0::2], order[1::2]
    n1, n2 = normal[facet[first]], normal[facet[second]]
    starts, ends = v[edges[first, 0]], v[edges[first, 1]]
    stands_out = ((v[opposite[second]] - starts) * n1).sum(axis=1) < 0
    kept = stands_out & ((n1 * n2).sum(axis=1) < 0.866)
    kept &= np.linalg.norm(ends - starts, axis=1) >= _LEAST_EDGE_MM
    kept &= (size[facet[first]] > 0) & (size[facet[second]] > 0)
    return starts[kept], ends[kept], n1[kept], n2[kept]


def _wedge(start: FloatArray, end: FloatArray, one: FloatArray, other: FloatArray, width: float) -> Manifold:
    """A bar over an edge whose lower side lies `width` along both facets from it."""
    import manifold3d

    along = end - start
    length = float(np.linalg.norm(along))
    outward = one + other
    outward = outward / np.linalg.norm(outward)
    frame = np.stack([np.cross(along / length, outward), along / length, outward], axis=1)
    # How far below the edge a facet is that far from it.
    below = width * float(np.linalg.norm(np.cross(one, outward)))
    bar = manifold3d.Manifold.cube((4 * width, length, 4 * width), True).translate(
        (0.0, 0.0, 2 * width - below)
    )
    return placed(bar, frame, (start + end) / 2)
