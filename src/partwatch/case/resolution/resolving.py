"""Resolving records of one kind: blocked, compared, weighed, grouped. No case is needed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.resolution.blocking import Blocks, blocks_of
from partwatch.case.resolution.calibration import Curve, pairs_bits, prior_bits
from partwatch.case.resolution.grouping import Grouped, grouped, unscored
from partwatch.case.resolution.model import Shares, digest
from partwatch.case.resolution.policy import Policy, odds_bits
from partwatch.case.resolution.records import Kind, Records
from partwatch.case.resolution.scoring import Scored, Scorer, no_pairs, together

# Match weight below which a pair is not looked at again: no calibrated odds come near a person's desk.
FLOOR: Final = -10.0
# Of others a record has: how many records of what is believed beforehand stand beside those of the case.
_BELIEVED: Final = 0.5
_FIRMNESS: Final = 20.0
_LEAST_OTHERS, _MOST_OTHERS = 0.02, 5.0
Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Moved:
    """How log2 posterior odds were moved to fit what persons judged: offset + slope * odds."""

    offset: float = 0.0
    slope: float = 1.0


@dataclass(frozen=True)
class Resolved:
    """scored: p pairs; bits: (p,), calibrated log2 likelihood ratios; odds: (p,), log2 posterior odds;
    prior: log2 prior odds, of `others` other records each. model: digest of the model; learned: whether its
    m were."""

    scored: Scored
    bits: NDArray[np.float64]
    odds: NDArray[np.float64]
    groups: Grouped
    blocks: Blocks
    prior: float
    others: float
    model: str
    learned: bool


def resolved(
    records: Records,
    curve: Curve,
    policy: Policy,
    same: Pairs = (),
    different: Pairs = (),
    judged: Pairs = (),
    moved: Moved | None = None,
    shares: Shares | None = None,
) -> Resolved:
    """Everything about records of a kind. same, different: pairs of rows that persons decided; judged: those
    that shall be scored whatever they share. Raises UsageError without the extra `case`."""
    blocks = blocks_of(records)
    if len(records) < 2:
        return _nothing(records, policy, blocks)
    with Scorer(records, shares) as scorer:
        scored = _with(scorer, scorer.blocked(blocks, FLOOR), [*same, *different, *judged])
        others = policy.others or _others(curve, records.kind, scored, len(records))
        prior = prior_bits(len(records), others)
        bits = _bits(curve, records, scored, prior, moved)
        wanted = bits + prior >= odds_bits(policy.merge)
        more = scorer.pairs(*unscored(len(records), scored.left, scored.right, wanted))
        if len(more):
            scored = together(records.kind, [scored, more])
            bits = _bits(curve, records, scored, prior, moved)
        model, learned = digest(records.kind, scorer.shares), scorer.learned
    odds = bits + prior
    groups = grouped(
        len(records), scored.left, scored.right, odds, odds_bits(policy.merge), odds_bits(policy.against),
        same, different,
    )  # fmt: skip
    return Resolved(scored, bits, odds, groups, blocks, prior, others, model, learned)


def _with(scorer: Scorer, scored: Scored, wanted: Pairs) -> Scored:
    """Those wanted as well, where they are not there yet."""
    known = set(zip(scored.left.tolist(), scored.right.tolist(), strict=True)) if wanted else set()
    missing = np.array(sorted(set(wanted) - known), dtype=np.int32).reshape(-1, 2)
    if not len(missing):
        return scored
    more = scorer.pairs(missing[:, 0], missing[:, 1])
    return together(scorer.records.kind, [scored, more])


def _bits(
    curve: Curve, records: Records, scored: Scored, prior: float, moved: Moved | None
) -> NDArray[np.float64]:
    bits = curve.bits(records.kind, scored.weights, len(records))
    if moved is None:
        return bits
    told: NDArray[np.float64] = moved.offset + moved.slope * (bits + prior) - prior
    return told


def _others(curve: Curve, kind: Kind, scored: Scored, records: int) -> float:
    """How many others of its entity a record has, by the scores themselves: what posteriors add up to under
    a prior that says so (expectation maximisation of one number)."""
    bits = curve.bits(kind, scored.weights, records)
    size = pairs_bits(records)
    others = _BELIEVED
    for _ in range(30):
        found = 2.0 * float((1.0 / (1.0 + np.exp2(size - np.log2(others) - bits))).sum())
        others = (found + _FIRMNESS * _BELIEVED) / (records + _FIRMNESS)
        others = min(max(others, _LEAST_OTHERS), _MOST_OTHERS)
    return float(f"{others:.3g}")


def _nothing(records: Records, policy: Policy, blocks: Blocks) -> Resolved:
    count = len(records)
    none = np.zeros(0)
    groups = Grouped(np.arange(count, dtype=np.int32), none.astype(bool), {})
    others = policy.others or _BELIEVED
    return Resolved(
        no_pairs(records.kind), none, none, groups, blocks, prior_bits(count, others), others, "", False
    )
