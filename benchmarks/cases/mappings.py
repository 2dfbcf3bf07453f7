"""The mapping file of a table, in the language of docs/reference/case-imports.md."""

from __future__ import annotations

import json

from benchmarks.cases.tables import CONSTANT, ISO, Slot, Table
from partwatch.case.vocabulary import Type, property_of

REGION = "FR"


def mapping_of(table: Table) -> str:
    """TOML that has a table say what its slots say."""
    lines = [f"title = {_text(f'{table.name}, of {table.said_by}')}", f'region = "{REGION}"']
    if table.name.endswith(".csv"):
        lines.append(f"delimiter = {_text(table.delimiter)}")
    else:
        # A workbook leaves empty cells at the end of a row away.
        lines.append("short_rows = true")
    for slot in table.slots:
        lines += _entity(table, slot)
    return "\n".join(lines) + "\n"


def _entity(table: Table, slot: Slot) -> list[str]:
    lines = ["", "[[entities]]", f"name = {_text(slot.name)}", f"schema = {_text(slot.schema)}"]
    lines.append("[entities.properties]")
    for prop, column in slot.says.items():
        lines.append(f"{prop} = {_value(table, slot.schema, prop, column)}")
    return lines + [f"{prop} = {{ link = {_text(target)} }}" for prop, target in slot.links.items()]


def _value(table: Table, schema: str, prop: str, column: str) -> str:
    if column.startswith(CONSTANT):
        return f"{{ literal = {_text(column[1:])} }}"
    head = table.heads[column]
    known = property_of(schema, prop)
    if known is not None and known.type is Type.DATE and table.dates != ISO:
        return f"{{ column = {_text(head)}, format = {_text(table.dates)} }}"
    return _text(head)


def _text(text: str) -> str:
    """A basic string of TOML: JSON's, as far as we write."""
    return json.dumps(text, ensure_ascii=False)
