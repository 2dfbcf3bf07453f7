"""The numbers that an assembly's weight and finding rest on, in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class AssemblyPolicy:
    """match_per_10000, review_per_10000: benign groups of 10,000 that may be called so. A likelihood ratio
    of r is reached by at most one benign group in r, whatever the distribution (Markov's inequality; Shafer
    2021, J. R. Stat. Soc. A 184, 407-431), so that the thresholds in bits follow.

    missed: share of parts that are there and are not seen (docs/accuracy.md).
    sure: a body that resembles a part by so much surprise (bits) is sure; 1 unrelated body in 2**sure is.
    presence: the share of benign bodies that are some one listed part, or surely resemble it, before any were
    counted; presence_bodies: how many bodies that belief is worth.
    copies: the probability that a benign group that holds a part holds another copy.
    together: how many groups the belief is worth that parts come independently of each other.
    benign_share: a group with more of a design's slots than that is no measure of what benign groups hold.
    least_slots: fewer make no assembly, unless the design has no more.
    most_instances: of one slot, more are not weighed: a hundred equal screws are one piece of news.
    """

    match_per_10000: float = 1.0
    review_per_10000: float = 10.0
    missed: float = 0.1
    sure: float = math.log2(100_000)
    presence: float = 2e-5
    presence_bodies: float = 25_000
    copies: float = 0.5
    together: float = 1.0
    benign_share: float = 1 / 3
    least_slots: int = 2
    most_instances: int = 4

    @property
    def missed_bits(self) -> float:
        """log2 likelihood ratio of a part that was looked for in a body and not seen."""
        return math.log2(self.missed)

    @property
    def match_bits(self) -> float:
        """From so many bits on a group is a match."""
        return math.log2(10_000 / self.match_per_10000)

    @property
    def review_bits(self) -> float:
        """From so many bits on a group is up for review."""
        return math.log2(10_000 / self.review_per_10000)
