"""Rival paths: others than the strongest that rest on something else."""

from __future__ import annotations

import heapq
import itertools
from typing import Final

from partwatch.case.graph.components import System
from partwatch.case.graph.search import Ahead, Best, Pair, Way, best_way
from partwatch.case.graph.terrain import Terrain

# Labels that one search for a rival looks at, and searches in all for each path asked for.
_STEPS: Final = 4_000
_SEARCHES: Final = 8


def rivals(terrain: Terrain, ahead: Ahead, best: Best, count: int) -> list[Way]:
    """Up to `count` paths, the strongest first. Those after the best are first sought without any hop of the
    ones before, then with one hop of them changed at a time (Lawler 1972, after Yen 1971). What rests on all
    that another rests on, and more, is left out: it adds nothing. So is what is not worth a bit."""
    if best.way is None:
        return []
    found = [best.way]
    system = System(terrain)
    system.add(best.way)
    gone = best.way.pairs
    while len(found) < count:
        other = best_way(terrain, ahead, gone, steps=_STEPS).way
        if other is None or other.cost >= 1.0:
            break
        gone |= other.pairs
        if system.add(other):
            found.append(other)
    _changed(terrain, ahead, system, found, count)
    return sorted(found, key=lambda way: (way.cost, len(way.nodes), way.nodes))


def _changed(terrain: Terrain, ahead: Ahead, system: System, found: list[Way], count: int) -> None:
    """Add paths that do without one hop of another."""
    searches = _SEARCHES * count
    heap: list[tuple[float, int, Way, frozenset[Pair]]] = []
    seen = {way.nodes for way in found}
    order = itertools.count()
    todo: list[tuple[Way, frozenset[Pair]]] = [(way, frozenset()) for way in found]
    while len(found) < count and searches > 0:
        for way, gone in todo:
            for pair in sorted(way.pairs):
                if searches <= 0:
                    break
                searches -= 1
                without = gone | {pair}
                other = best_way(terrain, ahead, without, steps=_STEPS).way
                if other is not None and other.cost < 1.0 and other.nodes not in seen:
                    seen.add(other.nodes)
                    heapq.heappush(heap, (other.cost, next(order), other, without))
        if not heap:
            return
        _, _, way, without = heapq.heappop(heap)
        if system.add(way):
            found.append(way)
        todo = [(way, without)]
