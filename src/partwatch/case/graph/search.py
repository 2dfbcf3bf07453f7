"""The strongest path between two nodes, when a source that several hops rest on is paid for once.

The cost of a path is the sum of the errors of what it rests on: inferences, sources, and the chance that is
left for its being there by chance (chance.py). Each of the three only grows along a path. A* (Hart, Nilsson
and Raphael 1968) with several labels a node (Martins 1984) finds the least sum: the distances to the end by
inferences alone and by fan-out alone are lower bounds of what is still to come.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph.chance import Reach
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.terrain import Sources, Terrain

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Pair = tuple[int, int]

# A hop's own price, so that of two equal paths the shorter one is found. Far below any source's error.
HOP: Final = 2.0**-40
# Labels that a search looks at before what it has found is said not to be shown to be the best.
MOST_STEPS: Final = 40_000
_SLACK: Final = 64 * HOP
_MANY: Final = 64  # links of what is looked at role by role


@dataclass(frozen=True)
class Way:
    """A path: n nodes and n - 1 links between them, one each. cost: the sum of the errors of what it rests
    on, each once; it may be above 1."""

    nodes: tuple[int, ...]
    links: tuple[int, ...]
    cost: float

    @property
    def pairs(self) -> frozenset[Pair]:
        """Its hops whatever their links and direction."""
        return frozenset(pair_of(*pair) for pair in itertools.pairwise(self.nodes))


@dataclass(frozen=True)
class Best:
    """The strongest path that was found. lower: none costs less. shown: it is shown to be the strongest."""

    way: Way | None
    lower: float
    shown: bool


@dataclass(frozen=True)
class Ahead:
    """What is still to come from each node to the end, at least: errors: float64 (n,); onward, back: float64
    (n,), log2 of the ways on, seen from the start and from the end; settles, settles_back: bool (n,), whether
    there is a way on which all crossings are settled."""

    errors: Floats
    onward: Floats
    back: Floats
    settles: NDArray[np.bool_]
    settles_back: NDArray[np.bool_]

    @classmethod
    def of(cls, terrain: Terrain) -> Ahead:
        """Runs of Dijkstra's algorithm from the end. No path comes back to the start's cluster, so that none
        of them does."""
        graph, end = terrain.graph, terrain.end
        first = graph.group == graph.group[terrain.start]
        from_a = terrain.shut | (first[graph.b] & ~first[graph.a])
        from_b = terrain.shut | (first[graph.a] & ~first[graph.b])

        def least(of_a: Floats, of_b: Floats) -> Floats:
            return distances(graph, np.where(from_a, np.inf, of_a), np.where(from_b, np.inf, of_b), end)

        error = graph.error + HOP
        of_a, of_b = (fan + HOP for fan in terrain.fans)
        only_a, only_b = (np.where(settled, 1.0, np.inf) for settled in terrain.settled)
        return cls(
            least(error, error),
            least(of_a, of_b),
            least(of_b, of_a),
            np.isfinite(least(only_a, only_b)),
            np.isfinite(least(only_b, only_a)),
        )


def pair_of(one: int, other: int) -> Pair:
    """Two nodes in their order."""
    return (one, other) if one < other else (other, one)


def distances(graph: CaseGraph, from_a: Floats, from_b: Floats, end: int) -> Floats:
    """float64 (n,): the least sum of prices from each node to `end`; infinite where no link leads. from_a,
    from_b: float64 (l,), the price of a link from a to b, and from b to a."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    beside = graph.adjacency
    if not len(graph):
        return np.where(np.arange(graph.nodes) == end, 0.0, np.inf)
    # Walked from the end: out of a row is on the way to it.
    price = np.where(beside.turned, from_a[beside.links], from_b[beside.links])
    least = np.minimum.reduceat(price, beside.pairs)
    near, far = beside.near[beside.pairs], beside.far[beside.pairs]
    passable = np.isfinite(least)
    starts = np.searchsorted(near[passable], np.arange(graph.nodes + 1)).astype(np.int32)
    matrix = csr_array((least[passable], far[passable], starts), shape=(graph.nodes, graph.nodes))
    found: Floats = dijkstra(matrix, directed=True, indices=end)
    return found


class _Label(NamedTuple):
    """A way to a node. inward: the port by which its cluster was entered; errors: of inferences and hops;
    reach: of what was crossed, the node itself not yet."""

    node: int
    link: int
    before: int
    inward: int
    errors: float
    sources: Sources
    for_sources: float
    reach: Reach


