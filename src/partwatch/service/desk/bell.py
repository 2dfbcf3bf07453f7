"""What a desk with nothing to do waits for: that somebody has written to the store.

SQLite tells a connection whether another has committed since it last asked, in some microseconds and without
reading the database. PostgreSQL sends word of each submission. Neither is relied upon: what they miss is seen
after LONGEST_S.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, text

from partwatch.case.engine import explained
from partwatch.service.store import CHANNEL, ServiceStore

LONGEST_S: Final = 1.0
# SQLite is asked so often at first, and ever more seldom while nothing comes.
_FIRST_ASK_S: Final = 0.002
_SELDOM_ASK_S: Final = 0.025

Wait = Callable[[float], None]
"""For so many seconds, or less."""


class Bell:
    """One desk's wait. It keeps a connection of its own, and belongs to the thread that made it."""

    def __init__(self, store: ServiceStore) -> None:
        """Raises StoreError."""
        self._named = store.named
        self._connection: Connection = store.connected()
        self._driver: Any = self._connection.connection.driver_connection
        self._is_server = self._connection.dialect.name == "postgresql"
        if self._is_server:
            self._connection.execute(text(f"LISTEN {CHANNEL}"))
            self._seen = 0
        else:
            self._seen = self._version()

    def wait(self, stop: Callable[[], bool], pause: Wait = time.sleep) -> None:
        """Until there may be something new, or it is to stop, for LONGEST_S at most."""
        begin = time.monotonic()
        waited = 0.0
        while waited < LONGEST_S and not stop():
            pause(min(_SELDOM_ASK_S, max(_FIRST_ASK_S, waited / 10)))
            if self.rings():
                return
            waited = time.monotonic() - begin

    def rings(self) -> bool:
        """Whether somebody has written since it was last asked, or since it was made."""
        with explained(self._named):
            if self._is_server:
                return sum(1 for _ in self._driver.notifies(timeout=0)) > 0
            before, self._seen = self._seen, self._version()
            return before != self._seen

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _version(self) -> int:
        # Not through SQLAlchemy, which would begin a transaction for it.
        return int(self._driver.execute("PRAGMA data_version").fetchone()[0])
