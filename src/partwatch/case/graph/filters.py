"""What to look at: a time, some kinds, some sources, some countries. The same for every question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph.dates import days
from partwatch.case.graph.links import NO_DATE, CaseGraph
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import SCHEMATA, Type, property_of
from partwatch.model.errors import UsageError


@dataclass(frozen=True)
class Filter:
    """All of the empty one passes. since, until: ISO 8601, both included, as far as they say (`2024-05`);
    what is said to have happened partly within counts, and what has no date counts unless `dated`. kinds:
    schemata or types of values, with what extends them. sources: numbers. countries: as the statements write
    them; what states none passes."""

    since: str | None = None
    until: str | None = None
    kinds: frozenset[str] = frozenset()
    sources: frozenset[int] = frozenset()
    countries: frozenset[str] = frozenset()
    dated: bool = False

    def __post_init__(self) -> None:
        for told in (self.since, self.until):
            if told is not None and days(told) is None:
                raise UsageError(f"{told}: is no date; write it as 2024-05-31, 2024-05 or 2024")
        for kind in self.kinds:
            if kind not in SCHEMATA and kind not in set(Type):
                raise UsageError(f"{kind}: is neither a schema nor a type of value")

    @property
    def window(self) -> tuple[int, int]:
        """First and last day, since 1970."""
        first, last = self.since and days(self.since), self.until and days(self.until)
        return first[0] if first else NO_DATE + 1, last[1] if last else np.iinfo(np.int32).max

    @property
    def timed(self) -> bool:
        """Whether dates count."""
        return self.since is not None or self.until is not None or self.dated

    def of_kind(self, kind: str) -> bool:
        """Whether a kind passes."""
        if not self.kinds or kind in self.kinds:
            return True
        found = SCHEMATA.get(kind)
        return found is not None and any(found.is_a(name) for name in self.kinds)


def shut_links(graph: CaseGraph, only: Filter, asked: frozenset[int] = frozenset()) -> NDArray[np.bool_]:
    """bool (l,): links that do not pass by their dates and sources, or lead to nodes that do not. asked:
    nodes that the question names; they, and what is one with them, pass."""
    shut = np.zeros(len(graph), dtype=np.bool_)
    if only.sources:
        wanted = np.array(sorted({0, *only.sources}), dtype=np.int64)
        shut |= ~np.isin(graph.source, wanted) | ~np.isin(graph.other, wanted)
    if only.timed:
        first, last = only.window
        dated = graph.first != NO_DATE
        outside = dated & ((graph.last < first) | (graph.first > last))
        # When two records became one is no date of theirs.
        shut |= outside | (~dated & only.dated & (graph.merge < 0))
    nodes = shut_nodes(graph, only)
    nodes[np.isin(graph.group, graph.group[sorted(asked)])] = False
    return shut | nodes[graph.a] | nodes[graph.b]


def shut_nodes(graph: CaseGraph, only: Filter) -> NDArray[np.bool_]:
    """bool (n,): nodes that do not pass by what they are and where."""
    wrong = np.array([not only.of_kind(kind) for kind in graph.kinds] + [True], dtype=np.bool_)
    shut = wrong[graph.kind]
    if only.countries:
        shut |= elsewhere(graph.view, only.countries)[np.minimum(graph.group, len(graph.view.keys))]
    return shut


def elsewhere(view: CaseView, countries: frozenset[str]) -> NDArray[np.bool_]:
    """bool (m + 1,): entities that state countries, none of these; the last is False."""
    here = country_rows(view)
    told = np.zeros(len(view.keys) + 1, dtype=np.bool_)
    among = np.zeros_like(told)
    told[view.about[here]] = True
    wanted = {one.casefold() for one in countries}
    among[view.about[[row for row in here.tolist() if view.values[row].casefold() in wanted]]] = True
    return told & ~among


def country_rows(view: CaseView) -> NDArray[np.int64]:
    """Rows of the statements that name a country."""
    table = np.array(
        [[_is_country(schema, prop) for prop in view.props] for schema in view.schemata], dtype=np.bool_
    ).reshape(len(view.schemata), len(view.props))
    if not len(view):
        return np.zeros(0, dtype=np.int64)
    found: NDArray[np.int64] = np.flatnonzero(table[view.schema, view.prop])
    return found


def _is_country(schema: str, prop: str) -> bool:
    found = property_of(schema, prop)
    return found is not None and found.type is Type.COUNTRY
