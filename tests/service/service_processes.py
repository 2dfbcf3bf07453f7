"""`partwatch serve` as a real process, with what it says."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

LISTENING = re.compile(r"listening on (http://\S+)")
PATIENCE_S = 120.0


def until(is_so: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for something that is to come about."""
    end = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


class Serving:
    """One `serve`. command: after the interpreter, where it is not the command line's own."""

    def __init__(self, home: Path, *options: str, command: tuple[str, ...] = ("-m", "partwatch")) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command, "--home", str(home), "serve", "--port", "0", *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line)

    @property
    def said(self) -> str:
        """All of it so far."""
        return "".join(self._lines)

    def wait_for(self, text: str) -> None:
        """Until it has said that."""
        until(lambda: text in self.said or self.process.poll() is not None, text)
        assert text in self.said, self.said

    @property
    def address(self) -> str:
        """Where it listens, once it does."""
        self.wait_for("listening on")
        found = LISTENING.search(self.said)
        assert found is not None
        return found[1]

    def children(self) -> dict[int, str]:
        """Its child processes, by id, with their duties."""
        return {pid: duty for pid, duty in children_of(self.process.pid).items() if duty}

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code, once it has ended."""
        self.process.send_signal(how)
        code = self.process.wait(60)
        self._reader.join(60)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


def children_of(pid: int) -> dict[int, str]:
    """Processes that one has started, by id: the duty of a child of `serve`, else nothing."""
    found: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                duty = words[-3].decode() if len(words) > 3 else ""
                found[int(folder.name)] = duty if duty in ("desk", "housekeeping") else ""
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet asked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def serving(home: Path, *options: str, command: tuple[str, ...] = ("-m", "partwatch")) -> Iterator[Serving]:
    """One that is killed in the end, if it has not ended by then."""
    one = Serving(home, *options, command=command)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def handed_in(address: str, content: bytes, key: str, name: str = "a.stl") -> httpx.Response:
    """A file handed in over HTTP."""
    return httpx.post(
        f"{address}/v1/submissions", files={"files": (name, content)}, headers={"Idempotency-Key": key},
        timeout=60,
    )  # fmt: skip


def killed(pid: int) -> None:
    """SIGKILL, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
