"""From the model's weights to bits that mean what they say.

Splink adds up weights of comparisons as if they told nothing of one another. They do: who lives at one
address shares its telephone and its name. So the weights are weighed again (a logistic regression that never
lets agreement count against a pair), and the sum goes through a monotone curve that was learned where the
truth is known. Both are numbers in a file that ships; numpy is all that applying them takes.

The prior is kept apart: bits are a likelihood ratio. Between N records there are N (N - 1) / 2 pairs, of
which about N r / 2 are of one entity where each has r others; its prior odds are r / (N - 1). How often two
who differ agree does not fall with N as it would by chance: a household stays one. Hence the fit knows N.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.resolution.model import COMPARISONS
from partwatch.case.resolution.records import Kind
from partwatch.model.errors import UsageError

FORMAT: Final = "partwatch-resolution-calibration-1"
# A smaller case is weighed as if it had so many records: nothing was learned of fewer.
LEAST_RECORDS: Final = 50
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """What was learned for a kind. coefficients: by feature (`feature_names`), of a log2 likelihood ratio.
    at, odds: knots, both rising: that less log2(N - 1), and the log2 posterior odds seen there where each
    record has one other. least, most: bounds on these odds: beyond them, one more misleading pair would make
    who acts on them fare worse (ELUB). fitted_on: in words and numbers."""

    coefficients: Mapping[str, float]
    at: tuple[float, ...]
    odds: tuple[float, ...]
    least: float
    most: float
    fitted_on: Mapping[str, Any]

    def bits(self, kind: Kind, weights: NDArray[np.floating[Any]], records: int) -> Floats:
        """(p,): calibrated log2 likelihood ratios of p pairs among so many records. weights: (p, c), of the
        model's comparisons."""
        size = pairs_bits(records)
        found = features(kind, weights, records) @ np.array(
            [self.coefficients[name] for name in feature_names(kind)]
        )
        odds = np.interp(found - size, self.at, self.odds)
        told: Floats = np.clip(odds, self.least, self.most) + size
        return told

    def most_bits(self, records: int) -> float:
        """The most that can be stated among so many records."""
        return min(self.most, self.odds[-1]) + pairs_bits(records)


@dataclass(frozen=True)
class Calibration:
    """A curve for each kind. version: twelve hex digits, of all numbers."""

    curves: Mapping[Kind, Curve]
    version: str


def pairs_bits(records: int) -> float:
    """log2 (N - 1): minus the log2 prior odds of a pair where each record has one other."""
    return math.log2(max(records, LEAST_RECORDS) - 1)


def prior_bits(records: int, others: float) -> float:
    """log2 prior odds of a pair where each record has so many others of its entity."""
    return math.log2(others) - pairs_bits(records)


def chance(odds_bits: Floats) -> Floats:
    """Probabilities from log2 odds."""
    told: Floats = 1.0 / (1.0 + np.exp2(-odds_bits))
    return told


def feature_names(kind: Kind) -> list[str]:
    """What `features` holds: of each comparison what speaks for and what against, then how many were made,
    what two signs of one household share, log2 (N - 1), and 1."""
    own = [f"{one.name}{sign}" for one in COMPARISONS[kind] for sign in ("+", "-")]
    return [*own, "compared", "household", "records", "one"]


def features(kind: Kind, weights: NDArray[np.floating[Any]], records: int) -> Floats:
    """(p, k) for p pairs."""
    plain = np.asarray(weights, dtype=np.float64)
    names = [one.name for one in COMPARISONS[kind]]
    signs = np.stack([np.maximum(plain, 0.0), np.minimum(plain, 0.0)], axis=2).reshape(len(plain), -1)
    place, phone = (
        np.maximum(plain[:, names.index(name)], 0.0) if name in names else np.zeros(len(plain))
        for name in ("address", "phone")
    )
    return np.column_stack([
        signs, np.count_nonzero(plain, axis=1), np.minimum(place, phone),
        np.full(len(plain), pairs_bits(records)), np.ones(len(plain)),
    ])  # fmt: skip


@cache
def shipped_calibration() -> Calibration:
    """The one that comes with the program."""
    file = resources.files("partwatch.case.resolution") / "data" / "calibration.json"
    return read_calibration(file.read_text(encoding="utf-8"), "the shipped calibration of resolution")


def read_calibration(text: str, place: str) -> Calibration:
    """From JSON. UsageError where it is none, or was made for other comparisons."""
    try:
        told = json.loads(text)
        if told["format"] != FORMAT:
            raise ValueError(f"its format is {told['format']!r}, not {FORMAT!r}")
        curves = {Kind(name): _curve(Kind(name), one) for name, one in told["curves"].items()}
        if set(curves) != set(Kind):
            raise ValueError("it lacks a kind of record")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{place}: this is no calibration of resolution, or it is damaged ({error}); make it anew"
        ) from error
    return Calibration(curves, _version(told["curves"]))


def calibration_text(curves: Mapping[Kind, Curve]) -> str:
    """As JSON, to be read again."""
    told = {
        kind.value: {
            "coefficients": dict(curve.coefficients), "at": curve.at, "odds": curve.odds,
            "least": curve.least, "most": curve.most, "fitted_on": dict(curve.fitted_on),
        }
        for kind, curve in curves.items()
    }  # fmt: skip
    return json.dumps({"format": FORMAT, "curves": told}, indent=1, sort_keys=True) + "\n"


def _version(curves: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(curves, sort_keys=True).encode()).hexdigest()[:12]


def _curve(kind: Kind, told: Mapping[str, Any]) -> Curve:
    coefficients = {name: float(value) for name, value in told["coefficients"].items()}
    at, odds = (tuple(float(value) for value in told[name]) for name in ("at", "odds"))
    numbers = (*coefficients.values(), *at, *odds, float(told["least"]), float(told["most"]))
    if set(coefficients) != set(feature_names(kind)):
        raise ValueError(f"{kind.value}: it was made for other comparisons")
    if not all(map(math.isfinite, numbers)) or len(at) != len(odds) or len(at) < 2:
        raise ValueError(f"{kind.value}: its curve is none")
    if sorted(at) != list(at) or sorted(odds) != list(odds):
        raise ValueError(f"{kind.value}: its curve falls")
    return Curve(coefficients, at, odds, float(told["least"]), float(told["most"]), told["fitted_on"])
