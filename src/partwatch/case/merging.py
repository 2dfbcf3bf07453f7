"""Which entities are one, of what was found and decided: clusters that hold no pair judged different."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Verdict, ordered
from partwatch.case.vocabulary import SCHEMATA
from partwatch.model.errors import UsageError

if TYPE_CHECKING:
    from partwatch.case.view import CaseView


def canonical_entities(store: CaseStore, keys: Sequence[str]) -> NDArray[np.int32]:
    """int32 (m,): for each key the place of the one it is taken for: people's decisions first, then the
    merges of the latest run, most bits first; none that would put together two judged different."""
    place = {key: number for number, key in enumerate(keys)}
    same, different = _judged(store)
    run = store.latest_run()
    same += [] if run is None else store.merged(run.id)
    return clusters(len(keys), _placed(place, same), _placed(place, different))


def check_joinable(store: CaseStore, view: CaseView, left: str, right: str) -> None:
    """Raises UsageError where two entities cannot be one: they are of kinds that nothing is both of, or were
    judged apart, themselves or others that they are taken for one with."""
    kinds = [view.schema_of(view.place_of[key]) for key in (left, right) if key in view.place_of]
    if len(kinds) == 2 and not _alike(*kinds):
        raise UsageError(f"{left[:12]} is a {kinds[0]} and {right[:12]} a {kinds[1]}: nothing is both")
    place = {key: number for number, key in enumerate(view.keys)}
    same, different = _judged(store)
    pair = ordered(left, right)
    found = clusters(
        len(view.keys),
        _placed(place, [*same, pair]),
        _placed(place, [one for one in different if one != pair]),
    )
    if {left, right} <= place.keys() and found[place[left]] != found[place[right]]:
        apart = next(
            (one for one in different if one != pair and _between(found, place, one, left, right)), None
        )
        named = "" if apart is None else f" ({apart[0][:12]} and {apart[1][:12]})"
        raise UsageError(
            f"{left[:12]} and {right[:12]}: a verdict `different`{named} keeps them apart; judge that "
            "pair anew first"
        )


def _judged(store: CaseStore) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Pairs that people judged to be the same, and different."""
    decisions = store.decisions()
    same, different = (
        [(one.left, one.right) for one in decisions if one.verdict is verdict]
        for verdict in (Verdict.SAME, Verdict.DIFFERENT)
    )
    return same, different


def _alike(left: str, right: str) -> bool:
    """Whether one thing may be told as both."""
    one, other = SCHEMATA.get(left), SCHEMATA.get(right)
    if one is None or other is None:
        return True
    return one.is_a(right) or other.is_a(left) or (one.is_a("LegalEntity") and other.is_a("LegalEntity"))


def _between(
    found: NDArray[np.int32], place: dict[str, int], pair: tuple[str, str], left: str, right: str
) -> bool:
    """Whether a pair holds the clusters of two others apart."""
    if not set(pair) <= place.keys():
        return False
    ends = {int(found[place[key]]) for key in pair}
    return ends == {int(found[place[left]]), int(found[place[right]])}


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
