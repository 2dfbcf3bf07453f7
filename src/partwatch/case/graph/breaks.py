"""What a tie hangs on: for each source, inference, merge, link and entity that all paths share, what remains
without it; and else the likeliest set of things that would all have to be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph.build import without_links
from partwatch.case.graph.components import Component, Reading, System, readings, system_failure
from partwatch.case.graph.reliability import bits
from partwatch.case.graph.search import Ahead, Best, Pair, Way, best_way, distances
from partwatch.case.graph.terrain import Terrain

_NO_PAIRS: Final[frozenset[Pair]] = frozenset()
# Sets of components that are tried for the likeliest cut.
_MOST_CUTS: Final = 50_000


@dataclass(frozen=True)
class Without:
    """What remains without one thing. here: bits of the paths told that do without it; elsewhere: the
    strongest path without it anywhere; bits: of all that together."""

    what: str
    key: int
    far: int
    here: float
    elsewhere: Best
    bits: float


def losses(terrain: Terrain, ways: Sequence[Way], shut: NDArray[np.bool_]) -> list[Without]:
    """What remains without each of the sources of the paths, and without each thing that they all share.
    shut: what the question's filter shuts, spare merges not among it. Those that leave the least first."""
    system = System(terrain)
    for way in ways:
        system.add(way)
    found = []
    for component in system.components:
        if component.what == "source" or all(component in one.components for one in system.readings):
            gone, pairs = _links_of(terrain, component)
            left = [one for one in system.readings if component not in one.components]
            found.append(_without(terrain, component.what, component.key, -1, left, shut | gone, pairs))
    for what, key, far, gone, pairs in _common(terrain, ways):
        found.append(_without(terrain, what, key, far, [], shut | gone, pairs))
    return sorted(found, key=lambda one: (one.bits, _ORDER.index(one.what), one.key))


_ORDER: Final = ("source", "merge", "inference", "link", "entity")


def _links_of(terrain: Terrain, component: Component) -> tuple[NDArray[np.bool_], frozenset[Pair]]:
    graph = terrain.graph
    if component.what == "source":
        return (graph.source == component.key) | (graph.other == component.key), _NO_PAIRS
    return graph.inference == component.key, _NO_PAIRS


def _common(
    terrain: Terrain, ways: Sequence[Way]
) -> Iterator[tuple[str, int, int, NDArray[np.bool_], frozenset[Pair]]]:
    """Links and entities by which all of the paths go."""
    graph = terrain.graph
    nothing = np.zeros(len(graph), dtype=np.bool_)
    if not ways:
        return
    pairs = frozenset.intersection(*(way.pairs for way in ways))
    for one, other in sorted(pairs):
        if terrain.group(one) != terrain.group(other):
            yield "link", one, other, nothing, frozenset(((one, other),))
    ends = {terrain.group(terrain.start), terrain.group(terrain.end)}
    groups = set.intersection(*({terrain.group(node) for node in way.nodes} for way in ways)) - ends
    for group in sorted(groups):
        gone = (graph.group[graph.a] == group) | (graph.group[graph.b] == group)
        yield "entity", group, -1, gone, _NO_PAIRS


def _without(
    terrain: Terrain,
    what: str,
    key: int,
    far: int,
    left: list[Reading],
    gone: NDArray[np.bool_],
    pairs: frozenset[Pair],
) -> Without:
    here = bits(system_failure(left).chance)
    changed = terrain.shutting(without_links(terrain.graph, gone))
    elsewhere = best_without(changed, pairs)
    more = [*left, *(readings(changed, elsewhere.way) if elsewhere.way else ())]
    return Without(what, key, far, here, elsewhere, bits(system_failure(more).chance))


def best_without(terrain: Terrain, pairs: frozenset[Pair]) -> Best:
    """The strongest path that uses none of these hops."""
    graph = terrain.graph
    price = np.where(terrain.shut, np.inf, 1.0)
    for one, other in pairs:
        price[graph.links_between(one, other)] = np.inf
    if not np.isfinite(distances(graph, price, price, terrain.end)[terrain.start]):
        return Best(None, np.inf, True)
    return best_way(terrain, Ahead.of(terrain), pairs)


def likeliest_cut(found: Iterable[Reading]) -> list[Component] | None:
    """The components that are together likeliest to be wrong and whose loss breaks every path: the least sum
    of bits; None where a path rests on nothing, or the search for it is too large."""
    paths = sorted({one.components for one in found}, key=lambda one: (len(one), sorted(map(_key, one))))
    if not paths or not paths[0]:
        return None
    tries = _MOST_CUTS
    best: list[Component] | None = None
    least = np.inf
    stack: list[tuple[list[Component], float]] = [([], 0.0)]
    while stack:
        taken, weight = stack.pop()
        tries -= 1
        if tries < 0:
            return None
        if weight >= least:
            continue
        broken = set(taken)
        whole = next((path for path in paths if not path & broken), None)
        if whole is None:
            best, least = taken, weight
            continue
        options = sorted(whole, key=lambda one: (one.error, _key(one)))
        stack += [([*taken, one], weight + bits(one.error)) for one in options]
    return best


def _key(component: Component) -> tuple[str, int]:
    return component.what, component.key
