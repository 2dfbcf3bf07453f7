"""Chores: what is done beside screening, each by one process at a time, again and again.

A chore does a bounded piece of work and says whether there is more; its lease is renewed while it does. A
process that is killed over one leaves it to another once its lease is over; what a chore does must stand
being begun again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, insert, select, update

from partwatch.model.errors import StoreError
from partwatch.service import submissions
from partwatch.service.context import Service
from partwatch.service.store import now
from partwatch.service.tables import CHORES

LEASE_S: Final = 120.0


@dataclass(frozen=True)
class Chore:
    """every_s: so long after it said that there is no more, it is done again. run: a bounded piece of it;
    whether there is more to do at once."""

    name: str
    every_s: float
    run: Callable[[Service], bool]


@dataclass(frozen=True)
class ChoreState:
    """How a chore stands. failed: what went wrong the last time."""

    name: str
    last_at: str | None
    failed: str | None


def chores() -> tuple[Chore, ...]:
    """All of them."""
    from partwatch.service import courier, draining, hunt_new, hunt_queue, retention

    return (
        Chore("sweep", 3600.0, _sweep),
        Chore("deliver", 1.0, courier.deliver),
        Chore("history", 2.0, draining.drain),
        Chore("history-tidy", 3600.0, draining.tidy),
        Chore("hunt", 2.0, hunt_queue.hunt_on),
        Chore("hunt-new", 30.0, hunt_new.hunt_new),
        Chore("families-tidy", 3600.0, _tidy_families),
        Chore("retention", 600.0, retention.forget_due),
    )


def _sweep(service: Service) -> bool:
    submissions.sweep(service.store)
    return False


def _tidy_families(service: Service) -> bool:
    from partwatch.service import families

    families.tidy(service)
    return False


def do_due(service: Service, by: str, all_of: Sequence[Chore]) -> float:
    """Do each chore that is due and nobody else's now; seconds until the next may be."""
    soonest = LEASE_S
    for chore in all_of:
        wait = _claimed(service, chore, by)
        if wait > 0:
            soonest = min(soonest, wait)
            continue
        failed, more = None, False
        try:
            with renewed(service, (CHORES.c.name == chore.name) & (CHORES.c.by == by)):
                more = chore.run(service)
        except Exception as error:
            # One chore that fails keeps no other from being done; `/status` tells of it.
            failed = f"{type(error).__name__}: {error}"[:1000]
        rest = 0.0 if more else chore.every_s
        with service.store.writing() as connection:
            connection.execute(
                update(CHORES)
                .where(CHORES.c.name == chore.name, CHORES.c.by == by)
                .values(lease_until=0.0, next_at=time.time() + rest, last_at=now(), failed=failed)
            )
        soonest = min(soonest, rest)
    return soonest


@contextmanager
def renewed(service: Service, mine: ColumnElement[bool]) -> Iterator[None]:
    """Within, the leases of those rows of CHORES are not over, however long it takes. mine: says by whom they
    are had as well; one that was lost is another's then."""
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(service, mine, done), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()


def _renew(service: Service, mine: ColumnElement[bool], done: threading.Event) -> None:
    while not done.wait(LEASE_S / 4):
        try:
            with service.store.writing() as connection:
                connection.execute(update(CHORES).where(mine).values(lease_until=time.time() + LEASE_S))
        except StoreError:
            # Tried again long before the lease is over.
            continue


def _claimed(service: Service, chore: Chore, by: str) -> float:
    """0 where the chore is this process's now; else seconds until it may be."""
    asked = select(CHORES).filter_by(name=chore.name)
    with service.store.reading() as connection:
        row = connection.execute(asked).first()
    moment = time.time()
    if row is not None and (wait := max(row.next_at, row.lease_until) - moment) > 0:
        return float(wait)
    with service.store.writing() as connection:
        row = connection.execute(asked).first()
        values = {"by": by, "lease_until": moment + LEASE_S}
        if row is None:
            connection.execute(insert(CHORES).values(name=chore.name, next_at=0.0, **values))
        elif (wait := max(row.next_at, row.lease_until) - moment) > 0:
            return float(wait)
        else:
            connection.execute(update(CHORES).where(CHORES.c.name == chore.name).values(values))
    return 0.0


def chore_states(service: Service) -> list[ChoreState]:
    """How each stands, by name."""
    with service.store.reading() as connection:
        rows = connection.execute(select(CHORES).order_by(CHORES.c.name))
        return [ChoreState(row.name, row.last_at, row.failed) for row in rows]
