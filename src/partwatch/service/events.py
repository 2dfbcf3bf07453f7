"""What happened to submissions, in its order: for event streams and webhooks.

An event never holds a score, a part's name or anything else that one could tune a shape by.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from partwatch.service.store import now
from partwatch.service.tables import EVENTS

ACCEPTED: Final = "submission.accepted"
SCREENING: Final = "submission.screening"
PROGRESS: Final = "submission.progress"
SCREENED: Final = "submission.screened"
DECIDED: Final = "submission.decided"
APPEALED: Final = "submission.appealed"


@dataclass(frozen=True)
class Event:
    """seq: its number; told: as JSON allows."""

    seq: int
    customer: str
    submission: str
    kind: str
    told: Mapping[str, Any]
    at: str


def tell(connection: Connection, customer: str, submission: str, kind: str, told: Mapping[str, Any]) -> None:
    """Add an event, in the transaction that did what it tells of."""
    row = {"customer": customer, "submission": submission, "kind": kind, "at": now()}
    connection.execute(insert(EVENTS).values(row | {"told": json.dumps(dict(told), sort_keys=True)}))


def after(
    connection: Connection,
    seq: int,
    customer: str | None = None,
    submission: str | None = None,
    limit: int = 500,
) -> list[Event]:
    """Events beyond a number, in their order: of one customer or one submission where that is given."""
    asked = select(EVENTS).where(EVENTS.c.seq > seq).order_by(EVENTS.c.seq).limit(limit)
    if customer is not None:
        asked = asked.where(EVENTS.c.customer == customer)
    if submission is not None:
        asked = asked.where(EVENTS.c.submission == submission)
    return [
        Event(row.seq, row.customer, row.submission, row.kind, json.loads(row.told), row.at)
        for row in connection.execute(asked)
    ]


def latest(connection: Connection) -> int:
    """The number of the last event; 0 where there is none."""
    return int(connection.execute(select(func.coalesce(func.max(EVENTS.c.seq), 0))).scalar_one())
