"""A case as a page shows it: from the view and its network to a frozen document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch import __version__
from partwatch.case.answers import link_of, nodes_of, weakest_of
from partwatch.case.graph.dates import told as told_day
from partwatch.case.graph.layout import layout
from partwatch.case.graph.links import NO_DATE, CaseGraph
from partwatch.case.graph.told import node_named
from partwatch.case.overview_choice import asked_nodes, chosen, degrees
from partwatch.case.overview_dates import events
from partwatch.case.overview_groups import Groups, groups_of
from partwatch.case.overview_places import Places
from partwatch.case.store import CaseStore
from partwatch.case.telling import telling_most, told_charter, told_decision, told_source, told_statements
from partwatch.case.weights import source_error
from partwatch.model.case_assemblies import CaseAssembliesDocument, CaseAssembly
from partwatch.model.case_overview import (
    Broker,
    CaseOverview,
    Link,
    Node,
    PathOf,
    Place,
    Question,
    ToldAssembly,
    Totals,
)
from partwatch.model.case_paths import CasePath, CasePathsDocument

MOST_BITS: Final = 40.0


@dataclass(frozen=True)
class Size:
    """How much a page shows at most. of_node, of_link: statements of each."""

    nodes: int = 500
    links: int = 3_000
    events: int = 1_500
    brokers: int = 12
    of_node: int = 12
    of_link: int = 4


def overview_of(
    store: CaseStore,
    graph: CaseGraph,
    answers: Sequence[CasePathsDocument] = (),
    as_of: datetime | None = None,
    size: Size | None = None,
    groups: Groups | None = None,
    assemblies: CaseAssembliesDocument | None = None,
) -> CaseOverview:
    """What the page of a case shows. answers: to what was asked (`answers_of`). as_of: now, if it is not
    given. groups: communities and brokers, made if they are not given. assemblies: worked out of the case."""
    found = groups_of(graph) if groups is None else groups
    weighed = () if assemblies is None else assemblies.assemblies
    return _Maker(store, graph, answers, found, size or Size(), weighed).made(as_of or datetime.now(UTC))


class _Maker:
    def __init__(
        self,
        store: CaseStore,
        graph: CaseGraph,
        answers: Sequence[CasePathsDocument],
        groups: Groups,
        size: Size,
        weighed: Sequence[CaseAssembly],
    ) -> None:
        self.store, self.graph, self.answers, self.size = store, graph, answers, size
        self.weighed = weighed
        self.view = graph.view
        self.group = [int(one) for one in graph.group]
        self.communities = groups.communities
        self.brokers = sorted(((share, node) for node, share in groups.brokers.items()), reverse=True)
        self.brokers = self.brokers[: size.brokers]
        held = [
            self.group[node]
            for node in np.flatnonzero(graph.kind >= 0).tolist()
            if graph.kinds[graph.kind[node]] in ("Assembly", "Design")
        ]
        self.asked = {link_of(graph, hop) for one in answers for way in one.paths for hop in way.hops}
        along = asked_nodes(graph, answers)
        held += [self.group[one] for one in self._weighed_entities()]
        self.kept = chosen(graph, [*along, *held, *(node for _, node in self.brokers)], size.nodes)
        self.place_of = {node: place for place, node in enumerate(self.kept)}
        self.brokers = [(share, node) for share, node in self.brokers if node in self.place_of]
        self.degree = degrees(graph)
        self.where = Places(graph)
        self.said: set[int] = set()

    def _weighed_entities(self) -> list[int]:
        keys = [key for one in self.weighed for key in (one.group_key, *(claim.item for claim in one.claims))]
        found = [self.view.canonical_of(key) for key in dict.fromkeys(keys)]
        return [entity for entity in found if entity is not None]

    def made(self, as_of: datetime) -> CaseOverview:
        links, line_of = self._links()
        nodes = self._nodes(links)
        dated = events(self.graph, self.place_of, self.size.events)
        self.said.update(one.statement for one in dated)
        counts = self.store.counts()
        return CaseOverview(
            program_version=__version__, as_of=as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            charter=told_charter(self.store.charter),
            totals=Totals(
                sources=counts["sources"], statements=counts["statements"],
                entities=int(np.count_nonzero(self._alone())), links=int(self.degree.sum()) // 2,
                communities=len(set(self.communities.values())),
            ),
            sources=tuple(told_source(one) for one in self.store.sources()),
            statements=told_statements(self.store, self.view, self.said), nodes=nodes, links=links,
            events=tuple(dated), places=self._places(),
            brokers=tuple(Broker(node=self.place_of[node], share=share) for share, node in self.brokers),
            assemblies=self._assemblies(), questions=self._questions(line_of),
            decisions=tuple(told_decision(self.view, one) for one in self.store.decisions()),
            chosen_by=self._chosen_by(),
        )  # fmt: skip

    def _alone(self) -> NDArray[np.bool_]:
        """bool (n,): nodes that stand for their cluster and are no shared values."""
        first: NDArray[np.bool_] = self.graph.group == np.arange(self.graph.nodes)
        first[len(self.view.keys) :] = False
        first[: len(self.view.keys)] &= self.graph.kind[: len(self.view.keys)] >= 0
        return first

    def _chosen_by(self) -> str:
        if len(self.kept) < self.size.nodes:
            return "all that has a link"
        if self.answers:
            return "what was asked about, and what is most closely tied to it"
        return "designs, assemblies and brokers, and what is most closely tied to them"

    # Links.

    def _links(self) -> tuple[tuple[Link, ...], dict[int, int]]:
        """Links between those shown, one for each pair and name; and which of them each link of the graph
        is."""
        graph = self.graph
        a, b = graph.group[graph.a], graph.group[graph.b]
        here = np.zeros(graph.nodes, dtype=np.bool_)
        here[self.kept] = True
        among = np.flatnonzero(here[a] & here[b] & (a != b))
        rows: dict[tuple[int, int, int], list[int]] = {}
        for link in among.tolist():
            ends = (int(a[link]), int(b[link]))
            pair = ends if graph.directed[link] else (min(ends), max(ends))
            rows.setdefault((*pair, int(graph.name[link])), []).append(link)
        ranked = sorted(
            rows.items(),
            key=lambda one: (self.asked.isdisjoint(one[1]), -max(map(self._bits, one[1])), one[0]),
        )[: self.size.links]
        line_of = {link: place for place, (_, own) in enumerate(ranked) for link in own}
        return tuple(self._link(pair, own) for pair, own in ranked), line_of

    def _bits(self, link: int) -> float:
        """Of one link: what is left for its inference or one of its sources being wrong (Boole)."""
        graph = self.graph
        error = float(graph.error[link])
        for number in {int(graph.source[link]), int(graph.other[link])} - {0}:
            if number in self.view.sources:
                error += source_error(self.view.sources[number].info.reliability)
        return float(min(MOST_BITS, -np.log2(min(1.0, max(error, 2.0**-MOST_BITS)))))

    def _link(self, pair: tuple[int, int, int], own: list[int]) -> Link:
        graph = self.graph
        best = sorted(own, key=lambda link: (-self._bits(link), link))
        said = [number for link in best for number in graph.numbers(link)]
        kept = tuple(dict.fromkeys(said))[: self.size.of_link * max(1, min(3, len(own)))]
        self.said.update(kept)
        used = {int(number) for link in own for number in (graph.source[link], graph.other[link])} - {0}
        first = [int(graph.first[link]) for link in own if graph.first[link] != NO_DATE]
        last = [int(graph.last[link]) for link in own if graph.last[link] != NO_DATE]
        return Link(
            left=self.place_of[pair[0]], right=self.place_of[pair[1]], kind=graph.names[pair[2]],
            bits=round(self._bits(best[0]), 2), inferred=bool(np.isfinite(graph.bits[best[0]])),
            directed=bool(graph.directed[best[0]]), sources=tuple(sorted(used)), statements=kept,
            first=told_day(min(first)) if first else None, last=told_day(max(last)) if last else None,
        )  # fmt: skip

    # Nodes.

    def _nodes(self, links: Sequence[Link]) -> tuple[Node, ...]:
        ends = [(one.left, one.right) for one in links]
        own = [self.communities.get(node, -1 - place) for place, node in enumerate(self.kept)]
        where = layout(
            len(self.kept), ends, [max(one.bits, 0.1) for one in links], own if self.communities else None
        )
        low = where.min(axis=0) if len(where) else np.zeros(2)
        spread = np.maximum(np.ptp(where, axis=0), 1e-9) if len(where) else np.ones(2)
        about: dict[int, list[int]] = {}
        for one in links:
            for end in (one.left, one.right):
                about.setdefault(end, []).extend(one.statements)
        most = max((int(self.degree[node]) for node in self.kept), default=1)
        shares = {node: share for share, node in self.brokers}
        best = max(shares.values(), default=1.0)
        return tuple(
            self._node(place, node, tuple((where[place] - low) / spread), about.get(place, []),
                       max(self.degree[node] / max(1, most), shares.get(node, 0.0) / best))
            for place, node in enumerate(self.kept)
        )  # fmt: skip

    def _node(
        self, place: int, node: int, where: tuple[float, ...], linked: list[int], importance: float
    ) -> Node:
        graph, view = self.graph, self.view
        value = node >= len(view.keys)
        own = [] if value else telling_most(view, node)
        said = list(dict.fromkeys(linked if value else own))
        kept = said[: self.size.of_node]
        self.said.update(kept)
        members = () if value else view.members.get(node, (node,))
        spot = self.where.coordinates(node)
        return Node(
            key=graph.key_of(node), keys=tuple(view.keys[one] for one in members) or (graph.key_of(node),),
            schema_name=graph.kind_of(node) if value else view.schema_of(node), caption=graph.caption(node),
            community=self.communities.get(node), degree=int(self.degree[node]),
            importance=round(float(importance), 4), x=float(where[0]), y=float(where[1]),
            countries=self.where.countries(node), latitude=spot and spot[0], longitude=spot and spot[1],
            statements=tuple(kept), more=0 if value else len(said) - len(kept),
        )  # fmt: skip

    def _places(self) -> tuple[Place, ...]:
        return tuple(one for place, node in enumerate(self.kept) for one in self.where.of(node, place))

    # What was found.

    def _assemblies(self) -> tuple[ToldAssembly, ...]:
        made = []
        for place, node in enumerate(self.kept):
            if node >= len(self.view.keys) or self.graph.kind_of(node) != "Assembly":
                continue
            items = [self.view.canonical_of(key) for key in self.view.values_of(node, "items")]
            shown = [
                self.place_of[self.group[one]]
                for one in items
                if one is not None and self.group[one] in self.place_of
            ]
            design = [self.view.canonical_of(key) for key in self.view.values_of(node, "design")]
            named = next(
                (self.view.caption(one) for one in design if one is not None), self.view.caption(node)
            )
            finding = next(iter(self.view.values_of(node, "finding")), "")
            made.append(ToldAssembly(node=place, design=named, finding=finding, items=tuple(shown)))
        return (*made, *(told for one in self.weighed if (told := self._weighed(one)) is not None))

    def _weighed(self, one: CaseAssembly) -> ToldAssembly | None:
        """At what groups it, or where nothing does at its first item; None where neither is shown."""
        items = [place for claim in one.claims if (place := self._shown(claim.item)) is not None]
        group = self._shown(one.group_key)
        if group is None and not items:
            return None
        return ToldAssembly(
            node=items[0] if group is None else group, design=one.assembly.design,
            finding=one.assembly.finding.value, items=tuple(dict.fromkeys(items)),
        )  # fmt: skip

    def _shown(self, key: str) -> int | None:
        entity = self.view.canonical_of(key)
        return None if entity is None else self.place_of.get(self.group[entity])

    def _questions(self, line_of: Mapping[int, int]) -> tuple[Question, ...]:
        ends = [
            (self._place(one.start.key), self._place(one.end.key), one)
            for one in self.answers
            if not one.same
        ]
        return tuple(
            Question(
                left=left, right=right, bits=one.together.bits if one.paths else None,
                paths=tuple(told for way in one.paths if (told := self._path(way, line_of)) is not None),
            )
            for left, right, one in ends
            if left is not None and right is not None
        )  # fmt: skip

    def _place(self, key: str) -> int | None:
        return self.place_of.get(self.group[node_named(self.graph, key)])

    def _path(self, way: CasePath, line_of: Mapping[int, int]) -> PathOf | None:
        """Hops within a cluster are none on the page: there it is one node. None where not all is there."""
        groups = [self.group[node] for node in nodes_of(self.graph, way)]
        hops = [
            link_of(self.graph, hop)
            for place, hop in enumerate(way.hops)
            if groups[place] != groups[place + 1]
        ]
        if not set(groups) <= self.place_of.keys() or not set(hops) <= line_of.keys() or not hops:
            return None
        nodes = [self.place_of[group] for group in groups]
        ends = [one for place, one in enumerate(nodes) if not place or one != nodes[place - 1]]
        weak = line_of.get(link_of(self.graph, way.hops[weakest_of(self.graph, way)]), line_of[hops[0]])
        along = tuple(line_of[link] for link in hops)
        return PathOf(nodes=tuple(ends), links=along, bits=way.bits, weakest=weak)
