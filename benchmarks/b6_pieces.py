"""What the search for regions (pieces, or parts within something larger) costs beside the main job."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import b6_worker, lists, parts
from benchmarks.b1_warm_file import STRANGERS
from benchmarks.cache import made
from benchmarks.hostile import HOSTILE
from benchmarks.progress import say
from benchmarks.report import Section, Table, percentile
from benchmarks.settings import Settings
from partwatch.curation.corpus import CorpusFile
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool
from partwatch.watchlist.snapshot import Snapshot
from partwatch.watchlist.store import Watchlist

# Most that regions may cost on top, in times of the search for whole bodies.
MOST_ON_TOP = 3.0
DEAREST = 6
LIMITS = Limits(timeout_s=600, setup_timeout_s=600)


@dataclass(frozen=True)
class Search:
    """One body, or one item, searched both ways; CPU seconds.

    searched: whether regions were looked for: no part lay on all of it. stages: of the search with them.
    """

    name: str
    bodies: int
    searched: bool
    without_s: float
    with_s: float
    stages: Mapping[str, float]
    finding: str

    @property
    def on_top(self) -> float:
        """What regions cost, in times of the search without them."""
        return (self.with_s - self.without_s) / self.without_s


@dataclass(frozen=True)
class Run:
    """The same bodies against one list. resident_mb: of the worker, after it."""

    list_name: str
    list_parts: int
    list_features: int
    searches: tuple[Search, ...]
    unread: int
    resident_mb: float

    @property
    def on_top(self) -> float:
        """What regions cost over all bodies, in times of the search without them."""
        return ratio_of(self.searches)


@dataclass(frozen=True)
class Pieces:
    """strangers: bodies whose own project the list lacks, by list. hostile: items made to cost much."""

    drawn: str
    strangers: tuple[Run, ...]
    listed: Run | None
    hostile: Run


def measure(settings: Settings) -> Pieces:
    """The corpus' bodies against its own parts and against a larger list; hostile ones against the larger."""
    sizes, corpus = settings.sizes, [file for file in settings.corpus if file.role == "part"]
    small = lists.of_corpus(settings.cache, corpus) if corpus else _generated_list(settings)
    large = lists.variants(settings.cache, f"pieces-{sizes.list_parts}", small, sizes.list_parts)
    drawn = _drawn(corpus, sizes.region_bodies) if corpus else _generated_bodies(settings)
    strangers = tuple(
        _run(name, home, drawn, corpus, settings)
        for name, home in (
            ("the corpus' parts" if corpus else "generated parts", small),
            ("with variants", large),
        )
    )
    alike = _run("the corpus' parts, own ones too", small, drawn, (), settings) if corpus else None
    hostile = _run("hostile", large, _hostile(settings), (), settings, whole=True)
    what = f"{len(drawn)} files of the corpus, evenly drawn" if corpus else f"{len(drawn)} generated files"
    return Pieces(what, strangers, alike, hostile)


def section(result: Pieces) -> Section:
    """As it is reported."""
    runs = [*result.strangers, *([result.listed] if result.listed else [])]
    last = result.strangers[-1]
    searched = [one for one in last.searches if one.searched]
    hostile = result.hostile
    peak = max(hostile.searches, key=lambda one: one.with_s)
    return Section(
        "6. Pieces: what region search costs",
        (
            f"On top of the search for whole bodies, that for regions takes {last.on_top:.2f} times as long "
            f"({ratio_of(searched):.2f} where it is not spared), with {last.list_parts:,} parts; at most "
            f"{MOST_ON_TOP:.0f} is allowed.",
            f"The dearest of {len(hostile.searches)} hostile items, {peak.name}, takes {peak.with_s:.1f} s "
            f"of CPU time, {peak.with_s - peak.without_s:.1f} s of it for regions.",
        ),
        (_costs(runs), _stages(runs), _dearest(result.strangers), _hostile_table(result)),
        (
            f"Bodies: the largest of each of {result.drawn}; each is searched in the list less the parts of "
            "its own project and their variants, as most files that are screened are on nobody's list. *Own "
            "ones too* is with all parts: where one lies on all of the body, regions are not looked for. The "
            "sections above measure the search for whole bodies alone.",
            "CPU time in one warm process from the read mesh to the item: splitting, search, weighing; "
            "*without* has neither regions nor weights. Both take turns in which goes first. *On top* is the "
            "difference over *without*, of the sums; the others are median (95 %).",
            "The larger list has the same parts and variants of each, stretched by "
            f"{lists.SLIGHT_STRETCH:.0%} at most, features and all: look-alikes, that crowd each other.",
            "Hostile items are screened whole, with all their bodies, against the larger list. Samples and "
            "features of a body, poses and parts that are tried, bodies that regions are looked for on are "
            "limited in number; what one try costs is not where triangles cross, as in soup, and there the "
            "worker's limit of 60 s ends it (lifted here). Without a result ended "
            f"{hostile.unread} of them, and {last.unread} of the other files.",
        ),
    )


