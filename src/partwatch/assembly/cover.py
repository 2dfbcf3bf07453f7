"""Which few items or parcels hold between them all that was found of a design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# More units than that are covered greedily: never more than 1 + ln n times the least (Chvatal 1979).
MOST_EXACT: Final = 18
MOST_SETS: Final = 5
# More instances of one slot than that need no set that holds every one of them.
MOST_INSTANCES: Final = 16


@dataclass(frozen=True)
class Cover:
    """sets: of units, each with everything; the smallest ones, some of them. exact: whether no smaller one
    exists."""

    sets: tuple[tuple[str, ...], ...]
    exact: bool


def smallest_covers(holds: Mapping[str, Mapping[int, int]], wanted: Mapping[int, int]) -> Cover:
    """holds: by unit, how many instances of each slot it holds. wanted: how many of each there shall be,
    at most as many as all units hold."""
    need = {slot: min(count, MOST_INSTANCES) for slot, count in wanted.items() if count}
    useful = {
        unit: {slot: count for slot, count in own.items() if need.get(slot)} for unit, own in holds.items()
    }
    units = sorted(unit for unit, own in useful.items() if own)
    if not need or not units:
        return Cover((), True)
    if len(units) > MOST_EXACT:
        return Cover((_greedy(units, useful, need),), False)
    for size in range(1, len(units) + 1):
        found: list[tuple[str, ...]] = []
        _search(units, useful, dict(need), size, (), found)
        if found:
            return Cover(tuple(found), True)
    return Cover((), True)


def _search(
    units: list[str],
    holds: Mapping[str, Mapping[int, int]],
    need: dict[int, int],
    left: int,
    taken: tuple[str, ...],
    found: list[tuple[str, ...]],
) -> None:
    """All sets of `left` more units, in order, that meet the need; stops at MOST_SETS."""
    open_slots = {slot: count for slot, count in need.items() if count > 0}
    if not open_slots:
        found.append(taken)
        return
    if left == 0 or len(found) >= MOST_SETS:
        return
    # Most that one more unit can give: a bound on what is still in reach.
    best = max((_gain(holds[unit], open_slots) for unit in units), default=0)
    if best * left < sum(open_slots.values()):
        return
    for place, unit in enumerate(units):
        if _gain(holds[unit], open_slots):
            rest = {slot: count - holds[unit].get(slot, 0) for slot, count in open_slots.items()}
            _search(units[place + 1 :], holds, rest, left - 1, (*taken, unit), found)


def _greedy(
    units: list[str], holds: Mapping[str, Mapping[int, int]], need: Mapping[int, int]
) -> tuple[str, ...]:
    open_slots, taken = dict(need), []
    while open_slots:
        best = max(units, key=lambda unit: (_gain(holds[unit], open_slots), unit))
        if not _gain(holds[best], open_slots):
            break
        taken.append(best)
        left = {slot: count - holds[best].get(slot, 0) for slot, count in open_slots.items()}
        open_slots = {slot: count for slot, count in left.items() if count > 0}
    return tuple(sorted(taken))


def _gain(own: Mapping[int, int], need: Mapping[int, int]) -> int:
    return sum(min(count, need.get(slot, 0)) for slot, count in own.items())
