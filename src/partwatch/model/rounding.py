"""Figures that may be published: nobody is told by a small count.

The rounding methodology of the Higher Education Statistics Agency (United Kingdom): every count, sums too, is
rounded by itself to the nearest multiple of five; a share of fewer than 22.5, and a median of seven or fewer,
is left out. So no count is told exactly by what is left when others are taken from a sum.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from partwatch.model.transparency import ROUNDED_TO, Share, Spread, TransparencyReport, Waiting

LEAST_OF_A_SHARE: Final = 22.5
LEAST_OF_A_MEDIAN: Final = 8
# The rank of a 90th or 95th percentile is one of the few at the end: of at least so many there are that many.
_LEAST_OF: Final = {"median_s": LEAST_OF_A_MEDIAN, "p90_s": 80, "p95_s": 160}


def rounded(report: TransparencyReport) -> TransparencyReport:
    """The same report as it may be published; one that is rounded already stays as it is."""
    if report.rounded_to == ROUNDED_TO:
        return report
    told = _rounded(report) | {"rounded_to": ROUNDED_TO}
    # Codes of which there are hardly any: their mere presence would tell.
    told["unscreenable"] = [one for one in told["unscreenable"] if one["files"]]
    return TransparencyReport.model_validate(told)


def _rounded(record: BaseModel) -> dict[str, Any]:
    if isinstance(record, Share):
        told = record.value if record.of >= LEAST_OF_A_SHARE else None
        return {"of": _count(record.of), "value": None if told is None else round(told, 2)}
    if isinstance(record, Spread):
        return _rounded_spread(record)
    made = {name: _value(getattr(record, name)) for name in type(record).model_fields}
    if isinstance(record, Waiting):
        # The oldest is one submission.
        made |= dict.fromkeys(("oldest_screening_s", "oldest_person_s", "oldest_submitter_s"))
    return made


def _rounded_spread(spread: Spread) -> dict[str, Any]:
    made: dict[str, Any] = {"count": _count(spread.count)}
    for name, least in _LEAST_OF.items():
        value = getattr(spread, name)
        made[name] = None if value is None or spread.count < least else float(f"{value:.2g}")
    return made


def _value(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _rounded(value)
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    return _count(value) if type(value) is int else value


def _count(number: int) -> int:
    return ROUNDED_TO * ((number + ROUNDED_TO // 2) // ROUNDED_TO)
