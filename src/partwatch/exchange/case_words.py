"""How a case is told to CASE/UCO 1.5: by which of its classes and facets, and which in a namespace of ours
(docs/reference/partwatch-uco.ttl).

What UCO has a class and a facet for is told so. Everything has our facet as well, with each statement, its
source, place and bits.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from partwatch.case.vocabulary import SCHEMATA
from partwatch.exchange.base import Entity, Said
from partwatch.exchange.material import Material

Node = dict[str, Any]

NAMESPACE: Final = uuid.UUID("b1f0c6de-5a0b-4c3e-8f27-91d3a4e6f805")
VOCABULARY: Final = "urn:partwatch:uco:"
CONTEXT: Final[Mapping[str, str]] = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "kb": "urn:partwatch:case:",
    "partwatch": VOCABULARY,
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-location": "https://ontology.unifiedcyberontology.org/uco/location/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# Classes of UCO that schemata are; what has none is ours, and under which class of UCO's.
CLASSES: Final[Mapping[str, str]] = {
    "Person": "uco-identity:Person",
    "Organization": "uco-identity:Organization",
    "Company": "uco-identity:Organization",
    "LegalEntity": "uco-identity:Identity",
    "Address": "uco-location:Location",
    "UserAccount": "uco-observable:DigitalAccount",
    "BankAccount": "uco-observable:Account",
    "CryptoWallet": "uco-observable:Account",
    "Document": "uco-observable:File",
    "Item": "uco-observable:File",
    "PrintJob": "uco-observable:File",
    "Message": "uco-observable:Message",
    "Call": "uco-observable:Call",
}
_HASHES: Final[Mapping[int, str]] = {32: "MD5", 40: "SHA1", 64: "SHA256", 128: "SHA512"}
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?")


def parent_of(schema: str) -> str:
    """The class of UCO that our class of that name lies under."""
    found = SCHEMATA[schema]
    if schema in CLASSES:
        return CLASSES[schema]
    if found.edge is not None:
        return "uco-core:Relationship"
    return "uco-core:Event" if found.is_a("Interval") else "uco-core:Item"


def classes_of(entity: Entity) -> list[str]:
    """Ours, and UCO's that it lies under. What should join two things and lacks an end is an event."""
    parent = parent_of(entity.schema)
    if parent == "uco-core:Relationship" and entity.ends() is None:
        return ["partwatch:Unfinished", "uco-core:Event"]
    return [f"partwatch:{entity.schema}", parent]


def iri(kind: str, *said: str) -> str:
    """An identifier that ends in a UUID, as UCO wants it: the same for the same thing."""
    return f"kb:{kind}-{uuid.uuid5(NAMESPACE, repr((kind, *said)))}"


def ref(key: str) -> Node:
    """A reference to a node."""
    return {"@id": key}


def entity_iri(key: str) -> str:
    """Of an entity, by its key."""
    return iri("entity", key)


def moment(text: str | None) -> Node | None:
    """A typed moment; None of what is not known to the second."""
    if text is None or not _MOMENT.fullmatch(text):
        return None
    return {"@type": "xsd:dateTime", "@value": text}


def number(kind: str, text: str) -> Node:
    """A typed number."""
    return {"@type": f"xsd:{kind}", "@value": text}


def facets_of(entity: Entity) -> list[Node]:
    """What UCO has words for."""
    made = {
        "Item": _file, "PrintJob": _file, "Document": _file, "UserAccount": _account, "BankAccount": _account,
        "CryptoWallet": _account, "Person": _person, "Address": _address, "Message": _message, "Call": _call,
    }.get(entity.schema)  # fmt: skip
    return [] if made is None else [
        {"@id": iri("facet", entity.key, kind), "@type": kind} | told
        for kind, told in made(entity)
        if told
    ]  # fmt: skip


Facets = list[tuple[str, Node]]


def _told(**values: Any) -> Node:
    """Properties that have a value; `uco_observable__fileName` is uco-observable:fileName."""
    return {
        name.replace("__", ":").replace("_", "-"): value
        for name, value in values.items()
        if value is not None
    }


def _file(entity: Entity) -> Facets:
    size = entity.first("fileSize")
    typed = number("integer", size) if size and size.isascii() and size.isdigit() else None
    hashes: list[Node] = []
    for value in entity.values("contentHash"):
        name = _HASHES.get(len(value))
        if name and _HEX.fullmatch(value):
            hashes.append({
                "@id": iri("hash", entity.key, value),
                "@type": "uco-types:Hash",
                "uco-types:hashMethod": name,
                "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": value.lower()},
            })  # fmt: skip
    return [
        ("uco-observable:FileFacet", _told(
            uco_observable__fileName=entity.values("fileName") or None,
            uco_observable__filePath=entity.values("path") or None,
            uco_observable__sizeInBytes=typed,
        )),
        ("uco-observable:ContentDataFacet", _told(
            uco_observable__hash=hashes or None,
            uco_observable__mimeType=entity.values("mimeType") or None,
            uco_observable__sizeInBytes=typed,
        )),
    ]  # fmt: skip


