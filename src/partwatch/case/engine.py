"""How the database of a case is opened: a SQLite file in a folder, or a PostgreSQL server by its URL."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from partwatch.case.extras import CASE
from partwatch.model.errors import StoreError, UsageError
from partwatch.watchlist.database import durable_engine

# A large import is one transaction, which others wait for.
BUSY_TIMEOUT_S: Final = 600
_FILE: Final = "case.sqlite"
_LOCK: Final = zlib.crc32(b"partwatch case")


def is_url(location: str) -> bool:
    """Whether a case lies on a server."""
    return location.startswith(("postgresql://", "postgresql+psycopg://"))


def shown(location: str) -> str:
    """A location as it may be told: no password."""
    return make_url(location).render_as_string(hide_password=True) if is_url(location) else location


def file_of(folder: Path) -> Path:
    """The SQLite file of a case's folder."""
    return folder / _FILE


def engine_of(location: str) -> Engine:
    """An engine on a folder's file, which is made where there is none, or on a server. Raises UsageError."""
    if is_url(location):
        return _postgresql(location)
    return durable_engine(file_of(Path(location)), BUSY_TIMEOUT_S)


def _postgresql(url: str) -> Engine:
    CASE.module("psycopg", "a case on PostgreSQL")
    _, _, rest = url.partition("://")
    # REPEATABLE READ: what is read in several steps is of one moment, as SQLite has it.
    return create_engine(
        f"postgresql+psycopg://{rest}", poolclass=NullPool, isolation_level="REPEATABLE READ"
    )


@contextmanager
def reading(engine: Engine, named: str) -> Iterator[Connection]:
    """A connection that sees one moment of the case. Raises StoreError."""
    with explained(named), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine, named: str) -> Iterator[Connection]:
    """The one transaction that writes: others wait. Committed at the end, or nothing of it is. Raises
    StoreError."""
    with explained(named), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="READ COMMITTED")
        connection.execution_options(writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection


@contextmanager
def explained(named: str) -> Iterator[None]:
    """Turn the database's errors within into StoreErrors that name the case and the mend."""
    try:
        yield
    except IntegrityError as error:
        raise StoreError(f"{named}: the store refused a row ({error.orig})") from error
    except OperationalError as error:
        raise StoreError(f"{named}: {_operational(str(error.orig))}") from error
    except DBAPIError as error:
        raise StoreError(
            f"{named}: its database is damaged ({error.orig}); restore it from a backup"
        ) from error
    except Exception as error:
        # The driver's own, of the few rows that do not go through SQLAlchemy.
        if type(error).__module__.partition(".")[0] not in ("sqlite3", "psycopg"):
            raise
        raise StoreError(f"{named}: the store refused a row ({error})") from error


def _operational(cause: str) -> str:
    if "locked" in cause or "busy" in cause:
        return f"another program has been writing here for {BUSY_TIMEOUT_S} s; try again"
    return f"cannot be used ({cause}); check the disk's space, the permissions, and that the server runs"


def checked_location(location: str) -> str:
    """A location that is a URL we know, or a path. Raises UsageError."""
    scheme, found, _ = location.partition("://")
    if found and not is_url(location):
        raise UsageError(f"{scheme}://: no such place for a case; give a folder or postgresql://...")
    return location
