"""Chores held still for a while, by the leases that they go by: whoever is killed over it lets go."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import insert, select, update

from partwatch.model.errors import StoreError
from partwatch.service.context import Service
from partwatch.service.housekeeping import LEASE_S, chores, renewed
from partwatch.service.tables import CHORES

# They move no file and delete nothing.
HARMLESS: Final = frozenset({"deliver"})
_POLL_S: Final = 0.1


@contextmanager
def paused(service: Service, wait_s: float = 2 * LEASE_S) -> Iterator[None]:
    """No chore that moves or deletes anything is done within. Raises StoreError where one does not end within
    the time."""
    by = f"backup-{secrets.token_hex(6)}"
    names = [one.name for one in chores() if one.name not in HARMLESS]
    deadline = time.monotonic() + wait_s
    while not _taken(service, by, names):
        if time.monotonic() > deadline:
            raise StoreError("a chore of the service does not end; look at `partwatch service status`")
        time.sleep(_POLL_S)
    try:
        with renewed(service, CHORES.c.by == by):
            yield
    finally:
        with service.store.writing() as connection:
            mine = CHORES.c.by == by
            connection.execute(update(CHORES).where(mine).values(lease_until=0.0, next_at=0.0))


def _taken(service: Service, by: str, names: Sequence[str]) -> bool:
    """Take those that nobody does now; whether all of them are ours."""
    with service.store.writing() as connection:
        there = {row.name: row for row in connection.execute(select(CHORES))}
        moment = time.time()
        for name in names:
            if name not in there:
                row = {"name": name, "by": by, "lease_until": moment + LEASE_S, "next_at": 0.0}
                connection.execute(insert(CHORES).values(row))
            elif there[name].by == by or there[name].lease_until < moment:
                values = {"by": by, "lease_until": moment + LEASE_S}
                connection.execute(update(CHORES).where(CHORES.c.name == name).values(values))
        mine = connection.execute(select(CHORES.c.name).where(CHORES.c.by == by)).scalars()
        return set(names) <= set(mine)
