"""Exact where it says so: every state of every component, counted, gives the same."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partwatch.case.graph import reliability
from partwatch.case.graph.reliability import bits, failure, joint

ERRORS = st.one_of(st.sampled_from([0.0, 1.0, 2.0**-60, 2.0**-10, 0.5]), st.floats(0, 1))
SYSTEMS = st.integers(1, 8).flatmap(
    lambda count: st.tuples(
        st.lists(ERRORS, min_size=count, max_size=count),
        st.lists(st.frozensets(st.integers(0, count - 1), min_size=1), min_size=0, max_size=6),
    )
)


def counted(paths: list[frozenset[int]], errors: list[float]) -> float:
    """The sum over all states in which no path holds."""
    total = []
    for state in itertools.product((False, True), repeat=len(errors)):
        if not any(all(state[one] for one in path) for path in paths):
            total.append(math.prod(1 - e if up else e for up, e in zip(state, errors, strict=True)))
    return math.fsum(total)


@settings(max_examples=120, deadline=None)
@given(SYSTEMS)
def test_it_equals_the_sum_over_all_states(system: tuple[list[float], list[frozenset[int]]]) -> None:
    errors, paths = system
    found = failure(paths, errors)
    assert found.exact
    assert found.chance == pytest.approx(counted(paths, errors), rel=1e-9, abs=1e-300)


@settings(max_examples=60, deadline=None)
@given(SYSTEMS, st.data())
def test_one_path_more_never_makes_it_less_sure(
    system: tuple[list[float], list[frozenset[int]]], data: st.DataObject
) -> None:
    errors, paths = system
    more = data.draw(st.frozensets(st.integers(0, len(errors) - 1), min_size=1))
    assert failure([*paths, more], errors).chance <= failure(paths, errors).chance * (1 + 1e-12)


@settings(max_examples=40, deadline=None)
@given(SYSTEMS)
def test_the_same_path_again_adds_nothing(system: tuple[list[float], list[frozenset[int]]]) -> None:
    errors, paths = system
    assert failure([*paths, *paths], errors).chance == failure(paths, errors).chance


def test_what_is_shared_counts_once() -> None:
    source, a, b = 2.0**-4, 2.0**-10, 2.0**-12
    found = failure([{0, 1}, {0, 2}], [source, a, b]).chance
    assert found == pytest.approx(source + (1 - source) * a * b, rel=1e-12)


def test_sixty_bits_keep_their_digits() -> None:
    errors = [2.0**-20, 2.0**-20, 2.0**-20, 2.0**-70]
    assert bits(failure([{0}, {1}, {2}], errors).chance) == pytest.approx(60, abs=1e-9)
    assert failure([{3}], errors).chance == pytest.approx(2.0**-70, rel=1e-12)
    assert joint([2.0**-70, 2.0**-71]) == pytest.approx(1.5 * 2.0**-70, rel=1e-12)


def test_nothing_that_holds_and_nothing_that_fails() -> None:
    assert failure([], [0.1]).chance == 1.0
    assert failure([set()], [0.1]).chance == 0.0
    assert bits(0.0) == math.inf
    assert bits(2.0) == 0.0


def test_what_is_too_large_is_sampled_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reliability, "SAMPLES", 40_000)
    paths = [{i, (i + 1) % 9, (i + 4) % 9} for i in range(9)]
    exact = failure(paths, [0.3] * 9)
    sampled = failure(paths, [0.3] * 9, steps=2, seed=4)
    assert not sampled.exact
    assert sampled.low <= exact.chance <= sampled.high
    assert sampled == failure(paths, [0.3] * 9, steps=2, seed=4)
    never = failure(paths, [1e-9] * 9, steps=2)
    assert (never.chance, never.low) == (0.0, 0.0)
    assert 0 < never.high < 1e-3
