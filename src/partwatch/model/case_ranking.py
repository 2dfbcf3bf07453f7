"""Whom to look at first: things of one kind in the order in which they are tied to another.

The names and their meaning are the contract; a change here is a new SCHEMA and a line in the changelog and in
docs/reference/case-paths.md.
"""

from __future__ import annotations

from typing import Final, Literal

from partwatch.model.case_paths import CaseFilter, CaseNode
from partwatch.model.document import Record

SCHEMA: Final = "partwatch-case-ranking-1"
# Figures: docs/decisions/0037-paths.md, seeds 5 to 12, merges of the run.
NOTE: Final = (
    "The order is a lead and not evidence: who comes first may have nothing to do with it, and who is sought "
    "may not be in the case. In 8 made-up cases held back, the organiser was among the first 20 of all "
    "people for 81 % of 48 items (65 to 96 %), and came first and alone among ten with as many contacts for "
    "56 % (25 to 85 %); no real case has been measured. What the sources are worth, the bits of a path say."
)


class CaseLead(Record):
    """One of them. place: 1 is first; those that are level have the same. score: log2 of how many times more
    of the walk comes by it than by one drawn blindly from all of its kind. share: of what of the walk comes
    by all of its kind. bits: of the strongest path, 0 where it is worth nothing; bits_shown: that no path is
    stronger is shown. hops: the fewest, records that are one being no hop apart. path: the strongest, or
    where none is worth a bit the one with the fewest ways on, from the start to it, records that are one told
    once; links: its hops."""

    place: int
    node: CaseNode
    score: float
    share: float
    bits: float
    bits_shown: bool
    hops: int
    path: tuple[CaseNode, ...]
    links: tuple[str, ...]


class CaseRankingDocument(Record):
    """All of it. kind: of what is ranked; population: how many there are of it, without the start; reached:
    how many of these the walk comes by; left_out: of these not told. on: the chance of each step that
    another follows."""

    type: Literal["case-ranking"] = "case-ranking"
    schema_version: str = SCHEMA
    program_version: str
    note: str = NOTE
    start: CaseNode
    kind: str
    filter: CaseFilter
    on: float
    population: int
    reached: int
    leads: tuple[CaseLead, ...]
    left_out: int
