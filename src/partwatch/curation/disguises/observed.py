"""Disguised parts and revisions, screened: what was made of each part, and what the list said to it."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from partwatch.curation.corpus import CorpusFile
from partwatch.curation.disguises import GROUPS, KINDS
from partwatch.curation.disguises.trial import DISGUISE, REVISION
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool
from partwatch.matching.relation import size_fit
from partwatch.matching.weight import SizeFit
from partwatch.model.document import MatchFinding, Relation, UnitSource
from partwatch.model.errors import UsageError
from partwatch.screening import job
from partwatch.screening.terms import Terms

REVISED: Final = "a revision"
REVISIONS: Final = "revisions"
# So many files of other projects are offered for joining: few of them may fit.
_OFFERED: Final = 8
# So many parts are tried for each that is wanted, until a kind applied to enough.
_TRIED_FOR_ONE: Final = 4
# A trial that could not be done is one where nothing was found.
_FAILED: Final = '{"surviving": null, "at_truth": null, "listed": []}'


@dataclass(frozen=True)
class Wanted:
    """parts: how many for each kind. policy, calibration: as for `screen`, None for the default."""

    parts: int
    policy: Path | None = None
    calibration: Path | None = None


@dataclass(frozen=True)
class Lying:
    """A listed part that was named on a screened body, with all that was said. size: as of `Copy`.

    information: of a shared region, how rare it is.
    """

    part: int
    finding: MatchFinding
    relation: Relation
    score: float
    coverage_part: float
    coverage_body: float
    bits: float | None
    size: SizeFit
    information: float | None = None


@dataclass(frozen=True)
class Screened:
    """A part in one disguise. truth: what it was made as. listed: all that was named on it, other parts too.

    surviving: the share of the part's surface that is left, None where the trial itself failed. at_truth: the
    information of what a piece shares with its part where it was cut out, found or not; None of other kinds.
    """

    part: int
    kind: str
    truth: Relation
    surviving: float | None
    listed: tuple[Lying, ...]
    at_truth: float | None = None

    @property
    def group(self) -> str:
        """A key of GROUPS, or REVISIONS."""
        return next((name for name, kinds in GROUPS.items() if self.kind in kinds), REVISIONS)

    @property
    def own(self) -> tuple[Lying, ...]:
        """Where the part itself was named."""
        return tuple(lying for lying in self.listed if lying.part == self.part)


@dataclass(frozen=True)
class Place:
    """A list for workers: home and snapshot as the parent has it, the terms to weigh by, and each design's
    number among the parts of the evaluation."""

    home: str
    snapshot_key: str
    terms: Terms
    number: Mapping[str, int]

    def setup(self, as_of: str) -> dict[str, Any]:
        """What a worker is set up with."""
        return {
            "home": self.home,
            "snapshot_key": self.snapshot_key,
            "as_of": as_of,
            "terms": self.terms.told(),
            "pieces": True,
        }


@dataclass(frozen=True)
class Workers:
    """How to run trials."""

    jobs: int
    timeout_s: float
    as_of: str
    size_tolerance: float
    progress: Callable[[str], None]

    def run(
        self, place: Place, tasks: Iterable[Task[tuple[int, str]]], applied: Counter[str] | None = None
    ) -> list[Screened]:
        """Tasks tagged by part and kind, screened in that list; what does not apply is left out.

        applied: counts by kind as answers come, for who makes the tasks.
        """
        found = []
        applied = Counter() if applied is None else applied
        with WorkerPool[tuple[int, str]](
            jobs=self.jobs,
            limits=Limits(timeout_s=self.timeout_s),
            setup=job.SETUP,
            setup_args=place.setup(self.as_of),
        ) as pool:
            for task, outcome in pool.run(tasks):
                self.progress("disguise")
                answer = json.loads(_FAILED if isinstance(outcome, Failure) else outcome)
                if answer is not None:
                    applied[task.tag[1]] += 1
                    found.append(self._screened(*task.tag, answer, place))
        return sorted(found, key=lambda one: (one.part, one.kind))

    def _screened(self, part: int, kind: str, answer: Mapping[str, Any], place: Place) -> Screened:
        return Screened(
            part=part,
            kind=kind,
            truth=KINDS[kind].relation if kind in KINDS else Relation.EDITED,
            surviving=answer["surviving"],
            at_truth=answer["at_truth"],
            listed=tuple(
                Lying(
                    part=place.number[told["design"]],
                    finding=MatchFinding(told["finding"]),
                    relation=Relation(told["relation"]),
                    score=told["score"],
                    coverage_part=told["coverage_part"],
                    coverage_body=told["coverage_body"],
                    bits=told["bits"],
                    size=size_fit(told["scale"], UnitSource(told["source"]), self.size_tolerance),
                    information=told["information"],
                )
                for told in answer["listed"]
            ),
        )


def require_manifold() -> None:
    """UsageError without the library that cuts and joins: parts would silently not be tried."""
    if importlib.util.find_spec("manifold3d") is None:
        raise UsageError("disguises need the package manifold3d: pip install manifold3d, or --disguises 0")


def disguised_parts(
    workers: Workers, place: Place, by_design: Mapping[str, CorpusFile], parts: int, seed: int
) -> list[Screened]:
    """Each kind on the first so many parts that it applies to, in an order drawn by the seed."""
    order = drawn_parts(by_design, parts, seed)
    applied: Counter[str] = Counter()
    found = workers.run(place, disguise_tasks(order, by_design, place.number, parts, seed, applied), applied)
    # Of what was under way when a kind had enough, the first in the order count, whichever came first.
    rank = {place.number[name]: k for k, name in enumerate(order)}
    kept: Counter[str] = Counter()
    first = []
    for one in sorted(found, key=lambda one: rank[one.part]):
        kept[one.kind] += 1
        if kept[one.kind] <= parts:
            first.append(one)
    return sorted(first, key=lambda one: (one.part, one.kind))


def drawn_parts(by_design: Mapping[str, CorpusFile], parts: int, seed: int) -> list[str]:
    """Designs to try, in their order; more than are wanted, for not every kind applies to each."""
    names = sorted(by_design)
    drawn = np.random.default_rng(seed).permutation(len(names))[: _TRIED_FOR_ONE * parts]
    return [names[k] for k in drawn]


def disguise_tasks(
    order: Sequence[str],
    by_design: Mapping[str, CorpusFile],
    number: Mapping[str, int],
    parts: int,
    seed: int,
    applied: Mapping[str, int],
) -> Iterator[Task[tuple[int, str]]]:
    """Every kind for each of the designs, as long as it did not apply to enough of those before; with files
    of other projects to join them to."""
    names = sorted(by_design)
    rng = np.random.default_rng(seed)
    for name in order:
        part = by_design[name]
        strangers = [other for other in names if by_design[other].project != part.project]
        offered = rng.permutation(len(strangers))[:_OFFERED]
        others = [str(by_design[strangers[n]].path) for n in offered]
        for kind, how in KINDS.items():
            if applied.get(kind, 0) >= parts:
                continue
            arguments = {
                "path": str(part.path),
                "kind": kind,
                "part": number[name],
                "others": others if how.others else [],
                "needed": how.others,
            }
            yield Task(DISGUISE, arguments, (number[name], kind))


def drawn_revisions(
    by_design: Mapping[str, CorpusFile], parts: int, seed: int
) -> list[tuple[str, tuple[CorpusFile, ...]]]:
    """Of so many parts with several revisions of different geometry, drawn by the seed: the design of one
    of them, to be listed, and the others, to be screened; one of each geometry."""
    rng = np.random.default_rng(seed)
    of_thing: dict[str, dict[str, str]] = {}
    for name in sorted(by_design):
        file = by_design[name]
        if file.thing:
            of_thing.setdefault(file.thing, {}).setdefault(file.geometry, name)
    several = [list(names.values()) for _, names in sorted(of_thing.items()) if len(names) > 1]
    chosen = []
    for k in sorted(rng.permutation(len(several))[:parts]):
        listed, *others = rng.permutation(several[k]).tolist()
        chosen.append((listed, tuple(by_design[name] for name in sorted(others))))
    return chosen


def revision_tasks(
    chosen: Sequence[tuple[str, Sequence[CorpusFile]]],
    by_design: Mapping[str, CorpusFile],
    number: Mapping[str, int],
) -> Iterator[Task[tuple[int, str]]]:
    """Each other revision, screened against the list that holds the one."""
    for listed, others in chosen:
        for other in others:
            arguments = {"path": str(other.path), "listed": str(by_design[listed].path)}
            yield Task(REVISION, arguments, (number[listed], REVISED))
