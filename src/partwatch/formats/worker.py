"""A pool of warm worker processes: hostile bytes are read there, never here.

Each worker is a fresh interpreter that imports and sets up once, then runs named tasks one after the
other under limits that the kernel enforces. A task that crashes, hangs or eats its memory costs its own
result and one worker, which is replaced. The protocol is described in `partwatch.formats.worker_child`.

::

    with WorkerPool(jobs=2, limits=Limits(timeout_s=60), setup="package.module:setup") as pool:
        for task, outcome in pool.run(tasks):       # in order of completion
            ...                                     # pool.submit(more) is allowed here

A pool belongs to the thread that opened it: on Linux a worker dies with the thread that started it.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from partwatch.formats.worker_child import FAILED, PAYLOAD, READY, SETUP_FAILED, STARTED
from partwatch.formats.worker_process import BrokenProtocolError, HangUpError, WorkerProcess
from partwatch.model.errors import WorkerSetupError

T = TypeVar("T")

# Three in a row that die before they are ready: not an accident but the set-up itself.
_MAX_FAILED_STARTS = 3
_MAX_DISPATCHES = 3
_CPU_SLACK_S = 5


@dataclass(frozen=True)
class Limits:
    """What one task may use, and one worker.

    memory_mb bounds the address space of a worker, libraries included; file_bytes each file that it
    writes (native readers work through temporary files); setup_timeout_s the time to start and set up;
    cpu_s a task's processor time over all threads, by default timeout_s and a little: the kernel ends the
    worker even where nobody watches the clock.
    """

    timeout_s: float = 60
    memory_mb: int = 4096
    output_bytes: int = 256 << 20
    file_bytes: int = 2 << 30
    setup_timeout_s: float = 300
    cpu_s: float | None = None


class FailureKind(StrEnum):
    """Why there is no result."""

    CRASHED = "crashed"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    UNREADABLE = "unreadable"
    ERROR = "error"


@dataclass(frozen=True)
class Failure:
    """A task without a result.

    code: for `unreadable` the error's own code, for `error` the exception's name, else empty.
    """

    kind: FailureKind
    message: str
    code: str = ""


Outcome = bytes | Failure


@dataclass(frozen=True, eq=False)
class Task(Generic[T]):
    """A function named "package.module:name", its JSON-able arguments, and the caller's own tag."""

    function: str
    args: Mapping[str, Any]
    tag: T


@dataclass(eq=False)
class _Job(Generic[T]):
    task: Task[T]
    dispatches: int = 0
    retried: bool = False


@dataclass(eq=False)
class _Worker(Generic[T]):
    """A process and what it is doing: starting until `ready`, then idle while it has no job."""

    process: WorkerProcess
    deadline: float
    ready: bool = False
    job: _Job[T] | None = None
    started: bool = False
    served: int = 0


