"""Local features of a surface: local.hpp in numpy, in its order and precision."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from partwatch.kernel.numpy_common import (
    Cells,
    Floats,
    Ints,
    Longs,
    as_points,
    as_triangles,
    dot,
    quiet,
    spans,
)
from partwatch.kernel.numpy_samples import eigen, spreads

Singles = npt.NDArray[np.float32]

# A spin image (Johnson and Hebert 1999): area by distance from the normal's axis and by height along it.
_RINGS, _HEIGHTS = 5, 8
# Area by distance from the point and by the angle between the normals.
_SHELLS, _TURNS = 3, 5
LOCAL_SIZE = _RINGS * _HEIGHTS + _SHELLS * _TURNS
# Fewest points that make a neighbourhood.
_FEWEST = 6
# Of cells with more points than this not all are looked at: near a point, and in what its descriptor sees.
_CROWD_NEAR, _CROWD_SEEN = 2048, 8192
# Of normals: less than the first are those of a thin wall's two sides; farther than the second, as a share of
# their distance, one place looks at the other's back.
_OPPOSITE, _ACROSS = -0.5, 0.3
# Squared length of a unit vector, rounding included.
_LONGEST = 1.000001


class Sheets:
    """Which triangles of a welded mesh are joined, edge by edge: what is near through space and far along the
    surface, as the wall of a hollow around a part, is no neighbour."""

    @quiet
    def __init__(self, vertices: Floats, triangles: Ints) -> None:
        v = as_points(vertices)
        t = as_triangles(triangles, len(v))
        self.triangles = len(t)
        a, b = t.astype(np.int64), np.roll(t, -1, axis=1).astype(np.int64)
        keys, edge_of = np.unique(np.minimum(a, b) << 32 | np.maximum(a, b), return_inverse=True)
        self._edge_of = edge_of.reshape(-1, 3)
        self._from = v[keys >> 32]
        self._along = v[keys & 0x7FFFFFFF] - self._from
        order = np.argsort(self._edge_of.reshape(-1), kind="stable")
        self._users = order // 3
        self._first = np.searchsorted(self._edge_of.reshape(-1)[order], np.arange(len(keys) + 1))

    def flooded(self, p: Floats, triangle: int, radius: float) -> npt.NDArray[np.bool_]:
        """(triangles,): what is joined to one by edges that come within the radius of the (3,) place."""
        seen = np.zeros(self.triangles, dtype=bool)
        passed = np.zeros(len(self._from), dtype=bool)
        seen[triangle] = True
        fresh = np.array([triangle])
        while len(fresh):
            edges = np.unique(self._edge_of[fresh])
            edges = edges[~passed[edges]]
            passed[edges] = True
            d, along = p - self._from[edges], self._along[edges]
            squared = dot(along, along)
            at = np.clip(
                np.where(squared > 0, dot(d, along) / np.where(squared > 0, squared, 1.0), 0.0), 0.0, 1.0
            )
            left = d - along * at[:, None]
            edges = edges[~(dot(left, left) > radius * radius)]
            _, rows = spans(self._first[edges], self._first[edges + 1])
            users = np.unique(self._users[rows])
            fresh = users[~seen[users]]
            seen[fresh] = True
        return seen


@quiet
def local_features(
    points: Floats,
    normals: Floats,
    area: float,
    radius: float,
    apart: float,
    least: float,
    most: int,
    owner: Ints | None = None,
    sheets: Sheets | None = None,
) -> tuple[Ints, Floats, Singles, Singles]:
    """Keypoints: (k,) samples, the most salient first; (k, 3) normals of their neighbourhoods; (k,) surface
    variation there (Pauly and others 2002); (k, LOCAL_SIZE) what lies within the radius.

    Samples must be even by area, `area` each. Keypoints have a variation of `least` or more and are the
    greatest of what lies within `apart` and faces the same way; there are at most `most`. owner: (n,), the
    triangle of each sample, where there are sheets: then a descriptor sees what is joined to its place only.
    """
    p, n = as_points(points), as_points(normals)
    _check(p, n, area, radius, apart, most)
    _check_owners(len(p), owner, sheets)
    salient, smooth = _variation(p, n, radius / 3)
    origin = _keypoints(p, smooth, salient, apart, least, most)
    descriptor = _descriptors(p, smooth, origin, area, radius, owner, sheets)
    return origin.astype(np.int32), smooth[origin], salient[origin], descriptor


def _check(p: Floats, n: Floats, area: float, radius: float, apart: float, most: int) -> None:
    """ValueError where a surface or a size is none."""
    if len(p) != len(n):
        raise ValueError("one normal a point")
    if (dot(n, n) > _LONGEST).any():
        raise ValueError("a normal is longer than one")
    if not (_size(radius) and _size(apart)):
        raise ValueError("radius and apart must be positive")
    if not 0 <= area < np.inf:
        raise ValueError("an area is not negative")
    if most < 0:
        raise ValueError("a number of keypoints is not negative")


def _check_owners(count: int, owner: Ints | None, sheets: Sheets | None) -> None:
    """ValueError where the samples are not on triangles of the sheets."""
    if (owner is None) != (sheets is None):
        raise ValueError("owners and sheets go together")
    if owner is None or sheets is None:
        return
    if owner.shape != (count,):
        raise ValueError("one owner a point")
    if count and not (owner.min() >= 0 and owner.max() < sheets.triangles):
        raise ValueError("an owner is no triangle of the sheets")


def _size(length: float) -> bool:
    """Whether it is a length, and its square a number above zero."""
    square = np.float64(length) * length
    return length > 0 and bool(0 < square < np.inf)


def _variation(p: Floats, n: Floats, near: float) -> tuple[Singles, Floats]:
    """(n,) surface variation of the neighbourhood of each point, (n, 3) the mean normal there."""
    turned = np.zeros_like(p)
    cells = Cells(p, near)
    cells.thin(_CROWD_NEAR)

    def neighbours() -> Iterator[tuple[Longs, Floats]]:
        for query, point, _ in cells.within(p):
            fine = _may_be_one_sheet(p[query], n[query], p[point], n[point])
            query, point = query[fine], point[fine]
            np.add.at(turned, query, n[point])
            yield query, p[point] - p[query]

    count, spread = spreads(neighbours(), len(p))
    values, _ = eigen(spread)
    total = values[:, 0] + values[:, 1] + values[:, 2]
    share = np.maximum(values[:, 0], 0.0) / np.where(total > 0, total, 1.0)
    salient = np.where((count >= _FEWEST) & (total > 0), share, 0.0).astype(np.float32)
    length = np.sqrt(dot(turned, turned))[:, None]
    return salient, np.where(length > 0, turned * (1 / np.where(length > 0, length, 1.0)), n)


def _may_be_one_sheet(start: Floats, facing: Floats, end: Floats, other: Floats) -> npt.NDArray[np.bool_]:
    """Whether two places may be of one sheet by their normals: neither is the far side of a thin wall, nor
    does one look at the other's back, as across a gap."""
    d = end - start
    one, two = dot(d, facing), -dot(d, other)
    across = (one * two < 0) & (np.minimum(one * one, two * two) > _ACROSS * _ACROSS * dot(d, d))
    return np.asarray(~(dot(facing, other) < _OPPOSITE) & ~across)


