"""followthemoney's JSON lines: entities ({"id", "schema", "properties"}) and statements ({"entity_id",
"prop", "value", ...}). Read twice: which key an id stands for is known only when its identifier has been
seen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from partwatch.case.identifiers.base import Hint, NotValidError
from partwatch.case.imports.base import Importer, Note, Reading, RowError, Told
from partwatch.case.imports.ftm_examples import examples
from partwatch.case.imports.ftm_schemata import nearest_schema, property_name
from partwatch.case.imports.keyspool import KeySpool, Remembered
from partwatch.case.imports.telling import Telling, key_of
from partwatch.case.imports.textual import check_file, head_of
from partwatch.case.imports.values import clean, normaliser
from partwatch.case.statements import record_key
from partwatch.case.vocabulary import SCHEMATA, Type, property_of
from partwatch.model.errors import UsageError

_MOST_LINE: Final = 16 << 20
_MOST_VALUES: Final = 10_000
_SCHEMA = "schema"


def read(reading: Reading) -> Iterator[Told]:
    """Each line's statements. Raises UsageError where no line is an entity or a statement."""
    check_file(reading)
    with KeySpool() as spool:
        _first_pass(reading, spool)
        spool.done()
        reader = _Reader(reading, spool)
        yield from reader.told()


def _lines(reading: Reading) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Objects by their line; or what is wrong with it."""
    try:
        with reading.path.open("rb") as file:
            number = 0
            while line := file.readline(_MOST_LINE + 1):
                number += 1
                if len(line) > _MOST_LINE:
                    while (rest := file.readline(_MOST_LINE)) and not rest.endswith(b"\n"):
                        pass
                    yield number, f"is longer than {_MOST_LINE:,} bytes"
                elif not line.isspace():
                    yield number, _object(line)
    except OSError as error:
        raise UsageError(f"{reading.path.name}: cannot be read ({error.strerror or error})") from None


def _object(line: bytes) -> dict[str, Any] | str:
    try:
        told = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        return f"is no JSON ({' '.join(str(error).split())[:120]})"
    return told if isinstance(told, dict) else "is no JSON object"


def _entity(line: dict[str, Any]) -> tuple[str, str, dict[str, list[Any]], dict[str, Any]] | str:
    """Id, schema, properties and what else the line says; or what is wrong."""
    schema = line.get(_SCHEMA)
    statement = "prop" in line and "value" in line
    identifier = line.get("canonical_id") or line.get("entity_id") if statement else line.get("id")
    if not isinstance(identifier, str) or not isinstance(schema, str) or not identifier:
        return "has no id and schema of an entity"
    if statement:
        return identifier, schema, {str(line["prop"]): [line["value"]]}, line
    properties = line.get("properties")
    if not isinstance(properties, dict):
        return "has no properties"
    told = {name: value if isinstance(value, list) else [value] for name, value in properties.items()}
    return identifier, schema, told, {}


def _first_pass(reading: Reading, spool: KeySpool) -> None:
    """Of each keyed entity, its identifier."""
    good = 0
    for _, line in _lines(reading):
        entity = _entity(line) if isinstance(line, dict) else line
        if isinstance(entity, str):
            continue
        good += 1
        identifier, foreign, properties, _ = entity
        schema = nearest_schema(foreign)
        if schema is None or not SCHEMATA[schema].keyed_by:
            continue
        spool.add(identifier, _SCHEMA, schema)
        for name, values in properties.items():
            own = property_name(foreign, name)
            if own in SCHEMATA[schema].keyed_by:
                for value in values[:1]:
                    if isinstance(value, str):
                        spool.add(identifier, own, value)
    if not good:
        raise UsageError(f"{reading.path.name}: holds no entity or statement of followthemoney")


class _Reader:
    """The second pass: statements, and counts of what has no place in a case."""

    def __init__(self, reading: Reading, spool: KeySpool) -> None:
        self.reading, self.spool = reading, spool
        self.hint = Hint(reading.region)
        self.nearest: Counter[tuple[str, str]] = Counter()
        self.left_out: Counter[str] = Counter()
        self._keys = Remembered(self._key)

    def told(self) -> Iterator[Told]:
        """All statements, and the counts at the end."""
        for number, line in _lines(self.reading):
            telling = Telling(self.reading.sha256, f"line {number}", None, self.hint, self.reading.limits)
            if number > self.reading.limits.rows:
                telling.error(f"more than {self.reading.limits.rows:,} lines", "split the file")
                yield from telling.told
                break
            entity = _entity(line) if isinstance(line, dict) else line
            if isinstance(entity, str):
                telling.error(entity)
            else:
                self._tell(*entity, telling)
            yield from telling.told
        for (foreign, schema), count in sorted(self.nearest.items()):
            yield Note(
                "the file", f"{count:,} lines of {foreign} are told as {schema}, the nearest that a case has"
            )
        for what, count in sorted(self.left_out.items()):
            yield Note("the file", f"{count:,} values of {what} have no place in a case and are left out")

    def _tell(
        self,
        identifier: str,
        foreign: str,
        properties: dict[str, list[Any]],
        line: dict[str, Any],
        telling: Telling,
    ) -> None:
        schema = nearest_schema(foreign)
        if schema is None:
            telling.error(f"has the schema {foreign[:80]!r}, which a case has nothing near of")
            return
        if schema != foreign:
            self.nearest[foreign[:80], schema] += 1
        key = self.key(identifier)
        for name, values in properties.items():
            if name == "id" and line:
                # Statements say of each entity that it is there.
                continue
            own = property_name(foreign, name)
            prop = property_of(schema, own)
            if prop is None:
                self.left_out[f"{foreign[:80]}.{name[:80]}"] += len(values)
                continue
            for value in values[:_MOST_VALUES]:
                if prop.type is Type.ENTITY:
                    self._link(key, schema, own, value, telling)
                else:
                    self._value(key, schema, own, value, line, telling)

    def _link(self, key: str, schema: str, prop: str, value: Any, telling: Telling) -> None:
        target = value.get("id") if isinstance(value, dict) else value
        if isinstance(target, str) and target:
            telling.say(key, schema, prop, self.key(target))
        else:
            telling.error(f"{prop}: names no entity")

    def _value(
        self, key: str, schema: str, prop: str, value: Any, line: dict[str, Any], telling: Telling
    ) -> None:
        before = len(telling.told)
        telling.put(key, schema, prop, value)
        original = line.get("original_value")
        if (
            isinstance(original, str)
            and len(telling.told) > before
            and not isinstance(telling.told[-1], RowError)
        ):
            telling.told.pop()
            telling.say(key, schema, prop, normaliser(schema, prop)(str(value), self.hint), clean(original))

    def key(self, identifier: str) -> str:
        """The key that an id stands for; the last few thousand are remembered."""
        return self._keys.of(identifier)

    def _key(self, identifier: str) -> str:
        told = self.spool.of(identifier)
        schema = told.get(_SCHEMA, [""])[-1]
        if schema:
            try:
                parts = [
                    normaliser(schema, prop)(told[prop][0], self.hint) for prop in SCHEMATA[schema].keyed_by
                ]
                return key_of(schema, *parts)
            except (KeyError, NotValidError):
                pass
        # Whatever it is, wherever the file names it: the same record of this source.
        return record_key(self.reading.sha256, "followthemoney", identifier)


def looks(path: Path) -> bool:
    """Lines of JSON with a schema, and properties or a prop."""
    head = head_of(path, 1 << 20).removeprefix(b"\xef\xbb\xbf").lstrip()
    line = head.split(b"\n", 1)[0]
    if not line.startswith(b"{"):
        return False
    told = _object(line)
    if isinstance(told, dict):
        return not isinstance(_entity(told), str)
    # A first line longer than what was looked at.
    return len(line) == len(head) >= 1 << 20 and b'"schema"' in line and b'"properties"' in line


IMPORTER = Importer(
    name="ftm",
    version="1",
    title="followthemoney's JSON lines",
    looks=looks,
    read=read,
    examples=examples,
)
