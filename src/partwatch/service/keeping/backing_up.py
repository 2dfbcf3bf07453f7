"""Writes a backup while the service goes on.

The database is copied first, at one moment; the files that it names are written once and never changed, so
that they may be read afterwards. Chores that delete anything rest meanwhile; what somebody has forgotten in
between is missing, and told. A database on a server is not in it: its own tools copy it, before this.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from partwatch import __version__
from partwatch.ledger import log
from partwatch.model.errors import StoreError
from partwatch.screening.journal import FOLDER as RUNS
from partwatch.service.context import Service
from partwatch.service.keeping.envelope import Packing, packing
from partwatch.service.keeping.pausing import paused
from partwatch.service.settings import FOLDER
from partwatch.service.store import DATABASE_FILE, FILES_FOLDER, now
from partwatch.service.tables import FILES, META, SCHEMA_VERSION
from partwatch.watchlist.backup import copy_database
from partwatch.watchlist.database import spool_engine
from partwatch.watchlist.folders import scratch
from partwatch.watchlist.store import Watchlist

MANIFEST: Final = "manifest.json"
WATCHLIST: Final = "watchlist.backup"
HOME: Final = "home/"
DATABASE: Final = f"{HOME}{FOLDER}/{DATABASE_FILE}"
FILES_PREFIX: Final = f"{HOME}{FOLDER}/{FILES_FOLDER}/"
HISTORY_FOLDER: Final = "history"
# Made again, held by processes, or taken otherwise.
_LEFT_OUT: Final = frozenset({"watchlist", RUNS})
_PASSING: Final = (".sqlite-wal", ".sqlite-shm", ".sqlite-journal")
_SCRATCH: Final = ".backup-"


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. origin: the ledger's name; ledger: how many entries it has. database:
    whether it is in it; one on a server is not. history: whether the folder of fingerprints is."""

    format: int
    program: str
    schema: int
    made_at: str
    origin: str
    ledger: int
    database: bool
    watchlist: bool
    history: bool

    @classmethod
    def read(cls, raw: bytes) -> Manifest:
        """From a backup. Raises StoreError."""
        try:
            return cls(**json.loads(raw))
        except (ValueError, TypeError, UnicodeDecodeError) as error:
            raise StoreError("the backup is of another version of this program; use that one") from error


@dataclass
class Written:
    """What a backup holds. missing: files of theirs that were forgotten meanwhile. damaged: those that are
    not what was handed in; they are in it as they are."""

    path: Path
    bytes: int = 0
    files: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    manifest: Manifest | None = None


def backup(service: Service, path: Path, with_history: bool = True) -> Written:
    """Write all of a service to one file; into a folder under a name with the moment.

    Raises StoreError where the store or the list is damaged, or the file is there already or cannot be
    written. Nothing is left under the name then.
    """
    if path.is_dir():
        path = path / f"partwatch-service-{now().replace(':', '').replace('-', '')[:15]}Z.backup"
    done = Written(path)
    lock = service.store.folder / "backup.lock"
    with paused(service), scratch(service.home, lock, _SCRATCH) as folder:
        with packing(path) as out:
            _write(service, out, folder, done, with_history)
        done.bytes = path.stat().st_size
    return done


def _write(service: Service, out: Packing, folder: Path, done: Written, with_history: bool) -> None:
    copy = _database(service, folder)
    listed = _watchlist(service, folder)
    # A manifest comes first, so that what is known later is known before: all but the files.
    with _reading(service, copy) as connection:
        _check(connection, copy, service)
        done.manifest = _manifest(connection, copy, listed, with_history)
        asked = select(FILES.c.stored, FILES.c.sha256).where(FILES.c.stored.is_not(None))
        stored = connection.execute(asked.order_by(FILES.c.id)).all()
    out.add_bytes(MANIFEST, json.dumps(asdict(done.manifest), indent=1).encode())
    if copy is not None:
        out.add_file(DATABASE, copy)
    if listed is not None:
        out.add_file(WATCHLIST, listed)
    for name, sha256 in stored:
        _add_stored(service, out, name, sha256, done)
    for file in _others(service.home, with_history):
        _add_other(service.home, out, file, folder)


def _database(service: Service, folder: Path) -> Path | None:
    if service.settings.serving.database:
        return None
    copy = folder / "service.sqlite"
    copy_database(service.store.folder / DATABASE_FILE, copy)
    return copy


def _watchlist(service: Service, folder: Path) -> Path | None:
    if not (service.home / "watchlist" / "watchlist.sqlite").is_file():
        return None
    path = folder / "watchlist.backup"
    Watchlist.open(service.home).backup(path)
    return path


def _reading(service: Service, copy: Path | None) -> Any:
    return service.store.reading() if copy is None else spool_engine(copy).connect()


def _check(connection: Connection, copy: Path | None, service: Service) -> None:
    """Raise StoreError where what was copied is not whole."""
    named = service.store.named
    if copy is not None:
        try:
            with closing(sqlite3.connect(copy)) as checked:
                says = checked.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            says = str(error)
        if says != "ok":
            raise StoreError(f"{named}: is damaged ({says}); restore a backup from before")
    for problem in log.problems(connection):
        raise StoreError(f"{named}: its ledger is damaged ({problem}); restore a backup from before")


def _manifest(connection: Connection, copy: Path | None, listed: Path | None, history: bool) -> Manifest:
    origin = connection.execute(select(META.c.value).filter_by(key="origin")).scalar_one()
    return Manifest(
        format=1, program=__version__, schema=SCHEMA_VERSION, made_at=now(), origin=origin,
        ledger=log.size(connection), database=copy is not None, watchlist=listed is not None, history=history,
    )  # fmt: skip


def _add_stored(service: Service, out: Packing, name: str, sha256: str, done: Written) -> None:
    try:
        found = out.add_file(f"{FILES_PREFIX}{name}", service.store.files / name)
    except FileNotFoundError:
        done.missing.append(name)
        return
    done.files += 1
    if found != sha256:
        done.damaged.append(name)


def _others(home: Path, with_history: bool) -> Iterator[Path]:
    """All else in a home folder that is worth keeping, sorted; links are not followed."""
    for path in sorted(home.rglob("*")):
        parts = path.relative_to(home).parts
        if parts[0] in _LEFT_OUT or path.is_symlink() or not path.is_file() or path.name.endswith("lock"):
            continue
        if path.name.endswith(_PASSING) or parts[0].startswith(_SCRATCH) or path.name.startswith(".probe-"):
            continue
        if parts[0] == FOLDER and parts[1] in (FILES_FOLDER, DATABASE_FILE):
            continue
        if parts[:2] == (FOLDER, HISTORY_FOLDER) and not with_history:
            continue
        yield path


def _add_other(home: Path, out: Packing, path: Path, folder: Path) -> None:
    name = HOME + path.relative_to(home).as_posix()
    if path.suffix != ".sqlite":
        # Its own writer may have taken it away; what is needed of it is not.
        try:
            out.add_file(name, path)
        except FileNotFoundError:
            return
        return
    copy = folder / "other.sqlite"
    copy_database(path, copy)
    out.add_file(name, copy)
    copy.unlink()
