"""GraphML, for programs that draw networks (Gephi, yEd, networkx, Cytoscape).

Things are nodes. What joins two ends that are both there (a payment, an ownership, a match) is an edge, and
so is each reference; what joins without having two ends (a message) is a node among others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from partwatch.case.vocabulary import SCHEMATA, Type
from partwatch.exchange.base import Counts, Entity, Exporter
from partwatch.exchange.material import Material
from partwatch.exchange.writing import Sink, xml_text

# A drawing shows names, not documents.
LONGEST: Final = 2_000
_JOIN: Final = "; "
# Attributes that all nodes, or edges, may have, and their types. `label` is what Gephi shows.
_OF_NODES: Final[Mapping[str, str]] = {
    "label": "string", "schema": "string", "sources": "string", "reliability": "string", "bits": "double",
    "statements": "int", "first": "string", "last": "string", "referents": "string",
}  # fmt: skip
_OF_EDGES: Final[Mapping[str, str]] = {
    "label": "string", "schema": "string", "property": "string", "directed": "boolean", "sources": "string",
    "reliability": "string", "bits": "double", "statements": "int", "first": "string", "last": "string",
}  # fmt: skip
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns '
    'http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">\n'
)

Values = Mapping[str, str | float | int | bool | None]


def told_properties() -> list[str]:
    """Properties that a node may have an attribute for: all but references and long texts."""
    found = {
        prop.name
        for schema in SCHEMATA.values()
        for prop in schema.properties.values()
        if prop.type not in (Type.ENTITY, Type.TEXT)
    }
    return sorted(found)


def _write(material: Material, sink: Sink) -> Mapping[str, int]:
    counts = Counts()
    properties = told_properties()
    sink.write(_HEAD)
    _write_keys(sink, properties)
    sink.write('<graph id="case" edgedefault="directed">\n')
    sink.write(f'<data key="g_notes">{_text(chr(10).join(material.header()), longest=1 << 20)}</data>\n')
    sources = [
        f"{one.number}: {one.name} ({one.reliability}, {one.said_by})" for one in material.standing.values()
    ]
    sink.write(f'<data key="g_sources">{_text(chr(10).join(sources), longest=1 << 24)}</data>\n')
    for name in ("nodes", "edges"):
        counts.add(name, 0)
    # Nodes first: readers want to know both ends when they meet an edge.
    for entity in material.entities():
        if entity.ends() is None:
            told = _facts(entity, material) | {"referents": " ".join(entity.referents)}
            told |= {prop: _JOIN.join(entity.values(prop)) or None for prop in properties}
            sink.write(f'<node id="{xml_text(entity.key)}">{_data("n", told)}</node>\n')
            counts.add("nodes")
    for entity in material.entities():
        for edge in _edges(entity, material):
            sink.write(edge)
            counts.add("edges")
    sink.write("</graph>\n</graphml>\n")
    return counts.of


def _write_keys(sink: Sink, properties: Iterable[str]) -> None:
    for name in ("notes", "sources"):
        sink.write(f'<key id="g_{name}" for="graph" attr.name="{name}" attr.type="string"/>\n')
    names = dict(_OF_NODES) | {name: "string" for name in properties if name not in _OF_NODES}
    for name, kind in names.items():
        sink.write(f'<key id="n_{name}" for="node" attr.name="{name}" attr.type="{kind}"/>\n')
    for name, kind in _OF_EDGES.items():
        sink.write(f'<key id="e_{name}" for="edge" attr.name="{name}" attr.type="{kind}"/>\n')


def _facts(entity: Entity, material: Material) -> dict[str, str | float | int | bool | None]:
    dates = entity.dates()
    return {
        "label": entity.caption,
        "schema": entity.schema,
        "sources": " ".join(str(one) for one in entity.sources),
        "reliability": "".join(sorted({material.standing[one].reliability for one in entity.sources})),
        "bits": entity.bits,
        "statements": len(entity.said),
        "first": dates[0] if dates else None,
        "last": dates[-1] if dates else None,
    }


def _edges(entity: Entity, material: Material) -> Iterable[str]:
    """The edge that an entity is, or those of what it names."""
    ends = entity.ends()
    if ends is None:
        for prop, key, said in entity.links():
            told = _facts(said, material)
            told |= {"label": prop, "property": prop, "directed": True}
            yield _edge(f"{entity.key}-{prop}-{key}", entity.key, key, told)
        return
    schema = SCHEMATA[entity.schema]
    assert schema.edge is not None
    told = _facts(entity, material) | {
        "label": entity.schema,
        "property": None,
        "directed": schema.edge.directed,
    }
    if entity.schema == "Match" or entity.values("amount"):
        told["label"] = " ".join([entity.schema, *entity.values("amount", "relation", "currency")])
    for source in ends[0]:
        for target in ends[1]:
            yield _edge(f"{entity.key}-{source}-{target}", source, target, told)


def _edge(key: str, source: str, target: str, told: Values) -> str:
    ends = f'source="{xml_text(source)}" target="{xml_text(target)}"'
    return f'<edge id="{xml_text(key)}" {ends}>{_data("e", told)}</edge>\n'


def _data(kind: str, told: Values) -> str:
    return "".join(
        f'<data key="{kind}_{name}">{_text(value)}</data>'
        for name, value in told.items()
        if value is not None
    )


def _text(value: str | float | int | bool, longest: int = LONGEST) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    return xml_text(value if len(value) <= longest else value[: longest - 1] + "…")


EXPORTER: Final = Exporter("graphml", "GraphML", ".graphml", "application/graphml+xml", _write)
