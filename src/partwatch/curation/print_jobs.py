"""Print jobs of listed parts, observed: what a calibration of their media rests on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from partwatch.curation import observe_jobs
from partwatch.curation.corpus import CorpusFile
from partwatch.curation.families import families_of
from partwatch.curation.observations import (
    Bodies,
    Copy,
    Floats,
    Ints,
    Lain,
    Observations,
    Parts,
    Progress,
    Shared,
    list_parts,
)
from partwatch.curation.observe_jobs import SEARCHED_FOR_REGIONS
from partwatch.fingerprint.cloud import radius_of
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool
from partwatch.matching.policy import Policy
from partwatch.matching.relation import size_fit
from partwatch.matching.weight import SizeFit
from partwatch.model.document import Medium, UnitSource
from partwatch.model.errors import UsageError
from partwatch.watchlist.snapshot import Snapshot
from partwatch.watchlist.store import Watchlist

TIMEOUT_S: Final = 900
KINDS: Final = (".gcode", ".bgcode", ".sl1", ".sl1s")
CHANGE: Final = "print job"


@dataclass(frozen=True)
class PrintJob:
    """A job's file and what it is of: `project/path` of a corpus file."""

    path: Path
    part: str

    @property
    def project(self) -> str:
        """`owner/name` of the part."""
        return "/".join(self.part.split("/")[:2])


@dataclass(frozen=True)
class Seen:
    """A part on a body. whole: its score, coverage and size. region: share, information and size of what it
    has in common with the body. None where it was not looked for, or is not worth a word."""

    body: int
    part: int
    whole: tuple[float, float, SizeFit] | None
    region: tuple[float, float, SizeFit] | None


@dataclass(frozen=True, eq=False)
class JobObservations:
    """Jobs of one or several media.

    observed: their bodies, of the project and the family of what was sliced; strangers and regions of these;
    a copy for each job of a listed part, with the best of its own part or a near-duplicate on any body.
    job_media: of each job. job: (bodies,), numbers of jobs. own: parts of their own family on bodies.
    strangers: of other projects. copy_job: (copies,). copy_information: (copies,), of the rarest region
    that the part has in common with the job, 0 without. with_regions: (bodies,), whether regions were
    looked for. within: (m, 2, TOLERANCES), of each whole own part on a job coverage of part and body.
    """

    observed: Observations
    names: tuple[str, ...]
    job_media: tuple[Medium, ...]
    job: Ints
    own: tuple[Seen, ...]
    strangers: tuple[Seen, ...]
    copy_job: Ints
    copy_information: Floats
    with_regions: Ints
    within: Mapping[int, Floats]


def print_jobs(folder: Path) -> list[PrintJob]:
    """The jobs of a folder, by name, as far as a JSON file beside each names its `part`.

    UsageError where there is none, or such a file is none.
    """
    jobs = []
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        about = path.with_suffix(".json")
        if path.suffix.lower() not in KINDS or not about.is_file():
            continue
        try:
            part = json.loads(about.read_text(encoding="utf-8"))["part"]
            if not isinstance(part, str) or part.count("/") < 2:
                raise ValueError(f"{part!r} is no project and path")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{about}: this does not say what its job is of ({error}); "
                'it needs {"part": "OWNER/NAME/PATH"}'
            ) from error
        jobs.append(PrintJob(path, part))
    if not jobs:
        raise UsageError(
            f"--print-jobs {folder}: no job ({', '.join(KINDS)}) with a JSON file beside it that names its "
            "part"
        )
    return jobs


def gather_jobs(
    files: Sequence[CorpusFile],
    jobs: Sequence[PrintJob],
    workers: int,
    home: Path | None = None,
    kept: Path | None = None,
    progress: Progress = lambda stage: None,
) -> Gathered:
    """Lists every part of the corpus, and searches the bodies of each job.

    home: where to keep the list; a temporary folder by default. kept: a folder with a JSON file for each job
    that was observed before, which is believed; new ones are added.
    """
    with tempfile.TemporaryDirectory(prefix="partwatch-jobs-") as scratch:
        watchlist = Watchlist.open(home or Path(scratch), create=True)
        by_design, unlisted = list_parts(watchlist, files, workers, progress)
        with watchlist.snapshot() as snapshot:
            of_part = [by_design[part.design] for part in snapshot.parts]
            parts = _parts(snapshot, of_part, sorted({file.project for file in files}))
            place = {"home": str(watchlist.home.absolute()), "snapshot_key": snapshot.key}
            rows = _rows(files, jobs, of_part, parts, place, workers, kept, progress)
    return Gathered(files, of_part, parts, rows, unlisted, len(jobs) - len(rows))


_Rows = list[tuple[PrintJob, dict[str, Any]]]


