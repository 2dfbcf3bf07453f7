"""What every export is: a case's material in, bytes out, and what was left out said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from partwatch.case.statements import Source
from partwatch.case.view import CAPTIONS
from partwatch.case.vocabulary import SCHEMATA, Type, property_of

if TYPE_CHECKING:
    from partwatch.exchange.material import Material
    from partwatch.exchange.writing import Sink

# The Traffic Light Protocol, as FIRST names its levels.
TLP: Final = ("clear", "green", "amber", "red")


@dataclass(frozen=True)
class Options:
    """What to hand over, and how.

    at: the moment of the export, ISO 8601 in UTC (`2026-01-31T12:00:00Z`): the only clock there is. by: who
    exports. only: keys of entities; what joins several of them comes along. schemata: names; what extends
    one counts as it. sources: numbers. since, until: dates as far as known (`2024`, `2024-05-31`); what
    happened outside is left out. bodies: texts of messages as well. missing: what assemblies lack as well.
    pseudonym_key: names and identifiers are replaced under this secret, at least 16 bytes. tlp: a level of
    the Traffic Light Protocol. prior_bits: log2 of the odds before the evidence, for formats that have words
    for probabilities; None: those words are not used.
    """

    at: str
    by: str = ""
    only: frozenset[str] | None = None
    schemata: frozenset[str] | None = None
    sources: frozenset[int] | None = None
    since: str | None = None
    until: str | None = None
    bodies: bool = False
    missing: bool = False
    pseudonym_key: bytes | None = None
    tlp: str = "amber"
    prior_bits: float | None = None


@dataclass(frozen=True)
class Said:
    """A statement as it goes out. entity: the key it was said of. value: of an entity property, the key as
    it was said; target: the key of the entity that this one is taken for, if that goes out as well, and
    what that is."""

    entity: str
    schema: str
    prop: str
    value: str
    source: int
    place: str
    original: str | None = None
    said_at: str | None = None
    bits: float | None = None
    target: str | None = None
    target_schema: str | None = None

    @property
    def is_reference(self) -> bool:
        """Whether its value is another entity."""
        found = property_of(self.schema, self.prop)
        return found is not None and found.type is Type.ENTITY


@dataclass(frozen=True)
class Entity:
    """All that goes out of one entity. key: the canonical one; referents: the others that are taken for it;
    said: in the order in which it was said."""

    key: str
    schema: str
    referents: tuple[str, ...]
    said: tuple[Said, ...]

    def values(self, *props: str) -> list[str]:
        """Distinct values of these properties, in the order they were said; of entity properties, the
        keys of those that go out."""
        found = (
            one.target if one.is_reference else one.value
            for prop in props
            for one in self.said
            if one.prop == prop
        )
        return list(dict.fromkeys(value for value in found if value is not None))

    def first(self, *props: str) -> str | None:
        """The first value of the first of these properties that has one."""
        return next(iter(self.values(*props)), None)

    @property
    def caption(self) -> str:
        """What to call it among people."""
        for prop in CAPTIONS:
            if found := [value for value in self.values(prop) if value.strip()]:
                return max(found, key=len) if prop == "name" else found[0]
        return f"{self.schema} {self.key[:8]}"

    @property
    def sources(self) -> list[int]:
        """Numbers of the sources that speak of it."""
        return sorted({one.source for one in self.said})

    @property
    def bits(self) -> float | None:
        """The most bits of what is inferred of it; None where sources simply say so."""
        return max((one.bits for one in self.said if one.bits is not None), default=None)

    def links(self) -> list[tuple[str, str, Entity]]:
        """(property, key, the same entity with only the statements that say so) of each other entity that it
        names and that goes out, once each; none of one that is itself a link between others, which most
        formats cannot point at."""
        found: dict[tuple[str, str], list[Said]] = {}
        for one in self.said:
            if one.target is None or one.target == self.key or one.target_schema is None:
                continue
            if SCHEMATA[one.target_schema].edge is None:
                found.setdefault((one.prop, one.target), []).append(one)
        return [(prop, key, self.only(said)) for (prop, key), said in found.items()]

    def references(self) -> list[tuple[str, str]]:
        """(property, key) of the same."""
        return [(prop, key) for prop, key, _ in self.links()]

    def shared(self, kinds: Iterable[Type]) -> list[tuple[Type, str, str, Entity]]:
        """(type, property, value, the same entity with only the statements that say so) of each value of
        these types, which other entities may have as well."""
        wanted = frozenset(kinds)
        found: dict[tuple[Type, str, str], list[Said]] = {}
        for one in self.said:
            prop = property_of(one.schema, one.prop)
            if prop is not None and prop.type in wanted and one.value:
                found.setdefault((prop.type, one.prop, one.value), []).append(one)
        return [(kind, prop, value, self.only(said)) for (kind, prop, value), said in found.items()]

    def only(self, said: Iterable[Said]) -> Entity:
        """The same, with only these statements."""
        return Entity(self.key, self.schema, (), tuple(said))

    def ends(self) -> tuple[list[str], list[str]] | None:
        """Sources and targets of what joins two ends that go out, and names nothing else; None of all other
        things, which have a place of their own and links from there."""
        edge = SCHEMATA[self.schema].edge
        if edge is None:
            return None
        sources: list[str] = []
        targets: list[str] = []
        for prop, key in self.references():
            if prop not in (edge.source, edge.target):
                return None
            (sources if prop == edge.source else targets).append(key)
        return (sources, targets) if sources and targets else None

    def dates(self) -> list[str]:
        """When it happened, earliest first."""
        return sorted(self.values(*EVENT_DATES))


# Dates of an event; that somebody was born, or a record was changed, is none.
EVENT_DATES: Final = (
    "date", "startDate", "endDate", "postedAt", "deliveredAt", "seizedAt", "printedAt", "publishedAt",
    "removedAt",
)  # fmt: skip


@dataclass(frozen=True)
class SourceTold:
    """A source as it goes out: what may be said of it, with names replaced where that is asked for."""

    number: int
    key: str
    kind: str
    name: str
    sha256: str
    said_by: str
    reliability: str
    legal_ref: str | None
    imported_at: str
    imported_by: str
    statements: int

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "number": self.number,
            "key": self.key,
            "kind": self.kind,
            "name": self.name,
            "sha256": self.sha256,
            "said_by": self.said_by,
            "reliability": self.reliability,
            "legal_ref": self.legal_ref,
            "imported_at": self.imported_at,
            "imported_by": self.imported_by,
            "statements": self.statements,
        }


@dataclass(frozen=True)
class Withdrawn:
    """A source that was withdrawn and is left out: nothing of it goes out but this."""

    source: Source
    key: str
    name: str
    reason: str
    at: str
    by: str


@dataclass(frozen=True)
class ExportSummary:
    """What went out. counts: entities, statements, sources, and what the format counts; left_out: what did
    not, by why; sha256, size_bytes: of the bytes written."""

    kind: str
    counts: Mapping[str, int]
    left_out: Mapping[str, int]
    sha256: str
    size_bytes: int

    def told(self) -> dict[str, Any]:
        """As JSON, for the ledger."""
        return {
            "kind": self.kind,
            "counts": dict(self.counts),
            "left_out": dict(self.left_out),
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
        }


@dataclass(frozen=True)
class Exporter:
    """One format. write: puts all of the material into the sink, entity by entity, and returns counts of
    its own."""

    name: str
    title: str
    suffix: str
    media_type: str
    write: Callable[[Material, Sink], Mapping[str, int]]


@dataclass
class Counts:
    """Counts by name, in the order in which they were first counted."""

    of: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, count: int = 1) -> None:
        """Count `count` more of `name`."""
        self.of[name] = self.of.get(name, 0) + count
