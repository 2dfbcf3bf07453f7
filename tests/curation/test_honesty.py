"""Measures of honesty: by hand on few numbers, and held to the Netherlands Forensic Institute's lir."""

from __future__ import annotations

import warnings
from dataclasses import replace
from math import log2
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import beta

from evaluations import scores
from partwatch.curation import honesty
from partwatch.curation.honesty import Scored, Weighing, scored
from partwatch.curation.measures import measures
from partwatch.curation.resampling import LEAST_FAMILIES, cllr_interval, empirical_bounds
from partwatch.model.errors import UsageError
from partwatch.model.evaluation import checked


def each(bits: Any, is_mate: Any) -> Scored:
    """Every body a family of its own."""
    return scored(bits, np.asarray(is_mate, bool), np.arange(len(bits)), Weighing.BODY)


MIXED = each([3.0, -1.0, -2.0, 1.0], [True, True, False, False])


def test_cllr_by_hand() -> None:
    mates = (log2(1 + 1 / 8) + log2(1 + 2)) / 2
    others = (log2(1 + 1 / 4) + log2(1 + 2)) / 2
    assert honesty.cllr(MIXED) == pytest.approx((mates + others) / 2, rel=1e-12)


def test_no_bits_cost_one_and_the_wrong_way_costs_more() -> None:
    assert honesty.cllr(each([0.0, 0.0, 0.0], [True, False, False])) == 1
    assert honesty.cllr(each([-4.0, 4.0], [True, False])) == pytest.approx(log2(17))


def test_bits_of_any_size_overflow_nothing() -> None:
    assert honesty.cllr(each([5000.0, -5000.0], [True, False])) == 0
    assert honesty.cllr(each([-5000.0, 5000.0], [True, False])) == 5000


def test_pav_pools_what_is_out_of_order() -> None:
    assert honesty.pav_bits(MIXED).tolist() == [np.inf, 0.0, -np.inf, 0.0]
    assert honesty.cllr_min(MIXED) == pytest.approx(0.5)
    assert honesty.cllr_cal(MIXED) == pytest.approx(honesty.cllr(MIXED) - 0.5)


def test_pav_keeps_equal_bits_equal() -> None:
    data = each([1.0, 1.0, 1.0, -1.0, -1.0], [True, True, False, True, False])
    # Two thirds of the mates against half of the non-mates, and one third against half.
    expected = [log2(4 / 3)] * 3 + [log2(2 / 3)] * 2
    assert honesty.pav_bits(data).tolist() == pytest.approx(expected)


def test_what_is_parted_loses_nothing_however_it_is_stated() -> None:
    data = each([0.2, 0.1, -0.1], [True, True, False])
    assert honesty.cllr_min(data) == 0
    assert honesty.cllr_cal(data) == honesty.cllr(data) > 0.9


@st.composite
def few(draw: st.DrawFn) -> Scored:
    size = draw(st.integers(2, 40))
    bits = draw(arrays(np.float64, size, elements=st.floats(-30, 30, width=32)))
    is_mate = draw(arrays(np.bool_, size))
    is_mate[:2] = [True, False]
    family = draw(arrays(np.int64, size, elements=st.integers(0, 8)))
    return scored(bits, is_mate, family, draw(st.sampled_from(Weighing)))


@given(few())
def test_pav_is_the_best_that_its_order_allows(data: Scored) -> None:
    least = honesty.cllr_min(data)
    assert -1e-12 <= least <= 1 + 1e-12
    assert least <= honesty.cllr(data) + 1e-12
    # Only the order counts (and times four rounds nothing).
    stretched = replace(data, bits=4 * data.bits)
    assert honesty.cllr_min(stretched) == pytest.approx(least, abs=1e-12)
    best = honesty.pav_bits(data)
    order = np.argsort(data.bits)
    assert (best[order][1:] >= best[order][:-1]).all()


@given(few())
def test_cross_entropy_is_cllr_at_even_odds_and_pav_never_loses(data: Scored) -> None:
    entropies = honesty.cross_entropy(data, np.linspace(-4, 4, 17))
    assert entropies.system[8] == pytest.approx(honesty.cllr(data), rel=1e-12)
    assert entropies.pav[8] == pytest.approx(honesty.cllr_min(data), rel=1e-12, abs=1e-12)
    assert entropies.neutral[8] == pytest.approx(1)
    assert (entropies.pav <= np.minimum(entropies.system, entropies.neutral) + 1e-12).all()


def test_neutral_entropy_is_that_of_a_coin() -> None:
    entropies = honesty.cross_entropy(MIXED, np.asarray([np.log10(1 / 3)]))
    assert entropies.neutral[0] == pytest.approx(0.25 * 2 + 0.75 * log2(4 / 3))


