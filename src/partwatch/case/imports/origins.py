"""Where each item came from: a table beside a folder that says exhibit, parcel, account and listing.

CSV, UTF-8, with a first line of names: `path` (a file or a folder, relative to the folder that is imported;
of several rows the nearest counts), and any of `exhibit`, `parcel` (tracking number), `account` and
`listing` (`service:name`, `platform:number`), `seized_at` (ISO 8601).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Final

from partwatch.case.imports.base import Limits, RowError, Told
from partwatch.case.imports.said import Speaker
from partwatch.case.statements import Statement, keyed
from partwatch.model.errors import UsageError

COLUMNS: Final = ("path", "exhibit", "parcel", "account", "listing", "seized_at")
_MOST_CHARS: Final = 1000
_SEPARATORS = re.compile(r"[\s.\-]")


@dataclass(frozen=True)
class Origin:
    """One row, normalised. account, listing: service and name, platform and number."""

    line: int
    exhibit: str | None
    parcel: str | None
    account: tuple[str, str] | None
    listing: tuple[str, str] | None
    seized_at: str | None
    originals: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """In the table."""
        return f"origins, line {self.line}"


@dataclass
class OriginTable:
    """Rows by path. errors: of those that could not be read."""

    rows: dict[str, Origin] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)
    _used: set[int] = field(default_factory=set)
    _said: set[int] = field(default_factory=set)

    def of(self, path: str) -> Origin | None:
        """The row of an item by its path below the folder: its own, or that of the nearest folder."""
        name = _plain(path)
        for own in (name, *(str(one) for one in PurePosixPath(name).parents)):
            if (found := self.rows.get(own)) is not None:
                self._used.add(found.line)
                return found
        return None

    def told(self, item: str, schema: str, path: str) -> Iterator[Statement]:
        """Where an item came from, and once what is said of that."""
        found = self.of(path)
        if found is None:
            return
        speaker = Speaker(found.place)
        keys = _keys(found)
        if found.line not in self._said:
            self._said.add(found.line)
            yield from _things(found, keys, speaker)
        for prop in ("exhibit", "parcel", "account", "listing"):
            if prop in keys:
                yield speaker.says(item, schema, prop, keys[prop])

    def ending(self) -> Iterator[Told]:
        """Errors of rows, and rows that named no item."""
        yield from self.errors
        for path, row in self.rows.items():
            if row.line not in self._used:
                told = f"{path}: no such item was found in the folder"
                yield RowError(row.place, told, "name a file or a folder relative to the imported folder")


def read_origins(path: Path, limits: Limits | None = None) -> OriginTable:
    """The table. Raises UsageError where nothing of it can be read; bad rows are among its errors."""
    limits = limits or Limits()
    table = OriginTable()
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            names = _names(path, next(reader, []))
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    _add(table, names, cells, reader.line_num, limits)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8") from error
    except csv.Error as error:
        raise UsageError(f"{path}: line {reader.line_num}: {error}; save it as CSV with commas") from error
    return table


def _names(path: Path, head: list[str]) -> list[str]:
    names = [name.strip().lower() for name in head]
    if "path" not in names:
        raise UsageError(f"{path}: line 1: no column `path`; the first line names the columns")
    strange = sorted(set(names) - set(COLUMNS))
    if strange or len(set(names)) != len(names):
        told = f"an unknown column {strange[0][:40]!r}" if strange else "a column twice"
        raise UsageError(f"{path}: line 1: {told}; the columns are {', '.join(COLUMNS)}")
    return names


def _add(table: OriginTable, names: list[str], cells: list[str], line: int, limits: Limits) -> None:
    place = f"origins, line {line}"
    try:
        if len(table.rows) >= limits.rows:
            raise ValueError(f"more than {limits.rows:,} rows")
        path, row = _row(names, cells, line)
        if path in table.rows:
            raise ValueError(f"line {table.rows[path].line} says otherwise of {path!r}, and counts")
    except ValueError as error:
        table.errors.append(RowError(place, str(error), "mend the row, and import again"))
        return
    table.rows[path] = row


def _row(names: list[str], cells: list[str], line: int) -> tuple[str, Origin]:
    if len(cells) != len(names):
        raise ValueError(f"{len(cells)} cells where line 1 has {len(names)} names")
    row = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    if any(len(cell) > _MOST_CHARS or "\0" in cell for cell in row.values()):
        raise ValueError(f"a cell of more than {_MOST_CHARS} characters, or with a zero byte")
    if not row["path"]:
        raise ValueError("no path")
    parcel = _SEPARATORS.sub("", row.get("parcel", "")).upper()
    origin = Origin(
        line,
        row.get("exhibit") or None,
        parcel or None,
        _pair(row, "account", "service:name, telegram:shop"),
        _pair(row, "listing", "platform:number, example.org:4711"),
        _moment(row.get("seized_at", "")),
        {name: row[name] for name in row if row[name]},
    )
    if not (origin.exhibit or origin.parcel or origin.account or origin.listing):
        raise ValueError("it says nothing of the path: give an exhibit, a parcel, an account or a listing")
    if origin.seized_at and not (origin.exhibit or origin.parcel):
        raise ValueError("seized_at without an exhibit or a parcel: say what was seized")
    return _plain(row["path"]), origin


def _pair(row: dict[str, str], name: str, example: str) -> tuple[str, str] | None:
    told = row.get(name, "")
    if not told:
        return None
    service, colon, own = told.partition(":")
    # As handles are normalised everywhere in a case: small letters, without the sign before them.
    service, own = service.strip().lower(), own.strip().removeprefix("@")
    if not colon or not service or not own:
        raise ValueError(f"{name} {told[:60]!r} is not written as {example}")
    return service, own.lower() if name == "account" else own


def _moment(text: str) -> str | None:
    if not text:
        return None
    try:
        if len(text) <= len("2026-03-01"):
            return date.fromisoformat(text).isoformat()
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"seized_at {text[:40]!r} is no ISO 8601 day or moment") from None


def _keys(origin: Origin) -> dict[str, str]:
    keys = {}
    if origin.exhibit:
        keys["exhibit"] = keyed("Exhibit", origin.exhibit)
    if origin.parcel:
        keys["parcel"] = keyed("Parcel", origin.parcel)
    if origin.account:
        keys["account"] = keyed("UserAccount", *origin.account)
    if origin.listing:
        keys["listing"] = keyed("Listing", *origin.listing)
    return keys


def _things(origin: Origin, keys: Mapping[str, str], speaker: Speaker) -> Iterator[Statement]:
    """What is said of exhibit, parcel, account and listing themselves."""
    if origin.exhibit:
        yield speaker.says(keys["exhibit"], "Exhibit", "exhibitNumber", origin.exhibit)
        if origin.parcel:
            yield speaker.says(keys["exhibit"], "Exhibit", "parcel", keys["parcel"])
    if origin.parcel:
        told = origin.originals.get("parcel")
        yield speaker.says(keys["parcel"], "Parcel", "trackingNumber", origin.parcel, told)
    if origin.seized_at:
        key, schema = ("exhibit", "Exhibit") if origin.exhibit else ("parcel", "Parcel")
        told = origin.originals.get("seized_at")
        yield speaker.says(keys[key], schema, "seizedAt", origin.seized_at, told)
    for prop, schema, names, said in (
        ("account", "UserAccount", ("service", "username"), origin.account),
        ("listing", "Listing", ("platform", "listingId"), origin.listing),
    ):
        if said:
            for name, value in zip(names, said, strict=True):
                yield speaker.says(keys[prop], schema, name, value)


def _plain(path: str) -> str:
    """A path without `.` and outer slashes, so that two ways to write it are one."""
    return str(PurePosixPath(path.replace("\\", "/").strip("/")))
