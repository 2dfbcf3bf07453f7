"""Which listed parts have some of a body's features in one arrangement: voting.hpp in numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from partwatch.kernel.numpy_common import Floats, Ints, Longs, as_points, cross, dot, quiet
from partwatch.kernel.numpy_icp import Mask, apply, linear

Singles = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int8]

CODE_SIZE = 20
# Parts that a feature may vote for, and features of a part that may be voted for by one.
_PARTS, _REPEATS = 64, 6
# Code distance at which a vote counts half.
_ALIKE = 2000
# Rows of the list closest to a feature that may be voted for.
_NEAREST = _PARTS * 8
# Votes of one part that are looked at together, and parts that are looked at.
_VOTES, _LIKELY = 224, 200
# Poses of one part that are kept, and how far one may fall behind its part's best.
_POSES, _KEPT_SHARE = 4, 0.6
# Votes that poses are made from, and how many others each goes with.
_SEEDS, _PARTNERS = 4, 10
# Fewest features that make an arrangement.
_FEWEST = 3


@dataclass(frozen=True, eq=False)
class _Listed:
    """Features of a list, grouped by cell: those of cell c are start[c] to start[c + 1]. asked: (parts,), of
    each whether it may be voted for."""

    codes: Bytes
    part: Ints
    place: Singles
    facing: Singles
    start: Longs
    asked: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Body:
    """Features of a body; (n, probes) cells to look into for each; worth: of a vote, for what all bodies have
    tells nothing."""

    codes: Bytes
    cells: Ints
    place: Floats
    facing: Floats
    radius: Floats
    worth: Floats


@dataclass(frozen=True, eq=False)
class _Votes:
    """(n,) votes of the body's features for rows of the list."""

    query: Longs
    row: Longs
    weight: Singles

    def __getitem__(self, which: Longs) -> _Votes:
        return _Votes(self.query[which], self.row[which], self.weight[which])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Votes of one part with where both features are: q on the body, p on the part; n_ their normals."""

    q: Floats
    n_q: Floats
    p: Floats
    n_p: Floats
    radius: Floats
    query: Longs
    weight: Floats

    def __len__(self) -> int:
        return len(self.query)


@dataclass(frozen=True, eq=False)
class _Pose:
    """A motion, and the weight of what agrees on it."""

    T: Floats
    mirrored: bool
    score: float


@quiet
def vote(
    codes: Bytes,
    part: Ints,
    place: Singles,
    facing: Singles,
    start: Longs,
    asked: npt.NDArray[np.bool_],
    q_codes: Bytes,
    q_cells: Ints,
    q_place: Floats,
    q_facing: Floats,
    q_radius: Floats,
    q_worth: Floats,
    most: int,
) -> tuple[Ints, Floats, npt.NDArray[np.uint8], Floats]:
    """The parts with the most in one arrangement, at most `most`, best first, each with its best poses: (k,)
    parts, (k,) scores, (k,) whether mirrored, (k, 3, 4) motions that lay the part on the body."""
    listed = _Listed(
        _array(codes, np.int8, 2),
        _array(part, np.int32, 1),
        _array(place, np.float32, 2),
        _array(facing, np.float32, 2),
        _array(start, np.int64, 1),
        _array(asked, np.bool_, 1),
    )
    parts = len(listed.asked)
    body = _Body(
        _array(q_codes, np.int8, 2),
        _array(q_cells, np.int32, 2),
        as_points(q_place),
        as_points(q_facing),
        _array(q_radius, np.float64, 1),
        _array(q_worth, np.float64, 1),
    )
    _check(listed, body, parts, most)
    found = []
    for number, votes in _likely(_cast(listed, body, parts), listed.part, parts):
        poses = _agreed(_paired(votes, listed, body))
        if poses:
            found.append((number, poses))
    found.sort(key=lambda one: (-one[1][0].score, one[0]))
    flat = [(number, pose) for number, poses in found[:most] for pose in poses]
    return (
        np.array([number for number, _ in flat], dtype=np.int32),
        np.array([pose.score for _, pose in flat], dtype=np.float64),
        np.array([pose.mirrored for _, pose in flat], dtype=np.uint8),
        np.array([pose.T for _, pose in flat], dtype=np.float64).reshape(-1, 3, 4),
    )


def _array(values: npt.ArrayLike, kind: npt.DTypeLike, dimensions: int) -> npt.NDArray[Any]:
    array = np.ascontiguousarray(values, dtype=kind)
    if array.ndim != dimensions:
        raise TypeError(f"an array of {dimensions} dimensions is wanted, not of shape {array.shape}")
    return array


def _check(listed: _Listed, body: _Body, parts: int, most: int) -> None:
    """ValueError or IndexError where lengths differ, cells or parts are not there, numbers are not finite."""
    rows, n = len(listed.codes), len(body.codes)
    if listed.codes.shape[1] != CODE_SIZE or body.codes.shape[1] != CODE_SIZE:
        raise ValueError("codes of another size")
    if listed.part.shape != (rows,) or listed.place.shape != (rows, 3) or listed.facing.shape != (rows, 3):
        raise ValueError("one part, place and normal a code")
    if {len(each) for each in (body.cells, body.place, body.facing, body.radius, body.worth)} != {n}:
        raise ValueError("cells, place, normal, radius and worth for each of the body's codes")
    start = listed.start
    if len(start) == 0 or start[0] != 0 or start[-1] != rows:
        raise ValueError("cells must begin at 0 and end at the last code")
    if (start[1:] < start[:-1]).any():
        raise ValueError("cells must be in order")
    if ((body.cells < 0) | (body.cells + np.int64(1) >= len(start))).any():
        raise IndexError("no such cell")
    if ((listed.part < 0) | (listed.part >= parts)).any():
        raise IndexError("no such part")
    if not all(np.isfinite(each).all() for each in (listed.place, listed.facing, body.radius, body.worth)):
        raise ValueError("a number is not finite")
    if most < 0:
        raise ValueError("a number of parts is not negative")


def _cast(listed: _Listed, body: _Body, parts: int) -> _Votes:
    """What each feature of the body votes for, one feature after the other, closest first."""
    top = math.log(parts + _PARTS)
    weights = np.array([(top - math.log(rank)) / top for rank in range(1, _PARTS + 1)])
    query, row, weight = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    for q in range(len(body.codes)):
        rows, distance = _closest(listed, body.codes[q], body.cells[q])
        earlier = _earlier(listed.part[rows])
        rank = np.cumsum(earlier == 0)
        votes = (rank <= _PARTS) & (earlier < _REPEATS)
        query.append(np.full(int(votes.sum()), q))
        row.append(rows[votes])
        # In a short list nearly every part comes first at something: only what is alike in itself tells.
        worth = weights[rank[votes] - 1] / (1 + distance[votes] / _ALIKE) * body.worth[q]
        weight.append(worth.astype(np.float32))
    return _Votes(np.concatenate(query), np.concatenate(row), np.concatenate(weight))


def _closest(listed: _Listed, code: Bytes, cells: Ints) -> tuple[Longs, Longs]:
    """The rows closest to a code in some cells, the first of equals, and their code distances."""
    rows = np.concatenate(
        [np.empty(0, np.int64), *(np.arange(*listed.start[c : c + 2]) for c in np.unique(cells))]
    )
    rows = rows[listed.asked[listed.part[rows]]]
    apart = listed.codes[rows].astype(np.int16) - code
    distance = np.einsum("ij,ij->i", apart, apart, dtype=np.int64)
    # Both in one number, so that the closest are found without sorting all.
    key = distance * len(listed.codes) + rows
    if len(key) > _NEAREST:
        key = np.partition(key, _NEAREST - 1)[:_NEAREST]
    key = np.sort(key)
    return key % max(len(listed.codes), 1), key // max(len(listed.codes), 1)


def _earlier(values: Ints) -> Longs:
    """For each value how many equal ones come before it."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.searchsorted(ordered, ordered, side="left")
    out = np.empty(len(values), dtype=np.int64)
    out[order] = np.arange(len(values)) - begins
    return out


