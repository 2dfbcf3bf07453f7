"""What was asked of a case, answered again on what counts now, and where the answers lie in its network."""

from __future__ import annotations

from dataclasses import dataclass

from partwatch.case.graph.difference import END, PATH_QUESTION, START
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.paths import DEFAULT_PATHS, paths_between
from partwatch.case.graph.told import node_named
from partwatch.case.store import CaseStore
from partwatch.case.weights import RELIABILITY_BITS, error_of, source_error
from partwatch.model.case_paths import CaseHop, CasePath, CasePathsDocument
from partwatch.model.errors import UsageError


@dataclass(frozen=True)
class Answers:
    """told: an answer each, in the order they were asked. gone: why others have none: nothing that stands is
    said of one of their ends."""

    told: tuple[CasePathsDocument, ...] = ()
    gone: tuple[str, ...] = ()


def answers_of(store: CaseStore, graph: CaseGraph, paths: int = DEFAULT_PATHS) -> Answers:
    """The kept questions of how two things are tied, answered on the network. paths: at most, of each."""
    told, gone = [], []
    for kind, asked in store.questions():
        if kind != PATH_QUESTION or not {START, END} <= set(asked):
            continue
        try:
            told.append(paths_between(graph, str(asked[START]), str(asked[END]), paths))
        except UsageError as error:
            gone.append(str(error))
    return Answers(tuple(told), tuple(gone))


def nodes_of(graph: CaseGraph, path: CasePath) -> list[int]:
    """Nodes of the network along a path, in order."""
    return [node_named(graph, one.source.key) for one in path.hops[:1]] + [
        node_named(graph, one.target.key) for one in path.hops
    ]


def link_of(graph: CaseGraph, hop: CaseHop) -> int:
    """The link of the network that a hop is. Raises UsageError where there is none."""
    ends = node_named(graph, hop.source.key), node_named(graph, hop.target.key)
    between = graph.links_between(*ends).tolist()
    named = [link for link in between if graph.names[graph.name[link]] == hop.link]
    for link in named:
        if {int(graph.source[link]), int(graph.other[link])} - {0} == set(hop.sources):
            return int(link)
    if not named:
        raise UsageError(f"{hop.source.caption} and {hop.target.caption}: no link {hop.link} joins them now")
    return int(named[0])


def weakest_of(graph: CaseGraph, path: CasePath) -> int:
    """The place of the hop that is likeliest to be wrong: by its inference, its sources, and how many share
    what it comes to."""
    errors = [_error(graph, hop) for hop in path.hops]
    return errors.index(max(errors))


def _error(graph: CaseGraph, hop: CaseHop) -> float:
    error = 0.0 if hop.bits is None else error_of(hop.bits)
    for number in hop.sources:
        known = graph.view.sources.get(number)
        error += source_error(known.info.reliability) if known else error_of(min(RELIABILITY_BITS.values()))
    crossing = hop.crossing
    if crossing is not None and crossing.holders > 1 and not crossing.settled:
        error += crossing.holders / max(1, crossing.population)
    return error
