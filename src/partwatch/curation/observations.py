"""All that a calibration and an evaluation rest on, measured once: strangers among each other, and copies."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from partwatch.curation import observe
from partwatch.curation.corpus import CorpusFile, listed_parts
from partwatch.curation.disguises.observed import (
    Lying,
    Place,
    Screened,
    Wanted,
    Workers,
    disguised_parts,
    drawn_revisions,
    require_manifold,
    revision_tasks,
)
from partwatch.curation.families import families_of
from partwatch.curation.trial import BANDS, TRIALS
from partwatch.fingerprint.cloud import radius_of
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool
from partwatch.matching.relation import size_fit
from partwatch.matching.weight import SizeFit
from partwatch.model.document import UnitSource
from partwatch.model.errors import UsageError
from partwatch.screening.terms import terms_of
from partwatch.watchlist.enrol import enrol
from partwatch.watchlist.manifest import Design, DesignPart
from partwatch.watchlist.snapshot import Snapshot
from partwatch.watchlist.store import Watchlist

AS_OF = date(2026, 1, 1)
NEVER = date(9999, 12, 31)
TIMEOUT_S = 120
# The trial that only moves a part: what else of its project lies on it is a revision, unless it is the same.
UNCHANGED = "rotation"
EXACT = ("same_file", "same_mesh", "same_shape")

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Bodies:
    """n bodies of a corpus. descriptors: (n, D) float32. radius_mm, projects, families: (n,)."""

    descriptors: npt.NDArray[np.float32]
    radius_mm: Floats
    projects: Ints
    families: Ints
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Parts:
    """m listed parts; prints of part k are rows[k]:rows[k + 1] of descriptors. distinctiveness: (m,)."""

    descriptors: npt.NDArray[np.float32]
    rows: npt.NDArray[np.int64]
    radius_mm: Floats
    projects: Ints
    families: Ints
    names: tuple[str, ...]
    distinctiveness: Floats

    def __len__(self) -> int:
        return len(self.names)

    def prints(self, part: int) -> npt.NDArray[np.float32]:
        """(prints, D) of a part."""
        return self.descriptors[self.rows[part] : self.rows[part + 1]]


@dataclass(frozen=True, eq=False)
class Lain:
    """Parts that lay on bodies. body, part: (h,); size: h, how the body came to have the part's size."""

    body: Ints
    part: Ints
    score: Floats
    coverage: Floats
    size: tuple[SizeFit, ...]


@dataclass(frozen=True, eq=False)
class Shared:
    """Regions that bodies shared with parts. body, part, information: (r,)."""

    body: Ints
    part: Ints
    information: Floats


@dataclass(frozen=True)
class Copy:
    """A changed copy of a part, searched for in the list. score is 0 where the part was not found on it.

    change: its class of change. relation: as found, or None. deviation: of the change, p95 and most, in mm.
    """

    part: int
    change: str
    score: float
    coverage: float
    size: SizeFit
    relation: str | None
    deviation: tuple[float, float] | None

    @property
    def classes(self) -> tuple[str, ...]:
        """What it counts for: its change, or the bands of its deviation; none where it is another shape."""
        trial = TRIALS.get(self.change)
        # A print job is none of the trials: it is what it was sliced from.
        if trial is None or not trial.bounded:
            return (self.change,)
        if self.deviation is None:
            return ()
        p95, most = self.deviation
        return tuple(band for band, limits in BANDS.items() if p95 <= limits[0] and most <= limits[1])


@dataclass(frozen=True)
class Revision:
    """Another part of the same project that lay on an untouched copy of a part."""

    part: int
    other: int
    score: float
    size: SizeFit


