"""Deliveries of events to hooks: each at least once, in no promised order, until it is taken or given up.

A delivery's row is made in the transaction that moves its hook past the event, so that none is left out. It
is done once its answer is written down, so that whoever is killed in between sends it once more, under the
same id. A hook that fails rests for a while with all that waits for it, and keeps no other hook waiting.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from partwatch.service import events
from partwatch.service.context import Service
from partwatch.service.events import Event
from partwatch.service.hooks import ONLY_NAMED, disable_in, find_hook
from partwatch.service.principals import Principal
from partwatch.service.queueing import BusyError
from partwatch.service.store import now
from partwatch.service.tables import DELIVERIES, EVENTS, HOOKS, SUBMISSIONS
from partwatch.service.webhook_sending import Outcome, post
from partwatch.service.webhook_signing import signed_headers

TEST: Final = "webhook.test"
# A round ends well within a chore's lease, whatever the receivers do.
MOST_TIMEOUT_S: Final = 30.0
MOST_AT_ONCE: Final = 32
MOST_OF_HOOK: Final = 4
_PAGE: Final = 500
_FIRST_S: Final = 5.0
_FACTOR: Final = 3.0
_LONGEST_S: Final = 6 * 3600.0
_LONGEST_REST_S: Final = 60.0
_TESTS: Final = threading.BoundedSemaphore(4)


@dataclass(frozen=True)
class Letter:
    """One delivery that is due."""

    hook: str
    seq: int
    attempts: int
    url: str
    secret: str
    message: str
    body: bytes


def deliver(service: Service) -> bool:
    """One round; whether there is more: events that no delivery was made for yet, or deliveries that are
    due."""
    more = _address(service)
    letters = _due(service, time.time())
    if letters:
        _record(service, letters, _sent(service, letters))
    return more or bool(letters)


def retry_s(attempts: int, chance: float) -> float:
    """Seconds until it is tried again after so many attempts. chance: 0 to 1; not all are to come at once."""
    steady = min(_FIRST_S * _FACTOR ** (min(attempts, 20) - 1), _LONGEST_S)
    return steady * (0.75 + 0.5 * chance)


def test_delivery(service: Service, public: str, by: Principal) -> Outcome:
    """Send a hook an event of kind `webhook.test` now; what became of it, which is not kept. Raises
    UnknownHookError, ForbiddenError, BusyError where several are under way."""
    with service.store.reading() as connection:
        found = find_hook(connection, public, by)
        secret = connection.execute(select(HOOKS.c.secret).filter_by(id=public)).scalar_one()
    if not _TESTS.acquire(blocking=False):
        raise BusyError("other hooks are being tested; try again", 10)
    try:
        at_s = time.time_ns()
        body = _body(TEST, now(), {"hook": public})
        letter = Letter(public, 0, 0, found.url, secret, f"msg_{public}_test{at_s}", body)
        return _sent(service, [letter])[0]
    finally:
        _TESTS.release()


def _address(service: Service) -> bool:
    """Make deliveries of what happened; whether there is more."""
    behind = select(HOOKS.c.id).where(HOOKS.c.disabled_at.is_(None), HOOKS.c.after_seq < _latest())
    with service.store.reading() as connection:
        waiting = list(connection.execute(behind.order_by(HOOKS.c.after_seq).limit(_PAGE)).scalars())
    if not waiting:
        return False
    more = False
    with service.store.writing() as connection:
        for row in connection.execute(select(HOOKS).where(HOOKS.c.id.in_(waiting[:50]))).all():
            found = events.after(connection, row.after_seq, row.customer, limit=_PAGE)
            kinds = json.loads(row.kinds)
            wanted = [one for one in found if (one.kind in kinds if kinds else one.kind not in ONLY_NAMED)]
            if wanted:
                connection.execute(insert(DELIVERIES), [_row_of(row.id, one) for one in wanted])
            is_all = len(found) < _PAGE
            seq = events.latest(connection) if is_all else found[-1].seq
            connection.execute(update(HOOKS).where(HOOKS.c.id == row.id).values(after_seq=seq))
            more = more or not is_all
    return more or len(waiting) > 50


def _latest() -> Any:
    return select(func.coalesce(func.max(EVENTS.c.seq), 0)).scalar_subquery()


def _row_of(hook: str, one: Event) -> dict[str, Any]:
    return {"hook": hook, "seq": one.seq, "attempts": 0, "next_at": time.time()}


def _due(service: Service, moment: float) -> list[Letter]:
    """What is due, a few of each hook, so that none fills the round."""
    open_ones = and_(
        DELIVERIES.c.done_at.is_(None), DELIVERIES.c.gave_up_at.is_(None), DELIVERIES.c.next_at <= moment
    )
    with service.store.reading() as connection:
        hooks = connection.execute(
            select(DELIVERIES.c.hook)
            .join(HOOKS, HOOKS.c.id == DELIVERIES.c.hook)
            .where(open_ones, HOOKS.c.disabled_at.is_(None))
            .group_by(DELIVERIES.c.hook)
            .order_by(func.min(DELIVERIES.c.next_at))
            .limit(MOST_AT_ONCE)
        ).scalars()
        found: list[Letter] = []
        for hook in list(hooks):
            found += _letters(connection, hook, open_ones, min(MOST_OF_HOOK, MOST_AT_ONCE - len(found)))
    return found


def _letters(connection: Connection, hook: str, open_ones: Any, most: int) -> list[Letter]:
    rows = connection.execute(
        select(DELIVERIES, EVENTS, HOOKS.c.url, HOOKS.c.secret, SUBMISSIONS.c.reference)
        .join(EVENTS, EVENTS.c.seq == DELIVERIES.c.seq)
        .join(HOOKS, HOOKS.c.id == DELIVERIES.c.hook)
        .outerjoin(SUBMISSIONS, SUBMISSIONS.c.id == EVENTS.c.submission)
        .where(open_ones, DELIVERIES.c.hook == hook)
        .order_by(DELIVERIES.c.next_at, DELIVERIES.c.seq)
        .limit(most)
    )
    return [_letter(row) for row in rows]


def _letter(row: Row[Any]) -> Letter:
    told = json.loads(row.told) | {
        "submission": row.submission, "customer": row.customer, "reference": row.reference, "seq": row.seq
    }  # fmt: skip
    return Letter(
        row.hook, row.seq, row.attempts, row.url, row.secret, f"msg_{row.hook}_{row.seq}",
        _body(row.kind, row.at, told),
    )  # fmt: skip


def _body(kind: str, at: str, told: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "timestamp": at, "data": told}).encode()


def _sent(service: Service, letters: Sequence[Letter]) -> list[Outcome]:
    """Send all of them at once; what became of each, in their order."""
    policy = service.settings.webhooks
    timeout_s = min(policy.timeout_s, MOST_TIMEOUT_S)
    # Names are resolved here, which no timeout ends: nobody waits for a thread that hangs in it.
    threads = ThreadPoolExecutor(max_workers=len(letters), thread_name_prefix="webhook names")

    async def send(one: Letter) -> Outcome:
        headers = signed_headers(one.secret, one.message, int(time.time()), one.body)
        return await post(one.url, one.body, headers, timeout_s, policy.private_addresses, threads)

    async def send_all() -> list[Outcome]:
        return list(await asyncio.gather(*(send(one) for one in letters)))

    try:
        return asyncio.run(send_all())
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _record(service: Service, letters: Sequence[Letter], outcomes: Sequence[Outcome]) -> None:
    """Write down what became of deliveries."""
    with service.store.writing() as connection:
        for one, outcome in zip(letters, outcomes, strict=True):
            _record_one(service, connection, one, outcome)


def _record_one(service: Service, connection: Connection, one: Letter, outcome: Outcome) -> None:
    attempts, wait_s = one.attempts + 1, retry_s(one.attempts + 1, random.random())
    values: dict[str, Any] = {"attempts": attempts, "said": outcome.said}
    if outcome.is_ok:
        values |= {"done_at": now(), "gave_up_at": None}
    elif attempts >= service.settings.webhooks.attempts:
        values["gave_up_at"] = now()
    else:
        values["next_at"] = time.time() + wait_s
    chosen = (DELIVERIES.c.hook == one.hook) & (DELIVERIES.c.seq == one.seq)
    connection.execute(update(DELIVERIES).where(chosen).values(values))
    if outcome.is_gone:
        disable_in(connection, one.hook, "its receiver said that it is gone")
        told = {"act": "disabled", "id": one.hook, "said": outcome.said}
        service.store.note(connection, "webhook", told, "courier")
    elif not outcome.is_ok:
        rest = time.time() + min(wait_s, _LONGEST_REST_S)
        others = (DELIVERIES.c.hook == one.hook) & (DELIVERIES.c.next_at < rest)
        waiting = DELIVERIES.c.done_at.is_(None) & DELIVERIES.c.gave_up_at.is_(None)
        connection.execute(update(DELIVERIES).where(others, waiting).values(next_at=rest))
