"""Which entries of the ledger speak of something: what forgetting has to destroy.

Entries are not indexed by what they say, so they are read through, from the first that may; some microseconds
each, and only when something is forgotten.

An entry that names several submissions, such as a look at the queue, is one text under one key: once one of
them is forgotten, all that the entry says is destroyed, and with it that the others were looked at.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from partwatch.ledger import log
from partwatch.ledger.tables import ENTRIES, OPENINGS

# Clocks of several machines, and a moment between an entry's time and its commit.
_SLACK: Final = timedelta(hours=1)
_OF_SUBMISSIONS: Final = frozenset({"submission", "screening", "decision", "look"})
# Under which key an account's name stands; the name of a token is its label.
_ACCOUNT_AS: Final = {"account": "name", "token": "account", "login": "account"}
_BATCH: Final = 1000


@dataclass(frozen=True)
class About:
    """What is meant: ids of submissions, keys of customers, names of accounts."""

    submissions: Collection[str] = frozenset()
    customers: Collection[str] = frozenset()
    accounts: Collection[str] = frozenset()

    def is_said_by(self, kind: str, body: Mapping[str, Any]) -> bool:
        """Whether an entry of that kind speaks of any of it."""
        if kind in _OF_SUBMISSIONS and any(one in self.submissions for one in ids_in(body)):
            return True
        if kind == "customer" and body.get("id") in self.customers:
            return True
        if kind in _ACCOUNT_AS and body.get(_ACCOUNT_AS[kind]) in self.accounts:
            return True
        return body.get("customer") in self.customers


def ids_in(body: Mapping[str, Any]) -> tuple[str, ...]:
    """All ids that an entry names, be it one or several."""
    one = body.get("id")
    return (*(() if one is None else (one,)), *body.get("ids", ()))


def entries_about(connection: Connection, about: About, first: int = 0) -> list[int]:
    """The numbers of entries from `first` on that speak of it and are not forgotten."""
    return [seq for seq, kind, body in _opened(connection, first) if about.is_said_by(kind, body)]


def first_since(connection: Connection, at: str) -> int:
    """The number of an entry before which none was made at that moment or later."""
    wanted = datetime.fromisoformat(at) - _SLACK
    low, high = 0, log.size(connection)
    while low < high:
        middle = (low + high) // 2
        raw = connection.execute(select(ENTRIES.c.bytes).where(ENTRIES.c.seq == middle)).scalar_one()
        if datetime.fromisoformat(json.loads(bytes(raw))["at"]) < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _opened(connection: Connection, first: int) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    asked = (
        select(OPENINGS.c.seq, ENTRIES.c.kind, OPENINGS.c.body)
        .join(ENTRIES, ENTRIES.c.seq == OPENINGS.c.seq)
        .where(OPENINGS.c.seq >= first)
        .order_by(OPENINGS.c.seq)
    )
    with connection.execute(asked, execution_options={"yield_per": _BATCH}) as rows:
        for row in rows:
            yield row.seq, row.kind, json.loads(bytes(row.body))