@dataclass(frozen=True, eq=False)
class Observations:
    """strangers: parts of other projects that lay on bodies. revisions: scored apart, being neither strangers
    nor copies. disguised: parts in disguise and other revisions of parts, as screened. shared: regions of
    strangers, None where they were not looked for."""

    project_names: tuple[str, ...]
    licences: tuple[str, ...]
    bodies: Bodies
    parts: Parts
    strangers: Lain
    copies: tuple[Copy, ...]
    revisions: tuple[Revision, ...]
    unlisted: tuple[str, ...]
    unread: int
    items: int
    disguised: tuple[Screened, ...] = ()
    shared: Shared | None = None

    def named_on(self, one: Screened) -> Iterator[Lying]:
        """Where the part itself was named on a disguise, or a near-duplicate of it, of its family: which of
        them a piece was cut from, what is left often does not say."""
        families = self.parts.families
        return (lying for lying in one.listed if families[lying.part] == families[one.part])


def gather(
    files: Sequence[CorpusFile],
    jobs: int,
    parts_tried: int,
    seed: int = 0,
    home: Path | None = None,
    progress: Progress = lambda stage: None,
    size_tolerance: float = 0.02,
    disguises: Wanted | None = None,
) -> Observations:
    """Lists every part of the corpus, searches every body among the parts of other projects, and changed
    copies of `parts_tried` parts, drawn evenly by `seed`, in the whole list.

    home: where to keep the list; a temporary folder by default. disguises: none are tried by default.
    UsageError without the library that simplifies, and without that which cuts, where it is needed.
    """
    if importlib.util.find_spec("fast_simplification") is None:
        # Else every part that cannot be simplified would count as one that was not found.
        raise UsageError("this needs the package fast-simplification: pip install fast-simplification")
    wanted = disguises or Wanted(0)
    if wanted.parts:
        require_manifold()
    with tempfile.TemporaryDirectory(prefix="partwatch-evaluate-") as scratch:
        watchlist = Watchlist.open(home or Path(scratch), create=True)
        by_design, unlisted = list_parts(watchlist, files, jobs, progress)
        with watchlist.snapshot() as snapshot:
            projects = sorted({file.project for file in files})
            of_part = [by_design[part.design] for part in snapshot.parts]
            place = {"home": str(watchlist.home.absolute()), "snapshot_key": snapshot.key}
            seen, unread = _searched(files, of_part, place, jobs, progress)
            copies, revisions = _copies(
                snapshot, by_design, place, jobs, parts_tried, seed, progress, size_tolerance
            )
            workers = Workers(jobs, TIMEOUT_S, AS_OF.isoformat(), size_tolerance, progress)
            disguised = _disguised(watchlist, snapshot, by_design, wanted, seed, workers)
            bodies, parts = _numbered(snapshot, of_part, seen, projects)
            return Observations(
                project_names=tuple(projects),
                licences=tuple(_licence(files, project) for project in projects),
                bodies=bodies,
                parts=parts,
                strangers=_strangers(seen, size_tolerance),
                copies=copies,
                revisions=revisions,
                unlisted=tuple(unlisted),
                unread=unread,
                items=len(files),
                disguised=disguised,
                shared=_shared(seen),
            )


def _licence(files: Sequence[CorpusFile], project: str) -> str:
    return ", ".join(sorted({file.licence for file in files if file.project == project and file.licence}))


def list_parts(
    watchlist: Watchlist, files: Sequence[CorpusFile], jobs: int, progress: Progress
) -> tuple[dict[str, CorpusFile], list[str]]:
    """Every readable part as a design of its own; its file by design, and what could not be listed."""
    by_design = {f"part-{number:05d}": file for number, file in enumerate(listed_parts(list(files)))}
    unlisted: list[str] = []
    if not watchlist.counts().designs:
        designs = [_design(name, file) for name, file in by_design.items()]
        watchlist.add(enrol(designs, jobs, progress=lambda: progress("list"), skipped=unlisted.append))
    listed = set(watchlist.design_names())
    return {name: file for name, file in by_design.items() if name in listed}, unlisted


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


_Seen = list[tuple[CorpusFile, int, dict[str, Any]]]


