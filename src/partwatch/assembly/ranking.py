"""All groups against all designs: what is counted, what is weighed, in which order it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from partwatch.assembly.claim import claims
from partwatch.assembly.groups import Group, grouped
from partwatch.assembly.hypothesis import Hypothesis, Setting, beyond_better, weigh
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.sightings import Holdings, Seen, bodies_of, holdings_of
from partwatch.assembly.stream import Counts, Verdict, counted

Verdicts = Mapping[tuple[Group, str], Verdict]


@dataclass(frozen=True, eq=False)
class Ranked:
    """A group's hypothesis. beyond: bits that no better one of the same group explains."""

    group: Group
    hypothesis: Hypothesis
    beyond: float

    @property
    def order(self) -> tuple[float, str, Group]:
        """Most bits first; the same whatever the order of arrival."""
        return -self.hypothesis.bits, self.hypothesis.plan.name, self.group


def rank(
    items: Iterable[Seen],
    plans: Mapping[str, DesignPlan],
    policy: AssemblyPolicy,
    verdicts: Verdicts,
    period_days: int,
) -> tuple[list[Ranked], dict[str, Counts]]:
    """Every group's hypotheses, most bits first, and the counts by kind of group. All in memory."""
    groups = grouped(items, period_days)
    counts = count(groups, plans, policy, verdicts)
    ranked = []
    for group, own in groups.items():
        ranked += rank_group(
            group, holdings_by(own, plans), plans, counts[group[0]], len(counts), policy, verdicts
        )
    return sorted(ranked, key=lambda one: one.order), counts


def count(
    groups: Mapping[Group, Sequence[Seen]],
    plans: Mapping[str, DesignPlan],
    policy: AssemblyPolicy,
    verdicts: Verdicts,
) -> dict[str, Counts]:
    """What the groups of each kind hold."""
    found: dict[str, Counts] = {}
    for group, own in groups.items():
        counts = found.setdefault(group[0], Counts())
        counts.add_group(bodies_of(own))
        for design in designs_in(own, plans):
            plan = plans[design]
            counts.add(design, counted(plan, claims(plan, own), policy, verdicts.get((group, design))))
    return found


def rank_group(
    group: Group,
    holdings: Mapping[str, Holdings],
    plans: Mapping[str, DesignPlan],
    stream: Counts,
    kinds: int,
    policy: AssemblyPolicy,
    verdicts: Verdicts,
) -> list[Ranked]:
    """One group against every design that it holds enough of, most bits first. holdings: by design."""
    setting = Setting(stream, policy, len(plans), kinds)
    hypotheses = [
        weigh(plans[design], own, setting, verdicts.get((group, design)))
        for design, own in holdings.items()
        if _is_enough(plans[design], own.items, policy)
    ]
    hypotheses.sort(key=lambda one: (-one.bits, one.plan.name))
    return [
        Ranked(group, one, beyond)
        for one, beyond in zip(hypotheses, beyond_better(hypotheses), strict=True)
        if one.claimed
    ]


def holdings_by(items: Sequence[Seen], plans: Mapping[str, DesignPlan]) -> dict[str, Holdings]:
    """What the items hold, for each design of which they hold anything."""
    own = holdings_of(items)
    return dict.fromkeys(designs_in(items, plans), own)


def designs_in(items: Iterable[Seen], plans: Mapping[str, DesignPlan]) -> list[str]:
    """The listed designs of which the items hold anything."""
    seen = {one.design for item in items for one in item.sightings if one.bits > 0}
    return sorted(seen & plans.keys())


def _is_enough(plan: DesignPlan, items: Iterable[Seen], policy: AssemblyPolicy) -> bool:
    slot_of = plan.slot_of()
    slots = {slot_of.get(one.part) for item in items for one in item.of_design(plan.name) if one.bits > 0} - {
        None
    }
    return len(slots) >= min(policy.least_slots, len(plan.slots))
