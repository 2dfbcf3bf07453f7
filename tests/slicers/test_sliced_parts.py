"""Print jobs of real slicers: thirty of sample parts, over all settings; each part is found in its job."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from benchmarks.slicing import SETTINGS, SLICERS, Setting, installed, sliced

import parts
from partwatch.curation.trial import written

NAMES = ("bracket", "housing", "clamp", "hinge", "hook", "knob", "pulley", "impeller", "cam", "stand")
JOBS = [
    (slicer, name, (10 * n + k) % len(SETTINGS))
    for n, slicer in enumerate(SLICERS)
    for k, name in enumerate(NAMES)
]


def test_the_slicers_are_there() -> None:
    assert installed() == list(SLICERS), "run `make slicers`"


def test_every_setting_comes_up() -> None:
    assert len(JOBS) == 30
    assert {setting for _, _, setting in JOBS} == set(range(len(SETTINGS)))


def partwatch(home: Path, *words: str) -> str:
    """The program's standard output."""
    command = [sys.executable, "-m", "partwatch", "--home", str(home), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What screening says of each job, by its file's name."""
    folder = tmp_path_factory.mktemp("sliced")
    told = ['name = "sample"', 'authority = "test"', 'reason = "test"', "expires = 2030-01-01"]
    for name in NAMES:
        (folder / f"{name}.stl").write_bytes(written(parts.part_mesh(name), "stl"))
        told += ["[[parts]]", f'name = "{name}"', f'file = "{name}.stl"']
    (folder / "sample.toml").write_text("\n".join(told))
    partwatch(folder, "watchlist", "add", "--allow-generic", "samples", str(folder / "sample.toml"))
    (folder / "jobs").mkdir()

    def make(job: tuple[str, str, int]) -> None:
        slicer, name, number = job
        sliced(slicer, folder / f"{name}.stl", SETTINGS[number], folder / "jobs" / called(*job))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make, JOBS))
    words = ("--json", "--as-of", "2026-01-01", "--timeout", "300")
    found = json.loads(partwatch(folder, "screen", str(folder / "jobs"), *words))["items"]
    return {Path(item["path"]).name: item for item in found}


def called(slicer: str, name: str, number: int) -> str:
    return f"{name}.{slicer}.{number:02d}.gcode"


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job[1]}, {job[0]}, {SETTINGS[job[2]].name}")
def test_a_part_is_found_in_its_job(job: tuple[str, str, int], items: dict[str, dict[str, Any]]) -> None:
    item = items[called(*job)]
    setting: Setting = SETTINGS[job[2]]
    assert item["complete"], item["reasons"]
    matches = [match for body in item["bodies"] for match in body["matches"] if match["part"] == job[1]]
    assert matches
    best = max(matches, key=lambda match: match["coverage_part"])
    assert best["medium"] == "toolpath"
    # What grows together with supports may be no more than a candidate: docs/accuracy.md has how often.
    assert best["coverage_part"] > (0.75 if setting.support else 0.95)
    assert setting.support or item["finding"] in ("match", "review")
