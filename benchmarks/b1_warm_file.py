"""One file of 100,000 triangles against a list of 10,000 parts, beside `trimesh.load` of the same file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from benchmarks import calls, lists, parts
from benchmarks.cache import made
from benchmarks.progress import say
from benchmarks.report import Section, Table, spread
from benchmarks.settings import Settings
from partwatch.model.mesh import FloatArray

# Of parts that no list holds.
STRANGERS = 1_000_000

CASES = (
    ("on the list, the same mesh moved", lists.FINE_LISTED),
    ("on the list, in another tessellation", lists.FINE_RETESSELLATED),
    ("not on the list", lists.FINE_UNLISTED),
)


@dataclass(frozen=True)
class Pairs:
    """Seconds of repetitions taken in turn: ours, theirs."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """Ours to theirs, a repetition at a time."""
        return [a / b for a, b in zip(self.ours, self.theirs, strict=True)]


@dataclass(frozen=True)
class Case:
    """One file. found: its best match's finding and relation, or its finding."""

    name: str
    triangles: int
    megabytes: float
    found: str
    warm: Pairs
    again: tuple[float, ...]


@dataclass(frozen=True)
class WarmFile:
    """All that was measured; cold: fresh processes, on the first case's file."""

    list_parts: int
    cases: tuple[Case, ...]
    cold: Pairs


def measure(settings: Settings) -> WarmFile:
    """Interleaved repetitions for each case."""
    sizes = settings.sizes
    home = lists.generated(settings.cache, sizes.list_parts, sizes.bases, sizes.fine_triangles)
    folder = made(
        settings.cache,
        "files",
        f"{sizes.fine_triangles} {sizes.fillers}",
        lambda to: _write_files(settings, to),
    )
    fillers = sorted(folder.glob("filler-*.stl"))
    with calls.warm(home, settings.as_of, jobs=1) as worker:
        worker.screen(fillers)
        cases = tuple(
            _case(name, folder / f"fine-{seed}.stl", worker, fillers, sizes.repetitions)
            for name, seed in CASES
        )
    say("b1: cold starts")
    path = folder / f"fine-{CASES[0][1]}.stl"
    cold = _in_turn(
        lambda: calls.cold_screen(home, path, settings.as_of),
        lambda: calls.cold_trimesh(path),
        sizes.cold_repetitions,
    )
    return WarmFile(sizes.list_parts, cases, cold)


def section(result: WarmFile) -> Section:
    """As it is reported."""
    worst = max(result.cases, key=lambda case: float(np.median(case.warm.ratios)))
    columns = (
        "file", "ratio to `trimesh.load`", "Partwatch, ms", "`trimesh.load`, ms", "again at once, ms", "found"
    )  # fmt: skip
    rows = [
        (
            f"{case.name}: {case.triangles:,} triangles, {case.megabytes:.1f} MB",
            spread(case.warm.ratios),
            spread(case.warm.ours, 0, 1e3),
            spread(case.warm.theirs, 0, 1e3),
            spread(case.again, 0, 1e3),
            case.found,
        )
        for case in result.cases
    ]
    cold = (
        "fresh process each, the first file",
        spread(result.cold.ratios),
        spread(result.cold.ours, 0, 1e3),
        spread(result.cold.theirs, 0, 1e3),
        "",
        "",
    )
    return Section(
        "1. A detailed file in a warm worker",
        (
            f"Ratio to `trimesh.load` of the same file: {spread(worst.warm.ratios)} in the worst case "
            f"({worst.name}); goal 1.0, aim 0.5.",
        ),
        (Table(columns, (*rows, cold)),),
        (
            "A binary STL of a generated valve body, finely tessellated, against a list of "
            f"{result.list_parts:,} generated parts; one worker, called as `screen` calls it: the time "
            "runs from handing over the path to holding the validated item, and so includes both "
            "processes.",
            "`trimesh.load(file, force='mesh')` with its default processing, which merges vertices. Both "
            "take turns, and which goes first; ratios are of one repetition each, given as median "
            "(least–most).",
            "Before each repetition the same worker screens other small files, so that nothing laid out for "
            "this file's candidates is left. *Again at once* is with all that still warm.",
        ),
    )


def _write_files(settings: Settings, folder: Path) -> None:
    for _, seed in CASES:
        say(f"b1: making fine body {seed}")
        body = parts.fine_body(seed, settings.sizes.fine_triangles)
        (folder / f"fine-{seed}.stl").write_bytes(parts.stl_of(parts.moved(body, _motion(seed))))
    for k in range(settings.sizes.fillers):
        body = parts.part(STRANGERS + k)
        (folder / f"filler-{k:02d}.stl").write_bytes(parts.stl_of(parts.moved(body, _motion(k))))


def _motion(seed: int) -> FloatArray:
    return parts.any_motion(np.random.default_rng([seed, 5]))


def _case(name: str, path: Path, worker: calls.Warm, fillers: Sequence[Path], repetitions: int) -> Case:
    say(f"b1: {name}")
    item = worker.screen([path])[0]
    matches = [match for body in item.bodies for match in body.matches]
    found = f"{matches[0].finding.value}, {matches[0].relation.value}" if matches else item.finding.value
    warm = _in_turn(
        lambda: worker.screen([path]),
        lambda: trimesh.load(path, force="mesh"),
        repetitions,
        before=lambda: worker.screen(fillers),
    )
    again = tuple(_seconds(lambda: worker.screen([path])) for _ in range(repetitions))
    triangles = sum(body.triangles for body in item.bodies)
    return Case(name, triangles, path.stat().st_size / 1e6, found, warm, again)


def _in_turn(
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    repetitions: int,
    before: Callable[[], Any] = lambda: None,
) -> Pairs:
    """Both, in turn; who goes first changes, so that neither always has the quieter moment."""
    taken: tuple[list[float], list[float]] = ([], [])
    for k in range(repetitions):
        before()
        for which in (0, 1) if k % 2 == 0 else (1, 0):
            taken[which].append(_seconds((ours, theirs)[which]))
    return Pairs(tuple(taken[0]), tuple(taken[1]))


def _seconds(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
