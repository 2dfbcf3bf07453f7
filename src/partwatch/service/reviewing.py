"""What a reviewer works through: the queue of what is held, and what was found file by file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from partwatch.model.document import Finding, Header, Item
from partwatch.service.principals import Principal
from partwatch.service.results import unpacked
from partwatch.service.states import Act, Role, State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import StoredFile, Submission, files_of, submission_of
from partwatch.service.tables import DECISIONS, FILES, HEADERS, RESULTS, SUBMISSIONS

DECIDABLE: Final = (State.HELD, State.ASKED)


@dataclass(frozen=True)
class Wanted:
    """What the queue shows. states: only those; customer, finding: only that one; after: only what came after
    that number."""

    states: Sequence[State] = DECIDABLE
    customer: str | None = None
    finding: Finding | None = None
    after: int = 0


@dataclass(frozen=True)
class Queued:
    """A row of the queue. last: what was done about it last; name: of its first file."""

    submission: Submission
    last: Act | None
    name: str


@dataclass(frozen=True)
class FileFound:
    """What was found in one file; items None where that is not kept."""

    file: StoredFile
    items: tuple[Item, ...] | None


def queue(connection: Connection, principal: Principal, wanted: Wanted, limit: int) -> list[Queued]:
    """What waits for a person, the oldest first, as far as whoever asks may see it."""
    asked = select(SUBMISSIONS).where(
        SUBMISSIONS.c.state.in_([state.value for state in wanted.states]), SUBMISSIONS.c.number > wanted.after
    )
    whose = principal.customer if principal.customer is not None else wanted.customer
    if whose is not None:
        asked = asked.where(SUBMISSIONS.c.customer == whose)
    if wanted.finding is not None:
        asked = asked.where(SUBMISSIONS.c.finding == wanted.finding.value)
    rows = connection.execute(asked.order_by(SUBMISSIONS.c.number).limit(limit)).all()
    found = [submission_of(row) for row in rows]
    numbers = [one.number for one in found]
    names, last = first_names(connection, numbers), _last_acts(connection, numbers)
    return [Queued(one, last.get(one.number), names.get(one.number, "")) for one in found]


def count_held(connection: Connection, principal: Principal) -> int:
    """How many are held, as far as whoever asks may see them."""
    asked = select(func.count()).select_from(SUBMISSIONS).where(SUBMISSIONS.c.state == State.HELD.value)
    if principal.customer is not None:
        asked = asked.where(SUBMISSIONS.c.customer == principal.customer)
    return int(connection.execute(asked).scalar_one())


def next_in_queue(connection: Connection, principal: Principal, after: int) -> str | None:
    """The id of the oldest submission that is held, after that number and else from the beginning."""
    for beyond in (after, 0):
        for one in queue(connection, principal, Wanted((State.HELD,), after=beyond), 1):
            return one.submission.id
    return None


def first_names(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """The name of the first file of each submission."""
    asked = select(FILES.c.submission, FILES.c.name).where(
        FILES.c.submission.in_(numbers), FILES.c.position == 0
    )
    return {row.submission: row.name for row in connection.execute(asked)}


def _last_acts(connection: Connection, numbers: Sequence[int]) -> dict[int, Act]:
    latest = (
        select(func.max(DECISIONS.c.id))
        .where(DECISIONS.c.submission.in_(numbers))
        .group_by(DECISIONS.c.submission)
    )
    asked = select(DECISIONS.c.submission, DECISIONS.c.act).where(DECISIONS.c.id.in_(latest))
    return {row.submission: Act(row.act) for row in connection.execute(asked)}


def look_over(store: ServiceStore, ids: Sequence[str], by: Principal) -> None:
    """Note in the ledger that somebody sees the findings of these submissions in a list. Raises
    ForbiddenError."""
    by.require(Role.REVIEW)
    if ids:
        with store.writing() as connection:
            store.note(connection, "look", {"ids": list(ids), "at": "queue"}, by.name)


def header_of(connection: Connection, found: Submission) -> Header | None:
    """With what it was screened; None where that is not known."""
    asked = select(HEADERS.c.header).join(SUBMISSIONS, SUBMISSIONS.c.header == HEADERS.c.digest)
    text = connection.execute(asked.where(SUBMISSIONS.c.number == found.number)).scalar()
    return None if text is None else Header.model_validate_json(text)


def found_by_file(
    store: ServiceStore, connection: Connection, found: Submission, first: int, most: int
) -> list[FileFound]:
    """What was found in its files, from the position `first`, at most so many. Raises StoreError."""
    files = files_of(store, connection, found.number)[first : first + most]
    packed = _packed(connection, [file.id for file in files])
    return [
        FileFound(file, unpacked(packed[file.id], found.id) if file.id in packed else None) for file in files
    ]


def _packed(connection: Connection, files: Sequence[int]) -> Mapping[int, bytes]:
    asked = select(RESULTS.c.file, RESULTS.c.found).where(RESULTS.c.file.in_(files))
    return {row.file: row.found for row in connection.execute(asked)}
