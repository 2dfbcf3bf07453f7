"""Which loops of a layer go round supports."""

from __future__ import annotations

import numpy as np
import pytest

from partwatch.model.mesh import FloatArray
from partwatch.toolpath import fields
from partwatch.toolpath.deposits import Strokes
from partwatch.toolpath.supports import Beside

WIDTH = 0.45


def box(low: float, high: float) -> FloatArray:
    """(5, 2) a square that ends where it began."""
    return np.array([[low, low], [high, low], [high, high], [low, high], [low, low]])


def zigzag(low: float, high: float, spacing: float) -> FloatArray:
    """(n, 2) to and fro in a square."""
    at = np.linspace(low, high, round((high - low) / spacing) + 1)
    ends = np.where(np.arange(len(at))[:, None] % 2, [[high, low]], [[low, high]])
    return np.column_stack([np.repeat(at, 2), ends.ravel()])


def layer(*lines: FloatArray, narrow: bool = False) -> Beside:
    """A layer of runs, each along a line; a run that ends where it began is a loop."""
    start, end = (np.concatenate([line[k : len(line) - 1 + k] for line in lines]) for k in (0, 1))
    run = np.repeat(np.arange(len(lines)), [len(line) - 1 for line in lines])
    loop = np.array([bool((line[0] == line[-1]).all()) for line in lines])
    n = len(start)
    strokes = Strokes(start, end, np.zeros(n, dtype=np.int64), np.full(n, 0.05), run, loop[run])
    wide = np.full(n, 0.1 if narrow else WIDTH)
    return Beside(strokes, wide, fields.grid_of(strokes, wide, 1), WIDTH)


def supports(beside: Beside) -> list[bool]:
    """Of each run, whether it goes round a support."""
    _, paired = beside.walls(np.array([0]), beside.strokes.loop)
    found = beside.supports(paired)
    _, first = np.unique(beside.strokes.run, return_index=True)
    return [bool(each) for each in found[first]]


def test_a_loop_round_a_zigzag_is_a_supports() -> None:
    assert supports(layer(box(0, 20), zigzag(WIDTH, 20 - WIDTH, 2.0))) == [True, False]


@pytest.mark.parametrize("spacing", [1.0, 2.0, 5.0])
def test_loops_beside_each_other_are_a_parts(spacing: float) -> None:
    walls = box(0, 20), box(WIDTH, 20 - WIDTH)
    assert supports(layer(*walls, zigzag(2 * WIDTH, 20 - 2 * WIDTH, spacing))) == [False] * 3


def test_a_loop_that_is_filled_is_a_parts() -> None:
    """Slicers let what fills it overlap a little with it."""
    assert supports(layer(box(0, 20), zigzag(0.8 * WIDTH, 20 - 0.8 * WIDTH, 0.9 * WIDTH))) == [False, False]


def test_a_loop_as_thin_as_two_strokes_is_a_parts() -> None:
    thin = np.array([[0.0, 0.0], [8.0, 0.0], [8.0, 0.7], [0.0, 0.7], [0.0, 0.0]])
    assert supports(layer(thin, box(30, 40))) == [False, True]


@pytest.mark.parametrize("shift", [0.0, 0.06, 0.12, 0.19])
def test_outer_walls_narrower_than_most_strokes_are_a_parts(shift: float) -> None:
    """As Slic3r lays them, wherever cells' middles lie."""
    found = layer(box(shift, 20), box(shift + 0.6, 19.4))
    wide = np.where(found.strokes.run == 0, 0.55, 0.7)
    assert supports(Beside(found.strokes, wide, found.grid, 0.7)) == [False, False]


def test_strokes_narrower_than_a_cell_are_asked_as_well() -> None:
    assert supports(layer(box(0, 20), narrow=True)) == [True]


def test_walls_are_single_where_no_loop_has_another_along_it() -> None:
    single = layer(box(0, 20), box(4, 9), zigzag(WIDTH, 20 - WIDTH, 2.0))
    assert single.single(single.walls(np.array([0]), single.strokes.loop)[1])
    # A support's loop goes round far more than the part's.
    double = layer(box(0, 5), box(WIDTH, 5 - WIDTH), box(10, 30), zigzag(10 + WIDTH, 30 - WIDTH, 2.0))
    assert not double.single(double.walls(np.array([0]), double.strokes.loop)[1])


def test_the_walls_of_a_layer_are_counted() -> None:
    cells, paired = layer(box(0, 20), box(WIDTH, 20 - WIDTH), box(30, 40)).walls(
        np.array([0]), np.ones(12, dtype=bool)
    )
    assert 0.2 * cells[0, 0] < cells[0, 1] < 0.5 * cells[0, 0]
    assert (paired[:8] > 0.9).all()
    assert (paired[8:] == 0).all()
