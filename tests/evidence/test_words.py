"""The weight in words: the scale to its boundaries, both propositions, and never the prosecutor's fallacy."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from partwatch.evidence.words import SCALE, ratio_in_words, statement, support_of
from partwatch.model.document import Support

# What turns the probability of findings into the probability of guilt, or of having the right part.
FALLACY = re.compile(
    r"probability (that|of)|chance|likel|certain|odds|identif|proves?\b|guilt|intent|purpose"
    r"|(it|body) is (the|a|that) listed|error rate|%"
)
finite = st.floats(-60, 60)


def said(bits: float, *, at_bound: bool = False, bound: float = 100.0, **changes: object) -> str:
    facts: dict[str, object] = {
        "part": "housing",
        "design": "hand-pump",
        "population": "open printed parts",
        "families": 700,
        "list_parts": 57,
    }
    return statement(bits, at_bound, bound, **{**facts, **changes})  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("ratio", "at", "below"),
    [
        (1 / 1.05, Support.NONE, Support.AGAINST),
        (2, Support.WEAK, Support.NONE),
        (10, Support.MODERATE, Support.WEAK),
        (100, Support.MODERATELY_STRONG, Support.MODERATE),
        (1_000, Support.STRONG, Support.MODERATELY_STRONG),
        (10_000, Support.VERY_STRONG, Support.STRONG),
        (1_000_000, Support.EXTREMELY_STRONG, Support.VERY_STRONG),
    ],
)
def test_each_word_begins_at_its_ratio(ratio: float, at: Support, below: Support) -> None:
    edge = math.log2(ratio)

    assert support_of(edge) is at
    assert support_of(math.nextafter(edge, math.inf)) is at
    assert support_of(math.nextafter(edge, -math.inf)) is below


@given(finite, finite)
def test_more_bits_never_get_a_weaker_word(first: float, second: float) -> None:
    order = list(Support)
    less, more = sorted((first, second))

    assert order.index(support_of(less)) <= order.index(support_of(more))


def test_the_scale_has_every_word_once_and_in_order() -> None:
    assert [Support.AGAINST, *(word for _, word in SCALE)] == list(Support)
    assert [least for least, _ in SCALE] == sorted(least for least, _ in SCALE)


def test_what_is_said_to_favour_neither_is_no_support() -> None:
    for bits in (-0.07, 0.0, 0.07):
        assert "favours neither" in said(bits)
        assert support_of(bits) is Support.NONE
    assert "favours neither" not in said(-0.071)
    assert support_of(-0.071) is Support.AGAINST


def test_infinite_bits_have_a_word_and_no_number_has_none() -> None:
    assert (support_of(-math.inf), support_of(math.inf)) == (Support.AGAINST, Support.EXTREMELY_STRONG)
    with pytest.raises(ValueError, match="not a number"):
        support_of(math.nan)


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1, "1"),
        (1.26, "1.3"),
        (2, "2"),
        (9.94, "9.9"),
        (9.96, "10"),
        (337.8, "340"),
        (12_345, "12,000"),
        (999_999, "1 million"),
        (3_440_000, "3.4 million"),
        (52e9, "52 billion"),
        (1.2e12, "1.2 trillion"),
        (4e20, "more than 1,000 trillion"),
    ],
)
def test_a_ratio_is_said_in_round_numbers(ratio: float, words: str) -> None:
    assert ratio_in_words(math.log2(ratio)) == words
    assert ratio_in_words(-math.log2(ratio)) == words


@given(st.floats(0, 49))
def test_a_round_number_is_within_five_per_cent(bits: float) -> None:
    number, _, unit = ratio_in_words(bits).replace(",", "").partition(" ")
    size = {"": 1.0, "million": 1e6, "billion": 1e9, "trillion": 1e12}[unit]

    assert math.isclose(float(number) * size, 2**bits, rel_tol=0.051)


@pytest.mark.parametrize("bits", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_weight_is_not_said(bits: float) -> None:
    with pytest.raises(ValueError, match="bits are"):
        said(bits)
    with pytest.raises(ValueError, match="no weight"):
        ratio_in_words(bits)


def test_bits_beyond_the_bound_are_not_said() -> None:
    with pytest.raises(ValueError, match=r"8.5 bits are beyond the bound of 8.4"):
        said(8.5, bound=8.4)


@given(st.floats(0, 20))
def test_bits_at_the_bound_may_be_rounded_and_the_bound_limits_one_side_only(bound: float) -> None:
    assert "the most that 700 families" in said(round(bound, 2), at_bound=True, bound=bound)
    assert "about 1,000 times more probable if this body is an unrelated" in said(-10.0, bound=min(bound, 9))


UNRELATED = (
    "is an unrelated printed body of the population “open printed parts”, searched in a list of 57 parts"
)
DERIVES = "derives from the listed part hand-pump / housing"


def test_a_positive_weight_puts_the_listed_part_first() -> None:
    assert said(8.4) == (
        f"The agreement that was measured is about 340 times more probable if this body {DERIVES} than if it "
        f"{UNRELATED}."
    )


def test_a_negative_weight_puts_the_other_proposition_first() -> None:
    assert said(-2.0) == (
        f"The agreement that was measured is about 4 times more probable if this body {UNRELATED} than if it "
        f"{DERIVES}."
    )


@pytest.mark.parametrize("bits", [0.0, -0.0, 0.05, -0.05])
def test_about_zero_bits_favour_neither(bits: float) -> None:
    assert said(bits) == (
        f"The agreement that was measured is about as probable if this body {DERIVES} as if it {UNRELATED}: "
        "it favours neither."
    )


@pytest.mark.parametrize("bits", [0.0, 8.4])
def test_at_the_bound_the_sentence_says_what_limits_it(bits: float) -> None:
    ends = "; that is the most that 700 families can support."

    assert said(bits, at_bound=True, bound=bits).endswith(ends)
    assert "the most that" not in said(bits, bound=8.5)


def test_one_part_and_one_family_are_singular() -> None:
    sentence = said(0.2, at_bound=True, bound=0.2, list_parts=1, families=1)

    assert "a list of 1 part;" in sentence
    assert "that 1 family can" in sentence


@given(finite, st.booleans(), st.integers(0, 10**6), st.integers(0, 10**6))
def test_it_is_one_sentence_with_both_propositions_and_no_fallacy(
    bits: float, at_bound: bool, families: int, list_parts: int
) -> None:
    sentence = said(bits, at_bound=at_bound, families=families, list_parts=list_parts)

    assert FALLACY.search(sentence) is None
    assert "at least" not in sentence
    assert DERIVES in sentence
    assert "is an unrelated printed body of the population “open printed parts”" in sentence
    assert len(re.findall(r"\.(\s|$)", sentence)) == 1
    assert ("that is the most" in sentence) is at_bound


@given(finite, finite)
def test_the_side_that_is_named_first_is_the_one_that_the_bits_favour(bits: float, other: float) -> None:
    assume(abs(bits) > 0.1)

    assert (said(bits).index("derives") < said(bits).index("unrelated")) is (bits > 0)
    if bits * other > 0 and round(abs(bits)) != round(abs(other)):
        assert said(bits) != said(other) or min(abs(bits), abs(other)) > math.log2(1e15)
