"""What is asked of the house: to resolve a case, and how strongly two of it are tied."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases.rivals import Plain
from benchmarks.cases.taking import BY
from partwatch.case.store import CaseStore
from partwatch.case.view import CaseView


@dataclass(frozen=True)
class Scores:
    """Every pair of records that was compared. left, right: keys; bits: (n,)."""

    left: Sequence[str]
    right: Sequence[str]
    bits: NDArray[np.float64]


def resolve(store: CaseStore) -> None:
    """A run of the resolution by the house's own policy."""
    from partwatch.case.resolution import resolve as run

    run(store, BY)


def scores(view: CaseView) -> Scores:
    """All pairs that blocking lets through, with calibrated bits, of every kind of record."""
    from partwatch.case.resolution.calibration import shipped_calibration
    from partwatch.case.resolution.policy import Policy
    from partwatch.case.resolution.records import records_of
    from partwatch.case.resolution.resolving import resolved

    left: list[str] = []
    right: list[str] = []
    bits: list[NDArray[np.float64]] = [np.zeros(0)]
    curves = shipped_calibration().curves
    for kind, records in records_of(view).items():
        found = resolved(records, curves[kind], Policy())
        left += [records.keys[one] for one in found.scored.left.tolist()]
        right += [records.keys[one] for one in found.scored.right.tolist()]
        bits.append(found.bits)
    return Scores(left, right, np.concatenate(bits))


@dataclass(frozen=True)
class Tie:
    """Bits of the strongest path, and of all that were found together; -1 where there is none at all, 0 of
    what is worth nothing."""

    strongest: float
    together: float


class Ties:
    """The network of a case."""

    def __init__(self, store: CaseStore) -> None:
        from partwatch.case.graph.build import graph_of_case

        self.graph: Any = graph_of_case(store)
        self.view: CaseView = self.graph.view
        group = self.graph.group
        self.plain = Plain(len(group), group[self.graph.a], group[self.graph.b])

    def place(self, key: str) -> int | None:
        """Where an entity stands in the network."""
        return self.view.canonical_of(key)

    @property
    def people(self) -> NDArray[np.int64]:
        """Places of all people, each once."""
        graph = self.graph
        wanted = np.array([name == "Person" for name in graph.kinds] + [False])
        first = graph.group == np.arange(graph.nodes)
        found: NDArray[np.int64] = np.flatnonzero(first & wanted[graph.kind])
        return found

    def leads(self, start: str) -> NDArray[np.float64]:
        """(n,): what leads are ranked by, from an entity by its key."""
        from partwatch.case.graph.ranking import shares_of

        return shares_of(self.graph, start)

    def tie(self, start: str, end: str, count: int = 5) -> Tie:
        """Between two entities by their keys. count: paths that are looked for."""
        from partwatch.case.graph.paths import paths_between

        near, far = self.view.canonical_of(start), self.view.canonical_of(end)
        if near is None or far is None:
            return Tie(-1.0, -1.0)
        if near == far:
            return Tie(math.inf, math.inf)
        told = paths_between(self.graph, start, end, count, deep=False)
        return Tie(told.paths[0].bits, told.together.bits) if told.paths else Tie(-1.0, -1.0)


def best_known(view: CaseView, person_of: Mapping[str, str]) -> dict[str, str]:
    """For each person a key of the entity that holds most of their records: whom an investigator would name.
    person_of: the truth, by record."""
    held: dict[str, dict[int, list[str]]] = {}
    for key, person in person_of.items():
        place = view.canonical_of(key)
        if place is not None:
            held.setdefault(person, {}).setdefault(place, []).append(key)
    return {
        person: max(clusters.values(), key=lambda keys: (len(keys), keys[0]))[0]
        for person, clusters in held.items()
    }
