"""Every group of a case against every design that it holds enough of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from partwatch.assembly.groups import PERIOD_DAYS, Group, grouped
from partwatch.assembly.hypothesis import Setting, beyond_better, weigh
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.ranking import Ranked
from partwatch.assembly.sightings import Seen, holdings_of
from partwatch.assembly.stream import Counted
from partwatch.case.assemblies.base_rates import BaseRates

# The groups of a case are in no stream, so nothing of theirs is taken off what was counted.
_NOT_COUNTED: Final = Counted(frozenset(), 0)
# Of larger groups only items that match the design are held one by one; the others are a number.
MOST_HELD: Final = 200


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
    whole = holdings_of(items)
    hypotheses = []
    for design, own in _by_design(whole.items, plans).items():
        if is_enough(plans[design], own, setting.policy):
            held = whole if whole.count <= MOST_HELD else replace(whole, items=own)
            hypotheses.append(weigh(plans[design], held, setting, None, _NOT_COUNTED))
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


def _by_design(items: Sequence[Seen], plans: Mapping[str, DesignPlan]) -> dict[str, tuple[Seen, ...]]:
    """Items that may hold something of a planned design, in their order."""
    found: dict[str, list[Seen]] = {}
    for item in items:
        for design in sorted({one.design for one in item.sightings if one.bits > 0} & plans.keys()):
            found.setdefault(design, []).append(item)
    return {design: tuple(own) for design, own in sorted(found.items())}
