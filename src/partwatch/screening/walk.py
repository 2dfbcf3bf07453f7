"""From the paths of a command line to the files to be screened, in a fixed order."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from partwatch.formats.base import ReadLimits
from partwatch.model.document import Reason
from partwatch.model.errors import UnreadableError, UsageError
from partwatch.screening.files import inaccessible, refusal

STDIN = "-"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """One thing to screen.

    path: what to open. shown: what the result calls it, always valid text. problem: why it is not
    opened at all, or None.
    """

    path: str
    shown: str
    problem: Reason | None = None


def check_paths(paths: Sequence[str]) -> None:
    """Raise UsageError naming every path that is not there, before any work is done."""
    missing = [shown(path) for path in paths if path != STDIN and not os.path.lexists(path)]
    if missing:
        raise UsageError("no such file or folder: " + ", ".join(missing))
    if paths.count(STDIN) > 1:
        raise UsageError("stdin can be read only once: give `-` once")


def walk(paths: Sequence[str], spool_stdin: Callable[[], str]) -> Iterator[Source]:
    """Every file at or below the paths: these in their order, what folders hold sorted by path."""
    for path in paths:
        if path == STDIN:
            yield Source(spool_stdin(), STDIN)
        else:
            yield from _below(path)


def _below(path: str) -> Iterator[Source]:
    pending = [path]
    while pending:
        here = pending.pop()
        try:
            mode = os.lstat(here).st_mode
            if refused := refusal(mode):
                yield _problem(here, refused)
            elif stat.S_ISDIR(mode):
                pending.extend(reversed(_children(here)))
            else:
                yield Source(here, shown(here))
        except OSError as error:
            yield _problem(here, inaccessible(error))


def _children(folder: str) -> list[str]:
    """The folder's entries, so sorted that walking them depth first sorts all paths by their bytes."""
    with os.scandir(folder) as entries:
        keyed = [
            (os.fsencode(entry.name) + (b"/" if entry.is_dir(follow_symlinks=False) else b""), entry.path)
            for entry in entries
        ]
    return [path for _, path in sorted(keyed)]


def _problem(path: str, error: UnreadableError) -> Source:
    return Source(path, shown(path), Reason(code=error.code, message=str(error)))


def shown(path: str) -> str:
    """The path as valid text; bytes that are none are written as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@contextmanager
def stdin_spool(most_bytes: int = ReadLimits.max_file_bytes) -> Iterator[Callable[[], str]]:
    """A function that copies stdin to a temporary file and returns its path; gone afterwards.

    Stops one byte past `most_bytes`, which is enough for the reader to refuse it as too long.
    """
    folder = Path(tempfile.mkdtemp(prefix="partwatch-stdin-"))

    def spool() -> str:
        path = folder / "stdin"
        left = most_bytes + 1
        with path.open("wb") as file:
            while left and (chunk := sys.stdin.buffer.read(min(left, _CHUNK_BYTES))):
                file.write(chunk)
                left -= len(chunk)
        return str(path)

    try:
        yield spool
    finally:
        shutil.rmtree(folder, ignore_errors=True)
