"""A STIX 2.1 bundle of STIX's own types only, so that every reader takes it; what they have no words for is
in one property extension, which carries each statement with its source, place and bits."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from partwatch.case.vocabulary import SCHEMATA, Type
from partwatch.exchange.base import Counts, Entity, Exporter
from partwatch.exchange.material import Material
from partwatch.exchange.stix_words import (
    ACCOUNTS,
    EXTENSION,
    FILES,
    NAMESPACE,
    PERSONS,
    Object,
    account_of,
    email_of,
    file_of,
    identifier,
    ip_of,
    kebab,
    location_of,
    marking,
    moment,
    phone_of,
    statement,
)
from partwatch.exchange.writing import JsonArray, Sink, json_text


class _Bundle:
    """Writes objects; an observable that several entities share is written once."""

    def __init__(self, material: Material, array: JsonArray, ids: Mapping[str, str]) -> None:
        self.material = material
        self.ids = ids
        self.array = array
        self.counts = Counts()
        self.author = identifier("identity", "authority", material.authority)
        self._common = {
            "spec_version": "2.1",
            "created_by_ref": self.author,
            "created": _millis(material.options.at),
            "modified": _millis(material.options.at),
            "object_marking_refs": [marking(material.options.tlp)["id"]],
        }
        self._written: set[bytes] = set()

    def add(self, told: Object) -> None:
        """An object that is written as it is."""
        self.array.add(told)
        self.counts.add(told["type"])

    def own(self, kind: str, key: str, told: Mapping[str, Any]) -> str:
        """An object of ours, with who made it and when. Returns its identifier."""
        self.add({"type": kind, "id": key} | self._common | dict(told))
        return key

    def observable(self, told: Object) -> str:
        """An observable, unless it is there already."""
        key = str(told["id"])
        digest = uuid.UUID(key.partition("--")[2]).bytes
        if digest not in self._written:
            self._written.add(digest)
            self.add(told | {"object_marking_refs": self._common["object_marking_refs"]})
        return key

    def extension(self, entity: Entity, whole: bool = True) -> dict[str, Any]:
        """What our extension says of an entity. whole: with each statement."""
        standing = self.material.standing
        told: dict[str, Any] = {
            "extension_type": "property-extension",
            "key": entity.key,
            "schema": entity.schema,
            "referents": list(entity.referents),
            "sources": entity.sources,
            "reliability": sorted({standing[one].reliability for one in entity.sources}),
            "bits": entity.bits,
            "statements": [statement(one) for one in entity.said] if whole else None,
        }
        return {"extensions": {EXTENSION: {name: value for name, value in told.items() if value is not None}}}


def _write(material: Material, sink: Sink) -> Mapping[str, int]:
    key = f"bundle--{uuid.uuid5(NAMESPACE, material.export_key)}"
    sink.write(f'{{"type":"bundle","id":{json_text(key)},"objects":')
    # Links point to identifiers that content makes: all of them must be known before the first is written.
    ids = {entity.key: _told_as(entity).id for entity in material.entities()}
    bundle = _Bundle(material, JsonArray(sink), ids)
    _heads(bundle)
    for entity in material.entities():
        ends = entity.ends()
        if ends is not None:
            _edge(bundle, entity, ends)
        else:
            _thing(bundle, entity)
    bundle.array.close()
    sink.write("}\n")
    return bundle.counts.of


def _heads(bundle: _Bundle) -> None:
    material = bundle.material
    bundle.add(marking(material.options.tlp))
    bundle.own("identity", bundle.author, {"name": material.authority, "identity_class": "organization"})
    bundle.own("extension-definition", EXTENSION, {
        "name": "Statements of a case",
        "description": "What a case says of an object: each statement with the property and value, its "
        "source and place there, and its bits (log2 of a likelihood ratio) where it is an inference. On "
        "a note of a source: the source, its digest, whose words they are, and its reliability "
        "(Admiralty code).",
        "schema": "docs/reference/exchange.md of partwatch describes it",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    })  # fmt: skip
    bundle.own("note", identifier("note", "header", material.export_key), {
        "abstract": f"Export of case {material.case_name}",
        "content": "\n".join(material.header()),
        "object_refs": [bundle.author],
    })  # fmt: skip
    for source in material.standing.values():
        bundle.own("note", _source_id(source.key), {
            "abstract": f"Source {source.number}: {source.name}",
            "content": f"{source.statements} statements by {source.said_by}, reliability "
            f"{source.reliability} (Admiralty code), imported at {source.imported_at} as {source.kind}; "
            f"sha256 {source.sha256}.",
            "object_refs": [bundle.author],
            "extensions": {EXTENSION: {"extension_type": "property-extension", "source": source.told()}},
        })  # fmt: skip


def _source_id(key: str) -> str:
    return identifier("note", "source", key)


@dataclass(frozen=True)
class _Told:
    """What an entity is told as. id: what links point to; seen: the object itself where it is an observable,
    whose identifier its content makes."""

    kind: str
    id: str
    seen: Object | None = None


def _told_as(entity: Entity) -> _Told:
    seen = None
    if entity.schema in FILES:
        seen = file_of(entity)
    elif entity.schema in ACCOUNTS:
        seen = account_of(entity)
    if seen is not None:
        return _Told("observed-data", str(seen["id"]), seen)
    if entity.ends() is not None:
        kind = "relationship"
    elif entity.schema in PERSONS:
        kind = "identity"
    elif entity.schema == "Address" and location_of(entity):
        kind = "location"
    else:
        kind = "note" if SCHEMATA[entity.schema].is_a("Interval") else "infrastructure"
    return _Told(kind, identifier(kind, entity.key))


def _thing(bundle: _Bundle, entity: Entity) -> None:
    """What is told as an object, and its links."""
    told = _told_as(entity)
    if told.seen is not None:
        bundle.observable(told.seen)
    key = told.id if told.seen is None else identifier(told.kind, entity.key)
    bundle.own(told.kind, key, _properties(bundle, entity, told) | bundle.extension(entity))
    for shared, prop, value, said in entity.shared(_CONTACTS):
        if (contact := _CONTACTS[shared](value)) is not None:
            _link(bundle, said, prop, told.id, bundle.observable(contact))
    for prop, other, said in entity.links():
        if (found := bundle.ids.get(other)) is not None:
            _link(bundle, said, prop, told.id, found)


def _properties(bundle: _Bundle, entity: Entity, told: _Told) -> dict[str, Any]:
    if told.kind == "observed-data":
        first, last = _observed(bundle, entity)
        count = min(len(entity.said), 999_999_999)
        return {
            "first_observed": first,
            "last_observed": last,
            "number_observed": count,
            "object_refs": [told.id],
        }
    if told.kind == "identity":
        return {"name": entity.caption, "identity_class": PERSONS[entity.schema]}
    if told.kind == "location":
        return {"name": entity.caption} | (location_of(entity) or {})
    if told.kind == "note":
        ends = (bundle.ids.get(key) for _, key in entity.references())
        refs = list(dict.fromkeys(one for one in ends if one is not None))
        said = [f"{one.prop}: {one.value}" for one in entity.said if one.target is None]
        return {
            "abstract": f"{entity.schema}: {entity.caption}",
            "content": "\n".join(dict.fromkeys(said)) or entity.schema,
            "object_refs": refs or [bundle.author],
        }
    return {"name": entity.caption, "infrastructure_types": [f"partwatch-{kebab(entity.schema)}"]}


def _observed(bundle: _Bundle, entity: Entity) -> tuple[str, str]:
    """When it was seen: when it was spoken of, where that is known, or when the sources came in."""
    said = [found for one in entity.said if (found := moment(one.said_at))]
    came = [moment(bundle.material.standing[one].imported_at) for one in entity.sources]
    known = said or [one for one in came if one is not None] or [_millis(bundle.material.options.at)]
    return min(known), max(known)


# Addresses of e-mail, telephone numbers and IP addresses are objects that others share.
_CONTACTS: Final[Mapping[Type, Callable[[str], Object | None]]] = {
    Type.EMAIL: email_of,
    Type.PHONE: phone_of,
    Type.IP: ip_of,
}


def _link(bundle: _Bundle, link: Entity, prop: str, source: str, target: str) -> None:
    """A reference. link: the entity, with those of its statements that make this; they are told whole in the
    object that it leaves."""
    if source == target:
        return
    key = identifier("relationship", link.key, prop, target)
    bundle.own("relationship", key, {
        "relationship_type": kebab(prop), "source_ref": source, "target_ref": target,
    } | bundle.extension(link, whole=False))  # fmt: skip


def _edge(bundle: _Bundle, entity: Entity, ends: tuple[list[str], list[str]]) -> None:
    """What joins two things is a relationship; of several ends, one a pair, the first of which is the
    entity."""
    told = bundle.extension(entity)
    said = [f"{one.prop}: {one.value}" for one in entity.said if one.target is None]
    if said:
        told["description"] = "\n".join(dict.fromkeys(said))
    ids = bundle.ids
    pairs = [(source, target) for source in ends[0] for target in ends[1] if source in ids and target in ids]
    for number, (source, target) in enumerate(pairs):
        key = ids[entity.key] if number == 0 else identifier("relationship", entity.key, source, target)
        bundle.own("relationship", key, {
            "relationship_type": kebab(entity.schema),
            "source_ref": ids[source],
            "target_ref": ids[target],
        } | told)  # fmt: skip


def _millis(at: str) -> str:
    return f"{at[:-1]}.000Z"


EXPORTER: Final = Exporter("stix", "STIX 2.1", ".stix.json", "application/stix+json;version=2.1", _write)
