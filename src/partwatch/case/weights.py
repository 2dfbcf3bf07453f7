"""What the letter of a source is worth in bits: a policy, stated and not measured.

The Admiralty code grades reliability in words. A chain of evidence needs a number: how likely is it that
what this source says is wrong as a whole (forged, misread, mixed up)? 2 to the minus bits. An operator who
knows the error rate of a source can say it in bits instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from partwatch.case.statements import Reliability

RELIABILITY_BITS: Final[Mapping[Reliability, float]] = MappingProxyType(
    {
        Reliability.COMPLETELY: 10.0,
        Reliability.USUALLY: 7.0,
        Reliability.FAIRLY: 4.0,
        Reliability.NOT_USUALLY: 2.0,
        Reliability.UNRELIABLE: 0.5,
        Reliability.CANNOT_BE_JUDGED: 2.0,
    }
)


def error_of(bits: float) -> float:
    """The chance that is left for its being wrong: 2 to the minus bits, at most 1."""
    return min(1.0, math.pow(2.0, -max(0.0, bits)))


def source_error(reliability: Reliability) -> float:
    """The chance that a source of that letter is wrong as a whole."""
    return error_of(RELIABILITY_BITS[reliability])
