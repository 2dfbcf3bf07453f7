"""How jobs are worded and what they do: read from the moves, whatever the comments say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jobs import as_cura, as_nobody, as_prusaslicer

from partwatch.formats import read
from partwatch.provenance.habits import habits_of
from partwatch.provenance.manner import manner_of, order_of_walls
from partwatch.provenance.wording import BYTES_A_PLACE, NONE, PLACES, wording_of
from partwatch.toolpath.runs import runs_of


def test_wording_of_one_program() -> None:
    assert wording_of(as_prusaslicer()) == {
        "travel command": "G1",
        "laying command": "G1",
        "laying order": "XYE",
        "laying order with speed": NONE,
        "travel order": "XYF",
        "rising order": "ZF",
        "filament order": "EF",
        "speed alone": "yes",
        "coordinate digits": "3",
        "coordinate zeros": "dropped",
        "height digits": "1",
        "filament digits": "5",
        "filament zeros": "dropped",
        "leading zero": "dropped",
        "speed form": "whole",
        "counter set": "no",
        "firmware retraction": "no",
    }


def test_wording_of_others() -> None:
    cura, nobody = wording_of(as_cura()), wording_of(as_nobody())
    assert (cura["travel command"], cura["travel order"]) == ("G0", "FXY")
    assert (cura["laying order with speed"], cura["filament order"]) == ("FXYE", "FE")
    assert (nobody["laying order with speed"], nobody["coordinate digits"]) == ("XYZFE", "2")
    assert (nobody["speed form"], nobody["coordinate zeros"]) == ("1 digits", "kept")


@pytest.mark.parametrize("job", [as_prusaslicer(), as_cura(), as_nobody()])
def test_comments_checksums_and_line_numbers_change_nothing(job: bytes) -> None:
    plain = wording_of(job)
    commented = b"\n".join(line + b" ; G1 X1.2345678 E1" for line in job.split(b"\n"))
    numbered = b"\n".join(b"N%d %s*71" % (k, line) for k, line in enumerate(job.split(b"\n")))
    assert wording_of(commented) == wording_of(numbered) == wording_of(job.replace(b"\n", b"\r\n")) == plain


def test_large_jobs_are_asked_in_places_and_not_where_people_write() -> None:
    job = as_prusaslicer()
    middle = job * (2 * (PLACES + 1) * BYTES_A_PLACE // len(job) + 1)
    odd = b"g01 f1.25 x1.123456 y1 e1\n" * 2000
    assert wording_of(odd + middle + odd) == wording_of(job)


@given(st.binary(max_size=400))
def test_any_bytes_have_a_wording(text: bytes) -> None:
    assert set(wording_of(text)) == set(wording_of(b""))
    assert all(len(value) < 20 for value in wording_of(text).values())


@given(
    st.lists(
        st.sampled_from(["G1 X1 E1", "G1.5 X2", "G2X3I1E1", "G92 E0", "X5E1", "G1 X.5E.1", "G1 E-", "M82"])
    )
)
def test_any_moves_have_habits(lines: list[str]) -> None:
    text = "\n".join(["G1 X1 Y1 E1", "G1 X2 E1", *lines, "M84"]).encode()
    habits = habits_of(text, read(text).toolpaths[0])
    assert all(value for group in habits.values() for value in group.values())


def test_manner_of_programs() -> None:
    told = {}
    for make in (as_prusaslicer, as_cura, as_nobody):
        path = read(make()).toolpaths[0]
        told[make.__name__] = manner_of(path, runs_of(path))
    assert [told[name]["loop gap"] for name in told] == ["clipped", "closed", "closed"]
    turns = ["counter-clockwise", "counter-clockwise", "clockwise"]
    assert [told[name]["loop turn"] for name in told] == turns
    assert {told[name]["order of walls"] for name in told} == {"inner first"}
    assert {told[name]["arcs"] for name in told} == {"no"}
    assert told["as_prusaslicer"]["wipe"] == "below 0.02"


def rings(sides: list[float]) -> bytes:
    lines = ["M83"]
    for k in range(12):
        lines.append(f"G1 Z{0.2 * k + 0.2:.1f}")
        for s in sides:
            lines += [f"G0 X{-s} Y{-s}", f"G1 X{s} E1", f"G1 Y{s} E1", f"G1 X{-s} E1", f"G1 Y{-s} E1"]
    return "\n".join([*lines, "M84"]).encode()


@pytest.mark.parametrize(
    ("sides", "order"),
    [
        ([9.1, 9.55, 10], "inner first"),
        ([10, 9.55, 9.1], "outer first"),
        ([9.55, 10, 9.1], "mixed"),
        # The walls of a hole, within the part's, say nothing: there the outer one is the smaller.
        ([9.1, 10, 5.9, 5], "inner first"),
        ([10], NONE),
    ],
)
def test_the_order_of_a_parts_own_walls(sides: list[float], order: str) -> None:
    assert order_of_walls(runs_of(read(rings(sides)).toolpaths[0])) == order
