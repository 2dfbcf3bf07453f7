"""Where the statements of a source wait until all of them are there.

Reading takes long and must hold up nobody; the case takes a source in by one short transaction. The spool
is a temporary database of SQLite's own, whose file has no name: a killed import leaves nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final

from partwatch.case.statements import Statement

BATCH: Final = 20_000
_COLUMNS: Final = "entity, schema, prop, value, place, original, said_at, bits"
_MARKS: Final = ", ".join("?" * 8)


class Spool:
    """A context. `add` statements, then read them back in their order, any number of times."""

    def __enter__(self) -> Spool:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(f"CREATE TABLE spooled (id INTEGER PRIMARY KEY, {_COLUMNS})")
        self._count = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def __len__(self) -> int:
        return self._count

    def add(self, statements: Iterable[Statement]) -> None:
        """Keep these after those that are there."""
        rows = [
            (one.entity, one.schema, one.prop, one.value, one.place, one.original, one.said_at, one.bits)
            for one in statements
        ]
        self._connection.execute("BEGIN")
        self._connection.executemany(f"INSERT INTO spooled ({_COLUMNS}) VALUES ({_MARKS})", rows)
        self._connection.execute("COMMIT")
        self._count += len(rows)

    def batches(self, size: int = BATCH) -> Iterator[list[Statement]]:
        """All statements in their order."""
        cursor = self._connection.execute(f"SELECT {_COLUMNS} FROM spooled ORDER BY id")
        while rows := cursor.fetchmany(size):
            yield [
                Statement(entity, schema, prop, value, place, original, said_at, bits)
                for entity, schema, prop, value, place, original, said_at, bits in rows
            ]
