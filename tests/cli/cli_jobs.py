"""Stands in for the screener inside a worker: says that it runs, and hangs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from partwatch.screening import job
from partwatch.screening.terms import Terms


class Hanging:
    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def screen(
        self, path: str, chain: tuple[str, ...], source_sha256: str | None = None, named: str | None = None
    ) -> Any:
        marker = self.folder / Path(path).name
        marker.with_suffix(".new").write_text(str(os.getpid()))
        marker.with_suffix(".new").rename(marker)
        time.sleep(3600)


def setup(folder: str) -> None:
    job._screener[:] = [Hanging(folder)]  # type: ignore[list-item]  # all that is called of it is there


def run_with_hanging_readers(folder: str, arguments: list[str]) -> int:
    """The whole program, but that its readers hang."""
    from partwatch.cli import main, screen
    from partwatch.formats.worker import WorkerPool

    def pool(options: screen.Options, snapshot_key: str, terms: Terms) -> Any:
        del snapshot_key, terms
        return WorkerPool[Any](options.jobs, setup="cli_jobs:setup", setup_args={"folder": folder})

    screen._pool = pool
    return main(arguments)
