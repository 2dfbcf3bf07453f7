"""What a design asks for: slots, each filled by one part or by an alternative to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class PlannedPart:
    """A part as its design lists it. alternative_to: the part in whose place it may stand, or None."""

    name: str
    quantity: int = 1
    required: bool = True
    alternative_to: str | None = None


@dataclass(frozen=True)
class Slot:
    """A place in a design. names: of the part and of all that may stand in its place, the part first.

    required: whether the design is whole without it.
    """

    names: tuple[str, ...]
    quantity: int
    required: bool

    @property
    def name(self) -> str:
        """The part's."""
        return self.names[0]


@dataclass(frozen=True)
class DesignPlan:
    """A design and its slots, in the order in which it lists its parts."""

    name: str
    slots: tuple[Slot, ...]

    def slot_of(self) -> dict[str, int]:
        """Number of the slot by the name of each part that fills it."""
        return {name: number for number, slot in enumerate(self.slots) for name in slot.names}


def plan_of(design: str, parts: Iterable[PlannedPart]) -> DesignPlan:
    """The slots of a design. An alternative to an alternative stands for the same part; one whose part the
    design does not have stands for itself."""
    listed = {part.name: part for part in parts}
    others: dict[str, list[str]] = {}
    for part in listed.values():
        others.setdefault(_stands_for(part.name, listed), []).append(part.name)
    slots = []
    for first, names in others.items():
        own = listed[first]
        slots.append(Slot((first, *(name for name in names if name != first)), own.quantity, own.required))
    return DesignPlan(design, tuple(slots))


def _stands_for(name: str, listed: dict[str, PlannedPart]) -> str:
    passed = {name}
    while (other := listed[name].alternative_to) in listed:
        assert other is not None
        if other in passed:
            # Alternatives to each other: the first by name stands for all.
            return min(passed)
        passed.add(other)
        name = other
    return name
