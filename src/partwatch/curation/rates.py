"""Rates with their exact binomial intervals (Clopper and Pearson 1934)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma, log, log1p


@dataclass(frozen=True)
class Rate:
    """`hits` of `trials`."""

    hits: int
    trials: int

    @property
    def value(self) -> float:
        """The share; 0 without trials."""
        return self.hits / self.trials if self.trials else 0.0

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Two-sided exact interval."""
        tail = (1 - confidence) / 2
        if not self.trials:
            return 0.0, 1.0
        # P(X >= hits | p) rises with p, P(X <= hits | p) falls.
        low = 0.0 if self.hits == 0 else _root(lambda p: 1 - _at_most(self.hits - 1, self.trials, p) - tail)
        high = (
            1.0 if self.hits == self.trials else _root(lambda p: tail - _at_most(self.hits, self.trials, p))
        )
        return low, high

    def upper(self, confidence: float = 0.95) -> float:
        """One-sided exact upper bound."""
        if not self.trials or self.hits == self.trials:
            return 1.0
        return _root(lambda p: (1 - confidence) - _at_most(self.hits, self.trials, p))


def _at_most(hits: int, trials: int, p: float) -> float:
    """P(X <= hits) of a binomial."""
    if p <= 0:
        return 1.0
    if p >= 1 or hits >= trials:
        return float(hits >= trials)
    above = hits > trials * p
    # Away from the middle terms only fall: large counts then cost no more than what they add.
    total = 0.0
    for k in range(hits + 1, trials + 1) if above else range(hits, -1, -1):
        term = exp(
            lgamma(trials + 1)
            - lgamma(k + 1)
            - lgamma(trials - k + 1)
            + k * log(p)
            + (trials - k) * log1p(-p)
        )
        total += term
        if term <= total * 1e-17:
            break
    return max(0.0, 1 - total) if above else min(total, 1.0)


def _root(rising: Callable[[float], float]) -> float:
    """Where a function that rises over 0..1 crosses zero, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
