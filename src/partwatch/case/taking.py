"""Taking a source in: its statements into the tables, their commitments into one root, one entry."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, insert, update

from partwatch.case.leaves import leaf_of, rows_of_keys, spoken_of
from partwatch.case.notary import Notary
from partwatch.case.spool import Spool
from partwatch.case.statements import Source, SourceInfo
from partwatch.case.tables import ENTITIES, SOURCES, STATEMENTS
from partwatch.ledger.commitments import statements_claim, statements_root

SECRET_BYTES: Final = 32


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
    root = statements_root(_copied(connection, spool, number, info.sha256))
    claim = statements_claim(root, len(spool))
    entry = notary.note(connection, "import", dict(also) | source | {"statements": claim}, by, at)
    connection.execute(update(SOURCES).where(SOURCES.c.id == number).values(root=root.hex(), entry=entry))
    return Source(number, info, at, by, len(spool), skipped, entry)


def _copied(connection: Connection, spool: Spool, source: int, sha256: str) -> Iterator[bytes]:
    """Copies as it goes, and gives the leaf of each statement."""
    position = 0
    numbers: dict[str, int] = {}
    secrets: dict[str, bytes] = {}
    for batch in spool.batches():
        _know(connection, numbers, secrets, {key for one in batch for key in spoken_of(one)})
        rows = []
        for one in batch:
            rows.append(
                (source, position, numbers[one.entity], one.schema, one.prop, one.value, one.place,
                 one.original, one.said_at, one.bits)
            )  # fmt: skip
            yield leaf_of(one, secrets, sha256, position)
            position += 1
        _insert_statements(connection, rows)


def _know(
    connection: Connection, numbers: dict[str, int], secrets: dict[str, bytes], spoken: set[str]
) -> None:
    """Number and secret of each entity; new ones are made."""
    wanted = sorted(spoken - numbers.keys())
    missing = set(wanted)
    for row in rows_of_keys(connection, wanted):
        numbers[row.key], secrets[row.key] = row.id, bytes(row.secret)
        missing.discard(row.key)
    if not missing:
        return
    made = [{"key": key, "secret": os.urandom(SECRET_BYTES)} for key in sorted(missing)]
    connection.execute(insert(ENTITIES), made)
    for row in rows_of_keys(connection, sorted(missing)):
        numbers[row.key], secrets[row.key] = row.id, bytes(row.secret)


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
