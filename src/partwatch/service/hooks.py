"""Webhooks: where events are sent to. A customer's accounts keep their own, whoever administers all."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from partwatch.model.errors import UsageError
from partwatch.service import events
from partwatch.service.principals import ForbiddenError, Principal
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore, now
from partwatch.service.tables import CUSTOMERS, DELIVERIES, EVENTS, HOOKS
from partwatch.service.webhook_sending import check_url
from partwatch.service.webhook_signing import new_secret, rotated

KINDS: Final = (
    events.ACCEPTED, events.SCREENING, events.PROGRESS, events.SCREENED, events.DECIDED, events.APPEALED
)  # fmt: skip
# Sent only where it is named: one comes with every file.
ONLY_NAMED: Final = frozenset({events.PROGRESS})
MOST_OF_CUSTOMER: Final = 20


class UnknownHookError(Exception):
    """There is no such hook, or not for whoever asks: both look the same."""


@dataclass(frozen=True)
class Hook:
    """A hook as it is shown: without its secret. customer: None for the events of all. kinds: of events; none
    for all but those of ONLY_NAMED. waiting, given_up: deliveries."""

    id: str
    customer: str | None
    url: str
    kinds: tuple[str, ...]
    created_at: str
    by: str
    disabled_at: str | None
    waiting: int = 0
    given_up: int = 0


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one hook. said: the last answer, in words. next_at: seconds since 1970."""

    seq: int
    kind: str
    submission: str
    at: str
    attempts: int
    next_at: float
    done_at: str | None
    gave_up_at: str | None
    said: str | None


def add_hook(
    store: ServiceStore, url: str, kinds: Sequence[str], customer: str | None, by: Principal
) -> tuple[Hook, str]:
    """A new hook and its secret, which is shown this once; events from now on are sent.

    customer: whose events; None for one's own, or for whoever administers those of all. Raises UsageError,
    ForbiddenError.
    """
    whose = _whose(by, customer)
    check_url(url, store.settings.webhooks.private_addresses)
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise UsageError(f"{unknown[0]!a}: no such kind of event; there are {', '.join(KINDS)}")
    public, secret = f"hook_{secrets.token_hex(8)}", new_secret()
    with store.writing() as connection:
        if whose is not None and _missing(connection, whose):
            raise UsageError(f"{whose}: no such customer")
        alive = select(func.count()).select_from(HOOKS).where(HOOKS.c.disabled_at.is_(None))
        if connection.execute(alive.where(HOOKS.c.customer == whose)).scalar_one() >= MOST_OF_CUSTOMER:
            raise UsageError(f"there are {MOST_OF_CUSTOMER} hooks already; disable one first")
        row = {
            "id": public, "customer": whose, "url": url, "secret": secret, "created_at": now(), "by": by.name,
            "kinds": json.dumps(sorted(set(kinds))), "after_seq": events.latest(connection),
        }  # fmt: skip
        connection.execute(insert(HOOKS).values(row))
        _note(store, connection, "added", public, by, {"url": url, "customer": whose})
        return find_hook(connection, public, by), secret


def hooks(connection: Connection, principal: Principal) -> list[Hook]:
    """The hooks that whoever asks keeps, those in use first, then by age. Raises ForbiddenError."""
    asked = select(HOOKS).order_by(HOOKS.c.disabled_at.is_not(None), HOOKS.c.created_at, HOOKS.c.id)
    if (whose := _whose(principal, None)) is not None:
        asked = asked.where(HOOKS.c.customer == whose)
    rows = connection.execute(asked).all()
    open_ones = _counts(connection, DELIVERIES.c.done_at.is_(None) & DELIVERIES.c.gave_up_at.is_(None))
    given_up = _counts(connection, DELIVERIES.c.gave_up_at.is_not(None))
    return [_hook(row, open_ones.get(row.id, 0), given_up.get(row.id, 0)) for row in rows]


def find_hook(connection: Connection, public: str, principal: Principal) -> Hook:
    """One hook. Raises UnknownHookError, ForbiddenError."""
    _whose(principal, None)
    row = connection.execute(select(HOOKS).filter_by(id=public)).first()
    if row is None or (principal.customer is not None and row.customer != principal.customer):
        raise UnknownHookError(public)
    return _hook(row, 0, 0)


