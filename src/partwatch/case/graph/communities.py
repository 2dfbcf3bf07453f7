"""Which things belong together, and who joins those that do not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch import __version__
from partwatch.case.graph.between import betweenness
from partwatch.case.graph.build import without_links
from partwatch.case.graph.filters import Filter, shut_links, shut_nodes
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.louvain import louvain, modularity
from partwatch.case.graph.told import filter_told, node_told
from partwatch.model.case_network import CaseBroker, CaseCommunitiesDocument, CaseCommunity

MOST_COMMUNITIES: Final = 50
MOST_BROKERS: Final = 25
_MEMBERS: Final = 12
_EVERYTHING: Final = Filter()


@dataclass(frozen=True)
class Network:
    """Groups that have links, as nodes 0 to n - 1. groups: int64 (n,), of the graph; pairs: int64 (e, 2);
    weights: (e,); alone: how many have none."""

    groups: NDArray[np.int64]
    pairs: NDArray[np.int64]
    weights: NDArray[np.float64]
    alone: int


def network_of(graph: CaseGraph, only: Filter = _EVERYTHING) -> Network:
    """Records that are one taken together, each pair of nodes once. A link weighs what is left of it after
    its inference's error, less where many stand in the same place: a hub holds nobody together."""
    shut = without_links(graph, shut_links(graph, only))
    ends = graph.group[np.stack((graph.a, graph.b))].astype(np.int64)
    used = np.flatnonzero(~shut & (ends[0] != ends[1]))
    ends = np.sort(ends[:, used], axis=0)
    holders = np.append(graph.ports.holders, 1)
    fuller = np.maximum(holders[graph.port_a[used]], holders[graph.port_b[used]])
    weight = np.maximum(1.0 - graph.error[used], 1e-6) / np.log2(1.0 + fuller)
    told, place = np.unique(ends[0] * max(1, graph.nodes) + ends[1], return_inverse=True)
    pairs = np.stack((told // max(1, graph.nodes), told % max(1, graph.nodes)), axis=1)
    groups, numbered = np.unique(pairs, return_inverse=True)
    open_ = ~shut_nodes(graph, only) & (graph.kind >= 0) & (graph.group == np.arange(graph.nodes))
    alone = int(np.count_nonzero(open_)) - len(groups)
    return Network(
        groups,
        numbered.reshape(-1, 2),
        np.bincount(place, weight, len(told)).astype(np.float64),
        max(0, alone),
    )


def communities_of(graph: CaseGraph, only: Filter = _EVERYTHING, seed: int = 0) -> CaseCommunitiesDocument:
    """Communities by modularity, the largest first, and those things that others are tied through most, by
    betweenness and by how many communities they join."""
    network = network_of(graph, only)
    own = louvain(len(network.groups), network.pairs, network.weights, seed)
    between, sampled = betweenness(len(network.groups), network.pairs, seed)
    count = int(own.max()) + 1 if len(own) else 0
    return CaseCommunitiesDocument(
        program_version=__version__, filter=filter_told(only), seed=seed,
        modularity=modularity(network.pairs, network.weights, own),
        communities=tuple(
            _community(graph, network, own, number) for number in range(min(count, MOST_COMMUNITIES))
        ),
        left_out=max(0, count - MOST_COMMUNITIES), alone=network.alone,
        brokers=_brokers(graph, network, own, between), sampled=sampled,
    )  # fmt: skip


def _degrees(network: Network) -> NDArray[np.int64]:
    return np.bincount(network.pairs.reshape(-1), minlength=len(network.groups))


def _community(graph: CaseGraph, network: Network, own: NDArray[np.int64], number: int) -> CaseCommunity:
    members = np.flatnonzero(own == number)
    here = own[network.pairs] == number
    degree = _degrees(network)
    most = members[np.lexsort((members, -degree[members]))][:_MEMBERS]
    kinds = Counter(graph.kind_of(int(network.groups[one])) for one in members)
    return CaseCommunity(
        id=number, size=len(members), kinds=dict(sorted(kinds.items(), key=lambda each: (-each[1], each[0]))),
        members=tuple(node_told(graph, int(network.groups[one])) for one in most),
        inside=int(np.count_nonzero(here.all(axis=1))),
        outside=int(np.count_nonzero(here.any(axis=1) & ~here.all(axis=1))),
    )  # fmt: skip


def _brokers(
    graph: CaseGraph, network: Network, own: NDArray[np.int64], between: NDArray[np.float64]
) -> tuple[CaseBroker, ...]:
    degree = _degrees(network)
    touched, participation = _participation(network, own)
    order = np.lexsort((np.arange(len(own)), -participation, -between))[:MOST_BROKERS]
    return tuple(
        CaseBroker(
            node=node_told(graph, int(network.groups[one])), community=int(own[one]),
            betweenness=float(between[one]), communities=int(touched[one]),
            participation=float(participation[one]), links=int(degree[one]),
        )
        for one in order.tolist()
        if between[one] > 0
    )  # fmt: skip


def _participation(network: Network, own: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How many communities each node's links lead to, and 1 less the sum of squares of the shares."""
    count = len(network.groups)
    if not count:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    near, far = np.concatenate((network.pairs, network.pairs[:, ::-1])).T
    width = int(own.max()) + 1
    told, place = np.unique(near * width + own[far], return_inverse=True)
    weight = np.bincount(place, np.concatenate((network.weights, network.weights)), len(told))
    total = np.bincount(told // width, weight, count)
    share = weight / np.maximum(total[told // width], 1e-300)
    squares = np.bincount(told // width, share**2, count).astype(np.float64)
    return np.bincount(told // width, minlength=count), 1.0 - squares
