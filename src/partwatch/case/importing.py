"""Taking material in: read in a spool, told of what failed, then all of it or nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from partwatch.case.imports.base import Importer, Note, Reading, RowError, Told
from partwatch.case.spool import BATCH, Spool
from partwatch.case.statements import Reliability, Source, SourceInfo, Statement
from partwatch.case.store import CaseStore
from partwatch.model.errors import UsageError

ERRORS_KEPT: Final = 1000


@dataclass(frozen=True)
class Origin:
    """Where material is from. said_by: whose words it is; legal_ref: the order or consent it came by."""

    said_by: str
    reliability: Reliability = Reliability.CANNOT_BE_JUDGED
    legal_ref: str | None = None


@dataclass(frozen=True)
class Manner:
    """How it is taken in. dry_run: read and told of, nothing kept; skip_bad_rows: what can be read is taken
    although some rows cannot; again: the same bytes are a second source. heard_error is told each error, and
    heard_count how many statements there are, as they come."""

    dry_run: bool = False
    skip_bad_rows: bool = False
    again: bool = False
    heard_error: Callable[[RowError], None] = lambda _error: None
    heard_count: Callable[[int], None] = lambda _count: None


@dataclass(frozen=True)
class Imported:
    """What came of one source. source: None where nothing was kept; known: it was there already. counts:
    statements by schema."""

    name: str
    source: Source | None
    known: bool
    statements: int
    skipped: int
    counts: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[RowError, ...] = ()


def take(
    store: CaseStore,
    importer: Importer,
    reading: Reading,
    read: Callable[[Importer, Reading], Iterator[Told]],
    origin: Origin,
    manner: Manner,
    by: str,
    also: Mapping[str, Any] | None = None,
) -> Imported:
    """One source. read: how the importer is run (in a child process, as a rule). also: what the ledger's
    entry holds beside. Raises UsageError where rows fail and are not to be skipped."""
    info = SourceInfo(
        importer.name, _told(reading.path.name or str(reading.path)), reading.sha256, origin.said_by,
        origin.reliability, origin.legal_ref, f"{importer.name} {importer.version}{_mapped(reading)}",
    )  # fmt: skip
    with Spool() as spool:
        tally = _Tally(manner)
        for batch in _batches(tally.statements(read(importer, reading))):
            spool.add(batch)
            manner.heard_count(len(spool))
        count = len(spool)
        if tally.failed and not (manner.skip_bad_rows or manner.dry_run):
            raise UsageError(
                f"{reading.path}: {tally.failed:,} rows cannot be read; nothing was taken in: mend them, or "
                "take the rest with --skip-bad-rows"
            )
        source = None
        if not manner.dry_run and (count or tally.failed):
            noted = dict(also or {}) | {"counts": tally.counts}
            source = store.take_in(info, spool, by, tally.failed, noted, manner.again)
    known = source is None and not manner.dry_run and bool(count or tally.failed)
    return Imported(
        info.name, source, known, count, tally.failed, dict(sorted(tally.counts.items())), tuple(tally.kept)
    )


def digest_of(path: Path) -> str:
    """SHA-256 of a file; of a folder, of the list of its files with theirs. Raises UsageError."""
    try:
        if path.is_dir():
            return _folder_digest(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None


def _folder_digest(folder: Path) -> str:
    told = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and not one.is_symlink()):
        name = os.fsencode(path.relative_to(folder))
        told.update(len(name).to_bytes(8, "big") + name + bytes.fromhex(digest_of(path)))
    return told.hexdigest()


@dataclass
class _Tally:
    """Counts what comes by, and keeps the first errors."""

    manner: Manner
    failed: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    kept: list[RowError] = field(default_factory=list)

    def statements(self, told: Iterable[Told]) -> Iterator[Statement]:
        for one in told:
            if isinstance(one, Note):
                self.manner.heard_error(one)
            elif isinstance(one, RowError):
                self.failed += 1
                if len(self.kept) < ERRORS_KEPT:
                    self.kept.append(one)
                self.manner.heard_error(one)
            elif (unkept := _unkept(one)) is not None:
                yield from self.statements([unkept])
            else:
                self.counts[one.schema] = self.counts.get(one.schema, 0) + 1
                yield one


def _unkept(statement: Statement) -> RowError | None:
    """Why a statement cannot be kept: no database holds half a character, nor PostgreSQL a NUL."""
    for text in (statement.value, statement.place, statement.original or "", statement.said_at or ""):
        if text.isascii() and "\0" not in text:
            continue
        try:
            if "\0" not in text and text.encode():
                continue
        except UnicodeEncodeError:
            pass
        place = statement.place.replace("\0", "\\0").encode(errors="backslashreplace").decode()
        return RowError(place, f"{statement.prop} holds what is no character", "export it again as UTF-8")
    return None


def _batches(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    batch: list[Statement] = []
    for one in statements:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _told(name: str) -> str:
    """A file's name as text, whatever bytes it is of."""
    return name.encode(errors="backslashreplace").decode()


def _mapped(reading: Reading) -> str:
    """What the outcome depends on beside the bytes: another mapping, another source."""
    if reading.mapping is None and reading.region is None:
        return ""
    told = f"{reading.region}|{reading.mapping!r}".encode("utf-8", "surrogatepass")
    return " " + hashlib.sha256(told).hexdigest()[:12]
