"""Customers: who submits. What belongs to one, nobody of another sees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select, update

from partwatch.model.errors import UsageError
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.service.store import LOCAL, ServiceStore, now
from partwatch.service.tables import CUSTOMERS
from partwatch.watchlist.rules import name_problem

KEY_PATTERN: Final = r"[a-z0-9][a-z0-9-]{0,62}"
_ID: Final = re.compile(KEY_PATTERN)


@dataclass(frozen=True)
class Customer:
    """One customer. id: its key. disabled_at: since when its accounts are shut out."""

    id: str
    name: str
    created_at: str
    disabled_at: str | None


def add_customer(store: ServiceStore, key: str, name: str, by: Principal) -> None:
    """A new customer, under a key of lower-case letters, digits and dashes. Raises UsageError,
    ForbiddenError."""
    by.require(Role.ADMINISTER)
    if not _ID.fullmatch(key):
        raise UsageError(f"{key!a}: a customer's key has 1 to 63 lower-case letters, digits and dashes")
    if (problem := name_problem(name)) is not None:
        raise UsageError(f"{name!a}: {problem}")
    with store.writing() as connection:
        if connection.execute(select(CUSTOMERS.c.id).filter_by(id=key)).scalar() is not None:
            raise UsageError(f"{key}: there is such a customer already")
        store.note(connection, "customer", {"id": key, "name": name}, by.name)
        connection.execute(insert(CUSTOMERS).values(id=key, name=name, created_at=now(), last_due=0.0))


def customers(store: ServiceStore) -> dict[str, str]:
    """Their names by their keys."""
    with store.reading() as connection:
        rows = connection.execute(select(CUSTOMERS.c.id, CUSTOMERS.c.name).order_by(CUSTOMERS.c.id))
        return {row.id: row.name for row in rows}


def all_customers(connection: Connection) -> list[Customer]:
    """All of them, by their keys."""
    rows = connection.execute(select(CUSTOMERS).order_by(CUSTOMERS.c.id))
    return [Customer(row.id, row.name, row.created_at, row.disabled_at) for row in rows]


def set_customer_disabled(store: ServiceStore, key: str, disabled: bool, by: Principal) -> None:
    """Shut the accounts of a customer out at once, or let them in again. What it handed in stays, and is
    screened. Raises UsageError, ForbiddenError."""
    by.require(Role.ADMINISTER)
    if key == LOCAL:
        raise UsageError(f"{key}: is this machine itself, which cannot be disabled")
    if not _ID.fullmatch(key):
        raise UsageError(f"{key!a}: no such customer")
    with store.writing() as connection:
        if connection.execute(select(CUSTOMERS.c.id).filter_by(id=key)).scalar() is None:
            raise UsageError(f"{key}: no such customer")
        store.note(connection, "customer", {"id": key, "did": "disabled" if disabled else "enabled"}, by.name)
        at = now() if disabled else None
        connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.id == key).values(disabled_at=at))
