"""What a question crosses, and what it costs there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph.chance import Reach, fans
from partwatch.case.graph.links import CaseGraph
from partwatch.case.statements import Reliability
from partwatch.case.weights import source_error

Floats = NDArray[np.float64]
Sources = frozenset[int]


def source_errors(graph: CaseGraph) -> Mapping[int, float]:
    """The chance that each source is wrong as a whole; one that is not described cannot be judged."""
    unknown = source_error(Reliability.CANNOT_BE_JUDGED)
    numbers = np.unique(np.concatenate((graph.source, graph.other))).tolist()
    told = graph.view.sources
    return {
        number: source_error(told[number].info.reliability) if number in told else unknown
        for number in numbers
        if number
    }


@dataclass(frozen=True)
class Terrain:
    """From `start` towards nodes of the kind of `end`, over links that are not `shut` (bool (l,), spare
    merges among them). errors: of each source."""

    graph: CaseGraph
    start: int
    end: int
    shut: NDArray[np.bool_]
    errors: Mapping[int, float]

    @classmethod
    def of(cls, graph: CaseGraph, start: int, end: int, shut: NDArray[np.bool_]) -> Terrain:
        """With the sources' errors of the policy."""
        return cls(graph, start, end, shut, source_errors(graph))

    def shutting(self, shut: NDArray[np.bool_]) -> Terrain:
        """The same question where more is shut."""
        return Terrain(self.graph, self.start, self.end, shut, self.errors)

    @cached_property
    def ends(self) -> tuple[int, int]:
        """How many there are of the kind of the start, and of the end."""
        graph = self.graph
        first = graph.group == np.arange(graph.nodes)
        start, end = (
            max(
                int(np.count_nonzero(first & (graph.kind == graph.kind[graph.group[node]]))),
                graph.populations.get(graph.kind_of(node), 0),
            )
            for node in (self.start, self.end)
        )
        return start, end

    @cached_property
    def of_sources(self) -> Floats:
        """float64 (l,): the errors of each link's sources."""
        table = np.zeros(max((*self.errors, 0)) + 1)
        for number, error in self.errors.items():
            table[number] = error
        found: Floats = table[self.graph.source] + table[self.graph.other]
        return found

    @cached_property
    def fans(self) -> tuple[Floats, Floats]:
        """float64 (l,) twice: log2 of the ways on where a path goes out by the link's a and by its b; what is
        at the two ends of the question is not crossed."""
        graph = self.graph
        ends = np.isin(graph.group, (graph.group[self.start], graph.group[self.end]))
        of_a, of_b = fans(graph)
        return np.where(ends[graph.a], 0.0, of_a), np.where(ends[graph.b], 0.0, of_b)

    @cached_property
    def settled(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """bool (l,) twice: whether it is settled to go out by the link's a, and by its b."""
        graph = self.graph
        ends = np.isin(graph.group, (graph.group[self.start], graph.group[self.end]))
        settled = np.append(graph.ports.settled, True)
        of_a, of_b = settled[graph.port_a], settled[graph.port_b]
        return of_a | ends[graph.a], of_b | ends[graph.b]

    def sources(self, link: int) -> Sources:
        """Numbers of the sources that a link needs."""
        return Sources((int(self.graph.source[link]), int(self.graph.other[link]))) - {0}

    def group(self, node: int) -> int:
        """The cluster of a node."""
        return int(self.graph.group[node])

    def links(self, one: int, other: int) -> list[int]:
        """Links between two nodes that can be used."""
        return [link for link in self.graph.links_between(one, other).tolist() if not self.shut[link]]

    def port(self, link: int, node: int) -> int:
        """The port by which a link meets a node."""
        return int(self.graph.port_a[link] if self.graph.a[link] == node else self.graph.port_b[link])

    def crossed(self, nodes: Sequence[int], links: Sequence[int]) -> list[tuple[int, int, int, int]]:
        """What a path crosses between its ends, in order: the cluster's node where it comes in, the port
        there, and those where it goes out."""
        ends = {self.group(nodes[0]), self.group(nodes[-1])}
        found: list[tuple[int, int, int, int]] = []
        inward, at = -1, -1
        for place, link in enumerate(links):
            near, far = nodes[place], nodes[place + 1]
            if self.group(near) == self.group(far):
                continue
            if place and self.group(near) not in ends:
                found.append((at, inward, near, self.port(link, near)))
            inward, at = self.port(link, far), far
        return found

    def nothing(self) -> Reach:
        """A path that has crossed nothing yet."""
        return Reach.among(*self.ends)

    def chance(self, nodes: Sequence[int], links: Sequence[int]) -> float:
        """How easily a path is there by chance."""
        return self.reach(nodes, links).chance()

    def reach(self, nodes: Sequence[int], links: Sequence[int]) -> Reach:
        """What could be reached in the same way."""
        reach = self.nothing()
        for _, inward, _, outward in self.crossed(nodes, links):
            reach = reach.across(self.graph, inward, outward)
        return reach

    def cost(self, nodes: Sequence[int], links: Sequence[int]) -> float:
        """The sum of the errors of all that a path rests on, each once; it may be above 1."""
        used = Sources().union(*(self.sources(link) for link in links))
        inferred = {int(self.graph.inference[link]): float(self.graph.error[link]) for link in links}
        inferred.pop(-1, None)
        told = sum(self.errors[number] for number in sorted(used))
        return told + sum(inferred[one] for one in sorted(inferred)) + self.chance(nodes, links)
