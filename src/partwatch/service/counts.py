"""How much there is of what, of all customers: for monitoring, which asks often and is told what was counted
some seconds ago."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from partwatch.ledger import log
from partwatch.service.context import Service
from partwatch.service.queueing import WAITING, Waiting, waiting
from partwatch.service.states import State
from partwatch.service.store import DATABASE_FILE
from partwatch.service.submissions import counted
from partwatch.service.tables import CHORES, DECISIONS, DELIVERIES, HOOKS, PRINTS, SUBMISSIONS

# Of so many submissions, the latest, it is told how long they took.
LATEST: Final = 500
QUANTILES: Final = (0.5, 0.95, 0.99)


@dataclass(frozen=True)
class Counts:
    """received: submissions ever taken in. states, findings, decisions: how many of each. waiting: the queue;
    oldest_s: how long its oldest has waited. desks: those that have something now. took_s: from receipt to
    result, by quantile, of the latest. deliveries: waiting, given_up. chores: by name, when it was last done,
    in seconds since 1970, None for never, and whether it failed."""

    received: int
    states: Mapping[State, int]
    findings: Mapping[str, int]
    decisions: Mapping[str, int]
    waiting: Waiting
    oldest_s: float
    desks: int
    took_s: Mapping[float, float]
    deliveries: Mapping[str, int]
    hooks: int
    chores: Mapping[str, tuple[float | None, bool]]
    backlog: int
    ledger: int
    free_bytes: int
    database_bytes: int


def count(service: Service) -> Counts:
    """All of them, of one moment. Raises StoreError."""
    moment = time.time()
    with service.store.reading() as connection:
        return Counts(
            received=_one(connection, select(func.coalesce(func.max(SUBMISSIONS.c.number), 0))),
            states=counted(connection),
            findings=_by(connection, SUBMISSIONS.c.finding),
            decisions=_by(connection, DECISIONS.c.act),
            waiting=waiting(connection),
            oldest_s=oldest_waiting_s(connection, moment),
            desks=desks_at_work(connection, moment),
            took_s=quantiles(_took(connection)),
            deliveries=_deliveries(connection),
            hooks=_one(connection, select(func.count()).where(HOOKS.c.disabled_at.is_(None))),
            chores=_chores(connection),
            backlog=_one(connection, select(func.count()).select_from(PRINTS)),
            ledger=log.size(connection),
            free_bytes=shutil.disk_usage(service.store.files).free,
            database_bytes=_database_bytes(service, connection),
        )


def oldest_waiting_s(connection: Connection, moment: float) -> float:
    """How long the oldest submission has been waiting for its result; 0 where none does."""
    asked = select(func.min(SUBMISSIONS.c.received_at)).where(SUBMISSIONS.c.state.in_(WAITING))
    oldest = connection.execute(asked).scalar_one()
    return 0.0 if oldest is None else max(0.0, moment - seconds_of(oldest))


def desks_at_work(connection: Connection, moment: float) -> int:
    """Desks that have a submission and showed that they live, within its lease."""
    asked = select(func.count(SUBMISSIONS.c.claimed_by.distinct())).where(
        SUBMISSIONS.c.state == State.SCREENING.value, SUBMISSIONS.c.lease_until >= moment
    )
    return _one(connection, asked)


def seconds_of(text: str) -> float:
    """A time of the store in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def quantiles(took_s: list[float]) -> dict[float, float]:
    """The quantiles of QUANTILES, each a number that occurs; {} of none."""
    ordered = sorted(took_s)
    return {q: ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in QUANTILES if ordered}


def _took(connection: Connection) -> list[float]:
    rows = connection.execute(
        select(SUBMISSIONS.c.received_at, SUBMISSIONS.c.screened_at)
        .where(SUBMISSIONS.c.screened_at.is_not(None))
        .order_by(SUBMISSIONS.c.number.desc())
        .limit(LATEST)
    )
    return [seconds_of(row.screened_at) - seconds_of(row.received_at) for row in rows]


def _deliveries(connection: Connection) -> dict[str, int]:
    is_open = DELIVERIES.c.done_at.is_(None)
    total = select(func.count()).select_from(DELIVERIES)
    return {
        "done": _one(connection, total.where(DELIVERIES.c.done_at.is_not(None))),
        "waiting": _one(connection, total.where(is_open, DELIVERIES.c.gave_up_at.is_(None))),
        "given_up": _one(connection, total.where(is_open, DELIVERIES.c.gave_up_at.is_not(None))),
    }


def _chores(connection: Connection) -> dict[str, tuple[float | None, bool]]:
    return {
        row.name: (None if row.last_at is None else seconds_of(row.last_at), row.failed is not None)
        for row in connection.execute(select(CHORES.c.name, CHORES.c.last_at, CHORES.c.failed))
    }


def _database_bytes(service: Service, connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        return _one(connection, select(func.pg_database_size(func.current_database())))
    return (service.store.folder / DATABASE_FILE).stat().st_size


def _by(connection: Connection, column: Any) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).where(column.is_not(None)).group_by(column))
    return {str(value): int(number) for value, number in rows}


def _one(connection: Connection, asked: Any) -> int:
    return int(connection.execute(asked).scalar_one())
