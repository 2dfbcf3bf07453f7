"""Where a desk's tasks are done: by this machine's own workers, or by whatever else keeps this protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from partwatch.formats.worker import Limits, Outcome, Task, WorkerPool, default_jobs
from partwatch.screening.expansion import Node
from partwatch.service.settings import Screening


class Executor(Protocol):
    """Does tasks in processes with limits; what `formats.worker.WorkerPool` does on one machine.

    It belongs to the thread that made it. A task that kills its worker is a Failure, and costs nothing else.
    """

    @property
    def capacity(self) -> int:
        """How many tasks are done at once."""
        ...

    @property
    def pending(self) -> int:
        """Tasks submitted whose outcome has not been taken yet."""
        ...

    def submit(self, task: Task[Node], *, urgent: bool = False) -> None:
        """Queue a task; an urgent one goes before all that wait."""
        ...

    def outcome_within(self, wait_s: float | None) -> tuple[Task[Node], Outcome] | None:
        """Any task that has ended, or None after that time; LookupError where none is pending."""
        ...

    def close(self) -> None:
        """End all of it; what was not taken is lost."""
        ...


@dataclass(eq=False)
class LocalExecutor:
    """This machine's own workers."""

    pool: WorkerPool[Node]

    @property
    def capacity(self) -> int:
        """As Executor."""
        return self.pool.jobs

    @property
    def pending(self) -> int:
        """As Executor."""
        return self.pool.pending

    def submit(self, task: Task[Node], *, urgent: bool = False) -> None:
        """As Executor."""
        self.pool.submit(task, urgent=urgent)

    def outcome_within(self, wait_s: float | None) -> tuple[Task[Node], Outcome] | None:
        """As Executor."""
        return self.pool.outcome_within(wait_s)

    def close(self) -> None:
        """As Executor."""
        self.pool.close()


def executor_of(screening: Screening, setup: str, setup_args: Mapping[str, Any]) -> Executor:
    """The executor that the settings ask for."""
    limits = Limits(timeout_s=screening.timeout_s, memory_mb=screening.memory_mb)
    pool = WorkerPool[Node](
        jobs=screening.jobs or default_jobs(), limits=limits, setup=setup, setup_args=setup_args
    )
    return LocalExecutor(pool.__enter__())
