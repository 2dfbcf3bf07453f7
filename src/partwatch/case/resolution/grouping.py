"""Which records are taken for one: the surest pairs first, and no join that the model speaks against.

Pairs alone would chain: a father is merged with a record that lacks its birth date, and that one with the
son. So a join of two clusters is asked of all pairs between them (as in correlation clustering: Bansal, Blum
and Chawla 2004): none may be scored strongly against, and together they must speak for it. And that record
is not the father's for having come first: where two that speak against one another both claim a third, at
most one is right, and each claim is weighed against the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Pairs = Sequence[tuple[int, int]]
_CERTAIN: Final = 60.0  # bits


@dataclass(frozen=True)
class Grouped:
    """cluster: int32 (n,), the least member of each record's cluster. merged: bool (p,), pairs at or above
    the threshold within one cluster. contested: by the place of a pair at or above it that was not joined,
    the two records that spoke most against."""

    cluster: NDArray[np.int32]
    merged: NDArray[np.bool_]
    contested: dict[int, tuple[int, int]]


def components(count: int, pairs: Pairs) -> NDArray[np.int32]:
    """int32 (count,): the least member of what is held together by any pairs."""
    joined = _Clusters(count)
    for left, right in pairs:
        joined.join(left, right)
    return joined.labels()


def unscored(
    count: int, left: NDArray[np.int32], right: NDArray[np.int32], wanted: NDArray[np.bool_], most: int = 60
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pairs within what the wanted pairs would hold together that have not been scored, left < right. most:
    of larger components only scored pairs are known."""
    labels = components(count, list(zip(left[wanted].tolist(), right[wanted].tolist(), strict=True)))
    inside = labels[left] == labels[right]
    known = set(zip(left[inside].tolist(), right[inside].tolist(), strict=True))
    order = np.argsort(labels, kind="stable")
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    found = [
        (a, b)
        for members in np.split(order, cuts)
        if 2 < len(members) <= most
        for place, a in enumerate(members.tolist())
        for b in members.tolist()[place + 1 :]
        if (a, b) not in known
    ]
    table = np.array(found, dtype=np.int32).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def rivalled(
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    odds: NDArray[np.float64],
    merge: float,
    against: float,
) -> tuple[NDArray[np.float64], dict[int, tuple[int, int]]]:
    """Odds of each pair beside its rivals, and by the place of a pair that is no longer sure the two that
    both claim one of its records. A record e is a's, or b's, or neither's, where a and b are not one: with
    odds A and B for each alone, those of a are A / (1 + B). Of several rivals the strongest counts, as they
    may be one."""
    sure = np.flatnonzero(odds >= merge)
    touched = np.zeros(int(max(left.max(initial=-1), right.max(initial=-1))) + 1, dtype=bool)
    touched[left[sure]] = touched[right[sure]] = True
    near = np.flatnonzero(((touched[left] | touched[right]) & (odds > -3.0)) | (odds <= against))
    known: dict[int, dict[int, float]] = {}
    apart: set[tuple[int, int]] = set()
    for one, other, value in zip(left[near].tolist(), right[near].tolist(), odds[near].tolist(), strict=True):
        if value <= against:
            apart.add((one, other))
            continue
        known.setdefault(one, {})[other] = value
        known.setdefault(other, {})[one] = value
    claims = odds.copy()
    contested: dict[int, tuple[int, int]] = {}
    for place in sure.tolist():
        one, other = int(left[place]), int(right[place])
        rivals = [
            (value, mine, rival)
            for shared, mine in ((one, other), (other, one))
            for rival, value in known.get(shared, {}).items()
            if (min(mine, rival), max(mine, rival)) in apart
        ]
        if rivals:
            strongest = max(rivals)
            claims[place] -= float(np.logaddexp2(0.0, strongest[0]))
            if claims[place] < merge:
                contested[place] = strongest[1:]
    return claims, contested


