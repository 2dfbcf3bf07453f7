"""Links: which items are of one source, and why. Frozen, versioned, and all that the renderers read.

The names and their meaning are the contract; a change here is a new SCHEMA and a line in the changelog and in
docs/reference/link.md.
"""

from __future__ import annotations

from typing import Final, Literal

from partwatch.model.document import Reason, Record
from partwatch.model.marks import Mark, MarksPopulation

SCHEMA: Final = "partwatch-links-1"
NOTE: Final = (
    "Bits weigh one source against two that use the same program. A source is a machine with its profile, or "
    "whoever exported the files: not a person. Absent marks prove nothing, and what can be written into a "
    "file can be forged: see bits_hard."
)


class LinkReason(Record):
    """What two items agree on, or contradict each other in.

    block: which evidence it belongs to. a, b: the mark of each. bits: of its rarity before it is drawn
    together with its block; 0 where `explained` says why it counts nothing. hard: whether it takes more
    than writing it.
    """

    block: str
    hard: bool
    a: Mark
    b: Mark
    bits: float
    explained: str | None = None


class LinkBlock(Record):
    """What a kind of evidence adds to an edge's bits, all of it drawn together. agreed, against: values."""

    block: str
    hard: bool
    bits: float
    agreed: int
    against: int


class LinkEdge(Record):
    """Two items by their ids, a < b.

    bits: log2 of a likelihood ratio; bits_forgeable: by what anybody can write into a file; bits_hard: by
    what takes the program, its settings or its triangles. blocks: the strongest first. reasons: the strongest
    agreements; against: contradictions; both cut, with counts of all. factory: presets that explain the rest.
    bits_without: without the strongest block. bridge: without this edge its cluster falls in two.
    contradicted_by: the pair for which the edge was not followed; such an edge is in no cluster.
    """

    a: int
    b: int
    bits: float
    bits_forgeable: float
    bits_hard: float
    blocks: tuple[LinkBlock, ...]
    reasons: tuple[LinkReason, ...]
    agreed: int
    against: tuple[LinkReason, ...]
    contradictions: int
    factory: tuple[str, ...]
    bits_without: float
    bridge: bool
    contradicted_by: tuple[int, int] | None = None


class LinkCluster(Record):
    """Items of one source, by their ids. weakest: bits of the weakest edge by which it hangs together."""

    id: int
    items: tuple[int, ...]
    weakest: float


class LinkItem(Record):
    """A file or an archive's member. cluster: None where it is alone. same_as: an earlier item of the same
    bytes."""

    id: int
    path: str
    member: str | None
    sha256: str | None
    formats: tuple[str, ...]
    marks: int
    cluster: int | None
    same_as: int | None
    complete: bool
    reasons: tuple[Reason, ...]


class LinksPart(Record):
    """What some of the bits were fitted on. blocks: kinds of evidence. bound: the most that they support,
    of both sides and of each."""

    population: str
    blocks: tuple[str, ...]
    sources: int
    mates: int
    strangers: int
    bound: float
    bound_forgeable: float
    bound_hard: float


class LinksModel(Record):
    """What the bits were fitted on, part by part."""

    version: str
    parts: tuple[LinksPart, ...]


class LinksSummary(Record):
    """compared: pairs that were compared in full, of all. refused: edges that a third item contradicts."""

    items: int
    incomplete: int
    pairs: int
    compared: int
    edges: int
    refused: int
    clusters: int
    alone: int


class LinksDocument(Record):
    """All of it. edges: the strongest first."""

    type: Literal["links"] = "links"
    schema_version: str = SCHEMA
    program_version: str
    model: LinksModel
    population: MarksPopulation | None
    threshold: float
    note: str = NOTE
    summary: LinksSummary
    items: tuple[LinkItem, ...]
    clusters: tuple[LinkCluster, ...]
    edges: tuple[LinkEdge, ...]
