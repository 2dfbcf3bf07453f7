"""Welding, repeated triangles, shells, volume: the compiled kernel's topology.hpp in numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partwatch.kernel.numpy_common import (
    Cells,
    Components,
    Floats,
    Ints,
    Longs,
    as_points,
    as_triangles,
    cross,
    dot,
    quiet,
)


def weld(corners: Floats) -> tuple[Floats, Ints]:
    """Equal rows become one, numbered by first sight; -0 is 0."""
    rows = as_points(corners) + 0.0
    if len(rows) == 0:
        return rows, np.empty(0, dtype=np.int32)
    bits = rows.view(np.int64)
    order = np.lexsort(bits.T)
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (bits[order[1:]] != bits[order[:-1]]).any(axis=1)
    # The sort is stable, so that a group's first row is the first seen.
    first = order[new]
    by_sight = np.argsort(first)
    number = np.empty(len(first), dtype=np.int32)
    number[by_sight] = np.arange(len(first), dtype=np.int32)
    remap = np.empty(len(rows), dtype=np.int32)
    remap[order] = number[np.cumsum(new) - 1]
    return rows[first[by_sight]], remap


def weld_within(points: Floats, reach: float) -> Ints:
    """For each point the lowest index of those that steps of up to `reach` lead to."""
    p = as_points(points)
    if not reach > 0:
        raise ValueError("reach must be positive")
    groups = Components(len(p))
    for i, j, _ in Cells(p, reach).within(p):
        groups.join(i, j)
    return groups.labels.astype(np.int32)


class PointGrid:
    """Points laid out once, to be asked for the closest one within `reach` of many others."""

    @quiet
    def __init__(self, points: Floats, reach: float) -> None:
        p = as_points(points)
        if not reach > 0:
            raise ValueError("reach must be positive")
        # Wide enough to hold a point or so of a surface: where the reach is far below that, a query then
        # seldom touches a second cell.
        farthest2 = float(dot(p - p[:1], p - p[:1]).max(initial=0.0)) if len(p) else 0.0
        self._cells = Cells(p, reach, 0.5 * float(np.sqrt(farthest2 / max(len(p), 1))))

    def nearest(self, queries: Floats) -> Ints:
        """The index of the closest point within reach, the lowest of equals; -1 where there is none."""
        q = as_points(queries)
        best = np.full(len(q), np.inf)
        found = np.full(len(q), -1, dtype=np.int32)
        for query, point, squared in self._cells.within(q):
            order = np.lexsort((point, squared, query))
            query, point, squared = query[order], point[order], squared[order]
            first = np.ones(len(query), dtype=bool)
            first[1:] = query[1:] != query[:-1]
            query, point, squared = query[first], point[first], squared[first]
            better = (squared < best[query]) | ((squared == best[query]) & (point < found[query]))
            best[query[better]] = squared[better]
            found[query[better]] = point[better]
        return found


def first_of_equals(triangles: Ints) -> npt.NDArray[np.uint8]:
    """0 where a triangle repeats an earlier one's three vertices, whatever their order."""
    rows = np.sort(as_triangles(triangles), axis=1)
    order = np.lexsort(rows.T[::-1])
    keep = np.ones(len(rows), dtype=np.uint8)
    same = (rows[order[1:]] == rows[order[:-1]]).all(axis=1)
    keep[order[1:][same]] = 0
    return keep


def shells(triangles: Ints) -> tuple[Ints, Ints, Ints]:
    """Triangles connected through shared edges: labels by first sight; (k, 3) open, crowded and clashing
    edges of each shell; the vertices of open edges, ascending."""
    t = as_triangles(triangles)
    if len(t) == 0:
        return np.empty(0, np.int32), np.empty((0, 3), np.int32), np.empty(0, np.int32)
    a, b = t.reshape(-1), np.roll(t, -1, axis=1).reshape(-1)
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b)
    edge = low << 32 | high
    order = np.argsort(edge, kind="stable")
    edge, owner, way = edge[order], order // 3, np.where(a < b, 1, -1)[order]
    start = np.flatnonzero(np.concatenate([[True], edge[1:] != edge[:-1]]))
    labels = _shell_labels(len(t), edge, owner)
    users = np.diff(np.append(start, len(edge)))
    balance = np.add.reduceat(way, start)
    of = labels[owner[start]]
    stats = np.stack(
        [
            np.bincount(of[odd], minlength=int(labels.max()) + 1)
            for odd in (users == 1, users > 2, (users == 2) & (balance != 0))
        ],
        axis=1,
    )
    open_edges = edge[start[users == 1]]
    rim = np.unique(np.concatenate([open_edges >> 32, open_edges & 0x7FFFFFFF]))
    return labels, stats.astype(np.int32), rim.astype(np.int32)


def _shell_labels(count: int, edge: Longs, owner: Longs) -> Ints:
    shared = edge[1:] == edge[:-1]
    groups = Components(count)
    groups.join(owner[1:][shared], owner[:-1][shared])
    # A group is named by its lowest member, so that rising names are the order of first sight.
    return np.unique(groups.labels, return_inverse=True)[1].reshape(-1).astype(np.int32)


@quiet
def signed_volume(vertices: Floats, triangles: Ints) -> float:
    """Divergence theorem, about the first vertex used so that far from the origin nothing cancels."""
    v = as_points(vertices)
    t = as_triangles(triangles, len(v))
    if len(t) == 0:
        return 0.0
    o = v[t[0, 0]]
    terms = dot(v[t[:, 0]] - o, cross(v[t[:, 1]] - o, v[t[:, 2]] - o))
    # Summed one after the other, as the compiled kernel does.
    return float(np.cumsum(terms)[-1]) / 6
