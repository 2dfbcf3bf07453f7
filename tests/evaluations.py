"""A made-up evaluation, like a real one in size and shape, for what reads evaluations."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from partwatch.curation.measures import measures
from partwatch.curation.rates import Rate

CHANGES = {
    "rotation": (150, 150), "mirror": (149, 150), "unit inch": (150, 150), "plate": (148, 150),
    "vertex noise of 0.05 mm RMS, parts of 50 mm and more": (90, 90),
    "remeshed or decimated, deviation p95 ≤ 0.3 mm": (145, 155),
    "decimated 15%": (96, 131),
}  # fmt: skip
RELATIONS = {"same_mesh": (750, 752), "same_shape": (480, 492), "edited": (31, 44)}
SIZES = {"below 20 mm": (301, 317), "20 to 100 mm": (722, 731), "above 100 mm": (238, 240)}


def scores(
    mates: int, non_mates: int, families: int, strength: float = 3.0, seed: int = 4
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Calibrated bits: two normals a distance apart whose log-likelihood ratio is the score itself.

    With x = ±strength²/2 + strength z, the log-likelihood ratio of x between the two is x.
    """
    rng = np.random.default_rng(seed)
    is_mate = np.arange(mates + non_mates) < mates
    middle = np.where(is_mate, strength**2 / 2, -(strength**2) / 2)
    nats = middle + strength * rng.standard_normal(mates + non_mates)
    family = rng.integers(0, families, mates + non_mates)
    return nats / np.log(2), is_mate, family


def recall(group: str, name: str, hits: int, trials: int, at: str = "match") -> dict[str, Any]:
    low, high = Rate(hits, trials).interval()
    misses = (trials - hits) * 3 // 4
    family_low, family_high = Rate(trials * 3 // 4 - misses, trials * 3 // 4).interval()
    return {
        "group": group, "class": name, "hits": hits, "trials": trials, "low": low, "high": high,
        "family_low": family_low, "family_high": family_high, "at": at,
    }  # fmt: skip


def false_alerts(finding: str, hits: int, bodies: int = 4595, families: int = 2210) -> dict[str, Any]:
    return {
        "finding": finding, "bodies": bodies, "families": families, "hits": hits,
        "per_10000": 1e4 * hits / bodies, "upper_per_10000": 1e4 * Rate(hits, bodies).upper(),
        "family_upper_per_10000": 1e4 * Rate(hits * families // bodies, families).upper(),
        "estimated_per_10000": 0.4 if finding == "match" else 6.2,
    }  # fmt: skip


@cache
def _llr() -> str:
    return json.dumps(measures(*scores(1200, 20_000, 2210)))


def made_up(**changed: Any) -> dict[str, Any]:
    """The whole mapping; `changed` replaces keys of it."""
    groups = {"change": CHANGES, "relation": RELATIONS, "size": SIZES}
    return {
        "schema": "partwatch-evaluation-1",
        "program_version": "0.1.0",
        "fingerprint_version": "1",
        "calibration": "benign-1 (2026-11-24)",
        "population": {"name": "open parts, 25 projects", "bodies": 4595, "families": 2210, "projects": 25},
        "list_parts": 1410,
        "seed": 0,
        "recall": [
            recall(group, name, *rate) for group, rates in groups.items() for name, rate in rates.items()
        ],
        "false": [false_alerts("match", 0), false_alerts("review", 41)],
        "held_back": {"parts": 212, "of": 1410, "gate_rate": 10.0},
        "llr": json.loads(_llr()),
        "revisions": {"pairs": 318, "bits": {"p5": -1.2, "p25": 2.4, "p50": 6.1, "p75": 9.0, "p95": 11.8}},
        "cost": {"share": 0.031},
        "misses": [
            ["plate", "someone/printer: parts/left hinge.stl"],
            ["mirror", "b/two: spool.stl"],
        ],
        "wrong": [
            {"path": "a/one: clip.stl", "design": "b/two: clip 2.stl", "finding": "review", "coverage": 0.93},
            {"path": "a/one: knob.stl", "design": "c/six: knob.stl", "finding": "review", "bits": 4.5},
        ],
    } | changed  # fmt: skip