def _keypoints(p: Floats, smooth: Floats, salient: Singles, apart: float, least: float, most: int) -> Longs:
    """Each next the most salient of those that no earlier one has around it, the first of equals."""
    order = np.argsort(-salient, kind="stable")
    order = order[salient[order].astype(np.float64) >= least]
    taken = np.zeros(len(p), dtype=bool)
    origin: list[int] = []
    for i in order:
        if len(origin) == most:
            break
        if taken[i]:
            continue
        offset = p - p[i]
        taken |= (dot(offset, offset) <= apart * apart) & (dot(smooth, smooth[i]) > 0)
        origin.append(i)
    return np.array(origin, dtype=np.int64)


def _descriptors(
    p: Floats,
    smooth: Floats,
    origin: Longs,
    area: float,
    radius: float,
    owner: Ints | None,
    sheets: Sheets | None,
) -> Singles:
    """(k, LOCAL_SIZE) square roots of area in units of the radius squared, shared by neighbouring bins."""
    joined = (
        None
        if owner is None or sheets is None
        else [sheets.flooded(p[i], int(owner[i]), radius)[owner] for i in origin]
    )
    seen = None if joined is None else np.reshape(joined, (len(origin), len(p)))
    out = np.zeros((len(origin), LOCAL_SIZE), dtype=np.float32)
    cells = Cells(p, radius)
    cells.thin(_CROWD_SEEN)
    for key, point, squared in cells.within(p[origin]):
        if seen is not None:
            kept = seen[key, point]
            key, point, squared = key[kept], point[kept], squared[kept]
        share = area / (radius * radius) * cells.stands_for[point].astype(np.float64)
        axis = smooth[origin[key]]
        height = dot(p[point] - p[origin[key]], axis)
        ring = np.sqrt(np.maximum(squared - height * height, 0.0)) / radius
        turn = (dot(smooth[point], axis) + 1) / 2
        spin = _split(ring, _RINGS), _split((height / radius + 1) / 2, _HEIGHTS)
        bent = _split(np.sqrt(squared) / radius, _SHELLS), _split(turn, _TURNS)
        _add(out, key, 0, _HEIGHTS, *spin, share)
        _add(out, key, _RINGS * _HEIGHTS, _TURNS, *bent, share)
    return np.sqrt(out)


def _split(value: Floats, bins: int) -> tuple[Longs, Floats]:
    """Of values in units of all bins: the lower of the two bins closest, and the upper one's share."""
    at = np.clip(value * bins - 0.5, 0.0, bins - 1.0)
    low = np.minimum(at.astype(np.int64), bins - 2)
    return low, at - low


def _add(
    out: Singles,
    key: Longs,
    first: int,
    wide: int,
    one: tuple[Longs, Floats],
    other: tuple[Longs, Floats],
    share: Floats,
) -> None:
    """Adds to each row `key` of `out` a share in four bins of a table that begins at column `first`."""
    (a, ua), (b, ub) = one, other
    column = first + a * wide + b
    columns = np.stack([column, column + 1, column + wide, column + wide + 1], axis=1)
    weights = np.stack(
        [
            share * (1 - ua) * (1 - ub),
            share * (1 - ua) * ub,
            share * ua * (1 - ub),
            share * ua * ub,
        ],
        axis=1,
    )
    rows = np.repeat(key, 4)
    np.add.at(out, (rows, columns.reshape(-1)), weights.reshape(-1).astype(np.float32))
