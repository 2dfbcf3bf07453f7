"""Tables (CSV, TSV, XLSX) by a mapping: what each row says of whom (seizures, parcels, payments,
subscribers)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from partwatch.case.identifiers.base import Hint, NotValidError
from partwatch.case.identifiers.dates import by_format
from partwatch.case.imports import csv_rows, xlsx_rows
from partwatch.case.imports.base import Importer, Note, Reading, RowError, Told
from partwatch.case.imports.mapping import nearest, parse_mapping
from partwatch.case.imports.mapping_types import EntityRule, MappingError, TableMapping, ValueRule
from partwatch.case.imports.table_examples import examples
from partwatch.case.imports.telling import Telling, key_of
from partwatch.case.imports.textual import check_file, head_of
from partwatch.case.imports.values import FORMATS, Normaliser, clean, decimal, normaliser
from partwatch.case.imports.xlsx_rows import IsoText
from partwatch.case.statements import folded
from partwatch.case.vocabulary import SCHEMATA
from partwatch.model.errors import UsageError

_MOST_SPLIT: Final = 1000
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
Cells = list[str]


def read(reading: Reading) -> Iterator[Told]:
    """Statements row by row. Raises MappingError where the mapping does not fit the table, UsageError where
    nothing of it can be read."""
    mapping = reading.mapping
    if isinstance(mapping, str):
        mapping = parse_mapping(mapping)
    if not isinstance(mapping, TableMapping):
        raise UsageError("a table needs a mapping: a TOML file that says what its columns are")
    check_file(reading)
    rows, taken = _rows(reading, mapping)
    yield Note("the table", taken)
    early, header = _header(rows, mapping, reading.path.name)
    yield from early
    plan = _Plan(mapping, header, reading)
    for row in rows:
        if isinstance(row, RowError):
            yield row
        else:
            yield from plan.row(*row)


def _rows(reading: Reading, mapping: TableMapping) -> tuple[Iterator[csv_rows.Row | RowError], str]:
    if xlsx_rows.is_xlsx(reading.path):
        sheet = f' "{mapping.sheet}"' if mapping.sheet else ", its first sheet"
        return xlsx_rows.rows(reading.path, mapping.sheet, reading.limits), f"read as XLSX{sheet}"
    head = head_of(reading.path, 8)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise UsageError(f"{reading.path.name}: is no table in CSV or XLSX: save it as one of them")
    dialect = csv_rows.dialect_of(reading.path, mapping.encoding, mapping.delimiter, mapping.header)
    return csv_rows.rows(reading.path, dialect, reading.limits), str(dialect)


def _header(
    rows: Iterator[csv_rows.Row | RowError], mapping: TableMapping, name: str
) -> tuple[list[RowError], Cells]:
    errors: list[RowError] = []
    for row in rows:
        if isinstance(row, RowError):
            errors.append(row)
            continue
        if row[0] >= mapping.header:
            return errors, row[1]
    told = f" ({errors[0]})" if errors else ""
    raise UsageError(f"{name}: has no row {mapping.header} with the names of columns{told}")


@dataclass(frozen=True)
class _Value:
    """A value's rule with its columns found. check: normalises one text, or raises NotValidError."""

    rule: ValueRule
    at: tuple[int, ...]
    check: Normaliser
    hint: Hint

    def texts(self, cells: Cells) -> Iterable[str]:
        """The parts of the cell, or cells, that hold something."""
        if self.rule.literal is not None:
            return (self.rule.literal,)
        text: str = cells[self.at[0]]
        if len(self.at) > 1:
            text = self.rule.join.join(one for at in self.at if (one := cells[at].strip()))
        if not text or text.isspace():
            return ()
        if self.rule.split is None:
            return (text,)
        return [one for one in text.split(self.rule.split, _MOST_SPLIT) if one and not one.isspace()]

    def value(self, text: str) -> str:
        """In normal form. Raises NotValidError."""
        if self.rule.values is not None:
            text = self.rule.values.get(" ".join(text.split()).casefold(), text)
        return self.check(text, self.hint)


@dataclass(frozen=True)
class _Prop:
    name: str
    values: tuple[_Value, ...]
    links: tuple[str, ...]


@dataclass(frozen=True)
class _Entity:
    """An entity's rule with its columns found. used: all columns that its values come from."""

    rule: EntityRule
    key_at: tuple[int, ...]
    when_at: tuple[int, ...]
    used: tuple[int, ...]
    identity: tuple[_Value, ...]
    props: tuple[_Prop, ...]
    ends: tuple[str, str] | None


