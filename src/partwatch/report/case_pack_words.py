"""The sentences of a disclosure pack: plain functions of the document, each with what it rests on.

A sentence says nothing that is not in the document: its numbers are there, are lengths of what is there, or
are ratios of bits that are there. What comes from outside is a piece of its own (`Named`), so that no name
can pass for words of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from partwatch.evidence.words import ratio_in_words, support_of
from partwatch.model.case_pack import CasePack, Hop, PackItem, PackPath, PackQuestion, Party
from partwatch.model.document import Support

MOST_LISTED: Final = 200
_LONGEST_NAME: Final = 90
_COUNTED: Final = "it is counted over the whole case"
_NOTHING: Final = 0.05  # bits that are told as 0.0
_POLICY: Final = "it is a policy, stated and not measured"


@dataclass(frozen=True)
class Named:
    """A text from outside."""

    text: str


Piece = str | Named


@dataclass(frozen=True)
class Sentence:
    """pieces: in order. statements, sources: what it rests on, by number in the case. none: why it rests on
    no statement, where that is so."""

    pieces: tuple[Piece, ...]
    statements: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()
    none: str | None = None

    def plain(self) -> str:
        """As one text."""
        return "".join(one.text if isinstance(one, Named) else one for one in self.pieces)


@dataclass(frozen=True)
class Section:
    """A heading and its sentences. question: the place of the question whose picture belongs here."""

    title: tuple[Piece, ...]
    sentences: tuple[Sentence, ...]
    level: int = 1
    question: int | None = None


def sections(pack: CasePack) -> tuple[Section, ...]:
    """All of the pack but its annexes."""
    return (
        Section(("What this is",), tuple(_what_this_is(pack))),
        Section(("What was asked, and what was found",), tuple(_asked(pack))),
        *(
            Section(
                (f"Question {place + 1}: ", called(asked.left.caption), " and ", called(asked.right.caption)),
                tuple(_question(pack, asked)),
                2,
                place,
            )
            for place, asked in enumerate(pack.questions)
        ),
        Section(("Items and assemblies",), tuple(_items(pack))),
        Section(("What speaks against, and what was not found",), tuple(_against(pack))),
        Section(("What was withdrawn, and what fell with it",), tuple(_withdrawn(pack))),
        Section(("What people decided",), tuple(_decided(pack))),
        Section(("Error rates and limits",), tuple(_limits(pack))),
        Section(("What was not looked at",), tuple(_not_looked_at(pack))),
    )


# Small words.


def called(text: str) -> Named:
    """A name, cut where it is too long to be one; what it rests on has the whole."""
    return Named(text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…")


def counted(number: int, one: str, many: str) -> str:
    """`1 link`, `1,200 links`."""
    return f"{number:,} {one if number == 1 else many}"


def bits(value: float) -> str:
    """`6.4 bits`."""
    return f"{value + 0.0 if round(value, 1) else 0.0:.1f} bits"


def chance(value: float) -> str:
    """What bits of a path leave: `1 in 84`."""
    return f"1 in {ratio_in_words(value)}" if value > 0 else "1 in 1"


def weight(value: float) -> str:
    """A likelihood ratio in words, with ENFSI's word for it."""
    word = support_of(value)
    said = word.value if word in (Support.NONE, Support.AGAINST) else f"{word.value} support"
    return f"{bits(value)}, a likelihood ratio of {ratio_in_words(value)}: {said}"


def _listed(names: Sequence[str]) -> list[Piece]:
    """`a`, `b` and `c`."""
    pieces: list[Piece] = []
    for place, name in enumerate(names):
        if place:
            pieces.append(" and " if place == len(names) - 1 else ", ")
        pieces.append(called(name))
    return pieces


def _made(*pieces: Piece | Iterable[Piece]) -> tuple[Piece, ...]:
    flat: list[Piece] = []
    for one in pieces:
        flat += [one] if isinstance(one, str | Named) else list(one)
    return tuple(flat)


def _union(parties: Iterable[Party]) -> tuple[int, ...]:
    return tuple(sorted({number for one in parties for number in one.statements}))


# What is said.


