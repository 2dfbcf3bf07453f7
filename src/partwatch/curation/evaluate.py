"""The program judged on a corpus: recall by class of change, and wrong matches against other projects."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from partwatch.curation.corpus import CorpusFile, listed_parts
from partwatch.curation.rates import Rate
from partwatch.curation.trial import RIGID_KINDS, TRIALS
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool
from partwatch.matching.policy import Policy
from partwatch.model.document import Item, MatchFinding
from partwatch.model.errors import UsageError
from partwatch.screening.answer import Answer
from partwatch.watchlist.enrol import enrol
from partwatch.watchlist.manifest import Design, DesignPart
from partwatch.watchlist.store import Watchlist

AS_OF = date(2026, 1, 1)
NEVER = date(9999, 12, 31)

# Measured deviation (p95, max) in millimetres up to which a bounded trial counts in each band.
BANDS = {"p95 ≤ 0.1, max ≤ 0.3 mm": (0.1, 0.3), "p95 ≤ 0.3 mm": (0.3, np.inf)}


@dataclass(frozen=True)
class WrongMatch:
    """A body of one project that matched a part of another."""

    path: str
    body: int
    design: str
    finding: str
    relation: str
    coverage: float
    distinctiveness: float


@dataclass
class Evaluation:
    """All that was measured. recall: by class; misses: (class, part) of each trial that was not a match."""

    parts: int = 0
    generic: int = 0
    recall: dict[str, Rate] = field(default_factory=dict)
    misses: list[tuple[str, str]] = field(default_factory=list)
    bodies: int = 0
    items: int = 0
    unread: int = 0
    wrong: list[WrongMatch] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)

    def wrong_rate(self, finding: MatchFinding) -> Rate:
        """Bodies with at least one wrong match of that finding, of all bodies."""
        return Rate(len({(w.path, w.body) for w in self.wrong if w.finding == finding.value}), self.bodies)


Progress = Callable[[str], None]
Pool = WorkerPool[tuple[str, str]]
POOLED = "pooled: rotation, mirror, units, format, winding, reordering, plate"


def evaluate(
    files: Sequence[CorpusFile],
    jobs: int,
    parts_tried: int,
    home: Path | None = None,
    progress: Progress = lambda stage: None,
) -> Evaluation:
    """Lists every part of the corpus, then screens changed copies of some, and every file as it is.

    parts_tried: how many parts, not generic ones, each class of change is tried on, drawn evenly.
    home: where to keep the list; a temporary folder by default.
    UsageError without the library that simplifies.
    """
    if importlib.util.find_spec("fast_simplification") is None:
        # Else every part that cannot be simplified would count as one that was not found.
        raise UsageError("evaluate needs the package fast-simplification: pip install fast-simplification")
    with tempfile.TemporaryDirectory(prefix="partwatch-evaluate-") as scratch:
        result = Evaluation()
        watchlist = Watchlist.open(home or Path(scratch), create=True)
        by_design = _list_parts(watchlist, files, jobs, result, progress)
        with watchlist.snapshot() as snapshot:
            distinct = {part.design: part.distinctiveness for part in snapshot.parts}
            pool_setup = {
                "home": str(watchlist.home.absolute()),
                "snapshot_key": snapshot.key,
                "as_of": AS_OF.isoformat(),
            }  # fmt: skip
            with Pool(
                jobs=jobs,
                limits=Limits(timeout_s=120),
                setup="partwatch.screening.job:setup",
                setup_args=pool_setup,
            ) as pool:
                _measure_recall(pool, by_design, distinct, parts_tried, result, progress)
                _measure_wrong(pool, files, by_design, result, progress)
        return result


def _list_parts(
    watchlist: Watchlist, files: Sequence[CorpusFile], jobs: int, result: Evaluation, progress: Progress
) -> dict[str, CorpusFile]:
    """Every readable part as a design of its own; returns its file by design."""
    by_design = {f"part-{number:05d}": file for number, file in enumerate(listed_parts(list(files)))}

    designs = [_design(name, file) for name, file in by_design.items()]
    entries = enrol(designs, jobs, progress=lambda: progress("list"), skipped=result.unlisted.append)
    watchlist.add(entries)
    listed = set(watchlist.design_names())
    result.parts = len(listed)
    return {name: file for name, file in by_design.items() if name in listed}


def _design(name: str, file: CorpusFile) -> Design:
    return Design(
        name=name,
        authority=file.project,
        reason="evaluation",
        expires=NEVER,
        note=None,
        parts=(DesignPart("part", file.path),),
        manifest=file.path,
    )


def _measure_recall(
    pool: Pool,
    by_design: dict[str, CorpusFile],
    distinct: dict[str, float],
    parts_tried: int,
    result: Evaluation,
    progress: Progress,
) -> None:
    least = Policy().match_distinctiveness
    eligible = sorted(name for name in by_design if distinct[name] >= least)
    result.generic = len(by_design) - len(eligible)
    order = np.random.default_rng(0).permutation(len(eligible))[:parts_tried]
    tasks = [
        Task(
            "partwatch.curation.trial:run_trial",
            {"path": str(by_design[name].path), "kind": kind},
            (kind, name),
        )
        for name in (eligible[k] for k in sorted(order))
        for kind in TRIALS
    ]
    counts: dict[str, list[bool]] = {}
    for task, outcome in pool.run(tasks):
        progress("recall")
        kind, name = task.tag
        answer = None if isinstance(outcome, Failure) else json.loads(outcome)
        if answer is None and not isinstance(outcome, Failure):
            continue
        found = answer is not None and [name, "match"] in [match[:2] for match in answer["matches"]]
        for label in _labels(kind, answer["deviation"] if answer else None):
            counts.setdefault(label, []).append(found)
            if not found:
                result.misses.append((label, by_design[name].name))
    result.recall = {label: Rate(sum(found), len(found)) for label, found in sorted(counts.items())}
    rigid = [found for kind in RIGID_KINDS for found in counts.get(kind, [])]
    result.recall[POOLED] = Rate(sum(rigid), len(rigid))
    result.misses.sort()


def _labels(kind: str, deviation: tuple[float, float] | None) -> list[str]:
    """The classes that a trial counts for: its own, or the bands that its measured deviation falls in."""
    if not TRIALS[kind].bounded:
        return [kind]
    if deviation is None:
        return []
    return [label for label, (p95, most) in BANDS.items() if deviation[0] <= p95 and deviation[1] <= most]


def _measure_wrong(
    pool: Pool,
    files: Sequence[CorpusFile],
    by_design: dict[str, CorpusFile],
    result: Evaluation,
    progress: Progress,
) -> None:
    geometry = {file.sha256: file.geometry for file in files}
    tasks = [
        Task(
            "partwatch.screening.job:screen_file",
            {"path": str(file.path), "chain": []},
            (str(file.path), file.project),
        )
        for file in files
    ]
    for task, outcome in pool.run(tasks):
        progress("wrong")
        path, project = task.tag
        result.items += 1
        if isinstance(outcome, Failure):
            result.unread += 1
            continue
        item = Answer.model_validate_json(outcome).item
        result.unread += not item.complete
        result.bodies += len(item.bodies)
        result.wrong += _wrong(item, path, project, by_design, geometry)
    result.wrong.sort(key=lambda wrong: (wrong.finding, -wrong.coverage, wrong.path))


def _wrong(
    item: Item, path: str, project: str, by_design: dict[str, CorpusFile], geometry: dict[str, str]
) -> Iterator[WrongMatch]:
    for body in item.bodies:
        for match in body.matches:
            listed = by_design[match.design]
            if listed.project == project or listed.geometry == geometry.get(item.sha256 or ""):
                continue
            yield WrongMatch(
                path=path,
                body=body.index,
                design=listed.name,
                finding=match.finding.value,
                relation=match.relation.value,
                coverage=min(match.coverage_part, match.coverage_body),
                distinctiveness=match.distinctiveness,
            )