def _likely(votes: _Votes, part: Ints, parts: int) -> list[tuple[int, _Votes]]:
    """The parts with the most votes by weight, and these votes; the others are not looked at."""
    of = part[votes.row]
    count = np.bincount(of, minlength=parts)
    total = np.bincount(of, weights=votes.weight, minlength=parts)
    order = np.argsort(-total, kind="stable")
    order = order[count[order] >= _FEWEST][:_LIKELY]
    by_part = np.argsort(of, kind="stable")
    begin = np.cumsum(count) - count
    return [(int(k), votes[by_part[begin[k] : begin[k] + count[k]]]) for k in order]


def _paired(votes: _Votes, listed: _Listed, body: _Body) -> _Pairs:
    """The weightiest votes of a part, with where they lie."""
    votes = votes[np.argsort(-votes.weight, kind="stable")[:_VOTES]]
    query, row = votes.query, votes.row
    return _Pairs(
        body.place[query],
        body.facing[query],
        listed.place[row].astype(np.float64),
        listed.facing[row].astype(np.float64),
        body.radius[query],
        query,
        votes.weight.astype(np.float64),
    )


def _agreed(pairs: _Pairs) -> list[_Pose]:
    """The poses that the most agrees on, placed apart from each other; best first."""
    poses: list[_Pose] = []
    fits = _compatible(pairs)
    around = _in_order(np.where(fits, pairs.weight, 0.0))
    total = np.where(around > 0, around + pairs.weight, 0.0)
    order = np.argsort(-total, kind="stable")
    for a in order[:_SEEDS]:
        if total[a] <= _bar(poses):
            break
        for pose in _poses(pairs, a, order[fits[a, order]][:_PARTNERS]):
            if pose.score > _bar(poses):
                _keep(poses, _closer(pairs, pose), pairs)
    bar = _bar(poses)
    return [pose for pose in poses if pose.score >= bar]


