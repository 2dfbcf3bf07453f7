"""Design manifests: the contract's TOML to frozen types, every problem told at once."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from partwatch.model.errors import ManifestError
from partwatch.watchlist.rules import alternative_problems, name_problem, quantity_problem, text_problem

MAX_MANIFEST_BYTES: Final = 1 << 20

_DESIGN_KEYS: Final = ("name", "authority", "reason", "expires", "note", "parts")
_PART_KEYS: Final = ("name", "file", "quantity", "required", "alternative_to")


@dataclass(frozen=True)
class DesignPart:
    """One part as a manifest declares it. file: as found from the manifest's own folder."""

    name: str
    file: Path
    quantity: int = 1
    required: bool = True
    alternative_to: str | None = None


@dataclass(frozen=True)
class Design:
    """One design as its manifest declares it. expires: the last day on which it still matches."""

    name: str
    authority: str
    reason: str
    expires: date
    note: str | None
    parts: tuple[DesignPart, ...]
    manifest: Path


def read_manifests(paths: Sequence[Path], listed: Iterable[str] = ()) -> list[Design]:
    """Every manifest, in the order given; `listed` are the names that the list already holds.

    Raises ManifestError with every problem of every manifest, in that order.
    """
    taken = set(listed)
    first_seen: dict[str, Path] = {}
    designs: list[Design] = []
    problems: list[str] = []
    for path in paths:
        design, found = _read(path)
        problems += found
        if design is None:
            continue
        problems += _name_clash(design, first_seen.get(design.name), taken)
        first_seen.setdefault(design.name, path)
        designs.append(design)
    if problems:
        raise ManifestError(problems)
    return designs


def _name_clash(design: Design, first: Path | None, taken: set[str]) -> list[str]:
    if first is not None:
        return [f'{design.manifest}: name: "{design.name}" is also the name in {first}; rename one of them']
    if design.name in taken:
        return [f'{design.manifest}: name: "{design.name}" is already listed; rename it, or remove that one']
    return []


def _read(path: Path) -> tuple[Design | None, list[str]]:
    try:
        table = _load(path)
    except _UnloadableError as error:
        return None, [f"{path}: {error}"]
    reader = _Reader(path)
    design = reader.design(table)
    return (None, reader.problems) if reader.problems else (design, [])


