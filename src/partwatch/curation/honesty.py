"""Measures of how honest bits are: what they cost, what they separate, how often they mislead.

Everywhere: bits (n,), log2 of a likelihood ratio; is_mate (n,) bool, whether the body does derive from the
part; family (n,) int, the near-duplicates that the body belongs to, so that one of them does not count as
hundreds. A mate is to have many bits, a non-mate few. numpy only; tests hold what is computed here to lir.
UsageError where bits are not finite, a class is empty, or lengths differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from partwatch.curation.rates import Rate
from partwatch.model.errors import UsageError
from partwatch.model.evaluation import Verdict

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# What a statement of so many bits says of non-mates: 1 in 10 and so on.
STATED = (0.1, 0.01, 0.001, 0.0001)
# Fewer expected hits than this and none at all is no surprise (the rule of three).
LEAST_EXPECTED = 3.0


class Weighing(StrEnum):
    """What counts the same within a class: each body, or each family whatever its size."""

    BODY = "body"
    FAMILY = "family"


@dataclass(frozen=True)
class Scored:
    """The arrays, checked. weights: (n,), each class sums to one. counted: mates, non-mates, as weighed."""

    bits: FloatArray
    is_mate: BoolArray
    family: IntArray
    weights: FloatArray
    counted: tuple[int, int]
    weighing: Weighing

    @property
    def mates(self) -> tuple[FloatArray, FloatArray]:
        """Bits and weights of mates."""
        return self.bits[self.is_mate], self.weights[self.is_mate]

    @property
    def non_mates(self) -> tuple[FloatArray, FloatArray]:
        """Bits and weights of non-mates."""
        return self.bits[~self.is_mate], self.weights[~self.is_mate]


def scored(
    bits: npt.ArrayLike, is_mate: npt.ArrayLike, family: npt.ArrayLike, weighing: Weighing = Weighing.FAMILY
) -> Scored:
    """The arrays with the weight of each body."""
    values = np.asarray(bits, dtype=np.float64)
    mates = np.asarray(is_mate)
    labels = np.asarray(family)
    if values.ndim != 1 or values.shape != mates.shape or values.shape != labels.shape:
        raise UsageError(
            f"bits, is_mate and family of shapes {values.shape}, {mates.shape} and {labels.shape}: "
            "give three flat arrays of one length"
        )
    if mates.dtype != np.bool_ or (labels.size and not np.issubdtype(labels.dtype, np.integer)):
        raise UsageError(f"is_mate of {mates.dtype}, family of {labels.dtype}: give bool and integers")
    if mates.all() or not mates.any():
        missing = "non-mates" if mates.any() else "mates"
        raise UsageError(f"no {missing} among {values.size} bodies: both classes are needed to judge bits")
    if not np.isfinite(values).all():
        first = int(np.flatnonzero(~np.isfinite(values))[0])
        raise UsageError(
            f"bits[{first}] is {values[first]}: bits are finite once they are bounded by what the size of "
            "the population supports; bound them first"
        )
    numbered = np.unique(labels, return_inverse=True)[1].reshape(-1)
    weights = np.empty(values.size)
    counted = []
    for members in (mates, ~mates):
        sizes = np.bincount(numbered[members])
        families = int(np.count_nonzero(sizes))
        if weighing is Weighing.FAMILY:
            weights[members] = 1.0 / (families * sizes[numbered[members]])
            counted.append(families)
        else:
            weights[members] = 1.0 / np.count_nonzero(members)
            counted.append(int(np.count_nonzero(members)))
    return Scored(values, mates, numbered, weights, (counted[0], counted[1]), weighing)


def costs(data: Scored) -> FloatArray:
    """(n,): bits of surprise that each statement costs who believed it at even odds; log2(1 + 1/LR), of a
    non-mate log2(1 + LR)."""
    return np.logaddexp2(0.0, np.where(data.is_mate, -data.bits, data.bits))


def cllr(data: Scored) -> float:
    """Log-likelihood-ratio cost: 0 is perfect, 1 says nothing, more misleads.

    Half the mean of log2(1 + 1/LR) over mates and half that of log2(1 + LR) over non-mates: Brümmer and
    du Preez 2006, Application-independent evaluation of speaker detection, Computer Speech & Language 20.
    """
    return float(costs(data) @ data.weights / 2)


def pav_bits(data: Scored) -> FloatArray:
    """(n,): the bits that the same order would best have been given, ±inf at pure ends.

    Isotonic regression by pool-adjacent-violators with even odds between the classes, as in Brümmer and
    du Preez 2006. Equal bits stay equal.
    """
    levels, place = np.unique(data.bits, return_inverse=True)
    place = place.reshape(-1)
    size = len(levels)
    mates = np.bincount(place, np.where(data.is_mate, data.weights, 0.0), size)
    others = np.bincount(place, np.where(data.is_mate, 0.0, data.weights), size)
    # Blocks as [mates' weight, non-mates' weight, number of levels], their ratio rising along the list.
    blocks: list[tuple[float, float, int]] = []
    for mate, other in zip(mates.tolist(), others.tolist(), strict=True):
        count = 1
        while blocks and blocks[-1][0] * other >= mate * blocks[-1][1]:
            before = blocks.pop()
            mate, other, count = mate + before[0], other + before[1], count + before[2]
        blocks.append((mate, other, count))
    ratios = np.asarray(blocks)
    with np.errstate(divide="ignore"):
        best = np.log2(ratios[:, 0]) - np.log2(ratios[:, 1])
    return np.asarray(np.repeat(best, ratios[:, 2].astype(int))[place], dtype=np.float64)


def cllr_min(data: Scored) -> float:
    """Cllr of `pav_bits`: what is lost because mates and non-mates overlap, however well calibrated."""
    return cllr(_replaced(data, pav_bits(data)))


def cllr_cal(data: Scored) -> float:
    """Cllr - Cllr_min: what is lost because the bits say too much or too little."""
    return cllr(data) - cllr_min(data)


def tippett(data: Scored, at_bits: FloatArray | None = None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bits (k,), and the shares of mates and of non-mates with at least so many, by the weights.

    at_bits: rising; by default 201 values over the whole range.
    """
    if at_bits is None:
        at_bits = np.linspace(np.floor(data.bits.min()), np.ceil(data.bits.max()), 201)
    return at_bits, tail(*data.mates, at_bits), tail(*data.non_mates, at_bits)


