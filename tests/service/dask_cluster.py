"""A Dask scheduler and its workers as processes of their own, on this machine, for tests that kill them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
WAIT_S = 60.0
_QUIET = "import logging.config, sys; from distributed.cli.{name} import main; main()"


def until(is_so: Callable[[], bool], what: str) -> None:
    """Wait for it."""
    end = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < end, f"never so: {what}"
        time.sleep(0.02)


class ClusterProcesses:
    """address: of the scheduler. workers: the processes by their order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show",
            "--scheduler-file", str(self._file),
        )  # fmt: skip
        until(lambda: self._file.exists() and self._file.read_text().endswith("}"), "the scheduler is up")
        self.address = str(json.loads(self._file.read_text())["address"])

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([*filter(None, sys.path), str(TESTS / "screening")])
        log = self.folder / f"{name}-{len(self.workers)}.log"
        with log.open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-c", _QUIET.format(name=name), *arguments],
                stdout=out, stderr=out, env=os.environ | {"PYTHONPATH": path}, cwd=self.folder,
            )  # fmt: skip

    def add_worker(self) -> None:
        """One more, of one thread, as the reference says to start it."""
        folder = self.folder / f"worker-{len(self.workers)}"
        started = self._start(
            "dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--host", "127.0.0.1", "--local-directory", str(folder),
            "--preload", "partwatch.service.desk.dask_preload",
        )  # fmt: skip
        self.workers.append(started)

    def is_busy(self, number: int) -> bool:
        """Whether a worker has a child."""
        pid = self.workers[number].pid
        return any(
            task.read_text().strip() for task in Path(f"/proc/{pid}/task").glob("*/children") if task.exists()
        )

    def kill(self, number: int) -> None:
        """As the kernel does, in the middle of anything."""
        self.workers[number].send_signal(signal.SIGKILL)
        self.workers[number].wait()

    def end(self) -> None:
        """All of it."""
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[ClusterProcesses]:
    """A scheduler with so many workers on their way."""
    folder.mkdir(parents=True, exist_ok=True)
    made = ClusterProcesses(folder)
    try:
        for _ in range(workers):
            made.add_worker()
        yield made
    finally:
        made.end()
