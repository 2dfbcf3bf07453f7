"""What many ask for and one reckons: kept for some seconds, and made by one of those who ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The answer of `make`, so many seconds old at most. Others wait while one makes it; what it raises is
    not kept."""

    def __init__(self, make: Callable[[], T], seconds: float) -> None:
        self._make = make
        self._seconds = seconds
        self._lock = threading.Lock()
        self._found: tuple[float, T] | None = None

    def get(self) -> T:
        """It, fresh enough."""
        with self._lock:
            if self._found is None or time.monotonic() - self._found[0] > self._seconds:
                made = self._make()
                self._found = time.monotonic(), made
            return self._found[1]
