"""What a match is worth, in plain words: its bits, what they mean, what else the body might be.

One wording for the terminal and for the HTML report. A match or a result without bits says so.
"""

from __future__ import annotations

import math
from typing import Any

from partwatch.evidence.words import SCALE, ratio_in_words, support_of
from partwatch.model.document import Basis, Header, Match, Rival, Support
from partwatch.report import words
from partwatch.report.escape import visible

NOT_CALIBRATED = "not calibrated"
SUPPORT: dict[Support, str] = {
    Support.AGAINST: "supports the other explanation",
    Support.NONE: "no support",
    **{word: f"{word.value} support" for word in Support if word not in (Support.AGAINST, Support.NONE)},
}
MEANING = (
    "Bits are the base-2 logarithm of how many times more probable the measured agreement is if the body "
    "derives from the listed part than if it is an unrelated body of the population, searched in the same "
    "list. Each bit doubles it; below zero it is the other way round. The word stands beside the number, "
    "never instead of it."
)
NOT_CLAIMED = (
    "Not claimed: how probable either explanation is once everything else is known, what anybody intended, "
    "or what an object is for."
)


def bits_of(match: Match) -> float | None:
    """The match's bits, or None where it has none that can be said."""
    return match.bits if match.bits is not None and math.isfinite(match.bits) else None


def number(bits: float) -> str:
    """`8.4 bits`, `−2.0 bits`; never minus nothing."""
    return f"{signed(bits)} bits"


def signed(bits: float) -> str:
    """Bits to a tenth, with a true minus sign."""
    tenths = round(bits, 1)
    return f"−{-tenths:.1f}" if tenths < 0 else f"{abs(tenths):.1f}"


def limit(match: Match, header: Header) -> str | None:
    """What keeps the bits from being more: `the most that 700 families support`; None below the bound."""
    if bits_of(match) is None or match.evidence is None or not match.evidence.at_bound:
        return None
    rests = match.evidence.calibrated_on
    if rests is not None:
        families = rests.families
    elif header.basis is not None:
        families = header.basis.calibrated_families
    else:
        return "the most that its population supports"
    return f"the most that {_count(families, 'family supports', 'families support')}"


def figure(match: Match, header: Header) -> str:
    """`8.4 bits`, with what limits them in brackets, or that there are none."""
    if (bits := bits_of(match)) is None:
        return NOT_CALIBRATED
    limited = limit(match, header)
    return number(bits) + (f" ({limited})" if limited else "")


def compact(match: Match) -> str:
    """The bits alone, or that there are none: for a column, beside the word and the limit."""
    return NOT_CALIBRATED if (bits := bits_of(match)) is None else number(bits)


def support(match: Match) -> str | None:
    """The verbal scale's phrase, to stand beside the number; None where there is no number."""
    if (bits := bits_of(match)) is None:
        return None
    return SUPPORT[match.evidence.support if match.evidence is not None else support_of(bits)]


def in_short(match: Match) -> str | None:
    """The likelihood ratio in a clause; the statement of the evidence says it in full."""
    if (bits := bits_of(match)) is None:
        return None
    if (ratio := ratio_in_words(bits)) == "1":
        return "about as probable if it derives from the part as if it is unrelated"
    first, second = ("derives from the part", "is unrelated")[:: 1 if bits > 0 else -1]
    return f"about {ratio} times more probable if it {first} than if it {second}"


def statement(match: Match) -> str:
    """The sentence with both propositions; why there is none where the match is not weighed."""
    if bits_of(match) is None:
        return words.UNCALIBRATED
    if match.evidence is None:
        return "The result does not say what these bits rest on."
    return visible(match.evidence.statement)


def false_alerts(match: Match, header: Header) -> str | None:
    """The estimate of how many unrelated bodies would do as well; None where there is none."""
    if match.evidence is None or not math.isfinite(match.evidence.false_per_10000):
        return None
    parts = header.basis.list_parts if header.basis is not None else header.watchlist.parts
    rate = _rate(match.evidence.false_per_10000)
    return f"Estimated false alerts: {rate} per 10,000 bodies in a list of {_count(parts, 'part', 'parts')}."


def rivals(match: Match) -> list[str]:
    """What else the body might be: the next best of the list, the nearest benign look-alike."""
    if match.evidence is None:
        return []
    return [_next_best(match.evidence.rival, match.score), _look_alike(match.evidence.rival)]


def rivals_in_short(match: Match) -> str | None:
    """Their names alone; None where the match has no evidence."""
    if match.evidence is None:
        return None
    rival = match.evidence.rival
    look_alike = visible(rival.look_alike) if rival.look_alike is not None else "none named"
    return f"next best: {_named(rival) or 'nothing else on the list'}; look-alike: {look_alike}"


