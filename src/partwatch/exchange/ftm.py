"""followthemoney entities, one a line of JSON.

Other readers see their own schemata. Ours, and the places, weights and originals that a followthemoney
entity has no room for, lie in each line's `partwatch`, which they keep and pass over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from partwatch.exchange.base import Counts, Entity, Exporter, Said, SourceTold
from partwatch.exchange.ftm_words import (
    Link,
    abroad,
    case_dataset,
    dataset_of,
    links_of,
    moment,
    schema_abroad,
    source_id,
    source_properties,
)
from partwatch.exchange.material import Material
from partwatch.exchange.writing import Sink, json_text

# Of the companion in each line; another number where its meaning changes.
VERSION: Final = 1


def _write(material: Material, sink: Sink) -> Mapping[str, int]:
    counts = Counts()
    counts.add("links", 0)
    for line in _heads(material):
        sink.write(json_text(line) + "\n")
    for entity in material.entities():
        sink.write(json_text(_entity(entity, material)) + "\n")
        for link in links_of(entity):
            sink.write(json_text(_link(link, material)) + "\n")
            counts.add("links")
    return counts.of


def _heads(material: Material) -> list[dict[str, Any]]:
    """The case and its sources, as entities like the others."""
    told = [
        {
            "id": material.export_key,
            "caption": material.case_name,
            "schema": "Note",
            "properties": {
                "name": [material.case_name],
                "publisher": [material.authority],
                "createdAt": [moment(material.options.at)],
                "description": ["\n".join(material.header())],
            },
            "referents": [],
            "datasets": [case_dataset(material)],
            "partwatch": {
                "version": VERSION,
                "is": "header",
                "case": material.case_name,
                "authority": material.authority,
                "withdrawn": [
                    {"source": one.key, "name": one.name, "reason": one.reason, "at": one.at}
                    for one in material.withdrawn
                ],
            },
        }
    ]
    return told + [_source(one) for one in material.standing.values()]


def _source(source: SourceTold) -> dict[str, Any]:
    return {
        "id": source_id(source),
        "caption": source.name,
        "schema": "Document",
        "properties": source_properties(source),
        "referents": [],
        "datasets": [dataset_of(source)],
        "partwatch": {"version": VERSION, "is": "source", "dataset": dataset_of(source)} | source.told(),
    }


def _entity(entity: Entity, material: Material) -> dict[str, Any]:
    properties: dict[str, dict[str, None]] = {}
    for said in entity.said:
        there = abroad(entity, said, merged=True)
        properties.setdefault(there.prop, {})[there.value] = None
    seen = [moment(material.standing[number].imported_at) for number in entity.sources]
    return {
        "id": entity.key,
        "caption": entity.caption,
        "schema": schema_abroad(entity.schema),
        "properties": {prop: list(values) for prop, values in properties.items()},
        "referents": list(entity.referents),
        "datasets": [dataset_of(material.standing[number]) for number in entity.sources],
        "first_seen": min(seen),
        "last_seen": max(seen),
        "partwatch": {
            "version": VERSION,
            "is": "entity",
            "schema": entity.schema,
            "bits": entity.bits,
            "reliability": sorted({material.standing[number].reliability for number in entity.sources}),
            "said": [_said(one) for one in entity.said],
        },
    }


def _said(said: Said) -> dict[str, Any]:
    """A statement whole, and nothing that it does not say."""
    told = {
        "entity": said.entity,
        "schema": said.schema,
        "prop": said.prop,
        "value": said.value,
        "source": said.source,
        "place": said.place,
        "original": said.original,
        "said_at": said.said_at,
        "bits": said.bits,
    }
    return {name: value for name, value in told.items() if value is not None}


def _link(link: Link, material: Material) -> dict[str, Any]:
    sources = sorted({one.source for one in link.said})
    return {
        "id": link.id,
        "caption": link.role,
        "schema": "UnknownLink",
        "properties": {"subject": [link.subject], "object": [link.object], "role": [link.role]},
        "referents": [],
        "datasets": [dataset_of(material.standing[number]) for number in sources],
        "partwatch": {"version": VERSION, "is": "link"},
    }


EXPORTER: Final = Exporter("ftm", "followthemoney entities", ".ftm.json", "application/json+ftm", _write)