def _account(entity: Entity) -> Facets:
    name = entity.first("username", "iban", "accountNumber", "publicKey", "accountId")
    return [
        ("uco-observable:AccountFacet", _told(uco_observable__accountIdentifier=name)),
        ("uco-observable:DigitalAccountFacet", _told(
            uco_observable__accountLogin=entity.values("username") or None,
            uco_observable__displayName=entity.first("name"),
        )),
    ]  # fmt: skip


def _person(entity: Entity) -> Facets:
    return [
        ("uco-identity:SimpleNameFacet", _told(
            uco_identity__givenName=entity.values("firstName") or None,
            uco_identity__familyName=entity.values("lastName") or None,
            uco_identity__honorificPrefix=entity.values("title") or None,
        )),
    ]  # fmt: skip


def _address(entity: Entity) -> Facets:
    return [
        ("uco-location:SimpleAddressFacet", _told(
            uco_location__street=entity.first("street", "full"),
            uco_location__locality=entity.first("city"),
            uco_location__region=entity.first("region", "state"),
            uco_location__postalCode=entity.first("postalCode"),
            uco_location__country=entity.first("country"),
        )),
        ("uco-location:LatLongCoordinatesFacet", _told(
            uco_location__latitude=_decimal(entity.first("latitude")),
            uco_location__longitude=_decimal(entity.first("longitude")),
        )),
    ]  # fmt: skip


def _decimal(text: str | None) -> Node | None:
    try:
        found = Decimal(text) if text is not None and len(text) < 40 else None
    except InvalidOperation:
        return None
    return number("decimal", format(found, "f")) if found is not None and found.is_finite() else None


def _accounts(entity: Entity, *props: str) -> list[Node]:
    """References to observables only: UCO has a person send no message but from an account."""
    found = [
        one.target
        for one in entity.said
        if one.prop in props
        and one.target is not None
        and parent_of(one.target_schema or "Thing").startswith("uco-observable:")
    ]
    return [ref(entity_iri(key)) for key in dict.fromkeys(found)]


def _message(entity: Entity) -> Facets:
    senders = _accounts(entity, "senderAccount")
    return [
        ("uco-observable:MessageFacet", _told(
            uco_observable__from=senders[0] if senders else None,
            uco_observable__to=_accounts(entity, "recipientAccount") or None,
            uco_observable__sentTime=moment(entity.first("date")),
            uco_observable__messageID=entity.first("recordId"),
            uco_observable__messageText=entity.first("bodyText"),
            uco_observable__sessionID=entity.first("threadTopic"),
        )),
    ]  # fmt: skip


def _call(entity: Entity) -> Facets:
    duration = entity.first("duration")
    typed = number("integer", duration) if duration and duration.isascii() and duration.isdigit() else None
    return [
        ("uco-observable:CallFacet", _told(
            uco_observable__startTime=moment(entity.first("startDate", "date")),
            uco_observable__endTime=moment(entity.first("endDate")),
            uco_observable__duration=typed,
        )),
    ]  # fmt: skip


def weight_of(entity: Entity, material: Material) -> Node:
    """Sources, their letters, and the most bits, of what is said."""
    told: Node = {
        "partwatch:source": [ref(source_iri(material, one)) for one in entity.sources],
        "partwatch:reliability": sorted({material.standing[one].reliability for one in entity.sources}),
    }
    return told | ({"partwatch:bits": number("double", repr(entity.bits))} if entity.bits is not None else {})


def own_facet(entity: Entity, material: Material) -> Node:
    """Every statement about an entity, whole."""
    return {
        "@id": iri("facet", entity.key, "statements"),
        "@type": ["partwatch:StatementsFacet", "uco-core:Facet"],
        "partwatch:key": entity.key,
        "partwatch:schema": entity.schema,
        **({"partwatch:referent": list(entity.referents)} if entity.referents else {}),
        **weight_of(entity, material),
        "partwatch:statement": [_statement(one, material) for one in entity.said],
    }


def _statement(said: Said, material: Material) -> Node:
    told: Node = {
        "@type": "partwatch:Statement",
        "partwatch:entity": said.entity,
        "partwatch:saidSchema": said.schema,
        "partwatch:property": said.prop,
        "partwatch:value": said.value,
        "partwatch:source": ref(source_iri(material, said.source)),
        "partwatch:place": said.place,
    }
    if said.target is not None:
        told["partwatch:target"] = ref(entity_iri(said.target))
    if said.original is not None:
        told["partwatch:original"] = said.original
    if said.said_at is not None:
        told["partwatch:saidAt"] = said.said_at
    if said.bits is not None:
        told["partwatch:bits"] = number("double", repr(said.bits))
    return told


def source_iri(material: Material, number_of: int) -> str:
    """Of a source's record of provenance."""
    return iri("source", material.standing[number_of].key)
