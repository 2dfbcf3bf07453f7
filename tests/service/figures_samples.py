"""Histories of submissions at random, and the rows of the store that they make."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert

from partwatch.model.document import Finding, Item, Reason
from partwatch.service.results import _packed
from partwatch.service.states import TRANSITIONS, Act, State
from partwatch.service.tables import DECISIONS, FILES, RESULTS, SUBMISSIONS

CODES = ("damaged", "encrypted", "timeout", "member_unscreenable")


@dataclass
class History:
    """A submission with all that happened to it."""

    customer: str
    received: datetime
    files: int
    state: State = State.QUEUED
    finding: Finding | None = None
    screened: datetime | None = None
    near: bool = False
    acts: list[tuple[Act, datetime, State]] = field(default_factory=list)
    codes: list[list[str]] = field(default_factory=list)


def history(rng: random.Random, begin: datetime | None = None) -> History:
    """One at random: about the period, at its very edges too; or from a moment on, and mostly clear."""
    edges = [datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 8, 23, 59, 59, 999000, tzinfo=UTC)]
    at = rng.choice([*edges, edges[0] + timedelta(seconds=rng.randrange(-200_000, 800_000))])
    at = begin or at
    made = History(rng.choice("abc"), at, rng.randint(1, 3))
    if rng.random() < (0.01 if begin else 0.2):
        made.state = rng.choice([State.QUEUED, State.SCREENING])
        return made
    at += timedelta(milliseconds=rng.randrange(10**6))
    finding = rng.choice([*Finding, *[Finding.CLEAR] * (20 if begin else 0)])
    made.finding, made.screened, made.near = finding, at, rng.random() < (0.01 if begin else 0.1)
    if made.finding is Finding.UNSCREENABLE and rng.random() < 0.8:
        made.codes = [rng.sample(CODES, rng.randint(1, 3)) for _ in range(rng.randint(1, made.files))]
    made.state = State.PASSED if made.finding is Finding.CLEAR and not made.near else State.HELD
    for _ in range(rng.randrange(7)):
        possible = [act for act, (before, _) in TRANSITIONS.items() if made.state in before]
        if not possible:
            break
        act = rng.choice(possible)
        at += timedelta(milliseconds=rng.randrange(10**8))
        made.state = TRANSITIONS[act][1]
        made.acts.append((act, at, made.state))
    return made


def text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def put(connection: Connection, number: int, one: History) -> None:
    """Its rows. Customers a, b and c and the header h are there already."""
    finding = None if one.finding is None else one.finding.value
    row = {
        "number": number, "id": str(number), "customer": one.customer, "account": "x", "groups": "{}",
        "received_at": text(one.received), "files": one.files, "bytes": 1, "state": one.state.value,
        "finding": finding, "due": 0.0, "screened_at": text(one.screened), "withheld": int(one.near),
    }  # fmt: skip
    connection.execute(insert(SUBMISSIONS).values(row))
    for place in range(one.files):
        made = connection.execute(
            insert(FILES).values(submission=number, position=place, name="n", bytes=1, sha256="s")
        )
        assert made.inserted_primary_key is not None
        codes = one.codes[place] if place < len(one.codes) else None
        found = Finding.CLEAR if codes is None else Finding.UNSCREENABLE
        item = unread(codes or [], found)
        connection.execute(
            insert(RESULTS).values(
                file=made.inserted_primary_key[0], header="h", found=_packed([item]), finding=found.value
            )
        )
    for act, at, after in one.acts:
        values = {"act": act.value, "reason": "r", "by": "b", "at": text(at), "before": "", "entry": 0}
        connection.execute(insert(DECISIONS).values(values | {"submission": number, "after": after.value}))


def unread(codes: list[str], finding: Finding) -> Item:
    return Item(
        path="secret-name.stl", member=None, sha256=None, format="stl", finding=finding,
        complete=finding is Finding.CLEAR, bodies=(),
        reasons=tuple(Reason(code=code, message="secret words") for code in codes),
    )  # fmt: skip
