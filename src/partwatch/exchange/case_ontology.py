"""What our namespace adds to UCO, as an ontology that `case_validate --ontology-graph` takes."""

from __future__ import annotations

from typing import Final

from partwatch.case.vocabulary import SCHEMATA
from partwatch.exchange.case_words import CONTEXT, VOCABULARY, parent_of

# Properties of ours: what they hold, and what they say.
_DATA: Final = (
    ("bits", "xsd:double", "Log2 of a likelihood ratio, calibrated; no probability."),
    ("entity", "xsd:string", "Key of the entity that a source spoke of, before any merge."),
    ("key", "xsd:string", "Key of an entity in the case."),
    ("legalReference", "xsd:string", "The order or consent under which a source was obtained."),
    ("original", "xsd:string", "A value as the source has it, where normalising changed it."),
    ("place", "xsd:string", "Where in the source a statement is."),
    ("property", "xsd:string", "Name of a property; followthemoney's where it has one."),
    ("referent", "xsd:string", "Key of another entity that is taken for this one."),
    ("reliability", "xsd:string", "Letter of the Admiralty code, A to F."),
    ("saidAt", "xsd:string", "When a statement was made, ISO 8601 as far as known."),
    ("saidBy", "xsd:string", "Whose words a source holds."),
    ("saidSchema", "xsd:string", "What a source took the entity for."),
    ("schema", "xsd:string", "What an entity is; followthemoney's name where it has one."),
    ("sha256", "xsd:string", "SHA-256 of a source's bytes."),
    ("value", "xsd:string", "A normalised value; of a property that names an entity, its key."),
)
_OBJECT: Final = (
    ("source", "The record of provenance of the source that says so."),
    ("statement", "A statement about the object that has the facet."),
    ("target", "The object that a statement names."),
)
_CLASSES: Final = (
    ("Source", "case-investigation:ProvenanceRecord", "A source of a case and all that it speaks of."),
    ("StatementsFacet", "uco-core:Facet", "All that sources say of an object, statement by statement."),
    ("Unfinished", "uco-core:Event", "What joins two things, of which fewer than two are told."),
    ("Statement", "owl:Thing", "One property of one entity as one place of one source has it."),
)


def ontology() -> str:
    """Turtle: a class for each schema under UCO's, and the properties of our facet."""
    prefixes = {name: iri for name, iri in CONTEXT.items() if name != "kb"} | {
        "owl": "http://www.w3.org/2002/07/owl#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    }
    lines = [f"@prefix {name}: <{iri}> ." for name, iri in sorted(prefixes.items())]
    lines += ["", f"<{VOCABULARY.rstrip(':')}>", "\ta owl:Ontology ;"]
    lines += [
        '\trdfs:comment "What a case of Partwatch says beyond UCO; see docs/reference/exchange.md."@en ;',
        "\t.",
    ]
    classes = list(_CLASSES) + [
        (name, parent_of(name), f"What the vocabulary of a case calls {name}.") for name in SCHEMATA
    ]
    for name, parent, comment in sorted(classes):
        lines += ["", f"partwatch:{name}", "\ta owl:Class ;", f"\trdfs:subClassOf {parent} ;"]
        lines += [f'\trdfs:label "{name}"@en ;', f'\trdfs:comment "{comment}"@en ;', "\t."]
    for name, kind, comment in _DATA:
        lines += ["", f"partwatch:{name}", "\ta owl:DatatypeProperty ;", f"\trdfs:range {kind} ;"]
        lines += [f'\trdfs:label "{name}"@en ;', f'\trdfs:comment "{comment}"@en ;', "\t."]
    for name, comment in _OBJECT:
        lines += ["", f"partwatch:{name}", "\ta owl:ObjectProperty ;"]
        lines += [f'\trdfs:label "{name}"@en ;', f'\trdfs:comment "{comment}"@en ;', "\t."]
    return "\n".join(lines) + "\n"
