"""How much one account, or one address, may ask: token buckets, in the memory of one process."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

_MOST_KEYS: Final = 20_000


class Buckets:
    """A bucket for each key, of a minute's worth, which fills evenly. 0 a minute: no limit."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, key: Hashable) -> int:
        """Take one of a key's; 0, or the whole seconds after which there is one again."""
        if not self._most:
            return 0
        moment = self._clock()
        with self._lock:
            left, at = self._left.pop(key, (self._most, moment))
            left = min(self._most, left + (moment - at) * self._most / 60)
            enough = left >= 1
            self._left[key] = (left - 1 if enough else left, moment)
            # The longest unused one is full again, or soon.
            while len(self._left) > _MOST_KEYS:
                self._left.popitem(last=False)
        return 0 if enough else max(1, math.ceil((1 - left) * 60 / self._most))


@dataclass(frozen=True)
class Rates:
    """Buckets of a process: all requests, what is handed in, and tries of a password."""

    requests: Buckets
    submissions: Buckets
    logins: Buckets
