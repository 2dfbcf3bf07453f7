"""A small case to look at: a parcel, two records of one person, an account, an item with a match."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text

from partwatch.case.charter import Charter
from partwatch.case.spool import Spool
from partwatch.case.statements import Reliability, Source, SourceInfo, Statement, keyed, record_key
from partwatch.case.store import CaseStore

POSTGRESQL = os.environ.get("PARTWATCH_POSTGRESQL")
CHARTER = Charter("Pumps", "Example Lab", "order 12/2026", "who sends these pumps", date(2100, 1, 1))

# Where the signing keys of cases on a server lie, by their schema.
KEYS: dict[str, Path] = {}

PARCELS = "a" * 64
SUBSCRIBERS = "b" * 64
SCREENING = "c" * 64
SENDER = record_key(PARCELS, "Person", "row 1")
HOLDER = record_key(SUBSCRIBERS, "Person", "row 7")
PARCEL = keyed("Parcel", "RR123456785FR")
ACCOUNT = keyed("UserAccount", "telegram", "pumpmaker")
ITEM = keyed("Item", "d" * 64)
DESIGN = keyed("Design", "pump")
MATCH = record_key(SCREENING, "Match", "1")


def parcels() -> list[Statement]:
    return [
        Statement(SENDER, "Person", "name", "Jean Dupont", "row 1"),
        Statement(SENDER, "Person", "phone", "+33612345678", "row 1", original="06 12 34 56 78"),
        Statement(PARCEL, "Parcel", "trackingNumber", "RR123456785FR", "row 1"),
        Statement(PARCEL, "Parcel", "sender", SENDER, "row 1", said_at="2026-03-01"),
        Statement(PARCEL, "Parcel", "contents", ITEM, "row 1"),
    ]


def subscribers() -> list[Statement]:
    return [
        Statement(HOLDER, "Person", "name", "Dupont, Jean", "row 7"),
        Statement(HOLDER, "Person", "phone", "+33612345678", "row 7"),
        Statement(ACCOUNT, "UserAccount", "username", "pumpmaker", "row 7"),
        Statement(ACCOUNT, "UserAccount", "owner", HOLDER, "row 7"),
    ]


def screening() -> list[Statement]:
    return [
        Statement(ITEM, "Item", "contentHash", "d" * 64, "record 1"),
        Statement(DESIGN, "Design", "name", "pump", "record 1"),
        Statement(MATCH, "Match", "item", ITEM, "record 1"),
        Statement(MATCH, "Match", "design", DESIGN, "record 1", bits=12.5),
    ]


def location(folder: Path, server: bool = False) -> str:
    """A place for a case; on a server a schema of its own."""
    if not server:
        return str(folder / "case")
    assert POSTGRESQL is not None
    schema = f"case_{os.getpid()}_{abs(hash(folder))}"
    KEYS[schema] = folder / "keys"
    url = POSTGRESQL.replace("postgresql://", "postgresql+psycopg://")
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    return f"{POSTGRESQL}?options=-csearch_path%3D{schema}"


def keys_of(where: str) -> Path | None:
    return KEYS.get(where.rpartition("%3D")[2])


def new_case(where: str) -> CaseStore:
    return CaseStore.create(where, CHARTER, "tester", keys_of(where))


def opened(where: str) -> CaseStore:
    return CaseStore.open(where, keys_of(where))


def take(
    store: CaseStore,
    name: str,
    sha256: str,
    statements: Iterable[Statement],
    reliability: Reliability = Reliability.USUALLY,
) -> Source | None:
    with Spool() as spool:
        spool.add(statements)
        return store.take_in(SourceInfo("table", name, sha256, "the carrier", reliability), spool, "tester")


def filled(where: str) -> CaseStore:
    """All three sources in."""
    store = new_case(where)
    take(store, "parcels.csv", PARCELS, parcels())
    take(store, "subscribers.csv", SUBSCRIBERS, subscribers(), Reliability.COMPLETELY)
    take(store, "result.json", SCREENING, screening(), Reliability.COMPLETELY)
    return store
