"""What the size of a sample supports: intervals by family, and bounds on bits."""

from __future__ import annotations

import numpy as np

from partwatch.curation.honesty import FloatArray, Scored, Weighing, costs, tail

DRAWS = 1000
# From fewer families a bootstrap says less than it seems to.
LEAST_FAMILIES = 10
# How many numbers are drawn at a time: a few tens of megabytes.
_AT_ONCE = 1 << 20


def cllr_interval(
    data: Scored, seed: int = 0, draws: int = DRAWS, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Percentile interval of Cllr over families drawn with replacement (Efron and Tibshirani 1993).

    A family brings its mates and its non-mates together. None where mates or non-mates are of fewer than
    LEAST_FAMILIES families. The listed part's own family is not resampled.
    """
    sums = _sums(data)
    if min(np.count_nonzero(sums[:, 1]), np.count_nonzero(sums[:, 3])) < LEAST_FAMILIES:
        return None
    rng = np.random.default_rng(seed)
    families = len(sums)
    values = np.empty(draws)
    step = max(1, _AT_ONCE // families)
    for start in range(0, draws, step):
        drawn = rng.integers(0, families, (min(step, draws - start), families))
        mates, of_mates, others, of_others = (column[drawn].sum(axis=1) for column in sums.T)
        with np.errstate(invalid="ignore"):
            values[start : start + len(drawn)] = (mates / of_mates + others / of_others) / 2
    outside = (1 - confidence) / 2
    # A draw without mates or without non-mates has no Cllr.
    low, high = np.quantile(values[np.isfinite(values)], [outside, 1 - outside])
    return float(low), float(high)


def _sums(data: Scored) -> FloatArray:
    """(families, 4): of mates and of non-mates the cost and the count that each family brings."""
    families = int(data.family.max()) + 1
    columns = []
    for members in (data.is_mate, ~data.is_mate):
        cost = np.bincount(data.family[members], costs(data)[members], families)
        size = np.bincount(data.family[members], minlength=families)
        if data.weighing is Weighing.FAMILY:
            columns += [cost / np.maximum(size, 1), np.minimum(size, 1)]
        else:
            columns += [cost, size]
    return np.stack(columns, axis=1)


def empirical_bounds(data: Scored, step_log10: float = 0.01) -> tuple[float, float]:
    """The least and the most bits that a sample of this size supports (ELUB).

    Beyond them, one more misleading statement on either side would make who acts on the bits fare worse
    than who ignores them: Vergeer, van Es, de Jongh, Alberink and Stoel 2016, Numerical likelihood ratios
    outputted by LR systems are often based on extrapolation: when to stop extrapolating?, Science & Justice
    56. Where families are weighed, the one more is a family.
    """
    step = step_log10 * np.log2(10.0)
    of_mates, of_others = data.counted
    least = max(float(data.bits.min()), -np.log2(of_mates + 1))
    most = min(float(data.bits.max()), np.log2(of_others + 1))
    first, last = min(0, int(least // step)), max(0, int(most // step) + 1)
    at = np.arange(first, last + 1) * step
    accepted_mates = tail(*data.mates, at, above=True) * of_mates / (of_mates + 1)
    accepted_others = (tail(*data.non_mates, at, above=True) * of_others + 1) / (of_others + 1)
    system = 1 - accepted_mates + np.exp2(at) * accepted_others
    harmful = np.minimum(np.exp2(at), 1.0) < system
    low = np.max(at[harmful & (at <= 0)] + step, initial=at[0])
    high = np.min(at[harmful & (at >= 0)] - step, initial=at[-1])
    return float(min(low, 0.0)), float(max(high, 0.0))