@dataclass(eq=False)
class WorkerPool(Generic[T]):
    """At most `jobs` workers; `submit` tasks, take outcomes from `next_outcome`, or do both by `run`.

    setup: "package.module:name", called once in each worker with `setup_args`. If it fails, or workers
    keep dying before they are ready, `next_outcome` raises WorkerSetupError.
    """

    jobs: int = 1
    limits: Limits = Limits()
    setup: str | None = None
    setup_args: Mapping[str, Any] = field(default_factory=dict)
    _queue: deque[_Job[T]] = field(default_factory=deque, init=False)
    _done: deque[tuple[Task[T], Outcome]] = field(default_factory=deque, init=False)
    _workers: list[_Worker[T]] = field(default_factory=list, init=False)
    _failed_starts: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        self._selector = selectors.DefaultSelector()
        self._folder = Path(tempfile.mkdtemp(prefix="partwatch-"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill every worker and remove what they left; they keep nothing worth saving."""
        for worker in self._workers:
            worker.process.kill()
        while self._workers:
            self._discard(self._workers[-1])
        self._selector.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pending(self) -> int:
        """Tasks submitted whose outcome has not been taken yet."""
        busy = sum(worker.job is not None for worker in self._workers)
        return len(self._queue) + busy + len(self._done)

    def submit(self, task: Task[T], *, urgent: bool = False) -> None:
        """Queue a task; an urgent one goes before all that wait."""
        (self._queue.appendleft if urgent else self._queue.append)(_Job(task))
        self._assign()

    def run(self, tasks: Iterable[Task[T]]) -> Iterator[tuple[Task[T], Outcome]]:
        """Outcomes in order of completion; takes from `tasks` only what will soon be run."""
        source = iter(tasks)
        exhausted = False
        while True:
            while not exhausted and self.pending < 2 * self.jobs:
                task = next(source, None)
                if task is None:
                    exhausted = True
                else:
                    self.submit(task)
            # Looked at after every outcome: the caller may have submitted more meanwhile.
            if not self.pending:
                return
            yield self.next_outcome()

    def next_outcome(self) -> tuple[Task[T], Outcome]:
        """Wait for any task to end; raises LookupError when nothing is pending."""
        while (found := self.outcome_within(None)) is None:
            pass
        return found

    def outcome_within(self, wait_s: float | None) -> tuple[Task[T], Outcome] | None:
        """As `next_outcome`, but None where none has ended after that time."""
        until = None if wait_s is None else time.monotonic() + wait_s
        while not self._done:
            if not self.pending:
                raise LookupError("no task is pending")
            self._assign()
            self._poll(until)
            if until is not None and not self._done and time.monotonic() >= until:
                return None
        self._assign()
        return self._done.popleft()

    def _assign(self) -> None:
        for worker in [worker for worker in self._workers if worker.ready and worker.job is None]:
            if self._queue:
                self._give(worker, self._queue.popleft())
        starting = sum(not worker.ready and worker.job is None for worker in self._workers)
        for _ in range(min(len(self._queue) - starting, self.jobs - len(self._workers))):
            self._start()

    def _start(self, reserved_for: _Job[T] | None = None) -> None:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        start = {
            "setup": self.setup,
            "setup_args": dict(self.setup_args),
            "memory_mb": self.limits.memory_mb,
            "file_bytes": self.limits.file_bytes,
            "output_bytes": self.limits.output_bytes,
            "cpu_s": self._cpu_s,
        }
        process = WorkerProcess(folder, start, self.limits.output_bytes)
        worker = _Worker[T](process, time.monotonic() + self.limits.setup_timeout_s, job=reserved_for)
        self._workers.append(worker)
        self._selector.register(process, selectors.EVENT_READ, worker)
        self._watch(worker)

    @property
    def _cpu_s(self) -> float:
        return self.limits.timeout_s + _CPU_SLACK_S if self.limits.cpu_s is None else self.limits.cpu_s

    def _give(self, worker: _Worker[T], job: _Job[T]) -> None:
        worker.job, worker.started = job, False
        job.dispatches += 1
        worker.deadline = time.monotonic() + self.limits.timeout_s
        worker.process.send_task(job.task.function, job.task.args)
        self._watch(worker)

    def _watch(self, worker: _Worker[T]) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.process.unsent else 0)
        self._selector.modify(worker.process, events, worker)

    def _poll(self, until: float | None = None) -> None:
        """Wait for one round of news or the nearest deadline, no longer than `until`."""
        now = time.monotonic()
        deadlines = [worker.deadline for worker in self._workers if not self._is_idle(worker)]
        deadlines += [] if until is None else [until]
        for key, _ in self._selector.select(max(0.0, min(deadlines) - now) if deadlines else None):
            self._listen(key.data)
        # What had arrived has been read: a reply that waited for us is never taken for a timeout.
        now = time.monotonic()
        for worker in list(self._workers):
            if now >= worker.deadline and not self._is_idle(worker):
                self._expire(worker)

    @staticmethod
    def _is_idle(worker: _Worker[T]) -> bool:
        return worker.ready and worker.job is None

    def _listen(self, worker: _Worker[T]) -> None:
        try:
            worker.process.flush()
            for tag, body in worker.process.frames():
                self._hear(worker, tag, body)
                if worker not in self._workers:
                    return
            if worker.process.is_sending and worker.started:
                worker.deadline = worker.process.sending_since + self.limits.timeout_s
            self._watch(worker)
        except HangUpError:
            self._bury(worker)
        except BrokenProtocolError as error:
            kind = FailureKind.OUTPUT if error.too_long else FailureKind.CRASHED
            self._fail(worker, Failure(kind, str(error)))

    def _hear(self, worker: _Worker[T], tag: bytes, body: bytes) -> None:
        """One frame of a worker, if it is one that it may send now."""
        job = worker.job
        if tag == READY and not worker.ready:
            worker.ready, worker.job, self._failed_starts = True, None, 0
            if job is not None:
                self._give(worker, job)
        elif tag == SETUP_FAILED and not worker.ready:
            raise self._setup_error(_read_failure(body))
        elif tag == STARTED and worker.ready and job is not None and not worker.started:
            worker.started = True
        elif tag == PAYLOAD and worker.started and job is not None:
            self._finish(worker, job, body)
        elif tag == FAILED and worker.started and job is not None:
            self._hear_failure(worker, job, _read_failure(body))
        else:
            raise BrokenProtocolError(f"the worker sent {tag!r} out of turn")

    def _setup_error(self, failure: Failure) -> WorkerSetupError:
        if failure.kind is FailureKind.MEMORY:
            return WorkerSetupError(
                f"a worker needs more than {self.limits.memory_mb} MB to start; allow more"
            )
        return WorkerSetupError(failure.message)

    def _hear_failure(self, worker: _Worker[T], job: _Job[T], failure: Failure) -> None:
        if failure.kind is not FailureKind.MEMORY:
            self._finish(worker, job, failure)
            return
        # What earlier tasks left behind must not decide this one: once more, in a fresh worker.
        again = worker.served > 0 and not job.retried
        self._discard(worker)
        if again:
            job.retried = True
            self._start(reserved_for=job)
        else:
            limit = f"needs more memory than the limit of {self.limits.memory_mb} MB"
            self._done.append((job.task, Failure(FailureKind.MEMORY, limit)))

    def _finish(self, worker: _Worker[T], job: _Job[T], outcome: Outcome) -> None:
        worker.job, worker.started = None, False
        worker.served += 1
        self._done.append((job.task, outcome))

    def _expire(self, worker: _Worker[T]) -> None:
        if not worker.ready:
            raise WorkerSetupError(f"a worker was not ready after {self.limits.setup_timeout_s:g} s")
        self._fail(worker, Failure(FailureKind.TIMEOUT, f"not done after {self.limits.timeout_s:g} s"))

    def _bury(self, worker: _Worker[T]) -> None:
        """A worker has died: charge its task, if it had taken one up, or give that to another."""
        how = worker.process.describe_death()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise WorkerSetupError(f"workers die before they are ready: {how}{worker.process.log()}")
        job = worker.job
        if job is not None and not worker.started and job.dispatches < _MAX_DISPATCHES:
            self._discard(worker)
            self._queue.appendleft(job)
        elif worker.process.used_up_cpu:
            self._fail(
                worker, Failure(FailureKind.TIMEOUT, f"not done after {self._cpu_s:g} s of processor time")
            )
        else:
            self._fail(worker, Failure(FailureKind.CRASHED, how))

    def _fail(self, worker: _Worker[T], failure: Failure) -> None:
        job = worker.job
        self._discard(worker)
        if job is not None:
            self._done.append((job.task, failure))

    def _discard(self, worker: _Worker[T]) -> None:
        self._workers.remove(worker)
        # Not registered yet if ^C came in the middle of its start.
        with suppress(KeyError):
            self._selector.unregister(worker.process)
        worker.process.close()


def _read_failure(body: bytes) -> Failure:
    try:
        said = json.loads(body)
        return Failure(FailureKind(said["kind"]), str(said["message"]), str(said["code"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenProtocolError("the worker sent a failure that cannot be read") from error


def default_jobs() -> int:
    """As many workers as this process may use processors."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
