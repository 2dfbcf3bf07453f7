"""What lies about a thing of a case, what happened when, which communities there are and who joins them.

The names and their meaning are the contract; a change here is a new SCHEMA and a line in the changelog and in
docs/reference/case-paths.md.
"""

from __future__ import annotations

from typing import Final, Literal

from partwatch.model.case_paths import CaseFilter, CaseNode, CaseSource
from partwatch.model.document import Record

NEIGHBOURS_SCHEMA: Final = "partwatch-case-neighbours-1"
TIMELINE_SCHEMA: Final = "partwatch-case-timeline-1"
COMMUNITIES_SCHEMA: Final = "partwatch-case-communities-1"


class CaseNeighbour(Record):
    """A thing or value, once however many records are taken for it. hops: from the start; links: how many it
    has in the whole case."""

    node: CaseNode
    hops: int
    links: int


class CaseLink(Record):
    """What ties two of the nodes told, by their places. sources: numbers; times: how often it is said; bits:
    of the inference, None where it is simply said; statements: numbers, the first ones."""

    source: int
    target: int
    link: str
    directed: bool
    sources: tuple[int, ...]
    times: int
    bits: float | None
    first: str | None
    last: str | None
    statements: tuple[int, ...]


class CaseNeighboursDocument(Record):
    """nodes: the start first, then by hops and how few links they have; left_out: as many more were
    reached."""

    type: Literal["case-neighbours"] = "case-neighbours"
    schema_version: str = NEIGHBOURS_SCHEMA
    program_version: str
    start: CaseNode
    hops: int
    filter: CaseFilter
    nodes: tuple[CaseNeighbour, ...]
    links: tuple[CaseLink, ...]
    left_out: int
    sources: tuple[CaseSource, ...]


class CaseEvent(Record):
    """One dated statement. date: as it is said; first, last: days that it can mean; what: the property; node:
    whom it is of (a message, a parcel); parties: whom that ties; place: country, where stated."""

    date: str
    first: str
    last: str
    what: str
    node: CaseNode
    parties: tuple[CaseNode, ...]
    countries: tuple[str, ...]
    source: int
    statement: int


class CaseTimelineDocument(Record):
    """Dated statements in order; of a thing and of what it takes part in, or of the whole case where `of` is
    None. left_out: as many more there are."""

    type: Literal["case-timeline"] = "case-timeline"
    schema_version: str = TIMELINE_SCHEMA
    program_version: str
    of: CaseNode | None
    filter: CaseFilter
    events: tuple[CaseEvent, ...]
    left_out: int
    sources: tuple[CaseSource, ...]


class CaseCommunity(Record):
    """Things that are tied to each other more than to others. kinds: how many of each; members: those with
    the most links; inside, outside: links."""

    id: int
    size: int
    kinds: dict[str, int]
    members: tuple[CaseNode, ...]
    inside: int
    outside: int


class CaseBroker(Record):
    """Something that others are tied through. betweenness: share of the pairs of others whose shortest ways
    lead through it; communities: how many its links lead to; participation: how evenly, from 0 (one) towards
    1 (Guimerà and Amaral 2005)."""

    node: CaseNode
    community: int
    betweenness: float
    communities: int
    participation: float
    links: int


class CaseCommunitiesDocument(Record):
    """communities: the largest first; alone: things without links. sampled: betweenness was estimated from
    ways out of so many nodes, 0 where from all of them."""

    type: Literal["case-communities"] = "case-communities"
    schema_version: str = COMMUNITIES_SCHEMA
    program_version: str
    filter: CaseFilter
    seed: int
    modularity: float
    communities: tuple[CaseCommunity, ...]
    left_out: int
    alone: int
    brokers: tuple[CaseBroker, ...]
    sampled: int
