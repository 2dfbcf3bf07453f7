"""What an interrupted run has done already, so that the same run goes on from there.

::

    HOME/runs/ID/journal.sqlite     one row a source, written once all of its items are known

ID is of the paths as they were given. The run's terms, whatever else its result depends on, are in the
journal: a run of other terms does not use it. A row counts only while its file is what it was, and
its own digest is right. A process that is killed loses what it had not committed, at most a second of work.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from partwatch.model.document import Reason
from partwatch.model.errors import JournalError
from partwatch.screening.driver import Known
from partwatch.screening.expansion import Unfolded
from partwatch.screening.findings import unscreenable
from partwatch.screening.walk import Source, shown, walk
from partwatch.watchlist.codec import digest

JOURNAL_VERSION: Final = 1
FOLDER: Final = "runs"
GONE: Final = "gone"
# Of the machine's bad day rather than of the file: a worker that was killed along with its parent, a disk
# that was full, a file written to meanwhile, an extra not yet installed. Asked again, it may be well.
CIRCUMSTANCES: Final = frozenset(
    {"crashed", "error", "watchlist", "inaccessible", "changed", "missing_extra"}
)

_FILE: Final = "journal.sqlite"
_COMMIT_S: Final = 0.5
_COMMIT_BYTES: Final = 8 << 20
_ROWS_A_PAGE: Final = 64
# A file changed again within the clock's grain keeps its times; FAT's grain is the coarsest.
_GRAIN_NS: Final = 2_000_000_000
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS terms (terms TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sources (
    root INTEGER NOT NULL, path BLOB NOT NULL, run INTEGER NOT NULL,
    stamp TEXT NOT NULL, items BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (root, path)
);
"""
_UNFOLDED: Final[TypeAdapter[Unfolded]] = TypeAdapter(Unfolded)


@dataclass(frozen=True)
class Stamped(Source):
    """A source with its place in the journal, and what its file looked like before it was read.

    root: which of the run's paths it lies below. stamp: None where a change could go unseen.
    """

    root: int = 0
    stamp: str | None = None


class _Row(NamedTuple):
    path: bytes
    stamp: str
    items: bytes
    digest: bytes


