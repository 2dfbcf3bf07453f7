"""The slow, obvious version of each kernel function: numpy and scipy, no cells, no hashing, no trees.

Sums are written out in the kernel's order, so that most results agree bit for bit.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


def dot(a: Floats, b: Floats) -> Floats:
    """Scalar products over the last axis, summed x, y, z."""
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2])


def cross(a: Floats, b: Floats) -> Floats:
    """Cross products over the last axis."""
    (ax, ay, az), (bx, by, bz) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def by_first_sight(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    """The same grouping with groups numbered 0.. as they first come."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def weld(corners: Floats) -> tuple[Floats, Ints]:
    """Equal rows become one, numbered by first sight; -0 is 0."""
    number: dict[bytes, int] = {}
    rows = [np.asarray(row) for row in corners + 0.0]
    remap = [number.setdefault(row.tobytes(), len(number)) for row in rows]
    vertices = np.array([np.frombuffer(key) for key in number]).reshape(-1, 3)
    return vertices, np.array(remap, dtype=np.int32)


def squared_distances(a: Floats, b: Floats) -> Floats:
    """(n, m) squared distances from each of a to each of b."""
    offset = a[:, None] - b[None]
    return dot(offset, offset)


def weld_within(points: Floats, reach: float) -> Ints:
    """For each point the smallest index of the points that chains of steps up to `reach` lead to."""
    near = squared_distances(points, points) <= reach * reach
    _, labels = connected_components(coo_array(near), directed=False)
    smallest: dict[int, int] = {}
    return np.array([smallest.setdefault(int(label), k) for k, label in enumerate(labels)], dtype=np.int32)


def nearest_within(points: Floats, queries: Floats, reach: float) -> Ints:
    """For each query the first of the closest points within `reach`, or -1."""
    if len(points) == 0:
        return np.full(len(queries), -1, dtype=np.int32)
    squared = squared_distances(queries, points)
    best = squared.argmin(axis=1)
    return np.where(squared.min(axis=1) <= reach * reach, best, -1).astype(np.int32)


def first_of_equals(triangles: Ints) -> npt.NDArray[np.uint8]:
    """1 where no earlier triangle has the same three corners."""
    seen: set[tuple[int, ...]] = set()
    keep = []
    for row in triangles.tolist():
        key = tuple(sorted(row))
        keep.append(key not in seen)
        seen.add(key)
    return np.array(keep, dtype=np.uint8)


def shells(triangles: Ints) -> tuple[Ints, Ints, Ints]:
    """Shell of each triangle; each shell's open, crowded and clashing edges; vertices of open edges."""
    users: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for t, row in enumerate(triangles.tolist()):
        for a, b in zip(row, row[1:] + row[:1], strict=True):
            users[min(a, b), max(a, b)].append((t, 1 if a < b else -1))
    pairs = [(edge[0][0], t) for edge in users.values() for t, _ in edge]
    i, j = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    count = len(triangles)
    graph = coo_array((np.ones(len(i)), (i, j)), shape=(count, count))
    labels = by_first_sight(connected_components(graph, directed=False)[1])
    stats = np.zeros((labels.max() + 1 if count else 0, 3), dtype=np.int32)
    for edge in users.values():
        of = labels[edge[0][0]]
        stats[of, 0] += len(edge) == 1
        stats[of, 1] += len(edge) > 2
        stats[of, 2] += len(edge) == 2 and edge[0][1] == edge[1][1]
    rim = sorted({vertex for pair, edge in users.items() if len(edge) == 1 for vertex in pair})
    return labels, stats, np.array(rim, dtype=np.int32)


