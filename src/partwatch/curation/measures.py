"""All measures of honesty of some bits, as an evaluation holds them."""

from __future__ import annotations

import numpy.typing as npt

from partwatch.curation import honesty
from partwatch.curation.honesty import FloatArray, Observed, Statement, Weighing
from partwatch.curation.resampling import cllr_interval
from partwatch.model.evaluation import Likelihood, Misleading, Stated


def measures(
    bits: npt.ArrayLike,
    is_mate: npt.ArrayLike,
    family: npt.ArrayLike,
    *,
    weighing: Weighing = Weighing.FAMILY,
    seed: int = 0,
) -> Likelihood:
    """What `evaluation["llr"]` holds, of (n,) arrays as in `honesty`; a seed gives the same each time."""
    data = honesty.scored(bits, is_mate, family, weighing)
    interval = cllr_interval(data, seed)
    low, high = (None, None) if interval is None else interval
    at_bits, mates, others = honesty.tippett(data)
    entropies = honesty.cross_entropy(data)
    for_mates, for_others = honesty.misleading(data)
    return {
        "mates": int(data.is_mate.sum()),
        "non_mates": int((~data.is_mate).sum()),
        "families": int(data.family.max()) + 1,
        "weighing": weighing.value,
        "cllr": honesty.cllr(data),
        "cllr_low": low,
        "cllr_high": high,
        "cllr_min": honesty.cllr_min(data),
        "tippett": {"bits": _listed(at_bits), "mates": _listed(mates), "non_mates": _listed(others)},
        "ece": {
            "log10_prior_odds": _listed(entropies.log10_prior_odds),
            "system": _listed(entropies.system),
            "pav": _listed(entropies.pav),
            "neutral": _listed(entropies.neutral),
        },
        "stated": [_stated(row) for row in honesty.statements(data)],
        "misleading_mates": _misleading(for_mates),
        "misleading_non_mates": _misleading(for_others),
    }


def _listed(values: FloatArray) -> list[float]:
    """Seven digits: more than any plot shows, and a third of the file."""
    return [float(f"{value:.7g}") for value in values]


def _stated(row: Statement) -> Stated:
    seen = row.observed
    return {
        "stated": row.stated,
        "bits": row.bits,
        "non_mates_at_or_above": seen.hits,
        "of": seen.trials,
        "families_at_or_above": seen.families_hit,
        "families": seen.families,
        "share": seen.share,
        "low": seen.low,
        "high": seen.high,
        "holds": row.holds,
        "verdict": row.verdict,
    }


def _misleading(seen: Observed) -> Misleading:
    return {"hits": seen.hits, "of": seen.trials, "share": seen.share, "low": seen.low, "high": seen.high}
