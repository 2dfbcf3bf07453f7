"""Where the service keeps what it knows: SQLite in the home folder, or PostgreSQL for many machines.

::

    HOME/service/service.sqlite     submissions, results, decisions, the ledger
    HOME/service/files/…            what was handed in, as long as it is kept; no name of theirs is a client's
    HOME/service/signing.key        signs the ledger's checkpoints

Every change is one transaction that holds its entry of the ledger as well. Any number of processes may read
and write at once; writers wait for one another.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, inspect, select, text

from partwatch.case import engine as engines
from partwatch.case.notary import KEY_FILE, Notary
from partwatch.ledger.keys import make_key, read_key
from partwatch.ledger.log import scrub
from partwatch.ledger.tables import LEDGER_METADATA
from partwatch.model.errors import StoreError
from partwatch.service.settings import FOLDER, Settings
from partwatch.service.tables import APPLICATION_ID, CUSTOMERS, META, METADATA, SCHEMA_VERSION
from partwatch.watchlist.database import durable_engine
from partwatch.watchlist.folders import only_one

LOCAL: Final = "local"
DATABASE_FILE: Final = "service.sqlite"
FILES_FOLDER: Final = "files"
# On which a PostgreSQL server sends word of what was handed in.
CHANNEL: Final = "partwatch_queue"


class ServiceStore:
    """Connections to one service's database, and its folder. Methods may raise StoreError."""

    def __init__(self, home: Path, settings: Settings, engine: Engine, named: str) -> None:
        """Use `open`."""
        self.home = home
        self.folder = home / FOLDER
        self.files = self.folder / FILES_FOLDER
        self.settings = settings
        self.named = named
        self._engine = engine
        self._notary = Notary("", self.folder / KEY_FILE)

    @classmethod
    def open(cls, home: Path, settings: Settings) -> ServiceStore:
        """The store at home, or on the settings' server; made where there is none yet."""
        folder = home / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / FILES_FOLDER).mkdir(mode=0o700, exist_ok=True)
        url = settings.serving.database
        if url:
            engine, named = engines.engine_of(engines.checked_location(url)), engines.shown(url)
        else:
            path = folder / DATABASE_FILE
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            engine, named = durable_engine(path), str(path)
        store = cls(home, settings, engine, named)
        with only_one(folder / "lock"):
            store._prepare()
        return store

    def _prepare(self) -> None:
        """Tables, the key and the customer of this machine, each where it is missing."""
        with engines.writing(self._engine, self.named) as connection:
            if not inspect(connection).has_table("meta"):
                METADATA.create_all(connection)
                LEDGER_METADATA.create_all(connection)
                origin = f"partwatch.service/{secrets.token_hex(4)}"
                told = {"application_id": APPLICATION_ID, "version": SCHEMA_VERSION, "origin": origin}
                connection.execute(insert(META), [{"key": k, "value": str(v)} for k, v in told.items()])
                connection.execute(
                    insert(CUSTOMERS).values(id=LOCAL, name="This machine", created_at=now(), last_due=0.0)
                )
            told_now = {row.key: row.value for row in connection.execute(select(META))}
        if (told_now.get("application_id"), told_now.get("version")) != (
            str(APPLICATION_ID),
            str(SCHEMA_VERSION),
        ):
            raise StoreError(f"{self.named}: this is no service that this version reads; move it away")
        key = self.folder / KEY_FILE
        if key.exists():
            read_key(key, told_now["origin"])
        else:
            make_key(key, told_now["origin"])
        self._notary = Notary(told_now["origin"], key)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that sees one moment."""
        return engines.reading(self._engine, self.named)

    def writing(self) -> AbstractContextManager[Connection]:
        """The one transaction that writes; a checkpoint of the ledger is signed at its end where anything
        was noted."""
        return self._notary.sealing(engines.writing(self._engine, self.named))

    def connected(self) -> Connection:
        """A connection of the caller's own, in no transaction and to be closed: for what waits for changes.
        As long as any is open, SQLite need not clear up after each of the others."""
        with engines.explained(self.named):
            connection = self._engine.connect()
            if connection.dialect.name == "postgresql":
                return connection.execution_options(isolation_level="AUTOCOMMIT")
            return connection

    def ring(self, connection: Connection) -> None:
        """Wake desks that wait, once this transaction is there; SQLite's see it by themselves."""
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"NOTIFY {CHANNEL}"))

    def note(self, connection: Connection, kind: str, body: Mapping[str, Any], by: str) -> int:
        """One entry of the ledger within a transaction of `writing`; its number."""
        return self._notary.note(connection, kind, body, by, now())

    def forget(self, connection: Connection, entries: Collection[int]) -> None:
        """Destroy what entries of the ledger say; that they were made stays."""
        self._notary.forget(connection, entries)

    def compact(self) -> bool:
        """What was deleted leaves the file as well. False where somebody who reads holds SQLite's log for
        more than a few seconds. A server does so in its own time (VACUUM)."""
        with engines.explained(self.named), self._engine.connect() as connection:
            if connection.dialect.name != "sqlite":
                return True
            connection.exec_driver_sql("PRAGMA busy_timeout = 5000")
            return scrub(connection)


def now(after: timedelta = timedelta()) -> str:
    """The moment, or one so long after it, as the store writes it."""
    return (datetime.now(UTC) + after).isoformat(timespec="milliseconds").replace("+00:00", "Z")
