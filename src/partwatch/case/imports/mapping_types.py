"""A mapping in memory: what of a table's row is said about whom."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from typing import Final

from partwatch.model.errors import UsageError

ON_INVALID: Final = ("error", "keep", "skip")


class MappingError(UsageError):
    """A mapping is wrong, or does not fit its table. problems: every one found, each with its line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class ValueRule:
    """Where one value comes from: columns (joined by `join`), a literal, or a link to an entity of the row.
    split: parts a cell into several values. formats: of strptime. named: a format by name. decimal: the sign.
    values: translates cells. invalid: what becomes of a cell that is not valid. line: in the mapping's
    text."""

    columns: tuple[str, ...] = ()
    join: str = " "
    literal: str | None = None
    link: str | None = None
    split: str | None = None
    formats: tuple[str, ...] = ()
    named: str | None = None
    region: str | None = None
    decimal: str | None = None
    values: Dictionary[str, str] | None = None
    invalid: str = "error"
    line: int = 0


@dataclass(frozen=True)
class EntityRule:
    """One entity of each row. key: columns that tell the record from others; numbering: whose key it is,
    where several rules share one. when: columns that must hold something."""

    name: str
    schema: str
    properties: tuple[tuple[str, tuple[ValueRule, ...]], ...]
    key: tuple[str, ...] = ()
    numbering: str = ""
    when: tuple[str, ...] = ()
    line: int = 0
    lines: Dictionary[str, int] | None = None


@dataclass(frozen=True, repr=False)
class TableMapping:
    """A whole mapping. name: of its file, for messages. text: its TOML, by which it travels. header: the row
    of the column names. short_rows: whether a row with too few cells is read."""

    name: str
    text: str
    entities: tuple[EntityRule, ...]
    title: str = ""
    region: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header: int = 1
    short_rows: bool = False
    said_at: ValueRule | None = None

    def __repr__(self) -> str:
        # What the outcome depends on; where the file lies is no part of it.
        return f"TableMapping({hashlib.sha256(self.text.encode()).hexdigest()})"