class _UnloadableError(Exception):
    """Not TOML at all; the message has the mend."""


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise _UnloadableError(f"cannot be opened ({error.strerror}); check the path") from error
    if len(content) > MAX_MANIFEST_BYTES:
        raise _UnloadableError(f"is over {MAX_MANIFEST_BYTES} bytes; a manifest only names its part files")
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _UnloadableError(f"is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise _UnloadableError(f"is not valid TOML: {error}") from error
    except RecursionError as error:
        raise _UnloadableError(
            "is nested too deeply; a manifest has [[parts]] and nothing below them"
        ) from error


class _Reader:
    """Reads one manifest's tables and collects what is wrong with them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def design(self, table: dict[str, Any]) -> Design:
        self._unknown_keys(table, _DESIGN_KEYS, "")
        parts = self._parts(table)
        return Design(
            name=self._name(table, "", "name"),
            authority=self._name(table, "", "authority"),
            reason=self._text(table, "reason"),
            expires=self._expires(table),
            note=self._text(table, "note") if "note" in table else None,
            parts=tuple(parts),
            manifest=self.path,
        )

    def _parts(self, table: dict[str, Any]) -> list[DesignPart]:
        tables = table.get("parts", [])
        if not isinstance(tables, list) or not all(isinstance(part, dict) for part in tables):
            self._problem("parts", "is not an array of tables; write each part under [[parts]]")
            return []
        if not tables:
            self._problem("parts", "has no part; add one under [[parts]]")
        parts = [self._part(part, number) for number, part in enumerate(tables, start=1)]
        self._relations(parts)
        return parts

    def _part(self, table: dict[str, Any], number: int) -> DesignPart:
        place = f"[[parts]] {number}"
        self._unknown_keys(table, _PART_KEYS, place)
        return DesignPart(
            name=self._name(table, place, "name"),
            file=self._file(table, place),
            quantity=self._quantity(table, place),
            required=self._typed(table, place, "required", bool, "true or false", True),
            alternative_to=self._name(table, place, "alternative_to") if "alternative_to" in table else None,
        )

    def _relations(self, parts: list[DesignPart]) -> None:
        first: dict[str, int] = {}
        for number, part in enumerate(parts, start=1):
            if part.name and first.setdefault(part.name, number) != number:
                self._problem(
                    f"[[parts]] {number}: name",
                    f'"{part.name}" is also the name of [[parts]] {first[part.name]}; rename one of them',
                )
        relations = {part.name: part.alternative_to or None for part in reversed(parts)}
        for name, problem in alternative_problems(relations).items():
            self._problem(f"[[parts]] {first.get(name, '?')}: alternative_to", problem)

    def _name(self, table: dict[str, Any], place: str, key: str) -> str:
        value: str = self._typed(table, place, key, str, "text in quotes")
        # One spelling for what looks the same, whichever keyboard it came from.
        name = unicodedata.normalize("NFC", value)
        if key in table and isinstance(table[key], str):
            self._told(place, key, name_problem(name))
        return name

    def _text(self, table: dict[str, Any], key: str) -> str:
        value: str = self._typed(table, "", key, str, "text in quotes")
        if isinstance(table.get(key), str):
            self._told("", key, text_problem(value))
        return value

    def _expires(self, table: dict[str, Any]) -> date:
        value = table.get("expires")
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        problem = "is missing" if value is None else f"is {_kind(value)}"
        self._problem("expires", f"{problem}; write a date without quotes or time, as in 2027-12-31")
        return date.max

    def _quantity(self, table: dict[str, Any], place: str) -> int:
        value: int = self._typed(table, place, "quantity", int, "a whole number", 1)
        self._told(place, "quantity", quantity_problem(value))
        return value

    def _file(self, table: dict[str, Any], place: str) -> Path:
        name: str = self._typed(table, place, "file", str, "text in quotes")
        if not isinstance(table.get("file"), str):
            return self.path
        file = self.path.parent / name
        if not name or "\0" in name:
            self._problem(f"{place}: file", "names no file; write a path relative to this manifest")
        elif not _is_file(file):
            self._problem(f"{place}: file", f'"{name}" is not a file in {self.path.parent}; check the path')
        return file

    def _typed(
        self, table: dict[str, Any], place: str, key: str, kind: type, wanted: str, default: Any = None
    ) -> Any:
        """The value under key; where it is missing or of another type: a problem, and a stand-in."""
        stand_in = kind() if default is None else default
        if key not in table:
            if default is None:
                self._told(place, key, f"is missing; write {wanted}")
            return stand_in
        value = table[key]
        # type, not isinstance: true is an int to Python.
        if type(value) is kind:
            return value
        self._told(place, key, f"is {_kind(value)}; write {wanted}")
        return stand_in

    def _unknown_keys(self, table: dict[str, Any], known: tuple[str, ...], place: str) -> None:
        for key in table:
            if key not in known:
                self._told(place, ascii(key), f"is no key here; known: {', '.join(known)}")

    def _told(self, place: str, key: str, problem: str | None) -> None:
        if problem is not None:
            self._problem(f"{place}: {key}" if place else key, problem)

    def _problem(self, place: str, problem: str) -> None:
        self.problems.append(f"{self.path}: {place}: {problem}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long to look up
        return False


def _kind(value: object) -> str:
    """What a TOML value is, in TOML's words."""
    kinds = {
        bool: "a boolean",
        int: "a whole number",
        float: "a decimal number",
        str: "text",
        datetime: "a date with a time",
        date: "a date",
        list: "an array",
        dict: "a table",
    }
    return kinds.get(type(value), f"a {type(value).__name__}")
