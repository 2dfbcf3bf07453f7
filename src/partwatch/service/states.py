"""What becomes of a submission: its states, what people decide, and who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a submission stands.

    queued, screening: nothing is known yet. passed: nothing was found and all was read. held: for a person.
    asked: a person wants to know something of the submitter. released, confirmed: what a person decided;
    confirmed means that it is what the list says, and is refused.
    """

    QUEUED = "queued"
    SCREENING = "screening"
    PASSED = "passed"
    HELD = "held"
    ASKED = "asked"
    RELEASED = "released"
    CONFIRMED = "confirmed"


class Act(StrEnum):
    """What a person does about a submission. release, confirm, ask: a reviewer; answer, appeal: who submitted
    it."""

    RELEASE = "release"
    CONFIRM = "confirm"
    ASK = "ask"
    ANSWER = "answer"
    APPEAL = "appeal"


class Role(StrEnum):
    """What an account may do. submit: hand in, and see what became of it. review: see findings and decide.
    curate: the watch-list. investigate: history, assemblies, families, cases. administer:
    accounts and customers."""

    SUBMIT = "submit"
    REVIEW = "review"
    CURATE = "curate"
    INVESTIGATE = "investigate"
    ADMINISTER = "administer"


# From which states an act leads where. An appeal reopens what was confirmed.
TRANSITIONS: Final[Mapping[Act, tuple[frozenset[State], State]]] = {
    Act.RELEASE: (frozenset({State.HELD, State.ASKED}), State.RELEASED),
    Act.CONFIRM: (frozenset({State.HELD, State.ASKED}), State.CONFIRMED),
    Act.ASK: (frozenset({State.HELD}), State.ASKED),
    Act.ANSWER: (frozenset({State.ASKED}), State.HELD),
    Act.APPEAL: (frozenset({State.CONFIRMED}), State.HELD),
}
ACTS_OF_REVIEWERS: Final = frozenset({Act.RELEASE, Act.CONFIRM, Act.ASK})
SCREENED: Final = frozenset({State.PASSED, State.HELD, State.ASKED, State.RELEASED, State.CONFIRMED})
