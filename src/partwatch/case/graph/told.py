"""Nodes, sources and filters as the documents tell them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from partwatch.case.graph.dates import told as date_told
from partwatch.case.graph.filters import Filter
from partwatch.case.graph.links import NO_DATE, CaseGraph
from partwatch.case.graph.reliability import bits
from partwatch.case.statements import Reliability
from partwatch.case.weights import RELIABILITY_BITS
from partwatch.model.case_paths import CaseFilter, CaseNode, CaseSource
from partwatch.model.errors import UsageError

# More than any case supports; a document has no infinite numbers.
MOST_BITS = 1000.0


def weight(error: float) -> float:
    """Bits of an error, as documents tell them."""
    return min(MOST_BITS, bits(error))


def node_told(graph: CaseGraph, node: int) -> CaseNode:
    """A node for people."""
    records = len(graph.members.get(int(graph.group[node]), ())) or 1
    return CaseNode(
        key=graph.key_of(node), kind=graph.kind_of(node), caption=graph.caption(node), records=records
    )


def source_told(graph: CaseGraph, number: int) -> CaseSource:
    """A source for people."""
    known = graph.view.sources.get(number)
    letter = known.info.reliability if known else Reliability.CANNOT_BE_JUDGED
    return CaseSource(
        id=number,
        name=known.info.name if known else f"source {number}",
        said_by=known.info.said_by if known else "",
        reliability=letter.value,
        bits=RELIABILITY_BITS[letter],
    )


def sources_told(graph: CaseGraph, numbers: Iterable[int]) -> tuple[CaseSource, ...]:
    """Sources in the order of their numbers, each once."""
    return tuple(source_told(graph, number) for number in sorted(set(numbers)))


def filter_told(only: Filter) -> CaseFilter:
    """What was looked at."""
    return CaseFilter(
        since=only.since, until=only.until, kinds=tuple(sorted(only.kinds)),
        sources=tuple(sorted(only.sources)), countries=tuple(sorted(only.countries)), dated=only.dated,
    )  # fmt: skip


def date_of(day: int) -> str | None:
    """A day since 1970, or none."""
    return None if day == NO_DATE else date_told(day)


def node_named(graph: CaseGraph, key: str) -> int:
    """The node of a key, `type:value` for a value. Raises UsageError where there is none."""
    if (node := graph.node_of(key)) is not None:
        return node
    if key in graph.view.place_of:
        raise UsageError(f"{key}: is a link between things; name one of them")
    kind, _, value = key.partition(":")
    if value and (kind, value) in graph.values:
        return len(graph.view.keys) + graph.values.index((kind, value))
    raise UsageError(
        f"{key}: nothing that stands is said of it; `partwatch case sources` lists what was withdrawn"
    )


def finite(number: float) -> float:
    """A number that a document can hold."""
    return number if math.isfinite(number) else math.copysign(MOST_BITS, number)
