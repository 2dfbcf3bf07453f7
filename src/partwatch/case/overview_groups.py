"""Communities and brokers of a network, as its page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from partwatch.case.graph.between import betweenness
from partwatch.case.graph.communities import network_of
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.louvain import louvain


@dataclass(frozen=True)
class Groups:
    """communities: number by cluster, the largest is 0; those of two or fewer have none. brokers: the share
    of shortest ways between others that lead through each, by cluster."""

    communities: Mapping[int, int] = field(default_factory=dict)
    brokers: Mapping[int, float] = field(default_factory=dict)


def groups_of(graph: CaseGraph, seed: int = 0, least: int = 3) -> Groups:
    """The communities of at least so many, and brokers."""
    network = network_of(graph)
    own = louvain(len(network.groups), network.pairs, network.weights, seed)
    between, _ = betweenness(len(network.groups), network.pairs, seed)
    sizes = np.bincount(own) if len(own) else np.zeros(0, dtype=np.int64)
    return Groups(
        {
            int(node): int(number)
            for node, number in zip(network.groups, own, strict=True)
            if sizes[number] >= least
        },
        {int(node): float(share) for node, share in zip(network.groups, between, strict=True) if share > 0},
    )
