"""First hits of a picture's rays in numpy, where embree has no wheel: triangles laid on its pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

# Pairs of a triangle and a pixel, or a ray, looked at in one go.
_MOST_PAIRS = 1 << 18
# A ray along the edge of two triangles meets one of them.
_EDGE = 1e-9


def first_hits(
    places: Doubles, depths: Doubles, triangles: Ints, columns: Floats, rows: Floats
) -> tuple[Ints, Floats, Doubles]:
    """For each ray the first triangle (-1 for none), its weights (n, 3), and the depth (inf for none).

    places: (v, 2) vertices in pixels, columns and rows. depths: (v,) theirs. columns, rows: (n,) of the rays.
    """
    rays = np.stack([columns, rows], axis=1).astype(np.float64)
    nearest = np.full(len(rays), np.inf)
    triangle = np.full(len(rays), -1, dtype=np.int32)
    weights = np.zeros((len(rays), 3), dtype=np.float32)
    if len(rays) == 0 or len(triangles) == 0:
        return triangle, weights, nearest
    pixels = _Pixels(rays)
    corner = places[triangles]
    for face, ray in pixels.pairs(corner.min(axis=1), corner.max(axis=1)):
        share, met = _weights(corner[face], rays[ray])
        face, ray, share = face[met], ray[met], share[met]
        depth = (depths[triangles[face]] * share).sum(axis=1)
        # Of each ray's the nearest, of equals the first.
        order = np.lexsort((face, depth, ray))
        first = np.ones(len(order), dtype=bool)
        first[1:] = ray[order][1:] != ray[order][:-1]
        order = order[first]
        order = order[depth[order] < nearest[ray[order]]]
        at = ray[order]
        nearest[at], triangle[at], weights[at] = depth[order], face[order], share[order]
    return triangle, weights, nearest


def _weights(corner: Doubles, ray: Doubles) -> tuple[Doubles, npt.NDArray[np.bool_]]:
    """(n, 3) barycentric weights of rays in triangles, and whether they lie inside; edge-on none do."""
    a, ab, ac = corner[:, 0], corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    off = ray - a
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    flat = np.abs(area) < 1e-12
    area = np.where(flat, 1.0, area)
    u = (off[:, 0] * ac[:, 1] - off[:, 1] * ac[:, 0]) / area
    v = (ab[:, 0] * off[:, 1] - ab[:, 1] * off[:, 0]) / area
    share = np.stack([1 - u - v, u, v], axis=1)
    return share, np.asarray((share >= -_EDGE).all(axis=1) & ~flat)


class _Pixels:
    """Rays by the pixel that they go through."""

    def __init__(self, rays: Doubles) -> None:
        at = np.floor(rays).astype(np.int64)
        self._low = at.min(axis=0)
        self._size = at.max(axis=0) - self._low + 1
        cell = self._cell(at - self._low)
        self._order = np.argsort(cell, kind="stable")
        count = np.bincount(cell, minlength=int(self._size.prod()))
        self._start = np.concatenate([[0], np.cumsum(count)])

    def _cell(self, at: Longs) -> Longs:
        return np.asarray(at[:, 1] * self._size[0] + at[:, 0])

    def pairs(self, low: Doubles, high: Doubles) -> Iterator[tuple[Longs, Longs]]:
        """(triangle, ray) wherever a ray's pixel lies in a triangle's box, in pieces."""
        first = np.clip(np.floor(low - _EDGE) - self._low, 0, self._size).astype(np.int64)
        last = np.clip(np.floor(high + _EDGE) - self._low, -1, self._size - 1).astype(np.int64)
        width = np.maximum(last - first + 1, 0)
        total = np.cumsum(width.prod(axis=1))
        begin = 0
        while begin < len(total):
            done = int(total[begin - 1]) if begin else 0
            end = max(int(np.searchsorted(total, done + _MOST_PAIRS, side="right")), begin + 1)
            yield self._in_boxes(np.arange(begin, end), first[begin:end], width[begin:end])
            begin = end

    def _in_boxes(self, face: Longs, first: Longs, width: Longs) -> tuple[Longs, Longs]:
        of, step = _spans(width.prod(axis=1))
        across = np.maximum(width[of, 0], 1)
        cell = self._cell(np.stack([first[of, 0] + step % across, first[of, 1] + step // across], axis=1))
        start = self._start[cell]
        of_ray, within = _spans(self._start[cell + 1] - start)
        return face[of[of_ray]], self._order[start[of_ray] + within]


def _spans(count: Longs) -> tuple[Longs, Longs]:
    """Row numbers, each as often as its count says, and 0, 1, ... within each row."""
    row = np.repeat(np.arange(len(count)), count)
    before = np.cumsum(count) - count
    return row, np.arange(len(row)) - before[row]
