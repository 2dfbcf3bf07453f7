"""A watched folder: what is put there is screened, and moved to where it may be printed from, or to be held.

::

    DIR/jaw.stl                     put there by anybody
    DIR/passed/jaw.stl              nothing was found in it, and all of it was read
    DIR/held/jaw.stl                all else, with jaw.stl.partwatch.json and .html beside it

A file is taken once it has kept its size and time for a while; one that is still being written is left.
Nothing is kept but where files lie: after a kill, what was not moved is screened again, and moved then.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from partwatch.model.document import Finding, Item, ResultDocument, summarise, worst
from partwatch.model.errors import UsageError
from partwatch.report import html
from partwatch.report.page import written_whole
from partwatch.screening.driver import Driver
from partwatch.screening.expansion import Unfolded, folded
from partwatch.screening.walk import Source, shown
from partwatch.service.desk.terms import Bench

PASSED: Final = "passed"
HELD: Final = "held"
# A file changed again within the clock's grain keeps its times.
LEAST_SETTLED_S: Final = 2.0
MOST_AT_ONCE: Final = 256
_IGNORED: Final = ".part"

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class Folders:
    """The folder that is watched, and those that files go to: within it, or elsewhere."""

    watched: Path
    passed: Path
    held: Path

    @classmethod
    def of(cls, watched: Path, passed: Path | None = None, held: Path | None = None) -> Folders:
        """Made where they are missing. Raises UsageError where one cannot be."""
        if not watched.is_dir():
            raise UsageError(f"{watched}: is no folder; make it, and give it to whatever saves jobs")
        inside = watched.resolve()
        ways = [(passed or inside / PASSED).resolve(), (held or inside / HELD).resolve()]
        if len({inside, *ways}) < 3:
            raise UsageError("the watched folder, that of what passed and that of what is held must differ")
        for folder in ways:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"{folder}: cannot be made ({error.strerror})") from error
        return cls(inside, *ways)

    def waiting(self) -> Iterator[Path]:
        """Files below the watched folder that wait, sorted by path; links are files of their own."""
        pending = [self.watched]
        while pending:
            here = pending.pop()
            with suppress(FileNotFoundError), os.scandir(here) as entries:
                for entry in sorted(entries, key=lambda one: os.fsencode(one.name), reverse=True):
                    path = Path(entry.path)
                    if entry.is_dir(follow_symlinks=False):
                        if path not in (self.passed, self.held):
                            pending.append(path)
                    elif not entry.name.endswith(_IGNORED):
                        yield path


@dataclass(frozen=True)
class Moved:
    """What became of a file. place: where it lies now, None where it changed or went while it was read."""

    path: Path
    finding: Finding
    items: tuple[Item, ...]
    place: Path | None


@dataclass(eq=False)
class Watch:
    """One watcher of a folder. settled_s: how long a file must have been left alone."""

    folders: Folders
    settled_s: float = LEAST_SETTLED_S
    _seen: dict[Path, tuple[Stamp, float]] = field(default_factory=dict)

    def settled(self, moment: float) -> list[Path]:
        """Files that have not changed since they were first seen so, that long ago. moment: of a clock that
        only goes on."""
        now: dict[Path, tuple[Stamp, float]] = {}
        for path in self.folders.waiting():
            with suppress(OSError):
                stamp = stamp_of(path)
                before = self._seen.get(path)
                now[path] = before if before is not None and before[0] == stamp else (stamp, moment)
        self._seen = now
        ready = [path for path, (_, since) in now.items() if moment - since >= self.settled_s]
        return sorted(ready)[:MOST_AT_ONCE]

    def screen(self, paths: list[Path], bench: Bench, driver: Callable[..., Driver]) -> Iterator[Moved]:
        """Screen files and move each as soon as all of it is known. driver: makes one, told what to keep."""
        stamps: dict[str, Stamp] = {}
        for path in paths:
            with suppress(OSError):
                stamps[str(path)] = stamp_of(path)
        done: list[tuple[Source, Unfolded]] = []

        def keep(source: Source, unfolded: Unfolded) -> None:
            done.append((source, unfolded))

        # What a driver yields comes in the order of its sources; what it tells `keep` as soon as it is known.
        for _ in driver(keep=keep).screen(Source(path, self._named(Path(path))) for path in stamps):
            yield from self._moved(done, stamps, bench)
        yield from self._moved(done, stamps, bench)

    def _named(self, path: Path) -> str:
        return shown(str(path.relative_to(self.folders.watched)))

    def _moved(
        self, done: list[tuple[Source, Unfolded]], stamps: dict[str, Stamp], bench: Bench
    ) -> Iterator[Moved]:
        while done:
            source, unfolded = done.pop(0)
            items = tuple(folded(unfolded))
            finding = worst([item.finding for item in items])
            path = Path(source.path)
            place = self._move(path, stamps[source.path], finding, items, bench)
            self._seen.pop(path, None)
            yield Moved(path, finding, items, place)

    def _move(
        self, path: Path, stamp: Stamp, finding: Finding, items: tuple[Item, ...], bench: Bench
    ) -> Path | None:
        passes = finding is Finding.CLEAR and all(item.complete for item in items)
        folder = self.folders.passed if passes else self.folders.held
        with suppress(FileNotFoundError):
            if stamp_of(path) != stamp:
                # Not what was screened: it is looked at anew.
                return None
            place = free_place(folder / path.relative_to(self.folders.watched), items[0].sha256)
            place.parent.mkdir(parents=True, exist_ok=True)
            if not passes:
                _report(place, items, bench)
            move(path, place)
            if stamp_of(place)[2:] == stamp[2:]:
                return place
            # Written to between the look and the move: back, to be screened as what it is now.
            move(place, free_place(path))
        return None


def stamp_of(path: Path) -> Stamp:
    """What changes when a file does: its place on the disk, size and time."""
    status = path.lstat()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def free_place(path: Path, sha256: str | None = None) -> Path:
    """That path, or the next of its name that nothing lies at. sha256: of the file that is to lie there; a
    report of the same one is of a move that was killed, and no hindrance."""
    for number in range(1, 1_000_000):
        tried = path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")
        if not os.path.lexists(tried) and not _is_anothers(_beside(tried, ".json"), sha256):
            return tried
    raise UsageError(f"{path}: there are a million files of this name; clear the folder")


def _is_anothers(report: Path, sha256: str | None) -> bool:
    """Whether a report is there, and not of that file."""
    try:
        told = report.read_text(encoding="utf-8")
        return sha256 is None or sha256 not in told
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return True


def move(path: Path, place: Path) -> None:
    """Move a file that nothing lies in the way of; onto another disk by a copy that is whole or not there."""
    try:
        path.rename(place)
    except OSError as error:
        if error.errno != errno.EXDEV or not stat.S_ISREG(path.lstat().st_mode):
            raise
        descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=_IGNORED, dir=place.parent)
        os.close(descriptor)
        shutil.copy2(path, temporary)
        Path(temporary).replace(place)
        path.unlink()


def _beside(place: Path, suffix: str) -> Path:
    return place.with_name(f"{place.name}.partwatch{suffix}")


def _report(place: Path, items: tuple[Item, ...], bench: Bench) -> None:
    """The result and the page of one file, beside where it will lie."""
    document = ResultDocument(header=bench.header, items=items, summary=summarise(list(items)))
    html.write(document, _beside(place, ".html"), title=f"Held: {shown(place.name)}")
    with written_whole(_beside(place, ".json")) as stream:
        stream.write(document.model_dump_json(indent=1) + "\n")


@contextmanager
def only_watcher(folder: Path) -> Iterator[None]:
    """Raises UsageError where another process watches the folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UsageError(f"{folder}: another `partwatch watch` is at work here") from None
    try:
        yield
    finally:
        os.close(descriptor)
