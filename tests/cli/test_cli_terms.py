"""On what terms `screen` weighs: the policy and the calibration that were asked for, or a clear refusal."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path

import pytest
import trimesh

import parts
from partwatch.cli import main
from partwatch.evidence.calibration import shipped_calibration
from partwatch.evidence.population import shipped_population, write_population


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a listed bracket, and a copy of it to screen."""
    folder = tmp_path_factory.mktemp("terms")
    mesh = parts.part_mesh("bracket")
    trimesh.Trimesh(mesh.vertices, mesh.triangles, process=False).export(folder / "bracket.stl")
    (folder / "design.toml").write_text(
        'name = "shelf"\nauthority = "Test"\nreason = "test"\nexpires = 2099-01-01\n'
        '[[parts]]\nname = "bracket"\nfile = "bracket.stl"\n'
    )
    assert main(["--home", str(folder / "home"), "watchlist", "add", str(folder / "design.toml")]) == 0
    return folder


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    """The shipped files, elsewhere."""
    data = resources.files("partwatch.evidence") / "data"
    for name in ("calibration.json", "population.npz"):
        with resources.as_file(data / name) as file:
            shutil.copy(file, tmp_path / name)
    return tmp_path / "calibration.json"


def screened(place: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, object]:
    asked = ["--home", str(place / "home"), "screen", str(place / "bracket.stl"), "--json", "--jobs", "1"]
    assert main([*asked, *options]) == 1
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


def test_bits_their_basis_and_the_policy_are_in_the_result(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = screened(place, capsys)
    header, (item,) = told["header"], told["items"]  # type: ignore[misc] # as JSON has it
    (match,) = item["bodies"][0]["matches"]
    assert header["calibration"] == shipped_calibration().version
    assert header["policy"]["name"] == "alerts-1"
    assert header["policy"]["thresholds"]["match_per_10000"] == 1
    assert header["basis"]["population"] == shipped_population().name
    assert 0 < match["bits"] <= match["evidence"]["bound"] == header["basis"]["bound"]
    assert match["evidence"]["false_per_10000"] < 1
    assert "shelf / bracket" in match["evidence"]["statement"]
    assert match["finding"] == "match"


def test_a_stricter_policy_holds_for_review_and_is_named(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "strict.toml").write_text(
        'name = "strict"\nmatch_per_10000 = 1e-12\nreview_per_10000 = 1e-11\n'
    )
    told = screened(place, capsys, "--policy", str(tmp_path / "strict.toml"))
    assert told["header"]["policy"]["name"] == "strict"  # type: ignore[index] # as JSON has it
    assert told["items"][0]["finding"] == "review"  # type: ignore[index] # as JSON has it


def test_a_calibration_of_ones_own_goes_with_the_population_beside_it(
    place: Path, calibration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = screened(place, capsys, "--calibration", str(calibration))
    assert told["header"]["calibration"] == shipped_calibration().version  # type: ignore[index] # JSON


def test_a_calibration_made_for_another_population_is_refused(
    place: Path, calibration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    population = shipped_population()
    other = population.chosen(population.families != population.families[0])
    write_population(other, calibration.with_name("population.npz"))
    asked = ["--home", str(place / "home"), "screen", str(place / "bracket.stl")]
    assert main([*asked, "--calibration", str(calibration)]) == 2
    assert "made for population" in capsys.readouterr().err


def test_a_calibration_without_its_population_is_refused(
    place: Path, calibration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calibration.with_name("population.npz").unlink()
    asked = ["--home", str(place / "home"), "screen", str(place / "bracket.stl")]
    assert main([*asked, "--calibration", str(calibration)]) == 2
    assert "there is no such population" in capsys.readouterr().err
