"""A closest-point field for cheap trial alignments: Field of alignment.hpp in numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partwatch.kernel.numpy_common import Floats, Ints, as_points, dot, quiet
from partwatch.kernel.numpy_icp import Nearest, apply, icp, linear, unit

_MARGIN = 4
# Trial poses scored in one go times points: some 60 MB of working room.
_MOST_PLACED = 1 << 19
_PROBES = 6


class Field:
    """For each voxel of a grid around a point cloud, a point that is (nearly) the closest one.

    Exact separable distance transform on the voxels; the lower envelopes of Felzenszwalb and Huttenlocher
    2012 are here found by trying every voxel of a line, which numpy does faster.
    """

    @quiet
    def __init__(self, points: Floats, normals: Floats, resolution: int) -> None:
        self._points, self._normals = as_points(points), as_points(normals)
        if len(self._points) == 0 or len(self._points) != len(self._normals) or resolution < 2:
            raise ValueError("a field needs points, a normal for each, and a resolution")
        low, high = self._points.min(axis=0), self._points.max(axis=0)
        self._h = max(float((high - low).max()), 1e-12) / resolution
        if not np.isfinite(self._h):
            raise ValueError("points lie too far apart for a field")
        self._low = low - _MARGIN * self._h
        self._shape = ((high - low) / self._h).astype(np.int64) + 1 + 2 * _MARGIN
        self._index = _transformed(self._seeds())

    @property
    def voxel(self) -> float:
        """Edge of a voxel."""
        return self._h

    def nearest(self, points: Floats, normals: Floats, cap: float) -> Nearest:
        """The point kept for the voxel of each of (n, 3) points; normals are not looked at."""
        del normals
        at = self._clamped((points - self._low) / self._h)
        i = self._index[at[:, 2], at[:, 1], at[:, 0]]
        point = self._points[i]
        offset = point - points
        squared = dot(offset, offset)
        return Nearest(point, self._normals[i], squared, np.asarray(squared <= cap * cap))

    @quiet
    def align(
        self, points: Floats, normals: Floats, frames: Floats, cap: float, keep: int, least: float
    ) -> tuple[Floats, Floats]:
        """Scores every frame on a few points, brings the best ones closer by ICP, goes on with the best of
        those, and scores these on all points: (k, 3, 4) poses and (k,) scores, best first.

        Points come evenly spaced in each prefix. Frames well below the best one, or below what could still
        reach `least`, are given up.
        """
        p, n, T = as_points(points), as_points(normals), as_points(frames, (3, 4))
        if len(p) == 0 or len(p) != len(n):
            raise ValueError("one normal a point, and one point at least")
        if keep < 0:
            raise ValueError("a number to keep is not negative")
        # A shape that turns onto itself nearly has as many good poses as it has teeth, times its flips.
        turning, many = len(T) > 24, len(T) > 1000
        if many:
            # A few points tell that most of many rotations are poor, though not which of the rest is best.
            T, _ = _best_first(T, self._fit(p[:16], T, 2 * cap), len(T) // 4)
        T, scores = _best_first(T, self._fit(p[: 48 if many else 96], T, 2 * cap), keep)
        if len(T):
            T, scores = _above(T, scores, max(0.75 * float(scores[0]), 0.6 * least))
        T, scores = self._closer(p, n, T, cap, least)
        best = float(scores.max(initial=0.0))
        T, scores = _best_first(T, scores, len(T))
        T, scores = _above(T, scores, max(0.85 * least, 0.8 * best))
        fresh = _unrepeated(apply(T, p[:6]), 0.25 * cap)
        T, scores = _best_first(T[fresh], scores[fresh], 36 if turning else 6)
        if turning:
            T = icp(self, p[:96], n[:96], T, 3, 1.5 * cap, cap)
            T, scores = _best_first(T, self._fit(p[:160], T, cap), 12)
        T = icp(self, p[:160], n[:160], T, 8, 1.5 * cap, cap)
        return _best_first(T, self._fit(p, T, cap), len(T))

    @quiet
    def covered(
        self, points: Floats, normals: Floats, frame: Floats, near: float, flat: float, min_cosine: float
    ) -> float:
        """Share of the points that, laid on the field by `frame`, have one of its points within `near`,
        themselves within `flat` of that one's plane, the two normals compatible."""
        T = as_points(frame, (3, 4))
        if len(T) != 1:
            raise ValueError("one frame to look at")
        p, n = as_points(points), as_points(normals)
        if len(p) == 0 or len(p) != len(n):
            raise ValueError("one normal a point, and one point at least")
        x, m = apply(T, p)[0], unit(linear(T, n))[0]
        hit = self.nearest(x, m, near)
        off = np.abs(dot(hit.point - x, hit.normal))
        return float((hit.found & (off <= flat) & (np.abs(dot(hit.normal, m)) >= min_cosine)).mean())

    def _closer(self, p: Floats, n: Floats, T: Floats, cap: float, least: float) -> tuple[Floats, Floats]:
        """Some ICP on a few points. The first few tell whether this part can lie here at all; most cannot."""
        done, scores = T[:0], np.empty(0)
        for some in (T[:_PROBES], T[_PROBES:]):
            if len(done) and scores.max() < 0.85 * least:
                break
            closer = icp(self, p[:96], n[:96], some, 5, 3 * cap, 1.5 * cap)
            done = np.concatenate([done, closer])
            scores = np.concatenate([scores, self._fit(p[:160], closer, cap)])
        return done, scores

    def _fit(self, points: Floats, T: Floats, cap: float) -> Floats:
        """(k,) mean over points of 1 - d/cap, and 0 beyond cap: how well each pose lays them on the field."""
        scores = np.empty(len(T))
        step = max(1, _MOST_PLACED // len(points))
        for begin in range(0, len(T), step):
            some = T[begin : begin + step]
            x = apply(some, points).reshape(-1, 3)
            hit = self.nearest(x, x, cap)
            share = np.where(hit.found, 1 - np.sqrt(hit.squared) / cap, 0.0)
            # One after the other, so that equals stay equal.
            scores[begin : begin + step] = np.cumsum(share.reshape(len(some), -1), axis=1)[:, -1]
        return scores / len(points)

    def _clamped(self, at: Floats) -> npt.NDArray[np.int64]:
        return np.clip(np.nan_to_num(at, nan=0.0), 0.0, self._shape - 1.0).astype(np.int64)

    def _seeds(self) -> Ints:
        """(z, y, x): in each voxel the point closest to its middle, the first of equals, or -1."""
        grid = (self._points - self._low) * (1 / self._h)
        at = self._clamped(grid)
        offset = grid - (at + 0.5)
        cell = (at[:, 2] * self._shape[1] + at[:, 1]) * self._shape[0] + at[:, 0]
        order = np.lexsort((dot(offset, offset), cell))
        first = np.concatenate([[True], cell[order][1:] != cell[order][:-1]])
        index = np.full(int(self._shape.prod()), -1, dtype=np.int32)
        index[cell[order[first]]] = order[first]
        return index.reshape(self._shape[::-1])


def _transformed(index: Ints) -> Ints:
    """For each voxel the seed of the seeded voxel closest to it, the lowest of equals along each axis."""
    distance = np.where(index >= 0, np.float32(0), np.float32(np.inf))
    for _ in range(3):
        index, distance = _along_lines(index, distance)
        # (z, y, x) becomes (x, z, y), which has the next axis last; the third turn brings them back.
        index = np.ascontiguousarray(np.moveaxis(index, -1, 0))
        distance = np.ascontiguousarray(np.moveaxis(distance, -1, 0))
    return index


def _along_lines(index: Ints, distance: npt.NDArray[np.float32]) -> tuple[Ints, npt.NDArray[np.float32]]:
    """For each voxel the best of its line along the last axis; whole numbers, so float is exact."""
    size = index.shape[-1]
    step = np.arange(size, dtype=np.float32)
    gap2 = (step[:, None] - step) ** 2
    out, least = np.empty_like(index), np.empty_like(distance)
    for k in range(len(index)):
        # (lines, to, from)
        every = distance[k][:, None, :] + gap2
        best = every.argmin(axis=2)
        out[k] = np.take_along_axis(index[k], best, axis=1)
        least[k] = np.take_along_axis(every, best[..., None], axis=2)[..., 0]
    return out, least


def _best_first(T: Floats, scores: Floats, keep: int) -> tuple[Floats, Floats]:
    """The best by score; ties in the order they came."""
    order = np.argsort(-scores, kind="stable")[:keep]
    return T[order], scores[order]


def _above(T: Floats, scores: Floats, bar: float) -> tuple[Floats, Floats]:
    return T[scores >= bar], scores[scores >= bar]


def _unrepeated(placed: Floats, near: float) -> list[int]:
    """Poses that do not lay the first points within `near` of where a better one lays them."""
    kept: list[int] = []
    for i in range(len(placed)):
        gap = placed[kept] - placed[i]
        if not (dot(gap, gap).max(axis=1) < near * near).any():
            kept.append(i)
    return kept
