"""Merges as links: two records that are taken for one are a hop with its own evidence, and its own way of
breaking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.statements import Reliability
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Verdict
from partwatch.case.weights import RELIABILITY_BITS

# What a person's word that two records are one is worth: that of a usually reliable source. Policy, stated.
DECISION_BITS: Final = RELIABILITY_BITS[Reliability.USUALLY]


@dataclass(frozen=True)
class Merge:
    """Why two records (keys, left < right) are one. bits: the pair's, and at least DECISION_BITS where a
    person decided. decided: by a person. statements: numbers of what the pair's weight rests on, where the
    run says so."""

    left: str
    right: str
    bits: float
    decided: bool
    by: str
    at: str
    reason: str = ""
    statements: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """What it is called among what a path rests on; the same for the same pair."""
        return f"{self.left[:8]}={self.right[:8]}"


def merges_of(store: CaseStore) -> tuple[Merge, ...]:
    """What people decided to be the same, and what the latest run merged; each pair once. A person has seen
    the pair's evidence, so the two do not add up: the better of them counts."""
    run = store.latest_run()
    found = {}
    for pair in () if run is None else store.pairs(run.id, merged=True):
        assert run is not None
        told = _numbers(pair.waterfall)
        found[pair.left, pair.right] = Merge(
            pair.left, pair.right, pair.bits, False, run.by, run.at, f"run {run.id}", told
        )
    for one in store.decisions():
        if one.verdict is not Verdict.SAME:
            continue
        before = found.get((one.left, one.right))
        bits = max(DECISION_BITS, before.bits if before else 0.0)
        told = before.statements if before else ()
        found[one.left, one.right] = Merge(one.left, one.right, bits, True, one.by, one.at, one.reason, told)
    return tuple(found[pair] for pair in sorted(found))


def forest(count: int, ends: NDArray[np.int32], bits: NDArray[np.float64]) -> NDArray[np.bool_]:
    """bool (s,): the merges that hold each cluster together at the most bits: no two ways between any two
    records. ends: int (s, 2), of `count` nodes. Why not all: the pairs of a cluster are judged by the same
    few fields, so that a namesake in the household fools all of them; to count them as independent would be
    to count one agreement several times."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        while (above := parent.get(one, one)) != one:
            parent[one] = parent.get(above, above)
            one = above
        return one

    chosen = np.zeros(len(ends), dtype=np.bool_)
    for place in np.lexsort((ends[:, 1], ends[:, 0], -bits)):
        left, right = root(int(ends[place, 0])), root(int(ends[place, 1]))
        if left != right:
            parent[max(left, right)] = min(left, right)
            chosen[place] = True
    return chosen


def _numbers(waterfall: Any) -> tuple[int, ...]:
    """Numbers of statements that a waterfall names under `statements`, wherever it is a list of them."""
    rows: Sequence[Any] = waterfall if isinstance(waterfall, list) else [waterfall]
    told: list[Iterable[Any]] = [
        row["statements"] for row in rows if isinstance(row, dict) and isinstance(row.get("statements"), list)
    ]
    return tuple(sorted({one for each in told for one in each if type(one) is int}))
