"""What a page of a case shows: frozen, versioned, and all that its renderer reads.

Entities are `nodes` and are named elsewhere by their place in that list; sources and statements by their
numbers in the case. The names and their meaning are the contract; a change here is a new SCHEMA and a line
in the changelog and in docs/reference/case-report.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from pydantic import model_validator

from partwatch.model.document import Record

SCHEMA: Final = "partwatch-case-overview-1"
# Stands in every document.
NOT_CLAIMED: Final = (
    "A link says what a source says, or what was inferred, and how strong that is. It does not say "
    "why two are "
    "linked, nor that anybody did wrong; a person decides."
)


class ToldCharter(Record):
    """What the case rests on. retention: ISO 8601 day after which it may only be handed over or destroyed."""

    name: str
    authority: str
    legal_basis: str
    purpose: str
    retention: str


class ToldSource(Record):
    """A source. number: in the case. said_by: whose words these are. reliability: the Admiralty letter, and
    what the policy counts it as in bits. skipped: rows that could not be read. entry: of the ledger.
    withdrawn: why, or None while it stands."""

    number: int
    kind: str
    name: str
    sha256: str
    said_by: str
    reliability: str
    reliability_bits: float
    legal_ref: str | None
    imported_at: str
    imported_by: str
    statements: int
    skipped: int
    entry: int
    withdrawn: str | None


class ToldStatement(Record):
    """A statement. number: in the case; source: the source's number. entity: the key it is about. shown: the
    value as people read it: of an entity property the other's caption. original: as the source has it, where
    normalising changed it. place: where in the source. bits: None of what the source simply says."""

    number: int
    source: int
    entity: str
    schema_name: str
    prop: str
    value: str
    shown: str
    original: str | None
    place: str
    said_at: str | None
    bits: float | None


class Node(Record):
    """An entity. key: the canonical one's; keys: of all that are taken for it. degree: links in the whole
    case. importance: 0 to 1, which labels are drawn first. x, y: of the layout, 0 to 1. latitude,
    longitude: in degrees, where a source gives them. countries: ISO 3166 codes. statements: by number, as
    many as are shown; more: how many are not."""

    key: str
    keys: tuple[str, ...]
    schema_name: str
    caption: str
    community: int | None
    degree: int
    importance: float
    x: float
    y: float
    countries: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    statements: tuple[int, ...] = ()
    more: int = 0


class Link(Record):
    """Two nodes that are linked, by their places. kind: by what. bits: how strong, its sources included.
    inferred: whether it rests on an inference and not only on what sources say. first, last: ISO 8601 days of
    what it rests on, where known."""

    left: int
    right: int
    kind: str
    bits: float
    inferred: bool
    directed: bool
    sources: tuple[int, ...]
    statements: tuple[int, ...]
    first: str | None = None
    last: str | None = None


class Event(Record):
    """Something with a date. nodes: whom it concerns. date: ISO 8601, as far as known. kind: in a word."""

    nodes: tuple[int, ...]
    date: str
    kind: str
    told: str
    statement: int


class By(StrEnum):
    """What says where something is: coordinates of a source, a country that a source states, or the country
    that a number (of a phone, an account, a parcel) belongs to."""

    COORDINATES = "coordinates"
    STATED = "stated"
    NUMBER = "number"


class Place(Record):
    """Somewhere on the map. node: what is there. latitude, longitude: in degrees, where a source gives
    them; else it stands for a whole country and lies in the middle of it."""

    node: int
    by: By
    country: str | None
    latitude: float | None
    longitude: float | None


class Broker(Record):
    """A node that others reach one another through. share: of the shortest ways between others, 0 to 1."""

    node: int
    share: float


class ToldAssembly(Record):
    """Items that together hold a listed design. items: nodes; missing: how many parts, if known."""

    node: int
    design: str
    finding: str
    items: tuple[int, ...]


class PathOf(Record):
    """One way from one entity to another. nodes, links: in order. bits: of the whole. weakest: the link,
    among `links`, whose loss costs most."""

    nodes: tuple[int, ...]
    links: tuple[int, ...]
    bits: float
    weakest: int


class Question(Record):
    """What was asked, and the answer now. bits: of all paths together; None where there is no path."""

    left: int
    right: int
    bits: float | None
    paths: tuple[PathOf, ...]


class ToldDecision(Record):
    """What a person decided of two entities."""

    left: str
    right: str
    verdict: str
    reason: str
    at: str
    by: str


class Totals(Record):
    """The whole case, of which the page shows a part."""

    sources: int
    statements: int
    entities: int
    links: int
    communities: int


class CaseOverview(Record):
    """One case at one moment. as_of: the moment. ValueError where a number points at nothing."""

    schema_version: str = SCHEMA
    program_version: str
    as_of: str
    charter: ToldCharter
    totals: Totals
    sources: tuple[ToldSource, ...]
    statements: tuple[ToldStatement, ...]
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    events: tuple[Event, ...]
    places: tuple[Place, ...]
    brokers: tuple[Broker, ...]
    assemblies: tuple[ToldAssembly, ...]
    questions: tuple[Question, ...]
    decisions: tuple[ToldDecision, ...]
    chosen_by: str
    not_claimed: str = NOT_CLAIMED

    @model_validator(mode="after")
    def _resolves(self) -> Self:
        count = range(len(self.nodes))
        ends = [end for link in self.links for end in (link.left, link.right)]
        named = ends + [one for event in self.events for one in event.nodes]
        named += [place.node for place in self.places] + [broker.node for broker in self.brokers]
        named += [one for held in self.assemblies for one in (held.node, *held.items)]
        named += [one for asked in self.questions for one in (asked.left, asked.right)]
        ways = [way for asked in self.questions for way in asked.paths]
        named += [one for way in ways for one in way.nodes]
        if strange := [one for one in named if one not in count]:
            raise ValueError(f"no node {strange[0]} is in the document")
        lines = [one for way in ways for one in way.links]
        if strange := [one for one in lines if one not in range(len(self.links))]:
            raise ValueError(f"no link {strange[0]} is in the document")
        said = {one.number for one in self.statements}
        rests = [one for node in self.nodes for one in node.statements]
        rests += [one for link in self.links for one in link.statements]
        rests += [event.statement for event in self.events]
        if strange := [one for one in rests if one not in said]:
            raise ValueError(f"no statement {strange[0]} is in the document")
        known = {one.number for one in self.sources}
        if strange := [one.source for one in self.statements if one.source not in known]:
            raise ValueError(f"no source {strange[0]} is in the document")
        return self