def corners(vertices: Floats, triangles: Ints) -> tuple[Floats, Floats, Floats]:
    """First corners and the edges from there to the second and the third, (m, 3) each."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return a, b - a, c - a


def volume_terms(vertices: Floats, triangles: Ints) -> Floats:
    """Six times the volume over each triangle, about the first vertex used."""
    o = vertices[triangles[0, 0]]
    a, b, c = (vertices[triangles[:, k]] - o for k in range(3))
    return dot(a, cross(b, c))


def sample(vertices: Floats, triangles: Ints, count: int) -> tuple[Floats, Floats, Ints, float]:
    """Points every n-th of the area, placed by the R2 sequence: points, normals, triangles, area."""
    a, ab, ac = corners(vertices, triangles)
    normal = cross(ab, ac)
    length = np.sqrt(dot(normal, normal))
    cumulative = np.cumsum(0.5 * length)
    targets = cumulative[-1] * (np.arange(count) + 0.5) / count
    of = np.minimum(np.searchsorted(cumulative, targets, side="left"), len(triangles) - 1)
    u = np.fmod(0.5 + 0.7548776662466927 * np.arange(1, count + 1), 1.0)
    w = np.fmod(0.5 + 0.5698402909980532 * np.arange(1, count + 1), 1.0)
    beyond = u + w > 1
    u, w = np.where(beyond, 1 - u, u)[:, None], np.where(beyond, 1 - w, w)[:, None]
    unit = normal * np.divide(1, length, out=np.ones_like(length), where=length > 0)[:, None]
    return a[of] + ab[of] * u + ac[of] * w, unit[of], of.astype(np.int32), float(cumulative[-1])


def farthest(points: Floats, wanted: int) -> Ints:
    """Each next the first of those farthest from all before, in single precision."""
    p = points.astype(np.float32)
    nearest = np.full(len(p), np.finfo(np.float32).max, dtype=np.float32)
    taken, current = [], 0
    for _ in range(wanted):
        taken.append(current)
        nearest = np.minimum(nearest, dot(p - p[current], p - p[current]))
        current = int(nearest.argmax())
    return np.array(taken, dtype=np.int32)


def covariance_around(samples: Floats, query: Floats, radius: float) -> Floats:
    """(3, 3) covariance of the samples within the radius, about their mean; zero where there is none."""
    offsets = samples - query
    near = offsets[dot(offsets, offsets) <= radius * radius]
    if len(near) == 0:
        return np.zeros((3, 3))
    about = near - near.mean(axis=0)
    return np.asarray(about.T @ about / len(near))


ANGLE_LEVELS = (0.9238795325112867, 0.7071067811865476, 0.3826834323650898)
PPF_DISTANCES, ANGLES, REACH = 10, 4, 3.6


def level(cosine: Floats) -> npt.NDArray[np.intp]:
    """0 for along to 3 for across, in bins of 22.5 degrees."""
    return np.asarray(sum((np.abs(cosine) <= limit).astype(np.intp) for limit in ANGLE_LEVELS))


def _spread(value: Floats, bins: int) -> tuple[npt.NDArray[np.intp], Floats]:
    at = np.clip(value * bins - 0.5, 0, bins - 1)
    low = np.minimum(at.astype(np.intp), bins - 2)
    return low, at - low


def pair_features(points: Floats, normals: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Of each pair i > j: distance, cosines of both normals with the line, cosine between the normals."""
    i, j = np.tril_indices(len(points), -1)
    line = points[i] - points[j]
    d = np.sqrt(dot(line, line))
    inverse = np.divide(1, d, out=np.zeros_like(d), where=d > 0)
    return d, dot(normals[i], line) * inverse, dot(normals[j], line) * inverse, dot(normals[i], normals[j])


