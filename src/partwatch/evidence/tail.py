"""How often an unrelated body does so well: the tail of a part's scores against a population, as a model.

P(score >= s | similarity d) is taken to be logistic in two "nearnesses": how near d is to the same
fingerprint, and how near s is to the same shape. Both are logarithms, so the tail falls as a power and is a
cautious one: it is what is left for scores that no unrelated body of the corpus ever reached.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# Of two fingerprints that are the same.
SAME = 2.0
# Nearer than this is the same: rounding of fingerprints, and of scores.
_SIMILARITY_FLOOR = 1e-3
_SCORE_FLOOR = 0.02
# Sizes (in log) are blurred by this much before they are held against the scale's tolerance: a population is
# finite, and what it holds at 30 mm could as well have been made at 28.
SIZE_BLUR = 0.15


@dataclass(frozen=True)
class RegionTail:
    """How often regions coincide by chance: log2 of the share of unrelated pairs of a body and a part of
    which the regions have so much information is offset - rate * information, and never above zero."""

    offset: float
    rate: float

    def share(self, information: float) -> float:
        """Share of unrelated bodies that have so much in common with one part."""
        return float(2.0 ** min(self.offset - self.rate * max(information, 0.0), 0.0))


def similarity_nearness(similarity: npt.ArrayLike) -> FloatArray:
    """-ln of the distance of a similarity (at most 2) to that of the same fingerprint; 6.9 at most."""
    return np.asarray(-np.log(np.maximum(SAME - np.asarray(similarity, dtype=float), _SIMILARITY_FLOOR)))


def score_nearness(score: npt.ArrayLike) -> FloatArray:
    """-ln of the distance of a score (at most 1) to that of the same shape; 3.9 at most."""
    return np.asarray(-np.log(np.maximum(1.0 - np.asarray(score, dtype=float), 0.0) + _SCORE_FLOOR))


@dataclass(frozen=True)
class TailModel:
    """logit P(score >= s | d) = intercept + similarity * n(d) - score * n(s) + both * n(d) * n(s).

    n: the nearnesses above. n(d) counts from `centre` up; below, it counts as `centre`.
    """

    intercept: float
    similarity: float
    score: float
    both: float
    centre: float

    def probability(self, similarity: npt.ArrayLike, score: npt.ArrayLike) -> FloatArray:
        """P(an unrelated body of that similarity to a part has at least that score), broadcast."""
        near, well = self.features(similarity, score)
        logit = self.intercept + self.similarity * near - self.score * well + self.both * near * well
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -60, 60))))

    def features(self, similarity: npt.ArrayLike, score: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Both nearnesses as the model counts them."""
        near = np.maximum(similarity_nearness(similarity) - self.centre, 0.0)
        return np.asarray(near), score_nearness(score)


def same_size_share(size_ratio: npt.ArrayLike, tolerance: float) -> FloatArray:
    """Share of bodies of about that size (ratio to the part's) that lie within the scale's tolerance."""
    gap = np.log(np.maximum(np.asarray(size_ratio, dtype=float), 1e-9)) / SIZE_BLUR
    half = np.log1p(tolerance) / SIZE_BLUR
    return np.asarray(_normal(gap + half) - _normal(gap - half))


def _normal(x: FloatArray) -> FloatArray:
    """Cumulative normal by a hyperbolic tangent, within 3e-4 (Page 1977): numpy has no error function."""
    y = np.sqrt(2 / np.pi) * x * (1 + 0.044715 * x * x)
    return np.asarray(0.5 * (1 + np.tanh(y)))
