"""What a group weighs for a design: the formula against plain sums, and what it promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.assembly.weight import Instance, group_bits, presence_in, search_bits

MISSED = math.log2(0.1)


def by_sum(instances: list[Instance]) -> float:
    """The integral over the share that was sent, by a fine midpoint rule on plain ratios."""
    total = 0.0
    shares = (np.arange(20_000) + 0.5) / 20_000
    product = np.ones_like(shares)
    for one in instances:
        e, w = 2.0**one.bits, one.presence
        product *= ((shares + (1 - shares) * w) * e + (1 - shares) * (1 - w)) / (w * e + 1 - w)
    total = float(product.mean())
    return math.log2(total)


@given(st.lists(st.tuples(st.floats(-6, 20), st.floats(1e-6, 0.9)), min_size=1, max_size=12))
def test_the_formula_is_the_integral_of_the_product(drawn: list[tuple[float, float]]) -> None:
    instances = [Instance(bits, presence) for bits, presence in drawn]
    assert group_bits(instances) == pytest.approx(by_sum(instances), abs=0.02)


def test_a_slot_is_worth_no_more_than_benign_groups_lack_it() -> None:
    rare = group_bits([Instance(40.0, 1e-4)] * 2)
    capped = group_bits([Instance(400.0, 1e-4)] * 2)
    assert capped == pytest.approx(rare, abs=0.01)
    assert capped < 2 * math.log2(1e4)


def test_what_every_benign_group_holds_says_nothing() -> None:
    assert group_bits([Instance(30.0, 1 - 1e-12)] * 5) == pytest.approx(0.0, abs=1e-6)


def test_more_slots_filled_weigh_more_and_empty_ones_count_against() -> None:
    filled, empty = Instance(12.0, 1e-4), Instance(MISSED, 1e-4)
    weights = [group_bits([filled] * n + [empty] * (9 - n)) for n in range(10)]
    assert weights == sorted(weights)
    assert weights[0] < 0
    assert group_bits([filled] * 3) > weights[3]


def test_many_slots_and_bits_do_not_overflow() -> None:
    assert math.isfinite(group_bits([Instance(500.0, 1e-12)] * 60))
    assert math.isfinite(group_bits([Instance(-500.0, 0.5)] * 60))


@given(st.lists(st.floats(0, 16), max_size=4), st.integers(1, 200))
def test_a_part_may_be_any_of_the_bodies(bits: list[float], bodies: int) -> None:
    bodies = max(bodies, len(bits))
    mean = (sum(2.0**one for one in bits) + (bodies - len(bits)) * 2.0**MISSED) / bodies
    assert search_bits(bits, bodies, MISSED) == pytest.approx(math.log2(mean), abs=1e-9)


def test_presence_grows_with_the_bodies_and_stays_a_probability() -> None:
    shares = [presence_in(1e-5, bodies) for bodies in (1, 10, 1000, 10**9)]
    assert shares == sorted(shares)
    assert shares[1] == pytest.approx(1 - (1 - 1e-5) ** 10, rel=1e-4)
    assert all(0 < share < 1 for share in shares)


def test_the_ratio_is_reached_by_chance_as_rarely_as_it_says() -> None:
    """Of benign groups, drawn by the very rates that are stated, at most one in r reaches a ratio of r."""
    rng = np.random.default_rng(5)
    rates = np.array([0.02, 0.05, 0.01, 0.1, 0.03])
    held = rng.random((40_000, 5)) < rates
    patterns, counts = np.unique(held, axis=0, return_counts=True)
    bits = np.array(
        [
            group_bits(
                [Instance(16.0 if own else MISSED, rate) for own, rate in zip(row, rates, strict=True)]
            )
            for row in patterns
        ]
    )
    for level in (2, 4, 6, 8):
        share = counts[bits >= level].sum() / counts.sum()
        assert share <= 2.0**-level * 1.15
