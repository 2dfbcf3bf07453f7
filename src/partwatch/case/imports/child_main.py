"""The inside of a reading process: what `partwatch.case.imports.child` starts.

It gets its task as JSON on stdin and answers in frames: a tag of one byte, a length of four (little-endian),
and that many bytes of JSON in ASCII.

======  =========================================================================================
tag     content
======  =========================================================================================
``B``   a list: statements as lists of eight, errors as lists of three, notes as lists of four
``E``   nothing: all is said
``F``   why it cannot be read: `kind` (usage, memory, error), `message`, `problems` of a mapping
======  =========================================================================================
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from partwatch.case.imports.base import Limits, Note, Reading, RowError, Told

HEAD: Final = struct.Struct("<cI")
BATCH, END, FAILED = b"B", b"E", b"F"
MOST_FRAME_BYTES: Final = 256 << 20
_ROWS, _CHARS = 2000, 1 << 20
_MOST_OPEN_FILES = 256
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


def main(pipe_fd: int, parent_pid: int) -> None:
    """Read one source and send what it says."""
    task = json.loads(sys.stdin.buffer.read())
    _confine(task["child"], parent_pid)
    with os.fdopen(pipe_fd, "wb") as pipe:
        try:
            for batch in _batches(_told(task)):
                _send(pipe, BATCH, json.dumps(batch).encode())
            _send(pipe, END, b"")
        except BrokenPipeError:
            os._exit(1)
        except BaseException as error:
            # The frames below hold what filled the memory: let go, or there is no room to say so.
            error.__traceback__ = error.__context__ = None
            _send(pipe, FAILED, json.dumps(_failure(error)).encode())


def _told(task: dict[str, Any]) -> Iterator[Told]:
    from partwatch.case.imports.mapping import parse_mapping
    from partwatch.case.imports.registry import importer_named

    mapping = task["mapping"]
    reading = Reading(
        Path(os.fsdecode(bytes.fromhex(task["path"]))),
        task["sha256"],
        task["region"],
        parse_mapping(*mapping) if isinstance(mapping, list) else mapping,
        Limits(**task["limits"]),
    )
    return importer_named(task["importer"]).read(reading)


def _batches(told: Iterator[Told]) -> Iterator[list[list[Any]]]:
    batch: list[list[Any]] = []
    chars = 0
    for one in told:
        row = _row(one)
        batch.append(row)
        chars += sum(len(part) for part in row if isinstance(part, str))
        if len(batch) >= _ROWS or chars >= _CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _row(one: Told) -> list[Any]:
    if isinstance(one, Note):
        return [one.place, one.problem, one.mend, True]
    if isinstance(one, RowError):
        return [one.place, one.problem, one.mend]
    return [one.entity, one.schema, one.prop, one.value, one.place, one.original, one.said_at, one.bits]


def _failure(error: BaseException) -> dict[str, Any]:
    from partwatch.model.errors import PartwatchError

    # SystemError: what comes of a library in C that gets no memory and does not say so.
    if isinstance(error, (MemoryError, SystemError)):
        return {"kind": "memory", "message": ""}
    told = str(error)[:10_000]
    if isinstance(error, PartwatchError):
        problems = getattr(error, "problems", None)
        return {"kind": "usage", "message": told, "problems": list(problems)[:1000] if problems else None}
    return {"kind": "error", "message": f"{type(error).__name__}: {told[:300]}"}


def _send(pipe: Any, tag: bytes, body: bytes) -> None:
    pipe.write(HEAD.pack(tag, len(body)) + body)
    pipe.flush()


def _confine(limits: dict[str, Any], parent_pid: int) -> None:
    """Limits that the kernel holds; no new privileges; not a moment longer than the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        kernel = ctypes.CDLL(None)
        kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)
    for which, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _MOST_OPEN_FILES),
        (resource.RLIMIT_FSIZE, int(limits["file_bytes"])),
        (resource.RLIMIT_AS, int(limits["memory_mb"]) << 20),
    ):
        # macOS refuses RLIMIT_AS; the others hold there.
        with contextlib.suppress(ValueError, OSError):
            _, hard = resource.getrlimit(which)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(which, (value, value))
