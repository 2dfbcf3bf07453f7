"""The calibration: it rises with agreement, stays within its bounds, knows the size of a case, and says what
holds of pairs that it never saw."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.case.resolution import judgements
from partwatch.case.resolution.calibration import (
    LEAST_RECORDS,
    calibration_text,
    chance,
    feature_names,
    pairs_bits,
    prior_bits,
    read_calibration,
    shipped_calibration,
)
from partwatch.case.resolution.fitting import Sample, fitted
from partwatch.case.resolution.model import COMPARISONS
from partwatch.case.resolution.records import Kind
from partwatch.model.errors import UsageError

WEIGHTS = st.lists(st.floats(-12, 20), min_size=8, max_size=8)


@given(WEIGHTS, st.integers(0, 7), st.floats(0.5, 10), st.integers(2, 10**6))
def test_more_agreement_is_never_held_against_a_pair(
    weights: list[float], place: int, more: float, records: int
) -> None:
    curve = shipped_calibration().curves[Kind.PERSON]
    before = np.array([[one if abs(one) > 0.1 else 0.2 for one in weights]])
    after = before.copy()
    after[0, place] += more
    low, high = (float(curve.bits(Kind.PERSON, one, records)[0]) for one in (before, after))
    # But for what two signs of one household share, which is told once.
    shared = abs(curve.coefficients["household"]) * more
    assert high >= low - 2.0 * shared - 1e-9
    for bits in (low, high):
        assert curve.least - 1e-9 <= bits - pairs_bits(records) <= curve.most + 1e-9


def test_a_small_case_is_weighed_as_one_of_fifty_records() -> None:
    assert pairs_bits(2) == pairs_bits(LEAST_RECORDS) == pytest.approx(np.log2(49))
    assert prior_bits(101, 0.5) == pytest.approx(np.log2(0.5 / 100))


def test_what_ships_reads_back_as_it_was_written() -> None:
    told = shipped_calibration()
    again = read_calibration(calibration_text(told.curves), "here")
    assert again.curves == told.curves
    assert again.version == told.version


@pytest.mark.parametrize("change", ["format", "curves", "at", "one", "order"])
def test_a_damaged_calibration_is_refused(change: str, tmp_path: Path) -> None:
    told = json.loads(calibration_text(shipped_calibration().curves))
    person = told["curves"]["person"]
    if change == "format":
        told["format"] = "other"
    elif change == "curves":
        del told["curves"]["address"]
    elif change == "at":
        person["at"] = person["at"][:-1]
    elif change == "one":
        del person["coefficients"]["one"]
    else:
        person["odds"] = person["odds"][::-1]
    with pytest.raises(UsageError, match="make it anew"):
        read_calibration(json.dumps(told), "here")
    with pytest.raises(UsageError, match="make it anew"):
        read_calibration(calibration_text(shipped_calibration().curves)[: 200 + len(change)], "here")


def drawn(seed: int, records: int) -> Sample:
    """Pairs of which the truth follows from a weight by a known line; others told twice."""
    rng = np.random.default_rng(seed)
    width = len(COMPARISONS[Kind.ADDRESS])
    plain = rng.normal(3.0, 6.0, 4000)
    weights = np.zeros((4000, width))
    weights[:, 0] = weights[:, 1] = plain
    truth = 0.8 * plain - 3.0
    same = rng.random(4000) < chance(truth)
    others = records * 2.0 * same.sum() / records**2
    return Sample(weights, same, np.arange(4000), records, max(others, 0.05))


def test_what_is_told_twice_counts_once_after_the_fit() -> None:
    samples = [drawn(seed, 4000) for seed in range(4)]
    curve = fitted(Kind.ADDRESS, samples, {})
    assert set(curve.coefficients) == set(feature_names(Kind.ADDRESS))
    fresh = drawn(99, 4000)
    odds = curve.bits(Kind.ADDRESS, fresh.weights, 4000) + prior_bits(4000, fresh.others)
    for low, high in ((0.1, 0.4), (0.4, 0.6), (0.6, 0.9), (0.9, 0.98)):
        stated = chance(odds)
        inside = (stated > low) & (stated <= high)
        assert abs(stated[inside].mean() - fresh.same[inside].mean()) < 0.06
    assert curve.least < -3 < 5 < curve.most


def test_judgements_move_bits_only_where_they_are_enough() -> None:
    rng = np.random.default_rng(1)
    odds = rng.normal(0, 4, 400)
    honest = rng.random(400) < chance(odds)
    boasting = rng.random(400) < chance(odds / 2 - 1)
    told = judgements.compared(odds, honest, False)
    assert told is not None
    assert told.holds
    assert judgements.compared(odds[:5], honest[:5], False) is None
    told = judgements.compared(odds, boasting, False)
    assert told is not None
    assert not told.holds
    moved = judgements.moved(odds, boasting)
    assert moved is not None
    assert moved.slope == pytest.approx(0.5, abs=0.2)
    assert moved.offset == pytest.approx(-1.0, abs=0.4)
    assert judgements.moved(odds[:20], boasting[:20]) is None
    assert judgements.moved(odds, np.ones(400, bool)) is None
