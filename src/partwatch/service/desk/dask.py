"""The executor that has a desk's tasks done by Dask's workers, on this machine and others.

See docs/reference/dask.md for how they are started, and decision 0046 for what is trusted.
"""

from __future__ import annotations

import queue
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partwatch.formats.worker import Limits, Outcome, Task
from partwatch.screening.expansion import Node
from partwatch.screening.job import SETUP
from partwatch.service.desk.cluster import Cluster, SchedulerLostError
from partwatch.service.desk.dask_wire import Terms
from partwatch.service.desk.kit import make_kit
from partwatch.service.extras import DASK
from partwatch.service.settings import Screening


class DaskExecutor:
    """An `Executor` over a Dask scheduler.

    A worker that dies costs nothing: its task is given to another, and after too many is a Failure as a crash
    is. Where the scheduler is lost the next call raises SchedulerLostError; where no worker can do any task,
    WorkerSetupError.
    """

    def __init__(self, screening: Screening, setup_args: Mapping[str, Any]) -> None:
        """Connect. setup_args: of `screening.job.setup`; the list they name is held open by the caller."""
        DASK.module("distributed", "screening.scheduler")
        limits = Limits(timeout_s=screening.timeout_s, memory_mb=screening.memory_mb)
        self._scratch = tempfile.TemporaryDirectory(prefix="partwatch-kit-")
        self._pending = self._urgent = 0
        self._closed = False
        try:
            home = Path(setup_args["home"])
            kit = make_kit(home, setup_args["snapshot_key"], Path(self._scratch.name))
            terms = Terms(kit.blobs, SETUP, setup_args, limits)
            self._cluster = Cluster(screening.scheduler, security_of(screening), terms, kit)
            self._cluster.start()
        except BaseException:
            self._scratch.cleanup()
            raise

    @property
    def jobs(self) -> int:
        """The threads of all workers that are there; while there is none it is 0, and nothing is claimed."""
        return self._cluster.threads()

    @property
    def pending(self) -> int:
        """Tasks submitted whose outcome has not been taken yet."""
        return self._pending

    def submit(self, task: Task[Node], *, urgent: bool = False) -> None:
        """As `Executor.submit`."""
        self._urgent += urgent
        self._pending += 1
        self._cluster.begin(task, self._urgent if urgent else 0)

    def outcome_within(self, wait_s: float | None) -> tuple[Task[Node], Outcome] | None:
        """As `Executor.outcome_within`."""
        if not self._pending:
            raise LookupError("no task is pending")
        try:
            ended = self._cluster.ended.get(timeout=wait_s)
        except queue.Empty:
            return None
        if isinstance(ended, BaseException):
            raise ended
        self._pending -= 1
        return ended

    def close(self) -> None:
        """As `Executor.close`."""
        if not self._closed:
            self._closed = True
            self._cluster.stop()
            self._scratch.cleanup()


def security_of(screening: Screening) -> Any:
    """The certificates of a tls:// scheduler; None for tcp://."""
    if not screening.scheduler.startswith("tls://"):
        return None
    return DASK.module("distributed.security", "screening.scheduler").Security(
        tls_ca_file=screening.scheduler_ca,
        tls_client_cert=screening.scheduler_certificate,
        tls_client_key=screening.scheduler_key,
        require_encryption=True,
    )


__all__ = ["DaskExecutor", "SchedulerLostError", "security_of"]