class _Plan:
    """A mapping bound to the columns of one table."""

    def __init__(self, mapping: TableMapping, header: Cells, reading: Reading) -> None:
        self.mapping, self.reading = mapping, reading
        self.hint = Hint(mapping.region or reading.region)
        self.width = len(header)
        self._binder = _Binder(mapping, header, self.hint)
        self.entities = [self._binder.entity(rule) for rule in mapping.entities]
        self.things = [one for one in self.entities if one.ends is None]
        self.edges = [one for one in self.entities if one.ends is not None]
        said = mapping.said_at
        self.said_at = self._binder.value(said, "Interval", "date") if said else None
        if self._binder.problems:
            raise MappingError(self._binder.problems)
        self._constant_said: set[str] = set()

    def row(self, number: int, cells: Cells) -> list[Told]:
        """What one row says."""
        place = f"row {number}"
        telling = Telling(self.reading.sha256, place, None, self.hint, self.reading.limits)
        if len(cells) != self.width and not self._fits(cells, telling):
            return telling.told
        if max(map(len, cells)) > self.reading.limits.field_chars:
            telling.error(f"a cell has more than {self.reading.limits.field_chars:,} characters")
            return telling.told
        if self.said_at is not None:
            telling.said_at = self._moment(self.said_at, cells, telling)
        keys = {one.rule.name: self._key(one, cells, number, telling) for one in self.entities}
        # Things first: whether what joins them is there depends on theirs.
        for one in (*self.things, *self.edges):
            if keys[one.rule.name] is not None and not self._is_there(one, cells, keys):
                keys[one.rule.name] = None
        for one in self.entities:
            key = keys[one.rule.name]
            if key is not None:
                self._say(one, key, cells, keys, telling)
        return telling.told

    def _fits(self, cells: Cells, telling: Telling) -> bool:
        """Whether a row of another length than the header's can be read; its cells are filled up."""
        while len(cells) > self.width and not cells[-1].strip():
            cells.pop()
        missing = self.width - len(cells)
        if missing < 0 or (missing > 0 and not self.mapping.short_rows):
            telling.error(
                f"has {len(cells)} cells, and the header {self.width}: which cell is which cannot be told",
                "correct the row" + (", or set short_rows = true" if missing > 0 else ""),
            )
            return False
        cells.extend([""] * missing)
        return True

    def _moment(self, value: _Value, cells: Cells, telling: Telling) -> str | None:
        for text in value.texts(cells):
            try:
                return value.value(text)
            except NotValidError as error:
                telling.error(f"said_at: {error}")
        return None

    def _key(self, one: _Entity, cells: Cells, number: int, telling: Telling) -> str | None:
        if any(not cells[at].strip() for at in one.when_at):
            return None
        if one.identity:
            found = self._identity(one, cells, telling)
            if found is not None or not one.key_at:
                return found
        if one.key_at:
            parts = [folded(cells[at]) for at in one.key_at]
            if not any(parts):
                return None
            return telling.record(one.rule.schema, _ENCODE([one.rule.numbering, *parts]))
        local = [one.rule.name] if not one.used and not _has_links(one) else [one.rule.name, number]
        return telling.record(one.rule.schema, _ENCODE(local))

    def _identity(self, one: _Entity, cells: Cells, telling: Telling) -> str | None:
        parts = []
        for value in one.identity:
            told = None
            for text in value.texts(cells):
                try:
                    told = value.value(text)
                    break
                except NotValidError as error:
                    if value.rule.invalid == "keep":
                        told = " ".join(clean(text).split())
                        break
                    if value.rule.invalid == "error":
                        telling.error(f"{one.rule.name}: {error}")
            if not told:
                return None
            parts.append(told)
        return key_of(one.rule.schema, *parts)

    def _is_there(self, one: _Entity, cells: Cells, keys: dict[str, str | None]) -> bool:
        """Whether the row says anything of it: a cell, or both ends of what joins two others."""
        if any(cells[at].strip() for at in one.used):
            return True
        if one.ends is not None:
            return all(keys.get(end) for end in one.ends)
        return not one.used

    def _say(
        self, one: _Entity, key: str, cells: Cells, keys: dict[str, str | None], telling: Telling
    ) -> None:
        constant = not one.used and not _has_links(one)
        if constant and key in self._constant_said:
            return
        self._constant_said.update((key,) if constant else ())
        schema = one.rule.schema
        for prop in one.props:
            for link in prop.links:
                target = keys.get(link)
                if target is not None:
                    telling.say(key, schema, prop.name, target)
            for value in prop.values:
                for text in value.texts(cells):
                    self._say_value(one, key, prop.name, value, text, telling)

    def _say_value(
        self, one: _Entity, key: str, prop: str, value: _Value, text: str, telling: Telling
    ) -> None:
        try:
            told = value.value(text)
        except NotValidError as error:
            if value.rule.invalid == "error":
                telling.error(f"{one.rule.name}.{prop}: {error}")
            if value.rule.invalid != "keep":
                return
            told = " ".join(clean(text).split())
        if told:
            telling.say(key, one.rule.schema, prop, told, clean(text) if told != text.strip() else None)


