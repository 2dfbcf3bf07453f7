"""The result document: frozen, versioned, and the only thing a renderer reads.

The names and their meaning are the contract; a change here is a new `SCHEMA_VERSION` and a line in
the changelog and in docs/reference/result.md. Additions: `View`, what a picture needs, only where it was
asked for; what a baseline accepts (`Accepted`, `Header.baseline`, `Summary.accepted`); since version 2
what a match is worth (`Evidence`, `Basis`); since version 3 how surprising it is for one body and one part
(`Evidence.surprise`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from partwatch.model.mesh import Unit

SCHEMA_VERSION = "3"
# Saved results that can still be read: what later versions added is then absent, never guessed.
READABLE_VERSIONS = ("1", "2", SCHEMA_VERSION)
# The codes of the reasons that say so of an item in which something is accepted, and of its archive.
ACCEPTED = "accepted"
MEMBER_ACCEPTED = "member_accepted"

Matrix4 = tuple[
    tuple[float, float, float, float],
    tuple[float, float, float, float],
    tuple[float, float, float, float],
    tuple[float, float, float, float],
]
Vector3 = tuple[float, float, float]


class Finding(StrEnum):
    """What is said of an item, worst first: match > review > unscreenable > clear."""

    MATCH = "match"
    REVIEW = "review"
    UNSCREENABLE = "unscreenable"
    CLEAR = "clear"

    @property
    def severity(self) -> int:
        """3 for match down to 0 for clear."""
        return 3 - list(Finding).index(self)


def worst(findings: list[Finding]) -> Finding:
    """The worst of the findings; clear where there is none."""
    return max(findings, key=lambda finding: finding.severity, default=Finding.CLEAR)


class MatchFinding(StrEnum):
    """What one match amounts to; a candidate is reported but raises nothing."""

    MATCH = "match"
    REVIEW = "review"
    CANDIDATE = "candidate"


class Relation(StrEnum):
    """How a body relates to a part. Scale, mirroring, units and medium are fields of their own."""

    SAME_FILE = "same_file"
    SAME_MESH = "same_mesh"
    SAME_SHAPE = "same_shape"
    EDITED = "edited"
    PIECE_OF = "piece_of"
    CONTAINS = "contains"


class Medium(StrEnum):
    """What the body was read from."""

    MESH = "mesh"
    BREP = "brep"
    TOOLPATH = "toolpath"
    LAYERS = "layers"
    SCAN = "scan"


class UnitSource(StrEnum):
    """Where a body's unit comes from."""

    STATED = "stated"
    ASSUMED = "assumed"
    INFERRED = "inferred"


class Record(BaseModel):
    """Base of every part of the document."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Reason(Record):
    """Why a finding is what it is: a stable code, and a sentence for people."""

    code: str
    message: str


class Deviation(Record):
    """Unsigned distance over the covered surface, in the part's millimetres."""

    median: float
    p95: float
    max: float


class View(Record):
    """The submitted body as it is drawn: decimated, coloured by distance to the listed part.

    positions: base64 of little-endian float32, 3 a vertex, in the item's millimetres.
    triangles: base64 of little-endian uint32, 3 a triangle.
    distance_um: base64 of little-endian uint16, one a vertex: micrometres to the part's surface,
    65535 where nothing of the part lies within reach.
    part_positions, part_triangles: the listed part in the body's frame; only with the part's geometry
    asked for.
    """

    positions: str
    triangles: str
    distance_um: str
    part_positions: str | None = None
    part_triangles: str | None = None


class Accepted(Record):
    """That a match is known and accepted: by a baseline's entry, which counts up to and on `expires`."""

    reason: str
    who: str | None
    accepted: str
    expires: str


class Support(StrEnum):
    """ENFSI's words for a likelihood ratio (Guideline for Evaluative Reporting, 2015, table 1): beside the
    number, never instead of it. `against` where the other proposition explains the findings better."""

    AGAINST = "against"
    NONE = "no support"
    WEAK = "weak"
    MODERATE = "moderate"
    MODERATELY_STRONG = "moderately strong"
    STRONG = "strong"
    VERY_STRONG = "very strong"
    EXTREMELY_STRONG = "extremely strong"


class Rival(Record):
    """What else the body might be. part, design: the next best of the list, with its score, or None where
    nothing else of the list lies on the body. look_alike: the body of the population that looks most like
    the listed part, by name; similarity: of their fingerprints, 2 for the same."""

    design: str | None
    part: str | None
    score: float | None
    look_alike: str | None
    similarity: float | None


class CalibratedOn(Record):
    """Whose bodies the bits of a body rebuilt from a print job were made with. medium: `mesh` where there was
    nothing of its own medium to go by. bodies, families, projects: how many."""

    medium: Medium
    bodies: int
    families: int
    projects: int


