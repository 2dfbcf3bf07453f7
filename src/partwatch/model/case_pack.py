"""What a disclosure pack holds: frozen, versioned, and all that its renderers read.

Sentences are made from it (report/case_pack_words.py) and each names the statements that it rests on by
their number in the case; the annex holds every one of them. What speaks against, what was not found and
what was not looked at has fields of its own, so that leaving it out is a choice that shows. A change here
is a new SCHEMA and a line in the changelog and in docs/reference/case-report.md.
"""

from __future__ import annotations

from typing import Final, Self

from pydantic import model_validator

from partwatch.model.case_overview import ToldCharter, ToldDecision, ToldSource, ToldStatement
from partwatch.model.document import Record

SCHEMA: Final = "partwatch-case-pack-1"
# Stands in every document.
NOT_CLAIMED: Final = (
    "This pack says what sources say, what was inferred from it and how strong that is. It does not say how "
    "probable it is that anybody did anything: that needs what is not in the case, and is for the court."
)


class LedgerBundle(Record):
    """The ledger that lies beside the pack. file: its name; sha256: of its bytes; checkpoint: the signed
    text as it is; entries: how many it holds."""

    file: str
    sha256: str
    checkpoint: str
    entries: int


class Party(Record):
    """An entity as it is named in sentences. statements: that name it."""

    key: str
    schema_name: str
    caption: str
    statements: tuple[int, ...]


class Hop(Record):
    """One link of a path, from `left` to `right` (places in its `parties`). kind: by what they are linked.
    bits: of its inference, None where it is simply said. inferred: whether it rests on an inference.
    sources: that it needs; also_said_by: others that say it. holders: how many share what it comes to, of
    how many, where several do."""

    kind: str
    bits: float | None
    inferred: bool
    sources: tuple[int, ...]
    also_said_by: tuple[int, ...]
    statements: tuple[int, ...]
    holders: int | None = None
    population: int | None = None


class PackPath(Record):
    """One way from one end to the other: one hop fewer than parties. bits: of the whole, its sources
    included. chance_bits: against its being there by chance alone, None where nothing is left to chance.
    weakest: place in `hops`."""

    parties: tuple[Party, ...]
    hops: tuple[Hop, ...]
    bits: float
    chance_bits: float | None
    weakest: int


class WithoutSource(Record):
    """What an answer becomes if one more source falls. bits: None where no path is left."""

    source: int
    bits: float | None


class PackRank(Record):
    """How many of the kind of the right end are tied to the left one at least as strongly, the right end
    among them; of how many. at_least: it was not counted to the end."""

    kind: str
    as_strong: int
    population: int
    at_least: bool


class PackCut(Record):
    """What is likeliest to be wrong of that which together would break every path. bits: against all of it
    being wrong."""

    parts: tuple[str, ...]
    bits: float


class PackQuestion(Record):
    """How one entity is tied to another. proposition, alternative: what is set against what. bits: of all
    paths together, each source counted once; None where none was found. exact: whether that is computed, or
    sampled. without: one source at a time."""

    left: Party
    right: Party
    proposition: str
    alternative: str
    bits: float | None
    exact: bool
    paths: tuple[PackPath, ...]
    rank: PackRank | None
    without: tuple[WithoutSource, ...]
    cut: PackCut | None


class PackItem(Record):
    """An item that was screened. finding: clear, review, match or unscreenable, as the source has it."""

    caption: str
    sha256: str | None
    finding: str
    complete: bool
    statements: tuple[int, ...]


class PackAssembly(Record):
    """Items that together hold a listed design. missing: how many of its parts were not found."""

    design: str
    finding: str
    bits: float | None
    items: tuple[str, ...]
    missing: int | None
    statements: tuple[int, ...]


class PackPair(Record):
    """Two records that were compared. bits: calibrated; None where a person judged and nothing was computed.
    verdict: merged, not merged, or what a person said."""

    left: Party
    right: Party
    bits: float | None
    verdict: str
    reason: str | None
    by: str | None
    at: str | None


class Fallen(Record):
    """What an answer was with a withdrawn source, and is without. before, after: bits, None where no path."""

    source: int
    left: str
    right: str
    before: float | None
    after: float | None


class ErrorRate(Record):
    """A measured rate. what: of what; value, low, high: with its 95 % interval; trials: of how many;
    measured_on: the population and the report that says so."""

    what: str
    value: float
    low: float
    high: float
    trials: int
    measured_on: str


class Tested(Record):
    """How much was compared. pairs: records scored; merged: taken for one; threshold: bits from which on,
    if any; questions: asked; unanswered: of which no path was found."""

    pairs: int
    merged: int
    threshold: float | None
    questions: int
    unanswered: int


class NotLookedAt(Record):
    """Something that the case holds, or that was named, and nobody examined. count: how many, where
    counted."""

    what: str
    count: int | None
    statements: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()


class PackTotals(Record):
    """The whole case."""

    sources: int
    withdrawn: int
    statements: int
    entities: int
    items: int


class CasePack(Record):
    """One pack at one moment. statements: all that anything here rests on. policy: what is set and not
    measured, by name; reliability: bits by letter. limits: what holds of all of it, in words. ValueError
    where a number points at nothing."""

    schema_version: str = SCHEMA
    program_version: str
    as_of: str
    made_by: str
    charter: ToldCharter
    ledger: LedgerBundle | None
    totals: PackTotals
    sources: tuple[ToldSource, ...]
    statements: tuple[ToldStatement, ...]
    questions: tuple[PackQuestion, ...]
    items: tuple[PackItem, ...]
    assemblies: tuple[PackAssembly, ...]
    pairs: tuple[PackPair, ...]
    fallen: tuple[Fallen, ...]
    decisions: tuple[ToldDecision, ...]
    tested: Tested
    error_rates: tuple[ErrorRate, ...]
    not_looked_at: tuple[NotLookedAt, ...]
    reliability: dict[str, float]
    policy: dict[str, float]
    limits: tuple[str, ...]
    not_claimed: str = NOT_CLAIMED

    @model_validator(mode="after")
    def _resolves(self) -> Self:
        said = {one.number for one in self.statements}
        if strange := sorted(set(self._rests_on()) - said):
            raise ValueError(f"no statement {strange[0]} is in the document")
        known = {one.number for one in self.sources}
        hops = [hop for asked in self.questions for way in asked.paths for hop in way.hops]
        named = {one.source for one in self.statements} | {one for hop in hops for one in hop.sources}
        named |= {one for hop in hops for one in hop.also_said_by}
        named |= {one.source for asked in self.questions for one in asked.without}
        named |= {one.source for one in self.fallen}
        named |= {one for each in self.not_looked_at for one in each.sources}
        if strange := sorted(named - known):
            raise ValueError(f"no source {strange[0]} is in the document")
        for way in (way for asked in self.questions for way in asked.paths):
            if len(way.parties) != len(way.hops) + 1 or not 0 <= way.weakest < len(way.hops):
                raise ValueError("a path has one hop fewer than parties, and its weakest is one of them")
        return self

    def _rests_on(self) -> list[int]:
        parties = [one for asked in self.questions for one in (asked.left, asked.right)]
        parties += [one for asked in self.questions for way in asked.paths for one in way.parties]
        parties += [one for pair in self.pairs for one in (pair.left, pair.right)]
        holders: list[Party | Hop | PackItem | PackAssembly | NotLookedAt] = [*parties]
        holders += [hop for asked in self.questions for way in asked.paths for hop in way.hops]
        holders += [*self.items, *self.assemblies, *self.not_looked_at]
        return [number for one in holders for number in one.statements]
