"""What people decide about submissions, each with a reason, each in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select, update

from partwatch.model.errors import UsageError
from partwatch.report.escape import visible
from partwatch.service import events
from partwatch.service.principals import Principal
from partwatch.service.results import items_of
from partwatch.service.states import ACTS_OF_REVIEWERS, TRANSITIONS, Act, Role, State
from partwatch.service.store import ServiceStore, now
from partwatch.service.submissions import Submission, check_text, find
from partwatch.service.tables import DECISIONS, SUBMISSIONS
from partwatch.service.wording import leak_in, names_in

MOST_REASON_CHARS: Final = 4000
# Seldom is one appealed more often for a reason that is new.
MOST_APPEALS: Final = 3
_EVENT: Final[Mapping[Act, str]] = {Act.APPEAL: events.APPEALED}


class WrongStateError(Exception):
    """That cannot be decided of a submission as it stands; the message says how it stands."""


@dataclass(frozen=True)
class Decided:
    """One decision. before, after: the submission's state."""

    act: Act
    reason: str
    by: str
    at: str
    before: State
    after: State


def decide(store: ServiceStore, public: str, act: Act, reason: str, by: Principal) -> Submission:
    """Do that about a submission; how it is then.

    Raises UsageError without a reason that can be kept, ForbiddenError, UnknownSubmissionError,
    WrongStateError.
    """
    reason = reason.strip()
    check_text("a decision's reason", reason, MOST_REASON_CHARS)
    by.require(Role.REVIEW if act in ACTS_OF_REVIEWERS else Role.SUBMIT)
    with store.writing() as connection:
        found = find(connection, public, by)
        allowed, after = TRANSITIONS[act]
        if found.state not in allowed:
            raise WrongStateError(f"it is {found.state.value}: it cannot be changed by {act.value}")
        if found.forgotten_at is not None:
            raise WrongStateError("it was forgotten: nothing is left to decide about")
        if act is Act.ASK:
            _check_question(connection, found, reason)
        if act is Act.APPEAL and len(_appeals(connection, found.number)) >= MOST_APPEALS:
            raise WrongStateError(f"it was appealed {MOST_APPEALS} times; write to the operator")
        at = now()
        told = {
            "id": public,
            "act": act.value,
            "reason": reason,
            "before": found.state.value,
            "after": after.value,
        }
        entry = store.note(connection, "decision", told, by.name)
        row = {"submission": found.number, "act": act.value, "reason": reason, "by": by.name, "at": at}
        row |= {"before": found.state.value, "after": after.value, "entry": entry}
        connection.execute(insert(DECISIONS).values(row))
        is_final = after in (State.RELEASED, State.CONFIRMED)
        connection.execute(
            update(SUBMISSIONS)
            .where(SUBMISSIONS.c.number == found.number)
            .values(state=after.value, decided_at=at if is_final else None)
        )
        kind = _EVENT.get(act, events.DECIDED)
        events.tell(connection, found.customer, public, kind, {"state": after.value})
        return find(connection, public, by)


def _check_question(connection: Connection, found: Submission, words: str) -> None:
    """Raise UsageError where a question, which the submitter reads, says what submitters must not read."""
    if (leak := leak_in(words, names_in(items_of(connection, found)))) is not None:
        raise UsageError(
            f"the submitter reads the question, and “{visible(leak)}” is a listed name or a measurement: ask "
            "without it"
        )


def decided(connection: Connection, number: int) -> list[Decided]:
    """What was decided of a submission, in its order."""
    rows = connection.execute(select(DECISIONS).filter_by(submission=number).order_by(DECISIONS.c.id))
    return [
        Decided(Act(row.act), row.reason, row.by, row.at, State(row.before), State(row.after)) for row in rows
    ]


def _appeals(connection: Connection, number: int) -> list[int]:
    asked = select(DECISIONS.c.id).filter_by(submission=number, act=Act.APPEAL.value)
    return list(connection.execute(asked).scalars())


def look(store: ServiceStore, public: str, by: Principal, at_what: str) -> Submission:
    """Note in the ledger that somebody looks at what was found of a submission, before it is shown.

    Raises ForbiddenError, UnknownSubmissionError.
    """
    by.require(Role.REVIEW)
    with store.writing() as connection:
        found = find(connection, public, by)
        store.note(connection, "look", {"id": public, "at": at_what}, by.name)
    return found
