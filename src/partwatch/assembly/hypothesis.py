"""One group of items against one design: which slots are filled, by what, and what all of it weighs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from partwatch.assembly.claim import Claim, by_slot, claims
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.sightings import Holdings
from partwatch.assembly.stream import Counted, Counts, Verdict, counted, rate, rate_beside
from partwatch.assembly.weight import Instance, group_bits, presence_in, search_bits
from partwatch.model.document import MatchFinding


@dataclass(frozen=True)
class Setting:
    """What a hypothesis is weighed in. stream: of groups of its kind. designs, kinds: how many designs and
    kinds of groups are looked at for each item: any of them might have come out, so each is given an equal
    share of the odds, as log2 of their number taken off the bits."""

    stream: Counts
    policy: AssemblyPolicy
    designs: int
    kinds: int

    @property
    def cost_bits(self) -> float:
        """What looking at several designs and kinds costs."""
        return math.log2(max(self.designs, 1)) + math.log2(max(self.kinds, 1))


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """That these items together hold the design.

    claimed: the bodies that stand for its slots, best first. presence: by slot with a claim, the
    probability that a benign group holds its part, given the better claims. bits: log2 likelihood ratio,
    what was searched taken off.
    """

    plan: DesignPlan
    holdings: Holdings
    claimed: tuple[Claim, ...]
    presence: dict[int, float]
    bits: float
    setting: Setting
    counted: Counted
    verdict: Verdict | None = None

    @cached_property
    def found(self) -> dict[int, list[Claim]]:
        """Claims by slot."""
        return by_slot(self.claimed)

    @property
    def finding(self) -> MatchFinding:
        """By the policy; too few slots are a candidate at most."""
        policy = self.setting.policy
        if len(self.found) < min(policy.least_slots, len(self.plan.slots)):
            return MatchFinding.CANDIDATE
        if self.bits >= policy.match_bits:
            return MatchFinding.MATCH
        return MatchFinding.REVIEW if self.bits >= policy.review_bits else MatchFinding.CANDIDATE

    def without(self, keys: Iterable[str]) -> Hypothesis:
        """The same without these items."""
        return self._again(self.holdings.without(set(keys)))

    def without_slot(self, slot: int) -> Hypothesis:
        """The same, had nothing been seen that stands for that slot."""
        names = set(self.plan.slots[slot].names)
        return self._again(self.holdings.keeping(lambda _, one: one.part not in names))

    def beyond(self, taken: set[tuple[str, int]]) -> Hypothesis:
        """The same without bodies, by item and number, that already stand for another design."""
        return self._again(self.holdings.keeping(lambda item, one: (item.key, one.body) not in taken))

    def _again(self, holdings: Holdings) -> Hypothesis:
        # What the group counts with in the stream is what it really holds.
        return weigh(self.plan, holdings, self.setting, self.verdict, self.counted)


def weigh(
    plan: DesignPlan,
    holdings: Holdings,
    setting: Setting,
    verdict: Verdict | None = None,
    own: Counted | None = None,
) -> Hypothesis:
    """Weigh one design for one group. The order of the items does not matter. own: what the group counts with
    in the stream, where that is not what it holds here."""
    claimed = tuple(claims(plan, holdings.items))
    bodies = holdings.bodies
    if own is None:
        own = Counted(counted(plan, claimed, setting.policy, verdict), bodies)
    presence = _presence(plan, claimed, bodies, own, setting)
    instances = _instances(plan, claimed, presence, bodies, setting)
    bits = group_bits(instances) - setting.cost_bits if instances else 0.0
    return Hypothesis(plan, holdings, claimed, presence, bits, setting, own, verdict)


def beyond_better(ranked: Sequence[Hypothesis]) -> list[float]:
    """For each of one group's hypotheses, best first: its bits without the bodies of those before it."""
    taken: set[tuple[str, int]] = set()
    left = []
    for one in ranked:
        own = {(claim.item.key, claim.sighting.body) for claim in one.claimed}
        left.append(one.beyond(taken).bits if own & taken else one.bits)
        taken |= own
    return left


def _presence(
    plan: DesignPlan, claimed: Sequence[Claim], bodies: int, own: Counted, setting: Setting
) -> dict[int, float]:
    """By claimed slot: w, given the slots that are claimed with more bits.

    Who holds a part may well hold another copy: a body that would stand for a slot that is filled already is
    no more news than that.
    """
    found: dict[int, float] = {}
    slot_of = plan.slot_of()
    for claim in claimed:
        slot = claim.slot
        if slot in found:
            continue
        name, better = plan.slots[slot].name, [plan.slots[other].name for other in found]
        each = rate(setting.stream, plan.name, name, own, setting.policy)
        alone = presence_in(each, bodies)
        w = rate_beside(setting.stream, plan.name, name, better, own, alone, setting.policy)
        found[slot] = max(w, setting.policy.copies) if claim.alike(slot_of) & found.keys() else w
    return found


def _instances(
    plan: DesignPlan,
    claimed: Sequence[Claim],
    presence: dict[int, float],
    bodies: int,
    setting: Setting,
) -> list[Instance]:
    policy = setting.policy
    own = by_slot(claimed)
    taken = 0
    instances = []
    for number, slot in enumerate(plan.slots):
        wanted = min(slot.quantity, policy.most_instances)
        filled = own.get(number, [])[:wanted]
        if not filled and not slot.required:
            continue
        for place in range(wanted if slot.required else len(filled)):
            w = presence.get(number, 0.0) if place == 0 else max(presence.get(number, 0.0), policy.copies)
            told = [filled[place].sighting.bits] if place < len(filled) else []
            # What a benign group holds of an empty slot is not counted: it changes nothing that matters.
            least = presence_in(policy.presence, bodies)
            instances.append(Instance(search_bits(told, bodies - taken, policy.missed_bits), max(w, least)))
            # The next part is one of the other bodies.
            taken += len(told)
    return instances
