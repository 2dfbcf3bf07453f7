"""Learning a calibration from pairs of which the truth is known; what ships was made so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.resolution.calibration import Curve, feature_names, features, pairs_bits
from partwatch.case.resolution.records import Kind
from partwatch.curation import honesty
from partwatch.curation.resampling import empirical_bounds

Floats = NDArray[np.float64]
_KNOTS: Final = 48
# A coefficient is drawn to 0.7 (evidence that is partly told twice) as firmly as this many pairs would.
_DRAWN_TO: Final = 0.7
_FIRMNESS: Final = 20.0
# How much of a step of the curve is left to its neighbours: pairs of both kinds in each block, beside those
# that are there.
_LEAST_IN_BLOCK: Final = 30


@dataclass(frozen=True)
class Sample:
    """Pairs of one case. weights: (p, c); same: bool (p,), the truth; group: int (p,), what counts once;
    records: how many there were; others: how many others of its entity a record has, on average."""

    weights: NDArray[np.floating[Any]]
    same: NDArray[np.bool_]
    group: NDArray[np.int64]
    records: int
    others: float


def fitted(kind: Kind, samples: Sequence[Sample], told: Mapping[str, Any]) -> Curve:
    """A curve from samples, each counting the same. told: what to keep of where they are from."""
    names = feature_names(kind)
    every = np.concatenate([features(kind, one.weights, one.records) for one in samples])
    same = np.concatenate([one.same for one in samples])
    size = np.concatenate([np.full(len(one.same), pairs_bits(one.records)) for one in samples])
    others = np.concatenate([np.full(len(one.same), np.log2(one.others)) for one in samples])
    counted = np.concatenate([
        np.full(len(one.same), np.sqrt(1.0 / max(len(one.same), 1))) for one in samples
    ])  # fmt: skip
    counted *= len(counted) / counted.sum()
    coefficients = _logistic(names, every, same, others - size, counted)
    score = every @ coefficients - size
    # As if each record had one other: pairs of one entity count as many times more as it has fewer.
    weight = counted * np.where(same, np.exp2(-others), 1.0)
    at, odds = _curve(score, same, weight)
    group = np.unique(np.concatenate([
        one.group + number * 10_000_000 for number, one in enumerate(samples)
    ]), return_inverse=True)[1]  # fmt: skip
    least, most = _bounds(np.interp(score, at, odds), same, group, weight)
    known = dict(told) | {
        "pairs": len(same), "of one entity": int(same.sum()), "groups": int(group.max()) + 1,
        "samples": len(samples),
    }  # fmt: skip
    return Curve(
        {name: float(f"{value:.6g}") for name, value in zip(names, coefficients, strict=True)},
        tuple(float(f"{value:.6g}") for value in at), tuple(float(f"{value:.6g}") for value in odds),
        least, most, known,
    )  # fmt: skip


def _logistic(
    names: Sequence[str], every: Floats, same: NDArray[np.bool_], offset: Floats, counted: Floats
) -> Floats:
    """Coefficients of the log2 likelihood ratio; those of comparisons are never below zero."""
    from scipy.optimize import minimize

    start = np.array([_DRAWN_TO if name[-1] in "+-" else 0.0 for name in names])
    firm = np.array([_FIRMNESS if name[-1] in "+-" else 0.1 for name in names])
    sign = np.where(same, 1.0, -1.0)
    log2 = np.log(2.0)

    def cost(found: Floats) -> tuple[float, Floats]:
        margin = sign * log2 * (every @ found + offset)
        value = counted @ np.logaddexp(0.0, -margin) + firm @ (found - start) ** 2
        slope = -counted * sign * log2 / (1.0 + np.exp(np.minimum(margin, 500.0)))
        return float(value), every.T @ slope + 2 * firm * (found - start)

    bounds = [(0.0, None) if name[-1] in "+-" else (None, None) for name in names]
    solved = minimize(cost, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(solved.x, dtype=np.float64)


def _curve(score: Floats, same: NDArray[np.bool_], weight: Floats) -> tuple[Floats, Floats]:
    """Knots of the log2 odds over the score: isotonic regression (pool adjacent violators), each block with
    one half of a misleading pair more on either side, so that no odds are without end."""
    order = np.argsort(score, kind="stable")
    score, same, weight = score[order], same[order], weight[order]
    edges = np.unique(
        np.linspace(0, len(score), min(_KNOTS * 8, len(score) // _LEAST_IN_BLOCK) + 1).astype(int)
    )
    # Finer where few are left: the ends decide.
    ends = [2**k for k in range(5, 14) if 2**k < len(score) // 2]
    edges = np.unique([*edges, *ends, *(len(score) - np.array(ends, dtype=int))]).astype(int)
    starts = edges[:-1]
    mates = np.add.reduceat(np.where(same, weight, 0.0), starts)
    rest = np.add.reduceat(np.where(same, 0.0, weight), starts)
    middle = np.add.reduceat(score * weight, starts) / (mates + rest)
    blocks: list[list[float]] = []
    for mate, other, at in zip(mates.tolist(), rest.tolist(), middle.tolist(), strict=True):
        block = [mate, other, at * (mate + other)]
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            before = blocks.pop()
            block = [one + two for one, two in zip(block, before, strict=True)]
        blocks.append(block)
    told = np.array(blocks)
    odds = np.log2((told[:, 0] + 0.5) / (told[:, 1] + 0.5))
    at = told[:, 2] / (told[:, 0] + told[:, 1])
    rising = np.maximum.accumulate(odds)
    return _thinned(at, rising)


def _thinned(at: Floats, odds: Floats) -> tuple[Floats, Floats]:
    """At most _KNOTS of them, and a hair's rise everywhere, so that no order is lost."""
    at, kept = np.unique(at, return_index=True)
    odds = odds[kept]
    if len(at) > _KNOTS:
        wanted = np.unique(np.round(np.linspace(0, len(at) - 1, _KNOTS)).astype(int))
        at, odds = at[wanted], odds[wanted]
    if len(at) == 1:
        at, odds = np.array([at[0] - 1.0, at[0] + 1.0]), np.array([odds[0], odds[0]])
    return at, odds + 1e-3 * np.arange(len(at))


def _bounds(
    odds: Floats, same: NDArray[np.bool_], group: NDArray[np.intp], weight: Floats
) -> tuple[float, float]:
    """ELUB's bounds on the posterior odds: those of a likelihood ratio among the pairs compared, whose own
    odds are put back."""
    among = float(np.log2(weight[same].sum() / weight[~same].sum()))
    low, high = empirical_bounds(honesty.scored(odds - among, same, group))
    return round(low + among, 3), round(high + among, 3)
