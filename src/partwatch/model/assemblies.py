"""Assemblies: which items together hold a listed design. Frozen, versioned, and all that renderers read.

The names and their meaning are the contract; a change here is a new SCHEMA and a line in the changelog and in
docs/reference/assemble.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from partwatch.model.document import MatchFinding, Medium, Record, Relation, Support

SCHEMA: Final = "partwatch-assemblies-1"
# Stands in every document.
NOT_CLAIMED: Final = (
    "Bits weigh whether somebody sends this design in these items against items of the benign stream that "
    "was counted. They say nothing of why anybody has them, nor of what became of them."
)


class SlotStatus(StrEnum):
    """Of one of a design's parts: found (some match), review (for a person to look at), or missing."""

    FOUND = "found"
    REVIEW = "review"
    MISSING = "missing"


class Held(Record):
    """A body that stands for a part.

    item: its key. path, member: where it is. body: its number in the item. part: by name, the one listed or
    an alternative to it. bits: of this body being that part, with no search taken off.
    finding, relation, medium: as in the result. time: ISO 8601 day, where it is known. units: pseudonyms of
    the parcel it came in, or its item.
    """

    item: str
    path: str
    member: str | None
    body: int
    part: str
    bits: float
    finding: MatchFinding
    relation: Relation
    medium: Medium
    time: str | None
    unit: str


class SlotState(Record):
    """One of a design's parts. name: None where it is missing and names of missing parts were not asked for.

    quantity: how many the design needs. held: the bodies that stand for it, best first. bits: what the whole
    loses without them. benign_share: the probability that a benign group of this size holds the part, given
    the better ones that it holds; None where nothing stands for it.
    """

    name: str | None
    quantity: int
    required: bool
    status: SlotStatus
    held: tuple[Held, ...]
    bits: float
    benign_share: float | None


class Without(Record):
    """What is left without one parcel or item. unit: its name. bits: of the rest."""

    unit: str
    bits: float


class Assembly(Record):
    """That the items of one group hold a design.

    kind, group: what groups them, and this group's pseudonym (or its name, once a person escalated it).
    finding: match, review, candidate. bits: log2 likelihood ratio, with the designs and kinds of groups that
    were looked at taken off. support: ENFSI's word for it. beyond_better: bits without the bodies that stand
    for better assemblies of the same group: what no other design explains. parts_found, parts: of the parts
    that the design lists. items, bodies: of the whole group. units_by: what `without` and `minimal_sets` are
    about: a kind of group, or "item".
    minimal_sets: the smallest sets of units that hold all that was found; minimal_exact: whether it is sure
    that none is smaller. first, last: days, where they are known. verdict: what a person said of it.
    """

    design: str
    kind: str
    group: str
    finding: MatchFinding
    bits: float
    support: Support
    beyond_better: float
    parts_found: int
    parts: int
    slots: tuple[SlotState, ...]
    items: int
    bodies: int
    incomplete_items: int
    units_by: str
    without: tuple[Without, ...]
    minimal_sets: tuple[tuple[str, ...], ...]
    minimal_exact: bool
    first: str | None
    last: str | None
    verdict: str | None = None
    also: tuple[tuple[str, str], ...] = ()


class StreamSize(Record):
    """What benign groups were counted from. kind: of groups; groups, bodies: how many."""

    kind: str
    groups: int
    bodies: int


class AssembliesHeader(Record):
    """With what and against what. as_of: the day that counts for expiry and retention. stream: by kind.
    designs: of the list. policy: its numbers. watchlist: its version. names_missing: whether missing parts
    are named."""

    schema_version: Literal["partwatch-assemblies-1"] = SCHEMA
    program_version: str
    watchlist: str
    designs: int
    as_of: str
    items: int
    bodies: int
    stream: tuple[StreamSize, ...]
    policy: dict[str, float]
    names_missing: bool
    not_claimed: str = NOT_CLAIMED


class AssembliesDocument(Record):
    """The whole: assemblies, most bits first. left_out: candidates that are not listed."""

    header: AssembliesHeader
    assemblies: tuple[Assembly, ...]
    left_out: int
