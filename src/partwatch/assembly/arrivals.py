"""From results of screening to arrivals, with the groups that a table says each item came in."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from partwatch.assembly.groups import FOLDER, OWN_KINDS, SOURCE, Group
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.sightings import Seen, Sighting
from partwatch.assembly.store import Arrival
from partwatch.assembly.weight import sighting_bits
from partwatch.model.document import Body, Item, Match
from partwatch.model.errors import UsageError
from partwatch.model.links import LinksDocument

MOST_ROWS: Final = 5_000_000
_MOST_CHARACTERS: Final = 1000
_KIND = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_KNOWN = ("path", "member", "time")
_POLICY = AssemblyPolicy()


@dataclass(frozen=True)
class Row:
    """What came with an item: its groups, and the day."""

    groups: tuple[Group, ...]
    time: date | None
    line: int = field(compare=False)


@dataclass
class GroupTable:
    """Rows by path, and by path and member; a member without a row has that of its archive. sources: clusters
    of items that were linked."""

    rows: dict[tuple[str, str | None], Row] = field(default_factory=dict)
    sources: dict[tuple[str, str | None], str] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)

    def of(self, path: str, member: str | None) -> Row | None:
        """The row of an item, by its path as it was screened or as the file system has it."""
        for name in _ways_to_say(path):
            for key in ((name, member), (name, None)):
                if key in self.rows:
                    self._used.add(self.rows[key].line)
                    return self.rows[key]
        return None

    def source_of(self, path: str, member: str | None) -> str | None:
        """The cluster that an item was linked into."""
        return next((told for name in _ways_to_say(path) if (told := self.sources.get((name, member)))), None)

    @property
    def unused(self) -> int:
        """Rows that named no item so far."""
        return len({row.line for row in self.rows.values()} - self._used)


def read_groups(path: Path) -> GroupTable:
    """A CSV file with a first line of names: `path`, and maybe `member`, `time` (YYYY-MM-DD), and a column
    for each kind of group. Paths are relative to the file's folder. UsageError names line and mend."""
    table = GroupTable()
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            names = _names(path, next(reader, []))
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    _add(table, path, reader.line_num, names, cells)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8") from error
    except csv.Error as error:
        raise UsageError(f"{path}: line {reader.line_num}: {error}; save it as CSV with commas") from error
    return table


def add_sources(table: GroupTable, path: Path) -> None:
    """Add to the table the clusters of items that `link --json` found, as groups of kind *source*."""
    try:
        data = path.read_bytes()
        document = LinksDocument.model_validate_json(data)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except ValidationError as error:
        raise UsageError(
            f"{path}: this is not what `partwatch link --json` writes, or of another version "
            f"({error.error_count()} places do not fit); link the items again"
        ) from error
    # Two runs number their clusters alike, and mean others.
    run = hashlib.sha256(data).hexdigest()[:8]
    for item in document.items:
        if item.cluster is not None:
            for name in _ways_to_say(item.path):
                table.sources[name, item.member] = f"{run}-{item.cluster}"


def arrivals(
    items: Sequence[Item],
    table: GroupTable | None = None,
    below: Path | None = None,
) -> Iterator[Arrival]:
    """Every item that holds bodies, or might. below: a folder whose subfolders are groups, too."""
    archives = {item.path for item in items if item.member is not None}
    for item in items:
        if item.member is None and item.path in archives and not item.bodies:
            # Its members stand for it.
            continue
        row = table.of(item.path, item.member) if table else None
        groups = row.groups if row else ()
        source = table.source_of(item.path, item.member) if table else None
        if source:
            groups = (*groups, (SOURCE, source))
        folder = _folder(item.path, below) if below else None
        if folder:
            groups = (*groups, (FOLDER, folder))
        sightings = tuple(_sightings(item.bodies))
        seen = Seen(
            "", item.path, item.member, len(item.bodies), item.complete, sightings,
            row.time if row else None, tuple(dict.fromkeys(groups)),
        )  # fmt: skip
        yield Arrival(seen, item.sha256)


def _sightings(bodies: Iterable[Body]) -> Iterator[Sighting]:
    for body in bodies:
        for match in body.matches:
            bits = _bits(match)
            # What a baseline accepts raises nothing here either.
            if bits is not None and bits > 0 and match.accepted is None:
                yield Sighting(
                    body.index, match.design, match.part, bits, match.finding, match.relation, match.medium
                )


def _bits(match: Match) -> float | None:
    """Of the one body and the one part; in results of before, those of the search, which are fewer."""
    if match.evidence is not None and match.evidence.surprise is not None:
        return sighting_bits(match.evidence.surprise, _POLICY.sure)
    return match.bits


def _folder(path: str, below: Path) -> str | None:
    try:
        inside = Path(path).absolute().relative_to(below.resolve())
    except ValueError:
        return None
    return inside.parts[0] if len(inside.parts) > 1 else None


def _ways_to_say(path: str, folder: Path | None = None) -> Iterable[str]:
    """A path as it is written, and from the file system's root; folder: that it is relative to."""
    return dict.fromkeys((path, str(Path(folder or "", path).absolute())))


def _names(path: Path, head: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in head]
    if "path" not in names:
        raise UsageError(f"{path}: line 1: no column `path`; the first line names the columns")
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{path}: line 1: two columns `{name}`; rename one of them")
        if name not in _KNOWN and (not _KIND.fullmatch(name) or name in (*OWN_KINDS, "item")):
            raise UsageError(
                f"{path}: line 1: `{name[:40]}` cannot name a kind of group; take another word of up to 32 "
                f"letters, digits, - and _, and none of {', '.join((*OWN_KINDS, 'item'))}"
            )
    return names


def _add(table: GroupTable, path: Path, line: int, names: Sequence[str], cells: Sequence[str]) -> None:
    where = f"{path}: line {line}"
    if len(cells) != len(names):
        raise UsageError(f"{where}: {len(cells)} cells where line 1 has {len(names)} names")
    if len(table.rows) >= 2 * MOST_ROWS:
        raise UsageError(f"{where}: more than {MOST_ROWS:,} rows; split the file")
    row = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    if any(len(cell) > _MOST_CHARACTERS or "\0" in cell for cell in row.values()):
        raise UsageError(f"{where}: a cell of more than {_MOST_CHARACTERS} characters, or with a zero byte")
    if not row["path"]:
        raise UsageError(f"{where}: no path; name the item that the row is about")
    groups = tuple((name, row[name]) for name in names if name not in _KNOWN and row[name])
    told = Row(groups, _day(where, row.get("time", "")), line)
    for name in _ways_to_say(row["path"], path.parent):
        key = name, row.get("member") or None
        if table.rows.get(key, told) != told:
            raise UsageError(f"{where}: another row says otherwise of {row['path']!r}; keep one of them")
        table.rows[key] = told


def _day(where: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise UsageError(f"{where}: {text[:40]!r} is no day; write YYYY-MM-DD") from error
