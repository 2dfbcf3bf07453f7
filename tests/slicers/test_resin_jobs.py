"""Resin print jobs of a real slicer, however its panel lies; each part is found in its job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.resin import Setting, installed, sliced
from test_sliced_parts import partwatch

import parts
from partwatch.curation.trial import written

NAMES = ("handed", "bracket", "clamp")
# Every way that a panel lies, bare; then as jobs are printed.
JOBS = [
    ("handed", Setting(0.2, supports=False, portrait=portrait, mirrored=(x, y)))
    for portrait in (False, True)
    for x in (False, True)
    for y in (False, True)
]
JOBS += [(name, Setting(0.1)) for name in NAMES]


def test_the_slicer_is_there() -> None:
    assert installed(), "run `make slicers`"


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What screening says of each job, in their order."""
    folder = tmp_path_factory.mktemp("resin")
    told = ['name = "sample"', 'authority = "test"', 'reason = "test"', "expires = 2030-01-01"]
    for name in NAMES:
        (folder / f"{name}.stl").write_bytes(written(parts.mesh_of(getattr(parts, name)()), "stl"))
        told += ["[[parts]]", f'name = "{name}"', f'file = "{name}.stl"']
    (folder / "sample.toml").write_text("\n".join(told))
    partwatch(folder, "watchlist", "add", "--allow-generic", "samples", str(folder / "sample.toml"))
    (folder / "jobs").mkdir()
    for number, (name, setting) in enumerate(JOBS):
        sliced(folder / f"{name}.stl", setting, folder / f"{number:02d}.sl1")
        (folder / f"{number:02d}.sl1").rename(folder / "jobs" / f"{number:02d}.sl1")
    words = ("--json", "--as-of", "2026-01-01", "--timeout", "300")
    found: list[dict[str, Any]] = json.loads(partwatch(folder, "screen", str(folder / "jobs"), *words))[
        "items"
    ]
    assert [Path(item["path"]).name for item in found] == [f"{number:02d}.sl1" for number in range(len(JOBS))]
    return found


@pytest.mark.parametrize("number", range(len(JOBS)), ids=lambda n: f"{JOBS[n][0]}, {JOBS[n][1].name}")
def test_a_part_is_found_in_its_job(number: int, items: list[dict[str, Any]]) -> None:
    name, item = JOBS[number][0], items[number]
    assert item["format"] == "sl1"
    assert item["complete"], item["reasons"]
    matches = [match for body in item["bodies"] for match in body["matches"] if match["part"] == name]
    best = max(matches, key=lambda match: match["coverage_part"])
    assert best["medium"] == "layers"
    assert best["coverage_part"] > 0.95
    assert item["finding"] in ("match", "review")
    # A job is no mirror image of its model.
    assert not best["mirrored"]
    assert np.linalg.det(np.array(best["T_part_body"])[:3, :3]) == pytest.approx(1, abs=0.05)
