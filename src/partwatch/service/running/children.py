"""The child processes of a service: started, watched, started again when they die, ended with it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from partwatch.service.running.child import GRACE_S, Duty, Orders
from partwatch.service.running.say import say
from partwatch.service.running.stop import Stop

# The path is handed over as it is here; -P keeps the current folder off it.
BOOTSTRAP: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1));"
    "from partwatch.service.running.child import main; sys.exit(main())"
)
FIRST_REST_S: Final = 0.5
LONGEST_REST_S: Final = 30.0
# Who lived that long did not die of how it was started.
_SETTLED_S: Final = 60.0
_TICK_S: Final = 0.1


def rest_after(deaths: int) -> float:
    """Seconds before a child that has died so often in a row is started again."""
    return min(LONGEST_REST_S, FIRST_REST_S * 2.0 ** min(deaths - 1, 16))


def how_it_ended(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


@dataclass
class _Child:
    """One process, and when it is due again where there is none. deaths: in a row."""

    duty: Duty
    name: str
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    due: float = 0.0
    deaths: int = 0


class Children:
    """Those of one service. They belong to a thread of their own: on Linux a child dies with the thread that
    started it, and so with this process, however that ends."""

    def __init__(
        self, orders: Orders, duties: Sequence[tuple[Duty, str]], on_failure: Callable[[], None]
    ) -> None:
        """duties: of each child, with the name that messages call it by. on_failure: called where they can no
        longer be watched."""
        self._told = orders.model_dump_json().encode() + b"\n"
        self._children = [_Child(duty, name) for duty, name in duties]
        self._stop = Stop()
        self._on_failure = on_failure
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._watch, name="children")

    def start(self) -> None:
        """Start all, and watch them until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Have all end, and wait for it: what they had is given back. Raises what kept them from being
        watched."""
        self._stop.ask()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _watch(self) -> None:
        try:
            while not self._stop.is_asked():
                for child in self._children:
                    self._look(child, time.monotonic())
                self._stop.wait(_TICK_S)
        except BaseException as error:
            # A service whose desks nobody starts again must not look as if it went on.
            self._failure = error
            self._on_failure()
        finally:
            self._end_all()

    def _look(self, child: _Child, now: float) -> None:
        if child.process is not None and (status := child.process.poll()) is not None:
            if now - child.since > _SETTLED_S:
                child.deaths = 0
            child.deaths += 1
            rest = rest_after(child.deaths)
            say(f"{child.name} ended ({how_it_ended(status)}); it is started again in {rest:g} s")
            _let_go(child.process)
            child.process, child.due = None, now + rest
        if child.process is None and now >= child.due:
            try:
                child.process, child.since = self._started(child.duty), now
            except OSError as error:
                child.deaths += 1
                child.due = now + rest_after(child.deaths)
                say(f"{child.name} cannot be started ({error.strerror}); it is tried again")

    def _started(self, duty: Duty) -> subprocess.Popen[bytes]:
        path = [str(Path(entry).absolute()) for entry in sys.path if entry]
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", BOOTSTRAP, json.dumps(path), duty.value, str(os.getpid())],
            # A pipe that is never closed: its end tells the child that its parent is gone.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # A group of its own: a terminal's ^C is the parent's.
            start_new_session=True,
        )
        assert process.stdin is not None
        # One that died at once is noticed like any other. Settings fit in a pipe.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(self._told)
            process.stdin.flush()
        return process

    def _end_all(self) -> None:
        alive = [child.process for child in self._children if child.process is not None]
        for process in alive:
            process.terminate()
        until = time.monotonic() + GRACE_S
        for process in alive:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _let_go(process)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
