"""How a case is told to STIX 2.1: identifiers, types, and the extension for what it has no words for."""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from partwatch.exchange.base import Entity, Said

Object = dict[str, Any]

# STIX 2.1, 2.9: the namespace of identifiers of observables, which are made of what they contain.
_OBSERVABLES: Final = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
# Ours: the namespace of all else, and of the extension; random, and fixed.
NAMESPACE: Final = uuid.UUID("6d5b58a2-2f4e-4a55-9e0b-3a8d5b1c7e42")
EXTENSION: Final = f"extension-definition--{uuid.uuid5(NAMESPACE, 'statements 1')}"
# STIX 2.1, 7.2.1.4: the markings that everybody has. TLP 2.0's CLEAR is what was WHITE.
_TLP: Final[Mapping[str, tuple[str, str]]] = {
    "clear": ("613f2e26-407d-48c7-9eca-b8e91df99dc9", "white"),
    "green": ("34098fce-860f-48ae-8e50-ebd3cc5e41da", "green"),
    "amber": ("f88d31f6-486f-44da-b317-01333bde0b82", "amber"),
    "red": ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red"),
}
PERSONS: Final[Mapping[str, str]] = {
    "Person": "individual", "Organization": "organization", "Company": "organization",
    "LegalEntity": "unknown",
}  # fmt: skip
# Accounts of any kind: what they are called there, and what tells them from others.
ACCOUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "UserAccount": ("username", "phone", "email"),
    "BankAccount": ("iban", "accountNumber"),
    "CryptoWallet": ("publicKey", "accountId"),
}
FILES: Final = ("Item", "PrintJob", "Document")
_HASHES: Final[Mapping[int, str]] = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
_HEX: Final = re.compile(r"[0-9a-fA-F]+")


def identifier(kind: str, *said: str) -> str:
    """An identifier of ours: the same for the same thing."""
    return f"{kind}--{uuid.uuid5(NAMESPACE, json.dumps([kind, *said]))}"


def observable(kind: str, contributing: Mapping[str, Any], rest: Mapping[str, Any] | None = None) -> Object:
    """An observable with the identifier that STIX makes of what it contains: equal ones are one, whoever
    speaks of them."""
    canonical = json.dumps(contributing, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    told = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(_OBSERVABLES, canonical)}"}
    return told | dict(contributing) | dict(rest or {})


def hashes_of(entity: Entity) -> dict[str, str]:
    """Digests of a file by the name of their algorithm, which their length tells."""
    found: dict[str, str] = {}
    for value in entity.values("contentHash"):
        name = _HASHES.get(len(value))
        if name and _HEX.fullmatch(value):
            found.setdefault(name, value.lower())
    return found


def file_of(entity: Entity) -> Object | None:
    """A file; None where nothing tells it from others."""
    hashes, name = hashes_of(entity), entity.first("fileName", "title", "name")
    told: dict[str, Any] = {}
    if hashes:
        # One alone goes into the identifier, the first of these (STIX 2.1, 6.7.2).
        first = next(one for one in ("MD5", "SHA-1", "SHA-256", "SHA-512") if one in hashes)
        told["hashes"] = {first: hashes[first]}
    if name:
        told["name"] = name
    if not told:
        return None
    rest: dict[str, Any] = {"hashes": hashes} if hashes else {}
    size, kind = entity.first("fileSize"), entity.first("mimeType")
    if size and size.isascii() and size.isdigit() and len(size) < 16:
        rest["size"] = int(size)
    if kind:
        rest["mime_type"] = kind
    return observable("file", told, rest)


def account_of(entity: Entity) -> Object | None:
    """An account with a service, a bank or a chain of blocks; None where nothing tells it from others."""
    login = entity.first(*ACCOUNTS[entity.schema])
    if login is None:
        return None
    kind = {"BankAccount": "bank-account", "CryptoWallet": "crypto-wallet"}.get(entity.schema)
    kind = kind or entity.first("service")
    told = {"account_type": kind, "user_id": login} if kind else {"user_id": login}
    name = entity.first("name")
    return observable("user-account", told, {"display_name": name} if name else {})


def phone_of(number: str) -> Object:
    """STIX has no telephone; a number is an account with a carrier."""
    return observable("user-account", {"account_type": "phone", "user_id": number})


def email_of(address: str) -> Object:
    """An e-mail address."""
    return observable("email-addr", {"value": address})


def ip_of(address: str) -> Object | None:
    """An IP address; None of what is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return observable(f"ipv{found.version}-addr", {"value": address})


def location_of(entity: Entity) -> dict[str, Any] | None:
    """Properties of a location; None where STIX would refuse it, which wants a country or coordinates."""
    told: dict[str, Any] = {}
    country = entity.first("country")
    if country and len(country) == 2 and country.isascii() and country.isalpha():
        told["country"] = country.upper()
    latitude, longitude = _number(entity.first("latitude"), 90), _number(entity.first("longitude"), 180)
    if latitude is not None and longitude is not None:
        told |= {"latitude": latitude, "longitude": longitude}
    if not told:
        return None
    for there, props in (
        ("city", ("city",)),
        ("street_address", ("street", "full")),
        ("postal_code", ("postalCode",)),
        ("administrative_area", ("state", "region")),
    ):
        if value := entity.first(*props):
            told[there] = value
    return told


def _number(text: str | None, most: float) -> float | None:
    try:
        found = float(text) if text is not None else None
    except ValueError:
        return None
    return found if found is not None and -most <= found <= most else None


def marking(level: str) -> Object:
    """The marking that everybody has for that level."""
    key, name = _TLP[level]
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{key}",
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": f"TLP:{name.upper()}",
        "definition": {"tlp": name},
    }


def statement(said: Said) -> Object:
    """A statement in our extension."""
    told = {
        "entity": said.entity,
        "schema": said.schema,
        "property": said.prop,
        "value": said.value,
        "source": said.source,
        "place": said.place,
        "original": said.original,
        "said_at": said.said_at,
        "bits": said.bits,
    }
    return {name: value for name, value in told.items() if value is not None}


def moment(text: str | None) -> str | None:
    """A moment as STIX writes it; None of what is not known to the second."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)?", text)
    return f"{found.group(1)}.000Z" if found else None


def kebab(name: str) -> str:
    """`senderAccount` as `sender-account`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