def _what_this_is(pack: CasePack) -> Iterator[Sentence]:
    charter, totals = pack.charter, pack.totals
    yield Sentence(
        _made("This pack is of the case ", Named(charter.name), ", kept by ", Named(charter.authority),
              " under ",
              Named(charter.legal_basis), " for this purpose: ", Named(charter.purpose), "."),
        none="it is the case's charter",
    )  # fmt: skip
    yield Sentence(
        (f"It was made on {pack.as_of[:10]} by ", Named(pack.made_by),
         f" with Partwatch {pack.program_version}; "
         f"the case may be kept until {charter.retention}."),
        none="it is the case's charter",
    )  # fmt: skip
    yield Sentence(
        (
            f"The case holds {counted(totals.statements, 'statement', 'statements')} of "
            f"{counted(totals.sources, 'source', 'sources')}, of which {totals.withdrawn:,} withdrawn, about "
            f"{counted(totals.entities, 'entity', 'entities')}, {totals.items:,} of them items; "
            f"{counted(len(pack.statements), 'statement is', 'statements are')} in the annex: all "
            "that a sentence "
            "here rests on.",
        ),
        sources=tuple(one.number for one in pack.sources),
    )
    if pack.ledger is None:
        yield Sentence(("No ledger lies beside this pack.",), none="there is none to point to")
        return
    yield Sentence(
        ("Beside it lies the ledger of the case, ", Named(pack.ledger.file),
         f", with {counted(pack.ledger.entries, 'entry', 'entries')} and the SHA-256 digest "
         f"{pack.ledger.sha256}; "
         "`partwatch ledger verify` checks it against the checkpoint that is printed here, with "
         "nothing else."),
        none="it is the ledger itself",
    )  # fmt: skip


def _asked(pack: CasePack) -> Iterator[Sentence]:
    tested = pack.tested
    if not pack.questions:
        yield Sentence(("Nothing was asked.",), none="there is no question in the case")
        return
    yield Sentence(
        (
            f"{counted(tested.questions, 'question was', 'questions were')} asked of the case; to "
            f"{tested.unanswered:,} of them no path was found.",
        ),
        none=_COUNTED,
    )
    yield Sentence(
        (
            "The bits of a path say how small the chance is that one of its links is wrong: it is "
            "at most 2 to the "
            "minus bits, if each link is as sure as it is said to be.",
        ),
        none="it is how paths are weighed",
    )


def _question(pack: CasePack, asked: PackQuestion) -> Iterator[Sentence]:
    ends = _union((asked.left, asked.right))
    yield Sentence(
        _made("It was asked how ", called(asked.left.caption), f" ({asked.left.schema_name}) is tied to ",
              called(asked.right.caption), f" ({asked.right.schema_name})."),
        ends,
    )  # fmt: skip
    yield Sentence(
        ("Two propositions are set against each other: that ", Named(asked.proposition), "; or that ",
         Named(asked.alternative), "."),
        none="they are what is asked",
    )  # fmt: skip
    if not asked.paths or asked.bits is None:
        yield Sentence(
            ("No path was found between them.",),
            none="nothing in the case ties them",
        )
        return
    every = sorted({number for way in asked.paths for hop in way.hops for number in hop.statements})
    yield Sentence(
        (
            "1 path was found. It leaves a chance of "
            if len(asked.paths) == 1
            else f"{len(asked.paths):,} paths were found. Together they leave a chance of ",
            f"{chance(asked.bits)} ({bits(asked.bits)}) that ",
            "it does not hold."
            if len(asked.paths) == 1
            else "none of them holds; a source that several of them use is counted once.",
        ),
        tuple(every),
        tuple(sorted({one for way in asked.paths for hop in way.hops for one in hop.sources})),
    )
    if asked.bits < _NOTHING:
        yield Sentence(
            ("They carry no weight, and are told so that nothing is left out.",),
            none="it follows from the bits",
        )
    for number, way in enumerate(asked.paths):
        yield from _path(pack, number + 1, way)
    if not asked.exact:
        yield Sentence(("That chance was sampled, not computed.",), none="it is how it was found")
    if asked.rank is not None:
        rank = asked.rank
        more = "at least " if rank.at_least else ""
        alone = _made(f"Of {rank.population:,} of the kind {rank.kind} none but ",
                      called(asked.right.caption),
                      " is tied to ", called(asked.left.caption), " as strongly.")  # fmt: skip
        yield Sentence(
            alone
            if rank.as_strong <= 1 and not rank.at_least
            else
            _made(f"Of {rank.population:,} of the kind {rank.kind}, {more}{rank.as_strong:,}, ",
                  called(asked.right.caption), " among them, are tied to ", called(asked.left.caption),
                  " at least as strongly."),
            none=_COUNTED,
        )  # fmt: skip
    if asked.cut is not None:
        yield Sentence(
            _made("All paths would fall together if these were wrong: ", _listed(asked.cut.parts),
                  f" ({bits(asked.cut.bits)} against it)."),
            none="it is computed from the paths above",
        )  # fmt: skip
    names = {one.number: one.name for one in pack.sources}
    for one in asked.without:
        left = "no path is left" if one.bits is None else f"{bits(one.bits)} are left ({chance(one.bits)})"
        yield Sentence(("If ", Named(names[one.source]), f" falls, {left}."), sources=(one.source,))


