"""Closest points on a triangle mesh, and rays through it: bvh.hpp in numpy, many queries at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from partwatch.kernel.numpy_common import (
    Floats,
    Ints,
    Longs,
    as_points,
    as_triangles,
    corners,
    cross,
    dot,
    quiet,
)
from partwatch.kernel.numpy_icp import Mask, Nearest, icp
from partwatch.kernel.numpy_triangles import closest_on_triangles

_LEAF = 8
# Pairs of a query and a box looked at in one go; eight times as many boxes or triangles come of them.
_MOST_PAIRS = 1 << 14
# Each level has eight times the boxes of the one above it: few rounds, each with much to do.
_BRANCH = 8

Opens = Callable[[Longs, Floats, Floats], Mask]


class TriangleTree:
    """Triangles halved along their longest extent down to leaves of eight; every third level has boxes."""

    @quiet
    def __init__(self, vertices: Floats, triangles: Ints, min_cosine: float) -> None:
        v = as_points(vertices)
        t = as_triangles(triangles, len(v))
        self._min_cosine = min_cosine
        a, ab, ac = corners(v, t)
        n = cross(ab, ac)
        # Without area there is nothing to lie on.
        kept = np.flatnonzero(dot(n, n) != 0)
        a, ab, ac, n = (part[kept] for part in (a, ab, ac, n))
        halvings = max(int(np.ceil(np.log2(max(len(kept) / _LEAF, 1)))), 0)
        order = _halved(a + (ab + ac) * (1.0 / 3), halvings)
        self._slots = order.reshape(-1, _LEAF)
        self._a, self._ab, self._ac, self._id = a, ab, ac, kept
        self._normal = n * (1 / np.sqrt(dot(n, n)))[:, None]
        self._levels = self._boxes(halvings)

    @quiet
    def refine(
        self,
        points: Floats,
        normals: Floats,
        start: Floats,
        iterations: int,
        cap_from: float,
        cap_to: float,
        rigid: bool = False,
    ) -> Floats:
        """The (3, 4) pose that ICP leads to from `start`, (1, 3, 4); of the same scale if `rigid`."""
        T = as_points(start, (3, 4))
        if len(T) != 1:
            raise ValueError("one frame to start from")
        p, n = as_points(points), as_points(normals)
        if len(p) != len(n):
            raise ValueError("one normal a point")
        return np.asarray(icp(self, p, n, T, iterations, cap_from, cap_to, rigid)[0])

    @quiet
    def closest(self, points: Floats, normals: Floats, cap: float) -> tuple[Floats, Ints]:
        """(n,) distance to the closest triangle whose plane goes with the normal, inf beyond the cap;
        (n,) that triangle, or -1. A zero normal goes with every plane."""
        p, n = as_points(points), as_points(normals)
        if len(p) != len(n):
            raise ValueError("one normal a point")
        squared, slot, _ = self._search(p, n, cap)
        found = slot >= 0
        triangle = np.full(len(p), -1, dtype=np.int32)
        triangle[found] = self._id[slot[found]]
        return np.where(found, np.sqrt(squared), np.inf), triangle

    def nearest(self, points: Floats, normals: Floats, cap: float) -> Nearest:
        """The same for ICP."""
        squared, slot, point = self._search(points, normals, cap)
        found = np.asarray(slot >= 0)
        normal = np.zeros_like(points)
        normal[found] = self._normal[slot[found]]
        return Nearest(point, normal, squared, found)

    @quiet
    def crossings(self, points: Floats, direction: tuple[float, float, float]) -> Ints:
        """(n, 2): triangles that the ray from each point along `direction` leaves and enters through."""
        p = as_points(points)
        d = np.asarray(direction, dtype=np.float64)
        if not np.isfinite(d).all() or (d == 0).any():
            raise ValueError("the direction must have no zero component")
        counts = np.zeros((len(p), 2), dtype=np.int32)
        for query, leaf in self._leaves(p, lambda q, low, high: _hit(p[q], d, low, high)):
            of, slot = self._triangles_of(query, leaf)
            det, ahead = self._through(p[of], d, slot)
            np.add.at(counts[:, 0], of[ahead & (det < 0)], 1)
            np.add.at(counts[:, 1], of[ahead & (det > 0)], 1)
        return counts

    def _search(self, points: Floats, normals: Floats, cap: float) -> tuple[Floats, Longs, Floats]:
        """(n,) squared distance, at most the cap's; (n,) place of the triangle, or -1; (n, 3) point on it."""
        best = np.full(len(points), cap * cap)
        found = np.full(len(points), -1, dtype=np.int64)
        where = np.zeros_like(points)
        if len(self._id) == 0:
            return best, found, where
        anyhow = dot(normals, normals) < 0.25

        def look(query: Longs, leaf: Longs) -> None:
            of, slot = self._triangles_of(query, leaf)
            fits = anyhow[of] | (np.abs(dot(self._normal[slot], normals[of])) >= self._min_cosine)
            of, slot = of[fits], slot[fits]
            on = closest_on_triangles(points[of], self._a[slot], self._ab[slot], self._ac[slot])
            offset = on - points[of]
            squared = dot(offset, offset)
            order = np.lexsort((squared, of))
            first = np.ones(len(of), dtype=bool)
            first[1:] = of[order][1:] != of[order][:-1]
            order = order[first]
            order = order[squared[order] <= best[of[order]]]
            query = of[order]
            best[query], found[query], where[query] = squared[order], slot[order], on[order]

        for begin in range(0, len(points), _MOST_PAIRS):
            query = np.arange(begin, min(begin + _MOST_PAIRS, len(points)))
            look(query, self._nearest_leaf(points[query]))
        for query, leaf in self._leaves(
            points, lambda q, low, high: _distance2(points[q], low, high) <= best[q]
        ):
            look(query, leaf)
        return best, found, where

    def _nearest_leaf(self, points: Floats) -> Longs:
        """For each point the leaf that always going to the closest box leads to: a first bound."""
        node = np.zeros(len(points), dtype=np.int64)
        branch = len(self._levels[0][0])
        for low, high in self._levels:
            child = node[:, None] * branch + np.arange(branch)
            closest = _distance2(points[:, None], low[child], high[child]).argmin(axis=1)
            node, branch = child[np.arange(len(points)), closest], _BRANCH
        return node

    def _leaves(self, points: Floats, opens: Opens) -> Iterator[tuple[Longs, Longs]]:
        """Pairs of query and leaf, in pieces: those that `opens(queries, lows, highs)` lets through."""
        top = len(self._levels[0][0])
        query = np.repeat(np.arange(len(points)), top)
        stack = [(0, query, np.tile(np.arange(top), len(points)))]
        while stack:
            level, query, node = stack.pop()
            if len(query) > _MOST_PAIRS:
                stack.append((level, query[_MOST_PAIRS:], node[_MOST_PAIRS:]))
                query, node = query[:_MOST_PAIRS], node[:_MOST_PAIRS]
            low, high = self._levels[level]
            opened = opens(query, low[node], high[node])
            query, node = query[opened], node[opened]
            if level + 1 == len(self._levels):
                yield query, node
            elif len(query):
                child = (node[:, None] * _BRANCH + np.arange(_BRANCH)).reshape(-1)
                stack.append((level + 1, np.repeat(query, _BRANCH), child))

    def _triangles_of(self, query: Longs, leaf: Longs) -> tuple[Longs, Longs]:
        """The leaves' triangles, each with its query."""
        slot = self._slots[leaf].reshape(-1)
        return np.repeat(query, _LEAF)[slot >= 0], slot[slot >= 0]

    def _through(self, p: Floats, d: Floats, slot: Longs) -> tuple[Floats, Mask]:
        """Determinants of rays and triangles, and whether they meet (Moeller and Trumbore 1997)."""
        ab, ac = self._ab[slot], self._ac[slot]
        across = cross(np.broadcast_to(d, ac.shape), ac)
        det = dot(ab, across)
        from_a = p - self._a[slot]
        u = dot(from_a, across) / det
        turned = cross(from_a, ab)
        w = dot(np.broadcast_to(d, turned.shape), turned) / det
        inside = (u >= 0) & (u <= 1) & (w >= 0) & (u + w <= 1)
        return det, np.asarray((det != 0) & inside & (dot(ac, turned) / det > 0))

    def _boxes(self, halvings: int) -> list[tuple[Floats, Floats]]:
        """(k, 3) lows and highs of each kept level, the top first; a box of nothing is turned inside out."""
        ends = np.stack([self._a, self._a + self._ab, self._a + self._ac])
        low, high = ends.min(axis=0), ends.max(axis=0)
        # A hair too wide, so that no rounding hides a triangle.
        low, high = low - np.abs(low) * 1e-12, high + np.abs(high) * 1e-12
        nothing = np.full((1, 3), np.inf)
        low = np.concatenate([low, nothing])[self._slots].min(axis=1)
        high = np.concatenate([high, -nothing])[self._slots].max(axis=1)
        levels = [(low, high)]
        while halvings >= 3:
            low, high = levels[0]
            levels.insert(
                0, (low.reshape(-1, _BRANCH, 3).min(axis=1), high.reshape(-1, _BRANCH, 3).max(axis=1))
            )
            halvings -= 3
        return levels


