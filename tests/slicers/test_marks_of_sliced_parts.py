"""Marks of jobs that real slicers made: the program, its version, and every setting of its profile."""

from __future__ import annotations

import re
import subprocess

import pytest
from benchmarks.slicing import SETTINGS, SLICERS, sliced

import parts
from partwatch.curation.trial import written
from partwatch.model.marks import MarkKind
from partwatch.provenance.marks.sources import Found, marks_of
from partwatch.provenance.slicers import NAMED_BITS

# With comments: what is taken out tells nothing.
SETTING = next(setting for setting in SETTINGS if not setting.stripped)
NAMES = {"prusa-slicer": "PrusaSlicer", "slic3r": "Slic3r", "cura-engine": "Cura"}


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, Found]]:
    """The same part as each slicer's job, and what it tells."""
    folder = tmp_path_factory.mktemp("sliced")
    (folder / "bracket.stl").write_bytes(written(parts.part_mesh("bracket"), "stl"))
    made = {}
    for slicer in SLICERS:
        data = sliced(slicer, folder / "bracket.stl", SETTING, folder / f"{slicer}.gcode").read_bytes()
        made[slicer] = data, marks_of(data)
    return made


def values(found: Found, kind: MarkKind, name: str | None = None) -> list[str]:
    return [mark.value for mark in found.marks if mark.kind is kind and name in (None, mark.name)]


@pytest.mark.parametrize("slicer", SLICERS)
def test_the_slicer_is_named_without_a_contradiction(
    slicer: str, jobs: dict[str, tuple[bytes, Found]]
) -> None:
    _, found = jobs[slicer]
    assert values(found, MarkKind.BANNER)[0] == NAMES[slicer]
    (first, likely, unlikely) = found.attribution
    assert first.software == NAMES[slicer]
    assert first.against == ()
    # By the moves alone it is its own family, and not the other.
    assert NAMES[slicer] in likely.software
    assert likely.bits is not None
    assert unlikely.bits is not None
    assert likely.bits >= NAMED_BITS >= 0 > unlikely.bits
    assert likely.against == ()
    assert first.version is not None
    assert re.fullmatch(r"\d[\w.+-]*", first.version)


def test_prusaslicer_s_version_is_what_the_program_says(jobs: dict[str, tuple[bytes, Found]]) -> None:
    told = subprocess.run(["prusa-slicer", "--help"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"PrusaSlicer-(\d+\.\d+\.\d+)", told)
    assert version is not None
    assert values(jobs["prusa-slicer"][1], MarkKind.VERSION, "PrusaSlicer") == [version[1]]


@pytest.mark.parametrize(("slicer", "least"), [("prusa-slicer", 250), ("slic3r", 140)])
def test_every_setting_of_the_trailing_block_is_a_mark(
    slicer: str, least: int, jobs: dict[str, tuple[bytes, Found]]
) -> None:
    data, found = jobs[slicer]
    written_down = re.findall(rb"(?m)^; ([a-z0-9_]+) = ", data)
    named = {mark.name for mark in found.marks if mark.group == "gcode settings"}
    assert set(map(bytes.decode, written_down)) <= named
    assert len(set(written_down)) >= least


def test_each_slicer_writes_numbers_in_its_own_way(jobs: dict[str, tuple[bytes, Found]]) -> None:
    habits = {
        slicer: tuple(mark.value for mark in found.marks if mark.group == "gcode numbers")
        for slicer, (_, found) in jobs.items()
    }
    assert len(set(habits.values())) == len(SLICERS)


def test_macros_at_the_start_are_told_by_their_commands(jobs: dict[str, tuple[bytes, Found]]) -> None:
    for slicer in ("prusa-slicer", "slic3r"):
        found = jobs[slicer][1]
        assert values(found, MarkKind.MACRO, "start_gcode")
        (start,) = values(found, MarkKind.MACRO, "start commands")
        assert "G28" in start


def test_stripped_of_comments_a_job_keeps_its_habits_and_its_family(
    jobs: dict[str, tuple[bytes, Found]],
) -> None:
    data, found = jobs["prusa-slicer"]
    bare = marks_of(b"\n".join(line.split(b";")[0].rstrip() for line in data.split(b"\n")))
    assert values(bare, MarkKind.BANNER) == []
    assert bare.attribution == found.attribution[1:]
    for name in ("start commands", "end commands"):
        assert values(bare, MarkKind.MACRO, name) == values(found, MarkKind.MACRO, name)
    assert values(bare, MarkKind.HABIT) == values(found, MarkKind.HABIT)
