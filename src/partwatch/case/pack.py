"""What a disclosure pack of a case holds: from the view, its network and the answers to a frozen document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from partwatch import __version__
from partwatch.case.answers import Answers, nodes_of, weakest_of
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.told import node_named
from partwatch.case.pack_found import assemblies, items, never_screened
from partwatch.case.store import CaseStore
from partwatch.case.telling import caption_of, told_charter, told_decision, told_source, told_statements
from partwatch.case.verdicts import Verdict
from partwatch.case.view import CAPTIONS
from partwatch.case.weights import RELIABILITY_BITS
from partwatch.model.case_difference import CaseDifferenceDocument
from partwatch.model.case_pack import (
    CasePack,
    ErrorRate,
    Fallen,
    Hop,
    LedgerBundle,
    NotLookedAt,
    PackAssembly,
    PackCut,
    PackItem,
    PackPair,
    PackPath,
    PackQuestion,
    PackRank,
    PackTotals,
    Party,
    Tested,
    WithoutSource,
)
from partwatch.model.case_paths import CaseCut, CaseHop, CasePath, CasePathsDocument, CaseRank

LIMITS: Final = (
    "A path says how things are tied, not who did what, nor why",
    "Sources are taken to err independently of one another; where one copies another, the paths "
    "are worth less",
    "The letters of sources and what they count for are set by people; no error rate of a source "
    "was measured",
    "What no source of the case says cannot be found in it; that nothing was found is no proof "
    "that nothing is",
)
_OF_PARTY: Final = 3
_MOST_PAIRS: Final = 100


@dataclass(frozen=True)
class Beside:
    """What a pack holds that the case itself does not say. fallen: what answers were before a withdrawal.
    assemblies: worked out of the case. policy: numbers that are set, by name."""

    ledger: LedgerBundle | None = None
    fallen: tuple[Fallen, ...] = ()
    assemblies: tuple[PackAssembly, ...] = ()
    error_rates: tuple[ErrorRate, ...] = ()
    not_looked_at: tuple[NotLookedAt, ...] = ()
    policy: Mapping[str, float] = field(default_factory=dict)
    limits: tuple[str, ...] = LIMITS


def pack_of(
    store: CaseStore,
    graph: CaseGraph,
    answers: Answers,
    made_by: str,
    beside: Beside | None = None,
    as_of: datetime | None = None,
) -> CasePack:
    """The pack of what counts now. answers: to the questions that it shall tell of, with their rivals."""
    return _Maker(store, graph, answers, beside or Beside()).made(made_by, as_of or datetime.now(UTC))


def _rank(rank: CaseRank | None) -> PackRank | None:
    return None if rank is None else PackRank.model_validate(rank.model_dump())


def _cut(cut: CaseCut | None) -> PackCut | None:
    return None if cut is None else PackCut(parts=cut.components, bits=cut.bits)


def _hop(hop: CaseHop) -> Hop:
    crossing = hop.crossing
    shared = crossing is not None and crossing.holders > 1 and not crossing.settled
    return Hop(
        kind=hop.link if hop.decided_by is None else f"taken for one by {hop.decided_by}",
        bits=None if hop.bits is None else round(hop.bits, 2), inferred=hop.bits is not None,
        sources=hop.sources, also_said_by=hop.also_said_by, statements=hop.statements,
        holders=crossing.holders if crossing and shared else None,
        population=crossing.population if crossing and shared else None,
    )  # fmt: skip


def fallen_of(changes: CaseDifferenceDocument, source: int) -> tuple[Fallen, ...]:
    """What answers were before a source was withdrawn and are since, of the difference that its withdrawal
    made."""
    return tuple(
        Fallen(source=source, left=one.start, right=one.end, before=one.before, after=one.after)
        for one in changes.questions
    )


class _Maker:
    def __init__(self, store: CaseStore, graph: CaseGraph, answers: Answers, beside: Beside) -> None:
        self.store, self.graph, self.answers, self.beside = store, graph, answers, beside
        self.view = graph.view

    def made(self, made_by: str, as_of: datetime) -> CasePack:
        questions = tuple(self._question(one) for one in self.answers.told)
        screened = items(self.view)
        held = (*assemblies(self.view), *self.beside.assemblies)
        pairs = self._pairs(questions)
        looked = (*self._not_looked_at(), *self.beside.not_looked_at)
        parties = [one for asked in questions for one in (asked.left, asked.right)]
        parties += [one for asked in questions for way in asked.paths for one in way.parties]
        parties += [one for pair in pairs for one in (pair.left, pair.right)]
        hops = [hop for asked in questions for way in asked.paths for hop in way.hops]
        resting: list[Party | Hop | PackItem | PackAssembly | NotLookedAt] = [
            *parties, *hops, *screened, *held, *looked,
        ]  # fmt: skip
        said = {number for one in resting for number in one.statements}
        counts, sources = self.store.counts(), self.store.sources()
        return CasePack(
            program_version=__version__, as_of=as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            made_by=made_by, charter=told_charter(self.store.charter), ledger=self.beside.ledger,
            totals=PackTotals(
                sources=counts["sources"], withdrawn=sum(one.withdrawn is not None for one in sources),
                statements=counts["statements"], entities=counts["entities"],
                items=len(screened) + never_screened(self.view),
            ),
            sources=tuple(told_source(one) for one in sources),
            statements=told_statements(self.store, self.view, said), questions=questions, items=screened,
            assemblies=held, pairs=pairs, fallen=self.beside.fallen,
            decisions=tuple(told_decision(self.view, one) for one in self.store.decisions()),
            tested=self._tested(), error_rates=self.beside.error_rates, not_looked_at=looked,
            reliability={letter.value: bits for letter, bits in RELIABILITY_BITS.items()},
            policy=dict(self.beside.policy), limits=self.beside.limits,
        )  # fmt: skip

    # Questions.

    def _question(self, answer: CasePathsDocument) -> PackQuestion:
        left, right = (self._party(node_named(self.graph, one.key)) for one in (answer.start, answer.end))
        return PackQuestion(
            left=left, right=right,
            proposition=f"{left.caption} is tied to {right.caption} as at least one of the paths has it",
            alternative="each path has a link that is wrong, or is there by chance",
            bits=answer.together.bits if answer.paths else None, exact=answer.together.exact,
            paths=tuple(self._path(way) for way in answer.paths),
            rank=_rank(answer.rank),
            without=tuple(
                WithoutSource(source=int(one.key), bits=None if one.breaks else one.bits)
                for one in answer.without
                if one.what == "source"
            ),
            cut=_cut(answer.cut),
        )  # fmt: skip

    def _party(self, node: int) -> Party:
        graph = self.graph
        return Party(
            key=graph.key_of(node), schema_name=graph.kind_of(node), caption=graph.caption(node),
            statements=self._naming(node),
        )  # fmt: skip

    def _naming(self, node: int) -> tuple[int, ...]:
        """Statements that name a node: of a record its own before those of others that are taken for it."""
        view = self.view
        if node >= len(view.keys):
            links = self.graph.links_at(node).tolist()
            return tuple(dict.fromkeys(n for link in links for n in self.graph.numbers(link)))[:_OF_PARTY]
        rows = view.rows_of(int(view.canonical[node])).tolist()
        caption = self.graph.caption(node)
        ranked = sorted(
            rows,
            key=lambda row: (
                view.values[row] != caption,
                view.props[view.prop[row]] not in CAPTIONS,
                view.entity[row] != node,
                row,
            ),
        )
        naming = [row for row in ranked if view.values[row] == caption] or ranked[:1]
        return tuple(int(view.number[row]) for row in naming[:_OF_PARTY])

    def _path(self, way: CasePath) -> PackPath:
        return PackPath(
            parties=tuple(self._party(node) for node in nodes_of(self.graph, way)),
            hops=tuple(_hop(one) for one in way.hops), bits=way.bits, chance_bits=way.chance_bits,
            weakest=weakest_of(self.graph, way),
        )  # fmt: skip

    # What was compared.

    def _pairs(self, questions: Sequence[PackQuestion]) -> tuple[PackPair, ...]:
        """Pairs that people judged different or unsure; and those of the parties that a run did not merge."""
        told = [
            PackPair(left=self._record(one.left), right=self._record(one.right), bits=None,
                     verdict=one.verdict.value, reason=one.reason, by=one.by, at=one.at)
            for one in self.store.decisions()
            if one.verdict in (Verdict.DIFFERENT, Verdict.UNSURE)
        ]  # fmt: skip
        run = self.store.latest_run()
        if run is None:
            return tuple(told)
        named = {one.key for asked in questions for way in asked.paths for one in way.parties}
        named |= {one.key for asked in questions for one in (asked.left, asked.right)}
        near = [
            one for one in self.store.pairs(run.id, merged=False) if one.left in named or one.right in named
        ]
        told += [
            PackPair(left=self._record(one.left), right=self._record(one.right), bits=round(one.bits, 2),
                     verdict="not taken for one", reason=None, by=None, at=None)
            for one in near[:_MOST_PAIRS]
        ]  # fmt: skip
        return tuple(told)

    def _record(self, key: str) -> Party:
        node = self.view.place_of.get(key)
        if node is None:
            return Party(key=key, schema_name="Thing", caption=caption_of(self.view, key), statements=())
        return Party(
            key=key, schema_name=self.view.schema_of(int(self.view.canonical[node])),
            caption=self._own_name(node), statements=self._naming(node),
        )  # fmt: skip

    def _own_name(self, node: int) -> str:
        """What the record itself is called, whatever it is taken for."""
        view = self.view
        rows = [row for row in view.rows_of(int(view.canonical[node])).tolist() if view.entity[row] == node]
        for prop in CAPTIONS:
            for row in rows:
                if view.props[view.prop[row]] == prop:
                    named: str = view.values[row]
                    return named
        return self.graph.caption(node)

    def _tested(self) -> Tested:
        run = self.store.latest_run()
        told = {} if run is None else run.told
        threshold = told.get("threshold")
        return Tested(
            pairs=int(told.get("pairs", 0)), merged=int(told.get("merged", 0)),
            threshold=float(threshold) if isinstance(threshold, int | float) else None,
            questions=len(self.answers.told) + len(self.answers.gone),
            unanswered=len(self.answers.gone) + sum(not one.paths for one in self.answers.told),
        )  # fmt: skip

    def _not_looked_at(self) -> tuple[NotLookedAt, ...]:
        told = []
        if count := never_screened(self.view):
            told.append(
                NotLookedAt(what="items of the case were not screened, or no source says so", count=count)
            )
        told += [
            NotLookedAt(what=f"A question has no answer now: {why}", count=None) for why in self.answers.gone
        ]
        if self.store.latest_run() is None:
            told.append(NotLookedAt(what="Records of people were not compared with one another", count=None))
        return tuple(told)