def pair_histograms(
    points: Floats, normals: Floats, rms_radius: float, d2_bins: int
) -> tuple[Floats, Floats]:
    """D2 and point-pair features of all pairs, each shared by two neighbouring bins of distance."""
    d, ci, cj, between = pair_features(points, normals)
    unit = d * (1 / (REACH * rms_radius))
    d2 = np.zeros(d2_bins)
    low, share = _spread(unit, d2_bins)
    np.add.at(d2, low, 1 - share)
    np.add.at(d2, low + 1, share)
    pairs = {pair: k for k, pair in enumerate((a, b) for a in range(ANGLES) for b in range(a, ANGLES))}
    table = np.array([[pairs[min(a, b), max(a, b)] for b in range(ANGLES)] for a in range(ANGLES)])
    ppf = np.zeros((PPF_DISTANCES, len(pairs), ANGLES))
    low, share = _spread(unit, PPF_DISTANCES)
    cell = table[level(ci), level(cj)], level(between)
    np.add.at(ppf, (low, *cell), 1 - share)
    np.add.at(ppf, (low + 1, *cell), share)
    return d2, ppf.reshape(-1)


def _to_segment(p: Floats, a: Floats, ab: Floats) -> Floats:
    """(n, m) distances of points to segments."""
    length2 = np.maximum(dot(ab, ab), np.finfo(float).tiny)
    t = np.clip(dot(p[:, None] - a, ab[None]) / length2, 0, 1)
    off = p[:, None] - (a + t[..., None] * ab)
    return np.sqrt(dot(off, off))


def triangle_distances(p: Floats, vertices: Floats, triangles: Ints) -> Floats:
    """(n, m) distances of points to triangles: to the plane where the foot lies inside, else to an edge."""
    a, ab, ac = corners(vertices, triangles)
    n = cross(ab, ac)
    n2 = np.maximum(dot(n, n), np.finfo(float).tiny)
    off = p[:, None] - a
    u = dot(cross(off, np.broadcast_to(ac, off.shape)), n) / n2
    w = dot(cross(np.broadcast_to(ab, off.shape), off), n) / n2
    inside = (u >= 0) & (w >= 0) & (u + w <= 1)
    to_plane = np.abs(dot(off, n)) / np.sqrt(n2)
    to_edges = np.minimum.reduce(
        [_to_segment(p, a, ab), _to_segment(p, a, ac), _to_segment(p, a + ab, ac - ab)]
    )
    return np.where(inside, np.minimum(to_plane, to_edges), to_edges)


def with_area(vertices: Floats, triangles: Ints) -> Mask:
    """Which triangles have one."""
    _, ab, ac = corners(vertices, triangles)
    n = cross(ab, ac)
    return np.asarray(dot(n, n) != 0)


def plane_cosines(vertices: Floats, triangles: Ints, normals: Floats) -> Floats:
    """(n, m) |cosine| between wanted normals and the triangles' planes."""
    _, ab, ac = corners(vertices, triangles)
    n = cross(ab, ac)
    unit = n / np.maximum(np.sqrt(dot(n, n)), np.finfo(float).tiny)[:, None]
    return np.abs(dot(normals[:, None], unit[None]))


def crossings(vertices: Floats, triangles: Ints, points: Floats, direction: Floats) -> Ints:
    """(n, 2): triangles that the ray from each point leaves through, and those it enters through.

    By signed volumes: a ray along d crosses abc where d has the three edges on the same hand.
    """
    out = np.zeros((len(points), 2), dtype=np.int32)
    for k, p in enumerate(points):
        for row in triangles:
            a, b, c = vertices[row] - p
            hands = [float(np.linalg.det([direction, x, y])) for x, y in ((b, c), (c, a), (a, b))]
            n = np.cross(b - a, c - a)
            along = float(n @ direction)
            if along == 0 or float(n @ a) / along <= 0:
                continue
            if min(hands) >= 0 or max(hands) <= 0:
                out[k, 0 if along > 0 else 1] += 1
    return out


def fit(points: Floats, target: Floats, T: Floats, cap: float, slack: float = 0.0) -> float:
    """Mean over points of 1 - d/cap to the closest of the target, 0 beyond cap; each d worse by `slack`."""
    d, _ = cKDTree(target).query(points @ T[:, :3].T + T[:, 3])
    return float(np.maximum(0, 1 - (d + slack) / cap).mean())
