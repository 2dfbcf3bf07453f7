"""What a match is worth, as matching asks for it; who answers stands further down the stream."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from partwatch.model.document import Evidence, Medium


class SizeFit(StrEnum):
    """How a body comes to have the part's size: by a stated unit or millimetres, by another unit that was
    inferred for it, or not at all."""

    OWN = "own"
    INFERRED = "inferred"
    NONE = "none"


@dataclass(frozen=True)
class Weight:
    """bits: log2 likelihood ratio, for a search in the list. false_per_10000: unrelated bodies of 10,000 that
    would do as well against the list; surprise: log2 of the inverse of the share that would against that one
    part. is_match, is_review: whether a policy of false alerts allows that finding. information: of a
    shared region, how rare it is; None of a whole.
    """

    bits: float
    false_per_10000: float
    is_match: bool
    is_review: bool
    information: float | None = None
    surprise: float = 0.0


class Judge(Protocol):
    """Weighs a match."""

    def of_medium(self, medium: Medium) -> Judge:
        """Who weighs bodies of that medium."""
        ...

    def weigh(self, part: int, score: float, size: SizeFit) -> Weight:
        """What a match of that score with that part is worth."""
        ...

    def weigh_region(self, information: float) -> Weight:
        """What a shared region of so much information is worth."""
        ...

    def evidence(self, part: int, weight: Weight, rival: tuple[int, float] | None) -> Evidence:
        """What stands behind a weight. rival: the next best part on that body, and its score."""
        ...