@given(few())
def test_tippett_counts_what_is_at_or_above(data: Scored) -> None:
    at_bits = np.unique(np.concatenate([data.bits, data.bits + 0.25, [-99.0, 99.0]]))
    _, mates, others = honesty.tippett(data, at_bits)
    for k, least in enumerate(at_bits):
        above = data.bits >= least
        assert mates[k] == pytest.approx(data.weights[above & data.is_mate].sum(), abs=1e-12)
        assert others[k] == pytest.approx(data.weights[above & ~data.is_mate].sum(), abs=1e-12)
    assert (mates[0], others[0], mates[-1], others[-1]) == (1, 1, 0, 0)  # exactly


def test_a_family_counts_once_however_many_it_is() -> None:
    bits = [4.0, *[-1.0] * 99, -3.0, -5.0]
    is_mate = np.asarray([True, *[True] * 99, False, False])
    family = [0, *[1] * 99, 2, 3]
    alone = each([4.0, -1.0, -3.0, -5.0], [True, True, False, False])
    together = scored(bits, is_mate, family, Weighing.FAMILY)
    assert honesty.cllr(together) == pytest.approx(honesty.cllr(alone), rel=1e-12)
    assert together.counted == alone.counted == (2, 2)
    assert honesty.cllr(scored(bits, is_mate, family, Weighing.BODY)) > honesty.cllr(alone)


