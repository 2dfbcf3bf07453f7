"""Scans of a part: of one side, without one side, rough, and of no stated scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from partwatch import kernel
from partwatch.curation.disguises.solids import direction_of, frame_of
from partwatch.geometry.clean import compact, weld
from partwatch.model.mesh import FloatArray, Mesh

NOISE_RMS_MM = 0.2
FACTORS = (0.2, 5.0)
_MOST_TRIANGLES = 200_000
# Longest edge, as a share of the diagonal; the coarser ones for what has very many long facets.
_FINENESS = (0.03, 0.06, 0.12, 1.0)
_GRAZING = 0.15
# By the number of its cut edges, what becomes of a triangle: 0, 1, 2 are its corners, 3, 4, 5 the middles of
# 0-1, 1-2, 2-0.
_PATTERNS = {
    1: ([0, 3, 2], [3, 1, 2]),
    2: ([3, 1, 4], [0, 3, 4], [0, 4, 2]),
    3: ([0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]),
}


def one_side(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """What is seen from three directions of one side; an open mesh, finely divided."""
    axis = direction_of(rng)
    return _seen(mesh, rng, [axis, *_around(axis, 2, 0.6, rng)])


def without_one_side(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """What is seen of it on a turntable, lying on one of its six sides; an open mesh, finely divided."""
    # Not quite along an axis of the file: no ray may be.
    axis = np.eye(3)[int(rng.integers(3))] * rng.choice([-1.0, 1.0]) + 0.02 * direction_of(rng)
    axis /= np.linalg.norm(axis)
    return _seen(mesh, rng, [axis, *_around(axis, 8, 1.2, rng)])


def _around(axis: FloatArray, count: int, tilt_rad: float, rng: np.random.Generator) -> list[FloatArray]:
    """Directions evenly around an axis, each tilted from it by that angle."""
    turns = rng.uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count
    x, y, z = frame_of(axis).T
    return [np.cos(tilt_rad) * z + np.sin(tilt_rad) * (np.cos(t) * x + np.sin(t) * y) for t in turns]


def _seen(mesh: Mesh, rng: np.random.Generator, views: Sequence[FloatArray]) -> Mesh | None:
    """The facets that look towards one of the views with nothing before them."""
    fine = resampled(mesh, rng)
    if fine is None:
        return None
    a, b, c = (fine.vertices[fine.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    size = np.linalg.norm(normal, axis=1)
    normal = normal / np.where(size > 0, size, 1)[:, None]
    tree = kernel.TriangleTree(np.ascontiguousarray(fine.vertices), fine.triangles, 0.0)
    middle, seen = (a + b + c) / 3, np.zeros(len(normal), dtype=bool)
    lift = 1e-4 * float(np.linalg.norm(fine.extents))
    for view in views:
        facing = np.flatnonzero((normal @ view > _GRAZING) & (size > 0) & ~seen)
        start = np.ascontiguousarray(middle[facing] + lift * normal[facing])
        blocked = tree.crossings(start, (float(view[0]), float(view[1]), float(view[2]))).any(axis=1)
        seen[facing[~blocked]] = True
    return compact(Mesh(fine.vertices, np.ascontiguousarray(fine.triangles[seen]))) if seen.any() else None


def resampled(mesh: Mesh, rng: np.random.Generator) -> Mesh | None:
    """Edges halved until none is longer than a share of the size, the least that makes not too many
    triangles; None where there are too many already."""
    del rng
    mesh = weld(mesh)
    size = float(np.linalg.norm(mesh.extents))
    for fineness in _FINENESS:
        fine: Mesh | None = mesh
        while fine is not None and 0 < len(fine.triangles) <= _MOST_TRIANGLES:
            whole, fine = fine, _halved(fine, fineness * size)
            if fine is None:
                return whole
    return None


def _halved(mesh: Mesh, longest: float) -> Mesh | None:
    """Every longer edge cut in two on both its sides, so that the surface stays whole; None without one."""
    t = mesh.triangles
    following = np.roll(t, -1, axis=1)
    # One number an edge sorts much faster than two.
    key = np.minimum(t, following).astype(np.int64) * len(mesh.vertices) + np.maximum(t, following)
    edges, index = np.unique(key, return_inverse=True)
    ends = mesh.vertices[np.stack(np.divmod(edges, len(mesh.vertices)), axis=1)]
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
