"""What taking a folder into a case costs beside screening it alone: processor time, wall time, statements.

    python -m benchmarks.case_folder --corpus DIR [--files 200] [--jobs 1] [--repeats 1]

Files of the corpus, so many, by seed; the list is of designs of five parts each, of other files of it.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from partwatch.case import importing
from partwatch.case.assemblies import CaseTelling, assemblies_of, base_rates, listed_plans
from partwatch.case.charter import Charter
from partwatch.case.imports import folder, folder_work
from partwatch.case.imports.base import Reading
from partwatch.case.statements import Reliability
from partwatch.case.store import CaseStore
from partwatch.case.view import view_of

T = TypeVar("T")
SEED = 39
DESIGNS, PARTS = 10, 5
DAY = date(2026, 6, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="partwatch-case-folder-") as kept:
        here = Path(kept)
        seized, home = prepared(given.corpus, given.files, here)
        for turn in range(given.repeats):
            _compare(seized, home, here / f"case{turn}", given.jobs)


def prepared(corpus: Path, files: int, here: Path) -> tuple[Path, Path]:
    """A folder of files, and a home whose list is of other files."""
    with (corpus / "MANIFEST.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["bodies"] == "1"]
        stream.seek(0)
        every = list(csv.DictReader(stream))
    chance = random.Random(SEED)
    listed = chance.sample([row for row in rows if row["ext"] == "stl"], DESIGNS * PARTS)
    names = {row["sha256"] for row in listed}
    seized = here / "seized"
    for row in chance.sample([row for row in every if row["sha256"] not in names], files):
        target = seized / row["repo"].replace("/", "+") / row["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_found(corpus, row), target)
    for number in range(DESIGNS):
        text = f'name = "design {number}"\nauthority = "Bench"\nreason = "bench"\nexpires = 2099-01-01\n'
        for k, row in enumerate(listed[number * PARTS : (number + 1) * PARTS]):
            text += f'[[parts]]\nname = "part {k}"\nfile = {str(_found(corpus, row))!r}\n'
        (here / f"{number}.toml").write_text(text)
    add = [sys.executable, "-m", "partwatch", "--home", str(here / "home"), "watchlist", "add"]
    add += ["--allow-generic", "benchmark", *(str(here / f"{number}.toml") for number in range(DESIGNS))]
    subprocess.run(add, check=True, stdout=subprocess.DEVNULL)
    return seized, here / "home"


def _found(corpus: Path, row: dict[str, str]) -> Path:
    return corpus / row["repo"].replace("/", "+") / row["path"]


def _compare(seized: Path, home: Path, at: Path, jobs: int) -> None:
    screen = [sys.executable, "-m", "partwatch", "--home", str(home), "screen", str(seized), "--ndjson"]
    screen += ["--jobs", str(jobs), "--as-of", DAY.isoformat()]
    _, *alone = _timed(partial(subprocess.run, screen, check=False, stdout=subprocess.DEVNULL))
    store = CaseStore.create(str(at), Charter("b", "b", "b", "b", date(2099, 1, 1)), "bench")
    for links in (False, True):
        work = folder_work.work_of(folder_work.FolderOptions(home, DAY, jobs=jobs, links=links))
        one, *cost = _timed(partial(_taken, store, work, seized, folder.digest_of(seized)))
        what = "with marks and links" if links else "with marks"
        print(
            f"{what}: {cost[0]:.1f} s wall, {cost[1]:.1f} s processor; `screen` alone {alone[0]:.1f} s, "
            f"{alone[1]:.1f} s; ratio {cost[0] / alone[0]:.2f}, {cost[1] / alone[1]:.2f}; "
            f"{one.statements:,} statements, {one.skipped} errors; {dict(one.counts)}"
        )
    view = view_of(store)
    call = partial(assemblies_of, view, listed_plans(home, DAY), base_rates(home, []), CaseTelling(DAY))
    _, wall, _ = _timed(call)
    print(f"assemblies over {len(view):,} statements: {wall:.2f} s wall")


def _taken(
    store: CaseStore, work: folder.FolderWork, seized: Path, digest: str
) -> importing.Imported:  # fmt: skip
    return importing.take(
        store, folder.importer(work), Reading(seized, digest), lambda one, reading: one.read(reading),
        importing.Origin("bench", Reliability.USUALLY), importing.Manner(skip_bad_rows=True), "bench",
        work.noted,
    )  # fmt: skip


def _timed(call: Callable[[], T]) -> tuple[T, float, float]:
    """What it gives; seconds on the clock, and of processors, children's included."""
    before, clock = _processor(), time.perf_counter()
    made = call()
    return made, time.perf_counter() - clock, _processor() - before


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
