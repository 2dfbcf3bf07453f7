"""Which desk has which submission: claimed for a while, kept by renewing, taken from whoever has died.

A claim counts as long as its lease. A desk that lives renews it; one that was killed does not, and another
takes the submission up again. What it had finished of it by then is kept, and not done twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from partwatch.service import events
from partwatch.service.states import State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import StoredFile, Submission, files_of, submission_of
from partwatch.service.tables import FILES, RESULTS, SUBMISSIONS

LEASE_S: Final = 15.0
RENEW_S: Final = 3.0
# So often may desks die over one submission before it is the submission's fault.
MOST_LOST: Final = 12


@dataclass(frozen=True)
class Claimed:
    """A submission that is this desk's now. files: all of them; done: the results that are there already, by
    the file's id, and with which header. lost: how often a desk died over it. due: its place in the queue."""

    submission: Submission
    files: tuple[StoredFile, ...]
    done: dict[int, str]
    lost: int
    due: float


def is_any_free(store: ServiceStore, desk: str, before: float | None = None) -> bool:
    """Whether there is a submission that the desk could claim; nothing is locked for it. before: as there."""
    with store.reading() as connection:
        asked = select(SUBMISSIONS.c.number).where(_free(desk)).limit(1)
        if before is not None:
            asked = asked.where(SUBMISSIONS.c.due < before)
        return connection.execute(asked).scalar() is not None


def claim(store: ServiceStore, desk: str, most: int, before: float | None = None) -> list[Claimed]:
    """The submissions that are due next, at most so many, now this desk's. before: only those due sooner."""
    if not is_any_free(store, desk, before):
        return []
    with store.writing() as connection:
        due = select(SUBMISSIONS).where(_free(desk)).order_by(SUBMISSIONS.c.due, SUBMISSIONS.c.number)
        if before is not None:
            due = due.where(SUBMISSIONS.c.due < before)
        rows = connection.execute(due.limit(most)).all()
        moment = time.time()
        return [_claimed(store, connection, row, desk, moment) for row in rows]


def _free(desk: str) -> ColumnElement[bool]:
    return or_(
        SUBMISSIONS.c.state == State.QUEUED.value,
        # Not its own: a machine that slept has leases that are over, and goes on with what it had.
        (SUBMISSIONS.c.state == State.SCREENING.value)
        & (SUBMISSIONS.c.lease_until < time.time())
        & (SUBMISSIONS.c.claimed_by != desk),
    )


def _claimed(store: ServiceStore, connection: Connection, row: Row[Any], desk: str, moment: float) -> Claimed:
    found = submission_of(row)
    lost = int(row.lost) + (found.state is State.SCREENING)
    values = {
        "state": State.SCREENING.value,
        "claimed_by": desk,
        "lease_until": moment + LEASE_S,
        "lost": lost,
    }
    connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.number == found.number).values(values))
    if found.state is State.QUEUED:
        events.tell(connection, found.customer, found.id, events.SCREENING, {})
    files = files_of(store, connection, found.number)
    done = connection.execute(
        select(RESULTS.c.file, RESULTS.c.header)
        .join(FILES, FILES.c.id == RESULTS.c.file)
        .where(FILES.c.submission == found.number)
    )
    return Claimed(found, tuple(files), {one.file: one.header for one in done}, lost, float(row.due))


def renew(store: ServiceStore, desk: str, numbers: Sequence[int]) -> set[int]:
    """Keep claims for another lease; those of the numbers that are still this desk's."""
    if not numbers:
        return set()
    with store.writing() as connection:
        connection.execute(
            update(SUBMISSIONS)
            .where(SUBMISSIONS.c.number.in_(numbers), SUBMISSIONS.c.claimed_by == desk)
            .values(lease_until=time.time() + LEASE_S)
        )
        return own(connection, desk, numbers)


def own(connection: Connection, desk: str, numbers: Sequence[int]) -> set[int]:
    """Those of the submissions that are this desk's and not finished."""
    asked = select(SUBMISSIONS.c.number).where(
        SUBMISSIONS.c.number.in_(numbers),
        SUBMISSIONS.c.claimed_by == desk,
        SUBMISSIONS.c.state == State.SCREENING.value,
    )
    return {int(number) for number in connection.execute(asked).scalars()}


def give_back(store: ServiceStore, desk: str) -> None:
    """All that is this desk's and not finished waits again: it ends, and that is nobody's fault."""
    with store.writing() as connection:
        connection.execute(
            update(SUBMISSIONS)
            .where(SUBMISSIONS.c.claimed_by == desk, SUBMISSIONS.c.state == State.SCREENING.value)
            .values(state=State.QUEUED.value, claimed_by=None, lease_until=None)
        )