def grouped(
    count: int,
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    odds: NDArray[np.float64],
    merge: float,
    against: float | None,
    same: Pairs = (),
    different: Iterable[tuple[int, int]] = (),
) -> Grouped:
    """Clusters of count records. odds: (p,), log2 posterior odds of each pair; merge: from which two are
    joined; against: at or below which a pair stands against a join; None: pairs alone decide. same,
    different: what people decided, which goes before."""
    different = list(different)
    contested: dict[int, tuple[int, int]] = {}
    claims = believed = _decided(left, right, odds, same, different)
    if against is not None:
        claims, contested = rivalled(left, right, believed, merge, against)
    wanted = np.flatnonzero(claims >= merge)
    clusters = _Clusters(count)
    clusters.forbid(different)
    for one, other in same:
        clusters.join(one, other)
    if against is not None:
        labels = components(count, [*zip(left[wanted].tolist(), right[wanted].tolist(), strict=True), *same])
        inside = np.flatnonzero(labels[left] == labels[right])
        clusters.weigh(left[inside], right[inside], believed[inside])
    order = wanted[np.lexsort((right[wanted], left[wanted], -claims[wanted]))]
    for place in order.tolist():
        one, other = int(left[place]), int(right[place])
        reason = clusters.reason_against(one, other, against)
        if reason is None:
            clusters.join(one, other)
        else:
            contested[place] = reason
    labels = clusters.labels()
    merged = (odds >= merge) & (labels[left] == labels[right])
    contested = {place: pair for place, pair in contested.items() if not merged[place]}
    return Grouped(labels, merged, contested)


def _decided(
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    odds: NDArray[np.float64],
    same: Pairs,
    different: Pairs,
) -> NDArray[np.float64]:
    """Odds with what people decided in place of what was scored."""
    told = dict.fromkeys(different, -_CERTAIN) | dict.fromkeys(same, _CERTAIN)
    if not told:
        return odds
    pairs = zip(left.tolist(), right.tolist(), odds.tolist(), strict=True)
    return np.array([told.get((one, other), value) for one, other, value in pairs], dtype=np.float64)


class _Clusters:
    """Sets that join, with what stands between them."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))
        self._members: dict[int, list[int]] = {}
        self._apart: dict[int, set[int]] = {}
        self._odds: dict[int, dict[int, float]] = {}

    def forbid(self, pairs: Iterable[tuple[int, int]]) -> None:
        """These two are never of one set."""
        for one, other in pairs:
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)

    def weigh(self, left: NDArray[np.int32], right: NDArray[np.int32], odds: NDArray[np.float64]) -> None:
        """What is known of pairs."""
        for one, other, value in zip(left.tolist(), right.tolist(), odds.tolist(), strict=True):
            self._odds.setdefault(one, {})[other] = value
            self._odds.setdefault(other, {})[one] = value

    def root(self, one: int) -> int:
        """What stands for its set."""
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one

    def reason_against(self, one: int, other: int, against: float | None) -> tuple[int, int] | None:
        """The pair that speaks most against joining their sets; None where nothing does."""
        a, b = self.root(one), self.root(other)
        if a == b:
            return None
        fewer, more = sorted((self._of(a), self._of(b)), key=len)
        if self._apart:
            forbidden = next(
                ((x, y) for x in fewer for y in self._apart.get(x, ()) if self.root(y) == self.root(more[0])),
                None,
            )
            if forbidden:
                return forbidden
        if against is None or len(fewer) + len(more) == 2:
            return None
        among = set(more)
        told = [(value, x, y) for x in fewer for y, value in self._odds.get(x, {}).items() if y in among]
        worst = min(told, default=(0.0, one, other))
        if worst[0] <= against or sum(value for value, _, _ in told) < 0.0:
            return worst[1], worst[2]
        return None

    def join(self, one: int, other: int) -> bool:
        """Whether they were joined; not where two of them are never of one set."""
        a, b = sorted((self.root(one), self.root(other)))
        if a == b:
            return False
        if self._apart and self.reason_against(one, other, None) is not None:
            return False
        larger, smaller = self._of(a), self._of(b)
        if len(larger) < len(smaller):
            larger, smaller = smaller, larger
        larger.extend(smaller)
        self._parent[b] = a
        self._members.pop(b, None)
        self._members[a] = larger
        return True

    def labels(self) -> NDArray[np.int32]:
        """int32 (count,): the least member of each one's set."""
        return np.array([self.root(one) for one in range(len(self._parent))], dtype=np.int32)

    def _of(self, root: int) -> list[int]:
        return self._members.get(root) or [root]
