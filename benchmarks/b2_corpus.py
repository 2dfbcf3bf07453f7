"""Files a second over the corpus with two workers, and where the time goes."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import calls, lists, parts, stages
from benchmarks.cache import made
from benchmarks.progress import say
from benchmarks.report import Section, Table, percentile
from benchmarks.settings import Settings
from partwatch.formats.worker import Failure, Task, WorkerPool
from partwatch.watchlist.store import Watchlist

JOBS = 2
ROLES = ("part", "odd")
SLOWEST = 8


@dataclass(frozen=True)
class Run:
    """All files against one list. CPU seconds of `clocked` of them: stage_s by stage, file_s by file."""

    list_name: str
    files: int
    seconds: float
    findings: dict[str, int]
    clocked: int
    stage_s: dict[str, float]
    file_s: tuple[float, ...]
    slowest: tuple[tuple[str, float], ...]

    @property
    def files_a_second(self) -> float:
        return self.files / self.seconds


@dataclass(frozen=True)
class Throughput:
    """What was screened, and a run for each list."""

    screened: str
    runs: tuple[Run, ...]


def measure(settings: Settings) -> Throughput:
    """Against the corpus' own parts, where all is found, and against generated ones, where nothing is."""
    sizes = settings.sizes
    corpus = [file for file in settings.corpus if file.role in ROLES][:: sizes.file_step]
    homes = {}
    if corpus:
        homes["these files' own parts"] = lists.of_corpus(settings.cache, corpus)
    homes[f"{sizes.list_parts:,} generated parts"] = lists.generated(
        settings.cache, sizes.list_parts, sizes.bases, sizes.fine_triangles
    )
    paths = [file.path for file in corpus] or _generated(settings)
    screened = (
        f"{len(paths):,} files of the corpus, of role {' or '.join(ROLES)}"
        if corpus
        else f"{len(paths):,} generated files, as no corpus was given"
    )
    return Throughput(screened, tuple(_run(name, home, paths, settings) for name, home in homes.items()))


def section(result: Throughput) -> Section:
    """As it is reported."""
    first = result.runs[0]
    rates = tuple(
        (
            run.list_name,
            f"{run.files_a_second:.1f}",
            f"{run.files:,}",
            f"{run.seconds:.1f}",
            f"{1e3 * percentile(run.file_s, 0.5):.0f}",
            f"{1e3 * percentile(run.file_s, 0.95):.0f}",
            ", ".join(f"{finding} {count:,}" for finding, count in run.findings.items()),
        )
        for run in result.runs
    )
    shares = tuple(
        (stage, *(f"{run.stage_s[stage] / sum(run.stage_s.values()):.1%}" for run in result.runs))
        for stage in stages.STAGES
    )
    means = (
        "all, CPU ms a file",
        *(f"{1e3 * sum(run.stage_s.values()) / run.clocked:.1f}" for run in result.runs),
    )
    slowest = tuple((name, f"{1e3 * seconds:.0f}") for name, seconds in first.slowest)
    return Section(
        "2. Files a second",
        (f"{first.files_a_second:.1f} files a second with two workers, against {first.list_name}; aim 30.",),
        (
            Table(
                (
                    "list",
                    "files a second",
                    "files",
                    "s",
                    "median file, CPU ms",
                    "95 % of files, CPU ms",
                    "findings",
                ),
                rates,
            ),
            Table(("share of the CPU time in", *(run.list_name for run in result.runs)), (*shares, means)),
            Table((f"slowest files against {first.list_name}", "CPU ms"), slowest),
        ),
        (
            f"Screened: {result.screened}; two warm workers under `screen`'s own driver, items counted as "
            "whole files.",
            f"The stages are of one in {max(1, first.files // max(first.clocked, 1))} of the files, "
            "clocked in one worker by wrapping the functions that begin a stage; time counts for the "
            "innermost. *List access* fetches clouds and meshes of candidates; *rest* is the result "
            "document, hashing and glue.",
        ),
    )


def _generated(settings: Settings) -> list[Path]:
    wanted = settings.sizes.stage_files
    folder = made(settings.cache, "generated-files", f"{wanted}", lambda to: _generate(to, wanted))
    return sorted(folder.glob("*.stl"))


def _generate(folder: Path, count: int) -> None:
    for k in range(count):
        (folder / f"part-{k:05d}.stl").write_bytes(parts.stl_of(parts.part(k)))


def _run(name: str, home: Path, paths: list[Path], settings: Settings) -> Run:
    say(f"b2: {len(paths):,} files against {name}")
    with calls.warm(home, settings.as_of, JOBS) as workers:
        workers.screen(paths[: 4 * JOBS])
        start = time.perf_counter()
        items = workers.screen(paths)
        seconds = time.perf_counter() - start
    findings = Counter(item.finding.value for item in items if item.member is None)
    step = max(1, len(paths) // settings.sizes.stage_files)
    told = _clocked(home, paths[::step], settings)
    slowest = sorted(((one["name"], one["cpu_s"]) for one in told), key=lambda entry: -entry[1])
    return Run(
        list_name=name,
        files=len(paths),
        seconds=seconds,
        findings=dict(sorted(findings.items())),
        clocked=len(told),
        stage_s={stage: sum(one["stages"][stage] for one in told) for stage in stages.STAGES},
        file_s=tuple(one["cpu_s"] for one in told),
        slowest=tuple(slowest[:SLOWEST]),
    )


def _clocked(home: Path, paths: list[Path], settings: Settings) -> list[dict[str, Any]]:
    """What `stages.screen_timed` tells of each file that its worker survived."""
    say(f"b2: stages of {len(paths):,} files")
    with Watchlist.open(home).snapshot() as snapshot:
        args = calls.setup_args(home, snapshot, settings.as_of)
        with WorkerPool[Path](jobs=1, setup=stages.SETUP, setup_args=args) as pool:
            tasks = [Task(stages.SCREEN_TIMED, {"path": str(path)}, path) for path in (*paths[:4], *paths)]
            outcomes = [outcome for _, outcome in pool.run(tasks)]
    return [json.loads(outcome) for outcome in outcomes[4:] if not isinstance(outcome, Failure)]
