"""In which order submissions are taken up, and how many may wait.

Start-time fair queueing (Goyal, Vin and Cheng 1996, simplified): each submission is due at its customer's
last due time, or where the queue is if that is past, plus what it will cost. So a customer who hands in a
thousand files queues behind themselves, and a small file of another customer is next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select, update

from partwatch.service.settings import Intake
from partwatch.service.states import State
from partwatch.service.tables import CUSTOMERS, SUBMISSIONS

# What a submission is reckoned to take: so much a file and a megabyte, for one worker.
SECONDS_A_FILE: Final = 0.1
SECONDS_A_MB: Final = 0.4
_MB: Final = 1 << 20
_SOONEST_RETRY_S: Final = 2
_LATEST_RETRY_S: Final = 600
WAITING: Final = (State.QUEUED.value, State.SCREENING.value)


class BusyError(Exception):
    """The queue is full. retry_after_s: when to ask again, in whole seconds."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


@dataclass(frozen=True)
class Waiting:
    """What waits or is being screened, of all customers or of one."""

    submissions: int
    bytes: int
    files: int

    @property
    def cost_s(self) -> float:
        """What one worker would take for it, reckoned."""
        return cost_of(self.files, self.bytes)


def cost_of(files: int, size: int) -> float:
    """Seconds of one worker, reckoned."""
    return SECONDS_A_FILE * files + SECONDS_A_MB * size / _MB


def waiting(connection: Connection, customer: str | None = None) -> Waiting:
    """What waits now."""
    sums = [func.coalesce(func.sum(column), 0) for column in (SUBMISSIONS.c.bytes, SUBMISSIONS.c.files)]
    asked = select(func.count(), *sums).where(SUBMISSIONS.c.state.in_(WAITING))
    if customer is not None:
        asked = asked.where(SUBMISSIONS.c.customer == customer)
    count, size, files = connection.execute(asked).one()
    return Waiting(int(count), int(size), int(files))


def check_room(connection: Connection, intake: Intake, customer: str, size: int, workers: int) -> None:
    """Raise BusyError where a submission of that size would be too much. No customer may fill more than its
    share of the queue, while others are there."""
    everything, own = waiting(connection), waiting(connection, customer)
    most, most_bytes = intake.queue_submissions, intake.queue_mb * _MB
    retry = min(max(_SOONEST_RETRY_S, round(everything.cost_s / max(1, workers) / 10)), _LATEST_RETRY_S)
    if everything.submissions >= most or (everything.submissions and everything.bytes + size > most_bytes):
        raise BusyError("the queue is full; try again later", retry)
    several = connection.execute(select(func.count()).select_from(CUSTOMERS)).scalar_one() > 2
    share = intake.customer_share if several else 1.0
    if own.submissions and (
        own.submissions >= max(1, int(most * share)) or own.bytes + size > most_bytes * share
    ):
        raise BusyError("your share of the queue is full; try again later", retry)


def _reached(connection: Connection, otherwise: float) -> float:
    """How far the queue has come: what is screened now, or is next, was due then."""
    for state in (State.SCREENING, State.QUEUED):
        asked = select(SUBMISSIONS.c.due).where(SUBMISSIONS.c.state == state.value)
        if (first := connection.execute(asked.order_by(SUBMISSIONS.c.due).limit(1)).scalar()) is not None:
            return float(first)
    return otherwise


def next_due(connection: Connection, customer: str, files: int, size: int, at: float) -> float:
    """When a submission is due, seconds since 1970; the customer's next one is due after it.

    Where screening takes longer than was reckoned the queue falls behind the clock: what comes now counts
    from where the queue is, or it would wait for all that was due before this moment.
    """
    last = connection.execute(select(CUSTOMERS.c.last_due).where(CUSTOMERS.c.id == customer)).scalar_one()
    due = max(min(at, _reached(connection, at)), float(last)) + cost_of(files, size)
    connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.id == customer).values(last_due=due))
    return due
