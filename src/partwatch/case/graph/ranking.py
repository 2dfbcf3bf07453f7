"""Who stands behind a thing: an order of those to look at first. A lead, and no evidence.

What is ranked by is the share of a walk (walk.py) that comes by each. Were the one who is sought reached as
the walk goes, the share of its kind times how many there are would be the likelihood ratio of that one
against one drawn blindly. Nobody has shown that of any case, so it is an order, and its figure no bits of
evidence. The bits of the strongest path stand beside it and mean what they always do.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch import __version__
from partwatch.case.graph.build import without_links
from partwatch.case.graph.filters import Filter, shut_links
from partwatch.case.graph.links import CaseGraph, Floats
from partwatch.case.graph.search import Way, best_way
from partwatch.case.graph.terrain import Terrain
from partwatch.case.graph.told import filter_told, node_named, node_told, weight
from partwatch.case.graph.walk import ON, steps_of, visits
from partwatch.model.case_ranking import CaseLead, CaseRankingDocument
from partwatch.model.errors import UsageError

DEFAULT_KIND: Final = "Person"
DEFAULT_LEADS: Final = 20
MOST_LEADS: Final = 200
# Labels that the search for one lead's strongest path looks at.
_STEPS: Final = 4_000
# Shares that differ by less are level: sums of the same numbers in another order do.
_LEVEL: Final = 1e-9
_EVERYTHING: Final = Filter()


def ranking_of(
    graph: CaseGraph,
    key: str,
    kind: str = DEFAULT_KIND,
    only: Filter = _EVERYTHING,
    most: int = DEFAULT_LEADS,
) -> CaseRankingDocument:
    """Things of a kind (a schema with what extends it, or a type of value) in the order in which a walk from
    one thing comes by them, the first `most`. What the filter shuts is neither told nor crossed. Raises
    UsageError."""
    if not 1 <= most <= MOST_LEADS:
        raise UsageError(f"{most} leads: from 1 to {MOST_LEADS}")
    wanted = Filter(kinds=frozenset((kind,)))
    start = node_named(graph, key)
    shut = without_links(graph, shut_links(graph, only, frozenset((start,))))
    share = visits(graph, steps_of(graph, shut), start)
    among = _of_kind(graph, wanted, start)
    reached = among[share[among] > 0]
    total = float(share[reached].sum())
    away = _hops(graph, shut, start)
    order = reached[np.lexsort((_names(graph, reached), away[reached], -_levels(share[reached])))]
    told = order[:most]
    return CaseRankingDocument(
        program_version=__version__, start=node_told(graph, start), kind=kind, filter=filter_told(only),
        on=ON, population=len(among), reached=len(reached),
        leads=tuple(
            _lead(
                graph, (start, int(node)), shut,
                1 + int(np.count_nonzero(share[reached] > share[node] * (1.0 + _LEVEL))),
                float(share[node]) / total, len(among), int(away[node]),
            )
            for node in told
        ),
        left_out=len(reached) - len(told),
    )  # fmt: skip


def shares_of(graph: CaseGraph, key: str, only: Filter = _EVERYTHING) -> Floats:
    """float64 (n,): what is ranked by, of every cluster by its first node. Raises UsageError."""
    start = node_named(graph, key)
    shut = without_links(graph, shut_links(graph, only, frozenset((start,))))
    return visits(graph, steps_of(graph, shut), start)


def _of_kind(graph: CaseGraph, wanted: Filter, start: int) -> NDArray[np.int64]:
    right = np.array([wanted.of_kind(name) for name in graph.kinds] + [False], dtype=np.bool_)
    first = graph.group == np.arange(graph.nodes)
    first[graph.group[start]] = False
    found: NDArray[np.int64] = np.flatnonzero(first & right[graph.kind])
    return found


def _levels(share: Floats) -> Floats:
    """Shares, those that are level made equal to the greatest of them."""
    order = np.argsort(-share, kind="stable")
    found = share.copy()
    for before, here in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        if found[before] <= share[here] * (1.0 + _LEVEL):
            found[here] = found[before]
    return found


def _names(graph: CaseGraph, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 (k,): places by the keys, so that the order does not hang on how statements came."""
    keys = [
        min((graph.key_of(one) for one in graph.members.get(node, ())), default=graph.key_of(node))
        for node in nodes.tolist()
    ]
    found = np.empty(len(keys), dtype=np.int64)
    found[sorted(range(len(keys)), key=lambda one: keys[one])] = np.arange(len(keys))
    return found


def _hops(graph: CaseGraph, shut: NDArray[np.bool_], start: int) -> Floats:
    """float64 (n,): the fewest hops to each cluster."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    ends = graph.group[np.stack((graph.a, graph.b))][:, ~shut]
    ends = ends[:, ends[0] != ends[1]]
    beside = csr_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(graph.nodes, graph.nodes))
    found: Floats = dijkstra(beside, directed=False, indices=int(graph.group[start]), unweighted=True)
    return found


def _short(graph: CaseGraph, way: Way) -> tuple[list[int], list[int]]:
    """A path without the hops between records that are one."""
    nodes, links = [way.nodes[0]], []
    for node, link in zip(way.nodes[1:], way.links, strict=True):
        if graph.group[node] != graph.group[nodes[-1]]:
            nodes.append(node)
            links.append(link)
    return nodes, links


def _lead(
    graph: CaseGraph,
    ends: tuple[int, int],
    shut: NDArray[np.bool_],
    place: int,
    share: float,
    population: int,
    hops: int,
) -> CaseLead:
    best = best_way(Terrain.of(graph, *ends, shut), steps=_STEPS)
    nodes, links = _short(graph, best.way) if best.way else ([], [])
    return CaseLead(
        place=place, node=node_told(graph, ends[1]), score=math.log2(share * population), share=share,
        bits=weight(best.way.cost) if best.way else 0.0, bits_shown=best.shown, hops=hops,
        path=tuple(node_told(graph, node) for node in nodes),
        links=tuple(graph.names[graph.name[link]] for link in links),
    )  # fmt: skip
