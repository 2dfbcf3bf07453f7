"""What loops go round, by the even-odd rule: on grids that are counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.toolpath.deposits import Strokes
from partwatch.toolpath.fields import Flags, Grid, whole
from partwatch.toolpath.loops import enclosed

GRID = Grid(np.zeros(2), 1.0, (12, 14))


def loops(*rings: tuple[int, list[tuple[float, float]]], gap: float = 0.0) -> Strokes:
    """Polygons, each with its layer, their last edge shortened by a gap."""
    start, end, layer, run = [], [], [], []
    for number, (of_layer, corners) in enumerate(rings):
        points = np.array([*corners, corners[0]], dtype=float)
        points[-1] += (points[-2] - points[-1]) * gap
        start += [*points[:-1]]
        end += [*points[1:]]
        layer += [of_layer] * len(corners)
        run += [number] * len(corners)
    n = len(start)
    return Strokes(
        np.array(start).reshape(-1, 2),
        np.array(end).reshape(-1, 2),
        np.array(layer, dtype=np.int64),
        np.ones(n),
        np.array(run, dtype=np.int64),
        np.ones(n, dtype=bool),
    )


def square(low: float, high: float) -> list[tuple[float, float]]:
    return [(low, low), (high, low), (high, high), (low, high)]


def flags(strokes: Strokes, layers: int = 1) -> list[Flags]:
    return list(enclosed(strokes, [np.array([k]) for k in range(layers)], GRID))


@pytest.mark.parametrize("gap", [0.0, 0.05])
def test_a_ring_within_a_ring_is_a_hole(gap: float) -> None:
    (found,) = flags(loops((0, square(1.5, 9.5)), (0, square(3.5, 6.5)), gap=gap))
    expected = np.zeros(GRID.shape, dtype=bool)
    expected[2:10, 2:10] = True
    expected[4:7, 4:7] = False
    assert np.array_equal(found, expected)


def test_each_slice_has_its_own_loops_and_one_without_has_nothing() -> None:
    strokes = loops((0, square(1.5, 4.5)), (2, square(6.5, 8.5)))
    found = flags(strokes, 4)
    assert [int(each.sum()) for each in found] == [9, 0, 4, 0]
    assert [int(each.sum()) for each in enclosed(strokes, [np.array([0, 2])], GRID)] == [13]


def test_what_lies_beyond_the_grid_does_no_harm() -> None:
    (found,) = flags(loops((0, square(-50, 50))))
    assert found.all()
    assert not any(each.any() for each in flags(loops(), 2))


@given(st.lists(st.tuples(st.integers(0, 13), st.integers(0, 11)), min_size=3, max_size=7, unique=True))
def test_corners_on_rows_are_counted_once(corners: list[tuple[int, int]]) -> None:
    """A polygon through cells' middles has about as many as a hair lower, where no corner is on a row."""
    (found,) = flags(loops((0, [(float(x), float(y)) for x, y in corners])))
    (shifted,) = flags(loops((0, [(float(x), y - 5e-4) for x, y in corners])))
    x, y = np.array(corners, dtype=float).T
    signed = float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2
    if len(corners) == 3:
        # Pick: cells within and half of those on the edge make the area, less one.
        assert abs(found.sum() - abs(signed)) <= 14
    assert abs(int(found.sum()) - int(shifted.sum())) <= 28


def test_a_slice_that_lacks_what_those_on_both_sides_have_gets_it() -> None:
    flat = np.ones((9, 4, 4), dtype=bool)
    flat[4] = False
    flat[0, 0] = flat[8, 0] = False
    assert whole(flat)[4].all()
    assert np.array_equal(whole(flat)[[0, 8]], flat[[0, 8]])


def test_a_slice_that_has_most_of_it_keeps_its_holes() -> None:
    flat = np.ones((9, 4, 4), dtype=bool)
    flat[4, 0, 0] = False
    assert np.array_equal(whole(flat), flat)
