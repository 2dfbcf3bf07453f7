"""How much of a walk from one thing comes by each of the others: all ways there at once, each worth what its
crossings leave of it.

A walk goes on with chance ON at each step. It takes one of the roles of the thing where it stands, each
alike, and in that role one of those who stand there: the chance of a way is one over the product of its ways
on, as chance.py counts them. Among those who stand in a role of messages or payments the more frequent
contact is likelier, by log2(1 + times): the second message tells more than the two-hundredth. What comes by a
thing is the sum over all ways to it, as of personalised PageRank (Page, Brin, Motwani and Winograd 1999);
times N that is the sum of N / (ways on), which chance.py weighs for one path, uncapped.

A step holds as far as what says it does: the walk ends there with the chance that the inference or merge is
wrong, or every source that says it. A source is paid for where a way comes to rest on it, not again for
the hops by it that follow at once; one that is left and comes back is paid for twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph.links import CaseGraph, Floats
from partwatch.case.graph.roles import joins
from partwatch.case.graph.terrain import source_errors

# Of each step that there is another: the value that Page et al. used, not one that was sought.
ON: Final = 0.85
# What of the walk is still on its way when it is told; at most some 100 steps.
_LEFT: Final = 1e-7

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """Steps from where a walk stands. stands: int64 (s,), the cluster of each of s stands, by the source of
    the last hop or by none; onward: (s, n), from each of n clusters to a stand; besides: (s, s), more of it
    where the last hop was by the same source."""

    stands: Places
    onward: Any
    besides: Any


@dataclass(frozen=True)
class _Sides:
    """Links that can be used as h steps, each both ways: near, far: clusters; port: where it goes out; link;
    pair: the run of steps from one port to one cluster."""

    near: Places
    far: Places
    port: Places
    link: Places
    pair: Places
    pairs: int


def steps_of(graph: CaseGraph, shut: NDArray[np.bool_]) -> Steps:
    """All steps over what is not shut (bool (l,)). Clusters are one, and no step apart."""
    from scipy.sparse import csr_array

    sides = _sides(graph, shut)
    taken = _taken(graph, sides)
    error, source = _sources(graph, sides.link)
    inferred = _least(np.maximum(graph.error[sides.link], _unsure_merges(graph, shut)[sides.link]), sides)
    none_holds = np.ones(sides.pairs)
    np.multiply.at(none_holds, sides.pair, error)
    right = np.bincount(sides.pair, 1.0 - error, sides.pairs)
    share = (1.0 - error) / np.maximum(right, 1e-300)[sides.pair]
    holds = taken * (1.0 - inferred)
    fresh = holds * (1.0 - none_holds[sides.pair]) * share
    # Where the source is right already, whatever all of them are worth.
    again = np.where(source > 0, holds * none_holds[sides.pair], 0.0)
    width = int(source.max(initial=0)) + 1
    stands, into = np.unique(sides.far * width + source, return_inverse=True)
    before = sides.near * width + source
    at = np.minimum(np.searchsorted(stands, before), max(0, len(stands) - 1))
    known = np.flatnonzero((stands[at] == before) & (again > 0)) if len(stands) else at
    size = len(stands)
    return Steps(
        stands // width,
        csr_array((fresh, (into, sides.near)), shape=(size, graph.nodes)),
        csr_array((again[known], (into[known], at[known])), shape=(size, size)),
    )


def visits(graph: CaseGraph, steps: Steps, start: int) -> Floats:
    """float64 (n,): the share of a walk from the cluster of `start` that comes by each cluster, its steps
    back and forth included; what was lost to errors is nowhere."""
    here = np.zeros(graph.nodes)
    here[graph.group[start]] = 1.0 - ON
    found = here.copy()
    standing = ON * (steps.onward @ here)
    while standing.sum() > _LEFT:
        here = np.bincount(steps.stands, standing, graph.nodes).astype(np.float64)
        found += here
        standing = ON * (steps.onward @ here + steps.besides @ standing)
    return found


def _sides(graph: CaseGraph, shut: NDArray[np.bool_]) -> _Sides:
    ends = graph.group[np.stack((graph.a, graph.b))].astype(np.int64)
    kept = np.flatnonzero(~shut & (graph.merge < 0) & (ends[0] != ends[1]))
    near, far = np.concatenate((ends[0, kept], ends[1, kept])), np.concatenate((ends[1, kept], ends[0, kept]))
    port = np.concatenate((graph.port_a[kept], graph.port_b[kept])).astype(np.int64)
    told, pair = np.unique(port * max(1, graph.nodes) + far, return_inverse=True)
    return _Sides(near, far, port, np.concatenate((kept, kept)), pair, len(told))


def _taken(graph: CaseGraph, sides: _Sides) -> Floats:
    """float64 (h,): how likely a walk at `near` goes to `far` by that port, the same for each of a pair."""
    events = np.array([joins(name) for name in graph.names] or [False], dtype=np.bool_)
    often = np.where(events[graph.name[sides.link]], graph.count[sides.link], 1)
    # Two who tell of the same messages: the one who tells of more.
    most = np.zeros(sides.pairs)
    np.maximum.at(most, sides.pair, np.log2(1.0 + often))
    one = np.unique(sides.pair, return_index=True)[1]
    ports = len(graph.ports.holders)
    of_port = np.bincount(sides.port[one], most, ports)
    first = np.unique(sides.port, return_index=True)[1]
    roles = np.bincount(sides.near[first], minlength=graph.nodes)
    return most[sides.pair] / of_port[sides.port] / roles[sides.near]


def _sources(graph: CaseGraph, link: Places) -> tuple[Floats, Places]:
    """The chance that those who say a link are wrong, and its source; 0 where it needs two, or none."""
    errors = source_errors(graph)
    table = np.zeros(max((*errors, 0)) + 1)
    for number, error in errors.items():
        table[number] = error
    of_one, of_other = table[graph.source[link]], table[graph.other[link]]
    single = graph.other[link] == 0
    return 1.0 - (1.0 - of_one) * (1.0 - of_other), np.where(single, graph.source[link], 0).astype(np.int64)


def _unsure_merges(graph: CaseGraph, shut: NDArray[np.bool_]) -> Floats:
    """float64 (l,): the chance that an end of a link is not one with its cluster: of the strongest merge of
    that record, so that of a pair both pay."""
    same = np.flatnonzero((graph.merge >= 0) & ~shut)
    least = np.full(graph.nodes, np.inf)
    np.minimum.at(least, graph.a[same], graph.error[same])
    np.minimum.at(least, graph.b[same], graph.error[same])
    least[np.isinf(least)] = 0.0
    found: Floats = 1.0 - (1.0 - least[graph.a]) * (1.0 - least[graph.b])
    return found


def _least(values: Floats, sides: _Sides) -> Floats:
    """The least of each pair, for each of its steps."""
    found = np.full(sides.pairs, np.inf)
    np.minimum.at(found, sides.pair, values)
    return found[sides.pair]