class Evidence(Record):
    """What a match is worth: `Match.bits` is its log2 likelihood ratio, for a search in a list of this size.

    bound: bits beyond which the population cannot support any statement; at_bound: whether it was reached.
    false_per_10000: unrelated bodies of 10,000 that would do as well against some part of this list; an
    estimate by the calibration's tail model. statement: both propositions and the weight, as one sentence.
    surprise: for this body and this part alone, with no list searched: log2 of the inverse of the share of
    unrelated bodies that do as well, by the same model; assemblies are reckoned from it. None in results of
    before.
    region_rarity: of a match by a shared region: how rare what coincides is among benign bodies, which
    is what its weight comes from; None where the whole was weighed. calibrated_on: of a body rebuilt from a
    print job only, whose matches are weighed by those of other such bodies.
    """

    bound: float
    at_bound: bool
    false_per_10000: float
    support: Support
    statement: str
    rival: Rival
    surprise: float | None = None
    region_rarity: float | None = None
    calibrated_on: CalibratedOn | None = Field(default=None, exclude_if=lambda value: value is None)


class Basis(Record):
    """What bits rest on. population: its name; bodies, families, projects: its size; list_parts: parts of
    the list that was searched; bound: the most bits that are claimed for a list of this size, as supported by
    the calibrated_families that the calibration was made with: an operator's own stock adds none.
    """

    population: str
    bodies: int
    families: int
    projects: int
    list_parts: int
    bound: float
    calibrated_families: int


class Match(Record):
    """One body against one part of a design.

    bits: log2 of the likelihood ratio; None without a calibration. evidence: what stands behind it.

    accepted: the match stands as measured, but raises nothing while the acceptance counts.
    """

    design: str
    part: str
    finding: MatchFinding
    relation: Relation
    medium: Medium
    scale: float
    scale_ambiguous: bool
    mirrored: bool
    T_part_body: Matrix4
    coverage_part: float
    coverage_body: float
    tolerance_mm: float
    deviation_mm: Deviation
    score: float
    bits: float | None
    distinctiveness: float
    evidence: Evidence | None = None
    view: View | None = None
    accepted: Accepted | None = None


class Body(Record):
    """One connected solid of an item, in millimetres under `unit`."""

    index: int
    name: str | None
    unit: Unit
    unit_source: UnitSource
    extents_mm: Vector3
    triangles: int
    notes: tuple[str, ...]
    matches: tuple[Match, ...]


class Item(Record):
    """One file, archive or archive member."""

    type: Literal["item"] = "item"
    path: str
    member: str | None
    sha256: str | None
    format: str | None
    finding: Finding
    complete: bool
    reasons: tuple[Reason, ...]
    bodies: tuple[Body, ...]


class ListVersion(Record):
    """The watch-list that was searched: its size and a digest of its content."""

    version: str
    designs: int
    parts: int


class Policy(Record):
    """The thresholds that turned measurements into findings."""

    name: str
    thresholds: dict[str, float]


class Header(Record):
    """First record: with what, against what, and as of when. baseline: its file's SHA-256.

    calibration: its version; basis: what it rests on. Both None where bits are.
    """

    type: Literal["header"] = "header"
    schema_version: str
    program_version: str
    fingerprint_version: str
    watchlist: ListVersion
    calibration: str | None
    basis: Basis | None = None
    policy: Policy
    as_of: str
    baseline: str | None = None


class Summary(Record):
    """Last record: the counts. accepted: items in which a match raises nothing because it is accepted."""

    type: Literal["summary"] = "summary"
    items: int
    bodies: int
    incomplete: int
    findings: dict[Finding, int]
    accepted: int = 0


AnyRecord = Annotated[Header | Item | Summary, Field(discriminator="type")]


class ResultDocument(Record):
    """The whole result as one document (`--json`); NDJSON is the same records one a line."""

    header: Header
    items: tuple[Item, ...]
    summary: Summary


def is_accepted_in(item: Item) -> bool:
    """Whether anything in the item, or in a member of it, is accepted."""
    return any(reason.code in (ACCEPTED, MEMBER_ACCEPTED) for reason in item.reasons)


def summarise(items: list[Item]) -> Summary:
    """Counts over items; every finding is named, also at zero."""
    findings = dict.fromkeys(Finding, 0)
    for item in items:
        findings[item.finding] += 1
    return Summary(
        items=len(items),
        bodies=sum(len(item.bodies) for item in items),
        incomplete=sum(not item.complete for item in items),
        findings=findings,
        accepted=sum(is_accepted_in(item) for item in items),
    )
