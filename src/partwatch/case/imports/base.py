"""What every importer is: bytes in, statements and errors of rows out, nothing kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from partwatch.case.statements import Statement


@dataclass(frozen=True)
class RowError:
    """Something in a source that could not be read: where, what is wrong, what to do."""

    place: str
    problem: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" + (f"; {self.mend}" if self.mend else "")


@dataclass(frozen=True)
class Note(RowError):  # noqa: N818  # RowError is no exception, and this no error
    """Worth saying, and no error: what a source was taken for, what was counted. Nothing was lost by it."""


@dataclass(frozen=True)
class Limits:
    """What one source may cost. field_chars: of one value; longer ones are an error of their row."""

    file_bytes: int = 8 << 30
    rows: int = 20_000_000
    field_chars: int = 1 << 20
    member_bytes: int = 1 << 30


@dataclass(frozen=True)
class Reading:
    """One source as an importer is given it. path: a file, or a folder. sha256: of its content; records of
    people take their keys from it. region: ISO 3166 alpha-2, for phone numbers without a country. mapping:
    of tables, as read from its file. options: of the importer."""

    path: Path
    sha256: str
    region: str | None = None
    mapping: Any = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Example:
    """A tiny source of the kind, for the contract test. files: name to bytes, written to a folder; path: the
    one to import, "" for the folder. said: some statements (schema, prop, value) that must come of it;
    errors: how many rows must fail. mapping: TOML text of tables."""

    name: str
    files: dict[str, bytes]
    path: str
    said: tuple[tuple[str, str, str], ...]
    errors: int = 0
    mapping: str | None = None


Told = Statement | RowError


@dataclass(frozen=True)
class Importer:
    """One kind of source. version: goes into the ledger; another one reads the same bytes as another source.
    looks: whether a path is of this kind, by its content; read: statements in the order of the source, and
    errors between them, streamed; raises UsageError where nothing of the source can be read at all."""

    name: str
    version: str
    title: str
    looks: Callable[[Path], bool]
    read: Callable[[Reading], Iterator[Told]]
    examples: Callable[[], Iterable[Example]]
    needs_mapping: bool = False
