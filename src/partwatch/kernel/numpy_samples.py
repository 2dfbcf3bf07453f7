"""Sampling, thinning, normals and histograms: sampling.hpp and descriptor.hpp in numpy.

Every operation comes in the compiled kernel's order and precision: a fingerprint must not depend on which
kernel made it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from partwatch.kernel.numpy_common import (
    Cells,
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

Singles = npt.NDArray[np.float32]

D2_BINS = 64
_DISTANCES, _ANGLES = 10, 4
_ANGLE_PAIRS = _ANGLES * (_ANGLES + 1) // 2
PPF_BINS = _DISTANCES * _ANGLE_PAIRS * _ANGLES
# In root-mean-square radii of the points; hardly any pair of a body lies farther apart.
_REACH = 3.6
# Squared cosines of 22.5, 45 and 67.5 degrees.
_LEVELS = np.array([0.85355339, 0.5, 0.14644661], dtype=np.float32)
_SWEEPS = 30


@quiet
def sample(vertices: Floats, triangles: Ints, count: int) -> tuple[Floats, Floats, Ints, float]:
    """Points every count-th of the area, placed in their triangles by the R2 sequence (Roberts 2018).

    (count, 3) points, (count, 3) normals, (count,) triangles, area.
    """
    v = as_points(vertices)
    t = as_triangles(triangles, len(v))
    if len(t) == 0:
        raise ValueError("a mesh without triangles has no surface")
    if count < 0:
        raise ValueError("a count is not negative")
    a, ab, ac = corners(v, t)
    n = cross(ab, ac)
    cumulative = np.cumsum(0.5 * np.sqrt(dot(n, n)))
    total = float(cumulative[-1])
    target = total * (np.arange(count) + 0.5) / max(count, 1)
    of = np.minimum(np.searchsorted(cumulative, target, side="left"), len(t) - 1)
    of[np.isnan(target)] = 0
    turn = np.arange(1, count + 1)
    u = np.fmod(0.5 + 0.7548776662466927 * turn, 1.0)
    w = np.fmod(0.5 + 0.5698402909980532 * turn, 1.0)
    beyond = u + w > 1
    u, w = np.where(beyond, 1 - u, u)[:, None], np.where(beyond, 1 - w, w)[:, None]
    points = a[of] + ab[of] * u + ac[of] * w
    return points, _unit(n[of]), of.astype(np.int32), total


def _unit(n: Floats) -> Floats:
    """Of length one, or zero as they were."""
    length = np.sqrt(dot(n, n))[:, None]
    return np.where(length > 0, n * (1 / np.where(length > 0, length, 1)), n)


@quiet
def farthest(points: Floats, wanted: int) -> Ints:
    """Each next the one farthest from those taken, the first of equals; in single precision."""
    p = as_points(points)
    if not 0 <= wanted <= len(p):
        raise ValueError("more points wanted than there are")
    x, y, z = np.ascontiguousarray(p.T.astype(np.float32))
    nearest = np.full(len(p), np.finfo(np.float32).max, dtype=np.float32)
    taken = np.empty(wanted, dtype=np.int32)
    current = 0
    for k in range(wanted):
        taken[k] = current
        dx, dy, dz = x - x[current], y - y[current], z - z[current]
        # fmin: a distance that overflowed into no number changes nothing.
        np.fmin(nearest, dx * dx + dy * dy + dz * dz, out=nearest)
        current = int(nearest.argmax())
    return taken


@quiet
def local_normals(samples: Floats, queries: Floats, radius: float) -> Floats:
    """(n, 3) unsigned: the direction of least spread of the samples within the radius of each query."""
    s, q = as_points(samples), as_points(queries)
    if not radius > 0:
        raise ValueError("radius must be positive")
    within = Cells(s, radius).within(q)
    _, spread = spreads(((query, s[point] - q[query]) for query, point, _ in within), len(q))
    _, axes = eigen(spread)
    return np.ascontiguousarray(axes[:, :, 0])


def spreads(offsets: Iterable[tuple[Longs, Floats]], queries: int) -> tuple[Floats, Floats]:
    """(n,) how many and (n, 3, 3) covariance of the offsets that come with each query's number, in pieces."""
    count = np.zeros(queries)
    sums, products = np.zeros((3, queries)), np.zeros((6, queries))
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    for query, offset in offsets:
        d = offset.T
        np.add.at(count, query, 1.0)
        for k in range(3):
            np.add.at(sums[k], query, d[k])
        for product, (i, j) in zip(products, pairs, strict=True):
            np.add.at(product, query, d[i] * d[j])
    n = np.maximum(count, 1)
    mean = sums * (1 / n)
    spread = np.empty((queries, 3, 3))
    for product, (i, j) in zip(products, pairs, strict=True):
        spread[:, i, j] = spread[:, j, i] = product / n - mean[i] * mean[j]
    return count, spread


