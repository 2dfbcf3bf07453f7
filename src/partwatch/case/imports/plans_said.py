"""The plan of a design as it was when an item was screened, so that it outlives the watch-list.

One text under `notes` of the Design: names and numbers of the parts, as the list had them; no geometry.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from partwatch.assembly.plan import DesignPlan, PlannedPart, plan_of
from partwatch.watchlist.types import DesignSummary

PROP: Final = "notes"
_BEGINS: Final = '{"plan":'
_MOST_CHARS: Final = 1 << 20


@dataclass(frozen=True)
class PlanSaid:
    """A plan with the list that it is from. watchlist: its version; designs: how many it held."""

    plan: DesignPlan
    watchlist: str
    designs: int


def plan_text(design: DesignSummary, watchlist: str, designs: int) -> str:
    """What is said of a listed design."""
    parts = [[one.name, one.quantity, one.required, one.alternative_to] for one in design.parts]
    told = {"plan": parts, "watchlist": watchlist, "designs": designs}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class PlanTexts:
    """What is said of the designs of a list, by name. watchlist: its version."""

    watchlist: str
    by_design: Mapping[str, str]

    def of(self, watchlist: str) -> Mapping[str, str]:
        """What is said where that version was searched: nothing of another one."""
        return self.by_design if watchlist == self.watchlist else {}


def plan_texts(designs: Iterable[DesignSummary], watchlist: str) -> PlanTexts:
    """`plan_text` of every design of a list."""
    listed = list(designs)
    return PlanTexts(watchlist, {one.name: plan_text(one, watchlist, len(listed)) for one in listed})


def plan_said(name: str, text: str) -> PlanSaid | None:
    """The plan that a text says of the design of that name; None where it says none, or not as we do."""
    if not text.startswith(_BEGINS) or len(text) > _MOST_CHARS:
        return None
    try:
        told = json.loads(text)
        parts = [_part(one) for one in told["plan"]]
        plan = plan_of(name, parts)
        return PlanSaid(plan, str(told["watchlist"]), max(1, int(told["designs"])))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None


def _part(told: Any) -> PlannedPart:
    name, quantity, required, other = told
    if not isinstance(name, str) or not isinstance(other, str | None) or not 1 <= int(quantity) <= 1_000_000:
        raise ValueError("no part")
    return PlannedPart(name, int(quantity), bool(required), other)
