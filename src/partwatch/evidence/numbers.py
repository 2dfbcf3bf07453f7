"""The numbers that a calibration is made of, and how they are read from a file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from partwatch.evidence.tail import RegionTail


@dataclass(frozen=True)
class Line:
    """log2 LR = offset + slope * surprise, between the bounds."""

    offset: float
    slope: float


@dataclass(frozen=True)
class PlainShapes:
    """How often an unrelated body lies on a plain part as well as a match would, as it was counted.

    Blocks and rods differ in proportion only, so neighbours are few and do as well all the same.

    below: distinctiveness below which a part is plain. sized, anyhow: shares at the part's size, and at any.
    """

    below: float
    sized: float
    anyhow: float


@dataclass(frozen=True)
class RegionModel:
    """What a shared region is worth. tail: how often chance does as well; weight: from the surprise of that
    to log2 LR, as for whole bodies. mates, non_mates: what it was fitted on. features: the layout of the
    local features that it was fitted with: of others it says nothing.
    """

    tail: RegionTail
    weight: Line
    mates: int
    non_mates: int
    features: str


def region_model(document: dict[str, Any]) -> RegionModel:
    """From a file's numbers. ValueError, KeyError or TypeError where they are not those of one."""
    return RegionModel(
        tail=RegionTail(**numbers(document["tail"])),
        weight=Line(**numbers(document["weight"])),
        mates=int(number(document["mates"])),
        non_mates=int(number(document["non_mates"])),
        features=str(document["features"]),
    )


def numbers(document: dict[str, Any]) -> dict[str, float]:
    """All of them by name."""
    return {name: number(value) for name, value in document.items()}


def number(value: Any) -> float:
    """ValueError where it is none that can be reckoned with."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)