def _searched(
    files: Sequence[CorpusFile],
    of_part: Sequence[CorpusFile],
    place: Mapping[str, str],
    jobs: int,
    progress: Progress,
) -> tuple[_Seen, int]:
    """Each body of each readable file, by its file and number, with the strangers that lay on it."""
    excluded: dict[str, list[int]] = {}
    for project in {file.project for file in files}:
        geometry = {file.geometry for file in files if file.project == project}
        excluded[project] = [
            number
            for number, file in enumerate(of_part)
            if file.project == project or file.geometry in geometry
        ]
    tasks = [
        Task(observe.TASK, {"path": str(file.path), "project": file.project}, number)
        for number, file in enumerate(files)
    ]
    answers: dict[int, list[dict[str, Any]]] = {}
    with WorkerPool[int](
        jobs=jobs,
        limits=Limits(timeout_s=TIMEOUT_S),
        setup=observe.SETUP,
        setup_args={**place, "excluded": excluded},
    ) as pool:
        for task, outcome in pool.run(tasks):
            progress("wrong")
            if not isinstance(outcome, Failure):
                answers[task.tag] = json.loads(outcome)
    seen = [(files[number], k, body) for number in sorted(answers) for k, body in enumerate(answers[number])]
    return seen, len(files) - len(answers)


def _copies(
    snapshot: Snapshot,
    by_design: Mapping[str, CorpusFile],
    place: Mapping[str, str],
    jobs: int,
    parts_tried: int,
    seed: int,
    progress: Progress,
    size_tolerance: float,
) -> tuple[tuple[Copy, ...], tuple[Revision, ...]]:
    number = {part.design: part.index for part in snapshot.parts}
    names = sorted(number)
    drawn = np.random.default_rng(seed).permutation(len(names))[:parts_tried]
    tasks = [
        Task(
            "partwatch.curation.trial:run_trial",
            {"path": str(by_design[names[k]].path), "kind": kind},
            (kind, names[k]),
        )
        for k in sorted(drawn)
        for kind in TRIALS
    ]
    copies: list[Copy] = []
    revisions: list[Revision] = []
    with WorkerPool[tuple[str, str]](
        jobs=jobs,
        limits=Limits(timeout_s=TIMEOUT_S),
        setup="partwatch.screening.job:setup",
        setup_args={**place, "as_of": AS_OF.isoformat()},
    ) as pool:
        for task, outcome in pool.run(tasks):
            progress("recall")
            kind, name = task.tag
            answer = (
                {"matches": [], "deviation": None} if isinstance(outcome, Failure) else json.loads(outcome)
            )
            if answer is not None:
                copies.append(_copy(number[name], name, kind, answer, size_tolerance))
                if kind == UNCHANGED:
                    kin = {d: number[d] for d in number if by_design[d].project == by_design[name].project}
                    revisions += _revisions(number[name], kin, answer, size_tolerance)
    copies.sort(key=lambda copy: (copy.part, copy.change))
    return tuple(copies), tuple(sorted(revisions, key=lambda r: (r.part, r.other)))


def _revisions(
    part: int, kin: Mapping[str, int], answer: Mapping[str, Any], size_tolerance: float
) -> list[Revision]:
    """Parts of the same project, by their designs, that lay on the untouched copy and are not the part."""
    best: dict[int, Revision] = {}
    for match in answer["matches"]:
        other = kin.get(match["design"], part)
        if other == part or match["relation"] in EXACT:
            continue
        if other not in best or match["score"] > best[other].score:
            best[other] = Revision(part, other, match["score"], _size(match, size_tolerance))
    return list(best.values())


def _copy(part: int, design: str, kind: str, answer: Mapping[str, Any], size_tolerance: float) -> Copy:
    own = [match for match in answer["matches"] if match["design"] == design]
    best = max(own, key=lambda match: float(match["score"]), default=None)
    deviation = answer["deviation"]
    return Copy(
        part=part,
        change=kind,
        score=best["score"] if best else 0.0,
        coverage=best["coverage"] if best else 0.0,
        size=_size(best, size_tolerance) if best else SizeFit.NONE,
        relation=best["relation"] if best else None,
        deviation=(deviation[0], deviation[1]) if deviation else None,
    )


