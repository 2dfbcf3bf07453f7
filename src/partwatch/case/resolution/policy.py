"""When the resolution merges by itself, when it asks, and what it believes before it has seen anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from partwatch.model.errors import UsageError


@dataclass(frozen=True)
class Policy:
    """merge: posterior probability from which a pair is merged. review: from which a person is asked.
    against: below which a pair speaks against any cluster that would hold it. others: how many other
    records of its entity a record is believed to have before anything is compared; None: as many as the
    scores of the case itself come to. Raises UsageError where these contradict one another."""

    merge: float = 0.99
    review: float = 0.5
    against: float = 0.05
    others: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.against <= self.review <= self.merge < 1.0:
            raise UsageError(
                f"thresholds {self.against:g}, {self.review:g}, {self.merge:g}: give probabilities between "
                "0 and 1, against no more than review, review no more than merge"
            )
        if self.others is not None and not 0.0 < self.others < 1000.0:
            raise UsageError(f"{self.others:g} other records: give a number between 0 and 1000")

    def told(self) -> dict[str, Any]:
        """As a run keeps it."""
        return {"merge": self.merge, "review": self.review, "against": self.against, "others": self.others}


def odds_bits(probability: float) -> float:
    """log2 odds."""
    return math.log2(probability) - math.log2(1.0 - probability)
