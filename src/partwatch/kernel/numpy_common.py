"""What the numpy kernel's parts share: checked arrays, vector algebra, components, points in cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

# Pairs looked at in one go: some 100 MB of working room.
MOST_PAIRS = 1 << 20
_OUT = 2.0**50

_Call = TypeVar("_Call", bound=Callable[..., Any])


def quiet(function: _Call) -> _Call:
    """Numbers beyond all bounds overflow as in the compiled kernel: without a word."""
    return np.errstate(all="ignore")(function)


def as_points(values: npt.ArrayLike, shape: tuple[int, ...] = (3,)) -> Floats:
    """(n, *shape) contiguous float64. TypeError for another shape, ValueError where one is not finite."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 1 + len(shape) or array.shape[1:] != shape:
        raise TypeError(f"an array of shape (n, {', '.join(map(str, shape))}) is wanted, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a number is not finite")
    return array


def as_triangles(values: npt.ArrayLike, vertices: int | None = None) -> Ints:
    """(m, 3) int32. IndexError for a vertex that is not there, TypeError for another shape."""
    array = np.asarray(values)
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "iu":
        raise TypeError(f"whole numbers of shape (n, 3) are wanted, not {array.dtype} {array.shape}")
    most = np.iinfo(np.int32).max if vertices is None else vertices - 1
    if len(array) and (array.min() < 0 or array.max() > most):
        raise IndexError("a triangle names a vertex that is not there")
    return np.ascontiguousarray(array, dtype=np.int32)


def dot(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Scalar products over the last axis, summed x, y, z, so that they are the compiled kernel's bits."""
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2])


def cross(a: Floats, b: Floats) -> Floats:
    """Cross products over the last axis."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def corners(vertices: Floats, triangles: Ints) -> tuple[Floats, Floats, Floats]:
    """First corners, and the edges from there to the second and the third, (m, 3) each."""
    a = vertices[triangles[:, 0]]
    return a, vertices[triangles[:, 1]] - a, vertices[triangles[:, 2]] - a


def spans(start: Longs, stop: Longs) -> tuple[Longs, Longs]:
    """Row numbers, and start[row]..stop[row] - 1 for each row, one after the other."""
    count = np.maximum(stop - start, 0)
    row = np.repeat(np.arange(len(count)), count)
    before = np.cumsum(count) - count
    return row, np.arange(len(row)) - before[row] + start[row]


def pieces(counts: Longs, most: int = MOST_PAIRS) -> Iterator[slice]:
    """Cuts rows into pieces of about `most` in all, each of a row at least."""
    total = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        done = int(total[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(total, done + most, side="right")), begin + 1)
        yield slice(begin, end)
        begin = end


class Components:
    """Groups that edges join, each named by its lowest member."""

    def __init__(self, count: int) -> None:
        self._root = np.arange(count)

    def join(self, i: Longs, j: Longs) -> None:
        """Adds edges. Each round hooks every root to its lowest neighbour's, then flattens."""
        root = self._root
        while True:
            a, b = root[i], root[j]
            apart = a != b
            if not apart.any():
                break
            i, j = i[apart], j[apart]
            np.minimum.at(root, np.maximum(a, b)[apart], np.minimum(a, b)[apart])
            while True:
                flat = root[root]
                if np.array_equal(flat, root):
                    break
                root = flat
        self._root = root

    @property
    def labels(self) -> Longs:
        """For each member the lowest of its group."""
        return self._root


class Cells:
    """Points in cubic cells, to be asked which lie within a radius. A cell is twice that wide, or wider."""

    @quiet
    def __init__(self, points: Floats, radius: float, least_cell: float = 0.0) -> None:
        self._points, self._radius = points, radius
        self._cell = max(2 * radius, least_cell)
        self._low = points.min(axis=0) if len(points) else np.zeros(3)
        keys = self._key(self._cell_of(points))
        # Stable: within a cell in the order they came.
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        # How many points each stands for.
        self.stands_for = np.ones(len(points), dtype=np.int64)

    def thin(self, most: int) -> None:
        """Of a cell with more than `most` points only every k-th is looked at, and stands for k."""
        size = 16
        while size < 2 * len(self._order):
            size *= 2
        # Cells that share a place in the compiled kernel's table are thinned together there.
        slot = self._keys & np.uint64(size - 1)
        order = np.lexsort((self._order, slot))
        _, of, count = np.unique(slot[order], return_inverse=True, return_counts=True)
        rank = np.arange(len(order)) - (np.cumsum(count) - count)[of]
        step = -(-count // most)[of]
        self.stands_for[self._order[order]] = np.minimum(step, count[of] - rank)
        kept = np.empty(len(order), dtype=bool)
        kept[order] = rank % step == 0
        self._order, self._keys = self._order[kept], self._keys[kept]

    def within(self, queries: Floats) -> Iterator[tuple[Longs, Longs, Floats]]:
        """(query, point, squared distance) of all that lie within the radius, in pieces.

        A query's points come in the order in which the compiled kernel visits them: cell by cell.
        """
        with np.errstate(all="ignore"):
            # A hair wider, since a distance may round down to the radius.
            reach = self._radius * (1 + 1e-9)
            low, high = self._cell_of(queries - reach), self._cell_of(queries + reach)
            limit = self._radius * self._radius
            steps = np.indices((3, 3, 3)).reshape(3, -1).T
            for step in steps:
                rows = np.flatnonzero((low + step <= high).all(axis=1))
                keys = self._key(low[rows] + step)
                start = np.searchsorted(self._keys, keys, side="left")
                stop = np.searchsorted(self._keys, keys, side="right")
                rows, start, stop = (part[stop > start] for part in (rows, start, stop))
                for piece in pieces(stop - start):
                    of, at = spans(start[piece], stop[piece])
                    query, point = rows[piece][of], self._order[at]
                    offset = self._points[point] - queries[query]
                    squared = dot(offset, offset)
                    near = squared <= limit
                    yield query[near], point[near], squared[near]

    def _cell_of(self, points: Floats) -> Longs:
        # Cells farther out are one: there a double no longer tells neighbours apart.
        at = np.nan_to_num(np.floor((points - self._low) / self._cell), nan=-_OUT)
        return np.asarray(np.clip(at, -_OUT, _OUT), dtype=np.int64)

    @staticmethod
    def _key(cell: Longs) -> npt.NDArray[np.uint64]:
        """One number a cell; where two share one, distances still tell their points apart."""
        c = cell.astype(np.uint64)
        h = _mix(c[:, 2])
        h = _mix(c[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F) ^ h)
        return _mix(c[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ h)


def _mix(h: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))
