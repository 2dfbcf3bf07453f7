"""What print jobs are weighed by begins at the meshes' numbers and goes no further than the jobs show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from partwatch.curation.corpus import CorpusFile
from partwatch.curation.observations import Parts
from partwatch.curation.print_jobs import Gathered, PrintJob, print_jobs
from partwatch.evidence.numbers import Line
from partwatch.evidence.population import Population
from partwatch.evidence.tail import RegionTail
from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.matching.weight import SizeFit
from partwatch.model.document import Medium
from partwatch.model.errors import UsageError

pytest.importorskip("lir")

from partwatch.cli.calibrate import calibrate
from partwatch.curation.calibrate import Subset, Surprises
from partwatch.curation.fit_media import (
    beside,
    fit_medium,
    heavier_region_tail,
    heavier_tail,
    no_steeper,
    with_media,
)
from partwatch.evidence.calibration import shipped_calibration
from partwatch.evidence.pair import calibrated

PROJECTS = 6
PARTS = 24
BASE = replace(shipped_calibration(), media={})


@dataclass(frozen=True)
class World:
    """PARTS listed parts of PROJECTS projects, and a job of each, found or not."""

    gathered: Gathered
    population: Population


def hit(part: int, score: float, information: float = 20.0) -> dict[str, Any]:
    size = {"scale": 1.0, "source": "stated"}
    return {
        "part": part,
        "whole": {"score": score, "coverage": score, **size},
        "region": {"information": information, "share": 1.2, **size},
    }


def world(medium: str = "toolpath", lost: int = 6, stranger_score: float = 0.6) -> World:
    rng = np.random.default_rng(5)
    prints = rng.normal(size=(PARTS, DESCRIPTOR_SIZE)).astype(np.float32)
    prints *= np.sqrt(2) / np.linalg.norm(prints, axis=1, keepdims=True)
    of_project = np.arange(PARTS, dtype=np.int32) % PROJECTS
    files = [
        CorpusFile(Path(f"{k}.stl"), f"owner{k % PROJECTS}/name", "part", str(k), f"g{k}", shown=f"{k}.stl")
        for k in range(PARTS)
    ]
    parts = Parts(
        prints, np.arange(PARTS + 1), np.full(PARTS, 20.0), of_project, np.arange(PARTS, dtype=np.int32),
        tuple(file.shown for file in files), np.full(PARTS, 0.8),
    )  # fmt: skip
    rows = []
    for k in range(PARTS):
        body: dict[str, Any] = {"descriptor": prints[k].tolist(), "radius_mm": 20.0}
        body["listed"] = [] if k < lost else [hit(k, 0.85 + 0.004 * k), hit((k + 1) % PARTS, 0.55)]
        body["strangers"] = [hit((k + 1) % PARTS, stranger_score, 0.2)] if k % 2 else []
        job = PrintJob(Path(f"{k}.gcode"), f"owner{k % PROJECTS}/name/{k}.stl")
        rows.append((job, {"medium": medium, "bodies": [body]}))
    population = Population(
        name="things", descriptors=prints, families=np.arange(PARTS, dtype=np.int32), projects=of_project,
        radius_mm=np.full(PARTS, 20.0, dtype=np.float32),
        names=tuple(f"{k}.stl [body 0]" for k in range(PARTS)),
        project_names=tuple(f"owner{k}/name" for k in range(PROJECTS)), sources=("",) * PROJECTS,
    )  # fmt: skip
    return World(Gathered(files, files, parts, rows, (), 0), population)


def test_jobs_are_counted_with_what_lay_on_them() -> None:
    jobs = world().gathered.of(frozenset({Medium.TOOLPATH}))
    assert len(jobs.observed.bodies) == len(jobs.observed.copies) == PARTS
    found = [copy.score > 0 for copy in jobs.observed.copies]
    assert found == [False] * 6 + [True] * (PARTS - 6)
    assert jobs.copy_information.tolist() == [0.0] * 6 + [20.0] * (PARTS - 6)
    assert len(jobs.observed.strangers.body) == PARTS // 2
    assert set(jobs.observed.strangers.size) == {SizeFit.OWN}
    # Of its own family only: the other listed part that lay on it is no copy.
    assert {seen.part for seen in jobs.own} == set(range(6, PARTS))


def test_a_medium_gets_numbers_and_meshes_keep_theirs() -> None:
    it = world()
    made = with_media(BASE, it.population, it.gathered, "here")
    model = made.media[Medium.TOOLPATH]
    assert replace(made, media={}) == BASE
    assert (model.mates, model.non_mates, model.families, model.projects) == (PARTS, PARTS, PARTS, PROJECTS)
    assert model.list_parts == PARTS
    assert model.missed < 0
    assert BASE.missed < model.missed
    assert 0 < model.search_bound <= np.log2(PARTS + 1)
    assert model.pair_bound < BASE.pair_bound


def test_a_medium_of_few_families_is_fitted_with_the_other_but_bounded_alone() -> None:
    moves, layers = world(), world("layers")
    few = replace(moves.gathered, rows=[*moves.gathered.rows, *layers.gathered.rows[:8]])
    model = fit_medium(BASE, beside(moves.population, few), few, Medium.LAYERS, "here")
    assert model.fitted_with == (Medium.LAYERS, Medium.TOOLPATH)
    assert (model.mates, model.families) == (8, 8)
    assert model.search_bound <= np.log2(9)


def test_jobs_of_projects_that_are_held_back_say_nothing() -> None:
    it = world()
    projects = np.arange(PROJECTS) != 0
    against = beside(it.population, it.gathered)
    model = fit_medium(BASE, against, it.gathered, Medium.TOOLPATH, "here", projects)
    assert model.projects == PROJECTS - 1
    assert model.mates == PARTS - PARTS // PROJECTS
    with pytest.raises(UsageError, match="too few jobs of medium toolpath"):
        fit_medium(BASE, against, it.gathered, Medium.TOOLPATH, "here", np.zeros(PROJECTS, dtype=bool))


@pytest.mark.parametrize(("score", "heavier"), [(0.3, False), (0.98, True)])
def test_a_tail_becomes_heavier_where_strangers_lie_well_never_lighter(score: float, heavier: bool) -> None:
    jobs = world(stranger_score=score).gathered.of(frozenset({Medium.TOOLPATH}))
    tail = heavier_tail(BASE.tail, Subset(jobs.observed, np.ones(PROJECTS, dtype=bool)))
    assert (tail.intercept > BASE.tail.intercept) is heavier
    assert replace(tail, intercept=BASE.tail.intercept) == BASE.tail


@pytest.mark.parametrize(("information", "heavier"), [(0.0, False), (30.0, True)])
def test_a_tail_of_regions_moves_only_up(information: float, heavier: bool) -> None:
    tail = RegionTail(-15.0, 1.2)
    moved = heavier_region_tail(tail, np.full(40, information), np.arange(40, dtype=np.int32), 1000)
    assert (moved.offset > tail.offset) is heavier
    assert moved.rate == tail.rate


@pytest.mark.parametrize("strangers", [np.array([1.0, 2.0, 3.0]), np.array([-1.0, -np.inf, -np.inf])])
def test_a_line_is_no_steeper_than_the_meshes(strangers: np.ndarray) -> None:
    mates = np.array([9.0, 10.0, 12.0, 14.0, -np.inf])
    line, plain, missed = no_steeper(Surprises(mates, np.ones(5), strangers, np.ones(3)), Line(-2.0, 0.6))
    assert line.slope <= 0.6
    assert plain <= 0
    assert missed <= 0


def written(folder: Path, names: Mapping[str, str]) -> Iterator[Path]:
    for name, content in names.items():
        (folder / name).write_text(content, encoding="utf-8")
        yield folder / name


def test_jobs_are_those_beside_which_their_part_is_named(tmp_path: Path) -> None:
    about = json.dumps({"part": "owner/name/stl/part.stl"})
    list(written(tmp_path, {"a.gcode": "", "a.json": about, "b.gcode": "", "c.sl1s": "", "c.json": about}))
    jobs = print_jobs(tmp_path)
    assert [job.path.name for job in jobs] == ["a.gcode", "c.sl1s"]
    assert {job.project for job in jobs} == {"owner/name"}


@pytest.mark.parametrize("about", ["", "[]", "{}", '{"part": 1}', '{"part": "part.stl"}'])
def test_what_does_not_name_a_part_is_told_by_its_file(about: str, tmp_path: Path) -> None:
    list(written(tmp_path, {"a.gcode": "", "a.json": about}))
    with pytest.raises(UsageError, match=r"a\.json: this does not say what its job is of"):
        print_jobs(tmp_path)


def test_a_folder_without_jobs_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match=r"no job .* that names its part"):
            print_jobs(folder)


def corpus_in(folder: Path) -> Path:
    (folder / "MANIFEST.csv").write_text("role,repo,path,sha256,same_geometry_as\n", encoding="utf-8")
    return folder


def test_the_command_adds_media_to_a_base_and_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, out = tmp_path / "jobs", tmp_path / "out"
    jobs.mkdir()
    out.mkdir()
    about = json.dumps({"part": "owner0/name/0.stl"})
    list(written(jobs, {"a.gcode": "", "a.json": about}))
    monkeypatch.setattr("partwatch.curation.print_jobs.gather_jobs", lambda *_, **__: world().gathered)
    calibrate(corpus=corpus_in(tmp_path), out=out, print_jobs=jobs)
    made, population = calibrated(out / "calibration.json")
    assert set(made.media) >= {Medium.TOOLPATH}
    assert replace(made, media={}) == BASE
    assert population.version == made.population_version
    again = with_media(made, population, world("layers").gathered, "later")
    assert again.media[Medium.TOOLPATH] == made.media[Medium.TOOLPATH]


def test_a_base_without_jobs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="go with --print-jobs"):
        calibrate(corpus=tmp_path, out=tmp_path, base=tmp_path / "calibration.json")
