"""What `partwatch hunt --json`, the API and the pages tell of a hunt through all that was ever screened.

The names and their meaning are the contract; a change here is a new SCHEMA and a line in the changelog and in
docs/reference/hunt.md. Lengths are millimetres, areas of those.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from partwatch.model.document import Header, Match, Record, Vector3

SCHEMA: Final = "partwatch-hunt-1"


class HuntStatus(StrEnum):
    """match, review: the file was still held, was screened again, and this is what `screen` finds in it.
    candidate: a fingerprint that is near, and nothing to verify it by: never a match."""

    MATCH = "match"
    REVIEW = "review"
    CANDIDATE = "candidate"


class SoughtPart(Record):
    """What was looked for. design, part: of the watch-list, or `file` and the file's name. prints:
    fingerprints of it, of the whole and of its larger shells. unverifiable: why nothing can be verified as
    it, else None."""

    design: str
    part: str
    sha256: str
    prints: int
    unverifiable: str | None


class Asked(Record):
    """The query. since, until: days when screened, in UTC, both counted in; None for all. most: candidates
    that were taken, the nearest. reach: the largest distance of fingerprints."""

    parts: tuple[SoughtPart, ...]
    since: str | None
    until: str | None
    most: int
    reach: float


class Rate(Record):
    """Of pairs of a listed part and a body whose fingerprints lie so far apart (from, to), how many `screen`
    finds when it has both, counted on the corpus that the project measures itself on. own_size: of pairs of
    one size, else of all others. low, high: the 95 % interval of the share, by drawing listed parts anew. It
    says how often in that corpus, not how likely it is here."""

    own_size: bool
    from_distance: float
    to_distance: float
    found: int
    pairs: int
    low: float
    high: float


class Hit(Record):
    """One body of one submission.

    submission: its id. file: its name as it was handed in, None where that is no longer known. position: of
    the file in the submission. member: where in the file; body: its index there. distance: of fingerprints, 0
    for the same and 2 at most; None where the body was found only by screening the file again. size_ratio:
    how many times as large as the part it is; None where that is not known. match: as `screen` gives it,
    without pictures. rate: of a candidate. why: of a candidate, why it was not verified."""

    status: HuntStatus
    design: str
    part: str
    submission: str
    customer: str
    file: str | None
    position: int
    file_sha256: str
    member: str | None
    body: int
    screened_at: str
    distance: float | None
    size_ratio: float | None
    extents_mm: Vector3
    match: Match | None = None
    rate: Rate | None = None
    why: str | None = None


class Searched(Record):
    """What was looked at. bodies: in the history, of the days asked for. candidates: near, as many as were
    taken. all_within: up to which distance all were taken; passed_over: of `of_pairs` pairs of a file and a
    part that `screen` found in the corpus, how many have no body within that. files: screened again.
    verified: candidates in these; refuted: of them, in how many the part was not found. unread: files that
    could not be read completely this time."""

    bodies: int
    candidates: int
    all_within: float
    passed_over: int
    of_pairs: int
    files: int
    verified: int
    refuted: int
    unread: int


class HuntDocument(Record):
    """A hunt. header: with what files were screened again; None where none was. hits: verified ones first,
    by their finding and bits, then candidates by distance. notes: what else is to be known of it."""

    type: Literal["hunt"] = "hunt"
    schema_version: Literal["partwatch-hunt-1"] = SCHEMA
    program_version: str
    fingerprint_version: str
    id: str
    by: str
    asked_at: str
    asked: Asked
    header: Header | None
    searched: Searched
    hits: tuple[Hit, ...]
    notes: tuple[str, ...]
