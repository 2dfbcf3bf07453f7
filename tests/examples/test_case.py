"""The example case: the same each time, small, and with the commands that take it in."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
from benchmarks.cases.generate import Case
from benchmarks.cases.laboratory import FOLDER, ORIGINS
from benchmarks.cases.truth import Truth
from examples.case import HARMLESS, LISTED, commands, main, write_case


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Case, Truth]:
    folder = tmp_path_factory.mktemp("example")
    return folder, *write_case(folder)


def test_it_is_small_and_has_a_listed_item_with_a_true_chain(made: tuple[Path, Case, Truth]) -> None:
    _, case, truth = made
    assert case.world.statements < 2_700
    assert any(one.listed and one.found for one in truth.chains)
    assert json.loads((made[0] / "truth.json").read_text())["seed"] == truth.seed


def test_every_seized_thing_that_the_laboratory_hands_over_is_an_item_of_the_case(
    made: tuple[Path, Case, Truth],
) -> None:
    folder, _, truth = made
    with (folder / "export" / ORIGINS).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    items = {one.item for one in truth.chains}
    own = [folder / "export" / FOLDER / row["path"] for row in rows]
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in own} == items
    assert all(row["exhibit"] for row in rows)
    names = {path.name for path in own}
    assert names & {f"scan-{one}" for one in LISTED}
    assert names & {f"scan-{one}" for one in HARMLESS}


def test_the_commands_name_what_is_there(made: tuple[Path, Case, Truth]) -> None:
    folder, case, truth = made
    told = list(commands(case, truth, folder))
    assert [one[1] for one in told if one[0] == "case" and one[1] != "import"] == [
        "init", "resolve", "queue", "path", "path", "leads", "assemblies", "neighbours", "timeline",
        "withdraw", "report",
    ]  # fmt: skip
    taken = [one for one in told if one[:2] == ["case", "import"]]
    assert all(Path(one[3]).exists() for one in taken)
    for one in taken:
        for option in ("--mapping", "--origins"):
            if option in one:
                assert Path(one[one.index(option) + 1]).is_file()


def test_it_wants_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "DIR" in capsys.readouterr().err