def _bar(poses: list[_Pose]) -> float:
    return _KEPT_SHARE * poses[0].score if poses else 0.0


def _keep(poses: list[_Pose], pose: _Pose, pairs: _Pairs) -> None:
    """Put a pose among the others, best first; of those that place the part alike only the best stays."""
    reach = 0.5 * float(_in_order(pairs.radius[None])[0])
    for k, other in enumerate(poses):
        gaps = _norm(apply(other.T[None], pairs.p) - apply(pose.T[None], pairs.p))
        if _in_order(gaps)[0] < reach:
            if other.score >= pose.score:
                return
            del poses[k]
            break
    at = sum(other.score >= pose.score for other in poses)
    poses.insert(at, pose)
    del poses[_POSES:]


def _in_order(weights: Floats) -> Floats:
    """Sums along the last axis, one after the other, so that they are the compiled kernel's bits."""
    return np.asarray(np.cumsum(weights, axis=-1)[..., -1]) if weights.shape[-1] else np.zeros(len(weights))


def _norm(a: Floats) -> Floats:
    return np.asarray(np.sqrt(dot(a, a)))


def _compatible(pairs: _Pairs) -> Mask:
    """(n, n): whether two of the body's features lie and face to each other as the part's two do."""
    along_q, along_p = pairs.q[None] - pairs.q[:, None], pairs.p[None] - pairs.p[:, None]
    length_q, length_p = _norm(along_q), _norm(along_p)
    radius = np.minimum(pairs.radius[:, None], pairs.radius[None])
    loose = 0.2 * radius + 0.03 * np.minimum(length_q, length_p)
    between_q = dot(pairs.n_q[:, None], pairs.n_q[None])
    between_p = dot(pairs.n_p[:, None], pairs.n_p[None])
    off = np.abs(dot(along_q, pairs.n_q[:, None]) - dot(along_p, pairs.n_p[:, None]))
    steep = loose + 0.15 * length_q
    return np.asarray(
        (pairs.query[:, None] != pairs.query[None])
        & (length_q > 0.5 * radius)
        & (np.abs(length_q - length_p) < loose)
        & (np.abs(between_q - between_p) < 0.3)
        & (np.maximum(off, off.T) < steep)
    )


