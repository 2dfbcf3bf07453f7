"""What a case is made of: attributed statements, and the sources that make them.

A statement is one property of one entity as one place of one source has it. An entity is no row but what
statements are about: a key. Keyed schemata *are* their identifier and have one key whoever speaks of them;
records of people have a key of their own, until a decision makes two of them one.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from partwatch.case.vocabulary import SCHEMATA
from partwatch.model.errors import UsageError

KEY_LENGTH: Final = 40  # hex digits: 160 bits


class Reliability(StrEnum):
    """How far a source is trusted: the letters of the Admiralty code (NATO STANAG 2511)."""

    COMPLETELY = "A"
    USUALLY = "B"
    FAIRLY = "C"
    NOT_USUALLY = "D"
    UNRELIABLE = "E"
    CANNOT_BE_JUDGED = "F"


@dataclass(frozen=True, slots=True)
class Statement:
    """One property of one entity. entity: its key. value: normalised; of an entity property, a key.
    original: as the source has it, where normalising changed it. place: where in the source. said_at: ISO
    8601, when it was said, where known. bits: log2 likelihood ratio of what is inferred; None of what a
    source simply says."""

    entity: str
    schema: str
    prop: str
    value: str
    place: str
    original: str | None = None
    said_at: str | None = None
    bits: float | None = None

    def canonical(self) -> bytes:
        """The same bytes for the same statement, on any machine."""
        told = (self.entity, self.schema, self.prop, self.value, self.place, self.original, self.said_at,
                None if self.bits is None else repr(float(self.bits)))  # fmt: skip
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class SourceInfo:
    """A source as it is handed in. kind: the importer's name. sha256: of its bytes, or of the list of its
    files' digests. said_by: whose words these are. legal_ref: the order or consent under which it was
    obtained. importer: its version and what the outcome depends on."""

    kind: str
    name: str
    sha256: str
    said_by: str
    reliability: Reliability = Reliability.CANNOT_BE_JUDGED
    legal_ref: str | None = None
    importer: str = ""

    @property
    def key(self) -> str:
        """What makes it this source: its content, and how that was read."""
        return entity_key("source", self.kind, self.sha256, self.importer, self.said_by)


@dataclass(frozen=True)
class Source:
    """A source that is in the case. id: its number there. statements: how many it made. skipped: rows that
    could not be read. entry: of the ledger. withdrawn: why, or None while it stands."""

    id: int
    info: SourceInfo
    imported_at: str
    imported_by: str
    statements: int
    skipped: int
    entry: int
    withdrawn: str | None = None


def entity_key(*parts: str) -> str:
    """A key from its parts, whose boundaries count."""
    told = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return hashlib.sha256(told).hexdigest()[:KEY_LENGTH]


def is_key(text: str) -> bool:
    """Whether it has the form of a key."""
    return len(text) == KEY_LENGTH and not set(text) - set("0123456789abcdef")


def keyed(schema: str, *identifiers: str) -> str:
    """The key of a thing that is its identifier, from whatever source. identifiers: normalised, in the
    order of the schema's keyed_by. Raises UsageError."""
    found = SCHEMATA.get(schema)
    if found is None or len(found.keyed_by) != len(identifiers):
        raise UsageError(f"{schema}: is not keyed by {len(identifiers)} properties")
    return entity_key(found.family or schema, *(folded(one) for one in identifiers))


def record_key(source_sha256: str, schema: str, local: str) -> str:
    """The key of a record of a source. local: what tells it from others there."""
    return entity_key("record", source_sha256, schema, local)


def folded(text: str) -> str:
    """Case, width and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
