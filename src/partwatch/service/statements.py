"""What a submitter is told: how it stands and why, in plain words; never scores, parts or designs.

Pure, but for `statement`, which reads what was decided and found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from partwatch.model.document import Finding, Item
from partwatch.report.escape import visible
from partwatch.service.decisions import MOST_APPEALS, Decided, decided
from partwatch.service.results import items_of
from partwatch.service.states import SCREENED, Act, State
from partwatch.service.submissions import Submission

# Numbers with these behind them are measurements, whoever wrote them.
_MEASURED: Final = re.compile(
    r"\d\s*(?:bits?\b|%|mm\b|percent\b|per ?cent\b|of 10[,. ]?000)|\bscore\b|\bcoverage\b|\bdeviation\b",
    re.IGNORECASE,
)
_LEAST_NAME: Final = 3
_MOST_UNREAD: Final = 50
ON_RECORD: Final = "The reviewer's reason is on record here; ask the operator for it."

HEADINGS: Final = {
    State.QUEUED: "It waits to be read",
    State.SCREENING: "It is being read",
    State.PASSED: "Nothing was found",
    State.HELD: "It is held until a person has looked at it",
    State.ASKED: "A person has a question",
    State.RELEASED: "A person looked at it and released it",
    State.CONFIRMED: "A person looked at it and refused it",
}
_FOUND: Final = {
    Finding.MATCH: "The shape of something in it agrees with something on the list of what is held here.",
    Finding.REVIEW: "Something in it resembles something on the list of what is held here.",
    Finding.UNSCREENABLE: "Some of it could not be read, and what was not read is not let pass.",
    Finding.CLEAR: "All of it was read, and nothing on the list was found.",
}
_MEANS: Final = (
    "Every file is compared by its shape with a list that the operator keeps, by a program. A likeness says "
    "nothing about what the object is for, nor that anybody did wrong. Whatever is held is decided by a "
    "person, never by the program."
)


@dataclass(frozen=True)
class Told:
    """One thing that was done. by: whose doing, as a submitter may know it; said: their words, None where
    they are not told."""

    act: Act
    by: str
    at: str
    said: str | None


@dataclass(frozen=True)
class Statement:
    """What a submitter reads. unread: files, by name, that could not be read, and why. question: that waits
    for an answer. appeals_left: how often an appeal would still reopen it, 0 where there is none to make.
    """

    heading: str
    sentences: tuple[str, ...]
    unread: tuple[tuple[str, str], ...] = ()
    question: str | None = None
    appeals_left: int = 0
    acts: tuple[Told, ...] = ()


def statement(connection: Connection, found: Submission) -> Statement:
    """The statement of a submission. Raises StoreError where its result is damaged."""
    acts = decided(connection, found.number)
    items = list(items_of(connection, found)) if found.state in SCREENED else []
    return stated(found, acts, items)


def stated(found: Submission, acts: Sequence[Decided], items: Sequence[Item]) -> Statement:
    """The same from what was decided and found. items: none where its result is no longer kept."""
    names = names_in(items)
    # Without the result nobody can tell whether a reason names what it must not.
    told = tuple(_told(one, names, known=bool(items)) for one in acts)
    is_open = found.state in (State.HELD, State.ASKED)
    sentences = []
    if found.state in SCREENED:
        sentences = [_MEANS] if found.state is State.PASSED else [*_why(found, is_open), _MEANS]
    if found.state is State.PASSED:
        sentences.insert(0, _FOUND[Finding.CLEAR])
    question = told[-1].said or ON_RECORD if found.state is State.ASKED and told else None
    appeals = sum(one.act is Act.APPEAL for one in acts)
    return Statement(
        heading=HEADINGS[found.state],
        sentences=tuple(sentences),
        unread=() if found.withheld and is_open else unread(items),
        question=question,
        appeals_left=max(MOST_APPEALS - appeals, 0) if found.state is State.CONFIRMED else 0,
        acts=told,
    )


def _why(found: Submission, is_open: bool) -> list[str]:
    if found.withheld and is_open:
        return ["It waits for a person; what was found in it is told once that person has decided."]
    return [] if found.finding is None else [_FOUND[found.finding]]


def unread(items: Iterable[Item]) -> tuple[tuple[str, str], ...]:
    """What could not be read, by name, with the reasons: a submitter mends it by them."""
    found = []
    for item in items:
        if item.finding is Finding.UNSCREENABLE:
            name = item.path if item.member is None else f"{item.path} › {item.member}"
            found += [(visible(name), visible(reason.message)) for reason in item.reasons]
    return tuple(found[:_MOST_UNREAD])


def names_in(items: Iterable[Item]) -> frozenset[str]:
    """The names of all designs and parts that anything in these items was compared with."""
    names = set()
    for match in (match for item in items for body in item.bodies for match in body.matches):
        names |= {match.design, match.part}
        if match.evidence is not None:
            rival = match.evidence.rival
            names |= {name for name in (rival.design, rival.part, rival.look_alike) if name is not None}
    return frozenset(names)


def leak_in(text: str, names: Iterable[str]) -> str | None:
    """What of a text a submitter must not read: a listed name or a measurement; None where nothing is."""
    plain = _plain(text)
    for name in sorted(names, key=len, reverse=True):
        wanted = _plain(name)
        if len(wanted) >= _LEAST_NAME and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", plain):
            return name
    found = _MEASURED.search(text)
    return None if found is None else found[0]


def _plain(text: str) -> str:
    """Lower-case words with single spaces: `Crank-Arm`, `crank_arm` and `crank  arm` are one name."""
    return " ".join(re.split(r"[\s_\-./]+", text.casefold())).strip()


def _told(one: Decided, names: Iterable[str], known: bool) -> Told:
    if one.act in (Act.ANSWER, Act.APPEAL):
        return Told(one.act, "who submitted it", one.at, one.reason)
    is_fit = known and leak_in(one.reason, names) is None
    return Told(one.act, "a reviewer", one.at, one.reason if is_fit else None)
