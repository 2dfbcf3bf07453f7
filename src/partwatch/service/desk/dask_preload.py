"""For `dask worker --preload partwatch.service.desk.dask_preload`: has a worker leave nothing behind.

Told at its start: partwatch is installed there, or the worker does not start. All temporary files of it and
of its children go below its own folder, which Dask removes with it or when the next one starts there.
"""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path
from typing import Any

from partwatch.service.desk import dask_worker

__all__ = ["dask_setup", "dask_worker"]


def dask_setup(worker: Any) -> None:
    """Called by Dask in each worker process, before it takes tasks."""
    folder = Path(worker.local_directory) / "partwatch" / "temporary"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tempfile.tempdir = str(folder)
    # A core would hold what a customer handed in.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