@dataclass(frozen=True, eq=False)
class Gathered:
    """All that was observed. of_part: the file of each listed part. unlisted: what could not be listed.
    unread: jobs that could not be read in time or make nothing."""

    files: Sequence[CorpusFile]
    of_part: Sequence[CorpusFile]
    parts: Parts
    rows: _Rows
    unlisted: Sequence[str]
    unread: int

    @property
    def media(self) -> frozenset[Medium]:
        """Of the jobs."""
        return frozenset(Medium(row["medium"]) for _, row in self.rows)

    def of(self, media: frozenset[Medium]) -> JobObservations:
        """The jobs of some media."""
        rows = [entry for entry in self.rows if Medium(entry[1]["medium"]) in media]
        return _numbered(self.files, self.of_part, self.parts, rows, self.unlisted, self.unread)


def _parts(snapshot: Snapshot, of_part: Sequence[CorpusFile], projects: Sequence[str]) -> Parts:
    rows = np.searchsorted(snapshot.part_index, np.arange(len(snapshot.parts) + 1))
    radius = np.array([radius_of(cloud) for cloud in snapshot.clouds(rows[:-1])])
    number = {project: k for k, project in enumerate(projects)}
    of_project = np.array([number[file.project] for file in of_part], dtype=np.int32)
    return Parts(
        np.array(snapshot.descriptors),
        rows,
        radius,
        of_project,
        families_of(snapshot.descriptors[rows[:-1]], radius, of_project, [file.geometry for file in of_part]),
        tuple(f"{file.project}: {file.shown}" for file in of_part),
        np.array([part.distinctiveness for part in snapshot.parts]),
    )


def _rows(
    files: Sequence[CorpusFile],
    jobs: Sequence[PrintJob],
    of_part: Sequence[CorpusFile],
    parts: Parts,
    place: Mapping[str, str],
    workers: int,
    kept: Path | None,
    progress: Progress,
) -> _Rows:
    """What was observed of each job that could be read."""
    family = _FamilyOf(files, of_part, parts)
    found: dict[int, dict[str, Any]] = {}
    tasks = []
    for number, job in enumerate(jobs):
        known = kept / f"{job.path.name}.json" if kept is not None else None
        if known is not None and known.exists():
            found[number] = json.loads(known.read_text(encoding="utf-8"))
            continue
        own = np.flatnonzero(parts.families == family.of(job.part)).tolist()
        about = {"path": str(job.path), "project": job.project, "own": own}
        tasks.append(Task(observe_jobs.TASK, about, number))
    with WorkerPool[int](
        jobs=workers,
        limits=Limits(timeout_s=TIMEOUT_S),
        setup=observe_jobs.SETUP,
        setup_args={**place, "excluded": _excluded(files, of_part)},
    ) as pool:
        for task, outcome in pool.run(tasks):
            progress("print jobs")
            row = {"error": str(outcome)} if isinstance(outcome, Failure) else json.loads(outcome)
            found[task.tag] = row
            if kept is not None:
                kept.mkdir(parents=True, exist_ok=True)
                (kept / f"{jobs[task.tag].path.name}.json").write_text(json.dumps(row), encoding="utf-8")
    return [(jobs[number], found[number]) for number in sorted(found) if "bodies" in found[number]]


def _excluded(files: Sequence[CorpusFile], of_part: Sequence[CorpusFile]) -> dict[str, list[int]]:
    """By project the parts that are no strangers to it."""
    excluded = {}
    for project in {file.project for file in files}:
        geometry = {file.geometry for file in files if file.project == project}
        excluded[project] = [
            number
            for number, file in enumerate(of_part)
            if file.project == project or file.geometry in geometry
        ]
    return excluded


class _FamilyOf:
    """Families of what was sliced; a part that is not listed has one of its own."""

    def __init__(self, files: Sequence[CorpusFile], of_part: Sequence[CorpusFile], parts: Parts) -> None:
        self._listed = {
            file.geometry: int(family) for file, family in zip(of_part, parts.families, strict=True)
        }
        self._geometry = {f"{file.project}/{file.shown}": file.geometry for file in files}
        self._next = int(parts.families.max(initial=-1)) + 1

    def of(self, part: str) -> int:
        """Of `project/path`; UsageError where the corpus has no such file."""
        if part not in self._geometry:
            raise UsageError(f"{part}: the corpus has no such file; --corpus is another one than was sliced")
        geometry = self._geometry[part]
        if geometry not in self._listed:
            self._listed[geometry] = self._next
            self._next += 1
        return self._listed[geometry]


