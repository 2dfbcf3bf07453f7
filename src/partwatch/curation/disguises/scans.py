"""Scans of a part: seen from one side only, rough, and of no stated scale."""

from __future__ import annotations

import numpy as np

from partwatch import kernel
from partwatch.curation.disguises.solids import direction_of
from partwatch.geometry.clean import compact, weld
from partwatch.model.mesh import FloatArray, Mesh

NOISE_RMS_MM = 0.2
FACTORS = (0.2, 5.0)
_MOST_TRIANGLES = 200_000
# Longest edge, as a share of the diagonal.
_FINENESS = 0.03
_TILTS_RAD = (0.0, 0.6, 0.6)
_GRAZING = 0.15
# By the number of its cut edges, what becomes of a triangle: 0, 1, 2 are its corners, 3, 4, 5 the middles of
# 0-1, 1-2, 2-0.
_PATTERNS = {
    1: ([0, 3, 2], [3, 1, 2]),
    2: ([3, 1, 4], [0, 3, 4], [0, 4, 2]),
    3: ([0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]),
}


def one_side(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Facets seen from three directions of one side, finely divided; an open mesh."""
    fine = resampled(mesh, rng)
    if fine is None:
        return None
    a, b, c = (fine.vertices[fine.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    size = np.linalg.norm(normal, axis=1)
    normal = normal / np.where(size > 0, size, 1)[:, None]
    tree = kernel.TriangleTree(np.ascontiguousarray(fine.vertices), fine.triangles, 0.0)
    middle, axis, seen = (a + b + c) / 3, direction_of(rng), np.zeros(len(normal), dtype=bool)
    lift = 1e-4 * float(np.linalg.norm(fine.extents))
    for tilt in _TILTS_RAD:
        view = _tilted(axis, tilt, rng)
        facing = np.flatnonzero((normal @ view > _GRAZING) & (size > 0) & ~seen)
        start = np.ascontiguousarray(middle[facing] + lift * normal[facing])
        blocked = tree.crossings(start, (float(view[0]), float(view[1]), float(view[2]))).any(axis=1)
        seen[facing[~blocked]] = True
    return compact(Mesh(fine.vertices, np.ascontiguousarray(fine.triangles[seen]))) if seen.any() else None


def resampled(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Edges halved until none is longer than a share of the size; None where that is too many triangles."""
    del rng
    mesh = weld(mesh)
    longest = _FINENESS * float(np.linalg.norm(mesh.extents))
    while 0 < len(mesh.triangles) <= _MOST_TRIANGLES:
        finer = _halved(mesh, longest)
        if finer is None:
            return mesh
        mesh = finer
    return None


def _halved(mesh: Mesh, longest: float) -> Mesh | None:
    """Every longer edge cut in two on both its sides, so that the surface stays whole; None without one."""
    t = mesh.triangles
    pairs = np.sort(np.stack([t, np.roll(t, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    edges, index = np.unique(pairs, axis=0, return_inverse=True)
    ends = mesh.vertices[edges]
    cut = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1) > longest
    if not cut.any():
        return None
    number = (len(mesh.vertices) + np.cumsum(cut) - 1).astype(np.int32)
    index = index.reshape(-1, 3)
    flags = cut[index]
    count = flags.sum(axis=1)
    # Each triangle turned so that its first edge is cut, and its third is not where only two are.
    turn = np.where(count == 2, (np.argmin(flags, axis=1) + 1) % 3, np.argmax(flags, axis=1))
    columns = (turn[:, None] + np.arange(3)) % 3
    t, middle = (np.take_along_axis(values, columns, axis=1) for values in (t, number[index]))
    finer = [t[count == 0]]
    for cuts, patterns in _PATTERNS.items():
        corners = np.concatenate([t, middle], axis=1)[count == cuts]
        finer += [corners[:, pattern] for pattern in patterns]
    vertices = np.concatenate([mesh.vertices, ends[cut].mean(axis=1)])
    return Mesh(vertices, np.ascontiguousarray(np.concatenate(finer), dtype=np.int32))


def roughened(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """Every point shifted by NOISE_RMS_MM; vertices of equal coordinates go together."""
    corners, index = kernel.weld(np.ascontiguousarray(mesh.vertices))
    shift = rng.normal(size=corners.shape) * NOISE_RMS_MM / np.sqrt(3)
    return Mesh(mesh.vertices + shift[index], mesh.triangles)


def rescaled(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """At a factor that nobody states, drawn evenly on a logarithmic scale."""
    return Mesh(mesh.vertices * np.exp(rng.uniform(*np.log(FACTORS))), mesh.triangles)


def rough_and_rescaled(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """Both."""
    return rescaled(roughened(mesh, rng), rng)


def _tilted(axis: FloatArray, angle_rad: float, rng: np.random.Generator) -> FloatArray:
    aside = np.cross(axis, direction_of(rng))
    return np.asarray(np.cos(angle_rad) * axis + np.sin(angle_rad) * aside / np.linalg.norm(aside))
