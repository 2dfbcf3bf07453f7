"""Being told to end: safe to tell from a signal's handler and from any thread, and waits end at once."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Whether a process has been told to end."""

    def __init__(self) -> None:
        # Not a threading.Event: a handler that sets one while its own thread waits for it may lock up.
        self._told, self._tell = os.pipe()
        os.set_blocking(self._tell, False)
        self._is_asked = False

    def is_asked(self) -> bool:
        """Whether it was told."""
        return self._is_asked

    def ask(self) -> None:
        """Tell it."""
        self._is_asked = True
        # Full: it has been told often enough.
        with suppress(BlockingIOError):
            os.write(self._tell, b".")

    def wait(self, seconds: float) -> None:
        """For so long, or until it is told."""
        self.wait_for([], seconds)

    def wait_for(self, descriptors: Sequence[int], seconds: float) -> None:
        """Until one of them can be read, for so long at most, or until it is told."""
        select.select([self._told, *descriptors], [], [], max(0.0, seconds))

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Within, being asked to end by the system or by ^C is being told. What is ignored stays ignored."""

        def handle(number: int, frame: FrameType | None) -> None:
            self.ask()

        before = {number: signal.getsignal(number) for number in ENDINGS}
        taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
        for number in taken:
            signal.signal(number, handle)
        try:
            yield
        finally:
            for number in taken:
                signal.signal(number, before[number])
