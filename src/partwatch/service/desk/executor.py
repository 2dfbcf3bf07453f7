"""Where a desk's tasks are done: by this machine's own workers, or by whatever else keeps this protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from partwatch.formats.worker import Limits, Outcome, Task, WorkerPool, default_jobs
from partwatch.screening.expansion import Node
from partwatch.screening.job import SETUP
from partwatch.service.settings import Screening


class Executor(Protocol):
    """Does tasks in processes with limits; what `formats.worker.WorkerPool` does on one machine.

    It belongs to the thread that made it. A task that kills its worker is a Failure, and costs nothing else.
    """

    @property
    def jobs(self) -> int:
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


def executor_of(screening: Screening, setup_args: Mapping[str, Any]) -> Executor:
    """What the settings have chosen, at work. Raises WorkerSetupError where a scheduler cannot be reached."""
    if not screening.scheduler:
        return pool_of(screening, setup_args).__enter__()
    from partwatch.service.desk.dask import DaskExecutor

    return DaskExecutor(screening, setup_args)


def pool_of(screening: Screening, setup_args: Mapping[str, Any]) -> WorkerPool[Node]:
    """This machine's own workers, as the settings have them; not opened yet."""
    limits = Limits(timeout_s=screening.timeout_s, memory_mb=screening.memory_mb)
    return WorkerPool(
        jobs=screening.jobs or default_jobs(), limits=limits, setup=SETUP, setup_args=setup_args
    )