def _named(rival: Rival) -> str | None:
    """The next best part, `design / part`; None where there is none."""
    if rival.part is None:
        return None
    return (f"{visible(rival.design)} / " if rival.design is not None else "") + visible(rival.part)


def _next_best(rival: Rival, score: float) -> str:
    if (name := _named(rival)) is None:
        return "Next best on the list: nothing else on it lies on this body."
    scores = f", score {rival.score:.2f} against {score:.2f} here" if rival.score is not None else ""
    return f"Next best on the list: {name}{scores}."


def _look_alike(rival: Rival) -> str:
    if rival.look_alike is None:
        return "Nearest benign look-alike: none is named."
    similarity = rival.similarity
    alike = f"; their fingerprints agree to {_floored(similarity)} of 2" if similarity is not None else ""
    return f"Nearest benign look-alike of the listed part: {visible(rival.look_alike)}{alike}."


def rests_on(basis: Basis) -> list[list[str]]:
    """What the result's bits rest on, as names and values."""
    return [
        ["Population", visible(basis.population)],
        ["Its bodies", f"{basis.bodies:,}"],
        ["Families", f"{basis.families:,}"],
        ["Projects", f"{basis.projects:,}"],
        ["List searched", _count(basis.list_parts, "part", "parts")],
        ["Bound", f"{number(basis.bound)}, the most claimed"],
    ]


def in_words(header: Header) -> str:
    """The same in a sentence, with what is not claimed; that there are no bits where none were calibrated."""
    if header.calibration is None:
        return words.UNCALIBRATED_RESULT
    if header.basis is None:
        return f"The result does not say what its bits rest on. {NOT_CLAIMED}"
    basis = header.basis
    return (
        f"Bits rest on the population “{visible(basis.population)}” "
        f"({_count(basis.bodies, 'body', 'bodies')} of {_count(basis.families, 'family', 'families')} and "
        f"{_count(basis.projects, 'project', 'projects')}), for a search in a list of "
        f"{_count(basis.list_parts, 'part', 'parts')}; no more than {number(basis.bound)} are claimed. "
        f"{NOT_CLAIMED}"
    )


def verbal_scale() -> list[list[str]]:
    """The words and where each begins, in bits and as a ratio: for the page's legend."""
    least = [(ratio, word) for ratio, word in SCALE if word is not Support.NONE]
    told = [["below 0", "below 1", Support.AGAINST.value], ["from 0", "from 1", Support.NONE.value]]
    return told + [
        [f"from {math.log2(ratio):.1f}", f"from {ratio:,.0f}", word.value] for ratio, word in least
    ]


def facts(match: Match, header: Header) -> dict[str, Any]:
    """The block of a match in the HTML report: every string visible, every number finite."""
    if (bits := bits_of(match)) is None:
        empty: dict[str, Any] = {"support": None, "limit": None, "scale": None, "alerts": None, "rivals": []}
        return {"figure": NOT_CALIBRATED.capitalize(), "statement": statement(match), **empty}
    return {
        "figure": number(bits),
        "support": support(match),
        "limit": limit(match, header),
        "scale": _scale(bits, match.evidence.bound) if match.evidence is not None else None,
        "statement": statement(match),
        "alerts": false_alerts(match, header),
        "rivals": rivals(match),
    }


def _scale(bits: float, bound: float) -> dict[str, Any] | None:
    """Where bits, zero and the words' edges lie between the ends of the scale, 0 to 1.

    It goes as far below zero as the bound is above it: the bound limits one side only, and bits that speak
    more strongly for the other explanation lengthen theirs.
    """
    low = -max(bound, -bits)
    span = bound - low
    if not (math.isfinite(span) and span > 0):
        return None

    def place(value: float) -> float:
        return round(min(max((value - low) / span, 0.0), 1.0), 4)

    edges = [math.log2(ratio) for ratio, word in SCALE if word is not Support.NONE]
    inside = [edge for least in edges for edge in (-least, least) if low < edge < bound]
    return {
        "at": place(bits),
        "zero": place(0.0),
        "edges": [place(edge) for edge in inside],
        "ends": [signed(low), signed(bound)],
        "sides": ["unrelated", "derives from the part"],
        "says": (
            f"{number(bits)} on a scale from {signed(low)}, unrelated, to {signed(bound)}, derives from the "
            "listed part"
        ),
    }


def _rate(per_10000: float) -> str:
    """A rate at two figures, never rounded down to none."""
    if per_10000 < 0.001:
        return "fewer than 0.001"
    if per_10000 >= 100:
        return f"{min(per_10000, 10_000):,.0f}"
    return f"{float(f'{per_10000:.1e}'):g}"


def _floored(similarity: float) -> str:
    """Three digits, never rounded up to the same; 2 is the most that there is."""
    if math.isnan(similarity):
        return "an unknown part"
    return f"{math.floor(max(min(similarity, 2.0), -2.0) * 1000 + 1e-9) / 1000:.3f}"


def _count(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
