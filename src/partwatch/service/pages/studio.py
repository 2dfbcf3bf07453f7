"""Where pictures are made: one worker process with limits, asked by a thread, and a small memory of them.

Nothing is written to the disk. Whoever asks goes by what the store still holds; what is forgotten there is
gone from here after KEPT_S.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from partwatch.formats.worker import Failure, FailureKind, Limits, Outcome, Task, WorkerPool
from partwatch.model.errors import PartwatchError
from partwatch.service.asking import of_application

LIMITS: Final = Limits(timeout_s=30, memory_mb=3072, output_bytes=64 << 20, file_bytes=1 << 20)
KEPT_S: Final = 900.0
KEPT_BYTES: Final = 64 << 20
# More that wait are refused: a browser asks for a page's pictures at once, but not for this many.
MOST_WAITING: Final = 12
_IDLE_S: Final = 60.0
_WAIT_S: Final = 90.0


class BusyStudioError(Exception):
    """Too many pictures are asked for at once."""


@dataclass(frozen=True)
class _Wish:
    function: str
    args: Mapping[str, Any]
    answer: Future[Outcome]


class Studio:
    """Asks the worker; one an application. Safe in threads."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._wishes: queue.Queue[_Wish] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._made: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def made(self, function: str, args: Mapping[str, Any]) -> bytes | Failure:
        """What that function of a worker answers, or how it failed. Waits for it.

        Raises BusyStudioError where too much waits already.
        """
        key = hashlib.sha256(f"{function}\0{json.dumps(args, sort_keys=True)}".encode()).hexdigest()
        if (known := self._remembered(key)) is not None:
            return known
        wish = _Wish(function, args, Future())
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="studio", daemon=True)
                self._thread.start()
            try:
                self._wishes.put_nowait(wish)
            except queue.Full:
                raise BusyStudioError("too many pictures are asked for at once; try again") from None
        try:
            outcome = wish.answer.result(_WAIT_S)
        except TimeoutError:
            wish.answer.cancel()
            raise BusyStudioError("too many pictures are asked for at once; try again") from None
        if isinstance(outcome, bytes):
            self._remember(key, outcome)
        return outcome

    def _remembered(self, key: str) -> bytes | None:
        with self._lock:
            self._forget(time.monotonic() - KEPT_S)
            found = self._made.get(key)
        return None if found is None else found[1]

    def _remember(self, key: str, content: bytes) -> None:
        with self._lock:
            if key not in self._made:
                self._made[key] = time.monotonic(), content
                self._bytes += len(content)
            self._forget(time.monotonic() - KEPT_S)

    def _forget(self, before: float) -> None:
        while self._made:
            at, content = next(iter(self._made.values()))
            if at >= before and self._bytes <= KEPT_BYTES:
                return
            self._made.popitem(last=False)
            self._bytes -= len(content)

    def _work(self) -> None:
        """The thread: a pool belongs to it, and is let go where nothing comes for a while."""
        while True:
            with contextlib.ExitStack() as stack:
                try:
                    pool = stack.enter_context(WorkerPool[_Wish](jobs=1, limits=self._limits))
                    wish = self._wishes.get(timeout=_IDLE_S)
                    while True:
                        self._grant(pool, wish)
                        wish = self._wishes.get(timeout=_IDLE_S)
                except queue.Empty:
                    pass
            with self._lock:
                if self._wishes.empty():
                    self._thread = None
                    return

    @staticmethod
    def _grant(pool: WorkerPool[_Wish], wish: _Wish) -> None:
        if not wish.answer.set_running_or_notify_cancel():
            return
        try:
            pool.submit(Task(wish.function, wish.args, wish))
            wish.answer.set_result(pool.next_outcome()[1])
        except (PartwatchError, OSError) as error:
            # No worker could be started: this one wish fails, and the next finds a pool that tries again.
            wish.answer.set_result(Failure(FailureKind.ERROR, str(error), type(error).__name__))


def studio_of(request: Request) -> Studio:
    """The application's own, made with the first picture."""
    return of_application(request, "studio", Studio)