def eigen(a: Floats) -> tuple[Floats, Floats]:
    """(n, 3) eigenvalues, ascending, and eigenvectors in columns, of symmetric (n, 3, 3) by Jacobi rotations.

    The compiled kernel's own, so that a spread without a least direction gives the same one in both.
    """
    a = a.copy()
    V = np.tile(np.eye(3), (len(a), 1, 1))
    for _ in range(_SWEEPS):
        off = a[:, 0, 1] ** 2 + a[:, 0, 2] ** 2 + a[:, 1, 2] ** 2
        diagonal = a[:, 0, 0] ** 2 + a[:, 1, 1] ** 2 + a[:, 2, 2] ** 2
        at_work = np.flatnonzero(~(off <= 1e-28 * diagonal))
        if len(at_work) == 0:
            break
        b, W = a[at_work], V[at_work]
        for p, q in ((0, 1), (0, 2), (1, 2)):
            _rotate(b, W, p, q)
        a[at_work], V[at_work] = b, W
    values = np.stack([a[:, k, k] for k in range(3)], axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1), np.take_along_axis(V, order[:, None], axis=2)


def _rotate(a: Floats, V: Floats, p: int, q: int) -> None:
    """One rotation that takes a[:, p, q] to zero, where it is not yet."""
    busy = a[:, p, q] != 0
    over = np.where(busy, a[:, p, q], 1.0)
    theta = (a[:, q, q] - a[:, p, p]) / (2 * over)
    t = np.where(theta >= 0, 1.0, -1.0) / (np.abs(theta) + np.sqrt(theta * theta + 1))
    c = 1 / np.sqrt(t * t + 1)
    s = t * c
    c, s = np.where(busy, c, 1.0), np.where(busy, s, 0.0)
    c, s = c[:, None], s[:, None]
    for matrix in (a, a.transpose(0, 2, 1), V):
        of_p, of_q = matrix[:, :, p].copy(), matrix[:, :, q].copy()
        matrix[:, :, p] = c * of_p - s * of_q
        matrix[:, :, q] = s * of_p + c * of_q


@quiet
def pair_histograms(points: Floats, normals: Floats, rms_radius: float) -> tuple[Floats, Floats]:
    """(D2_BINS,) distances of all pairs (Osada et al. 2002), (PPF_BINS,) point-pair features of all pairs
    (Wahl et al. 2003, Drost et al. 2010); each pair shared by two neighbouring bins of distance."""
    p, n = as_points(points), as_points(normals)
    if len(p) != len(n):
        raise ValueError("one normal a point")
    if not rms_radius > 0:
        raise ValueError("rms_radius must be positive")
    d2, ppf = np.zeros(D2_BINS), np.zeros(PPF_BINS)
    x = (p - p[:1]).astype(np.float32)
    m = n.astype(np.float32)
    to_unit = np.float32(1 / (_REACH * rms_radius))
    rows = max(1, (1 << 18) // max(len(p), 1))
    for begin in range(1, len(p), rows):
        i, j = np.tril_indices(min(rows, len(p) - begin), begin - 1, len(p))
        i += begin
        at, cell = _features(x[i] - x[j], m[i], m[j], to_unit)
        _spread(at, D2_BINS, d2, 1, np.zeros(len(at), dtype=np.int64))
        _spread(at, _DISTANCES, ppf, _ANGLE_PAIRS * _ANGLES, cell)
    return d2, ppf


def _features(
    line: Singles, first: Singles, second: Singles, to_unit: np.float32
) -> tuple[Singles, npt.NDArray[np.int64]]:
    """Of pairs: distance in units of reach, and the cell of the three angles."""
    length2 = dot(line, line)
    a, b, c = dot(first, line), dot(second, line), dot(first, second)
    one, other = _level(a * a, length2), _level(b * b, length2)
    low, high = np.minimum(one, other), np.maximum(one, other)
    # Numbers of the unordered pairs (low, high), row by row of a triangle.
    pair = low * _ANGLES - low * (low - 1) // 2 + high - low
    return np.sqrt(length2) * to_unit, pair * _ANGLES + _level(c * c, np.ones_like(c))


def _level(cosine2: Singles, scale2: Singles) -> npt.NDArray[np.int64]:
    """Bins of equal angle, 0 for along to 3 for across."""
    return np.asarray(sum((cosine2 <= level * scale2).astype(np.int64) for level in _LEVELS))


def _spread(at: Singles, bins: int, histogram: Floats, stride: int, cell: npt.NDArray[np.int64]) -> None:
    where = np.nan_to_num(at * np.float32(bins) - np.float32(0.5), nan=0.0, posinf=bins, neginf=0.0)
    where = np.clip(where, np.float32(0), np.float32(bins - 1))
    low = np.minimum(where.astype(np.int64), bins - 2)
    share = (where - low.astype(np.float32)).astype(np.float64)
    index = np.stack([low, low + 1], axis=1) * stride + cell[:, None]
    weight = np.stack([1 - share, share], axis=1)
    np.add.at(histogram, index.reshape(-1), weight.reshape(-1))
