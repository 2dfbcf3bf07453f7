"""Which key an identifier of a foreign document stands for: on disk, since a document may hold millions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from partwatch.case.imports.values import clean

_BATCH = 5000
_REMEMBERED = 1 << 15


class Remembered:
    """Keys by identifier, the last few thousand of them: what is asked for once is asked for again soon."""

    def __init__(self, find: Callable[[str], str]) -> None:
        self._find = find
        self._keys: dict[str, str] = {}

    def of(self, identifier: str) -> str:
        """The key that an identifier stands for."""
        found = self._keys.get(identifier)
        if found is None:
            if len(self._keys) > _REMEMBERED:
                self._keys.clear()
            found = self._keys[identifier] = self._find(identifier)
        return found


class KeySpool:
    """Texts by their identifier, in a temporary database that goes with it. What was written last counts."""

    def __enter__(self) -> Self:
        # The empty name: a private file of SQLite's own, removed when closed.
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE told (id TEXT, kind TEXT, value TEXT)")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("PRAGMA journal_mode=OFF")
        self._pending: list[tuple[str, str, str]] = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def add(self, identifier: str, kind: str, value: str) -> None:
        """One text of a kind, of an identifier."""
        # Halves of surrogate pairs, as JSON may have them, are no text of a database.
        self._pending.append((clean(identifier), kind, clean(value)))
        if len(self._pending) >= _BATCH:
            self._flush()

    def done(self) -> None:
        """All is written: from here on it is asked."""
        self._flush()
        self._db.execute("CREATE INDEX by_id ON told (id)")

    def of(self, identifier: str) -> dict[str, list[str]]:
        """All texts of an identifier, by kind, in the order of writing."""
        found: dict[str, list[str]] = {}
        rows: Iterable[tuple[str, str]] = self._db.execute(
            "SELECT kind, value FROM told WHERE id = ? ORDER BY rowid LIMIT 1000", (clean(identifier),)
        )
        for kind, value in rows:
            found.setdefault(kind, []).append(value)
        return found

    def ids(self) -> Iterator[str]:
        """Each identifier once."""
        yield from (one for (one,) in self._db.execute("SELECT DISTINCT id FROM told ORDER BY id"))

    def _flush(self) -> None:
        self._db.executemany("INSERT INTO told VALUES (?, ?, ?)", self._pending)
        self._pending = []
