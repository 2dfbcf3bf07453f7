"""Bits in words: ENFSI's verbal scale, and one sentence that holds both propositions and the weight.

The sentence says how probable the *findings* are under each proposition. It never says how probable a
proposition is: that would be the prosecutor's fallacy, and needs what the program does not know.
Source of the scale: ENFSI Guideline for Evaluative Reporting in Forensic Science (2015), table 1. The table
has no word for ratios between 1 and 2; they are called no support here, and so are those that round to 1.
"""

from __future__ import annotations

import math
from typing import Final

from partwatch.model.document import CalibratedOn, Medium, Support

# Ratios nearer to 1 than this, either way, are 1 at the two figures that are said.
_ABOUT_ONE: Final = 1.05
# The least likelihood ratio for each word, in the order of the scale; `against` is what lies below.
SCALE: Final[tuple[tuple[float, Support], ...]] = (
    (1 / _ABOUT_ONE, Support.NONE),
    (2.0, Support.WEAK),
    (10.0, Support.MODERATE),
    (100.0, Support.MODERATELY_STRONG),
    (1_000.0, Support.STRONG),
    (10_000.0, Support.VERY_STRONG),
    (1_000_000.0, Support.EXTREMELY_STRONG),
)
# Bits are kept to a hundredth.
_ROUNDING: Final = 0.01
_SOURCES: Final = {
    Medium.TOOLPATH: "a print job's moves",
    Medium.LAYERS: "the layers of a resin print job",
}
_LARGE: Final = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def support_of(bits: float) -> Support:
    """The word for log2 of a likelihood ratio; ValueError where it is not a number."""
    if math.isnan(bits):
        raise ValueError("bits are not a number; a match without a calibration has none")
    reached = [word for least, word in SCALE if bits >= math.log2(least)]
    return reached[-1] if reached else Support.AGAINST


def ratio_in_words(bits: float) -> str:
    """How many times 2 ** |bits| is, at two figures: `1.3`, `340`, `12,000`, `3.4 million`."""
    if not math.isfinite(bits):
        raise ValueError(f"{bits} bits are no weight; a bounded calibration gives a finite number")
    if abs(bits) >= math.log2(1e15):
        return "more than 1,000 trillion"
    ratio = _two_figures(2.0 ** abs(bits))
    for size, name in _LARGE:
        if ratio >= size:
            return f"{_plain(_two_figures(ratio / size))} {name}"
    return _plain(ratio)


def statement(
    bits: float,
    at_bound: bool,
    bound: float,
    part: str,
    design: str,
    population: str,
    families: int,
    list_parts: int,
    weighed: str = "",
) -> str:
    """Both propositions and the weight as one sentence that can be read out.

    bits: log2 of the likelihood ratio for the best of a search in a list of `list_parts` parts. bound: the
    most bits that `families` families support; at_bound: whether they are reached. weighed: as `weighed_as`
    says it.
    Names are taken as they are: whoever shows the sentence escapes it.
    ValueError where bits are not finite or go beyond the bound by more than their rounding.
    """
    if not -math.inf < bits <= bound + _ROUNDING:
        raise ValueError(f"{bits} bits are beyond the bound of {bound}; limit them before they are said")
    derives = f"derives from the listed part {design} / {part}"
    unrelated = (
        f"is an unrelated printed body of the population “{population}”, searched in a list of "
        f"{_counted(list_parts, 'part', 'parts')}"
    )
    limit = (
        f"; that is the most that {_counted(families, 'family', 'families')} can support" if at_bound else ""
    )
    if abs(bits) < math.log2(_ABOUT_ONE):
        weight = f"about as probable if this body {derives} as if it {unrelated}: it favours neither"
    else:
        first, second = (derives, unrelated) if bits > 0 else (unrelated, derives)
        weight = f"about {ratio_in_words(bits)} times more probable if this body {first} than if it {second}"
    return f"The agreement that was measured is {weight}{limit}{weighed}."


def weighed_as(calibrated_on: CalibratedOn | None) -> str:
    """By whose bodies one was weighed that was rebuilt from a print job, as a clause; empty for others."""
    if calibrated_on is None:
        return ""
    if calibrated_on.medium is Medium.MESH:
        return "; it was weighed as a mesh is, for this calibration knows no bodies rebuilt from print jobs"
    return (
        f"; it was weighed as a body rebuilt from {_SOURCES[calibrated_on.medium]}, by "
        f"{_counted(calibrated_on.bodies, 'such body', 'such bodies')} of "
        f"{_counted(calibrated_on.families, 'family', 'families')} and "
        f"{_counted(calibrated_on.projects, 'project', 'projects')}"
    )


def _two_figures(value: float) -> float:
    return float(f"{value:.1e}")


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
