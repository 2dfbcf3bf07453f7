"""What made the bits of a pair, step by step: they add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from partwatch.case.resolution.model import COMPARISONS
from partwatch.case.resolution.records import Kind, Records
from partwatch.case.resolution.scoring import Scored
from partwatch.model.case_resolution import Bar

CALIBRATION: Final = "calibration"
_DIGITS: Final = 3


def waterfall(records: Records, scored: Scored, row: int, bits: float) -> list[dict[str, Any]]:
    """Bars of a pair: of each comparison that could be made, then what the calibration takes off or adds,
    which tells the kind of record as its level. As JSON keeps them."""
    left, right = int(scored.left[row]), int(scored.right[row])
    bars: list[dict[str, Any]] = []
    total = 0.0
    for place, one in enumerate(COMPARISONS[records.kind]):
        level = int(scored.levels[row, place])
        if level < 0:
            continue
        weight = round(float(scored.weights[row, place]), _DIGITS)
        total += weight
        bars.append({
            "comparison": one.name, "level": one.labels[level], "left": _shown(records, one.shown, left),
            "right": _shown(records, one.shown, right), "bits": weight,
        })  # fmt: skip
    bars.append({
        "comparison": CALIBRATION, "level": records.kind.value, "left": "", "right": "",
        "bits": round(bits - total, 2 * _DIGITS),
    })  # fmt: skip
    return bars


def kind_of(bars: Sequence[Mapping[str, Any]]) -> Kind | None:
    """The kind of record of a pair, by its waterfall; None of one that is not of this resolution."""
    try:
        return Kind(bars[-1]["level"])
    except (IndexError, KeyError, ValueError, TypeError):
        return None


def bars_of(told: Sequence[Mapping[str, Any]]) -> tuple[Bar, ...]:
    """As renderers read them."""
    return tuple(Bar(one["comparison"], one["level"], one["left"], one["right"], one["bits"]) for one in told)


def _shown(records: Records, columns: Sequence[str], row: int) -> str:
    told = []
    for name in columns:
        value = records.columns[name][row]
        told.append(", ".join(value) if isinstance(value, list) else value or "")
    return ", ".join(one for one in told if one)
