"""Results on their way into the store: written by a thread of its own while the desk goes on.

Whatever has come while one transaction was on its way to the disk goes into the next, all at once: however
slow the disk is, it is waited for once for many results.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final, Generic, TypeVar

from partwatch.service.results import Finished, keep_all
from partwatch.service.store import ServiceStore

MOST_AT_ONCE: Final = 64
T = TypeVar("T")
# Results that wait, beyond which the desk waits for them: as much as may be done again after a kill.
MOST_WAITING: Final = 256


class Keeper(Generic[T]):
    """Keeps results of one desk, each with a tag of the desk's own. What was put and not yet told of as kept
    may be lost by a kill, and is then found again."""

    def __init__(self, store: ServiceStore, desk: str) -> None:
        self._store = store
        self._desk = desk
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Finished, T]] = deque()
        self._writing = 0
        self._kept: list[tuple[T, bool]] = []
        self._error: BaseException | None = None
        self._is_closing = False
        self._thread: threading.Thread | None = None

    @property
    def pending(self) -> int:
        """Results that were put and not yet told of."""
        with self._changed:
            return len(self._waiting) + self._writing + len(self._kept)

    def put(self, one: Finished, tag: T) -> None:
        """Have a result kept; waits where too many do already. Raises what went wrong with earlier ones."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < MOST_WAITING or self._error is not None)
            self._check()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="keeper", daemon=True)
                self._thread.start()
            self._waiting.append((one, tag))
            self._changed.notify_all()

    def kept(self, wait_s: float = 0.0) -> list[tuple[T, bool]]:
        """The tags of results that were written since it was last asked, each with whether it was kept.
        wait_s: for so long until there is one, where any is pending. Raises what went wrong."""
        with self._changed:
            if wait_s > 0 and (self._waiting or self._writing):
                self._changed.wait_for(lambda: self._kept or self._error is not None, wait_s)
            self._check()
            told, self._kept = self._kept, []
            return told

    def close(self) -> None:
        """Write what waits, as far as it can be written, and end."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closing)
                if not self._waiting:
                    return
                batch = [self._waiting.popleft() for _ in range(min(MOST_AT_ONCE, len(self._waiting)))]
                self._writing = len(batch)
                self._changed.notify_all()
            try:
                told = keep_all(self._store, self._desk, [one for one, _ in batch])
            except BaseException as error:
                # The desk raises it, and ends as if it had written itself.
                with self._changed:
                    self._error, self._writing = error, 0
                    self._changed.notify_all()
                return
            with self._changed:
                self._kept += [(tag, kept) for (_, tag), kept in zip(batch, told, strict=True)]
                self._writing = 0
                self._changed.notify_all()