@dataclass
class Search:
    """One search. without: pairs of nodes that are not joined. most: paths that cost as much are not looked
    for. refused: the least cost of what was given up as it comes back to a cluster that it has left."""

    terrain: Terrain
    ahead: Ahead | None
    without: frozenset[Pair] = frozenset()
    most: float = np.inf
    steps: int = MOST_STEPS
    refused: float = np.inf
    lower: float = 0.0
    _tree: list[_Label] = field(default_factory=list)
    _heap: list[tuple[float, int, int]] = field(default_factory=list)
    _kept: dict[tuple[int, int], list[_Label]] = field(default_factory=dict)

    def run(self) -> Iterator[tuple[float, int, int]]:
        """Cost, node and place of each label, cheapest first, until the steps are used up."""
        start = self.terrain.start
        if self.ahead is not None and not np.isfinite(self.ahead.errors[start]):
            return
        first = _Label(start, -1, -1, -1, 0.0, Sources(), 0.0, self.terrain.nothing())
        self._tree.append(first)
        self._heap.append((self._hope(first), 0, 0))
        while self._heap:
            self.lower, _, place = heapq.heappop(self._heap)
            if self.steps <= 0:
                heapq.heappush(self._heap, (self.lower, 0, place))
                return
            self.steps -= 1
            yield self.lower, self._tree[place].node, place
            if self._tree[place].node != self.terrain.end or self.ahead is None:
                self._spread(place)

    def way(self, place: int) -> Way:
        """The path to a label."""
        nodes, links = [], []
        while place >= 0:
            label = self._tree[place]
            nodes.append(label.node)
            links.append(label.link)
            place = label.before
        told = tuple(reversed(nodes)), tuple(reversed(links[:-1]))
        return Way(*told, self.terrain.cost(*told))

    def _hope(self, label: _Label) -> float:
        """The least that a path costs which goes on from here."""
        if (ahead := self.ahead) is None:
            return label.errors + label.for_sources + label.reach.chance()
        node = label.node
        chance = label.reach.chance(
            float(ahead.onward[node]), float(ahead.back[node]),
            bool(ahead.settles[node]), bool(ahead.settles_back[node]),
        )  # fmt: skip
        return label.errors + float(ahead.errors[node]) + label.for_sources + chance

    def _spread(self, place: int) -> None:
        """Labels of what lies one hop on."""
        terrain, label, beside = self.terrain, self._tree[place], self.terrain.graph.adjacency
        here = slice(beside.starts[label.node], beside.starts[label.node + 1])
        links, far = beside.links[here], beside.far[here]
        passable = ~terrain.shut[links]
        if self.ahead is not None:
            # What cannot come in below `most` by errors alone is not worth a label.
            passable &= self.ahead.errors[far] + label.errors + label.for_sources < self.most
        if len(links) > _MANY and self.ahead is not None:
            passable &= ~self._hopeless(label, links, far, beside.turned[here])
        left, visited = self._left(place)
        for at in np.flatnonzero(passable).tolist():
            node = int(far[at])
            if node in visited or pair_of(label.node, node) in self.without:
                continue
            reached = self._onward(label, place, int(links[at]), node)
            hope = self._hope(reached)
            if terrain.group(node) in left:
                self.refused = min(self.refused, hope)
            elif hope < self.most and self._keep(reached):
                self._tree.append(reached)
                heapq.heappush(self._heap, (hope, -len(visited), len(self._tree) - 1))

    def _hopeless(
        self, label: _Label, links: NDArray[np.int32], far: NDArray[np.int32], turned: Mask
    ) -> Mask:
        """bool: links out of a hub that cannot be part of what is looked for, told for each of its roles at
        once."""
        graph, ahead = self.terrain.graph, self.ahead
        assert ahead is not None
        paid = label.errors + label.for_sources + graph.error[links] + ahead.errors[far]
        ports = np.where(turned, graph.port_b[links], graph.port_a[links])
        first = label.inward < 0 or self.terrain.group(label.node) == self.terrain.group(self.terrain.start)
        for port in np.unique(ports).tolist():
            here = ports == port
            reach = label.reach if first or port < 0 else label.reach.across(graph, label.inward, port)
            paid[here] += reach.chances(
                ahead.onward[far[here]], ahead.back[far[here]],
                ahead.settles[far[here]], ahead.settles_back[far[here]],
            )  # fmt: skip
        hopeless: Mask = paid >= self.most
        return hopeless

    def _left(self, place: int) -> tuple[set[int], set[int]]:
        """Clusters that were left on the way to a label, and nodes visited."""
        here = self.terrain.group(self._tree[place].node)
        nodes = set()
        while place >= 0:
            nodes.add(self._tree[place].node)
            place = self._tree[place].before
        return {self.terrain.group(node) for node in nodes} - {here}, nodes

    def _onward(self, label: _Label, place: int, link: int, node: int) -> _Label:
        terrain, graph = self.terrain, self.terrain.graph
        errors = label.errors + float(graph.error[link]) + HOP
        used = terrain.sources(link) - label.sources
        sources = label.sources | used if used else label.sources
        paid = label.for_sources + sum(terrain.errors[number] for number in sorted(used))
        reach, inward = label.reach, label.inward
        if graph.group[label.node] != graph.group[node]:
            if inward >= 0 and terrain.group(label.node) != terrain.group(terrain.start):
                reach = reach.across(graph, inward, terrain.port(link, label.node))
            inward = terrain.port(link, node)
        return _Label(node, link, place, inward, errors, sources, paid, reach)

    def _keep(self, label: _Label) -> bool:
        """Whether no kept label of the node is as good whatever comes: then this one is kept."""
        kept = self._kept.setdefault((label.node, label.inward), [])
        if any(self._dominates(one, label) for one in kept):
            return False
        kept[:] = [one for one in kept if not self._dominates(label, one)]
        kept.append(label)
        return True

    def _dominates(self, one: _Label, other: _Label) -> bool:
        if not one.reach.no_more(other.reach):
            return False
        # What the other has paid for and this one has not may still have to be paid.
        more = sum(self.terrain.errors[number] for number in sorted(other.sources - one.sources))
        return one.errors + one.for_sources + more <= other.errors + other.for_sources