def ratio_of(searches: Iterable[Search]) -> float:
    """On top, over all of them; 0 without any."""
    some = list(searches)
    without = sum(one.without_s for one in some)
    return (sum(one.with_s for one in some) - without) / without if without > 0 else 0.0


def _costs(runs: Sequence[Run]) -> Table:
    rows = []
    for run in runs:
        searched = [one for one in run.searches if one.searched]
        rows.append(
            (
                f"{run.list_name}: {run.list_parts:,}, {run.list_features:,} features",
                f"{len(run.searches)}, {len(searched)}",
                f"{run.on_top:.2f}",
                f"{ratio_of(searched):.2f}",
                _times([one.on_top for one in searched], 1, 2),
                _times([one.without_s for one in run.searches]),
                _times([one.with_s for one in run.searches]),
                f"{run.resident_mb:.0f}",
            )
        )
    columns = (
        "list", "bodies, regions looked for on", "on top, of sums", "where looked for", "of one body",
        "without, CPU ms", "with, CPU ms", "worker, MB",
    )  # fmt: skip
    return Table(columns, tuple(rows))


def _stages(runs: Sequence[Run]) -> Table:
    def mean_ms(run: Run, stage: str) -> str:
        searched = [one for one in run.searches if one.searched]
        return f"{1e3 * sum(one.stages[stage] for one in searched) / max(len(searched), 1):.1f}"

    columns = ("CPU ms a body where regions are looked for, mean", *(run.list_name for run in runs))
    return Table(
        columns, tuple((stage, *(mean_ms(run, stage) for run in runs)) for stage in b6_worker.STAGES)
    )


def _dearest(runs: Sequence[Run]) -> Table:
    last = runs[-1]
    most = sorted(last.searches, key=lambda one: one.without_s - one.with_s)[:DEAREST]
    columns = (
        f"dearest for regions, {last.list_parts:,} parts",
        "on top",
        "without, CPU ms",
        "with, CPU ms",
        "dearest stage",
    )
    return Table(columns, tuple((*_told(one), _dearest_stage(one)) for one in most))


def _hostile_table(result: Pieces) -> Table:
    columns = (
        f"hostile, {result.hostile.list_parts:,} parts", "on top", "without, CPU ms", "with, CPU ms",
        "dearest stage", "bodies", "finding",
    )  # fmt: skip
    rows = (
        (*_told(one), _dearest_stage(one), f"{one.bodies:,}", one.finding) for one in result.hostile.searches
    )
    return Table(columns, tuple(rows))


def _told(one: Search) -> tuple[str, str, str, str]:
    return one.name, f"{one.on_top:.2f}", f"{1e3 * one.without_s:.0f}", f"{1e3 * one.with_s:.0f}"


def _dearest_stage(one: Search) -> str:
    stage = max(b6_worker.OF_REGIONS, key=lambda name: one.stages[name])
    return f"{stage}, {1e3 * one.stages[stage]:.0f} ms"


def _times(values: Sequence[float], scale: float = 1e3, digits: int = 0) -> str:
    if not values:
        return ""
    return f"{scale * percentile(values, 0.5):.{digits}f} ({scale * percentile(values, 0.95):.{digits}f})"


