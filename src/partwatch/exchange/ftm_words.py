"""How a case is told to followthemoney: which of its schemata and properties stand for ours, and what is
left that it has no words for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from partwatch.case.statements import entity_key
from partwatch.case.vocabulary import SCHEMATA, Property, Type, property_of
from partwatch.exchange.base import Entity, Said, SourceTold
from partwatch.exchange.material import Material
from partwatch.exchange.writing import clean

# Its `Thing` is abstract: servers keep no entity of it. These are the nearest that are not.
_CONCRETE: Final[Mapping[str, str]] = MappingProxyType(
    {"Parcel": "Asset", "Exhibit": "Asset", "Listing": "HyperText", "Design": "Note", "Assembly": "Note"}
)
# What those have of the properties that a case knows.
_LIKE: Final[Mapping[str, str]] = MappingProxyType({"HyperText": "Document", "Note": "Thing"})
_ABSTRACT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Thing": "Note",
        "Value": "Asset",
        "Interval": "UnknownLink",
        "Interest": "UnknownLink",
        "Analyzable": "Note",
    }
)
_LINK: Final = "UnknownLink"


@dataclass(frozen=True)
class Link:
    """A reference that its schema abroad has no property for, told as an UnknownLink."""

    id: str
    subject: str
    object: str
    role: str
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Abroad:
    """A statement in its words. prop: its property; value: its text there; lost: whether it is told as a
    note, since there is no property for it."""

    prop: str
    value: str
    lost: bool


def schema_abroad(schema: str) -> str:
    """What an entity is there."""
    named = _CONCRETE.get(schema) or SCHEMATA[schema].told_as
    return _ABSTRACT.get(named, named)


def properties_abroad(schema: str) -> Mapping[str, Property]:
    """What a schema of theirs has of the properties that a case knows."""
    return _theirs(_LIKE.get(schema, schema))


@cache
def _theirs(schema: str) -> Mapping[str, Property]:
    """Properties that a schema has from theirs: some of theirs extend one of ours here."""
    found: dict[str, Property] = {}
    for name in SCHEMATA[schema].extends:
        found.update(_theirs(name))
    return found if SCHEMATA[schema].ours else found | dict(SCHEMATA[schema].own)


def _is_thing(schema: str) -> bool:
    """Whether a link may join it there, where messages are things as well."""
    return SCHEMATA[schema].is_a("Thing") or schema == "Message"


def abroad(entity: Entity, said: Said, merged: bool) -> Abroad:
    """A statement there. merged: whether references point to what an entity is taken for."""
    there = schema_abroad(entity.schema)
    name = _end(entity.schema, said.prop)
    known = properties_abroad(there).get(name)
    ours = property_of(said.schema, said.prop)
    value = (said.target or said.value) if merged else said.value
    if known is None or ours is None or known.type is not ours.type:
        return Abroad(notes_of(there), f"{said.prop}: {value}", True)
    if ours.type in (Type.COUNTRY, Type.LANGUAGE):
        value = value.lower()
    elif ours.type is Type.DATE:
        value = moment(value)
    return Abroad(name, value, False)


def moment(text: str) -> str:
    """A moment as followthemoney has them: in UTC, and without saying so."""
    if "T" not in text:
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if found.tzinfo is not None else text


def notes_of(there: str) -> str:
    """The property that takes what has no other place."""
    return "notes" if "notes" in properties_abroad(there) else "description"


def links_of(entity: Entity) -> Iterator[Link]:
    """References to what goes out that would otherwise be in a note only."""
    found: dict[tuple[str, str], list[Said]] = {}
    for one in entity.said if _is_thing(entity.schema) else ():
        thing = one.target_schema is not None and _is_thing(one.target_schema)
        if thing and one.target is not None and one.target != entity.key and abroad(entity, one, True).lost:
            found.setdefault((one.prop, one.target), []).append(one)
    for (prop, target), said in found.items():
        yield Link(entity_key("link", entity.key, prop, target), entity.key, target, prop, tuple(said))


def _end(schema: str, prop: str) -> str:
    """An end of an edge of ours is an end of the link that it is told as."""
    edge = SCHEMATA[schema].edge
    if edge is None or not SCHEMATA[schema].ours:
        return prop
    there = SCHEMATA[_LINK].edge
    assert there is not None
    return {edge.source: there.source, edge.target: there.target}.get(prop, prop)


def dataset_of(source: SourceTold) -> str:
    """A source's name as a data set: letters, digits and underscores."""
    return f"source_{source.number}_{source.key[:12]}"


def case_dataset(material: Material) -> str:
    """The data set of what the case itself says."""
    return f"case_{material.case_key[:12]}"


def source_id(source: SourceTold) -> str:
    """The entity that a source is told as."""
    return entity_key("source entity", source.key)


def source_properties(source: SourceTold) -> dict[str, list[str]]:
    """A source as a Document."""
    notes = [
        f"Reliability {source.reliability} (Admiralty code).",
        f"Imported at {source.imported_at} as {source.kind}.",
    ]
    if source.legal_ref:
        notes.append(f"Obtained under {clean(source.legal_ref)}.")
    return {
        "title": [clean(source.name)],
        "contentHash": [source.sha256],
        "author": [clean(source.said_by)],
        "retrievedAt": [moment(source.imported_at)],
        "notes": notes,
    }
