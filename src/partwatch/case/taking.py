"""Taking a source in: its statements into the tables, their commitments into one root, one entry."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from partwatch.case.notary import Notary
from partwatch.case.spool import Spool
from partwatch.case.statements import Source, SourceInfo, Statement
from partwatch.case.tables import ENTITIES, SOURCES, STATEMENTS
from partwatch.case.vocabulary import Type, property_of

SECRET_BYTES: Final = 32
_LOOKED_UP: Final = 900  # within SQLite's limit on variables, for one query


def take(
    connection: Connection,
    notary: Notary,
    info: SourceInfo,
    spool: Spool,
    by: str,
    at: str,
    skipped: int,
    also: Mapping[str, Any],
) -> Source:
    """Copy a spool into the case, within the caller's transaction."""
    source = {
        "key": info.key, "kind": info.kind, "name": info.name, "sha256": info.sha256, "said_by": info.said_by,
        "reliability": info.reliability.value, "legal_ref": info.legal_ref, "importer": info.importer,
        "imported_at": at, "imported_by": by, "statements": len(spool), "skipped": skipped,
    }  # fmt: skip
    made = connection.execute(insert(SOURCES).values(source | {"root": "", "entry": 0})).inserted_primary_key
    assert made is not None
    number = int(made[0])
    root = notary.root(_copied(connection, notary, spool, number))
    entry = notary.note(connection, "import", source | {"root": root} | dict(also), by, at)
    connection.execute(update(SOURCES).where(SOURCES.c.id == number).values(root=root, entry=entry))
    return Source(number, info, at, by, len(spool), skipped, entry)


def _copied(connection: Connection, notary: Notary, spool: Spool, source: int) -> Iterator[bytes]:
    """Copies as it goes, and gives the leaf of each statement."""
    position = 0
    known: dict[str, tuple[int, bytes]] = {}
    for batch in spool.batches():
        _know(connection, known, {key for one in batch for key in spoken_of(one)})
        rows = []
        for one in batch:
            number, secret = known[one.entity]
            rows.append(
                (source, position, number, one.schema, one.prop, one.value, one.place, one.original,
                 one.said_at, one.bits)
            )  # fmt: skip
            if points(one.schema, one.prop):
                secret = secret_of_two(secret, known[one.value][1])
            yield notary.leaf(secret, position, one.canonical())
            position += 1
        _insert_statements(connection, rows)


def spoken_of(statement: Statement) -> tuple[str, ...]:
    """The keys of the entities that a statement is about: its own, and the one it points to."""
    if points(statement.schema, statement.prop):
        return statement.entity, statement.value
    return (statement.entity,)


@cache
def points(schema: str, prop: str) -> bool:
    """Whether a property's value is another entity's key."""
    found = property_of(schema, prop)
    return found is not None and found.type is Type.ENTITY


def secret_of_two(subject: bytes, target: bytes) -> bytes:
    """What a statement that points to another entity is committed with: forgetting either destroys it."""
    return hmac.digest(subject, target, "sha256")


def _know(connection: Connection, known: dict[str, tuple[int, bytes]], spoken: set[str]) -> None:
    """Number and secret of each entity; new ones are made."""
    wanted = sorted(spoken - known.keys())
    missing = {key: os.urandom(SECRET_BYTES) for key in wanted}
    for row in _entities(connection, wanted):
        known[row.key] = (row.id, row.secret)
        missing.pop(row.key)
    if not missing:
        return
    made = [{"key": key, "secret": secret} for key, secret in missing.items()]
    connection.execute(insert(ENTITIES), made)
    known.update((row.key, (row.id, row.secret)) for row in _entities(connection, list(missing)))


def _entities(connection: Connection, keys: Sequence[str]) -> Iterator[Row[Any]]:
    for start in range(0, len(keys), _LOOKED_UP):
        yield from connection.execute(
            select(ENTITIES).where(ENTITIES.c.key.in_(keys[start : start + _LOOKED_UP]))
        )


_COLUMNS: Final = (
    "source_id", "position", "entity_id", "schema", "prop", "value", "place", "original", "said_at", "bits",
)  # fmt: skip


def _insert_statements(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """By the driver itself: what SQLAlchemy does for each row costs more than the database."""
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    cursor = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        with cursor.copy(f"COPY statements ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join("?" * len(_COLUMNS))
        cursor.executemany(f"INSERT INTO {STATEMENTS.name} ({names}) VALUES ({marks})", rows)
    cursor.close()
