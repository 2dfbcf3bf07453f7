"""A table of a source and what its rows say: declared once, told as statements, and as a mapping file.

A cell is what the importer will make of it, or that and the text as the source has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from partwatch.case.statements import Reliability, Statement, entity_key, keyed, record_key
from partwatch.case.vocabulary import SCHEMATA

Cell = str | tuple[str, str]
Row = dict[str, Cell]
CONSTANT: Final = "="  # before a word that stands for itself and names no column


@dataclass(frozen=True)
class Slot:
    """One entity that a row speaks of. says: property to column, or to "=word". links: property to another
    slot. keys: columns (or "=word") that are its identity; empty of a record of its own. edge: the slots that
    it joins, whose keys make its own."""

    name: str
    schema: str
    says: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    edge: tuple[str, ...] = ()

    @property
    def is_party(self) -> bool:
        """Whether it is somebody's record, which resolution is asked about."""
        return SCHEMATA[self.schema].is_a("LegalEntity")


@dataclass(frozen=True)
class Table:
    """A file of a source: its columns in their order (heading by name), and its slots. dates: how the file
    writes them; said_at: the column that says when; bits: the column with what an edge is worth. place: what
    a row is called; first: the number of the first."""

    name: str
    kind: str
    said_by: str
    reliability: Reliability
    slots: tuple[Slot, ...]
    heads: Mapping[str, str]
    legal_ref: str = "order 2026/117"
    delimiter: str = ","
    dates: str = "%Y-%m-%d"
    said_at: str | None = None
    bits: str | None = None
    place: str = "row"
    first: int = 2


def value_of(row: Row, column: str) -> str:
    """What a cell, or a constant, says; "" where it is empty."""
    if column.startswith(CONSTANT):
        return column[1:]
    cell = row.get(column, "")
    return cell if isinstance(cell, str) else cell[0]


def original_of(row: Row, column: str) -> str | None:
    """The text of a cell where it differs from its value."""
    cell = row.get(column, "")
    return cell[1] if isinstance(cell, tuple) and cell[1] != cell[0] else None


def written_of(row: Row, column: str) -> str:
    """A cell as the file has it."""
    cell = row.get(column, "")
    return cell if isinstance(cell, str) else cell[1]


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
    return any(row.get(column) for column in slot.says.values() if not column.startswith(CONSTANT))


def size(table: Table, row: Row) -> int:
    """How many statements a row makes."""
    slots = list(present(table, row))
    names = {slot.name for slot in slots}
    return sum(
        sum(1 for column in slot.says.values() if column.startswith(CONSTANT) or row.get(column))
        + sum(1 for target in slot.links.values() if target in names)
        for slot in slots
    )


def place_of(table: Table, number: int) -> str:
    """Where a row stands; number: from 0."""
    return f"{table.place} {number + table.first}"


def keys_of(table: Table, row: Row, number: int, digest: str) -> dict[str, str]:
    """The key of each slot of a row. digest: of the source."""
    found: dict[str, str] = {}
    for slot in table.slots:
        if slot.keys and _spoken_of(slot, row):
            found[slot.name] = keyed(slot.schema, *(value_of(row, column) for column in slot.keys))
        elif slot.edge:
            if all(end in found for end in slot.edge):
                found[slot.name] = entity_key(slot.schema, *(found[end] for end in slot.edge))
        elif not slot.keys and _spoken_of(slot, row):
            local = f"{place_of(table, number)} {slot.name}"
            found[slot.name] = record_key(digest, slot.schema, local)
    return found


def told(table: Table, row: Row, number: int, digest: str) -> Iterator[Statement]:
    """The statements of a row."""
    keys = keys_of(table, row, number, digest)
    place = place_of(table, number)
    said_at = (value_of(row, table.said_at) or None) if table.said_at else None
    weight = float(value_of(row, table.bits)) if table.bits and row.get(table.bits) else None
    for slot in table.slots:
        key = keys.get(slot.name)
        if key is None:
            continue
        bits = weight if slot.edge else None
        for prop, column in slot.says.items():
            value = value_of(row, column)
            if value:
                original = None if column.startswith(CONSTANT) else original_of(row, column)
                yield Statement(key, slot.schema, prop, value, place, original, said_at, bits)
        for prop, target in slot.links.items():
            if target in keys:
                yield Statement(key, slot.schema, prop, keys[target], place, None, said_at, bits)