def best_way(
    terrain: Terrain,
    ahead: Ahead | None = None,
    without: frozenset[Pair] = frozenset(),
    most: float = 1.0,
    steps: int = MOST_STEPS,
) -> Best:
    """The strongest path that costs less than `most`, and whether it is shown to be; where none costs less
    than 1, and so none is worth a bit, one with few ways on. ahead: of this terrain, or of one where less is
    shut."""
    ahead = Ahead.of(terrain) if ahead is None else ahead
    if not np.isfinite(ahead.errors[terrain.start]):
        return Best(None, np.inf, True)
    plain = _plain(terrain, ahead, without)
    known = min(most, plain.cost if plain else np.inf)
    search = Search(terrain, ahead, without, known, steps)
    found, lower = plain if plain is not None and (plain.cost < most or most >= 1.0) else None, known
    for cost, node, place in search.run():
        if node == terrain.end:
            found, lower = chosen(terrain, search.way(place)), cost
            break
    else:
        lower = search.lower if search.steps <= 0 else known
    lower = min(lower, search.refused)
    if found is None:
        return Best(None, lower, lower >= most)
    shown = bool(lower >= min(found.cost, 1.0) - _SLACK)
    return Best(found, found.cost if shown else lower, shown)


def _plain(terrain: Terrain, ahead: Ahead, without: frozenset[Pair]) -> Way | None:
    """The path with the fewest ways on, where it can simply be followed."""
    beside, onward = terrain.graph.adjacency, ahead.onward
    nodes, links = [terrain.start], []
    while nodes[-1] != terrain.end:
        here = slice(beside.starts[nodes[-1]], beside.starts[nodes[-1] + 1])
        way, far = beside.links[here], beside.far[here]
        price = np.where(beside.turned[here], terrain.fans[1][way], terrain.fans[0][way]) + HOP + onward[far]
        gone = [pair_of(nodes[-1], int(node)) in without or int(node) in nodes for node in far]
        price[terrain.shut[way] | np.array(gone, dtype=np.bool_)] = np.inf
        if not len(price) or not np.isfinite(price.min()):
            return None
        nodes.append(int(far[np.argmin(price)]))
        links.append(int(way[np.argmin(price)]))
    groups = [group for group, _ in itertools.groupby(terrain.group(node) for node in nodes)]
    if len(set(groups)) < len(groups):
        return None
    return chosen(terrain, Way(tuple(nodes), tuple(links), terrain.cost(nodes, links)))


def chosen(terrain: Terrain, way: Way) -> Way:
    """Of links between the same nodes those that together cost least, one hop changed at a time."""
    options = [terrain.links(*pair) for pair in itertools.pairwise(way.nodes)]
    several = [hop for hop, links in enumerate(options) if len(links) > 1]
    for hop in several * 2:
        for option in options[hop]:
            tried = (*way.links[:hop], option, *way.links[hop + 1 :])
            if (cost := terrain.cost(way.nodes, tried)) < way.cost - 1e-18:
                way = Way(way.nodes, tried, cost)
    return way
