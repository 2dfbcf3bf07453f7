"""What a group of items says for holding a design, in bits: pure functions on numbers.

Two propositions: *somebody sends this design in these items, some share of its parts by now*, and *these are
items of the benign stream*. For one slot, with E the likelihood ratio of what was seen were the part among
the group's bodies against were it not, and w the probability that a benign group of that size holds the part
or what passes for it:

    LR(s) = ((s + (1 - s) w) E + (1 - s) (1 - w)) / (w E + 1 - w)

where s is the share of the parts that were sent. E is capped by 1/w, whatever its size: what benign groups
hold as well says little however well it fits. Slots are multiplied for each s, and s, which nobody knows, is
integrated out with a uniform prior: so a slot that stays empty counts against, the more the others are full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

# Gauss-Legendre on [0, 1]: exact for polynomials of the 127th degree, so for designs of that many instances.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_SHARES: Final = (_NODES + 1) / 2
_LOG2_WEIGHTS: Final = np.log2(_WEIGHTS / 2)
_LEAST: Final = 1e-12
DECADE_BITS: Final = 2.0


@dataclass(frozen=True)
class Instance:
    """One instance of a slot. bits: log2 E; presence: w."""

    bits: float
    presence: float


def sighting_bits(surprise: float, sure: float) -> float:
    """log2 likelihood ratio of a body being a part, from how surprising its likeness is.

    From `sure` on: that it is so surprising was to be seen beforehand, and is an event of known probability
    under either proposition; DECADE_BITS is what a true copy pays for lying in one decade of several. Below,
    the level is chosen after the look, and pays for it: (1 - p + p ln p) / (p ln(p)^2) with p = 2**-surprise,
    which chance alone makes 1 on average (Vovk and Wang 2021, Ann. Stat. 49, 1736-1754, equation 2).
    """
    if surprise >= sure:
        return surprise - DECADE_BITS
    if surprise <= 1e-3:
        return -1.0
    log_p = -surprise * math.log(2)
    return math.log2((1 - math.exp(log_p) * (1 - log_p)) / log_p**2) + surprise


def search_bits(bits: Sequence[float], bodies: int, missed_bits: float) -> float:
    """log2 E of a part that may be any of so many bodies, each as probable.

    bits: of the bodies that lie on the part; the others say `missed_bits` each (negative).
    """
    total = max(bodies, len(bits), 1)
    terms = np.array([*bits, missed_bits + math.log2(total - len(bits))] if total > len(bits) else bits)
    top = float(terms.max())
    return top + math.log2(float(np.exp2(terms - top).sum())) - math.log2(total)


def presence_in(rate: float, bodies: int) -> float:
    """w: probability that one of so many bodies is the part, at that rate a body."""
    return min(max(-math.expm1(-rate * max(bodies, 1)), _LEAST), 1 - _LEAST)


def group_bits(instances: Sequence[Instance]) -> float:
    """log2 likelihood ratio of a design for a group, before designs and groupings are counted."""
    bits = np.array([one.bits for one in instances])
    present = np.array([one.presence for one in instances])
    return _integrated(_slot_bits(bits, present))


def _slot_bits(bits: npt.NDArray[np.float64], present: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(instances, nodes): log2 LR(s) of each at each share sent."""
    share = _SHARES[None, :]
    # Divided by E where it is large, so that nothing overflows.
    large = np.maximum(bits, 0.0)
    own, none = np.exp2(bits - large), np.exp2(-large)
    given = (share + (1 - share) * present[:, None]) * own[:, None]
    above = given + (1 - share) * ((1 - present) * none)[:, None]
    below = present * own + (1 - present) * none
    return np.asarray(np.log2(above) - np.log2(below)[:, None])


def _integrated(slots: npt.NDArray[np.float64]) -> float:
    nodes = slots.sum(axis=0) + _LOG2_WEIGHTS
    top = float(nodes.max())
    return top + math.log2(float(np.exp2(nodes - top).sum()))
