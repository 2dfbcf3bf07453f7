"""A table of a source and what its rows say: declared once, told as statements, and as a mapping file.

A cell is what the importer will make of it, or that and the text as the source has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

from partwatch.case.statements import Reliability, Statement, keyed, record_key
from partwatch.case.vocabulary import SCHEMATA, Type, property_of

Cell = str | tuple[str, str]
Row = dict[str, Cell]
PLACE: Final = "@place"  # of a row that stands elsewhere than its number says
ISO: Final = "%Y-%m-%d"
CONSTANT: Final = "="  # before a word that stands for itself


# What a source has named already: identity, property, value.
Seen = set[tuple[str, str, str]]


@dataclass(frozen=True)
class Slot:
    """One entity that a row speaks of. says: property to column, or to "=word". links: property to another
    slot. keys: columns (or "=word") that are its identity; empty of a record of its own. edge: the slots that
    it joins, without which it is not there. local: the column that tells its record from others there,
    instead of the row; of: the slot whose record it is a file of. shown: of a
    link, the column whose text it was found by. once: a thing that a source names where it
    first comes, and not again."""

    name: str
    schema: str
    says: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    edge: tuple[str, ...] = ()
    local: str = ""
    of: str = ""
    shown: Mapping[str, str] = field(default_factory=dict)
    once: bool = False

    @property
    def is_party(self) -> bool:
        """Whether it is somebody's record, which resolution is asked about."""
        return SCHEMATA[self.schema].is_a("LegalEntity")


@dataclass(frozen=True)
class Table:
    """A file of a source: its columns in their order (heading by name), and its slots. dates: how the file
    writes them; said_at: the column that says when; bits: the column with what an edge is worth. place: what
    a row is called; first: the number of the first. by: the columns that rows are in order of."""

    name: str
    kind: str
    said_by: str
    reliability: Reliability
    slots: tuple[Slot, ...]
    heads: Mapping[str, str]
    legal_ref: str = "order 2026/117"
    delimiter: str = ","
    dates: str = ISO
    said_at: str | None = None
    bits: str | None = None
    place: str = "row"
    first: int = 2
    by: tuple[str, ...] = ()

    @cached_property
    def date_columns(self) -> frozenset[str]:
        """Columns that hold dates."""
        return frozenset(
            column
            for slot in self.slots
            for prop, column in slot.says.items()
            if (known := property_of(slot.schema, prop)) is not None and known.type is Type.DATE
        )


def value_of(row: Row, column: str) -> str:
    """What a cell, or a constant, says; "" where it is empty."""
    if column.startswith(CONSTANT):
        return column[1:]
    cell = row.get(column, "")
    return cell if isinstance(cell, str) else cell[0]


def written_of(table: Table, row: Row, column: str) -> str:
    """A cell as the file has it."""
    cell = row.get(column, "")
    text = cell if isinstance(cell, str) else cell[1]
    if text and table.dates != ISO and column in table.date_columns:
        return date.fromisoformat(text).strftime(table.dates)
    return text


def present(table: Table, row: Row) -> Iterator[Slot]:
    """The slots of which a row says anything."""
    there = {slot.name for slot in table.slots if _spoken_of(slot, row)}
    for slot in table.slots:
        if slot.name in there and all(end in there for end in slot.edge):
            yield slot


def _spoken_of(slot: Slot, row: Row) -> bool:
    if slot.keys:
        return all(value_of(row, column) for column in slot.keys)
    if slot.edge:
        return True
    if slot.local:
        return bool(value_of(row, slot.local))
    return any(row.get(column) for column in slot.says.values() if not column.startswith(CONSTANT))


def place_of(table: Table, row: Row, number: int) -> str:
    """Where a row stands; number: from 0."""
    return value_of(row, PLACE) or f"{table.place} {number + table.first}"


def keys_of(table: Table, row: Row, number: int, digest: str) -> dict[str, str]:
    """The key of each slot of a row, made as the importers make them. digest: of the source."""
    found: dict[str, str] = {}
    for slot in present(table, row):
        if slot.keys:
            found[slot.name] = keyed(slot.schema, *(value_of(row, column) for column in slot.keys))
            continue
        local = json.dumps([slot.name, number + table.first], ensure_ascii=False)
        if slot.local:
            local = value_of(row, slot.local)
        elif slot.of:
            local = f"{found[slot.of]}/file"
        found[slot.name] = record_key(digest, slot.schema, local)
    return found


def size(table: Table, row: Row, seen: Seen) -> int:
    """How many statements a row makes. seen: what the source has named already; added to."""
    slots = list(present(table, row))
    names = {slot.name for slot in slots}
    return sum(
        sum(1 for _ in _said(slot, row, seen)) + sum(1 for target in slot.links.values() if target in names)
        for slot in slots
    )


def _said(slot: Slot, row: Row, seen: Seen) -> Iterator[tuple[str, str, str]]:
    """Property, value and column of what is said of a slot."""
    identity = "\x1f".join(value_of(row, column) for column in slot.keys) if slot.once else ""
    for prop, column in slot.says.items():
        value = value_of(row, column)
        if not value:
            continue
        if slot.once:
            if (identity, prop, value) in seen:
                continue
            seen.add((identity, prop, value))
        yield prop, value, column


def told(table: Table, row: Row, number: int, digest: str, seen: Seen) -> Iterator[Statement]:
    """The statements of a row. seen: what the source has named already; added to."""
    keys = keys_of(table, row, number, digest)
    place = place_of(table, row, number)
    said_at = (value_of(row, table.said_at) or None) if table.said_at else None
    weight = float(value_of(row, table.bits)) if table.bits and row.get(table.bits) else None
    for slot in table.slots:
        key = keys.get(slot.name)
        if key is None:
            continue
        bits = weight if slot.edge else None
        for prop, value, column in _said(slot, row, seen):
            written = value if column.startswith(CONSTANT) else written_of(table, row, column)
            original = None if written == value else written
            yield Statement(key, slot.schema, prop, value, place, original, said_at, bits)
        for prop, target in slot.links.items():
            if target in keys:
                text = value_of(row, slot.shown[prop]) if prop in slot.shown else None
                yield Statement(key, slot.schema, prop, keys[target], place, text, said_at, bits)
