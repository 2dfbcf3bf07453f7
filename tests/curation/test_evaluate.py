"""The evaluation itself, on a small corpus made here: what it counts must be what is there."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
import trimesh

import parts
from partwatch.cli import main
from partwatch.curation.corpus import read_corpus
from partwatch.curation.evaluate import POOLED, evaluate
from partwatch.curation.trial import RIGID_KINDS
from partwatch.model.document import MatchFinding
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


def test_counts_recall_and_what_matches_between_projects(corpus: Path) -> None:
    result = evaluate(read_corpus(corpus), jobs=1, parts_tried=2)
    assert (result.parts, result.items, result.bodies, result.unread) == (4, 4, 4, 0)
    assert result.recall[POOLED].trials == 2 * len(RIGID_KINDS)
    assert result.recall[POOLED].hits == result.recall[POOLED].trials
    assert result.misses == []
    assert {(Path(wrong.path).name, wrong.design) for wrong in result.wrong} == {
        ("bracket.stl", f"b/two: {corpus}/b+two/copied.stl"),
        ("copied.stl", f"a/one: {corpus}/a+one/bracket.stl"),
    }
    assert result.wrong_rate(MatchFinding.MATCH).hits == 2


def test_the_verb_prints_rates_with_intervals(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--corpus", str(corpus), "--parts", "1", "--jobs", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["recall"][POOLED]["trials"] == len(RIGID_KINDS)
    assert len(told["wrong"]) == 2


def test_a_folder_without_a_manifest_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"MANIFEST\.csv: not there"):
        read_corpus(tmp_path)
