"""Which entities are one: what a run found of a pair, and what a person decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a person says of two entities."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"
    UNDONE = "undone"


@dataclass(frozen=True)
class Decision:
    """A verdict on a pair of entity keys, left < right."""

    left: str
    right: str
    verdict: Verdict
    reason: str
    at: str
    by: str


@dataclass(frozen=True)
class Pair:
    """A pair that a run scored, left < right. raw: the model's match weight in bits, not calibrated; bits:
    calibrated log2 likelihood ratio. merged: whether the run took them for one. waterfall: what made the
    weight: a list of {"comparison", "level", "left", "right", "bits"}, in order, and the statements it
    rests on."""

    left: str
    right: str
    raw: float
    bits: float
    merged: bool = False
    waterfall: Any = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """One run of the resolution. model: its digest; told: what it rests on."""

    id: int
    model: str
    told: Mapping[str, Any]
    at: str
    by: str


def ordered(left: str, right: str) -> tuple[str, str]:
    """A pair in its order."""
    return (left, right) if left < right else (right, left)