def _has_links(one: _Entity) -> bool:
    return any(prop.links for prop in one.props)


class _Binder:
    """Finds the columns of a mapping in a header, and collects those that are not there."""

    def __init__(self, mapping: TableMapping, header: Cells, hint: Hint) -> None:
        self.mapping, self.hint = mapping, hint
        self.header = [" ".join(name.split()) for name in header]
        self.at: dict[str, list[int]] = {}
        for index, name in enumerate(self.header):
            self.at.setdefault(name.casefold(), []).append(index)
        self.problems: list[str] = []

    def column(self, name: str, line: int) -> int:
        found = self.at.get(" ".join(name.split()).casefold(), [])
        if len(found) == 1:
            return found[0]
        if found:
            what = f'the table has {len(found)} columns named "{name}": rename one'
        else:
            shown = ", ".join(one for one in self.header[:40] if one)
            what = f'the table has no column "{name}"{nearest(name, self.header)} (there are: {shown})'
        problem = f"{self.mapping.name}: line {line}: {what}"
        if problem not in self.problems:
            self.problems.append(problem)
        return 0

    def entity(self, rule: EntityRule) -> _Entity:
        schema = SCHEMATA[rule.schema]
        lines = rule.lines or {}
        props, identity = [], []
        used: list[int] = []
        for name, rules in rule.properties:
            values = tuple(self.value(one, rule.schema, name) for one in rules if one.link is None)
            props.append(_Prop(name, values, tuple(one.link for one in rules if one.link is not None)))
            used += chain.from_iterable(value.at for value in values)
        by_name = {prop.name: prop for prop in props}
        if schema.keyed_by and all(by_name.get(one) and by_name[one].values for one in schema.keyed_by):
            identity = [by_name[one].values[0] for one in schema.keyed_by]
        key_at = tuple(self.column(one, lines.get("key", rule.line)) for one in rule.key)
        ends = None
        if schema.edge is not None:
            pair = [by_name.get(end) for end in (schema.edge.source, schema.edge.target)]
            if all(end is not None and end.links for end in pair):
                ends = (pair[0].links[0], pair[1].links[0])  # type: ignore[union-attr]  # both are there: just checked
        return _Entity(
            rule,
            key_at,
            tuple(self.column(one, lines.get("when", rule.line)) for one in rule.when),
            tuple(dict.fromkeys([*used, *key_at])),
            tuple(identity),
            tuple(props),
            ends,
        )

    def value(self, rule: ValueRule, schema: str, prop: str) -> _Value:
        hint = Hint(rule.region or self.hint.region)
        at = tuple(self.column(one, rule.line) for one in rule.columns)
        return _Value(rule, at, _check(rule, schema, prop), hint)


def _check(rule: ValueRule, schema: str, prop: str) -> Normaliser:
    plain = FORMATS[rule.named] if rule.named else normaliser(schema, prop)
    if rule.formats:
        return _date_check(rule.formats, plain)
    if rule.decimal:
        mark = rule.decimal
        return lambda text, hint: decimal(text.strip(), mark)
    return plain


def _date_check(formats: tuple[str, ...], plain: Normaliser) -> Normaliser:
    def check(text: str, hint: Hint) -> str:
        if isinstance(text, IsoText):
            return plain(text, hint)
        told: NotValidError | None = None
        for form in formats:
            try:
                return by_format(text, form)
            except NotValidError as error:
                told = told or error
        assert told is not None
        raise told

    return check


def looks(path: Path) -> bool:
    """A workbook, or text whose first row has two cells or more."""
    if xlsx_rows.is_xlsx(path):
        return True
    head = head_of(path, 1 << 12)
    if not head or head.lstrip()[:1] in (b"{", b"[", b"<") or head.startswith((b"From ", b"WARC/", b"PK")):
        return False
    binary = b"\x00" in head and not csv_rows.dialect_of(path).encoding.startswith("utf-16")
    return not binary and len(csv_rows.sample_header(path)) > 1


IMPORTER = Importer(
    name="table",
    version="1",
    title="a table (CSV, TSV, XLSX) with a mapping",
    looks=looks,
    read=read,
    examples=examples,
    needs_mapping=True,
)
