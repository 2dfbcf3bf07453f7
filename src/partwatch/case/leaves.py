"""Statements as they are committed to: one leaf each, in the tree of their source, in the order they came."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from partwatch.case.statements import Statement
from partwatch.case.tables import ENTITIES, FORGOTTEN, SOURCES, STATEMENTS
from partwatch.case.vocabulary import Type, property_of
from partwatch.ledger.commitments import source_key, statement_leaf

_LOOKED_UP: Final = 900  # within SQLite's limit on variables, for one query
_FETCHED: Final = 5000


@dataclass(frozen=True)
class Leaf:
    """One leaf. secret: what it is keyed with, and statement: what it says; None once it is forgotten."""

    position: int
    hash: bytes
    secret: bytes | None
    statement: Statement | None


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


def secret_of(statement: Statement, secrets: Mapping[str, bytes], source_sha256: str) -> bytes:
    """What a statement is keyed with: its entity's secret, for this source alone; where it points to another
    entity both of theirs, so that forgetting either destroys it."""
    own = secrets[statement.entity]
    if points(statement.schema, statement.prop):
        own = hmac.digest(own, secrets[statement.value], "sha256")
    return source_key(own, source_sha256.encode())


def leaf_of(statement: Statement, secrets: Mapping[str, bytes], source_sha256: str, position: int) -> bytes:
    """The hash of a statement's leaf, at its place in its source."""
    secret = secret_of(statement, secrets, source_sha256)
    return statement_leaf(secret, position, statement.canonical())


def secrets_of(connection: Connection, statements: Sequence[Statement]) -> dict[str, bytes]:
    """The secrets of all entities that these are about."""
    keys = {key for one in statements for key in spoken_of(one)}
    return {row.key: bytes(row.secret) for row in rows_of_keys(connection, sorted(keys))}


def rows_of_keys(connection: Connection, keys: Sequence[str]) -> Iterator[Row[Any]]:
    """Rows of the entities that have these keys."""
    for start in range(0, len(keys), _LOOKED_UP):
        chosen = ENTITIES.c.key.in_(keys[start : start + _LOOKED_UP])
        yield from connection.execute(select(ENTITIES).where(chosen))


def placed_statements(connection: Connection, condition: Any) -> Iterator[list[tuple[Row[Any], Statement]]]:
    """Statements with their rows, in batches, source by source in their order."""
    wanted = (
        select(STATEMENTS, ENTITIES.c.key)
        .join(ENTITIES, ENTITIES.c.id == STATEMENTS.c.entity_id)
        .where(condition)
        .order_by(STATEMENTS.c.source_id, STATEMENTS.c.position)
    )
    result = connection.execute(wanted)
    while rows := result.fetchmany(_FETCHED):
        yield [(row, _statement(row)) for row in rows]


def leaves_of(connection: Connection, source: int) -> Iterator[Leaf]:
    """All leaves of a source, those of forgotten statements among them, streaming."""
    sha256 = str(connection.execute(select(SOURCES.c.sha256).filter_by(id=source)).scalar_one())
    query = select(FORGOTTEN).where(FORGOTTEN.c.source_id == source).order_by(FORGOTTEN.c.position)
    gone = iter([Leaf(row.position, bytes(row.leaf), None, None) for row in connection.execute(query)])
    waiting = next(gone, None)
    for batch in placed_statements(connection, STATEMENTS.c.source_id == source):
        secrets = secrets_of(connection, [statement for _, statement in batch])
        for row, statement in batch:
            while waiting is not None and waiting.position < row.position:
                yield waiting
                waiting = next(gone, None)
            secret = secret_of(statement, secrets, sha256)
            hashed = statement_leaf(secret, row.position, statement.canonical())
            yield Leaf(row.position, hashed, secret, statement)
    if waiting is not None:
        yield waiting
    yield from gone


def _statement(row: Row[Any]) -> Statement:
    return Statement(row.key, row.schema, row.prop, row.value, row.place, row.original, row.said_at, row.bits)
