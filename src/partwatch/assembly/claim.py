"""Which body stands for which instance of a slot: each body once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.sightings import Seen, Sighting
from partwatch.model.document import Relation

# More bodies for one instance of a slot than that are not weighed against each other: the best are.
MOST_RIVALS = 64


@dataclass(frozen=True)
class Claim:
    """A body that stands for an instance of a slot."""

    slot: int
    item: Seen
    sighting: Sighting

    def alike(self, slot_of: Mapping[str, int]) -> set[int]:
        """Slots that this body would fill about as well: with at least half of the bits."""
        own = self.sighting
        return {
            slot_of[one.part]
            for one in self.item.of_design(own.design)
            if one.body == own.body and one.bits >= own.bits / 2 and one.part in slot_of
        }

    @property
    def order(self) -> tuple[float, str, int, str]:
        """Best first, and the same whatever the order of arrival."""
        return (-self.sighting.bits, self.item.key, self.sighting.body, self.sighting.part)


def claims(plan: DesignPlan, items: Sequence[Seen]) -> list[Claim]:
    """Bodies for the slots, so that the sum of their bits is greatest; best first. No body stands for two
    slots, unless it contains the parts of both; only bodies with bits above zero stand for any."""
    candidates = _candidates(plan, items)
    bodies = sorted({_body(one) for one in candidates})
    row = {body: number for number, body in enumerate(bodies)}
    best: dict[tuple[int, int], Claim] = {}
    for one in candidates:
        key = row[_body(one)], one.slot
        if key not in best or one.order < best[key].order:
            best[key] = one
    if len({body for body, _ in best}) == len(best) and not _crowded(plan, best):
        return sorted(best.values(), key=lambda one: one.order)
    return _assigned(plan, len(bodies), best)


def best_sightings(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Of each part those that may stand for it in any plan, the best first: a plate of a thousand pins says
    no more than a hundred do."""
    kept: list[Sighting] = []
    count: Counter[tuple[str, str]] = Counter()
    for one in sorted(sightings, key=lambda one: (-one.bits, one.body, one.design, one.part)):
        place = one.design, one.part
        if one.bits > 0 and count[place] < 2 * MOST_RIVALS:
            count[place] += 1
            kept.append(one)
    return kept


def by_slot(claimed: Sequence[Claim]) -> dict[int, list[Claim]]:
    """Claims by slot, best first in each."""
    found: dict[int, list[Claim]] = {}
    for one in claimed:
        found.setdefault(one.slot, []).append(one)
    return found


def _candidates(plan: DesignPlan, items: Sequence[Seen]) -> list[Claim]:
    slot_of = plan.slot_of()
    found: dict[int, list[Claim]] = {}
    for item in items:
        for sighting in item.of_design(plan.name):
            if sighting.bits > 0 and sighting.part in slot_of:
                slot = slot_of[sighting.part]
                found.setdefault(slot, []).append(Claim(slot, item, sighting))
    kept = []
    for slot, own in found.items():
        own.sort(key=lambda one: one.order)
        kept += own[: MOST_RIVALS + plan.slots[slot].quantity]
    return kept


def _body(claim: Claim) -> tuple[str, int, str]:
    """What may be claimed once: a body, or in one that contains several parts the part's own place."""
    inside = claim.sighting.part if claim.sighting.relation is Relation.CONTAINS else ""
    return claim.item.key, claim.sighting.body, inside


def _crowded(plan: DesignPlan, best: Mapping[tuple[int, int], Claim]) -> bool:
    taken: dict[int, int] = {}
    for _, slot in best:
        taken[slot] = taken.get(slot, 0) + 1
    return any(count > plan.slots[slot].quantity for slot, count in taken.items())


def _assigned(plan: DesignPlan, bodies: int, best: Mapping[tuple[int, int], Claim]) -> list[Claim]:
    from scipy.optimize import linear_sum_assignment

    wanted = {slot for _, slot in best}
    columns = [slot for slot in sorted(wanted) for _ in range(min(plan.slots[slot].quantity, MOST_RIVALS))]
    worth = np.zeros((bodies, len(columns)))
    for (body, slot), claim in best.items():
        worth[body, [k for k, other in enumerate(columns) if other == slot]] = claim.sighting.bits
    rows, taken = linear_sum_assignment(worth, maximize=True)
    chosen = [best[row, columns[k]] for row, k in zip(rows, taken, strict=True) if worth[row, k] > 0]
    return sorted(chosen, key=lambda one: one.order)