def _disguised(
    watchlist: Watchlist,
    snapshot: Snapshot,
    by_design: Mapping[str, CorpusFile],
    wanted: Wanted,
    seed: int,
    workers: Workers,
) -> tuple[Screened, ...]:
    """Disguised parts against the whole list; other revisions against a list that holds one of each part."""
    if not wanted.parts:
        return ()
    terms = terms_of(watchlist.home, wanted.policy, wanted.calibration)
    number = {part.design: part.index for part in snapshot.parts}
    place = Place(str(watchlist.home.absolute()), snapshot.key, terms, number)
    listed = {name: file for name, file in by_design.items() if name in number}
    found = disguised_parts(workers, place, listed, wanted.parts, seed)
    chosen = drawn_revisions(listed, wanted.parts, seed)
    if not chosen:
        return tuple(found)
    with tempfile.TemporaryDirectory(prefix="partwatch-revisions-") as scratch:
        kept = Watchlist.open(Path(scratch), create=True)
        designs = [_design(name, listed[name]) for name, _ in chosen]
        kept.add(enrol(designs, workers.jobs, progress=lambda: workers.progress("list")))
        with kept.snapshot() as of_kept:
            place = Place(scratch, of_kept.key, terms, number)
            found += workers.run(place, revision_tasks(chosen, listed, number))
    return tuple(found)


def _numbered(
    snapshot: Snapshot, of_part: Sequence[CorpusFile], seen: _Seen, projects: Sequence[str]
) -> tuple[Bodies, Parts]:
    """Bodies and parts with the families that they share."""
    number = {project: k for k, project in enumerate(projects)}
    rows = np.searchsorted(snapshot.part_index, np.arange(len(snapshot.parts) + 1))
    clouds = snapshot.clouds(rows[:-1])
    part_radius = np.array([radius_of(cloud) for cloud in clouds])
    part_projects = np.array([number[file.project] for file in of_part], dtype=np.int32)
    descriptors = np.array([body["descriptor"] for _, _, body in seen], dtype=np.float32)
    radius = np.array([body["radius_mm"] for _, _, body in seen])
    body_projects = np.array([number[file.project] for file, _, _ in seen], dtype=np.int32)
    families = families_of(
        np.concatenate([descriptors, snapshot.descriptors[rows[:-1]]]),
        np.concatenate([radius, part_radius]),
        np.concatenate([body_projects, part_projects]),
        # Of a file of several bodies each is a thing of its own.
        [*(f"{file.geometry}#{k}" for file, k, _ in seen), *(f"{file.geometry}#0" for file in of_part)],
    )
    n = len(seen)
    bodies = Bodies(
        descriptors,
        radius,
        body_projects,
        families[:n],
        tuple(f"{file.shown} [body {k}]" for file, k, _ in seen),
    )
    parts = Parts(
        np.array(snapshot.descriptors),
        rows,
        part_radius,
        part_projects,
        families[n:],
        tuple(f"{file.project}: {file.shown}" for file in of_part),
        np.array([part.distinctiveness for part in snapshot.parts]),
    )
    return bodies, parts


def _shared(seen: _Seen) -> Shared:
    rows = [
        (k, told["part"], told["information"])
        for k, (_, _, body) in enumerate(seen)
        for told in body["regions"]
    ]
    return Shared(
        body=np.array([row[0] for row in rows], dtype=np.int32),
        part=np.array([row[1] for row in rows], dtype=np.int32),
        information=np.array([row[2] for row in rows], dtype=np.float64),
    )


def _strangers(seen: _Seen, size_tolerance: float) -> Lain:
    hits = [(k, body, hit) for k, (_, _, body) in enumerate(seen) for hit in body["hits"]]
    return Lain(
        body=np.array([k for k, _, _ in hits], dtype=np.int32),
        part=np.array([hit["part"] for _, _, hit in hits], dtype=np.int32),
        score=np.array([hit["score"] for _, _, hit in hits]),
        coverage=np.array([hit["coverage"] for _, _, hit in hits]),
        size=tuple(_size(hit, size_tolerance) for _, _, hit in hits),
    )


def _size(told: Mapping[str, Any], size_tolerance: float) -> SizeFit:
    return size_fit(told["scale"], UnitSource(told["source"]), size_tolerance)
