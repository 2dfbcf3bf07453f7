"""Fingerprints of what was screened, on their way into the history, and out of it again.

They wait in the store, in the transaction that kept the result, until a submission is screened as a whole:
near-copies are told by them until then. A batch is merged into the history and then deleted from the store;
whoever is killed in between leaves both, and the next one writes the same rows over. What was forgotten while
a batch was on its way is taken out again, at once or by `tidy`, and no hunt shows what the store does not
know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Row, delete, select

from partwatch.history.entry import Entry, customer_key
from partwatch.history.projection import Projection
from partwatch.history.store import HistoryStore, NoHistoryError
from partwatch.service.context import Service
from partwatch.service.settings import FOLDER
from partwatch.service.states import SCREENED
from partwatch.service.store import ServiceStore, now
from partwatch.service.tables import FILES, META, PRINTS, SUBMISSIONS

BATCH: Final = 2_000
_AT_ONCE: Final = 500
_FOLDER: Final = "history"


def history_url(service: Service) -> str:
    """Where the history is: as the settings say, else in the home folder."""
    return service.settings.history.url or str(Path(service.home) / FOLDER / _FOLDER)


def open_history(service: Service, create: bool = False) -> HistoryStore:
    """The service's history; a new one with `create`. Raises StoreError, UsageError."""
    return HistoryStore.open(history_url(service), _fitted if create else None)


def customer_keys(store: ServiceStore, customers: Iterable[str]) -> dict[str, str]:
    """What stands for customers of this service in its history."""
    with store.reading() as connection:
        origin = _origin(connection)
    return {customer: customer_key(origin, customer) for customer in customers}


def drain(service: Service) -> bool:
    """A batch; whether there is more. Where no history is kept, or for 0 days, a batch is only deleted."""
    with service.store.reading() as connection:
        rows = connection.execute(_waiting()).all()
        origin = _origin(connection)
    if not rows:
        return False
    kept = [row for row in rows if row.forgotten_at is None]
    history = None
    if service.settings.history.enabled and service.settings.retention.history_days and kept:
        history = open_history(service, create=True)
        history.add([_entry(row, origin) for row in kept])
    with service.store.writing() as connection:
        # What was forgotten meanwhile is no longer among them.
        still = known(connection, {row.submission for row in kept})
        for place in range(0, len(rows), _AT_ONCE):
            ids = [row.id for row in rows[place : place + _AT_ONCE]]
            connection.execute(delete(PRINTS).where(PRINTS.c.id.in_(ids)))
    if history is not None and (gone := sorted({row.submission for row in kept} - still)):
        history.forget_submissions(gone)
    return len(rows) == BATCH


def forget(service: Service, submissions: Sequence[str]) -> None:
    """Take submissions out of the history, by their ids. Nothing to do where there is none."""
    if submissions and (history := _history(service)) is not None:
        history.forget_submissions(submissions)


def forget_customer(service: Service, customer: str) -> None:
    """Take a customer out of the history."""
    if (history := _history(service)) is not None:
        history.forget_customer(customer_keys(service.store, [customer])[customer])


def tidy(service: Service) -> bool:
    """Take out what is too old or was forgotten, also of what hunts found, and make small pieces one; never
    more to do at once. What hunts found is kept as long as results. What is kept for 0 days goes."""
    from partwatch.service import hunt_queue

    days = service.settings.retention
    hunt_queue.drop_old(service, now(timedelta(days=-days.results_days)))
    hunt_queue.scrub(service)
    if (history := _history(service)) is None:
        return False
    history.forget_before(now(timedelta(days=-days.history_days)))
    there = sorted(history.submissions())
    with service.store.reading() as connection:
        still = known(connection, there)
    history.forget_submissions([one for one in there if one not in still])
    history.tidy()
    return False


def _history(service: Service) -> HistoryStore | None:
    """The service's history, where there is one."""
    url = history_url(service)
    if "://" not in url and not Path(url).is_dir():
        # Without a look at the library, which need not be there.
        return None
    try:
        return open_history(service)
    except NoHistoryError:
        return None


def _waiting() -> Any:
    """The next prints of submissions that are screened as a whole."""
    return (
        select(
            PRINTS, FILES.c.position, FILES.c.sha256.label("file_sha256"),
            SUBMISSIONS.c.id.label("submission"), SUBMISSIONS.c.customer, SUBMISSIONS.c.screened_at,
            SUBMISSIONS.c.forgotten_at, ) .join(FILES, FILES.c.id == PRINTS.c.file) .join(SUBMISSIONS,
            SUBMISSIONS.c.number == FILES.c.submission) .where(SUBMISSIONS.c.state.in_([state.value for state
            in SCREENED])) .order_by(PRINTS.c.id) .limit(BATCH) )  # fmt: skip


def _entry(row: Row[Any], origin: str) -> Entry:
    extent_x, extent_y, extent_z = json.loads(row.extents_mm)
    return Entry(
        submission=row.submission, position=row.position, file_sha256=row.file_sha256,
        item_sha256=row.sha256, member=row.member, body=row.body,
        customer=customer_key(origin, row.customer), screened_at=row.screened_at,
        descriptor=np.frombuffer(row.descriptor, dtype="<f4"), radius_mm=row.radius_mm,
        area_mm2=row.area_mm2, extents_mm=(extent_x, extent_y, extent_z),
    )  # fmt: skip


def known(connection: Connection, submissions: Iterable[str]) -> set[str]:
    """Those that the store knows and has not forgotten."""
    ids, found = list(submissions), set[str]()
    for place in range(0, len(ids), _AT_ONCE):
        asked = select(SUBMISSIONS.c.id).where(
            SUBMISSIONS.c.id.in_(ids[place : place + _AT_ONCE]), SUBMISSIONS.c.forgotten_at.is_(None)
        )
        found.update(connection.execute(asked).scalars())
    return found


def _origin(connection: Connection) -> str:
    return str(connection.execute(select(META.c.value).filter_by(key="origin")).scalar_one())


def _fitted() -> Projection:
    """Directions in which the benign bodies that ship with the program spread."""
    from partwatch.evidence.population import shipped_population

    return Projection.fitted(shipped_population().descriptors)
