"""Memory of the worker process: its peak for a file of a million triangles, its growth over 1,000 files."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import calls, lists, parts
from benchmarks.b2_corpus import ROLES
from benchmarks.cache import made
from benchmarks.progress import say
from benchmarks.report import Section, Table
from benchmarks.settings import Settings
from partwatch.formats.worker import Failure, Task, WorkerPool
from partwatch.screening import job
from partwatch.watchlist.store import Watchlist

MEMORY = "benchmarks.b5_memory:memory"
SCREEN = "partwatch.screening.job:screen_file"
_PEER = (
    "import sys, trimesh; from benchmarks.b5_memory import memory;"
    "sys.argv[1:] and trimesh.load(sys.argv[1], force='mesh'); print(memory().decode())"
)


@dataclass(frozen=True)
class Memory:
    """Megabytes of one worker. ready: resident with its list open. many: (files, resident, peak)."""

    list_parts: int
    triangles: int
    file_mb: float
    ready_mb: float
    peak_mb: float
    after_mb: float
    trimesh_idle_mb: float
    trimesh_peak_mb: float
    screened: str
    many: tuple[tuple[int, float, float], ...]
    failures: int


def measure(settings: Settings) -> Memory:
    """One worker for the large file, a fresh one for the many."""
    sizes = settings.sizes
    home = lists.generated(settings.cache, sizes.list_parts, sizes.bases, sizes.fine_triangles)
    folder = made(
        settings.cache,
        "large",
        f"{sizes.large_triangles}",
        lambda to: _write_large(to, sizes.large_triangles),
    )
    path = folder / "large.stl"
    ready, large = _large(home, path, settings)
    screened, files = _many_files(settings)
    many, failures = _many(home, files, settings)
    return Memory(
        list_parts=sizes.list_parts,
        triangles=(path.stat().st_size - 84) // 50,
        file_mb=path.stat().st_size / 1e6,
        ready_mb=ready["resident_mb"],
        peak_mb=large["peak_mb"],
        after_mb=large["resident_mb"],
        trimesh_idle_mb=_trimesh_peak_mb(),
        trimesh_peak_mb=_trimesh_peak_mb(path),
        screened=screened,
        many=many,
        failures=failures,
    )


def section(result: Memory) -> Section:
    """As it is reported."""
    large = (
        ("Partwatch's worker", f"{result.peak_mb:.0f}", f"{result.ready_mb:.0f}", f"{result.after_mb:.0f}"),
        ("`trimesh.load`", f"{result.trimesh_peak_mb:.0f}", f"{result.trimesh_idle_mb:.0f}", ""),
    )
    many = tuple((f"{count:,}", f"{resident:.0f}", f"{peak:.0f}") for count, resident, peak in result.many)
    first, last = result.many[0], result.many[-1]
    return Section(
        "5. Memory",
        (
            f"{result.peak_mb / result.trimesh_peak_mb:.2f} times the peak of `trimesh.load` for a file of "
            f"{result.triangles:,} triangles: {result.peak_mb:.0f} MB.",
            f"After {last[0]:,} files {last[1] / first[1]:.2f} times what it was after {first[0]:,}: "
            f"{first[1]:.0f} MB, then {last[1]:.0f} MB.",
        ),
        (
            Table(
                (f"{result.triangles:,} triangles, {result.file_mb:.0f} MB", "peak MB", "before", "after"),
                large,
            ),
            Table(("files through one worker", "resident MB", "peak MB so far"), many),
        ),
        (
            f"Against {result.list_parts:,} generated parts, whose mapped index counts in the resident "
            "size. Peaks are the kernel's high-water mark of the process: `ru_maxrss`, on Linux read as "
            "`VmHWM`, since the former begins with what the parent had when it started the worker.",
            f"The many files are {result.screened}; {result.failures} ended without a result.",
        ),
    )


def memory() -> bytes:
    """JSON: megabytes of this process, resident now and at its peak."""
    status = Path("/proc/self/status")
    if status.is_file():
        told = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines() if ":" in line)
        resident, peak = (int(told[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))
    else:
        unit = 2**20 if sys.platform == "darwin" else 2**10
        resident = peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return json.dumps({"resident_mb": resident, "peak_mb": peak}).encode()


@contextmanager
def _worker(home: Path, settings: Settings) -> Iterator[WorkerPool[Path]]:
    """One worker on the list at home."""
    with Watchlist.open(home).snapshot() as snapshot:
        args = calls.setup_args(home, snapshot, settings.as_of)
        with WorkerPool[Path](jobs=1, setup=job.SETUP, setup_args=args) as pool:
            yield pool


def _large(home: Path, path: Path, settings: Settings) -> tuple[dict[str, float], dict[str, float]]:
    say("b5: the large file")
    with _worker(home, settings) as pool:
        ready = _told(pool)
        pool.submit(Task(SCREEN, {"path": str(path), "chain": []}, path))
        _, outcome = pool.next_outcome()
        if isinstance(outcome, Failure):
            raise RuntimeError(f"the large file: {outcome.message}")
        return ready, _told(pool)


def _many(
    home: Path, files: Sequence[Path], settings: Settings
) -> tuple[tuple[tuple[int, float, float], ...], int]:
    marks, failures, done = [], 0, 0
    with _worker(home, settings) as pool:
        for mark in settings.sizes.memory_marks:
            say(f"b5: {mark:,} files")
            tasks = [Task(SCREEN, {"path": str(path), "chain": []}, path) for path in files[done:mark]]
            failures += sum(isinstance(outcome, Failure) for _, outcome in pool.run(tasks))
            done = mark
            now = _told(pool)
            marks.append((mark, now["resident_mb"], now["peak_mb"]))
    return tuple(marks), failures


def _told(pool: WorkerPool[Path]) -> dict[str, float]:
    pool.submit(Task(MEMORY, {}, Path()))
    _, outcome = pool.next_outcome()
    if isinstance(outcome, Failure):
        raise RuntimeError(f"memory: {outcome.message}")
    told: dict[str, float] = json.loads(outcome)
    return told


def _many_files(settings: Settings) -> tuple[str, list[Path]]:
    """As many files as are wanted, in an order that mixes small and large."""
    wanted = settings.sizes.memory_marks[-1]
    if settings.corpus:
        files = [file.path for file in settings.corpus if file.role in ROLES]
        order = np.random.default_rng(7).permutation(len(files))
        many = [files[order[k % len(files)]] for k in range(wanted)]
        return f"{min(wanted, len(files)):,} files of the corpus in an order by chance", many
    folder = made(settings.cache, "many", f"{wanted}", lambda to: _write_many(to, wanted))
    return f"{wanted:,} generated files, as no corpus was given", sorted(folder.glob("*.stl"))


def _write_many(folder: Path, count: int) -> None:
    for k in range(count):
        (folder / f"part-{k:05d}.stl").write_bytes(parts.stl_of(parts.part(k)))


def _write_large(folder: Path, triangles: int) -> None:
    say("b5: making the large body")
    (folder / "large.stl").write_bytes(parts.stl_of(parts.fine_body(lists.FINE_UNLISTED, triangles)))


def _trimesh_peak_mb(*paths: Path) -> float:
    """Peak of a fresh process that loads these with trimesh, or only imports it."""
    command = [sys.executable, "-c", _PEER, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["peak_mb"])
