"""Lists of an earlier layout, brought up to this one in place: what they hold stays as it is."""

from __future__ import annotations

from sqlalchemy import Connection

from partwatch.watchlist.schema import APPLICATION_ID, GATE_REPORTS, LOCAL_FEATURES, SCHEMA_VERSION


def layout_of(connection: Connection) -> tuple[int, int]:
    """Whose file it is, and the version of its tables."""
    return pragma(connection, "application_id"), pragma(connection, "user_version")


def is_earlier(connection: Connection) -> bool:
    """Whether it is a list of an earlier layout that `upgrade` knows."""
    owner, version = layout_of(connection)
    return owner == APPLICATION_ID and 1 <= version < SCHEMA_VERSION


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date, all or nothing, in the connection's transaction.

    Version 1 had no gate reports, version 2 no local features; parts have none now, and `refresh` makes the
    latter: of a long list that takes too long for whoever opens it.
    """
    if is_earlier(connection):
        if pragma(connection, "user_version") < 2:
            GATE_REPORTS.create(connection)
        LOCAL_FEATURES.create(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def pragma(connection: Connection, name: str) -> int:
    """A number that SQLite keeps for the file."""
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