class Journal:
    """One run's journal, held against any other process until it is closed or the process ends.

    kept: how many sources were in it when it was opened. Every method may raise JournalError.
    """

    def __init__(self, home: Path, paths: Sequence[str], terms: Mapping[str, Any]) -> None:
        """Open it, or make it. terms: JSON-able; what the items depend on beside the files themselves."""
        self.folder = journal_folder(home, paths)
        self._paths = paths
        self._pending: list[tuple[Any, ...]] = []
        self._pending_bytes = 0
        self._committed_at = time.monotonic()
        self._lock = _locked(self.folder)
        try:
            with self._explained():
                self._database = _opened(self.folder / _FILE)
                self._check(json.loads(json.dumps(terms)))
                last, self.kept = self._database.execute(
                    "SELECT coalesce(max(run), 0), count(*) FROM sources"
                ).fetchone()
            self._run = last + 1
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # On the way out of trouble, what can still be saved is; the trouble is what is told.
            with nullcontext() if error is None else suppress(JournalError):
                self.commit()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of it; what was not committed is lost."""
        self._database.close()
        os.close(self._lock)

    def remove(self) -> None:
        """The run's result is written: nothing of it will be asked for again."""
        self._pending.clear()
        self._database.close()
        # While it is still locked: nobody else can have begun a new one in its place.
        shutil.rmtree(self.folder, ignore_errors=True)

    def sources(self) -> Iterator[Source | Known]:
        """The run's sources in the order of `walk`, those that need not be screened again as `Known`.

        A file that was screened and is gone now is still in the result, which says so.
        """
        for root, path in enumerate(self._paths):
            yield from self._below(root, path)

    def keep(self, source: Source, unfolded: Unfolded) -> None:
        """Take down a source's items; on the disk half a second later, or at the next that comes then."""
        if not isinstance(source, Stamped) or source.stamp is None or _is_circumstance(unfolded):
            return
        items = _UNFOLDED.dump_json(unfolded)
        path = os.fsencode(source.path)
        seal = _seal(source.root, path, source.stamp, items)
        self._pending.append((source.root, path, self._run, source.stamp, items, seal))
        self._pending_bytes += len(items)
        is_due = time.monotonic() - self._committed_at >= _COMMIT_S
        if is_due or self._pending_bytes >= _COMMIT_BYTES:
            self.commit()

    def commit(self) -> None:
        """Put all that was taken down on the disk."""
        if not self._pending:
            return
        with self._explained():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.executemany(
                    "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?)", self._pending
                )
                self._database.execute("COMMIT")
            except BaseException:
                # A full disk has SQLite roll back by itself.
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
        self._pending.clear()
        self._pending_bytes = 0
        self._committed_at = time.monotonic()

    def _below(self, root: int, path: str) -> Iterator[Source | Known]:
        rows = self._rows(root)
        row = next(rows, None)
        for source in walk([path], _no_stdin):
            place = os.fsencode(source.path)
            while row is not None and row.path < place:
                if (gone := self._gone(root, row)) is not None:
                    yield gone
                row = next(rows, None)
            fresh = Stamped(source.path, source.shown, source.problem, root, _stamp(source))
            known = None
            if row is not None and row.path == place:
                known = self._known(fresh, row)
                row = next(rows, None)
            yield known or fresh
        while row is not None:
            if (gone := self._gone(root, row)) is not None:
                yield gone
            row = next(rows, None)

    def _rows(self, root: int) -> Iterator[_Row]:
        """What earlier runs took down, by path; a page at a time, since this run writes meanwhile."""
        last = b""
        while True:
            with self._explained():
                page = self._database.execute(
                    "SELECT path, stamp, items, digest FROM sources"
                    " WHERE root = ? AND path > ? AND run < ? ORDER BY path LIMIT ?",
                    (root, last, self._run, _ROWS_A_PAGE),
                ).fetchall()
            if not page:
                return
            yield from (_Row(*row) for row in page)
            last = page[-1][0]

    def _known(self, source: Stamped, row: _Row) -> Known | None:
        if source.problem is None:
            return _read(source.root, row) if source.stamp == row.stamp else None
        # One of the run's own paths that is no longer there, for the walk finds no other such.
        return self._gone(source.root, row)

    def _gone(self, root: int, row: _Row) -> Known | None:
        path = os.fsdecode(row.path)
        if os.path.lexists(path):
            # Not gone, only no longer in its place: a folder that became a file. The walk comes to it.
            return None
        said = "it was screened before this run was interrupted, and is no longer there"
        known = _read(root, row)
        if known is None:
            reason = Reason(code=GONE, message=f"{said}; what was found then cannot be read any more")
            return Known(((unscreenable(shown(path), None, reason), None),), 0)
        (own, parent), *members = known.unfolded
        marked = own.model_copy(update={"reasons": (*own.reasons, Reason(code=GONE, message=said))})
        return Known(((marked, parent), *members), known.size_bytes)

    def _check(self, terms: dict[str, Any]) -> None:
        found = self._database.execute("SELECT terms FROM terms").fetchone()
        if found is None:
            self._database.execute("INSERT INTO terms VALUES (?)", (json.dumps(terms),))
            return
        differing = list(_differences(json.loads(found[0]), terms))
        if differing:
            raise JournalError(
                "an interrupted run of these paths cannot be gone on with, for it was another one: "
                f"{'; '.join(differing)}. Run it as it was, or start afresh: rm -r {self.folder}"
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise JournalError(
                f"{self.folder}: what was done cannot be written down ({error}): make room, then run the "
                "same command again; it goes on from where this one was"
            ) from error
        except (sqlite3.Error, ValueError) as error:
            raise JournalError(
                f"{self.folder}: what an interrupted run left is damaged ({error}); "
                f"start afresh: rm -r {self.folder}"
            ) from error


def journal_folder(home: Path, paths: Sequence[str]) -> Path:
    """Where the journal of a run of these paths lies; relative ones are of the folder we are in."""
    start = None if all(map(os.path.isabs, paths)) else str(Path.cwd())
    named = hashlib.sha256(json.dumps([start, *paths]).encode()).hexdigest()
    return home.absolute() / FOLDER / named[:32]


def terms_of(home: Path, paths: Sequence[str]) -> dict[str, Any] | None:
    """The terms of the interrupted run of these paths, or None where there is none that can be read."""
    file = journal_folder(home, paths) / _FILE
    if not file.exists():
        return None
    with suppress(sqlite3.Error, ValueError), closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT terms FROM terms").fetchone()
        if found is not None:
            terms: dict[str, Any] = json.loads(found[0])
            return terms
    return None


def _opened(path: Path) -> sqlite3.Connection:
    # Made here and not by SQLite, which would let others read it; its side files take after it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        sync_to_disk(folder)
    database = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            database.execute(f"PRAGMA {pragma}")
        database.executescript(_TABLES)
    except BaseException:
        database.close()
        raise
    return database


def sync_to_disk(path: Path) -> None:
    """Have a file's content, or a folder's names, outlast a loss of power; where the system can."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _locked(folder: Path) -> int:
    """A descriptor that holds the folder, made where there is none."""
    try:
        while True:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # A run that just ended may have removed it between the two.
                if folder.exists() and os.path.samestat(os.fstat(descriptor), folder.stat()):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
    except BlockingIOError as error:
        raise JournalError(
            "another process is screening these paths with --resume: let it end, or end it first"
        ) from error
    except OSError as error:
        raise JournalError(
            f"{folder}: --resume needs to write here ({error.strerror}); check folder and space"
        ) from error


def _stamp(source: Source) -> str | None:
    if source.problem is not None:
        return None
    try:
        status = os.lstat(source.path)
    except OSError:
        return None
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _GRAIN_NS:
        return None
    # The change time too: it cannot be set back as the modification time can.
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _seal(root: int, path: bytes, stamp: str, items: bytes) -> bytes:
    return digest(str(root).encode(), path, stamp.encode(), items)


def _read(root: int, row: _Row) -> Known | None:
    if _seal(root, row.path, row.stamp, row.items) != row.digest:
        return None
    with suppress(ValidationError):
        return Known(_UNFOLDED.validate_json(row.items), len(row.items))
    return None


def _is_circumstance(unfolded: Unfolded) -> bool:
    return any(reason.code in CIRCUMSTANCES for item, _ in unfolded for reason in item.reasons)


def _differences(then: dict[str, Any], now: dict[str, Any], above: str = "") -> Iterator[str]:
    for key in sorted(then.keys() | now.keys()):
        before, after, name = then.get(key), now.get(key), f"{above}{key}"
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _differences(before, after, f"{name}.")
        elif before != after:
            yield f"{name} was {before}, is {after}"


def _no_stdin() -> str:
    raise JournalError("stdin cannot be read a second time: save it to a file and screen that with --resume")
