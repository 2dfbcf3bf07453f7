"""Runs, and the settings that moves show, of jobs that are written here line by line."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.formats import ReadLimits, read
from partwatch.model.toolpath import Toolpath
from partwatch.toolpath.runs import Runs, runs_of
from partwatch.toolpath.settings import seam_of, settings_of

Point = tuple[float, float]


def path_of(*lines: str) -> Toolpath:
    return read("\n".join(["G21", "M83", *lines, "M84", ""]).encode()).toolpaths[0]


def ring(
    side: float, z: float, start: int = 0, gap: float = 0.0, clockwise: bool = False, speed: float = 1800
) -> list[str]:
    """A square about the origin as one loop that begins at a corner, and stops so far before its end."""
    corners: list[Point] = [(-side, -side), (side, -side), (side, side), (-side, side)]
    corners = corners[start:] + corners[:start]
    if clockwise:
        corners = [corners[0], *reversed(corners[1:])]
    ends = np.array([*corners[1:], corners[0]], dtype=float)
    ends[3] += (ends[2] - ends[3]) / np.linalg.norm(ends[2] - ends[3]) * gap
    lines = [f"G0 X{corners[0][0]} Y{corners[0][1]} Z{z:.2f} F9000", f"G1 F{speed}"]
    # 0.45 mm wide, 0.2 mm high, of filament of 1.75 mm.
    pushed = (0.2 * 0.25 + np.pi / 4 * 0.04) / (np.pi / 4 * 1.75**2)
    return lines + [f"G1 X{x:.3f} Y{y:.3f} E{2 * side * pushed:.5f}" for x, y in ends]


def layers(count: int, make: Iterable[list[str]]) -> list[str]:
    return [line for lines, _ in zip(make, range(count), strict=False) for line in lines]


def test_a_loop_is_one_run_with_its_turn_its_gap_and_its_box() -> None:
    runs = runs_of(path_of(*ring(5, 0.2, gap=0.06), *ring(4, 0.2, clockwise=True), "G0 X0 Y0", "G1 X1 E0.1"))
    assert runs.closed.tolist() == [True, True, False]
    assert runs.gap[:2].tolist() == pytest.approx([0.06, 0.0], abs=1e-9)
    assert runs.area[:2].tolist() == pytest.approx([100, -64], rel=0.01)
    assert runs.run_length.tolist() == pytest.approx([39.94, 32, 1])
    assert (runs.low[0].tolist(), runs.high[0].tolist()) == ([-5, -5], [5, 5])
    assert runs.of_stroke.tolist() == [0] * 4 + [1] * 4 + [2]


def test_what_begins_elsewhere_or_higher_is_another_run() -> None:
    runs = runs_of(path_of("G1 X1 E1", "G1 X2 E1", "G0 X2.5", "G1 X3 E1", "G1 Z1", "G1 X4 E1"))
    assert runs.first.tolist() == [0, 2, 3]
    assert runs.z.tolist() == [0, 0, 1]


def test_a_job_that_lays_nothing_flat_has_no_runs_and_no_settings() -> None:
    path = path_of("G1 Z1 E1", "G1 X5")
    runs = runs_of(path)
    assert len(runs.first) == len(runs.run_length) == len(runs.of_stroke) == 0
    assert settings_of(path, runs) == ()


@given(st.lists(st.sampled_from(["G1 X1 E1", "G1 Y2 E1", "G0 X0 Y0", "G1 E-1", "G1 Z3", "G2 X5 I2 E1"])))
def test_runs_hold_every_stroke_once(lines: list[str]) -> None:
    path = path_of("G1 X1 E1", "G1 Y1 E1", *lines)
    runs = runs_of(path)
    assert np.concatenate(
        [np.arange(a, b + 1) for a, b in zip(runs.first, runs.last, strict=True)] or [np.zeros(0)]
    ).tolist() == list(range(len(runs.stroke)))
    assert runs.run_length.sum() == pytest.approx(runs.length.sum())
    assert isinstance(settings_of(path, runs), tuple)


def settings(*lines: str) -> dict[str, str]:
    path = path_of(*lines)
    return {each.name: f"{each.value} {each.unit}".strip() for each in settings_of(path, runs_of(path))}


def test_settings_are_those_that_the_job_was_made_with() -> None:
    back = ["G1 E-0.8 F2400", "G0 X0 Y0 F9000", "G1 E0.8 F2400"]
    # Solid: nine rings within each other.
    sides = 4.8 - 0.407 * np.arange(9)
    walls = ([line for side in sides for line in ring(side, 0.2 * k + 0.2)] + back for k in range(12))
    told = settings(*layers(12, walls))
    assert told == {
        "layer height": "0.20 mm",
        "first layer height": "0.20 mm",
        "wall width": "0.45 mm",
        "retraction": "0.80 mm",
        "retraction speed": "40 mm/s",
        "wall speed": "30 mm/s",
        "travel speed": "150 mm/s",
        "arcs": "no",
        "seam": "aligned",
    }


def test_nothing_is_said_of_what_the_moves_do_not_agree_on() -> None:
    lines = layers(12, (ring(5, 0.2 * k + 0.2, speed=600 + 300 * k) for k in range(12)))
    told = settings(*lines, "G1 E-2 F300")
    assert "wall speed" not in told
    # One pull, at the end, is no retraction.
    assert "retraction" not in told


def seams(starts: Iterable[int]) -> str | None:
    return seam_of(
        runs_of(path_of(*(line for k, s in enumerate(starts) for line in ring(5, 0.2 * k + 0.2, s))))
    )


def test_seams_are_above_each_other_at_the_rear_or_anywhere() -> None:
    assert seams([0] * 10) == "aligned"
    assert seams([2] * 10) == "rear"
    assert seams([0, 1, 3, 0, 1, 3, 0, 1, 3, 0]) == "random"
    assert seams([0] * 3) is None


def test_small_loops_say_nothing_of_seams() -> None:
    lines = [line for k in range(10) for line in ring(1, 0.2 * k + 0.2, k % 2)]
    assert seam_of(runs_of(path_of(*lines))) is None


def test_so_many_moves_are_run_through_at_once() -> None:
    n = 200_000
    end = np.zeros((n, 3))
    end[:, 0], end[:, 1] = np.arange(n) % 100, np.arange(n) // 100 % 100
    path = Toolpath(
        end,
        np.full(n, 0.1),
        np.full(n, 1800.0),
        np.arange(n, dtype=np.int32),
        np.zeros(n, np.int16),
        np.zeros(n, bool),
    )
    runs: Runs = runs_of(path)
    assert len(runs.stroke) == n - 1
    assert ReadLimits().max_triangles > n