def tail(bits: FloatArray, weights: FloatArray, at_bits: FloatArray, above: bool = False) -> FloatArray:
    """(k,): the weight at or above each value, or only that above it."""
    order = np.argsort(bits)
    sums = np.concatenate([np.cumsum(weights[order][::-1])[::-1], [0.0]])
    if sums[0] > 0:
        # All of it is one, whatever rounding says.
        sums /= sums[0]
    first = np.searchsorted(bits[order], at_bits, side="right" if above else "left")
    return np.asarray(sums[first], dtype=np.float64)


@dataclass(frozen=True)
class Entropies:
    """Empirical cross-entropy (k,) in bits over log10 prior odds (k,): of the bits as they are, of
    `pav_bits`, and of who hears no evidence."""

    log10_prior_odds: FloatArray
    system: FloatArray
    pav: FloatArray
    neutral: FloatArray


def cross_entropy(data: Scored, log10_prior_odds: FloatArray | None = None) -> Entropies:
    """How surprised, in bits, who believes prior odds and evidence is by the truth.

    Ramos, Gonzalez-Rodriguez, Zadora and Aitken 2013, Information-theoretical assessment of the performance
    of likelihood ratio computation methods, Journal of Forensic Sciences 58. At even odds it is Cllr.
    """
    if log10_prior_odds is None:
        log10_prior_odds = np.linspace(-5.0, 3.0, 81)
    prior_bits = log10_prior_odds / np.log10(2.0)
    ideal = _replaced(data, pav_bits(data))
    for_mates, for_others = np.logaddexp2(0.0, -prior_bits), np.logaddexp2(0.0, prior_bits)
    return Entropies(
        log10_prior_odds,
        np.asarray([_entropy(data, odds) for odds in prior_bits]),
        np.asarray([_entropy(ideal, odds) for odds in prior_bits]),
        _mixed(for_mates, for_others, prior_bits),
    )


