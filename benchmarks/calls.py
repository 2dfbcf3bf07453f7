"""The program as users call it: a pool of workers under `screen`'s driver, or a fresh process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from partwatch.formats.worker import Limits, WorkerPool
from partwatch.model.document import Item
from partwatch.screening import job
from partwatch.screening.driver import Driver
from partwatch.screening.expansion import Node
from partwatch.screening.walk import Source, shown
from partwatch.watchlist.snapshot import Snapshot
from partwatch.watchlist.store import Watchlist


class Warm:
    """Workers that have a list open, and stay warm between calls."""

    def __init__(self, pool: WorkerPool[Node]) -> None:
        self._driver = Driver(pool)

    def screen(self, paths: Sequence[Path]) -> list[Item]:
        """The items of these files, as `screen` would write them."""
        return list(self._driver.screen(Source(str(path), shown(str(path))) for path in paths))


@contextmanager
def warm(home: Path, as_of: date, jobs: int) -> Iterator[Warm]:
    """Workers on the list at home."""
    with (
        Watchlist.open(home).snapshot() as snapshot,
        WorkerPool[Node](jobs, Limits(), job.SETUP, setup_args(home, snapshot, as_of)) as pool,
    ):
        yield Warm(pool)


def setup_args(home: Path, snapshot: Snapshot, as_of: date) -> dict[str, Any]:
    """What `job.setup` is called with."""
    return {"home": str(home.absolute()), "snapshot_key": snapshot.key, "as_of": as_of.isoformat()}


def cold_screen(home: Path, path: Path, as_of: date) -> None:
    """`partwatch screen` in a fresh process. CalledProcessError where it ended in trouble."""
    command = ["-m", "partwatch", "--home", str(home), "screen", str(path), "--ndjson", "--jobs", "1"]
    _run([sys.executable, *command, "--as-of", as_of.isoformat()], (0, 1))


def cold_trimesh(path: Path) -> None:
    """`trimesh.load` in a fresh process."""
    code = "import sys, trimesh; trimesh.load(sys.argv[1], force='mesh')"
    _run([sys.executable, "-c", code, str(path)], (0,))


def _run(command: list[str], good: tuple[int, ...]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in good:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
