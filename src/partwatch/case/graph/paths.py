"""How is this tied to that, how sure are we, and what breaks it: the answer, as a document."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch import __version__
from partwatch.case.graph.breaks import Without, likeliest_cut, losses
from partwatch.case.graph.build import without_links
from partwatch.case.graph.components import Component, System, reading_of
from partwatch.case.graph.filters import Filter, shut_links
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.rivals import rivals
from partwatch.case.graph.search import Ahead, Best, Search, Way, best_way
from partwatch.case.graph.terrain import Terrain
from partwatch.case.graph.told import (
    date_of,
    filter_told,
    node_named,
    node_told,
    sources_told,
    weight,
)
from partwatch.model.case_paths import (
    CaseCrossing,
    CaseCut,
    CaseHop,
    CasePath,
    CasePathsDocument,
    CaseRank,
    CaseTogether,
    CaseWithout,
)

DEFAULT_PATHS: Final = 5
# Numbers of statements that a hop names; a hop may be thousands of messages.
MOST_STATEMENTS: Final = 20
# Labels looked at to say how many others are tied as strongly.
_RANK_STEPS: Final = 15_000
_EVERYTHING: Final = Filter()


def paths_between(
    graph: CaseGraph,
    start: str,
    end: str,
    count: int = DEFAULT_PATHS,
    only: Filter = _EVERYTHING,
    deep: bool = True,
) -> CasePathsDocument:
    """How two things are tied, named by their keys (`type:value` for a value): the strongest path, up to
    `count` in all, how sure all of them together are, and what breaks it. A record that was merged with
    others is asked for as the record that it is: its merges are hops. deep: also say what remains without
    each thing, and how many others are tied as strongly; takes several times as long. Raises UsageError."""
    terrain, shut = _terrain(graph, node_named(graph, start), node_named(graph, end), only)
    if terrain.start == terrain.end:
        best, ways = Best(None, 0.0, True), []
    else:
        ahead = Ahead.of(terrain)
        best = best_way(terrain, ahead)
        ways = rivals(terrain, ahead, best, count)
    system = System(terrain)
    for way in ways:
        system.add(way)
    failed = system.failure()
    worth = bool(ways) and ways[0].cost < 1.0
    told = losses(terrain, ways, shut) if deep and worth else []
    cut = likeliest_cut(system.readings) if worth else None
    used = {one.key for one in system.components if one.what == "source"}
    return CasePathsDocument(
        program_version=__version__, start=node_told(graph, terrain.start), end=node_told(graph, terrain.end),
        filter=filter_told(only), same=terrain.group(terrain.start) == terrain.group(terrain.end),
        statements=len(graph.view), links=len(graph),
        dangling=graph.dangling, paths=tuple(_path(terrain, way) for way in ways),
        best_shown=best.shown, best_bound=weight(best.lower),
        together=CaseTogether(
            bits=weight(failed.chance), exact=failed.exact, low=weight(failed.high), high=weight(failed.low),
            components=len(system.components), paths=len(ways),
        ),
        rank=_rank(terrain, ways[0]) if deep and worth else None,
        without=tuple(_without(graph, one) for one in told),
        cut=None if cut is None else CaseCut(
            components=tuple(_component(graph, one) for one in cut),
            bits=sum(weight(one.error) for one in cut),
        ),
        sources=sources_told(graph, used),
    )  # fmt: skip


def _terrain(graph: CaseGraph, start: int, end: int, only: Filter) -> tuple[Terrain, NDArray[np.bool_]]:
    """What the filter leaves open; what is asked for is open whatever its kind and place."""
    shut = shut_links(graph, only, frozenset((start, end)))
    return Terrain.of(graph, start, end, without_links(graph, shut)), shut


def _path(terrain: Terrain, way: Way) -> CasePath:
    reading = reading_of(terrain, way.nodes, way.links)
    parts = sorted(reading.components, key=lambda one: (one.what != "source", one.what, one.key))
    crossings = _crossings(terrain, way)
    return CasePath(
        bits=weight(way.cost),
        chance_bits=weight(reading.chance) if reading.chance > 0 else None,
        from_end=terrain.reach(way.nodes, way.links).from_end,
        hops=tuple(_hop(terrain, way, place, crossings.get(place)) for place in range(len(way.links))),
        sources=tuple(one.key for one in parts if one.what == "source"),
        rests_on=tuple(_component(terrain.graph, one) for one in parts),
    )


def _crossings(terrain: Terrain, way: Way) -> dict[int, CaseCrossing]:
    """What is crossed, by the hop that comes in."""
    found = {}
    places = {node: place for place, node in enumerate(way.nodes)}
    for at, inward, _, outward in terrain.crossed(way.nodes, way.links):
        ports = terrain.graph.ports
        found[places[at] - 1] = CaseCrossing(
            role=terrain.graph.role_of(outward), holders=int(ports.holders[outward]),
            population=int(ports.population[outward]), ways=float(ports.ways[outward]),
            settled=bool(ports.settled[outward]), role_back=terrain.graph.role_of(inward),
            holders_back=int(ports.holders[inward]), population_back=int(ports.population[inward]),
            ways_back=float(ports.ways[inward]), settled_back=bool(ports.settled[inward]),
        )  # fmt: skip
    return found


def _hop(terrain: Terrain, way: Way, place: int, crossing: CaseCrossing | None) -> CaseHop:
    graph, link = terrain.graph, way.links[place]
    one, other = way.nodes[place], way.nodes[place + 1]
    numbers = graph.numbers(link)
    merge = graph.merges[graph.merge[link]] if graph.merge[link] >= 0 else None
    mine = terrain.sources(link)
    others = {
        number
        for each in terrain.links(one, other)
        if graph.name[each] == graph.name[link]
        for number in terrain.sources(each)
    }
    return CaseHop(
        source=node_told(graph, one), target=node_told(graph, other), link=graph.names[graph.name[link]],
        forward=bool(graph.a[link] == one) if graph.directed[link] else None, sources=tuple(sorted(mine)),
        also_said_by=tuple(sorted(others - mine)), statements=numbers[:MOST_STATEMENTS], said=len(numbers),
        times=int(graph.count[link]), bits=None if np.isnan(graph.bits[link]) else float(graph.bits[link]),
        first=date_of(int(graph.first[link])), last=date_of(int(graph.last[link])),
        decided_by=merge.by if merge else None, reason=merge.reason if merge else None, crossing=crossing,
    )  # fmt: skip


def _component(graph: CaseGraph, one: Component) -> str:
    if one.what == "source":
        known = graph.view.sources.get(one.key)
        return f"source {one.key}" + (f": {known.info.name}" if known else "")
    name = graph.names[graph.name[one.key]]
    return f"{name}: {_ends(graph, int(graph.a[one.key]), int(graph.b[one.key]))}"


def _ends(graph: CaseGraph, one: int, other: int) -> str:
    told = (f"{graph.caption(node)} ({graph.key_of(node)[:12]})" for node in (one, other))
    return " – ".join(told)


def _without(graph: CaseGraph, one: Without) -> CaseWithout:
    if one.what == "entity":
        key, name = graph.key_of(one.key), graph.caption(one.key)
    elif one.what == "link":
        key = f"{graph.key_of(one.key)} {graph.key_of(one.far)}"
        name = _ends(graph, one.key, one.far)
    elif one.what == "source":
        key, name = str(one.key), _component(graph, Component("source", one.key, 0.0))
    else:
        ends = int(graph.a[one.key]), int(graph.b[one.key])
        key, name = " ".join(map(graph.key_of, ends)), _component(graph, Component(one.what, one.key, 0.0))
    way = one.elsewhere.way
    return CaseWithout(
        what=one.what, key=key, name=name, bits_here=one.here, elsewhere=weight(way.cost) if way else None,
        elsewhere_shown=one.elsewhere.shown, bits=one.bits, breaks=one.bits <= 0.0,
    )  # fmt: skip


def _rank(terrain: Terrain, way: Way) -> CaseRank:
    """By a search from the start that stops at what costs more than the path."""
    graph = terrain.graph
    kind = graph.kind[graph.group[terrain.end]]
    search = Search(terrain, None, most=way.cost * (1.0 + 1e-9), steps=_RANK_STEPS)
    found = {terrain.group(terrain.end)}
    for _, node, _ in search.run():
        if graph.kind[graph.group[node]] == kind:
            found.add(terrain.group(node))
    found.discard(terrain.group(terrain.start))
    first = graph.group == np.arange(graph.nodes)
    population = int(np.count_nonzero(first & (graph.kind == kind)))
    population -= int(graph.kind[graph.group[terrain.start]] == kind)
    return CaseRank(
        kind=graph.kinds[kind], as_strong=len(found), population=population, at_least=search.steps <= 0
    )