def _path(pack: CasePack, number: int, way: PackPath) -> Iterator[Sentence]:
    kind = "The strongest path" if number == 1 else "A rival path"
    whole = sorted({one for hop in way.hops for one in hop.statements})
    yield Sentence(
        (
            f"{kind}, path {number}, has {counted(len(way.hops), 'link', 'links')} and {bits(way.bits)} "
            f"({chance(way.bits)}); it breaks first at link {way.weakest + 1}"
            + (
                "."
                if way.chance_bits is None
                else f"; that such a path is there by chance alone: {chance(way.chance_bits)}."
            ),
        ),
        tuple(whole),
    )
    for place, hop in enumerate(way.hops):
        yield _hop(
            pack, f"Path {number}, link {place + 1}: ", way.parties[place], way.parties[place + 1], hop
        )


def _hop(pack: CasePack, lead: str, left: Party, right: Party, hop: Hop) -> Sentence:
    letters = {one.number: (one.name, one.reliability) for one in pack.sources}
    told = [f"{letters[one][0]} (reliability {letters[one][1]})" for one in hop.sources]
    by = _made(", as ", _listed(told), " has it") if told else ()
    inferred = ("; this is inferred" + (f", {weight(hop.bits)}" if hop.bits is not None else ""),)
    if hop.also_said_by:
        by = _made(by, ", and so do ", _listed([letters[one][0] for one in hop.also_said_by]))
    shared: tuple[Piece, ...] = ()
    if hop.holders is not None and hop.population is not None:
        shared = (f"; what it comes to is shared by {hop.holders:,} of {hop.population:,}",)
    pieces = _made(
        lead, called(left.caption), " and ", called(right.caption), " by ", Named(hop.kind), by,
        inferred if hop.inferred else (), shared, ".",
    )  # fmt: skip
    none = None if hop.statements else "its statements are those of its sources as a whole"
    return Sentence(pieces, hop.statements, hop.sources, none if not hop.sources else None)


def _items(pack: CasePack) -> Iterator[Sentence]:
    findings = {
        finding: [one for one in pack.items if one.finding == finding] for finding in ("match", "review")
    }
    for finding, found in findings.items():
        for one in found[:MOST_LISTED]:
            digest = f" (SHA-256 {one.sha256})" if one.sha256 else ""
            part = "" if one.complete else ", and not all of it could be read"
            yield Sentence(
                ("The item ", called(one.caption), f"{digest} was screened: {finding}{part}."), one.statements
            )
        if len(found) > MOST_LISTED:
            yield Sentence(
                (f"{len(found):,} items in all have the finding {finding}; {MOST_LISTED:,} are named here.",),
                none=_COUNTED,
            )
    for held in pack.assemblies:
        worth = f" ({weight(held.bits)})" if held.bits is not None else ""
        lacks = (
            "" if held.missing is None else f"; {counted(held.missing, 'part was', 'parts were')} not found"
        )
        yield Sentence(
            _made(f"{counted(len(held.items), 'item', 'items')} together hold parts of the design ",
                  Named(held.design),
                  f", {held.finding}{worth}: ", _listed(held.items[:MOST_LISTED]), f"{lacks}."),
            held.statements,
        )  # fmt: skip
    if not any(findings.values()) and not pack.assemblies:
        yield Sentence(("No item of the case has a finding for or near a listed design.",), none=_COUNTED)


def _against(pack: CasePack) -> Iterator[Sentence]:
    clear = [one for one in pack.items if one.finding == "clear"]
    closed = [one for one in pack.items if one.finding == "unscreenable" or not one.complete]
    yield _several(clear, "item was screened and is clear", "items were screened and are clear")
    yield _several(
        closed, "item could not be screened, or not whole", "items could not be screened, or not whole"
    )
    for asked in pack.questions:
        if not asked.paths:
            yield Sentence(
                _made("No path ties ", called(asked.left.caption), " to ", called(asked.right.caption), "."),
                _union((asked.left, asked.right)),
            )
    tested = pack.tested
    limit = f" at {bits(tested.threshold)}" if tested.threshold is not None else ""
    yield Sentence(
        (
            f"{counted(tested.pairs, 'pair of records was', 'pairs of records were')} compared; "
            f"{tested.merged:,} "
            f"were taken for one{limit}, {tested.pairs - tested.merged:,} were not.",
        ),
        none=_COUNTED,
    )
    for pair in pack.pairs[:MOST_LISTED]:
        worth = f" ({bits(pair.bits)})" if pair.bits is not None else ""
        why = _made(" by ", Named(pair.by or ""), ": ", Named(pair.reason)) if pair.reason else ()
        yield Sentence(
            _made(
                called(pair.left.caption),
                " and ",
                called(pair.right.caption),
                f": {pair.verdict}{worth}",
                why,
                ".",
            ),
            _union((pair.left, pair.right)),
            none=None if _union((pair.left, pair.right)) else "their statements are forgotten or withdrawn",
        )
    if len(pack.pairs) > MOST_LISTED:
        yield Sentence(
            (f"{len(pack.pairs):,} such pairs are in all; {MOST_LISTED:,} are named here.",), none=_COUNTED
        )


