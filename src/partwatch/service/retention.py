"""What is no longer kept: files, results and events whose days are over. What is not decided yet is kept.

Days begin at midnight, UTC: what is due on one day goes at once, and not a little every few minutes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, select

from partwatch.service.context import Service
from partwatch.service.forgetting import FINAL, drop_files, erase
from partwatch.service.states import State
from partwatch.service.store import ServiceStore, now
from partwatch.service.submissions import Submission, submission_of
from partwatch.service.tables import EVENTS, HELD_PRINTS, SUBMISSIONS

BY: Final = "retention"
# For streams and webhooks; nobody asks again after so long.
EVENT_DAYS: Final = 90
_AT_ONCE: Final = 100
_ROWS: Final = 5000


def forget_due(service: Service) -> bool:
    """A bounded piece of it; whether there is more."""
    kept, store = service.settings.retention, service.store
    passed = SUBMISSIONS.c.state == State.PASSED.value
    decided = SUBMISSIONS.c.state.in_([State.RELEASED.value, State.CONFIRMED.value])
    is_there = SUBMISSIONS.c.files_gone_at.is_(None)
    more = False
    for chosen, column, days, setting in (
        (passed & is_there, SUBMISSIONS.c.screened_at, kept.passed_files_days, "passed_files_days"),
        (decided & is_there, SUBMISSIONS.c.decided_at, kept.held_files_days, "held_files_days"),
    ):
        found = _due(store, chosen & (column < _midnight(days)))
        if found:
            drop_files(service, found, BY, f"retention.{setting}")
        more = more or len(found) == _AT_ONCE
    final = SUBMISSIONS.c.state.in_([state.value for state in FINAL]) & SUBMISSIONS.c.forgotten_at.is_(None)
    ended = func.coalesce(SUBMISSIONS.c.decided_at, SUBMISSIONS.c.screened_at)
    found = _due(store, final & (ended < _midnight(kept.results_days)))
    if found:
        erase(service, found, BY, "retention.results_days")
        store.compact()
    more = more or len(found) == _AT_ONCE
    return _drop_rows(service) or more


def _midnight(days: int) -> str:
    """The moment before which things are due that are kept so many days: the start of a day; for 0, now."""
    if days == 0:
        return now()
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    return day.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _due(store: ServiceStore, chosen: ColumnElement[bool]) -> list[Submission]:
    with store.reading() as connection:
        asked = select(SUBMISSIONS).where(chosen).order_by(SUBMISSIONS.c.number).limit(_AT_ONCE)
        return [submission_of(row) for row in connection.execute(asked)]


def _drop_rows(service: Service) -> bool:
    """Events that are old, and prints that near-copies are no longer told by."""
    more = False
    near = service.settings.near_copies.days
    for table, key, days in ((EVENTS, EVENTS.c.seq, EVENT_DAYS), (HELD_PRINTS, HELD_PRINTS.c.id, near)):
        due: Any = select(key).where(table.c.at < now(timedelta(days=-days))).order_by(key).limit(_ROWS)
        with service.store.reading() as connection:
            found = list(connection.execute(due).scalars())
        if found:
            with service.store.writing() as connection:
                connection.execute(delete(table).where(key <= found[-1], key.in_(due)))
        more = more or len(found) == _ROWS
    return more
