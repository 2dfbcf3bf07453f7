"""The tail model: how it moves, and that sizes are weighed as they should be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.evidence.tail import (
    TailModel,
    same_size_share,
    score_nearness,
    similarity_nearness,
)

MODEL = TailModel(intercept=-9.0, similarity=2.0, score=1.5, both=0.1, centre=0.7)
SHARES = st.floats(0, 1)


@given(st.floats(-1, 2), st.floats(-1, 2), SHARES)
def test_a_more_similar_body_does_as_well_at_least_as_often(one: float, other: float, score: float) -> None:
    low, high = sorted((one, other))
    assert MODEL.probability(low, score) <= MODEL.probability(high, score)


@given(st.floats(-1, 1.9), SHARES, SHARES)
def test_a_higher_score_is_not_reached_more_often(similarity: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert MODEL.probability(similarity, high) <= MODEL.probability(similarity, low) + 1e-12


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_it_is_a_probability_for_whatever_it_is_asked(similarity: float, score: float) -> None:
    assert 0 <= float(MODEL.probability(similarity, score)) <= 1


def test_it_is_logistic_in_both_nearnesses() -> None:
    near = -math.log(2 - 1.9) - 0.7
    well = -math.log(1 - 0.9 + 0.02)
    wanted = 1 / (1 + math.exp(-(-9 + 2 * near - 1.5 * well + 0.1 * near * well)))
    assert float(MODEL.probability(1.9, 0.9)) == pytest.approx(wanted, rel=1e-12)


def test_nearness_ends_at_rounding() -> None:
    assert float(similarity_nearness(2.0)) == float(similarity_nearness(1.9995)) == pytest.approx(6.907755)
    assert float(score_nearness(1.0)) == pytest.approx(-math.log(0.02))


def test_bodies_of_the_parts_size_share_it_and_others_hardly() -> None:
    same, double, tiny = same_size_share(np.array([1.0, 2.0, 0.01]), 0.02)
    assert same == pytest.approx(math.erf(math.log(1.02) / 0.15 / math.sqrt(2)), abs=1e-3)
    assert double < same / 1000
    assert tiny == pytest.approx(0, abs=1e-12)


@given(st.floats(0.2, 5))
def test_twice_as_large_is_as_far_as_half_as_large(ratio: float) -> None:
    assert float(same_size_share(ratio, 0.02)) == pytest.approx(
        float(same_size_share(1 / ratio, 0.02)), abs=1e-9
    )
