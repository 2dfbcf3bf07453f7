"""What benign groups hold: how often a part turns up, and which parts turn up together.

Counted over the groups of one kind (accounts with accounts, parcels with parcels). A group that holds many
of a design's slots is what is looked for, and no measure of what benign groups hold: it does not count. Nor
does a group count against itself. A person's verdict overrides both: what was released counts whatever it
holds, what was confirmed never does.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from partwatch.assembly.claim import Claim
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.model.document import MatchFinding


class Verdict(StrEnum):
    """What a person said of a group."""

    RELEASED = "released"
    CONFIRMED = "confirmed"


@dataclass
class Counts:
    """The counts over all groups of one kind: how many, and their bodies. No groups at all: what is believed
    beforehand is all there is.

    _holding: by design and slot, groups that count and hold the slot's part; _together: and hold both of two,
    the smaller first.
    """

    bodies: int = 0
    groups: int = 0
    _holding: Counter[tuple[str, str]] = field(default_factory=Counter)
    _together: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def holding(self, design: str, slot: str) -> int:
        """Groups that count, and hold the slot's part."""
        return self._holding[design, slot]

    def together(self, design: str, slot: str, other: str) -> int:
        """Groups that count, and hold both; slot < other."""
        return self._together[design, slot, other]

    def add_group(self, bodies: int) -> None:
        """Count a group, once."""
        self.groups += 1
        self.bodies += bodies

    def add(self, design: str, slots: Collection[str]) -> None:
        """Count what a group holds of a design: the outcome of `counted`."""
        self._holding.update((design, slot) for slot in slots)
        self._together.update((design, one, other) for one, other in pairs(slots))


@dataclass(frozen=True)
class Counted:
    """What a group counts with in the stream: slots by name, and bodies."""

    slots: frozenset[str]
    bodies: int


def pairs(slots: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Each two, the smaller first."""
    return itertools.combinations(sorted(slots), 2)


def counted(
    plan: DesignPlan, claimed: Iterable[Claim], policy: AssemblyPolicy, verdict: Verdict | None = None
) -> frozenset[str]:
    """The slots, by name, that a group counts with as a measure of what benign groups hold; none where it
    does not count."""
    seen = {
        plan.slots[one.slot].name for one in claimed if one.sighting.finding is not MatchFinding.CANDIDATE
    }
    few = len(seen) <= max(1, int(policy.benign_share * len(plan.slots)))
    counts = few if verdict is None else verdict is Verdict.RELEASED
    return frozenset(seen) if counts else frozenset()


def rate(stream: Counts, design: str, slot: str, own: Counted, policy: AssemblyPolicy) -> float:
    """Share of benign bodies that are the slot's part, or pass for it: counted, with what was believed
    before (a gamma prior of the policy's mean and worth). own: what the group itself counts with."""
    seen = stream.holding(design, slot) - (slot in own.slots)
    bodies = max(stream.bodies - own.bodies, 0)
    return (policy.presence * policy.presence_bodies + seen) / (policy.presence_bodies + bodies)


def rate_beside(
    stream: Counts,
    design: str,
    slot: str,
    others: Iterable[str],
    own: Counted,
    alone: float,
    policy: AssemblyPolicy,
) -> float:
    """Probability that a benign group holds the slot's part, given that it holds `others`: the largest of
    those given one of them, and at least `alone`, the probability with none."""
    worst = alone
    for other in others:
        first, second = min(slot, other), max(slot, other)
        both = stream.together(design, first, second) - (slot in own.slots and other in own.slots)
        holding = stream.holding(design, other) - (other in own.slots)
        worst = max(worst, (both + policy.together * alone) / (holding + policy.together))
    return worst
