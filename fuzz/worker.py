"""Reading in a worker process, for what native code reads; the tasks that run inside of it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from fuzz.promises import Opening, digest, open_container, read_file, require
from partwatch.formats import FORMATS, Reading
from partwatch.formats.containers import CONTAINERS
from partwatch.formats.worker import Failure, FailureKind, Limits, Task, WorkerPool

# The kernel hangs on some input: that is what the limit is for.
LIMITS = Limits(timeout_s=3, memory_mb=2048)
REFUSALS = {FailureKind.UNREADABLE, FailureKind.TIMEOUT, FailureKind.CRASHED, FailureKind.MEMORY}


@cache
def _pool() -> tuple[WorkerPool[None], Path]:
    pool = WorkerPool[None](1, LIMITS, "fuzz.worker:warm")
    # Open until this process ends, and its worker with it.
    pool.__enter__()
    return pool, Path(tempfile.mkdtemp(prefix="partwatch-fuzz-")) / "input"


def read_in_worker(data: bytes) -> bytes | Failure:
    """What the worker made of it; any end but a fault of our own code is a refusal."""
    pool, path = _pool()
    path.write_bytes(data)
    pool.submit(Task("fuzz.worker:read", {"path": str(path)}, None))
    _, outcome = pool.next_outcome()
    if isinstance(outcome, Failure):
        require(outcome.kind in REFUSALS, f"the worker ends in {outcome.kind}: {outcome.message}")
    return outcome


def warm() -> None:
    """Load the kernel before the first task's clock runs."""
    for known in FORMATS:
        if known.name == "step":
            read_file(next(iter(known.examples().values())))


def read(path: str) -> bytes:
    """The digest of one reading, its promises checked."""
    return digest(read_file(Path(path).read_bytes())).encode()


def replay(kind: str, path: str) -> bytes:
    """`complete` or `incomplete`: what a format or a container makes of a file, its promises checked."""
    data = Path(path).read_bytes()
    known = next((known for known in CONTAINERS if known.name == kind), None)
    if known is not None:
        opening = open_container(known, data)
        whole = isinstance(opening, Opening) and opening.whole
    else:
        reading = read_file(data)
        whole = isinstance(reading, Reading) and not reading.unread
    return b"complete" if whole else b"incomplete"