def _numbered(
    files: Sequence[CorpusFile],
    of_part: Sequence[CorpusFile],
    parts: Parts,
    rows: _Rows,
    unlisted: Sequence[str],
    unread: int,
) -> JobObservations:
    """All rows as arrays."""
    family = _FamilyOf(files, of_part, parts)
    projects = sorted({file.project for file in files})
    listed = frozenset(parts.families.tolist())
    bodies: list[tuple[int, int, dict[str, Any]]] = []
    own: list[Seen] = []
    strangers: list[Seen] = []
    within: dict[int, Floats] = {}
    for number, (job, row) in enumerate(rows):
        of_job = family.of(job.part)
        for place, body in enumerate(row["bodies"]):
            strangers += [_seen(len(bodies), hit) for hit in body["strangers"]]
            for hit in body["listed"]:
                if parts.families[hit["part"]] != of_job:
                    continue
                if hit.get("within"):
                    within[len(own)] = np.array([hit["within"]["part"], hit["within"]["body"]])
                own.append(_seen(len(bodies), hit))
            bodies.append((number, place, body))
    job_of_body = np.array([number for number, _, _ in bodies], dtype=np.int32)
    families = [family.of(job.part) for job, _ in rows]
    searched = [number for number, each in enumerate(families) if each in listed]
    first = {each: int(np.flatnonzero(parts.families == each)[0]) for each in set(families) & listed}
    copies = [_copy(number, first[families[number]], own, job_of_body) for number in searched]
    observed = Observations(
        project_names=tuple(projects),
        licences=("",) * len(projects),
        bodies=Bodies(
            np.array([body["descriptor"] for _, _, body in bodies], dtype=np.float32),
            np.array([body["radius_mm"] for _, _, body in bodies]),
            np.array([projects.index(rows[number][0].project) for number, _, _ in bodies], dtype=np.int32),
            np.array([families[number] for number, _, _ in bodies], dtype=np.int32),
            tuple(f"{rows[number][0].path.name} [body {place}]" for number, place, _ in bodies),
        ),
        parts=parts,
        strangers=_lain(strangers),
        copies=tuple(copy for copy, _ in copies),
        revisions=(),
        unlisted=tuple(unlisted),
        unread=unread,
        items=len(rows) + unread,
        shared=_shared(strangers),
    )
    return JobObservations(
        observed=observed,
        names=tuple(job.path.name for job, _ in rows),
        job_media=tuple(Medium(row["medium"]) for _, row in rows),
        job=job_of_body,
        own=tuple(own),
        strangers=tuple(strangers),
        copy_job=np.array(searched, dtype=np.int32),
        copy_information=np.array([information for _, information in copies]),
        with_regions=np.array([place < SEARCHED_FOR_REGIONS for _, place, _ in bodies], dtype=np.int32),
        within=within,
    )


def _seen(body: int, hit: Mapping[str, Any]) -> Seen:
    whole, region = hit.get("whole"), hit.get("region")
    return Seen(
        body,
        int(hit["part"]),
        None if whole is None else (whole["score"], whole["coverage"], _size(whole)),
        None if region is None else (region["share"], region["information"], _size(region)),
    )


def _size(told: Mapping[str, Any]) -> SizeFit:
    return size_fit(told["scale"], UnitSource(told["source"]), Policy().scale_tolerance)


def _copy(number: int, part: int, own: Sequence[Seen], job_of_body: Ints) -> tuple[Copy, float]:
    """The best of a job's own part, or a near-duplicate, on any of its bodies; the rarest shared region."""
    mine = [seen for seen in own if job_of_body[seen.body] == number]
    wholes = [(seen.whole, seen.part) for seen in mine if seen.whole is not None]
    information = max((seen.region[1] for seen in mine if seen.region and _tells(seen)), default=0.0)
    (score, coverage, size), best = max(
        wholes, key=lambda one: one[0][0], default=((0.0, 0.0, SizeFit.NONE), part)
    )
    return Copy(best, CHANGE, score, coverage, size, None, None), information


def _tells(seen: Seen) -> bool:
    """Whether geometry would report the shared region, at the part's own size."""
    return seen.region is not None and seen.region[0] >= 1 and seen.region[2] is not SizeFit.NONE


def _lain(strangers: Sequence[Seen]) -> Lain:
    wholes = [(seen, seen.whole) for seen in strangers if seen.whole is not None]
    return Lain(
        body=np.array([seen.body for seen, _ in wholes], dtype=np.int32),
        part=np.array([seen.part for seen, _ in wholes], dtype=np.int32),
        score=np.array([whole[0] for _, whole in wholes]),
        coverage=np.array([whole[1] for _, whole in wholes]),
        size=tuple(whole[2] for _, whole in wholes),
    )


def _shared(strangers: Sequence[Seen]) -> Shared:
    told = [(seen, seen.region[1]) for seen in strangers if seen.region is not None and _tells(seen)]
    return Shared(
        body=np.array([seen.body for seen, _ in told], dtype=np.int32),
        part=np.array([seen.part for seen, _ in told], dtype=np.int32),
        information=np.array([information for _, information in told], dtype=np.float64),
    )
