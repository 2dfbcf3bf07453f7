"""One worker process as its parent sees it: starting it, bytes to and fro, and its end.

Nothing here waits: the socket is non-blocking, so that no child can hold up its parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from partwatch.formats.worker_child import (
    FAILED,
    HEAD,
    INIT,
    MAX_FAILURE_BYTES,
    PAYLOAD,
    READY,
    SETUP_FAILED,
    STARTED,
    TASK,
)

# The path is handed over as it is here; -P keeps the current folder, which may be a hostile one, off it.
_BOOTSTRAP = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from partwatch.formats.worker_child import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)
_ENVIRONMENT = {
    # One thread a worker: the pool is what runs in parallel.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    # Same input, same bytes out.
    "PYTHONHASHSEED": "0",
}
_CHUNK_BYTES = 1 << 20
_LOG_TAIL_BYTES = 2000
_REAP_S = 10


class HangUpError(Exception):
    """The worker closed its end: it is dead or dying."""


class BrokenProtocolError(Exception):
    """The worker sent what it may not; `too_long` if that was a longer result than allowed."""

    def __init__(self, message: str, *, too_long: bool = False) -> None:
        self.too_long = too_long
        super().__init__(message)


class WorkerProcess:
    """A running worker; `folder` is its own place for temporary files and goes with it."""

    def __init__(self, folder: Path, start: Mapping[str, Any], output_bytes: int) -> None:
        self._folder = folder
        self._log = folder / "start.log"
        self._max_body = {
            READY: 0,
            STARTED: 0,
            SETUP_FAILED: MAX_FAILURE_BYTES,
            FAILED: MAX_FAILURE_BYTES,
            PAYLOAD: output_bytes,
        }
        self._received = bytearray()
        self.unsent = bytearray()
        self.is_sending = False
        self.sending_since = 0.0
        self._channel, theirs = socket.socketpair()
        self._channel.setblocking(False)
        with theirs, self._log.open("wb") as log:
            self._process = self._spawn(theirs.fileno(), log.fileno())
        self._send(INIT, start)

    def _spawn(self, channel_fd: int, log_fd: int) -> subprocess.Popen[bytes]:
        path = [str(Path(entry).absolute()) for entry in sys.path if entry]
        command = [sys.executable, "-P", "-c", _BOOTSTRAP]
        return subprocess.Popen(
            [*command, json.dumps(path), str(channel_fd), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=log_fd,
            stderr=log_fd,
            pass_fds=[channel_fd],
            # A group of its own: a terminal's ^C is the parent's, and a kill takes grandchildren along.
            start_new_session=True,
            env=os.environ | _ENVIRONMENT | {"TMPDIR": str(self._folder)},
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def fileno(self) -> int:
        """The socket, for a selector."""
        return self._channel.fileno()

    def send_task(self, function: str, args: Mapping[str, Any]) -> None:
        """Hand over a task, as far as the socket takes it now; `flush` sends the rest.

        That the worker has died meanwhile is noticed where its socket is read.
        """
        self._send(TASK, {"function": function, "args": dict(args)})

    def _send(self, tag: bytes, message: Mapping[str, Any]) -> None:
        body = json.dumps(message).encode()
        self.unsent += HEAD.pack(tag, len(body)) + body
        self.flush()

    def flush(self) -> None:
        """Send what is left, as far as the socket takes it."""
        try:
            while self.unsent:
                del self.unsent[: self._channel.send(self.unsent)]
        except BlockingIOError:
            return
        except OSError:
            # Nobody reads any more; what it said before it died is still to be read.
            self.unsent.clear()

    def frames(self) -> Iterator[tuple[bytes, bytes]]:
        """Every frame that has arrived; raises HangUpError after the last of a dead worker."""
        while True:
            try:
                chunk = self._channel.recv(_CHUNK_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                raise HangUpError from error
            if not chunk:
                raise HangUpError
            self._received += chunk
            while (frame := self._cut_frame()) is not None:
                yield frame

    def _cut_frame(self) -> tuple[bytes, bytes] | None:
        if len(self._received) < HEAD.size:
            return None
        tag, length = HEAD.unpack_from(self._received)
        if length > self._max_body.get(tag, -1):
            raise BrokenProtocolError(
                f"a result of {length:,} bytes is more than the limit of {self._max_body[PAYLOAD]:,}"
                if tag == PAYLOAD
                else f"the worker sent {tag!r} with {length} bytes",
                too_long=tag == PAYLOAD,
            )
        if not self.is_sending:
            self.is_sending, self.sending_since = True, time.monotonic()
        end = HEAD.size + length
        if len(self._received) < end:
            return None
        with memoryview(self._received) as view:
            body = bytes(view[HEAD.size : end])
        del self._received[:end]
        self.is_sending = False
        return tag, body

    def kill(self) -> None:
        """SIGKILL to the worker and whatever it started."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill, reap, and remove its folder."""
        self.kill()
        self._channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def describe_death(self) -> str:
        """How a worker that hung up ended, in words."""
        # One that ends by itself has its status already; one that only hung up is ended here.
        self.kill()
        try:
            status = self._process.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            return "the worker hung up and cannot be ended"
        if status >= 0:
            return f"the worker ended with exit status {status}"
        if -status == signal.SIGKILL:
            return "the worker was killed (SIGKILL), perhaps by the system for want of memory"
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"the worker died of {name}"

    @property
    def used_up_cpu(self) -> bool:
        """Whether the kernel ended it for its processor time; asked once it is dead."""
        return self._process.returncode == -signal.SIGXCPU

    def log(self) -> str:
        """The end of what the worker wrote before it was ready, led by a line break, or nothing."""
        with contextlib.suppress(OSError), self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - _LOG_TAIL_BYTES))
            text = log.read().decode("utf-8", "replace").strip()
            return f"\n{text}" if text else ""
        return ""
