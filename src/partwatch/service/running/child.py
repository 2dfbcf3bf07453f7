"""The inside of a child process of `serve`: a desk, or the housekeeper.

::

    python -P -c "… main()" DUTY PARENT_PID     stdin: the home folder and the settings, a line of JSON

Its standard input stays open as long as its parent lives: the end of it is the order to end, wherever the
kernel does not see to that. Whatever is wrong that may be mended while it runs (no watch-list yet, a database
that is away) is said once and tried again.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from partwatch.formats.worker_child import die_with_parent
from partwatch.model.errors import PartwatchError
from partwatch.service.context import Service
from partwatch.service.running.say import say
from partwatch.service.running.stop import Stop
from partwatch.service.settings import Settings

# So long may it take to give back what it had once its parent is gone.
GRACE_S: Final = 10.0
_RETRY_S: Final = 2.0


class Duty(StrEnum):
    """What a process of a service does."""

    WEB = "web"
    DESK = "desk"
    HOUSEKEEPING = "housekeeping"


class Orders(BaseModel):
    """What a child is told. settings: all of them, as its parent has them."""

    home: Path
    settings: Settings


def main() -> int:
    """Do the duty until told to end; the exit code."""
    duty, parent = Duty(sys.argv[1]), int(sys.argv[2])
    die_with_parent(parent)
    stop = Stop()
    with stop.on_signals():
        told = sys.stdin.buffer.readline()
        if not told:
            return 0
        orders = Orders.model_validate_json(told)
        threading.Thread(target=_end_with_parent, args=(stop,), daemon=True).start()
        work = _desk if duty is Duty.DESK else _housekeeping
        _again_and_again(lambda: work(Service.open(orders.home, orders.settings), stop), duty, stop)
    return 0


def _end_with_parent(stop: Stop) -> None:
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 1 << 10):
            pass
    stop.ask()
    time.sleep(GRACE_S)
    # Stuck: what it had is free once its lease is over.
    os._exit(1)


def _again_and_again(work: Callable[[], None], duty: Duty, stop: Stop) -> None:
    said = ""
    while not stop.is_asked():
        try:
            work()
            said = ""
        except PartwatchError as error:
            if str(error) != said:
                say(f"{duty.value} waits: {error}")
            said = str(error)
            stop.wait(_RETRY_S)


def _desk(service: Service, stop: Stop) -> None:
    from partwatch.service.desk.desk import Desk

    Desk(service.store, service.settings).run(stop.is_asked, stop.wait)


def _housekeeping(service: Service, stop: Stop) -> None:
    from partwatch.service import housekeeping

    # Of two machines the numbers of processes may be the same; a lease is one process's.
    name = f"housekeeper-{os.getpid()}-{secrets.token_hex(4)}"
    all_of = housekeeping.chores()
    while not stop.is_asked():
        stop.wait(housekeeping.do_due(service, name, all_of))
