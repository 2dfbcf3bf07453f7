"""The mapping language of tables: TOML to frozen types, every problem told at once, with its line.

docs/reference/case-imports.md describes the language.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from partwatch.case.identifiers.tracking import COUNTRIES
from partwatch.case.imports.mapping_lines import Lines
from partwatch.case.imports.mapping_types import (
    ON_INVALID,
    EntityRule,
    MappingError,
    TableMapping,
    ValueRule,
)
from partwatch.case.imports.values import FORMATS
from partwatch.case.vocabulary import SCHEMATA, Property, Schema, Type

MOST_BYTES: Final = 1 << 20
_MOST_ENTITIES = 200
_TOP = ("title", "region", "encoding", "delimiter", "sheet", "header", "short_rows", "said_at", "entities")
_ENTITY = ("name", "schema", "key", "numbering", "when", "properties")
_VALUE = (
    "column",
    "columns",
    "join",
    "literal",
    "link",
    "split",
    "format",
    "region",
    "decimal",
    "values",
    "invalid",
)


def read_mapping(path: Path) -> TableMapping:
    """A mapping from its file. Raises MappingError with every problem."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise MappingError([f"{path}: cannot be opened ({error.strerror}): check the path"]) from None
    if len(content) > MOST_BYTES:
        raise MappingError([f"{path}: is over {MOST_BYTES:,} bytes: a mapping only names columns"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MappingError([f"{path}: is not UTF-8 at byte {error.start}: save it as UTF-8"]) from None
    return parse_mapping(text, str(path))


def parse_mapping(text: str, name: str = "mapping") -> TableMapping:
    """A mapping from its text; name: as messages call it. Raises MappingError with every problem."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError([f"{name}: is not valid TOML: {error}"]) from None
    except RecursionError:
        raise MappingError([f"{name}: is nested too deeply"]) from None
    reader = _Reader(name, text)
    mapping = reader.mapping(table)
    if reader.problems:
        raise MappingError(reader.problems)
    return mapping


def nearest(word: str, known: Iterable[str]) -> str:
    """What was perhaps meant: `; did you mean "x"?`, or nothing."""
    folded = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(word.casefold(), folded, 1, 0.6)
    return f'; did you mean "{folded[close[0]]}"?' if close else ""


class _Reader:
    """Reads one mapping and collects what is wrong with it."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.lines = Lines(text)
        self.problems: list[str] = []

    def problem(self, line: int, what: str) -> None:
        self.problems.append(f"{self.name}: line {line}: {what}" if line else f"{self.name}: {what}")

    def mapping(self, table: dict[str, Any]) -> TableMapping:
        self._unknown(table, _TOP, lambda key: self.lines.top(key), "")
        rules = table.get("entities", [])
        if not isinstance(rules, list) or not rules or not all(isinstance(one, dict) for one in rules):
            self.problem(self.lines.top("entities"), "has no entity: write each under [[entities]]")
            rules = []
        if len(rules) > _MOST_ENTITIES:
            self.problem(0, f"has {len(rules)} entities: more than {_MOST_ENTITIES}")
            rules = []
        entities = [self._entity(index, one) for index, one in enumerate(rules)]
        self._names(entities)
        self._links(entities)
        header = self._typed(table, "header", int, self.lines.top("header"), 1)
        if not 1 <= header <= 1000:
            self.problem(self.lines.top("header"), "header: is the row of the column names, from 1 to 1000")
        return TableMapping(
            self.name,
            self.text,
            tuple(entities),
            title=self._typed(table, "title", str, self.lines.top("title"), ""),
            region=self._region(table, self.lines.top("region")),
            encoding=self._encoding(table),
            delimiter=self._delimiter(table),
            sheet=self._typed(table, "sheet", str, self.lines.top("sheet"), None),
            header=header,
            short_rows=self._typed(table, "short_rows", bool, self.lines.top("short_rows"), False),
            said_at=self._said_at(table),
        )

    def _unknown(self, table: dict[str, Any], known: Collection[str], line: Any, where: str) -> None:
        for key in table:
            if key not in known:
                self.problem(
                    line(key), f'{where}"{key}" is no key here{nearest(key, known)} ({", ".join(known)})'
                )

    def _typed(self, table: dict[str, Any], key: str, kind: type, line: int, default: Any) -> Any:
        value = table.get(key, default)
        if value is not default and (
            not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        ):
            words = {str: "a text", int: "a whole number", bool: "true or false"}
            self.problem(line, f"{key}: is not {words[kind]}")
            return default
        return value

    def _region(self, table: dict[str, Any], line: int) -> str | None:
        region = self._typed(table, "region", str, line, None)
        if region is not None and region.upper() not in COUNTRIES:
            self.problem(line, f'region: "{region}" is no country of two letters (ISO 3166), such as FR')
            return None
        return None if region is None else str(region).upper()

    def _encoding(self, table: dict[str, Any]) -> str | None:
        import codecs

        line = self.lines.top("encoding")
        encoding = self._typed(table, "encoding", str, line, None)
        if encoding is None:
            return None
        try:
            codec = codecs.lookup(encoding)
            # base64, rot13 and others of the kind make no text of bytes.
            b"".decode(codec.name)
        except (LookupError, ValueError):
            self.problem(line, f'encoding: "{encoding}" is not known; utf-8, utf-16 and cp1252 are usual')
            return None
        return codec.name

    def _delimiter(self, table: dict[str, Any]) -> str | None:
        line = self.lines.top("delimiter")
        delimiter = self._typed(table, "delimiter", str, line, None)
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n '):
            self.problem(line, "delimiter: is one character, such as ; or \\t")
            return None
        return None if delimiter is None else str(delimiter)

    def _said_at(self, table: dict[str, Any]) -> ValueRule | None:
        if "said_at" not in table:
            return None
        line = self.lines.top("said_at")
        rule = self._value(table["said_at"], "said_at", line)
        if rule and rule.link:
            self.problem(line, "said_at: is a date from a column, not a link")
        return rule

    def _entity(self, index: int, table: dict[str, Any]) -> EntityRule:
        self._unknown(table, _ENTITY, lambda key: self.lines.entity(index, key), "")
        line = self.lines.entity(index)
        written = self._typed(table, "schema", str, self.lines.entity(index, "schema"), "")
        schema = SCHEMATA.get(written)
        if schema is None:
            what = (
                f'schema: "{written}" is not known{nearest(written, SCHEMATA)}'
                if written
                else "has no schema"
            )
            self.problem(self.lines.entity(index, "schema"), what)
        name = self._typed(table, "name", str, self.lines.entity(index, "name"), written.lower())
        rule = EntityRule(
            name=name,
            schema=written,
            properties=self._properties(index, table, schema),
            key=self._columns(table.get("key", []), "key", self.lines.entity(index, "key")),
            numbering=self._typed(table, "numbering", str, self.lines.entity(index, "numbering"), "") or name,
            when=self._columns(table.get("when", []), "when", self.lines.entity(index, "when")),
            line=line,
            lines={one: self.lines.entity(index, one) for one in ("key", "when")},
        )
        self._identity(rule, schema)
        return rule

    def _identity(self, rule: EntityRule, schema: Schema | None) -> None:
        missing = [one for one in (schema.keyed_by if schema else ()) if one not in dict(rule.properties)]
        if missing and not rule.key:
            self.problem(
                rule.line,
                f"{rule.schema}: is known by its {' and '.join(missing)}: map that, or give `key` "
                "columns that tell its records apart",
            )

    def _columns(self, value: Any, key: str, line: int) -> tuple[str, ...]:
        told = [value] if isinstance(value, str) else value
        if not isinstance(told, list) or not all(isinstance(one, str) and one.strip() for one in told):
            self.problem(line, f"{key}: is a column's name, or a list of them")
            return ()
        return tuple(told)

    def _properties(
        self, index: int, table: dict[str, Any], schema: Schema | None
    ) -> tuple[tuple[str, tuple[ValueRule, ...]], ...]:
        told = table.get("properties", {})
        if not isinstance(told, dict) or not told:
            self.problem(
                self.lines.entity(index), "has no properties: write them under [entities.properties]"
            )
            return ()
        found = []
        for name, value in told.items():
            line = self.lines.prop(index, name)
            prop = schema.properties.get(name) if schema else None
            if schema is not None and prop is None:
                near = nearest(name, schema.properties)
                self.problem(line, f'{schema.name} has no property "{name}"{near}')
            rules = [self._value(one, name, line) for one in (value if isinstance(value, list) else [value])]
            good = tuple(one for one in rules if one is not None)
            if prop is not None:
                self._fits(good, prop, line)
            found.append((name, good))
        return tuple(found)

    def _fits(self, rules: tuple[ValueRule, ...], prop: Property, line: int) -> None:
        for rule in rules:
            if (prop.type is Type.ENTITY) != (rule.link is not None):
                what = (
                    f'{prop.name}: points to an entity ({prop.range}): write {{ link = "name of an entity" }}'
                    if prop.type is Type.ENTITY
                    else f"{prop.name}: is a {prop.type}, not a link"
                )
                self.problem(line, what)
            if rule.formats and prop.type is not Type.DATE:
                self.problem(line, f"{prop.name}: is a {prop.type}; only dates have a format with %")

    def _value(self, value: Any, name: str, line: int) -> ValueRule | None:
        if isinstance(value, str):
            value = {"column": value}
        if not isinstance(value, dict):
            self.problem(line, f'{name}: is a column\'s name, or a table such as {{ column = "..." }}')
            return None
        self._unknown(value, _VALUE, lambda key: line, f"{name}: ")
        if sum(one in value for one in ("column", "columns", "literal", "link")) != 1:
            self.problem(line, f"{name}: wants one of column, columns, literal, link")
            return None
        columns = self._columns(value.get("columns", value.get("column", [])), f"{name}: column", line)
        formats, named = self._format(value, name, line)
        return ValueRule(
            columns=columns,
            join=self._typed(value, "join", str, line, " "),
            literal=self._literal(value, name, line),
            link=self._typed(value, "link", str, line, None),
            split=self._typed(value, "split", str, line, None) or None,
            formats=formats,
            named=named,
            region=self._region(value, line),
            decimal=self._one_of(value, "decimal", (".", ","), line, None),
            values=self._translation(value, name, line),
            invalid=self._one_of(value, "invalid", ON_INVALID, line, "error") or "error",
            line=line,
        )

    def _literal(self, value: dict[str, Any], name: str, line: int) -> str | None:
        literal = value.get("literal")
        if literal is None or isinstance(literal, str):
            return literal
        if isinstance(literal, (dict, list)):
            self.problem(line, f"{name}: literal: is one value")
            return None
        return literal.isoformat() if hasattr(literal, "isoformat") else str(literal)

    def _one_of(
        self, value: dict[str, Any], key: str, known: tuple[str, ...], line: int, default: str | None
    ) -> str | None:
        told = value.get(key, default)
        if told is not default and told not in known:
            self.problem(line, f"{key}: is one of {', '.join(repr(one) for one in known)}")
            return default
        return told

    def _translation(self, value: dict[str, Any], name: str, line: int) -> dict[str, str] | None:
        told = value.get("values")
        if told is None:
            return None
        if not isinstance(told, dict) or not all(isinstance(one, (str, int)) for one in told.values()):
            self.problem(line, f'{name}: values: is a table such as {{ "as in the cell" = "as it is said" }}')
            return None
        return {" ".join(key.split()).casefold(): str(one) for key, one in told.items()}

    def _format(self, value: dict[str, Any], name: str, line: int) -> tuple[tuple[str, ...], str | None]:
        told = value.get("format", [])
        formats = [told] if isinstance(told, str) else told
        if not isinstance(formats, list) or not all(isinstance(one, str) for one in formats):
            self.problem(line, f"{name}: format: is a text, or a list of formats of dates")
            return (), None
        if len(formats) == 1 and "%" not in formats[0]:
            if formats[0] not in FORMATS:
                near = nearest(formats[0], FORMATS)
                self.problem(
                    line, f'{name}: format: "{formats[0]}" is not known{near} ({", ".join(FORMATS)})'
                )
                return (), None
            return (), formats[0]
        for one in formats:
            if not _works(one):
                self.problem(line, f'{name}: format: "{one}" is no format of a date, such as %d/%m/%Y %H:%M')
        return tuple(formats), None

    def _names(self, rules: list[EntityRule]) -> None:
        seen: dict[str, int] = {}
        for rule in rules:
            if rule.name in seen:
                self.problem(
                    rule.line,
                    f'"{rule.name}" is also the name of the entity in line {seen[rule.name]}: '
                    "give each a `name`",
                )
            seen.setdefault(rule.name, rule.line)

    def _links(self, rules: list[EntityRule]) -> None:
        named = {rule.name: rule for rule in rules}
        for rule in rules:
            for name, values in rule.properties:
                for value in values:
                    if value.link is not None:
                        self._link(rule, name, value, named)

    def _link(self, rule: EntityRule, name: str, value: ValueRule, named: dict[str, EntityRule]) -> None:
        target = named.get(value.link or "")
        if target is None:
            self.problem(
                value.line, f'{name}: no entity is named "{value.link}"{nearest(value.link or "", named)}'
            )
            return
        schema, ends = SCHEMATA.get(rule.schema), SCHEMATA.get(target.schema)
        prop = schema.properties.get(name) if schema else None
        if prop is None or ends is None or prop.range is None:
            return
        if not ends.is_a(prop.range):
            self.problem(
                value.line, f"{name}: points to a {prop.range}, and {target.name} is a {target.schema}"
            )


def _works(form: str) -> bool:
    try:
        told = datetime(2001, 2, 3, 4, 5, 6).strftime(form)
        return bool(told) and isinstance(datetime.strptime(told, form), datetime)
    except ValueError:
        return False
