"""A calibration's numbers, its bounds, and what of a file is refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from calibration_samples import CALIBRATION
from hypothesis import given
from hypothesis import strategies as st

from partwatch.evidence.calibration import (
    Line,
    RegionModel,
    calibration_at,
    calibration_text,
    read_calibration,
    shipped_calibration,
)
from partwatch.evidence.judge import REGION_BUDGET, REGION_LIST, region_weight
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.population import shipped_population
from partwatch.evidence.tail import RegionTail
from partwatch.fingerprint.local import features_layout
from partwatch.model.errors import UsageError


@given(st.floats(-100, 100), st.integers(1, 10**7))
def test_bits_never_pass_what_the_population_supports(surprise: float, list_parts: int) -> None:
    bits = CALIBRATION.bits(surprise, list_parts)
    assert CALIBRATION.plain <= bits <= CALIBRATION.bound(list_parts)
    assert CALIBRATION.bound(list_parts) <= CALIBRATION.pair_bound


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_a_greater_surprise_is_worth_as_much_at_least(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert CALIBRATION.bits(low, 100) <= CALIBRATION.bits(high, 100)


def test_a_list_takes_its_size_off_the_bound_once() -> None:
    assert CALIBRATION.bound(1) == 17
    assert CALIBRATION.bound(128) == pytest.approx(10)
    assert CALIBRATION.bound(10**9) == 0


def test_searches_among_as_many_parts_support_their_own_bound() -> None:
    assert CALIBRATION.bound(1024) == pytest.approx(17 - 10)
    assert replace(CALIBRATION, list_parts=4000).bound(4000) == 6
    assert replace(CALIBRATION, list_parts=4000).bound(8000) == pytest.approx(5)


def test_what_chance_alone_would_give_weighs_as_chance() -> None:
    assert CALIBRATION.bits(-3, 100) == CALIBRATION.bits(0, 100) == CALIBRATION.plain


def test_a_file_gives_back_what_was_written() -> None:
    assert read_calibration(calibration_text(CALIBRATION), "here") == CALIBRATION


def test_another_number_is_another_version() -> None:
    assert replace(CALIBRATION, missed=-6.01).version != CALIBRATION.version


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("format", "partwatch-calibration-0", "partwatch-calibration-0"),
        ("fingerprint_version", "0", "fingerprint version 0.*partwatch calibrate"),
        ("pair_bound", 40.0, "not the ones that it was written with"),
        ("missed", "a", "no number"),
        ("missed", True, "no number"),
        ("missed", math.inf, "no number"),
        ("tail", {}, "damaged"),
        ("weight", None, "damaged"),
        ("plain_shapes", {"below": 0.3}, "damaged"),
    ],
)
def test_what_does_not_fit_is_refused(key: str, value: object, told: str) -> None:
    document = json.loads(calibration_text(CALIBRATION))
    document[key] = value
    with pytest.raises(UsageError, match=told):
        read_calibration(json.dumps(document), "here.json")


@pytest.mark.parametrize("content", ["", "[]", "null", "{", "[" * 100_000, '"x"'])
def test_what_is_no_calibration_is_refused(content: str) -> None:
    with pytest.raises(UsageError, match=r"here\.json"):
        read_calibration(content, "here.json")


REGIONS = RegionModel(RegionTail(-3.0, 0.5), Line(-2.0, 0.6), 40, 300, features_layout())


def test_regions_are_kept_in_the_file_and_in_the_version() -> None:
    with_regions = replace(CALIBRATION, regions=REGIONS)
    assert read_calibration(calibration_text(with_regions), "here") == with_regions
    assert with_regions.version != CALIBRATION.version
    other = replace(with_regions, regions=replace(REGIONS, mates=41))
    assert other.version != with_regions.version


@pytest.mark.parametrize("part", ["tail", "weight", "mates", "non_mates"])
def test_regions_that_lack_a_number_are_refused(part: str) -> None:
    document = json.loads(calibration_text(replace(CALIBRATION, regions=REGIONS)))
    document["regions"][part] = None
    with pytest.raises(UsageError, match="here: this is no calibration"):
        read_calibration(json.dumps(document), "here")


def test_regions_of_other_local_features_are_refused() -> None:
    other = replace(CALIBRATION, regions=replace(REGIONS, features="1-0123456789ab"))
    with pytest.raises(UsageError, match="here: made for local features 1-0123456789ab"):
        read_calibration(calibration_text(other), "here")


@given(st.floats(0, 500), st.floats(0, 500))
def test_more_in_common_is_rarer_and_never_beyond_the_bound(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert REGIONS.tail.share(high) <= REGIONS.tail.share(low) <= 1
    calibration = replace(CALIBRATION, regions=REGIONS)
    surprises = [-math.log2(max(REGIONS.tail.share(s), 1e-300) * 100) for s in (low, high)]
    bits = [calibration.region_bits(surprise, 100) for surprise in surprises]
    assert bits[0] <= bits[1] <= calibration.bound(100)


@pytest.mark.parametrize("information", [0.0, 3.0, 9.0])
def test_a_short_list_makes_no_region_rarer(information: float) -> None:
    """Its one part may be the plainest of all."""
    shipped, policy = shipped_calibration(), AlertPolicy()
    long, short, one = (region_weight(shipped, information, n, policy) for n in (REGION_LIST, 14, 1))
    assert [short.false_per_10000, one.false_per_10000] == pytest.approx([long.false_per_10000] * 2)
    assert (short.is_match, short.is_review) == (long.is_match, long.is_review)
    if not information:
        assert not one.is_review
        assert one.bits < 0
    longer = region_weight(shipped, information, 20 * REGION_LIST, policy)
    assert longer.false_per_10000 > long.false_per_10000


def test_without_regions_a_region_weighs_as_chance() -> None:
    assert CALIBRATION.region_bits(50, 100) == CALIBRATION.plain
    weight = region_weight(CALIBRATION, 1000.0, 100, AlertPolicy())
    assert not weight.is_review
    assert weight.information == 1000.0


def test_regions_may_raise_their_budget_of_alerts_only() -> None:
    calibration = replace(CALIBRATION, regions=REGIONS)
    policy = AlertPolicy()
    weights = [region_weight(calibration, float(s), 100, policy) for s in range(0, 80)]
    assert [w.is_match for w in weights] == [
        w.false_per_10000 <= REGION_BUDGET * policy.match_per_10000 for w in weights
    ]
    assert {w.is_match for w in weights} == {True, False}
    assert all(w.is_review for w in weights if w.is_match)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.json"):
        calibration_at(tmp_path / "none.json")
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="latin"):
        calibration_at(tmp_path / "latin")


def test_the_shipped_one_is_for_the_shipped_population() -> None:
    shipped, population = shipped_calibration(), shipped_population()
    assert shipped.population_version == population.version
    assert shipped.population == population.name
    assert shipped.family_pairs > shipped.families
    assert shipped.missed < 0 < shipped.pair_bound <= math.log2(shipped.family_pairs + 1)
    assert shipped.weight.slope > 0
