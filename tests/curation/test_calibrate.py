"""What a calibration is fitted with: its bound beside lir's, and few of each family."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partwatch.curation.calibrate import empirical_bound, thinned

ELUB = pytest.importorskip("lir.algorithms.bayeserror").elub


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 60), st.integers(20, 400), st.integers(0, 2**31), st.floats(1, 8))
def test_the_bound_is_lirs_upper_elub(mates: int, strangers: int, seed: int, apart: float) -> None:
    rng = np.random.default_rng(seed)
    own, others = rng.normal(apart, 2, mates), rng.normal(-apart, 2, strangers)
    labels = np.repeat([1, 0], [mates, strangers])
    _, upper = ELUB(np.concatenate([own, others]) * np.log10(2), labels, add_misleading=1)
    # Both go in steps of a hundredth, one of bits and one of its decimal logarithm.
    assert empirical_bound(own, others, strangers) == pytest.approx(upper / np.log10(2), abs=0.08)


def test_strangers_far_below_need_not_be_there_one_by_one() -> None:
    own, high = np.full(100, 20.0), np.array([3.0, 1.0])
    every = np.concatenate([high, np.full(9998, -5.0)])
    assert empirical_bound(own, high, 10_000) == empirical_bound(own, every, 10_000) > 8


def test_a_family_is_thinned_to_a_few() -> None:
    families = np.array([0] * 9 + [1] * 2, dtype=np.int32)
    assert thinned(families, np.ones(11, dtype=bool)).tolist() == [0, 1, 2, 3, 9, 10]
    assert thinned(families, families == 1).tolist() == [9, 10]
