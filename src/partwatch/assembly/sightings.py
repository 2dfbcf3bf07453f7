"""What was seen: items, the groups that they came in, and which of their bodies may be which listed part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from partwatch.model.document import MatchFinding, Medium, Relation


@dataclass(frozen=True)
class Sighting:
    """One body that may be one listed part.

    bits: log2 likelihood ratio of this body being that part, with no search taken off.
    """

    body: int
    design: str
    part: str
    bits: float
    finding: MatchFinding
    relation: Relation
    medium: Medium


@dataclass(frozen=True)
class Seen:
    """An item. key: what it is called here, the same whenever it comes again. groups: (kind, value) of each
    group that it came in: an account, an address, a parcel. bodies: how many it holds. complete: false where
    something in it went unread."""

    key: str
    path: str
    member: str | None
    bodies: int
    complete: bool
    sightings: tuple[Sighting, ...]
    time: date | None = None
    groups: tuple[tuple[str, str], ...] = field(default=())

    def of_design(self, design: str) -> tuple[Sighting, ...]:
        """The sightings of its parts."""
        return tuple(one for one in self.sightings if one.design == design)


@dataclass(frozen=True)
class Holdings:
    """What a group holds. items: those that say anything of the design in question, and maybe others, in the
    order of their keys. bodies, count, incomplete: of all its items, bodies and those not read to the end."""

    items: tuple[Seen, ...]
    bodies: int
    count: int
    incomplete: int

    def without(self, keys: Collection[str]) -> Holdings:
        """The same without these of its items."""
        gone = [item for item in self.items if item.key in keys]
        return Holdings(
            tuple(item for item in self.items if item.key not in keys),
            self.bodies - bodies_of(gone),
            self.count - len(gone),
            self.incomplete - sum(not item.complete for item in gone),
        )

    def keeping(self, keeps: Callable[[Seen, Sighting], bool]) -> Holdings:
        """The same with those sightings only."""
        kept = tuple(
            replace(item, sightings=tuple(one for one in item.sightings if keeps(item, one)))
            for item in self.items
        )
        return replace(self, items=kept)


def holdings_of(items: Iterable[Seen]) -> Holdings:
    """All that these items hold."""
    own = tuple(sorted(items, key=lambda item: item.key))
    return Holdings(own, bodies_of(own), len(own), sum(not item.complete for item in own))


def bodies_of(items: Iterable[Seen]) -> int:
    """How many bodies there are in all; an item that was not read has one that nobody saw."""
    return sum(max(item.bodies, 1) for item in items)
