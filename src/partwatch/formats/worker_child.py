"""The inside of a worker process: what `partwatch.formats.worker` starts.

Kept free of heavy imports: whatever the tasks need is imported by the setup function, once.

The protocol
------------
One socket between parent and child carries frames: a head of one tag byte and a length of eight bytes
(little-endian), then that many bytes. JSON frames are UTF-8 text with everything but ASCII escaped.

======  ===============  ======================================================================
tag     way              content
======  ===============  ======================================================================
``I``   parent to child  JSON, once: the limits, `setup` and `setup_args`
``T``   parent to child  JSON: `function` ("package.module:name") and `args`
``R``   child to parent  empty: setup is done, tasks may come
``X``   child to parent  JSON: setup failed (`kind`, `code`, `message`); the child then ends
``S``   child to parent  empty: the task was taken up; before this, nothing of it was touched
``P``   child to parent  the task's result, bytes as the function returned them
``F``   child to parent  JSON: the task failed (`kind`, `code`, `message`)
======  ===============  ======================================================================

The parent believes nothing of this: it bounds every length, checks every tag and never unpickles.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import math
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

from partwatch.model.errors import PartwatchError, UnreadableError

HEAD = struct.Struct("<cQ")
INIT, TASK = b"I", b"T"
READY, SETUP_FAILED, STARTED, PAYLOAD, FAILED = b"R", b"X", b"S", b"P", b"F"

# A failure is a kind, a code and a sentence; no honest child needs more room for it.
MAX_FAILURE_BYTES = 64 << 10
_MAX_MESSAGE_CHARS = 4000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_MOST_OPEN_FILES = 256


def main(channel_fd: int, parent_pid: int) -> None:
    """Serve tasks from the socket until the parent hangs up."""
    die_with_parent(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=channel_fd) as channel:
        start = _receive(channel)
        if start is None:
            return
        _limit_resources(start)
        try:
            if start["setup"]:
                resolve(start["setup"])(**start["setup_args"])
        except Exception as error:
            _send(channel, SETUP_FAILED, _failure(error))
            return
        # Whatever setup made stays: the collector need not walk over it after every task.
        gc.collect()
        gc.freeze()
        _silence()
        _send(channel, READY, b"")
        while (task := _receive(channel)) is not None:
            _serve(channel, task, start["output_bytes"], start["cpu_s"])
            del task
            gc.collect()


def _silence() -> None:
    """From here on, what native libraries print goes nowhere; the parent kept what came before."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def resolve(dotted: str) -> Callable[..., Any]:
    """The function that "package.module:name" names."""
    module, _, name = dotted.partition(":")
    function = getattr(importlib.import_module(module), name)
    if not callable(function):
        raise TypeError(f"{dotted} is not a function")
    return function  # type: ignore[no-any-return]  # getattr knows no type; callable() has checked it


def _serve(channel: socket.socket, task: dict[str, Any], output_bytes: int, cpu_s: float) -> None:
    _send(channel, STARTED, b"")
    _limit_cpu(cpu_s)
    tag, body = _run(task, output_bytes)
    _send(channel, tag, body)


def _run(task: dict[str, Any], output_bytes: int) -> tuple[bytes, bytes]:
    try:
        payload = resolve(task["function"])(**task["args"])
        if not isinstance(payload, bytes):
            raise TypeError(f"{task['function']} returned {type(payload).__name__}, not bytes")
        if len(payload) > output_bytes:
            said = f"a result of {len(payload):,} bytes is more than the limit of {output_bytes:,}"
            return FAILED, _encode("output", "", said)
    except BaseException as error:
        return FAILED, _failure(error)
    return PAYLOAD, payload


def _failure(error: BaseException) -> bytes:
    # The frames below hold the arrays that filled the memory: let go, or there is no room to say so.
    error.__traceback__ = error.__context__ = None
    if isinstance(error, UnreadableError):
        return _encode("unreadable", error.code, str(error))
    if isinstance(error, MemoryError):
        return _encode("memory", "", str(error))
    if isinstance(error, PartwatchError):
        return _encode("error", type(error).__name__, str(error))
    return _encode("error", type(error).__name__, f"{type(error).__name__}: {error}")


def _encode(kind: str, code: str, message: str) -> bytes:
    return json.dumps({"kind": kind, "code": code, "message": message[:_MAX_MESSAGE_CHARS]}).encode()


def _limit_resources(start: dict[str, Any]) -> None:
    _keep_privileges()
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _MOST_OPEN_FILES)
    _lower(resource.RLIMIT_FSIZE, start["file_bytes"])
    _lower(resource.RLIMIT_AS, start["memory_mb"] << 20)


def _keep_privileges() -> None:
    """Whatever a reader that was taken over starts, it gains no privilege by it, for good."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _limit_cpu(cpu_s: float) -> None:
    """So much processor time from now on; the parent's clock comes first, unless it stands still."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + cpu_s)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    # macOS refuses RLIMIT_AS; the other limits and the deadline still hold there.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(which, (value, value))


def die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to kill this process with its parent, even while native code is busy."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def _send(channel: socket.socket, tag: bytes, body: bytes) -> None:
    head = HEAD.pack(tag, len(body))
    if len(body) < 1 << 16:
        channel.sendall(head + body)
        return
    channel.sendall(head)
    channel.sendall(body)


def _receive(channel: socket.socket) -> dict[str, Any] | None:
    """The next frame's JSON, or None once the parent has hung up."""
    head = _receive_exactly(channel, HEAD.size)
    if head is None:
        return None
    body = _receive_exactly(channel, HEAD.unpack(head)[1])
    return None if body is None else dict(json.loads(body))


def _receive_exactly(channel: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = channel.recv(count - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)
