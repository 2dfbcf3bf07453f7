"""An operator's own stock: what it adds to the population, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trimesh

import parts
from partwatch.cli import main
from partwatch.evidence.population import population_of, shipped_population
from partwatch.model.mesh import Mesh


def write(path: Path, mesh: Mesh) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    trimesh.Trimesh(mesh.vertices, mesh.triangles, process=False).export(path)


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    folder = tmp_path / "our stock"
    write(folder / "bracket.stl", parts.part_mesh("bracket"))
    write(folder / "old" / "bracket moved.stl", parts.moved(parts.part_mesh("bracket"), parts.motion(5)))
    write(folder / "hinge.stl", parts.part_mesh("gear"))
    (folder / "notes.txt").write_text("nothing to print")
    return folder


def test_bodies_join_the_population_as_families_and_can_be_taken_out(
    stock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert main(["--home", str(home), "background", "add", str(stock), "--jobs", "1"]) == 0
    told = capsys.readouterr().out
    assert "3 bodies of 2 families from 3 files as our stock; 1 files could not be read" in told
    joined, shipped = population_of(home), shipped_population()
    assert len(joined) == len(shipped) + 3
    assert joined.family_count == shipped.family_count + 2
    assert joined.full_name(len(joined) - 1) == "our stock: old/bracket moved.stl [body 0]"
    assert main(["--home", str(home), "background", "ls"]) == 0
    assert "our stock: 3 bodies, 2 families" in capsys.readouterr().out
    assert main(["--home", str(home), "background", "remove", "our stock"]) == 0
    assert population_of(home).version == shipped.version


def test_adding_again_under_a_name_replaces_it(stock: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for _ in range(2):
        assert main(["--home", str(home), "background", "add", str(stock), "--name", "a", "--jobs", "1"]) == 0
    assert len(population_of(home)) == len(shipped_population()) + 3


def test_what_has_nothing_to_add_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    asked = {
        "no file in it has a body": ["add", str(tmp_path / "empty")],
        "give a folder": ["add", str(tmp_path / "none")],
        "there is no stock called x": ["remove", "x"],
    }
    for said, arguments in asked.items():
        assert main(["--home", str(tmp_path / "home"), "background", *arguments]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "home" / "background").exists()


def test_what_a_shop_prints_every_day_weighs_less_from_then_on(
    stock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, manifest = tmp_path / "home", tmp_path / "design.toml"
    manifest.write_text(
        'name = "shelf"\nauthority = "Test"\nreason = "test"\nexpires = 2030-01-01\n'
        f'[[parts]]\nname = "bracket"\nfile = "{stock / "bracket.stl"}"\n'
    )
    assert main(["--home", str(home), "watchlist", "add", str(manifest)]) == 0
    assert main(["--home", str(home), "background", "add", str(stock), "--jobs", "1"]) == 0
    capsys.readouterr()
    assert main(["--home", str(home), "watchlist", "lint", "--json"]) == 1
    assert [remark["code"] for remark in json.loads(capsys.readouterr().out)] == ["stale_gate_report"]
    assert main(["--home", str(home), "watchlist", "lint", "--refresh", "--json"]) == 1
    (remark,) = json.loads(capsys.readouterr().out)
    assert remark["code"] == "generic_part"
    assert "most like our stock: " in remark["message"]