def _several(items: Sequence[PackItem], one: str, many: str) -> Sentence:
    if not items:
        return Sentence((f"No {one}.",), none=_COUNTED)
    numbers = sorted({number for item in items for number in item.statements})
    lead = ": " if len(items) <= MOST_LISTED else f", of which {MOST_LISTED:,} are named here: "
    named = _listed([item.caption for item in items[:MOST_LISTED]])
    return Sentence(_made(counted(len(items), one, many), lead, named, "."), tuple(numbers))


def _withdrawn(pack: CasePack) -> Iterator[Sentence]:
    gone = [one for one in pack.sources if one.withdrawn is not None]
    if not gone:
        yield Sentence(("No source was withdrawn.",), none=_COUNTED)
    for one in gone:
        yield Sentence(
            ("The source ", Named(one.name),
             f", with {counted(one.statements, 'statement', 'statements')}, was "
             "withdrawn: ", Named(one.withdrawn or ""), ". Nothing that is said here rests on it."),
            sources=(one.number,),
        )  # fmt: skip
    names = {one.number: one.name for one in pack.sources}
    for each in pack.fallen:
        before = "no path" if each.before is None else bits(each.before)
        after = "no path" if each.after is None else bits(each.after)
        yield Sentence(
            ("With ", Named(names[each.source]), ", ", Named(each.left), " and ", Named(each.right),
             f" were tied by {before}; without it, by {after}."),
            sources=(each.source,),
        )  # fmt: skip


def _decided(pack: CasePack) -> Iterator[Sentence]:
    if not pack.decisions:
        yield Sentence(("No person decided anything in this case.",), none=_COUNTED)
    if len(pack.decisions) > MOST_LISTED:
        yield Sentence(
            (f"{len(pack.decisions):,} decisions stand; the last {MOST_LISTED:,} are named here.",),
            none=_COUNTED,
        )
    for one in pack.decisions[-MOST_LISTED:]:
        yield Sentence(
            (f"On {one.at[:10]} ", Named(one.by), " judged ", Named(one.left), " and ", Named(one.right),
             f" {one.verdict}: ", Named(one.reason), "."),
            none="it is a decision; the ledger has it",
        )  # fmt: skip


def _limits(pack: CasePack) -> Iterator[Sentence]:
    if not pack.error_rates:
        yield Sentence(("No error rate was stated with this pack.",), none="none was given")
    for rate in pack.error_rates:
        yield Sentence(
            (Named(rate.what), f": {rate.value:.3g} (95 % interval {rate.low:.3g} to {rate.high:.3g}, "
             f"{counted(rate.trials, 'trial', 'trials')}), measured on ", Named(rate.measured_on), "."),
            none="it is measured on other data than this case's",
        )  # fmt: skip
    letters = ", ".join(f"{letter} as {value:g}" for letter, value in sorted(pack.reliability.items()))
    yield Sentence((f"The letters of sources count in bits: {letters}.",), none=_POLICY)
    for name, value in sorted(pack.policy.items()):
        yield Sentence((Named(name), f": {value:g}."), none=_POLICY)
    for limit in pack.limits:
        yield Sentence((limit if limit.endswith(".") else f"{limit}.",), none="it is a limit of the method")


def _not_looked_at(pack: CasePack) -> Iterator[Sentence]:
    skipped = [one for one in pack.sources if one.skipped]
    for one in skipped:
        yield Sentence(
            (
                f"{counted(one.skipped, 'row', 'rows')} of ",
                Named(one.name),
                " could not be read and were left out.",
            ),
            sources=(one.number,),
        )
    for each in pack.not_looked_at:
        lead: tuple[Piece, ...] = () if each.count is None else (f"{each.count:,} ",)
        none = None if each.statements or each.sources else "nobody looked"
        yield Sentence(_made(lead, Named(each.what), "."), each.statements, each.sources, none)
    if not skipped and not pack.not_looked_at:
        yield Sentence(("Nothing is known that was left unexamined.",), none="nothing was named")
