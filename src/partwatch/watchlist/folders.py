"""Folders that are in use for as long as some process holds them, and swept once nobody does.

A hold is an flock on the folder itself: the kernel lets go of it however the process ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Hold:
    """A shared hold on a folder, until closed or the process ends."""

    def __init__(self, folder: Path) -> None:
        """Raises FileNotFoundError where there is no such folder."""
        self._descriptor: int | None = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def close(self) -> None:
        """Let go; a second time does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, outlast a loss of power. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Wait until no other process is within the same lock file, then go in."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def scratch(parent: Path, lock: Path, prefix: str) -> Iterator[Path]:
    """A folder for a while; what killed processes left under that prefix is swept first."""
    with only_one(lock):
        sweep(parent, f"{prefix}*")
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        hold = Hold(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        hold.close()


def sweep(parent: Path, pattern: str, keep: Path | None = None) -> None:
    """Remove the folders of that pattern that nobody holds.

    Call it only within the lock in which such folders are made and held: else one is swept between.
    """
    for folder in parent.glob(pattern):
        if folder != keep and _unheld(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _unheld(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
