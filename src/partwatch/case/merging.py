"""Which entities are one, of what was found and decided: clusters that hold no pair judged different."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Verdict


def canonical_entities(store: CaseStore, keys: Sequence[str]) -> NDArray[np.int32]:
    """int32 (m,): for each key the place of the one it is taken for: people's decisions first, then the
    merges of the latest run, most bits first; none that would put together two judged different."""
    place = {key: number for number, key in enumerate(keys)}
    decisions = store.decisions()
    run = store.latest_run()
    same = [(one.left, one.right) for one in decisions if one.verdict is Verdict.SAME]
    different = [(one.left, one.right) for one in decisions if one.verdict is Verdict.DIFFERENT]
    same += [] if run is None else store.merged(run.id)
    return clusters(len(keys), _placed(place, same), _placed(place, different))


def clusters(
    count: int, same: Iterable[tuple[int, int]], different: Iterable[tuple[int, int]]
) -> NDArray[np.int32]:
    """int32 (count,): the least member of each one's cluster. same: pairs to join, in the order in which they
    are tried; a join that would put a pair of `different` together is left out."""
    parent = list(range(count))
    members: dict[int, set[int]] = {}
    apart: dict[int, set[int]] = {}
    for left, right in different:
        apart.setdefault(left, set()).add(right)
        apart.setdefault(right, set()).add(left)

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for left, right in same:
        a, b = sorted((root(left), root(right)))
        if a == b:
            continue
        of_a, of_b = members.get(a, {a}), members.get(b, {b})
        if apart and any(apart.get(one, set()) & of_a for one in of_b):
            continue
        parent[b] = a
        members[a] = of_a | of_b
        members.pop(b, None)
    return np.array([root(one) for one in range(count)], dtype=np.int32)


def _placed(place: dict[str, int], pairs: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
    return [(place[left], place[right]) for left, right in pairs if left in place and right in place]