def disable_hook(store: ServiceStore, public: str, by: Principal) -> Hook:
    """Send nothing more to a hook; what waits is given up. Raises UnknownHookError, ForbiddenError."""
    with store.writing() as connection:
        if find_hook(connection, public, by).disabled_at is None:
            disable_in(connection, public, "the hook was disabled")
            _note(store, connection, "disabled", public, by, {})
        return find_hook(connection, public, by)


def disable_in(connection: Connection, public: str, said: str) -> None:
    """Disable a hook within a transaction."""
    at = now()
    connection.execute(update(HOOKS).where(HOOKS.c.id == public).values(disabled_at=at))
    connection.execute(
        update(DELIVERIES)
        .where(DELIVERIES.c.hook == public, DELIVERIES.c.done_at.is_(None), DELIVERIES.c.gave_up_at.is_(None))
        .values(gave_up_at=at, said=said)
    )


def rotate_secret(store: ServiceStore, public: str, by: Principal) -> str:
    """A new secret for a hook, shown this once; for a day it is signed with the one before as well. Raises
    UnknownHookError, ForbiddenError."""
    fresh = new_secret()
    with store.writing() as connection:
        find_hook(connection, public, by)
        field = connection.execute(select(HOOKS.c.secret).filter_by(id=public)).scalar_one()
        values = {"secret": rotated(field, fresh, time.time())}
        connection.execute(update(HOOKS).where(HOOKS.c.id == public).values(values))
        _note(store, connection, "new secret", public, by, {})
    return fresh


def deliveries(connection: Connection, public: str, principal: Principal, limit: int = 50) -> list[Delivery]:
    """The latest deliveries of a hook, the latest first. Raises UnknownHookError, ForbiddenError."""
    find_hook(connection, public, principal)
    rows = connection.execute(
        select(DELIVERIES, EVENTS.c.kind, EVENTS.c.submission, EVENTS.c.at)
        .join(EVENTS, EVENTS.c.seq == DELIVERIES.c.seq)
        .where(DELIVERIES.c.hook == public)
        .order_by(DELIVERIES.c.seq.desc())
        .limit(limit)
    )
    return [
        Delivery(
            row.seq, row.kind, row.submission, row.at, row.attempts, row.next_at, row.done_at, row.gave_up_at,
            row.said,
        )
        for row in rows
    ]  # fmt: skip


def deliver_again(store: ServiceStore, public: str, seq: int, by: Principal) -> None:
    """Send an event to a hook once more, whatever became of it. Raises UnknownHookError, UsageError where the
    hook is disabled, ForbiddenError."""
    with store.writing() as connection:
        if find_hook(connection, public, by).disabled_at is not None:
            raise UsageError("the hook is disabled; add a new one")
        again = {"attempts": 0, "next_at": time.time(), "done_at": None, "gave_up_at": None}
        chosen = (DELIVERIES.c.hook == public) & (DELIVERIES.c.seq == seq)
        if not connection.execute(update(DELIVERIES).where(chosen).values(again)).rowcount:
            raise UnknownHookError(public)


def _whose(by: Principal, customer: str | None) -> str | None:
    """Whose hooks these are. Raises ForbiddenError."""
    if by.customer is None:
        by.require(Role.ADMINISTER)
        return customer
    by.require(Role.SUBMIT)
    if customer not in (None, by.customer):
        raise ForbiddenError(f"{by.name} keeps hooks of {by.customer} only")
    return by.customer


def _missing(connection: Connection, customer: str) -> bool:
    return connection.execute(select(CUSTOMERS.c.id).filter_by(id=customer)).scalar() is None


def _note(
    store: ServiceStore, connection: Connection, act: str, public: str, by: Principal, told: dict[str, Any]
) -> None:
    store.note(connection, "webhook", {"act": act, "id": public} | told, by.name)


def _counts(connection: Connection, which: Any) -> dict[str, int]:
    asked = select(DELIVERIES.c.hook, func.count()).where(which).group_by(DELIVERIES.c.hook)
    return {hook: int(count) for hook, count in connection.execute(asked)}


def _hook(row: Row[Any], waiting: int, given_up: int) -> Hook:
    return Hook(
        row.id, row.customer, row.url, tuple(json.loads(row.kinds)), row.created_at, row.by, row.disabled_at,
        waiting, given_up,
    )  # fmt: skip
