"""A MISP event: an object for each entity, references between them, sources with their reliability.

Nothing is for detection: `to_ids` is false throughout, and the event goes to nobody beyond the organisation
that takes it in until a person there says so.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from partwatch.case.vocabulary import property_of
from partwatch.exchange.base import Counts, Entity, Exporter, Said, SourceTold
from partwatch.exchange.material import Material
from partwatch.exchange.misp_templates import (
    NAMESPACE,
    THEIRS,
    VERSION,
    Template,
    fits,
    kebab,
    own_name,
    own_type,
    own_uuid,
)
from partwatch.exchange.writing import JsonArray, Sink, json_text

Object = dict[str, Any]
_TLP: Final[Mapping[str, str]] = {one: f"tlp:{one}" for one in ("clear", "green", "amber", "red")}
# ICD 203's words, as MISP's taxonomy `estimative-language` has them: the least chance of each.
_CHANCES: Final = (
    (0.95, "almost-certain"), (0.80, "very-likely"), (0.55, "likely"), (0.45, "roughly-even-chance"),
    (0.20, "unlikely"), (0.05, "very-unlikely"), (0.0, "almost-no-chance"),
)  # fmt: skip
# Of what an attribute's comment says of where it is from.
_PLACES: Final = 5


def _write(material: Material, sink: Sink) -> Mapping[str, int]:
    counts = Counts()
    head = json_text(_event(material))
    sink.write(f'{{"Event":{head[:-1]},"Object":')
    objects = JsonArray(sink)
    for source in material.standing.values():
        objects.add(_source(source, material))
    for entity in material.entities():
        for told in _objects(entity, material):
            objects.add(told)
            counts.add(told["name"])
    objects.close()
    sink.write("}}\n")
    return counts.of


def _event(material: Material) -> Object:
    at = material.options.at
    notes = [
        _attribute("comment", "Other", sentence, material, ["header", str(number)])
        for number, sentence in enumerate(material.header())
    ]
    return {
        "uuid": _uuid("event", material.export_key),
        "info": f"Case {material.case_name}",
        "date": at[:10],
        "timestamp": _stamp(at),
        "threat_level_id": "4",
        "analysis": "1",
        "published": False,
        "distribution": "0",
        "Orgc": {"name": material.authority, "uuid": _uuid("organisation", material.authority)},
        "Tag": [{"name": _TLP[material.options.tlp]}],
        "Attribute": notes,
    }


def _source(source: SourceTold, material: Material) -> Object:
    told = [
        ("source-id", source.key),
        ("source-reliability", source.reliability),
        ("source-summary", f"{source.name} ({source.said_by}), sha256 {source.sha256}"),
        ("source-type", source.kind),
        ("information-credibility", "6"),
    ]
    attributes = [
        _attribute("text", "Other", value, material, ["source", source.key, name]) | {"object_relation": name}
        for name, value in told
    ]
    attributes[0]["Tag"] = [_admiralty(source.reliability)]
    return _object(
        "intelligence-source-assessment", "2d3a5895-6c54-50b5-bd25-ce33e974c50a", 1, "misc",
        _uuid("source", source.key), material,
        f"Source {source.number}, imported at {source.imported_at}", attributes, [],
    )  # fmt: skip


def _objects(entity: Entity, material: Material) -> Iterable[Object]:
    """The object that everybody knows, where there is one and enough is known to fill it, and ours for all
    that has no place there."""
    template = THEIRS.get(entity.schema)
    first, rest = _sorted(entity, template) if template is not None else ({}, list(entity.said))
    main = _uuid("entity", entity.key)
    references = _references(entity, material)
    comment = _comment(entity, material)
    if template is not None and first:
        attributes = [
            _of_object(relation, kind, value, said, material, [entity.key])
            for (relation, kind, value), said in first.items()
        ]
        yield _object(template.name, template.uuid, template.version, template.category, main, material,
                      comment, attributes, references)  # fmt: skip
        companion = _uuid("entity", entity.key, "rest")
        references = [_reference(companion, main, "describes")]
    else:
        rest, companion = list(entity.said), main
    attributes = _own_attributes(entity, rest, material)
    if companion == main or any(one["object_relation"] != "key" for one in attributes):
        yield _object(own_name(entity.schema), own_uuid(entity.schema), VERSION, "misc", companion, material,
                      comment, attributes, references)  # fmt: skip


_Filled = dict[tuple[str, str, str], list[Said]]


def _sorted(entity: Entity, template: Template) -> tuple[_Filled, list[Said]]:
    """What a template takes, by attribute, type and value; and what it does not."""
    taken: _Filled = {}
    rest = []
    single: dict[str, str] = {}
    for said in entity.said:
        relation = template.relations.get(said.prop)
        value = said.value.strip().strip("\x00")
        if relation is None or not value or not fits(relation[1], value):
            rest.append(said)
            continue
        name, kind, several = relation
        if not several and single.setdefault(name, value) != value:
            rest.append(said)
        else:
            taken.setdefault((name, kind, value), []).append(said)
    if not template.needs & {name for name, _, _ in taken}:
        return {}, list(entity.said)
    return taken, rest


def _own_attributes(entity: Entity, rest: Iterable[Said], material: Material) -> list[Object]:
    filled: _Filled = {}
    for said in rest:
        prop = property_of(said.schema, said.prop)
        value = said.value.strip().strip("\x00")
        if prop is None or said.is_reference or not value:
            continue
        kind = own_type(prop.type)
        filled.setdefault((kebab(said.prop), kind if fits(kind, value) else "text", value), []).append(said)
    key = _attribute("text", "Other", entity.key, material, [entity.key, "key"]) | {"object_relation": "key"}
    told = [key]
    if entity.bits is not None:
        bits = _attribute("float", "Other", repr(entity.bits), material, [entity.key, "bits"])
        told.append(bits | {"object_relation": "bits", "Tag": _estimate(entity.bits, material)})
    told += [
        _of_object(relation, kind, value, said, material, [entity.key, "own"])
        for (relation, kind, value), said in filled.items()
    ]
    return told


def _of_object(
    relation: str, kind: str, value: str, said: list[Said], material: Material, about: list[str]
) -> Object:
    told = _attribute(kind, _category(kind), value, material, [*about, relation, value])
    letters = sorted({material.standing[one.source].reliability for one in said})
    places = [f"source {one.source}, {one.place}" for one in said[:_PLACES]]
    more = f" and {len(said) - _PLACES} more" if len(said) > _PLACES else ""
    told |= {
        "object_relation": relation,
        "comment": "; ".join(places) + more,
        "Tag": [_admiralty(letter) for letter in letters],
    }
    bits = max((one.bits for one in said if one.bits is not None), default=None)
    if bits is not None:
        told["comment"] += f"; {bits:.1f} bits"
    return told


def _attribute(kind: str, category: str, value: str, material: Material, about: list[str]) -> Object:
    return {
        "uuid": _uuid("attribute", *about, kind, value),
        "type": kind,
        "category": category,
        "value": value,
        "to_ids": False,
        "disable_correlation": kind in ("comment", "float", "text"),
        "distribution": "5",
        "timestamp": _stamp(material.options.at),
    }


def _object(
    name: str, template: str, version: int, category: str, key: str, material: Material, comment: str,
    attributes: list[Object], references: list[Object],
) -> Object:  # fmt: skip
    return {
        "name": name,
        "meta-category": category,
        "template_uuid": template,
        "template_version": str(version),
        "uuid": key,
        "timestamp": _stamp(material.options.at),
        "distribution": "5",
        "comment": comment,
        "Attribute": attributes,
        "ObjectReference": references,
    }


def _references(entity: Entity, material: Material) -> list[Object]:
    main = _uuid("entity", entity.key)
    found: dict[tuple[str, str], list[Said]] = {}
    for one in entity.said:
        if one.target is not None:
            found.setdefault((one.prop, one.target), []).append(one)
    told = [
        _reference(main, _uuid("entity", key), kebab(prop), _comment(entity.only(said), material))
        for (prop, key), said in found.items()
    ]
    return told + [
        _reference(main, _uuid("source", material.standing[one].key), "derived-from")
        for one in entity.sources
    ]


def _reference(source: str, target: str, kind: str, comment: str = "") -> Object:
    return {
        "uuid": _uuid("reference", source, target, kind),
        "object_uuid": source,
        "referenced_uuid": target,
        "relationship_type": kind,
        "comment": comment,
    }


def _comment(entity: Entity, material: Material) -> str:
    letters = "".join(sorted({material.standing[one].reliability for one in entity.sources}))
    sources = ", ".join(str(one) for one in entity.sources)
    bits = f", {entity.bits:.1f} bits" if entity.bits is not None else ""
    return f"{entity.schema} {entity.key}; sources {sources}, reliability {letters}{bits}"


def _admiralty(letter: str) -> Object:
    return {"name": f'admiralty-scale:source-reliability="{letter.lower()}"'}


def _estimate(bits: float, material: Material) -> list[Object]:
    """The word for how likely it is, where somebody said what the odds were before the evidence."""
    prior = material.options.prior_bits
    if prior is None:
        return []
    chance = 1.0 / (1.0 + math.pow(2.0, -max(-1000.0, min(1000.0, bits + prior))))
    word = next(word for least, word in _CHANCES if chance >= least)
    return [{"name": f'estimative-language:likelihood-probability="{word}"'}]


_CATEGORIES: Final[Mapping[str, str]] = {
    "filename": "Payload delivery", "sha256": "Payload delivery", "mime-type": "Artifacts dropped",
    "size-in-bytes": "Other", "url": "Network activity", "email": "Social network",
    "email-src": "Payload delivery", "phone-number": "Person", "full-name": "Person", "first-name": "Person",
    "middle-name": "Person", "last-name": "Person", "nationality": "Person", "passport-number": "Person",
    "place-of-birth": "Person", "gender": "Person", "iban": "Financial fraud", "bic": "Financial fraud",
    "bank-account-nr": "Financial fraud",
}  # fmt: skip


def _category(kind: str) -> str:
    return _CATEGORIES.get(kind, "Other")


def _uuid(*said: str) -> str:
    return str(uuid.uuid5(NAMESPACE, json_text(said)))


def _stamp(at: str) -> str:
    return str(int(datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()))


EXPORTER: Final = Exporter("misp", "MISP event", ".misp.json", "application/json", _write)
