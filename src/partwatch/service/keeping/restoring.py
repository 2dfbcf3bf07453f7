"""Puts a backup in a home folder that is new: all of it, or nothing.

It is unpacked and verified beside the home, and takes its name at the end. A home with anything in it is
never touched. What a killed restore left beside it is removed by the next.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from partwatch.ledger import log
from partwatch.model.errors import StoreError, UsageError
from partwatch.service.keeping.backing_up import HOME, MANIFEST, WATCHLIST, Manifest
from partwatch.service.keeping.envelope import safe_parts, unpacking
from partwatch.service.settings import FOLDER, read_settings
from partwatch.service.store import ServiceStore, now
from partwatch.service.tables import FILES, META, SCHEMA_VERSION, SUBMISSIONS
from partwatch.watchlist.folders import only_one, sweep, sync
from partwatch.watchlist.store import Watchlist

_MOST_MANIFEST: Final = 1 << 20
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class Restored:
    """What was restored. missing: files that the backup does not hold; damaged: those that are not what was
    handed in. Their submissions say that their files are gone."""

    manifest: Manifest
    files: int
    missing: int
    damaged: int


def restore(home: Path, path: Path) -> Restored:
    """Restore a backup into a home that is not there yet, or empty.

    Raises UsageError where there is anything in it, StoreError where the backup is damaged or of another
    version; nothing is changed then. A database on a server is restored by its own tools.
    """
    home = home.absolute()
    if home.is_symlink() or (home.exists() and (not home.is_dir() or any(home.iterdir()))):
        raise UsageError(f"{home}: is not empty; move it away, or give another --home")
    home.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{home.name}-restoring-"
    with only_one(home.parent / f".{home.name}-restore.lock"):
        sweep(home.parent, f"{prefix}*")
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=home.parent))
        try:
            found = _restored(made, path)
            # All of it on the disk before it takes its name; one by one takes minutes.
            os.sync()
            # Over an empty folder, and over nothing else.
            made.rename(home)
            sync(home.parent)
        except OSError as error:
            raise StoreError(f"{home}: cannot be restored ({error}); check the disk's space") from error
        finally:
            shutil.rmtree(made, ignore_errors=True)
    (home.parent / f".{home.name}-restore.lock").unlink(missing_ok=True)
    return found


def _restored(made: Path, path: Path) -> Restored:
    with unpacking(path) as tar:
        members = iter(tar)
        manifest = _manifest(tar, next(members, None))
        for member in members:
            _unpack(tar, member, made)
    if manifest.watchlist:
        Watchlist.restore(made, made / WATCHLIST)
        (made / WATCHLIST).unlink()
    settings = read_settings(made)
    if not manifest.database:
        # On a server, which has its own backup; nothing here can be compared with it yet.
        return Restored(manifest, sum(1 for _ in _files_in(made / FOLDER / "files")), 0, 0)
    store = ServiceStore.open(made, settings)
    with store.writing() as connection:
        _check(store, connection, manifest)
        gone = {"missing": 0, "damaged": 0}
        files = 0
        rows = connection.execute(select(FILES).where(FILES.c.stored.is_not(None))).all()
        for row in rows:
            files += 1
            if (problem := _problem(store.files / row.stored, row.sha256)) is not None:
                gone[problem] += 1
                _let_go(connection, store, row)
        told = {"made_at": manifest.made_at, "entries": manifest.ledger, "files_gone": sum(gone.values())}
        store.note(connection, "restored", told, "restore")
    return Restored(manifest, files, gone["missing"], gone["damaged"])


def _manifest(tar: tarfile.TarFile, first: tarfile.TarInfo | None) -> Manifest:
    content = None if first is None or first.size > _MOST_MANIFEST else tar.extractfile(first)
    if first is None or first.name != MANIFEST or content is None:
        raise StoreError("the backup has no manifest; take another one")
    manifest = Manifest.read(content.read())
    if (manifest.format, manifest.schema) != (1, SCHEMA_VERSION):
        raise StoreError(
            f"the backup is of layout {manifest.schema}, written by partwatch {manifest.program}; this "
            f"version reads {SCHEMA_VERSION}: restore it with that one, then upgrade"
        )
    return manifest


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, made: Path) -> None:
    parts = safe_parts(member.name)
    content = tar.extractfile(member) if member.isreg() else None
    if parts is None or content is None or (parts[0] != HOME.rstrip("/") and parts != (WATCHLIST,)):
        raise StoreError(f"the backup holds {member.name!a}, which is none of a service's")
    target = made.joinpath(*(parts[1:] if len(parts) > 1 else parts))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        shutil.copyfileobj(content, out, _CHUNK)


def _check(store: ServiceStore, connection: Connection, manifest: Manifest) -> None:
    origin = connection.execute(select(META.c.value).filter_by(key="origin")).scalar_one()
    if origin != manifest.origin or log.size(connection) != manifest.ledger:
        raise StoreError(f"{store.named}: is not the database that the backup's manifest names")
    for problem in log.problems(connection):
        raise StoreError(f"{store.named}: its ledger is damaged ({problem}); take another backup")


def _let_go(connection: Connection, store: ServiceStore, row: Row[Any]) -> None:
    """A file that is not what it was is not kept: whoever opens it must not take it for that."""
    (store.files / row.stored).unlink(missing_ok=True)
    connection.execute(update(FILES).where(FILES.c.id == row.id).values(stored=None))
    chosen = (SUBMISSIONS.c.number == row.submission) & SUBMISSIONS.c.files_gone_at.is_(None)
    connection.execute(update(SUBMISSIONS).where(chosen).values(files_gone_at=now()))


def _problem(path: Path, sha256: str) -> str | None:
    if not path.is_file():
        return "missing"
    state = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return None if state.hexdigest() == sha256 else "damaged"


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