def _entropy(data: Scored, prior_bits: float) -> float:
    mates, mate_weights = data.mates
    others, other_weights = data.non_mates
    of_mates = np.logaddexp2(0.0, -(mates + prior_bits)) @ mate_weights
    of_others = np.logaddexp2(0.0, others + prior_bits) @ other_weights
    return float(_mixed(of_mates, of_others, np.asarray(prior_bits)))


def _mixed(of_mates: FloatArray, of_others: FloatArray, prior_bits: FloatArray) -> FloatArray:
    """Each class by its prior probability."""
    return np.asarray(
        of_mates * np.exp2(-np.logaddexp2(0.0, -prior_bits))
        + of_others * np.exp2(-np.logaddexp2(0.0, prior_bits))
    )


def _replaced(data: Scored, bits: FloatArray) -> Scored:
    return replace(data, bits=bits)


@dataclass(frozen=True)
class Observed:
    """`hits` of `trials` bodies, in `families_hit` of `families`. share: each family counts the same.

    low, high: 95 % interval of it, exact on families. A family with some of its bodies hit counts with that
    share of one, and the sum is taken down to a whole number for `low` and up for `high`.
    """

    hits: int
    trials: int
    families_hit: int
    families: int
    share: float
    low: float
    high: float


def observed(hit: BoolArray, family: IntArray) -> Observed:
    """The rate of (n,) hits over the families (n,) of the bodies."""
    numbered = np.unique(family, return_inverse=True)[1].reshape(-1)
    sizes = np.bincount(numbered)
    hits = np.bincount(numbered, hit)
    total, families = float(np.sum(hits / sizes)), len(sizes)
    return Observed(
        hits=int(np.count_nonzero(hit)),
        trials=len(hit),
        families_hit=int(np.count_nonzero(hits)),
        families=families,
        share=total / families,
        # The nudge is for sums of thirds.
        low=Rate(int(np.floor(total + 1e-9)), families).interval()[0],
        high=Rate(int(np.ceil(total - 1e-9)), families).interval()[1],
    )


def misleading(data: Scored) -> tuple[Observed, Observed]:
    """Rates of misleading evidence: mates with less than 0 bits, non-mates with more (Royall 1997)."""
    mates = data.is_mate
    return (
        observed(data.bits[mates] < 0, data.family[mates]),
        observed(data.bits[~mates] > 0, data.family[~mates]),
    )


@dataclass(frozen=True)
class Statement:
    """What is stated of non-mates, beside what was observed of them."""

    stated: float
    bits: float
    observed: Observed

    @property
    def holds(self) -> bool:
        """Whether it is not shown to happen more often than stated."""
        return self.observed.low <= self.stated

    @property
    def verdict(self) -> Verdict:
        """More, fewer, or within the interval; `too few` families for none at all to be a surprise."""
        if not self.holds:
            return "more"
        if self.observed.families * self.stated < LEAST_EXPECTED:
            return "too few"
        return "within" if self.stated <= self.observed.high else "fewer"


def statements(data: Scored, stated: Sequence[float] = STATED) -> list[Statement]:
    """For each stated share of non-mates: how many reach the bits that say so.

    A likelihood ratio of k or more comes to at most 1 in k non-mates, whatever the population (Royall 1997,
    Statistical evidence, section 1.4), so "fewer" is no fault. For statements of a probability itself
    (an E-value), give -log2 of it as bits: then it is to lie within.
    """
    bits, family = data.bits[~data.is_mate], data.family[~data.is_mate]
    return [
        Statement(share, float(-np.log2(share)), observed(bits >= -np.log2(share), family))
        for share in stated
    ]
