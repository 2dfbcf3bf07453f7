"""Customers: who submits. What belongs to one, nobody of another sees."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import insert, select

from partwatch.model.errors import UsageError
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore, now
from partwatch.service.tables import CUSTOMERS
from partwatch.watchlist.rules import name_problem

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


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
