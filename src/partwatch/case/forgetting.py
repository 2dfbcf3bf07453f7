"""Forgetting: statements go, and the secrets that their commitments are keyed with; the log still verifies.

What is left of a statement is its leaf, which without the secret says nothing. Statements that point to a
forgotten entity go with it: their leaves are keyed by both. Free text of other entities in which somebody is
named (a message's words) is not searched; forget these entities, or the source.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, insert, or_, select, update

from partwatch.case.leaves import leaf_of, placed_statements, rows_of_keys, secrets_of
from partwatch.case.notary import Notary
from partwatch.case.statements import is_key
from partwatch.case.store import CaseStore, now
from partwatch.case.tables import (
    DECISIONS,
    ENTITIES,
    FORGOTTEN,
    PAIRS,
    QUESTIONS,
    RUNS,
    SOURCES,
    STATEMENTS,
    WITHDRAWALS,
)
from partwatch.model.errors import UsageError

_CHUNK: Final = 400
# What an entry said of things that are gone would tell of them.
_OPENED_BY: Final = (DECISIONS, WITHDRAWALS, RUNS)


@dataclass(frozen=True)
class Forgotten:
    """How many statements and entities went. scrubbed: whether SQLite's log was emptied as well: somebody who
    reads may hold it, and then what was forgotten is on the disk until `scrub` is called without them."""

    statements: int
    entities: int
    scrubbed: bool


def forget_entities(store: CaseStore, keys: Iterable[str], reason: str, by: str) -> Forgotten:
    """Forget what is said of these entities and to whom that points. Raises UsageError."""
    wanted = sorted(set(keys))
    _check_reason(reason)
    with store.writing() as connection:
        known = [row.key for row in rows_of_keys(connection, wanted)]
        if missing := sorted(set(wanted) - set(known)):
            raise UsageError(f"{missing[0]}: no such entity is in the case")
        gone = 0
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            numbers = select(ENTITIES.c.id).where(ENTITIES.c.key.in_(chunk))
            about = or_(STATEMENTS.c.entity_id.in_(numbers), STATEMENTS.c.value.in_(chunk))
            gone += _drop(connection, about)[0]
            _drop_said_of(connection, store.notary, chunk)
            connection.execute(delete(ENTITIES).where(ENTITIES.c.key.in_(chunk)))
        _drop_values_unsaid(connection)
        _note(connection, store, "entities", len(wanted), reason, by)
    return Forgotten(gone, len(wanted), store.compact())


def forget_source(store: CaseStore, source: int, reason: str, by: str) -> Forgotten:
    """Forget what a source says, its name included. Raises UsageError."""
    _check_reason(reason)
    with store.writing() as connection:
        row = connection.execute(select(SOURCES).filter_by(id=source)).first()
        if row is None:
            raise UsageError(f"{source}: no such source")
        gone, spoken = _drop(connection, STATEMENTS.c.source_id == source)
        _drop_pairs(connection, spoken)
        _blank(connection, source)
        fallen = connection.execute(select(WITHDRAWALS.c.entry).filter_by(source_id=source)).all()
        store.notary.forget(connection, [row.entry, *(one.entry for one in fallen)])
        connection.execute(update(WITHDRAWALS).where(WITHDRAWALS.c.source_id == source).values(reason=""))
        orphans = _drop_orphans(connection, store.notary)
        _drop_values_unsaid(connection)
        _note(connection, store, "source", 1, reason, by)
    return Forgotten(gone, orphans, store.compact())


def forget_all(store: CaseStore, reason: str, by: str) -> Forgotten:
    """Destroy everything that the case holds; the log of commitments is left."""
    _check_reason(reason)
    with store.writing() as connection:
        entries = [
            row.entry for table in (SOURCES, *_OPENED_BY) for row in connection.execute(select(table.c.entry))
        ]
        gone, _ = _drop(connection, STATEMENTS.c.id > 0)
        entities = connection.execute(delete(ENTITIES)).rowcount
        for table in (PAIRS, RUNS, DECISIONS, QUESTIONS, WITHDRAWALS):
            connection.execute(delete(table))
        for row in connection.execute(select(SOURCES.c.id)).all():
            _blank(connection, row.id)
        store.notary.forget(connection, entries)
        _note(connection, store, "everything", entities, reason, by)
    return Forgotten(gone, entities, store.compact())


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError("forgetting needs its reason")


def _note(connection: Connection, store: CaseStore, what: str, count: int, reason: str, by: str) -> None:
    """That something was forgotten and why, never what."""
    store.notary.note(connection, "forgetting", {"what": what, "count": count, "reason": reason}, by, now())


def _drop(connection: Connection, condition: Any) -> tuple[int, set[str]]:
    """Take statements out and leave their leaves; how many, and keys of all entities that they speak of."""
    gone = 0
    spoken: set[str] = set()
    digests = {row.id: row.sha256 for row in connection.execute(select(SOURCES.c.id, SOURCES.c.sha256))}
    for batch in placed_statements(connection, condition):
        secrets = secrets_of(connection, [statement for _, statement in batch])
        leaves = [
            {"source_id": row.source_id, "position": row.position,
             "leaf": leaf_of(statement, secrets, digests[row.source_id], row.position)}
            for row, statement in batch
        ]  # fmt: skip
        connection.execute(insert(FORGOTTEN), leaves)
        gone += len(batch)
        spoken |= secrets.keys()
    connection.execute(delete(STATEMENTS).where(condition))
    return gone, spoken


def _drop_pairs(connection: Connection, keys: Iterable[str]) -> None:
    """What runs found of entities: it shows what was said of them."""
    wanted = sorted(keys)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        connection.execute(delete(PAIRS).where(or_(PAIRS.c.left.in_(chunk), PAIRS.c.right.in_(chunk))))


def _blank(connection: Connection, source: int) -> None:
    """Nothing of a source is left but that it was there."""
    blank = {"name": "", "said_by": "", "legal_ref": None, "sha256": "", "key": f"forgotten-{source}"}
    connection.execute(update(SOURCES).where(SOURCES.c.id == source).values(blank))


def _drop_values_unsaid(connection: Connection) -> None:
    """Questions about values (`phone:+33...`) that nobody says any more."""
    for row in connection.execute(select(QUESTIONS.c.id, QUESTIONS.c.told)).all():
        for end in json.loads(row.told).values():
            if not isinstance(end, str) or is_key(end):
                continue
            said = select(STATEMENTS.c.id).filter_by(value=end.partition(":")[2]).limit(1)
            if connection.execute(said).first() is None:
                connection.execute(delete(QUESTIONS).where(QUESTIONS.c.id == row.id))


def _drop_said_of(connection: Connection, notary: Notary, keys: Sequence[str]) -> None:
    """What was found and decided of entities, and what was asked about them."""
    decided = or_(DECISIONS.c.left.in_(keys), DECISIONS.c.right.in_(keys))
    entries = [row.entry for row in connection.execute(select(DECISIONS.c.entry).where(decided))]
    notary.forget(connection, entries)
    connection.execute(delete(DECISIONS).where(decided))
    _drop_pairs(connection, keys)
    for row in connection.execute(select(QUESTIONS.c.id, QUESTIONS.c.told)).all():
        if any(key in row.told for key in keys):
            connection.execute(delete(QUESTIONS).where(QUESTIONS.c.id == row.id))


def _drop_orphans(connection: Connection, notary: Notary) -> int:
    """Entities of which nothing is said any more and to which nothing points."""
    said = exists().where(STATEMENTS.c.entity_id == ENTITIES.c.id)
    pointed = exists().where(STATEMENTS.c.value == ENTITIES.c.key)
    keys = [row.key for row in connection.execute(select(ENTITIES.c.key).where(~said, ~pointed))]
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        _drop_said_of(connection, notary, chunk)
        connection.execute(delete(ENTITIES).where(ENTITIES.c.key.in_(chunk)))
    return len(keys)
