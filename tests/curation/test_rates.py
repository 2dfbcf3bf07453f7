"""Exact intervals against scipy's beta quantiles (Clopper and Pearson)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from partwatch.curation.rates import Rate


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_is_that_of_clopper_and_pearson(rate: tuple[int, int]) -> None:
    hits, trials = rate
    low, high = Rate(hits, trials).interval(0.95)
    expected_low = 0.0 if hits == 0 else beta.ppf(0.025, hits, trials - hits + 1)
    expected_high = 1.0 if hits == trials else beta.ppf(0.975, hits + 1, trials - hits)
    assert low == pytest.approx(expected_low, abs=1e-9)
    assert high == pytest.approx(expected_high, abs=1e-9)


@pytest.mark.parametrize("hits", [1, 300, 50_000, 99_700, 99_999])
def test_large_counts_are_as_exact(hits: int) -> None:
    low, high = Rate(hits, 100_000).interval(0.95)
    # The tails are sums of terms that lgamma knows to a billionth.
    assert low == pytest.approx(beta.ppf(0.025, hits, 100_001 - hits), rel=1e-7)
    assert high == pytest.approx(beta.ppf(0.975, hits + 1, 100_000 - hits), rel=1e-7)


def test_no_hit_in_n_trials_is_bounded_by_three_in_n() -> None:
    assert Rate(0, 10_000).upper(0.95) == pytest.approx(1 - 0.05 ** (1 / 10_000), rel=1e-9)


def test_without_trials_nothing_is_known() -> None:
    assert Rate(0, 0).interval() == (0.0, 1.0)
    assert Rate(0, 0).upper() == 1.0
