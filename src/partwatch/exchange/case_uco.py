"""CASE/UCO as JSON-LD: the investigation, what was done in it, where each thing is from, and the things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from partwatch import __version__
from partwatch.case.vocabulary import SCHEMATA, Type
from partwatch.exchange.base import Counts, Entity, Exporter, SourceTold, Withdrawn
from partwatch.exchange.case_words import (
    CONTEXT,
    Node,
    classes_of,
    entity_iri,
    facets_of,
    iri,
    moment,
    own_facet,
    ref,
    source_iri,
    weight_of,
)
from partwatch.exchange.material import Material
from partwatch.exchange.writing import JsonArray, Sink, json_text


class _Graph:
    """Writes nodes; one that several entities share is written once."""

    def __init__(self, material: Material, array: JsonArray) -> None:
        self.material = material
        self.array = array
        self.counts = Counts()
        self._shared: set[str] = set()

    def add(self, node: Node) -> str:
        """Write a node. Returns its identifier."""
        self.array.add(node)
        kinds = node["@type"]
        self.counts.add(str(kinds[-1] if isinstance(kinds, list) else kinds).partition(":")[2])
        return str(node["@id"])

    def shared(self, node: Node) -> str:
        """Write a node unless it is there already."""
        key = str(node["@id"])
        if key not in self._shared:
            self._shared.add(key)
            self.add(node)
        return key


def _write(material: Material, sink: Sink) -> Mapping[str, int]:
    sink.write(f'{{"@context":{json_text(dict(CONTEXT))},\n"@graph":')
    graph = _Graph(material, JsonArray(sink))
    _heads(graph)
    of_source: dict[int, list[str]] = {number: [] for number in material.standing}
    for entity in material.entities():
        ends = entity.ends()
        keys = _edge(graph, entity, ends) if ends is not None else _thing(graph, entity)
        for number in entity.sources:
            of_source[number] += keys
    for number, source in material.standing.items():
        _provenance(graph, source, of_source.pop(number))
    graph.array.close()
    sink.write("}\n")
    return graph.counts.of


def _heads(graph: _Graph) -> None:
    material = graph.material
    authority = graph.add({
        "@id": iri("authority", material.authority),
        "@type": "uco-identity:Organization",
        "uco-core:name": material.authority,
    })  # fmt: skip
    tool = graph.add({
        "@id": iri("tool", __version__),
        "@type": "uco-tool:Tool",
        "uco-core:name": "partwatch",
        "uco-tool:version": __version__,
    })  # fmt: skip
    parts = [ref(source_iri(material, number)) for number in material.standing]
    actions = [ref(_import(graph, source, tool)) for source in material.standing.values()]
    actions += [ref(_withdrawal(graph, one, tool)) for one in material.withdrawn]
    graph.add({
        "@id": iri("investigation", material.case_key),
        "@type": "case-investigation:Investigation",
        "uco-core:name": material.case_name,
        "uco-core:description": material.header(),
        "uco-core:createdBy": ref(authority),
        "uco-core:tag": f"TLP:{material.options.tlp.upper()}",
        "uco-core:modifiedTime": moment(material.options.at),
        "case-investigation:investigationForm": "case",
        "uco-core:object": [ref(authority), ref(tool), *actions, *parts],
    })  # fmt: skip


def _person(graph: _Graph, name: str) -> Node:
    told = {"@id": iri("performer", name), "@type": "uco-identity:Identity", "uco-core:name": name}
    return ref(graph.shared(told))


def _import(graph: _Graph, source: SourceTold, tool: str) -> str:
    """Taking a source in; of what was screened on the way in, the screening."""
    done = "screening" if source.kind.startswith("screen") else "import"
    node: Node = {
        "@id": iri("action", "import", source.key),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": done,
        "uco-core:description": f"source {source.number} ({source.kind}): {source.statements} statements",
        "uco-action:startTime": moment(source.imported_at),
        "uco-action:instrument": ref(tool),
        "uco-action:result": ref(source_iri(graph.material, source.number)),
    }
    if source.imported_by:
        node["uco-action:performer"] = _person(graph, source.imported_by)
    return graph.add(node)


def _withdrawal(graph: _Graph, one: Withdrawn, tool: str) -> str:
    """What was withdrawn is named, and nothing of it is in the export."""
    reason = one.reason or "no reason told"
    node: Node = {
        "@id": iri("action", "withdrawal", one.key),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": "withdrawal",
        "uco-core:description": f"source {one.source.id} ({one.name}) was withdrawn: {reason}",
        "uco-action:startTime": moment(one.at),
        "uco-action:instrument": ref(tool),
    }
    if one.by:
        node["uco-action:performer"] = _person(graph, one.by)
    return graph.add(node)


def _provenance(graph: _Graph, source: SourceTold, keys: list[str]) -> None:
    """A source, and all that it speaks of."""
    graph.add({
        "@id": source_iri(graph.material, source.number),
        "@type": ["partwatch:Source", "case-investigation:ProvenanceRecord"],
        "uco-core:name": source.name,
        "uco-core:description": f"{source.kind}, words of {source.said_by}; sha256 {source.sha256}",
        "case-investigation:exhibitNumber": str(source.number),
        "partwatch:reliability": source.reliability,
        "partwatch:sha256": source.sha256,
        "partwatch:saidBy": source.said_by,
        **({"partwatch:legalReference": source.legal_ref} if source.legal_ref else {}),
        "uco-core:object": [ref(key) for key in dict.fromkeys(keys)],
    })  # fmt: skip


def _thing(graph: _Graph, entity: Entity) -> list[str]:
    key = entity_iri(entity.key)
    graph.add({
        "@id": key,
        "@type": classes_of(entity),
        "uco-core:name": entity.caption,
        "uco-core:hasFacet": [*facets_of(entity), own_facet(entity, graph.material)],
    })  # fmt: skip
    keys = [key]
    for kind, prop, value, said in entity.shared(_CONTACTS):
        contact = graph.shared(_contact(kind, value))
        keys.append(contact)
        _relationship(graph, said, prop, key, contact)
    for prop, other, said in entity.links():
        _relationship(graph, said, prop, key, entity_iri(other))
    return keys


def _contact(kind: Type, value: str) -> Node:
    """Addresses of e-mail, telephone numbers and IP addresses are things that others share."""
    name, facet, attribute = _CONTACTS[kind]
    return {
        "@id": iri(name, value),
        "@type": f"uco-observable:{name}",
        "uco-core:hasFacet": {
            "@id": iri("facet", name, value),
            "@type": f"uco-observable:{facet}",
            f"uco-observable:{attribute}": value,
        },
    }


_CONTACTS: Final[Mapping[Type, tuple[str, str, str]]] = {
    Type.EMAIL: ("EmailAddress", "EmailAddressFacet", "addressValue"),
    Type.PHONE: ("PhoneAccount", "PhoneAccountFacet", "phoneNumber"),
    Type.IP: ("IPAddress", "IPAddressFacet", "addressValue"),
}


def _relationship(graph: _Graph, link: Entity, prop: str, source: str, target: str) -> None:
    """link: the entity, with those of its statements that make this."""
    graph.add({
        "@id": iri("relationship", link.key, prop, target),
        "@type": "uco-core:Relationship",
        "uco-core:source": ref(source),
        "uco-core:target": ref(target),
        "uco-core:kindOfRelationship": prop,
        "uco-core:isDirectional": True,
        **weight_of(link, graph.material),
    })  # fmt: skip


def _edge(graph: _Graph, entity: Entity, ends: tuple[list[str], list[str]]) -> list[str]:
    """What joins two things; of several ends, one a pair, the first of which is the entity."""
    schema = SCHEMATA[entity.schema]
    assert schema.edge is not None
    keys = []
    for number, (source, target) in enumerate((one, other) for one in ends[0] for other in ends[1]):
        key = entity_iri(entity.key) if number == 0 else iri("pair", entity.key, source, target)
        facets = [own_facet(entity, graph.material)] if number == 0 else []
        keys.append(graph.add({
            "@id": key,
            "@type": classes_of(entity),
            "uco-core:source": ref(entity_iri(source)),
            "uco-core:target": ref(entity_iri(target)),
            "uco-core:kindOfRelationship": entity.schema,
            "uco-core:isDirectional": schema.edge.directed,
            **({"uco-core:hasFacet": facets} if facets else {}),
        }))  # fmt: skip
    return keys


EXPORTER: Final = Exporter(
    "case-uco", "CASE/UCO 1.5 (JSON-LD)", ".case.jsonld", "application/ld+json", _write
)
