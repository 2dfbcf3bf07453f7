"""Assemblies over a case: which items together hold a listed design, and which statements say so.

Frozen, versioned, and all that renderers read. The names and their meaning are the contract; a change here is
a new SCHEMA and a line in the changelog and in docs/reference/case-items.md.
"""

from __future__ import annotations

from typing import Final, Literal

from partwatch.model.assemblies import AssembliesHeader, Assembly
from partwatch.model.document import MatchFinding, Record

SCHEMA: Final = "partwatch-case-assemblies-1"
DIFFERENCE_SCHEMA: Final = "partwatch-case-assemblies-difference-1"
# Stands in every document.
SAME_CONTENT: Final = (
    "An item is its content: copies of one file count as one body, however often they were found. Only "
    "likenesses that were a match or up for review when the item was screened stand in a case."
)


class CaseClaim(Record):
    """Why a body stands for a part. item: the entity's key; body, part: as in the assembly's `held`.
    statements: numbers of those that say so; sources: theirs."""

    item: str
    body: int
    part: str
    statements: tuple[int, ...]
    sources: tuple[int, ...]


class CaseMember(Record):
    """Why an item is in the group. item: the entity's key. statements: numbers, the whole way to what groups
    it; empty where nothing but the item itself is needed (all items, a folder)."""

    item: str
    statements: tuple[int, ...]
    sources: tuple[int, ...]


class CaseAssembly(Record):
    """An assembly with what it rests on.

    assembly: as `partwatch assemble` tells it, groups under their own names. group_key: of the entity that
    groups it, or a key of what does; group_members: keys of entities that are taken for that one. also_keys:
    the same of `assembly.also`, kind and key. sources: all that it rests on. plan_from: whose word it is that
    the design has these parts.
    """

    assembly: Assembly
    group_key: str
    group_members: tuple[str, ...]
    also_keys: tuple[tuple[str, str], ...]
    claims: tuple[CaseClaim, ...]
    members: tuple[CaseMember, ...]
    sources: tuple[int, ...]
    plan_from: str


class CaseSource(Record):
    """A source that is named above. reliability: its letter of the Admiralty code."""

    number: int
    kind: str
    name: str
    reliability: str


class BenignBase(Record):
    """What benign groups were counted from. counted: kinds of groups that the operator's own stream says
    something of. note: in words, since it decides how much a coincidence says."""

    counted: tuple[str, ...]
    note: str


class CaseAssembliesDocument(Record):
    """The whole: assemblies, most bits first. unplanned: designs that items match and of which nobody says
    what parts they have; nothing is said of them. left_out: candidates that are not listed. unread: matches
    in the case that lack what is needed to weigh them."""

    schema_version: Literal["partwatch-case-assemblies-1"] = SCHEMA
    header: AssembliesHeader
    base: BenignBase
    sources: tuple[CaseSource, ...]
    assemblies: tuple[CaseAssembly, ...]
    unplanned: tuple[str, ...]
    unread: int
    left_out: int
    note: str = SAME_CONTENT


class AssemblyChange(Record):
    """One assembly before and after. group: as it was called before, or is now where it is new. bits and
    findings: None where it is not told. items: keys of those that stand for parts; lost: and no longer do.
    sources_lost: that it rested on."""

    design: str
    kind: str
    group: str
    bits_before: float | None
    bits_after: float | None
    finding_before: MatchFinding | None
    finding_after: MatchFinding | None
    parts_before: int
    parts_after: int
    items_lost: tuple[str, ...]
    items_gained: tuple[str, ...]
    sources_lost: tuple[int, ...]


class AssembliesDifference(Record):
    """All that changed, what lost most bits first; same: how many assemblies did not."""

    schema_version: Literal["partwatch-case-assemblies-difference-1"] = DIFFERENCE_SCHEMA
    changes: tuple[AssemblyChange, ...]
    same: int