def test_a_rate_on_families_takes_hits_of_one_family_as_one() -> None:
    hit = np.zeros(1000, bool)
    hit[:10] = True
    one = honesty.observed(hit, np.arange(1000) // 10)
    assert (one.hits, one.trials, one.families_hit, one.families) == (10, 1000, 1, 100)
    assert one.share == pytest.approx(0.01)
    assert one.low == pytest.approx(beta.ppf(0.025, 1, 100))
    assert one.high == pytest.approx(beta.ppf(0.975, 2, 99))
    # A tenth of one family is more than none of it, and less than all.
    tenth = honesty.observed(np.arange(1000) == 0, np.arange(1000) // 10)
    assert (tenth.share, tenth.low) == (pytest.approx(0.001), 0)
    assert tenth.high == one.high


def test_thirds_of_families_add_up() -> None:
    hit = np.tile([True, False, False], 30)
    seen = honesty.observed(hit, np.arange(90) // 3)
    assert (seen.low, seen.high) == pytest.approx((beta.ppf(0.025, 10, 21), beta.ppf(0.975, 11, 20)))


def test_misleading_is_below_zero_for_mates_and_above_for_others() -> None:
    mates, others = honesty.misleading(each([-1.0, 0.0, 2.0, 0.0, 0.5, -3.0], [1, 1, 1, 0, 0, 0]))
    assert (mates.hits, mates.trials, others.hits, others.trials) == (1, 3, 1, 3)


def test_calibrated_bits_keep_what_they_state_and_inflated_ones_do_not() -> None:
    bits, is_mate, _ = scores(500, 40_000, 1)
    family = np.arange(40_500)
    honest = honesty.statements(scored(bits, is_mate, family))
    assert [(row.stated, row.holds) for row in honest] == [
        (0.1, True),
        (0.01, True),
        (0.001, True),
        (1e-4, True),
    ]
    assert honest[1].bits == pytest.approx(6.6439, abs=1e-4)
    assert honest[1].observed.hits == int((bits[~is_mate] >= log2(100)).sum()) > 0
    assert {row.verdict for row in honest} == {"fewer"}
    inflated = honesty.statements(scored(3 * bits + 20, is_mate, family))
    assert [row.verdict for row in inflated] == ["more"] * 4
    assert not any(row.holds for row in inflated)


def test_a_statement_of_chance_itself_lies_within() -> None:
    chance = np.random.default_rng(3).random(30_000)
    bits = np.concatenate([[9.0], -np.log2(chance)])
    rows = honesty.statements(each(bits, np.arange(len(bits)) < 1))
    assert [row.verdict for row in rows] == ["within"] * 4


def test_of_too_few_families_nothing_is_told() -> None:
    rows = honesty.statements(each([9.0, *[-3.0] * 50], [True, *[False] * 50]))
    assert [row.verdict for row in rows] == ["fewer", "too few", "too few", "too few"]


@pytest.mark.parametrize(
    ("bits", "is_mate", "family", "says"),
    [
        ([1.0, np.inf], [True, False], [0, 1], r"bits\[1\] is inf: .* bound them first"),
        ([np.nan, 1.0], [True, False], [0, 1], r"bits\[0\] is nan"),
        ([1.0, 2.0], [True, True], [0, 1], "no non-mates among 2 bodies"),
        ([1.0, 2.0], [False, False], [0, 1], "no mates among 2 bodies"),
        ([], [], [], "bool"),
        ([1.0, 2.0], [True, False], [0], "one length"),
        ([1.0, 2.0], [1, 0], [0, 1], "give bool and integers"),
        ([1.0, 2.0], [True, False], [0.5, 1.0], "give bool and integers"),
    ],
)
def test_what_cannot_be_judged_is_refused(bits: Any, is_mate: Any, family: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        scored(bits, is_mate, family)


def test_an_interval_by_family_is_that_of_theory() -> None:
    data = each(*scores(4000, 4000, 1)[:2])
    low, high = cllr_interval(data) or (0.0, 0.0)
    cost = honesty.costs(data)
    error = np.hypot(cost[data.is_mate].std(), cost[~data.is_mate].std()) / np.sqrt(4000) / 2
    assert low < honesty.cllr(data) < high
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)


@pytest.mark.parametrize("weighing", Weighing)
def test_copies_within_families_narrow_nothing(weighing: Weighing) -> None:
    bits, is_mate, _ = scores(60, 600, 1)
    family = np.arange(len(bits))
    once = cllr_interval(scored(bits, is_mate, family, weighing))
    copied = [np.repeat(column, 20) for column in (bits, is_mate, family)]
    assert cllr_interval(scored(*copied, weighing)) == pytest.approx(once, rel=1e-9)


def test_the_seed_decides_the_interval() -> None:
    data = scored(*scores(300, 3000, 400))
    assert cllr_interval(data, seed=1) == cllr_interval(data, seed=1) != cllr_interval(data, seed=2)


def test_few_families_give_no_interval() -> None:
    bits, is_mate, _ = scores(200, 200, 1)
    family = np.where(is_mate, np.arange(400) % (LEAST_FAMILIES - 1), np.arange(400) % 100)
    assert cllr_interval(scored(bits, is_mate, family)) is None
    assert measures(bits, is_mate, family)["cllr_low"] is None


def test_more_families_support_more_bits() -> None:
    bits, is_mate, _ = scores(3000, 3000, 1, strength=6)
    of_bodies = empirical_bounds(each(bits, is_mate))
    few_families = empirical_bounds(scored(bits, is_mate, np.arange(6000) % 50))
    assert of_bodies[1] <= log2(3001)
    assert few_families[1] <= log2(51) < of_bodies[1]
    assert of_bodies[0] < few_families[0] < 0


def test_all_measures_make_an_evaluation(made: dict[str, Any]) -> None:
    llr = checked(made)["llr"]
    assert llr is not None
    assert llr["cllr_low"] < llr["cllr"] < llr["cllr_high"]
    assert llr["cllr_min"] < llr["cllr"]
    assert llr["families"] == 2210
    assert llr["tippett"]["mates"][0] == 1.0
    assert llr["stated"][0]["families"] == len(np.unique(scores(1200, 20_000, 2210)[2][1200:]))


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    from evaluations import made_up

    return made_up()


@pytest.fixture(scope="module")
def lir() -> Any:
    with warnings.catch_warnings():
        # What its own libraries say of each other.
        warnings.simplefilter("ignore")
        pytest.importorskip("lir", reason="pip install 'partwatch[calibrate]'")
        import lir.bounding
        import lir.metrics
        from lir.algorithms.bayeserror import elub
        from lir.data.models import LLRData
        from lir.plotting.expected_calibration_error import calculate_ece

    class Lir:
        @staticmethod
        def data(scores: Scored) -> Any:
            return LLRData(features=scores.bits * np.log10(2), labels=scores.is_mate.astype(int))

    Lir.metrics, Lir.elub, Lir.ece = lir.metrics, staticmethod(elub), staticmethod(calculate_ece)
    return Lir


CASES = {
    "calibrated": each(*scores(400, 4000, 1)[:2]),
    "overlapping": each(*scores(50, 60, 1, strength=0.5)[:2]),
    "overstated": each(4 * scores(300, 300, 1, strength=1)[0] + 2, scores(300, 300, 1)[1]),
    "tied": each(np.round(scores(300, 900, 1, strength=2)[0]), scores(300, 900, 1)[1]),
}


@pytest.mark.parametrize("case", CASES)
def test_cllr_and_its_least_are_those_of_lir(lir: Any, case: str) -> None:
    data = CASES[case]
    assert honesty.cllr(data) == pytest.approx(lir.metrics.cllr(lir.data(data)), rel=1e-9)
    assert honesty.cllr_min(data) == pytest.approx(lir.metrics.cllr_min(lir.data(data)), rel=1e-9)
    assert honesty.cllr_cal(data) == pytest.approx(lir.metrics.cllr_cal(lir.data(data)), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_cross_entropy_is_that_of_lir(lir: Any, case: str) -> None:
    data = CASES[case]
    ours = honesty.cross_entropy(data, np.linspace(-3, 3, 25))
    odds = 10**ours.log10_prior_odds
    theirs = lir.ece(2**data.bits, data.is_mate.astype(int), odds / (1 + odds))
    assert ours.system == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_bounds_are_those_of_lir(lir: Any, case: str) -> None:
    data = CASES[case]
    theirs = lir.elub(data.bits * np.log10(2), data.is_mate.astype(int))
    ours = np.asarray(empirical_bounds(data)) * np.log10(2)
    assert ours == pytest.approx(theirs, abs=1e-6)
