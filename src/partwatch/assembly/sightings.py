"""What was seen: items, the groups that they came in, and which of their bodies may be which listed part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from partwatch.model.document import MatchFinding, Medium, Relation


@dataclass(frozen=True)
class Sighting:
    """One body that may be one listed part.

    bits: log2 likelihood ratio of this body being that part, with no search taken off (`Evidence.pair_bits`).
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


def bodies_of(items: Iterable[Seen]) -> int:
    """How many bodies there are in all; an item that was not read has one that nobody saw."""
    return sum(max(item.bodies, 1) for item in items)
