"""Opening, searching and verifying with lists of 1,000, 10,000 and 100,000 parts: near-flat?"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import lists, parts, stages
from benchmarks.b1_warm_file import STRANGERS
from benchmarks.cache import made
from benchmarks.progress import say
from benchmarks.report import Section, Table, percentile
from benchmarks.settings import Settings
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool

OPEN_LIST = "benchmarks.b3_scale:open_list"
VERIFY = ("list access", "align", "measure")


@dataclass(frozen=True)
class Scale:
    """One list. open_s: to a snapshot; matcher_s: from there to a matcher.

    queries: what `stages.screen_timed` told of each. found: listed ones that were a match or review.
    """

    list_parts: int
    open_s: float
    matcher_s: float
    resident_mb: float
    queries: tuple[dict[str, Any], ...]
    found: int
    listed: int

    def stage_ms(self, *names: str) -> list[float]:
        """CPU of each query, summed over these stages."""
        return [1e3 * sum(query["stages"][name] for name in names) for query in self.queries]

    @property
    def whole_ms(self) -> list[float]:
        """CPU of each query, all told."""
        return [1e3 * query["cpu_s"] for query in self.queries]


def measure(settings: Settings) -> tuple[Scale, ...]:
    """The same queries against each size of list, each in a fresh worker."""
    sizes = settings.sizes
    folder = made(
        settings.cache, "queries", f"{sizes.scale_queries} {sizes.bases}", lambda to: _write(settings, to)
    )
    queries = sorted(folder.glob("*.stl"))
    return tuple(_scale(size, queries, settings) for size in sizes.scale_parts)


def section(result: Sequence[Scale]) -> Section:
    """As it is reported."""
    last = result[-1]
    grown = ", ".join(_grown(smaller, larger) for smaller, larger in pairwise(result))
    rows = tuple(
        (
            f"{one.list_parts:,}",
            _times(one.stage_ms("search")),
            _times(one.stage_ms(*VERIFY)),
            *(_times(one.stage_ms(name)) for name in VERIFY),
            _times(one.whole_ms),
            f"{one.open_s + one.matcher_s:.2f} ({one.open_s:.2f} + {one.matcher_s:.2f})",
            f"{one.resident_mb:.0f}",
            f"{one.found} of {one.listed}",
        )
        for one in result
    )
    columns = (
        "parts", "search", "verification", *(f"of it {name}" for name in VERIFY), "whole file",
        "open, s (list + matcher)", "worker, MB", "found",
    )  # fmt: skip
    return Section(
        "3. Lists of growing size",
        (
            f"CPU time of a file, median (95 %): {grown or 'of one list only'}.",
            f"The list of {last.list_parts:,} parts opens in {last.open_s + last.matcher_s:.2f} s (goal: "
            "under 2 s).",
        ),
        (Table(columns, rows),),
        (
            "CPU milliseconds, median (95 %), over the same query files, half of them of listed parts, "
            "moved, half of parts that no list holds; each list in a fresh worker, whose first query is "
            "not counted. Verification is all that is done on the candidates that the search names.",
            "Lists are made of generated bodies and their stretched look-alikes: the larger list is also "
            "the denser one, with more look-alikes around each query, and so more to verify, up to the fixed "
            "number of candidates. Everything goes through the real store and index.",
        ),
    )


def open_list(home: str, as_of: str) -> bytes:
    """In a worker: open a list as `job.setup` does, with clocks; JSON with what it took."""
    from partwatch.matching import Matcher, Policy
    from partwatch.screening import job
    from partwatch.watchlist.store import Watchlist

    stages.install()
    start = time.perf_counter()
    snapshot = Watchlist.open(Path(home)).snapshot()
    opened = time.perf_counter()
    Matcher(job.Listed(snapshot), Policy(), date.fromisoformat(as_of))
    ready = time.perf_counter()
    job.setup(home, snapshot.key, as_of)
    return json.dumps({"open_s": opened - start, "matcher_s": ready - opened}).encode()


def _scale(size: int, queries: Sequence[Path], settings: Settings) -> Scale:
    sizes = settings.sizes
    home = lists.generated(settings.cache, size, sizes.bases, sizes.fine_triangles)
    say(f"b3: {len(queries)} queries against {size:,} parts")
    with WorkerPool[str](jobs=1, limits=Limits(setup_timeout_s=600)) as pool:
        opening = {"home": str(home.absolute()), "as_of": settings.as_of.isoformat()}
        opened = _asked(pool, Task(OPEN_LIST, opening, "open"))
        tasks = [Task(stages.SCREEN_TIMED, {"path": str(path)}, path.name) for path in (queries[0], *queries)]
        told = [_asked(pool, task) for task in tasks][1:]
        resident = _asked(pool, Task("benchmarks.b5_memory:memory", {}, "memory"))
    listed = [one for one in told if one["name"].startswith("listed")]
    return Scale(
        list_parts=size,
        open_s=opened["open_s"],
        matcher_s=opened["matcher_s"],
        resident_mb=resident["resident_mb"],
        queries=tuple(told),
        found=sum(one["finding"] in ("match", "review") for one in listed),
        listed=len(listed),
    )


def _asked(pool: WorkerPool[str], task: Task[str]) -> dict[str, Any]:
    pool.submit(task)
    _, outcome = pool.next_outcome()
    if isinstance(outcome, Failure):
        raise RuntimeError(f"{task.tag}: {outcome.message}")
    answer: dict[str, Any] = json.loads(outcome)
    return answer


def _write(settings: Settings, folder: Path) -> None:
    half = settings.sizes.scale_queries // 2
    # The first bases are in every list that is large enough to hold them.
    for kind, first, step in (
        ("listed", 0, max(1, settings.sizes.bases // half)),
        ("stranger", STRANGERS + 100, 1),
    ):
        for k in range(half):
            motion = parts.any_motion(np.random.default_rng([k, 6]))
            body = parts.moved(parts.part(first + step * k), motion)
            (folder / f"{kind}-{k:04d}.stl").write_bytes(parts.stl_of(body))


def _grown(smaller: Scale, larger: Scale) -> str:
    """How much longer a file takes against the larger list."""
    median, most = (
        percentile(larger.whole_ms, share) / percentile(smaller.whole_ms, share) for share in (0.5, 0.95)
    )
    return f"× {median:.2f} ({most:.2f}) from {smaller.list_parts:,} to {larger.list_parts:,} parts"


def _times(values_ms: Sequence[float]) -> str:
    return f"{percentile(values_ms, 0.5):.1f} ({percentile(values_ms, 0.95):.1f})"
