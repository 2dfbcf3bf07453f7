"""Weights of a link model, fitted to pairs of items whose sources are known.

Each side's weights are a logistic regression without an intercept, so that nothing in common gives 0 bits,
with no weight below zero, so that no agreement speaks against a source. What they say of sources held back
(folds by source) gives the slope of each side, how both are told together, and the bounds (ELUB).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations_with_replacement
from typing import Final

import numpy as np
import numpy.typing as npt

from partwatch.curation.calibrate import empirical_bound
from partwatch.model.mesh import FloatArray
from partwatch.provenance.linking.blocks import HARD, Block
from partwatch.provenance.linking.comparison import Comparison, drawn_together
from partwatch.provenance.linking.model import Bound, Bounds, Part, Weights

FOLDS: Final = 4
# Names that fewer pairs of one source compare take what is usual in their block.
LEAST_PAIRS: Final = 20
MOST_AGAINST: Final = 6.0
RIDGE: Final = 0.01
BoolArray = npt.NDArray[np.bool_]
Against = tuple[dict[str, float], dict[Block, float]]


@dataclass(frozen=True)
class Pair:
    """Two items compared. sources: of each, the same where they are mates. close: whether two sources began
    with the same factory preset, as many do."""

    found: Comparison
    sources: tuple[str, str]
    close: bool = False

    @property
    def mates(self) -> bool:
        """Whether they are of one source."""
        return self.sources[0] == self.sources[1]


@dataclass(frozen=True)
class _Told:
    """Pairs as arrays. agreed: (n, blocks); conflicts, compared: of each pair its names, with their
    blocks."""

    blocks: tuple[Block, ...]
    agreed: FloatArray
    conflicts: Sequence[Sequence[tuple[Block, str]]]
    compared: Sequence[Sequence[tuple[Block, str]]]
    mates: BoolArray
    close: BoolArray
    folds: npt.NDArray[np.int64]

    @property
    def share(self) -> FloatArray:
        """(n,): what each pair counts: half of it mates, and of strangers half those that are close."""
        return shares(self.mates, self.close)

    def hard(self, hard: bool) -> BoolArray:
        """(2 * blocks,): of which features are of that side."""
        return np.tile(np.array([(block in HARD) == hard for block in self.blocks]), 2)

    def some(self, own: BoolArray) -> _Told:
        """A part of the pairs."""
        at = [int(k) for k in np.flatnonzero(own)]
        conflicts, compared = [self.conflicts[k] for k in at], [self.compared[k] for k in at]
        kept = self.mates[at], self.close[at], self.folds[at]
        return _Told(self.blocks, self.agreed[at], conflicts, compared, *kept)


@dataclass(frozen=True)
class _Held:
    """Scores (n, 2) of both sides, of pairs neither of whose sources had a part in the weights. rows: of
    the pairs."""

    scores: FloatArray
    rows: npt.NDArray[np.int64]
    mates: BoolArray


def fit(
    pairs: Sequence[Pair], blocks: Sequence[Block], population: str, settings: bool | None = None
) -> Part:
    """The part of a model that pairs teach of some blocks. settings: whether they tell settings."""
    told = _told(pairs, tuple(blocks))
    against = _against(told)
    held = _held_back(told)
    share = shares(held.mates, told.close[held.rows])
    slopes = [float(logistic(held.scores[:, [k]], held.mates, share, 0.0)[0]) for k in (0, 1)]
    own = held.scores * slopes
    both = logistic(own, held.mates, share, 0.0)
    sources = [pairs[k].sources for k in held.rows]
    bounds = Bounds(
        forgeable=_bound(own[:, 0], held.mates, sources),
        hard=_bound(own[:, 1], held.mates, sources),
        both=_bound(own @ both, held.mates, sources),
    )
    weights = _weights(told, against)
    count = len(told.blocks)
    return Part(
        population=population,
        settings=settings,
        sources=len({source for pair in pairs for source in pair.sources}),
        mates=int(told.mates.sum()),
        strangers=int((~told.mates).sum()),
        weights={
            block: Weights(
                agreed=round(float(weights[k]) * slopes[block in HARD], 4),
                against=round(float(weights[count + k]) * slopes[block in HARD], 4),
                slope=round(float(both[int(block in HARD)]), 4),
            )
            for k, block in enumerate(told.blocks)
        },
        conflicts=against[0],
        usual=against[1],
        bounds=bounds,
    )


def _told(pairs: Sequence[Pair], blocks: tuple[Block, ...]) -> _Told:
    agreed = np.zeros((len(pairs), len(blocks)))
    conflicts, compared = [], []
    for row, pair in zip(agreed, pairs, strict=True):
        bits: dict[Block, list[float]] = {}
        for each in pair.found.agreements:
            bits.setdefault(each.block, []).append(each.bits)
        row[:] = [drawn_together(bits.get(block, ())) for block in blocks]
        both = {(each.block, f"{each.a.kind} {each.a.name}") for each in pair.found.agreements}
        own = [
            (each.block, f"{each.a.kind} {each.a.name}")
            for each in pair.found.conflicts
            if each.block in blocks
        ]
        conflicts.append(own)
        compared.append([*own, *(key for key in sorted(both) if key[0] in blocks)])
    folds = np.array([[_fold(source) for source in pair.sources] for pair in pairs], dtype=np.int64)
    mates, close = np.array([pair.mates for pair in pairs]), np.array([pair.close for pair in pairs])
    return _Told(blocks, agreed, conflicts, compared, mates, close, folds)


def shares(mates: BoolArray, close: BoolArray) -> FloatArray:
    """What each pair counts, one in all: mates a half; strangers that are close a quarter, where there are
    any."""
    kinds = [mates, ~mates & close, ~mates & ~close]
    worth = [0.5, 0.25, 0.25] if kinds[1].any() and kinds[2].any() else [0.5, 0.5, 0.5]
    total = np.zeros(len(mates))
    for kind, of in zip(kinds, worth, strict=True):
        total[kind] = of / max(int(kind.sum()), 1)
    return total


def _fold(source: str) -> int:
    return int.from_bytes(blake2b(source.encode(), digest_size=4).digest(), "big") % FOLDS


def _against(told: _Told) -> Against:
    """By name, and by block, how much oftener different sources disagree on it than one with itself."""
    counts: dict[tuple[Block, str], list[int]] = {}
    for mate, conflicts, compared in zip(told.mates, told.conflicts, told.compared, strict=True):
        for key in compared:
            counts.setdefault(key, [0, 0, 0, 0])[int(mate)] += 1
        for key in conflicts:
            counts[key][2 + int(mate)] += 1
    of_block: dict[Block, list[int]] = {}
    for (block, _), own in counts.items():
        of_block[block] = [a + b for a, b in zip(of_block.get(block, [0] * 4), own, strict=True)]
    usual = {block: _penalty(*own) for block, own in sorted(of_block.items())}
    names = {name: _penalty(*own) for (_, name), own in sorted(counts.items()) if own[1] >= LEAST_PAIRS}
    return names, usual


def _penalty(strangers: int, mates: int, strangers_against: int, mates_against: int) -> float:
    if not strangers or not mates:
        return 0.0
    of_strangers, of_mates = (strangers_against + 0.5) / (strangers + 1), (mates_against + 0.5) / (mates + 1)
    return round(float(np.clip(np.log2(of_strangers / of_mates), 0.0, MOST_AGAINST)), 2)


def _features(told: _Told, against: Against) -> FloatArray:
    """(n, 2 * blocks): what is agreed on, and less what is contradicted."""
    names, usual = against
    lost = np.zeros_like(told.agreed)
    for row, conflicts in zip(lost, told.conflicts, strict=True):
        bits: dict[Block, list[float]] = {}
        for block, name in conflicts:
            bits.setdefault(block, []).append(names.get(name, usual.get(block, 0.0)))
        row[:] = [drawn_together(bits.get(block, ())) for block in told.blocks]
    return np.concatenate([told.agreed, -lost], axis=1)


def _weights(told: _Told, against: Against) -> FloatArray:
    """(2 * blocks,): each side on its own."""
    x = _features(told, against)
    weights = np.zeros(x.shape[1])
    for hard in (False, True):
        own = told.hard(hard)
        weights[own] = logistic(x[:, own], told.mates, told.share)
    return weights


def _held_back(told: _Told) -> _Held:
    scores, rows = [], []
    # Each pair by weights that neither of its sources' folds had a part in.
    for first, second in combinations_with_replacement(range(FOLDS), 2):
        test = (np.sort(told.folds, axis=1) == (first, second)).all(axis=1)
        train = told.some(np.asarray(~np.isin(told.folds, (first, second)).any(axis=1)))
        if not test.any() or not train.mates.any():
            continue
        against = _against(train)
        weights = _weights(train, against)
        x = _features(told.some(test), against)
        sides = [x[:, told.hard(hard)] @ weights[told.hard(hard)] for hard in (False, True)]
        scores.append(np.stack(sides, axis=1))
        rows.append(np.flatnonzero(test))
    at = np.concatenate(rows)
    return _Held(np.concatenate(scores), at, told.mates[at])


def logistic(x: FloatArray, mates: BoolArray, share: FloatArray, ridge: float = RIDGE) -> FloatArray:
    """Weights, of bits and none below zero, of a logistic regression without an intercept.

    x: (n, features). share: what each counts.
    """
    from scipy.optimize import minimize

    sign = np.where(mates, 1.0, -1.0)

    def loss(w: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (x @ w) * np.log(2)
        value = float(share @ np.logaddexp(0, -margin)) + ridge * float(w @ w) / 2
        slope = -share * sign * np.log(2) / (1 + np.exp(np.clip(margin, -500, 500)))
        return value, x.T @ slope + ridge * w

    begin, bounds = np.full(x.shape[1], 0.1), [(0, None)] * x.shape[1]
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, dtype=np.float64)


def _bound(bits: FloatArray, mates: BoolArray, sources: Sequence[tuple[str, str]]) -> Bound:
    """Pairs of the same two sources count as one, by the one that misleads the most."""
    worst: dict[tuple[str, str], float] = {}
    least: dict[tuple[str, str], float] = {}
    for value, mate, of in zip(bits, mates, sources, strict=True):
        if mate:
            least[of] = min(float(value), least.get(of, np.inf))
        else:
            worst[of] = max(float(value), worst.get(of, -np.inf))
    high = empirical_bound(bits[mates], np.array([*worst.values()]), len(worst))
    low = empirical_bound(-bits[~mates], -np.array([*least.values()]), len(least))
    return Bound(low=-round(low, 2), high=round(high, 2))