def _run(
    name: str,
    home: Path,
    drawn: Sequence[tuple[str, Path]],
    kept_out: Sequence[CorpusFile],
    settings: Settings,
    whole: bool = False,
) -> Run:
    """drawn: each with its project. kept_out: files whose parts are hidden from bodies of their project."""
    say(f"b6: {len(drawn)} files against {name}")
    with Watchlist.open(home).snapshot() as snapshot:
        args = {
            "home": str(home.absolute()),
            "snapshot_key": snapshot.key,
            "as_of": settings.as_of.isoformat(),
            "excluded": _excluded(snapshot, kept_out),
        }
        size, features = len(snapshot.parts), len(snapshot.features.part)
        with WorkerPool[str](1, LIMITS, b6_worker.SETUP, args) as pool:
            # The first file once more: what is made on first use is no part of it.
            told = [
                _asked(pool, project, path, k, whole) for k, (project, path) in enumerate((drawn[0], *drawn))
            ]
            pool.submit(Task("benchmarks.b5_memory:memory", {}, "memory"))
            _, memory = pool.next_outcome()
    if isinstance(memory, Failure):
        raise RuntimeError(f"memory: {memory.message}")
    searches = tuple(one for one in told[1:] if one is not None)
    resident: float = json.loads(memory)["resident_mb"]
    return Run(name, size, features, searches, len(told) - 1 - len(searches), resident)


def _asked(pool: WorkerPool[str], project: str, path: Path, number: int, whole: bool) -> Search | None:
    """None where the file cannot be read."""
    asked = {"path": str(path), "project": project, "regions_first": number % 2 == 1, "whole": whole}
    pool.submit(Task(b6_worker.SEARCH, asked, path.name))
    _, outcome = pool.next_outcome()
    if isinstance(outcome, Failure):
        say(f"b6: {path.name}: {outcome.message}")
        return None
    told: dict[str, Any] = json.loads(outcome)
    if whole:
        say(f"b6: {path.name}: {told['without_s']:.1f} s without regions, {told['with_s']:.1f} s with")
    return Search(name=path.stem if whole else path.name, **told)


def _excluded(snapshot: Snapshot, files: Sequence[CorpusFile]) -> dict[str, list[int]]:
    """By project, the parts that come from it: those of a design that holds one of its files."""
    project_of = {file.sha256: file.project for file in files}
    designs: dict[int, set[str]] = {}
    for part in snapshot.parts:
        if part.sha256 in project_of:
            designs.setdefault(part.design_index, set()).add(project_of[part.sha256])
    excluded: dict[str, list[int]] = {}
    for part in snapshot.parts:
        for project in designs.get(part.design_index, ()):
            excluded.setdefault(project, []).append(part.index)
    return excluded


def _drawn(corpus: Sequence[CorpusFile], count: int) -> list[tuple[str, Path]]:
    """Evenly, by project: those of one follow on each other, whose engine is then made once."""
    ordered = sorted(corpus, key=lambda file: file.project)
    places = np.unique(np.linspace(0, len(ordered) - 1, min(count, len(ordered))).astype(int))
    return [(ordered[k].project, ordered[k].path) for k in places]


def _generated_list(settings: Settings) -> Path:
    meshes = {f"part {seed:06d}": parts.part(seed) for seed in range(settings.sizes.bases)}
    return lists.of_meshes(settings.cache, "pieces", meshes, features=True)


def _generated_bodies(settings: Settings) -> list[tuple[str, Path]]:
    count = settings.sizes.region_bodies

    def make(folder: Path) -> None:
        for k in range(count):
            (folder / f"body-{k:04d}.stl").write_bytes(parts.stl_of(parts.part(STRANGERS + 500 + k)))

    return [("", path) for path in sorted(made(settings.cache, "bodies", f"{count}", make).glob("*.stl"))]


def _hostile(settings: Settings) -> list[tuple[str, Path]]:
    triangles = settings.sizes.hostile_triangles

    def make(folder: Path) -> None:
        for name, maker in HOSTILE.items():
            (folder / f"{name}.stl").write_bytes(parts.stl_of(maker(triangles)))

    source = Path(__file__).with_name("hostile.py").read_text("utf-8")
    return [
        ("", path)
        for path in sorted(made(settings.cache, "hostile", f"{triangles} {source}", make).glob("*.stl"))
    ]
