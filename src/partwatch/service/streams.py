"""Events as they happen, for many listeners at once: one thread a process asks the store, and hands out.

A listener is registered before it reads what came earlier, so that between the two nothing is missed; what
comes twice it knows by its number. One that does not keep up is ended, and asks again from where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from partwatch.model.errors import StoreError
from partwatch.service.events import Event, after, latest
from partwatch.service.queueing import BusyError
from partwatch.service.store import ServiceStore

POLL_S: Final = 0.5
MOST_OF_ACCOUNT: Final = 32
MOST: Final = 200
MOST_WAITING: Final = 1000
_RETRY_S: Final = 15
_BATCH: Final = 500


class Listener:
    """Who is told of events: of one customer or one submission where that is given, else of all."""

    def __init__(self, account: str, customer: str | None, submission: str | None) -> None:
        self.account = account
        self.is_over = False
        self._customer = customer
        self._submission = submission
        self._waiting: deque[Event] = deque()
        self._loop = asyncio.get_running_loop()
        self._something = asyncio.Event()

    def tell(self, found: Sequence[Event]) -> None:
        """Hand events over from another thread; those that do not concern the listener are left out."""
        mine = [one for one in found if self._concerns(one)]
        if mine:
            self._call(lambda: self._take(mine))

    def end(self) -> None:
        """Have it end, from another thread."""
        self._call(lambda: self._take(None))

    async def next_within(self, seconds: float) -> list[Event]:
        """What came meanwhile, waited for so long at most; [] where nothing came, or `is_over`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._something.wait(), seconds)
        self._something.clear()
        found = list(self._waiting)
        self._waiting.clear()
        return found

    def _take(self, found: list[Event] | None) -> None:
        if found is None or len(self._waiting) + len(found) > MOST_WAITING:
            self.is_over = True
        else:
            self._waiting.extend(found)
        self._something.set()

    def _call(self, done: Callable[[], None]) -> None:
        # A loop that is closed has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(done)

    def _concerns(self, one: Event) -> bool:
        return self._customer in (None, one.customer) and self._submission in (None, one.submission)


class Streams:
    """The listeners of one process, and the thread that asks for them while there are any."""

    def __init__(self, store: ServiceStore, poll_s: float = POLL_S) -> None:
        self._store = store
        self._poll_s = poll_s
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._seq = 0
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._listeners)

    def add(self, one: Listener) -> None:
        """Keep a listener told until it is removed. Raises BusyError where its account, or this process, has
        too many; StoreError where the store cannot be read. For a thread that may wait."""
        with self._lock:
            if self._thread is not None:
                self._add(one)
                return
        with self._store.reading() as connection:
            last = latest(connection)
        with self._lock:
            self._add(one)
            if self._thread is None:
                self._seq = last
                self._thread = threading.Thread(target=self._run, name="event streams", daemon=True)
                self._thread.start()

    def _add(self, one: Listener) -> None:
        of_account = sum(each.account == one.account for each in self._listeners)
        if of_account >= MOST_OF_ACCOUNT or len(self._listeners) >= MOST:
            raise BusyError("too many event streams are open; close some, or ask again later", _RETRY_S)
        self._listeners.add(one)

    def remove(self, one: Listener) -> None:
        """It is no longer told. Whoever has the lock has it shortly: an event loop may call this."""
        with self._lock:
            self._listeners.discard(one)

    def close(self) -> None:
        """End all of them: the process is about to."""
        with self._lock:
            for one in self._listeners:
                one.end()

    def _run(self) -> None:
        while True:
            time.sleep(self._poll_s)
            with self._lock:
                if not self._listeners:
                    self._thread = None
                    return
            # A store that cannot be read now is asked again; meanwhile listeners hear heartbeats.
            with contextlib.suppress(StoreError):
                self._hand_out()

    def _hand_out(self) -> None:
        with self._store.reading() as connection:
            found = after(connection, self._seq, limit=_BATCH)
        with self._lock:
            for one in self._listeners:
                one.tell(found)
            if found:
                self._seq = found[-1].seq
