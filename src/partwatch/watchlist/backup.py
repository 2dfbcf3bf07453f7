"""A whole list as one file for oneself, geometry and all; `archive` is what goes to others.

::

    partwatch-backup 1\\n
    SHA-256 of all that follows, hex\\n
    a SQLite file of the list's tables

A restore takes the designs over in one transaction of the list itself: whoever reads sees the list
before or after, and a process that is killed leaves the one before. Ids are given anew, as for any
other addition: nothing that was indexed earlier can find another row in its place.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from partwatch.model.errors import StoreError
from partwatch.watchlist.database import BUSY_TIMEOUT_S

_MAGIC: Final = b"partwatch-backup 1\n"
_HEAD_BYTES: Final = len(_MAGIC) + 64 + 1
_CHUNK_BYTES: Final = 1 << 20


def copy_database(source: Path, target: Path) -> None:
    """The list as it is at one moment, as a file of its own; writers go on meanwhile."""
    try:
        with closing(_read_only(source)) as reading, closing(sqlite3.connect(target)) as writing:
            # In one step: the pages are all of one transaction.
            reading.backup(writing)
            # One file, without the log beside it that a list in use has.
            writing.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StoreError(f"{source}: cannot be copied ({error}); check the disk's space") from error


def write_backup(database: Path, path: Path) -> None:
    """Put a database into its envelope at `path`, whole or not at all; only its owner may read it."""
    with _put_in_place(path) as out, database.open("rb") as content:
        out.write(_MAGIC + bytes(65))
        state = hashlib.sha256()
        while chunk := content.read(_CHUNK_BYTES):
            state.update(chunk)
            out.write(chunk)
        out.seek(len(_MAGIC))
        out.write(state.hexdigest().encode() + b"\n")


@contextmanager
def _put_in_place(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the name of `path` at the end, when all of it is on the disk."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.absolute().parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
            folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); check folder and space") from error


def read_backup(path: Path, database: Path) -> None:
    """Unwrap a backup into a database file. Raises StoreError where a single bit of it is wrong."""
    try:
        with path.open("rb") as file, database.open("wb") as out:
            head = file.read(_HEAD_BYTES)
            if len(head) < _HEAD_BYTES or not head.startswith(_MAGIC):
                raise StoreError(f"{path}: is no backup of a watch-list, or of another version")
            state = hashlib.sha256()
            while chunk := file.read(_CHUNK_BYTES):
                state.update(chunk)
                out.write(chunk)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); check path and space") from error
    if head[len(_MAGIC) :] != state.hexdigest().encode() + b"\n":
        raise StoreError(f"{path}: is damaged: it is cut short or was changed; take another backup")


def is_damaged(database: Path) -> bool:
    """Whether SQLite itself cannot make sense of a list's file: only then is it set aside."""
    try:
        with closing(_read_only(database)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except sqlite3.OperationalError:
        # Locked, or not to be opened: nothing to do with its content.
        return False
    except sqlite3.Error:
        return True


def _read_only(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)


def set_aside(database: Path) -> Path:
    """Move a damaged list and its log into a folder beside it; the folder."""
    folder = Path(tempfile.mkdtemp(prefix="damaged-", dir=database.parent))
    # The log first: without its list it is nothing, but beside another list it would be poison.
    for suffix in ("-wal", "-shm", ""):
        file = database.with_name(database.name + suffix)
        if file.exists():
            shutil.move(file, folder / file.name)
    return folder