def _poses(pairs: _Pairs, a: int, partners: Longs) -> list[_Pose]:
    """For each partner of `a` the motion that lays the two on the body's two, and its mirror image."""
    q, fine_q = _frames(pairs.q[partners] - pairs.q[a], pairs.n_q[a], pairs.n_q[partners])
    p, fine_p = _frames(pairs.p[partners] - pairs.p[a], pairs.n_p[a], pairs.n_p[partners])
    middle_q = (pairs.q[a] + pairs.q[partners]) * 0.5
    middle_p = (pairs.p[a] + pairs.p[partners]) * 0.5
    T = np.empty((len(partners), 2, 3, 4))
    for image, side in enumerate(np.array([[1.0, 1.0, 1.0], [1.0, 1.0, -1.0]])):
        # Sums of outer products of the frames' axes.
        A = dot(q.transpose(0, 2, 1)[:, :, None], (p * side[:, None]).transpose(0, 2, 1)[:, None])
        T[:, image, :, :3] = A
        T[:, image, :, 3] = middle_q - dot(A, middle_p[:, None])
    poses = T[fine_q & fine_p].reshape(-1, 3, 4)
    scores, _ = _support(pairs, poses)
    return [_Pose(poses[k], bool(k % 2), float(scores[k])) for k in range(len(poses))]


def _frames(along: Floats, n_a: Floats, n_b: Floats) -> tuple[Floats, Mask]:
    """(k, axes, 3) frames of two oriented points each, and whether they have one. Both normals together, so
    that neither's error turns the frame alone."""
    length = _norm(along)
    first = along * (1 / length)[:, None]
    a = n_a - first * dot(first, n_a)[:, None]
    b = n_b - first * dot(first, n_b)[:, None]
    across = a + b
    larger = np.where((_norm(a) > _norm(b))[:, None], a, b)
    across = np.where((_norm(across) < 0.4)[:, None], larger, across)
    width = _norm(across)
    second = across * (1 / width)[:, None]
    return np.stack([first, second, cross(first, second)], axis=1), (length > 0) & (width >= 0.25)


def _support(pairs: _Pairs, T: Floats) -> tuple[Floats, Mask]:
    """(k,) weight of the body's features that each motion brings the part's onto, each counted once;
    (k, n) which votes are counted."""
    off = _norm(apply(T, pairs.p) - pairs.q)
    agrees = (off <= 0.35 * pairs.radius) & (dot(linear(T, pairs.n_p), pairs.n_q) >= 0.8)
    before = np.triu(pairs.query[:, None] == pairs.query[None], 1)
    counted = agrees & ~(agrees @ before)
    score = _in_order(np.where(counted, pairs.weight, 0.0))
    return np.where(counted.sum(axis=1) >= _FEWEST, score, 0.0), counted


def _closer(pairs: _Pairs, pose: _Pose) -> _Pose:
    """The pose fitted twice to all that agrees, as long as no less does then."""
    _, counted = _support(pairs, pose.T[None])
    for _ in range(2):
        T = _fitted(pairs, counted[0], pose.mirrored)
        score, counted = _support(pairs, T[None])
        if score[0] < pose.score:
            break
        pose = _Pose(T, pose.mirrored, float(score[0]))
    return pose


def _fitted(pairs: _Pairs, counted: Mask, mirrored: bool) -> Floats:
    """The motion that lays some on the body in least squares (Horn 1987), rotation or rotoreflection."""
    side = np.array([-1.0 if mirrored else 1.0, 1.0, 1.0])
    q, p, radius = pairs.q[counted], pairs.p[counted], pairs.radius[counted][:, None]
    middle_q, middle_p = q.mean(axis=0), p.mean(axis=0)
    # Normals as well, or what lies on one line could turn about it.
    m, n = pairs.n_p[counted] * radius * side, pairs.n_q[counted] * radius
    S = ((p - middle_p) * side).T @ (q - middle_q) + 0.1 * m.T @ n
    off = np.array([S[1, 2] - S[2, 1], S[2, 0] - S[0, 2], S[0, 1] - S[1, 0]])
    N = np.empty((4, 4))
    N[0, 0], N[0, 1:], N[1:, 0] = np.trace(S), off, off
    N[1:, 1:] = S + S.T - np.trace(S) * np.eye(3)
    w, x, y, z = np.linalg.eigh(N)[1][:, -1]
    R = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    A = R * side
    return np.concatenate([A, (middle_q - A @ middle_p)[:, None]], axis=1)
