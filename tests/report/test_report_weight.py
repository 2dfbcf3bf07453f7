"""The weight in the reports' words: numbers as they are, limits as limits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_golden import BASIS, HEADER, WEIGHED, match, weighed

from partwatch.evidence.words import support_of
from partwatch.model.document import Support
from partwatch.report import weight, words


@pytest.mark.parametrize(
    ("bits", "said"),
    [
        (8.44, "8.4 bits"),
        (0.0, "0.0 bits"),
        (-0.0, "0.0 bits"),
        (-0.04, "0.0 bits"),
        (-0.06, "−0.1 bits"),
        (1, "1.0 bits"),
    ],
)
def test_bits_are_said_to_a_tenth(bits: float, said: str) -> None:
    assert weight.number(bits) == said


def test_the_bound_is_the_most_and_never_at_least() -> None:
    assert weight.figure(weighed(20), WEIGHED) == "8.4 bits (the most that 700 families support)"
    assert weight.figure(weighed(-20), WEIGHED) == "−20.0 bits"
    assert weight.figure(weighed(8.3), WEIGHED) == "8.3 bits"
    one = WEIGHED.model_copy(update={"basis": BASIS.model_copy(update={"calibrated_families": 1})})
    assert weight.limit(weighed(20), one) == "the most that 1 family supports"
    assert weight.limit(weighed(20), HEADER) == "the most that its population supports"


@pytest.mark.parametrize("word", list(Support))
def test_every_word_of_the_scale_has_its_phrase(word: Support) -> None:
    said = weight.SUPPORT[word]

    assert said == "supports the other explanation" if word is Support.AGAINST else word.value in said
    assert word.value in {line[2] for line in weight.verbal_scale()}


@given(st.floats(-8, 8))
def test_clause_word_and_number_agree_on_the_side(bits: float) -> None:
    said = weighed(bits)
    clause = weight.in_short(said)
    assert clause is not None

    assert weight.support(said) == weight.SUPPORT[support_of(bits)]
    if clause.startswith("about as probable"):
        assert support_of(bits) is Support.NONE
    else:
        assert (clause.index("derives") < clause.index("unrelated")) is (bits > 0)
        assert ("other explanation" in str(weight.support(said))) is (bits < 0)


@pytest.mark.parametrize("bits", [None, math.nan, math.inf])
def test_without_bits_nothing_is_claimed(bits: float | None) -> None:
    bare = match(bits=bits)

    assert weight.figure(bare, WEIGHED) == "not calibrated"
    assert (weight.support(bare), weight.in_short(bare), weight.false_alerts(bare, WEIGHED)) == (
        None,
        None,
        None,
    )
    assert (weight.rivals(bare), weight.rivals_in_short(bare)) == ([], None)
    assert weight.statement(bare) == words.UNCALIBRATED
    assert weight.in_words(HEADER).startswith("Not calibrated")


def test_bits_without_evidence_are_a_number_and_a_word() -> None:
    bare = match(bits=5.0)

    assert (weight.figure(bare, WEIGHED), weight.support(bare)) == ("5.0 bits", "moderate support")
    assert weight.statement(bare) == "The result does not say what these bits rest on."
    assert weight.facts(bare, WEIGHED)["scale"] is None
    assert "does not say what its bits rest on" in weight.in_words(WEIGHED.model_copy(update={"basis": None}))


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (0, "fewer than 0.001"),
        (0.00099, "fewer than 0.001"),
        (0.0347, "0.035"),
        (1, "1"),
        (9.96, "10"),
        (4321.4, "4,321"),
        (1e308, "10,000"),
    ],
)
def test_a_rate_is_never_rounded_down_to_none(rate: float, said: str) -> None:
    evidence = weighed(2.0).evidence
    assert evidence is not None
    told = match(bits=2.0, evidence=evidence.model_copy(update={"false_per_10000": rate}))

    assert weight.false_alerts(told, WEIGHED) == (
        f"Estimated false alerts: {said} per 10,000 bodies in a list of 57 parts."
    )


@pytest.mark.parametrize(
    ("bits", "bound", "at", "zero", "ends"),
    [
        (-10.0, 6.0, 0.0, 0.625, ["−10.0", "6.0"]),
        (-5.0, 0.0, 0.0, 1.0, ["−5.0", "0.0"]),
        (3.0, 6.0, 0.75, 0.5, ["−6.0", "6.0"]),
    ],
)
def test_bits_below_the_scale_lengthen_it(
    bits: float, bound: float, at: float, zero: float, ends: list[str]
) -> None:
    evidence = weighed(bits).evidence
    assert evidence is not None
    scale = weight.facts(match(bits=bits, evidence=evidence.model_copy(update={"bound": bound})), WEIGHED)[
        "scale"
    ]

    assert (scale["at"], scale["zero"], scale["ends"]) == (at, zero, ends)


def test_a_common_shape_is_said_by_its_bits_where_there_are_some() -> None:
    assert words.is_generic(match(distinctiveness=0.1), HEADER)
    assert not words.is_generic(weighed(0.5, distinctiveness=0.1), WEIGHED)


@pytest.mark.parametrize("bound", [-2.0, math.inf, math.nan])
def test_a_bound_that_spans_nothing_draws_no_scale(bound: float) -> None:
    evidence = weighed(2.0).evidence
    assert evidence is not None

    told = match(bits=2.0, evidence=evidence.model_copy(update={"bound": bound}))
    assert weight.facts(told, WEIGHED)["scale"] is None


def test_look_alikes_that_differ_are_never_said_to_be_the_same() -> None:
    evidence = weighed(2.0).evidence
    assert evidence is not None
    for similarity, said in (
        (1.99999, "1.999 of 2"),
        (2.0, "2.000 of 2"),
        (1e308, "2.000 of 2"),
        (math.nan, "an unknown part of 2"),
    ):
        rival = evidence.rival.model_copy(update={"similarity": similarity})
        told = match(bits=2.0, evidence=evidence.model_copy(update={"rival": rival}))
        assert said in weight.rivals(told)[1]