def _halved(centres: Floats, halvings: int) -> Longs:
    """Which triangle is in which slot, -1 for none: halves lie on either side along the longest extent."""
    at = np.clip(np.nan_to_num(centres, nan=0.0), -3e300, 3e300)
    at = np.concatenate([at, np.full((1, 3), np.inf)])
    order = np.full(_LEAF << halvings, -1, dtype=np.int64)
    order[: len(centres)] = np.arange(len(centres))
    for k in range(halvings):
        groups = order.reshape(1 << k, -1)
        centre = at[groups]
        extent = np.where(np.isinf(centre), -np.inf, centre).max(axis=1) - centre.min(axis=1)
        axis = extent.argmax(axis=1)
        along = np.take_along_axis(centre, axis[:, None, None], axis=2)[..., 0]
        order = np.take_along_axis(groups, along.argsort(axis=1, kind="stable"), axis=1).reshape(-1)
    return order


def _distance2(p: Floats, low: Floats, high: Floats) -> Floats:
    """Squared distances of points to boxes; infinity for a box of nothing."""
    off = np.maximum(np.maximum(low - p, p - high), 0.0)
    return np.where(low[..., 0] <= high[..., 0], dot(off, off), np.inf)


def _hit(p: Floats, d: Floats, low: Floats, high: Floats) -> Mask:
    """Whether rays from p along d meet boxes (slabs); d has no zero component."""
    one, other = (low - p) / d, (high - p) / d
    enters = np.maximum(np.minimum(one, other).max(axis=1), 0.0)
    leaves = np.maximum(one, other).min(axis=1)
    return np.asarray((low[:, 0] <= high[:, 0]) & (enters <= leaves))
