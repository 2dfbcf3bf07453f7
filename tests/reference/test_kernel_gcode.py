"""The machine that runs G-code: where it goes and what it lays, against what a command means."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_kernel import Floats

from partwatch import kernel as chosen

MOST = 100_000


def run(kernel: ModuleType, *lines: str) -> tuple[Floats, Floats]:
    """Where each move ends, and the filament pushed."""
    end, filament, *_ = kernel.gcode_moves("\n".join(lines).encode(), MOST)
    return end, filament


@pytest.mark.parametrize(
    ("lines", "ends"),
    [
        (["G90", "G1 X1 Y2", "G1 Z3"], [(1, 2, 0), (1, 2, 3)]),
        (["G91", "G1 X1 Y2", "g1x1"], [(1, 2, 0), (2, 2, 0)]),
        (["G20", "G1 X1", "G21", "G1 X1"], [(25.4, 0, 0), (1, 0, 0)]),
        (["G1 X5", "G92 X0", "G1 X1"], [(5, 0, 0), (6, 0, 0)]),
        (["G1 X5 Y5", "G92", "G1 X1"], [(5, 5, 0), (6, 5, 0)]),
        (["G1 X5 Y5 Z5", "G28 X", "G1 Z6"], [(5, 5, 5), (0, 5, 6)]),
        (["N10 G1 X1 *71", "N20G1X-.5"], [(1, 0, 0), (-0.5, 0, 0)]),
        (["G1 (to the left) X1 ; G1 X9", "; G1 X7"], [(1, 0, 0)]),
        (["G1 X1", "X2 Y3", "Y4"], [(1, 0, 0), (2, 3, 0), (2, 4, 0)]),
        (["G1 X+1.5\r", "\tG01  X 2"], [(1.5, 0, 0), (2, 0, 0)]),
        (["G90 G1 X3", "/G1 X4"], [(3, 0, 0), (4, 0, 0)]),
        (["G10", "G11", "M204 S800", "EXCLUDE_OBJECT_START NAME=G1X9", "G1.5 X8"], []),
        # What is written for people moves nothing.
        (
            ["G1 X1", "M117 printing", "M117 G1 X7", "M118 E1 G0 X7", "M486 AG1 X7", "M104 S0 set up"],
            [(1, 0, 0)],
        ),
        (["G90 M117 G1 X7", "M104 S200 G1 X3"], [(3, 0, 0)]),
        (["G1 Xnan", "G1 Xinf", "G1 X1e3"], [(0, 0, 0), (0, 0, 0), (1, 0, 0)]),
    ],
)
def test_moves_end_where_their_words_say(
    kernel: ModuleType, lines: list[str], ends: list[tuple[float, float, float]]
) -> None:
    end, _ = run(kernel, *lines)
    assert end.tolist() == [pytest.approx(each) for each in ends]


@pytest.mark.parametrize(
    ("lines", "pushed"),
    [
        (["M82", "G1 X1 E1", "G1 X2 E3", "G92 E0", "G1 X3 E1"], [1, 2, 1]),
        (["M83", "G1 X1 E1", "G1 X2 E3", "G1 E-2", "G1 E2"], [1, 3, -2, 2]),
        # Without a word on it: relative where moves are, and where it would else pull back often.
        (["G91", "G1 X1 E1", "G1 X1 E1"], [1, 1]),
        (["G1 X1 E1", "G1 X2 E.5", "G1 X3 E1", "G1 X4 E.5"], [1, 0.5, 1, 0.5]),
        (["G1 X1 E1", "G1 X2 E2", "G1 X3 E2.5"], [1, 1, 0.5]),
        # A machine told how to count filament keeps to it whatever its moves do.
        (["M82", "G91", "G1 X1 E1", "G1 X1 E2"], [1, 1]),
        (["M83", "G20", "G1 X1 E1"], [25.4]),
        (["G1 X1 A2"], [2]),
        # Nor does it count any: an object's name, a message.
        (["M82", "G1 X1 E5", "M486 Agear", "M117 Purge extruder", "M104 S0 gears", "G1 X2 E6"], [5, 1]),
    ],
)
def test_filament_is_counted_as_it_is_said_to_be(
    kernel: ModuleType, lines: list[str], pushed: list[float]
) -> None:
    assert run(kernel, *lines)[1].tolist() == pytest.approx(pushed)


@pytest.mark.parametrize(
    ("lines", "centre", "turn", "height"),
    [
        (["G1 X10 Y0", "G3 X0 Y10 I-10 J0 E9"], (0, 0), math.pi / 2, 0),
        (["G1 X10 Y0", "G2 X0 Y10 I-10 J0 E9"], (0, 0), -3 * math.pi / 2, 0),
        (["G1 X10 Y0", "G3 X10 Y0 I-10 J0 Z2 E9"], (0, 0), 2 * math.pi, 2),
        (["G1 X10 Y0", "G3 X0 Y10 R10 E9"], (0, 0), math.pi / 2, 0),
        (["G1 X10 Y0", "G3 X0 Y10 R-10 E9"], (10, 10), 3 * math.pi / 2, 0),
        (["G1 X10 Y0", "G2 X0 Y10 R10 E9"], (10, 10), -math.pi / 2, 0),
        (["G20", "G91", "G1 X.5", "G3 X-.5 Y.5 I-.5 E1"], (0, 0), math.pi / 2, 0),
    ],
)
def test_arcs_are_chords_close_to_their_circle(
    kernel: ModuleType, lines: list[str], centre: tuple[float, float], turn: float, height: float
) -> None:
    end, filament = run(kernel, "M83", *lines)
    offset = end[:, :2] - np.array(centre)
    radius = np.linalg.norm(offset, axis=1)
    assert np.ptp(radius) < 1e-9
    steps = np.unwrap(np.arctan2(offset[:, 1], offset[:, 0]))
    assert steps[-1] - steps[0] == pytest.approx(turn, abs=1e-9)
    assert (np.diff(steps) * turn > 0).all()
    # How far a chord leaves its arc.
    assert (radius[0] * (1 - np.cos(np.abs(np.diff(steps)).max() / 2))) < 0.0101
    assert end[-1, 2] == pytest.approx(height)
    assert filament[1:].sum() == pytest.approx(25.4 if lines[0] == "G20" else 9)


def test_a_plane_may_stand_upright(kernel: ModuleType) -> None:
    end, _ = run(kernel, "G18", "G1 X10", "G2 X0 Z10 I-10 K0")
    assert np.allclose(np.hypot(end[:, 0], end[:, 2]), 10)
    assert np.allclose(end[:, 1], 0)
    end, _ = run(kernel, "G19", "G1 Y10", "G3 Y0 Z10 J-10")
    assert np.allclose(np.hypot(end[:, 1], end[:, 2]), 10)


def test_what_is_beyond_any_machine_is_left_out_and_nothing_is_laid_on_the_way_back(
    kernel: ModuleType,
) -> None:
    job = b"M83\nG1 X1 E1\nG1 X9999999 E1\nG1 X2 E1\nG1 X3 E1\nG1 X4 E99999999\nG1 X5 E1\n"
    end, filament, _, line, _, _, _, left_out, wild = kernel.gcode_moves(job, MOST)
    assert (left_out, wild) == (0, 2)
    assert end[:, 0].tolist() == [1, 2, 3, 5]
    assert filament.tolist() == [1, 0, 1, 0]
    assert line.tolist() == [2, 4, 5, 7]


def test_an_endless_arc_ends(kernel: ModuleType) -> None:
    end, _ = run(kernel, "G1 X100000", "G3 X100000 I-100000 J0", "G3 X1 I1e9", "G2 X0 Y0 R0")
    assert 2 < len(end) < 4 * 720
    assert np.isfinite(end).all()


def test_so_many_moves_and_no_more(kernel: ModuleType) -> None:
    job = b"; one\nG1 X1\nM1\nG1 X2\nM2\nG1 X3\nM3\n"
    end, *_, other, left_out, _ = kernel.gcode_moves(job, 2)
    assert (len(end), len(other), left_out) == (2, 2, 3)


def test_other_lines_are_kept_with_their_place_and_tools_with_their_moves(kernel: ModuleType) -> None:
    job = b"; TYPE:x \nG1 X1\n  M104 S0 ; off\nT1\nG1 X2\nT999\nG1 X3"
    _, _, _, line, tool, _, other, _, _ = kernel.gcode_moves(job, MOST)
    assert [(moves, job[a:b]) for moves, a, b in other.tolist()] == [
        (0, b"; TYPE:x"), (1, b"M104 S0 ; off"), (1, b"T1"), (2, b"T999"),
    ]  # fmt: skip
    assert (line.tolist(), tool.tolist()) == ([2, 5, 7], [0, 1, 1])


def test_lengths_that_often_go_back_count_from_move_to_move_though_coordinates_do_not(
    kernel: ModuleType,
) -> None:
    job = ["G90", "G1 X0 Y0 A0.1", "G1 X5 A0.06", "G1 Y5 A0.05", "G1 X0 A0.06", "G1 Y0 A0.05"]
    _, filament = run(kernel, *job)
    assert filament.tolist() == pytest.approx([0.1, 0.06, 0.05, 0.06, 0.05])


def test_speeds_hold_until_the_next_and_are_millimetres_a_minute(kernel: ModuleType) -> None:
    job = b"G1 X1\nG1 F900\nG0 X2 F1200.5\nX3 F-4\nM204 F7\nG20\nG1 X1 F10\nG3 X0 I-1\n"
    _, _, feed, line, _, chord, *_ = kernel.gcode_moves(job, MOST)
    assert feed[line < 8].tolist() == pytest.approx([0, 900, 1200.5, 1200.5, 254])
    assert set(feed[line == 8]) == {254.0}
    assert chord.tolist() == (line == 8).tolist()
    assert chord.sum() > 2


CODES = (0, 1, 2, 3, 17, 18, 19, 20, 21, 28, 90, 91, 92)
LETTERS = "XYZEIJRKFA-.120()/;* \t\r\n\n\0é"
WORDS = st.sampled_from(
    [
        *LETTERS,
        *(f"G{k}" for k in CODES),
        "M82",
        "M83",
        "T1",
        "2.5",
        "99999999",
        "N7 ",
        "nan",
        "M486 S1",
        "M117 gear ",
        "M",
        "T",
    ]
)


@given(st.lists(WORDS, max_size=80))
def test_both_kernels_run_any_text_alike(words: list[str]) -> None:
    try:
        both = chosen.load(chosen.COMPILED), chosen.load(chosen.NUMPY)
    except ImportError as error:
        pytest.skip(f"no compiled kernel: {error}")
    data = "".join(words).encode()
    one, other = (kernel.gcode_moves(data, 500) for kernel in both)
    assert one[0].shape == other[0].shape
    assert np.allclose(one[0], other[0], rtol=0, atol=1e-7)
    assert np.allclose(one[1], other[1], rtol=0, atol=1e-7)
    assert [each.tolist() for each in one[2:7]] == [each.tolist() for each in other[2:7]]
    assert one[7:] == other[7:]


@given(st.integers(0, 2**32), st.integers(1, 14), st.integers(1, 14), st.floats(0, 1))
def test_distances_are_those_to_the_nearest_cell_outside(
    seed: int, rows: int, columns: int, full: float
) -> None:
    inside = np.random.default_rng(seed).random((rows, columns)) < full
    outside = np.argwhere(~inside)
    for name in (chosen.COMPILED, chosen.NUMPY):
        try:
            kernel = chosen.load(name)
        except ImportError:
            continue
        distance, nearest = kernel.distance_outside(inside)
        if not len(outside):
            assert np.isinf(distance).all()
            assert not nearest.any()
            continue
        every = np.argwhere(np.ones_like(inside))
        far = np.linalg.norm(every[:, None] - outside[None], axis=2).min(axis=1)
        assert np.allclose(distance.ravel(), far)
        # Which of several equals is told does not matter; that it is one does.
        told = np.stack(np.divmod(nearest.ravel(), columns), axis=1)
        assert np.allclose(np.linalg.norm(every - told, axis=1), far)
        assert not inside.ravel()[nearest].any()


def test_a_plane_without_cells_has_no_distances(kernel: ModuleType) -> None:
    assert [each.shape for each in kernel.distance_outside(np.zeros((0, 3), dtype=bool))] == [(0, 3)] * 2
    with pytest.raises(TypeError):
        kernel.distance_outside(np.zeros(3, dtype=bool))


@given(st.integers(0, 2**32), st.integers(0, 12), st.floats(0, 4))
def test_strokes_are_as_deep_as_their_distance_says(seed: int, count: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    segments, half = rng.uniform(-6, 26, (count, 4)), rng.uniform(0, 3, count)
    segments[: count // 3, 2:] = segments[: count // 3, :2]
    x, y = np.meshgrid(np.arange(22), np.arange(17))
    expected = np.full((17, 22), -50.0)
    for (x0, y0, x1, y1), wide in zip(segments, half, strict=True):
        square = (x1 - x0) ** 2 + (y1 - y0) ** 2
        t = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / max(square, 1e-30), 0, 1)
        depth = wide - np.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0))
        expected = np.maximum(expected, np.where(depth >= -reach, depth, -50))
    for name in (chosen.COMPILED, chosen.NUMPY):
        try:
            kernel = chosen.load(name)
        except ImportError:
            continue
        field = np.full((17, 22), -50, dtype=np.float32)
        kernel.lay_strokes(field, segments, half, reach)
        near = np.abs(expected + reach) > 1e-5
        assert np.allclose(field[near], expected[near], atol=1e-4)


@pytest.mark.parametrize(
    "bad",
    [
        {"half": np.ones(3)},
        {"segments": np.full((2, 4), np.nan)},
        {"half": np.full(2, np.inf)},
        {"reach": float("nan")},
        {"segments": np.zeros((2, 3))},
    ],
)
def test_bad_strokes_are_refused(kernel: ModuleType, bad: dict[str, object]) -> None:
    args = {"field": np.zeros((3, 3), np.float32), "segments": np.zeros((2, 4)), "half": np.ones(2)}
    with pytest.raises((ValueError, TypeError)):
        kernel.lay_strokes(**{**args, "reach": 1.0, **bad})
