"""Every group of a case against every design that it holds enough of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from partwatch.assembly.groups import PERIOD_DAYS, Group, grouped
from partwatch.assembly.hypothesis import Setting, beyond_better, weigh
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.ranking import Ranked, designs_in
from partwatch.assembly.sightings import Holdings, Seen, holdings_of
from partwatch.assembly.stream import Counted
from partwatch.case.assemblies.base_rates import BaseRates

# The groups of a case are in no stream, so nothing of theirs is taken off what was counted.
_NOT_COUNTED: Final = Counted(frozenset(), 0)
# Of larger groups only items that match something are held one by one; the others are a number.
MOST_HELD: Final = 2_000


def ranked(
    items: Iterable[Seen],
    plans: Mapping[str, DesignPlan],
    designs: int,
    rates: BaseRates,
    policy: AssemblyPolicy,
) -> tuple[list[Ranked], tuple[str, ...]]:
    """Hypotheses with bits above zero, most first, and the kinds of groups there are. designs: how many
    might have been found."""
    groups = grouped(items, PERIOD_DAYS)
    kinds = tuple(sorted({kind for kind, _ in groups}))
    found: list[Ranked] = []
    for group, own in groups.items():
        setting = Setting(rates.of(group[0]), policy, designs, len(kinds))
        found += _of_group(group, own, plans, setting)
    return sorted(found, key=lambda one: one.order), kinds


def _of_group(
    group: Group, items: Sequence[Seen], plans: Mapping[str, DesignPlan], setting: Setting
) -> list[Ranked]:
    holdings: Holdings | None = None
    hypotheses = []
    for design in designs_in(items, plans):
        if not is_enough(plans[design], items, setting.policy):
            continue
        holdings = holdings or _held(items)
        hypotheses.append(weigh(plans[design], holdings, setting, None, _NOT_COUNTED))
    hypotheses.sort(key=lambda one: (-one.bits, one.plan.name))
    return [
        Ranked(group, one, beyond)
        for one, beyond in zip(hypotheses, beyond_better(hypotheses), strict=True)
        if one.claimed and one.bits > 0
    ]


def is_enough(plan: DesignPlan, items: Iterable[Seen], policy: AssemblyPolicy) -> bool:
    """Whether the items may fill as many slots as make an assembly."""
    slot_of = plan.slot_of()
    filled = {
        slot_of[one.part]
        for item in items
        for one in item.of_design(plan.name)
        if one.bits > 0 and one.part in slot_of
    }
    return len(filled) >= min(policy.least_slots, len(plan.slots))


def _held(items: Sequence[Seen]) -> Holdings:
    whole = holdings_of(items)
    if len(items) <= MOST_HELD:
        return whole
    return replace(whole, items=tuple(item for item in whole.items if item.sightings))
