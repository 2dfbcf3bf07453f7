"""What paths rest on, in common and each of its own: sources, inferences, and chance."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from partwatch.case.graph.reliability import Failure, failure
from partwatch.case.graph.search import Way
from partwatch.case.graph.terrain import Terrain

# Ways to say the hops of one path (by this source or that) that are looked at.
MOST_READINGS: Final = 64


@dataclass(frozen=True)
class Component:
    """Something that a path rests on. what: `source`, `inference` or `merge`; key: of its kind; error: the
    chance that it is wrong."""

    what: str
    key: int
    error: float


@dataclass(frozen=True)
class Reading:
    """One way to say a path: what it rests on, and its chance."""

    components: frozenset[Component]
    chance: float


@dataclass
class System:
    """Paths as what they rest on.

    Chance is one for all of them: that of the path that it explains least. Paths that chance explains are not
    independent, and how many there are to be found is not known: their product would be no weight.
    """

    terrain: Terrain
    readings: list[Reading] = field(default_factory=list)

    def add(self, way: Way) -> bool:
        """Add a path. Whether it rests on anything but what another rests on already."""
        told = readings(self.terrain, way)
        new = [one for one in told if not any(_adds_nothing(one, other) for other in self.readings)]
        self.readings += new
        return bool(new)

    @property
    def components(self) -> list[Component]:
        """All of them."""
        found = {one for reading in self.readings for one in reading.components}
        return sorted(found, key=lambda one: (one.what, one.key))

    def failure(self, holds: Callable[[Reading], bool] = lambda _: True) -> Failure:
        """The chance that none of the paths holds, but for those that are not to be counted."""
        return system_failure([one for one in self.readings if holds(one)])

    def without(self, component: Component) -> Failure:
        """The same once a component is wrong."""
        return self.failure(lambda reading: component not in reading.components)


def _adds_nothing(one: Reading, other: Reading) -> bool:
    return one.components >= other.components and one.chance >= other.chance


def system_failure(readings: Sequence[Reading]) -> Failure:
    """The chance that of paths none holds. Their chances are steps of one stair: what explains one path
    explains all that it explains as easily."""
    parts = sorted(
        {one for reading in readings for one in reading.components}, key=lambda one: (one.what, one.key)
    )
    place = {one: number for number, one in enumerate(parts)}
    errors = [one.error for one in parts]
    stairs = sorted({reading.chance for reading in readings if reading.chance > 0})
    below = 0.0
    for chance in stairs:
        errors.append((chance - below) / (1.0 - below) if below < 1.0 else 0.0)
        below = chance
    paths = [
        [
            *(place[one] for one in reading.components),
            *(len(parts) + step for step, chance in enumerate(stairs) if chance <= reading.chance),
        ]
        for reading in readings
    ]
    return failure(paths, errors)


def readings(terrain: Terrain, way: Way) -> list[Reading]:
    """The ways to say a path, the cheapest first: each hop by any of the links between its nodes. Where there
    are more than MOST_READINGS, those that change one hop of the cheapest."""
    options = [terrain.links(*pair) for pair in itertools.pairwise(way.nodes)]
    several = 1
    for links in options:
        several *= max(1, len(links))
    chosen: Iterable[tuple[int, ...]]
    if several <= MOST_READINGS:
        chosen = itertools.product(*options)
    else:
        chosen = itertools.islice(_one_changed(way.links, options), 4 * MOST_READINGS)
    found = {reading_of(terrain, way.nodes, links): terrain.cost(way.nodes, links) for links in chosen}
    return sorted(found, key=lambda one: (found[one], sorted((c.what, c.key) for c in one.components)))


def _one_changed(links: tuple[int, ...], options: list[list[int]]) -> Iterable[tuple[int, ...]]:
    yield links
    for hop, others in enumerate(options):
        for other in others:
            if other != links[hop]:
                yield (*links[:hop], other, *links[hop + 1 :])


def reading_of(terrain: Terrain, nodes: Sequence[int], links: Sequence[int]) -> Reading:
    """What these links rest on."""
    graph = terrain.graph
    found = set()
    for link in links:
        found |= {Component("source", number, terrain.errors[number]) for number in terrain.sources(link)}
        if (inference := int(graph.inference[link])) >= 0:
            what = "merge" if graph.merge[link] >= 0 else "inference"
            found.add(Component(what, inference, float(graph.error[link])))
    return Reading(frozenset(found), terrain.chance(nodes, links))
