"""The evaluation itself, on a small corpus made here: what it counts must be what is there."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import trimesh

import parts
from partwatch.cli import main
from partwatch.curation.corpus import read_corpus
from partwatch.curation.evaluate import POOLED, drawn, evaluate, judges_of
from partwatch.curation.observations import Observations, gather
from partwatch.curation.trial import RIGID_KINDS
from partwatch.evidence.calibration import calibration_text, shipped_calibration
from partwatch.evidence.policy import AlertPolicy
from partwatch.matching.weight import SizeFit
from partwatch.model.errors import UsageError
from partwatch.model.mesh import Mesh

COLUMNS = ("role", "repo", "path", "sha256", "same_geometry_as")


def write(folder: Path, files: dict[tuple[str, str], Mesh]) -> Path:
    rows = []
    for (project, name), mesh in files.items():
        path = folder / project.replace("/", "+") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        trimesh.Trimesh(mesh.vertices, mesh.triangles, process=False).export(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append(("part", project, name, digest, ""))
    with (folder / "MANIFEST.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two projects; the second one holds a moved copy of a part of the first."""
    copied = parts.moved(parts.part_mesh("bracket"), parts.motion(3))
    return write(
        tmp_path_factory.mktemp("corpus"),
        {
            ("a/one", "bracket.stl"): parts.part_mesh("bracket"),
            ("a/one", "plate.stl"): parts.part_mesh("plate"),
            ("b/two", "housing.stl"): parts.part_mesh("housing"),
            ("b/two", "copied.stl"): copied,
        },
    )


@pytest.fixture(scope="module")
def observed(corpus: Path) -> Observations:
    return gather(read_corpus(corpus), jobs=1, parts_tried=2)


def test_strangers_are_what_lies_on_bodies_of_another_project(observed: Observations) -> None:
    lain = observed.strangers
    pairs = {
        (observed.bodies.names[body], observed.parts.names[part].split(": ")[-1])
        for body, part, score in zip(lain.body, lain.part, lain.score, strict=True)
        if score > 0.9
    }
    assert pairs == {("bracket.stl [body 0]", "copied.stl"), ("copied.stl [body 0]", "bracket.stl")}
    assert set(lain.size) == {SizeFit.OWN}


def test_copies_are_found_with_their_measures(observed: Observations) -> None:
    assert len(observed.copies) >= 2 * len(RIGID_KINDS)
    rigid = [copy for copy in observed.copies if copy.change in RIGID_KINDS]
    assert all(copy.score > 0.9 and copy.size is not SizeFit.NONE for copy in rigid)
    inferred = {copy.change for copy in rigid if copy.size is SizeFit.INFERRED}
    assert inferred == {kind for kind in RIGID_KINDS if kind.startswith("unit ")}


def judged(observed: Observations) -> dict[str, Any]:
    judges = judges_of(observed, 0, None)
    return evaluate(observed, seed=0, gate_rate=1e6, alerts=AlertPolicy(), judges=judges)


def test_counts_recall_and_what_matches_between_projects(observed: Observations) -> None:
    result = judged(observed)
    assert (result["list_parts"], result["items"], result["unread"]) == (4, 4, 0)
    pooled = [row for row in result["recall"] if row["class"] == POOLED]
    assert {(row["at"], row["hits"], row["trials"]) for row in pooled} == {
        ("match", 2 * len(RIGID_KINDS), 2 * len(RIGID_KINDS)),
        ("review", 2 * len(RIGID_KINDS), 2 * len(RIGID_KINDS)),
    }
    assert result["misses"] == []
    wrong = {(row["body"], row["part"].split(": ")[-1], row["finding"]) for row in result["wrong"]}
    assert wrong == {
        ("bracket.stl [body 0]", "copied.stl", "match"),
        ("copied.stl [body 0]", "bracket.stl", "match"),
    }
    match = next(row for row in result["false"] if row["finding"] == "match")
    assert (match["hits"], match["bodies"]) == (2, 4)
    assert match["upper_per_10000"] > match["per_10000"] == 5000


def test_a_gate_that_lets_nothing_in_holds_all_back(observed: Observations) -> None:
    judges = judges_of(observed, 0, None)
    result = evaluate(observed, seed=0, gate_rate=0.0, alerts=AlertPolicy(), judges=judges)
    assert result["held_back"] == {"parts": 4, "of": 4, "gate_rate": 0.0}
    assert result["recall"] == []


def test_a_corpus_of_other_projects_is_judged_with_what_is_shipped(observed: Observations) -> None:
    (judge,) = judges_of(observed, 0, None).judges.values()
    assert judge.calibration == shipped_calibration()


def test_the_same_observations_give_the_same_figures(observed: Observations) -> None:
    assert judged(observed) == judged(observed)


def test_the_verb_prints_figures_writes_a_page_and_compares(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["evaluate", "--corpus", str(corpus), "--parts", "1", "--jobs", "1", "--gate-rate", "1000000"]
    wanted += ["--disguises", "0"]
    page = tmp_path / "page.html"
    assert main([*wanted, "--json", "--html", str(page)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "partwatch-evaluation-1"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    old = tmp_path / "old.json"
    old.write_text(json.dumps(told), encoding="utf-8")
    assert main([*wanted, "--baseline", str(old)]) == 0
    assert "recall at match" in capsys.readouterr().out


def test_a_calibration_without_its_population_is_refused_before_any_work(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "calibration.json"
    own.write_text(calibration_text(shipped_calibration()))
    assert main(["evaluate", "--corpus", str(corpus), "--calibration", str(own)]) == 2
    assert str(tmp_path / "population.npz") in capsys.readouterr().err


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_a_sample_is_drawn_by_its_seed_in_the_files_order(corpus: Path, count: int) -> None:
    files = read_corpus(corpus)
    some = drawn(files, count, 5)
    assert some == drawn(files, count, 5)
    assert len(some) == min(count, 4)
    assert [file for file in files if file in some] == some


def test_a_folder_without_a_manifest_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"MANIFEST\.csv: not there"):
        read_corpus(tmp_path)
