"""What lies about a thing, within so many hops; records that are taken for one are one, and no hop apart."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch import __version__
from partwatch.case.graph.build import without_links
from partwatch.case.graph.filters import Filter, shut_links
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.told import date_of, filter_told, node_named, node_told, sources_told
from partwatch.model.case_network import CaseLink, CaseNeighbour, CaseNeighboursDocument
from partwatch.model.errors import UsageError

MOST_NODES: Final = 500
MOST_HOPS: Final = 6
_MOST_STATEMENTS: Final = 10
_EVERYTHING: Final = Filter()


def neighbours_of(
    graph: CaseGraph, key: str, hops: int = 1, only: Filter = _EVERYTHING, most: int = MOST_NODES
) -> CaseNeighboursDocument:
    """Things and values within `hops` of one, nearest first, those with few links before hubs; at most
    `most`. What the filter shuts is neither told nor crossed. Raises UsageError."""
    if not 1 <= hops <= MOST_HOPS:
        raise UsageError(f"{hops} hops: from 1 to {MOST_HOPS}")
    start = node_named(graph, key)
    shut = without_links(graph, shut_links(graph, only, frozenset((start,))))
    ends = graph.group[np.stack((graph.a, graph.b))][:, ~shut]
    ends = ends[:, ends[0] != ends[1]]
    away = _hops(graph.nodes, ends, int(graph.group[start]), hops)
    degree = np.bincount(graph.group[np.concatenate((graph.a, graph.b))], minlength=graph.nodes)
    found = np.flatnonzero(away >= 0)
    found = found[np.lexsort((found, degree[found], away[found]))]
    told = found[:most]
    links = _links(graph, told, shut)
    return CaseNeighboursDocument(
        program_version=__version__, start=node_told(graph, start), hops=hops, filter=filter_told(only),
        nodes=tuple(
            CaseNeighbour(node=node_told(graph, int(node)), hops=int(away[node]), links=int(degree[node]))
            for node in told
        ),
        links=links, left_out=len(found) - len(told),
        sources=sources_told(graph, (number for link in links for number in link.sources)),
    )  # fmt: skip


def _hops(count: int, ends: NDArray[np.int32], start: int, hops: int) -> NDArray[np.int64]:
    """int64 (count,): hops from the start, -1 where it is farther."""
    away = np.full(count, -1, dtype=np.int64)
    away[start] = 0
    for hop in range(1, hops + 1):
        near = away[ends] == hop - 1
        reached = np.concatenate((ends[1][near[0]], ends[0][near[1]]))
        away[reached[away[reached] < 0]] = hop
    return away


def _links(graph: CaseGraph, told: NDArray[np.int64], shut: NDArray[np.bool_]) -> tuple[CaseLink, ...]:
    """Links among the nodes told, each once whoever says it."""
    place = np.full(graph.nodes, -1, dtype=np.int64)
    place[told] = np.arange(len(told))
    a, b = place[graph.group[graph.a]], place[graph.group[graph.b]]
    here = np.flatnonzero(~shut & (a >= 0) & (b >= 0) & (a != b))
    found: dict[tuple[int, int, int], list[int]] = {}
    for link in here.tolist():
        found.setdefault((int(a[link]), int(b[link]), int(graph.name[link])), []).append(link)
    return tuple(_told(graph, one, other, links) for (one, other, _), links in sorted(found.items()))


def _told(graph: CaseGraph, one: int, other: int, links: list[int]) -> CaseLink:
    numbers = sorted({number for link in links for number in graph.numbers(link)})
    inferred = graph.bits[links]
    dates = [(int(graph.first[link]), int(graph.last[link])) for link in links]
    dated = [each for each in dates if date_of(each[0]) is not None]
    return CaseLink(
        source=one, target=other, link=graph.names[graph.name[links[0]]],
        directed=bool(graph.directed[links[0]]),
        sources=tuple(sorted({int(n) for n in (*graph.source[links], *graph.other[links])} - {0})),
        times=int(graph.count[links].sum()),
        bits=None if np.isnan(inferred).any() else float(inferred.max()),
        first=date_of(min(first for first, _ in dated)) if dated else None,
        last=date_of(max(last for _, last in dated)) if dated else None,
        statements=tuple(numbers[:_MOST_STATEMENTS]),
    )  # fmt: skip
