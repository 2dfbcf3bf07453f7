"""How the list's SQLite file is opened, and what its errors mean to people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from partwatch.model.errors import StoreError

BUSY_TIMEOUT_S: Final = 60
_PAGE_BYTES: Final = 16384  # clouds and meshes in few pages


def durable_engine(path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine on what is kept: WAL, every commit on the disk before it returns. busy_timeout_s: how long a
    writer waits for another."""
    # secure_delete: what is removed from a list is overwritten, not only forgotten.
    pragmas = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")
    return _engine(path, pragmas, busy_timeout_s)


def spool_engine(path: Path) -> Engine:
    """An engine on a file that nobody will want after a crash."""
    return _engine(path, ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF"), BUSY_TIMEOUT_S)


def _engine(path: Path, pragmas: tuple[str, ...], busy_timeout_s: float) -> Engine:
    # NullPool: a connection belongs to whoever opened it, and none is carried into a forked child.
    engine = create_engine(
        # Not as text: what looks like a query in a folder's name is none.
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"timeout": busy_timeout_s, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # None: sqlite3 begins no transactions of its own, so that ours are the ones we asked for.
        connection.isolation_level = None
        for pragma in (f"page_size = {_PAGE_BYTES}", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("writes", False)
        # IMMEDIATE: a writer waits at the start, where waiting works, not in the middle.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the database's errors within into StoreErrors that name the file and the mend."""
    try:
        yield
    except IntegrityError as error:
        raise StoreError(f"{path}: the list refused a row ({error.orig})") from error
    except OperationalError as error:
        raise StoreError(_operational(path, str(error.orig))) from error
    except DBAPIError as error:
        raise StoreError(
            f"{path}: the watch-list is damaged ({error.orig}); restore it from a backup or an export"
        ) from error


def _operational(path: Path, cause: str) -> str:
    if "locked" in cause or "busy" in cause:
        return f"{path}: another program has been writing here for {BUSY_TIMEOUT_S} s; try again"
    return f"{path}: cannot be used ({cause}); check the disk's space and the file's permissions"
