"""A tiny document of CASE/UCO, for the contract test."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from partwatch.case.imports.base import Example

_DIGEST = "ab" * 32


def _typed(value: str, kind: str) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": value}


def _object(name: str, kind: str, *facets: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = [{"@id": f"kb:{name}-facet-{index}", **facet} for index, facet in enumerate(facets)]
    return {"@id": f"kb:{name}", "@type": kind, "uco-core:hasFacet": told, **more}


def _document() -> dict[str, Any]:
    observable = "uco-observable:"
    file = _object(
        "file", f"{observable}File",
        {"@type": f"{observable}FileFacet", f"{observable}fileName": "wheel.stl",
         f"{observable}sizeInBytes": _typed("84", "integer")},
        {"@type": f"{observable}ContentDataFacet", f"{observable}mimeType": "model/stl",
         f"{observable}hash": [
            {"@id": "kb:h", "@type": "uco-types:Hash", "uco-types:hashMethod": _typed("SHA256", "string"),
             "uco-types:hashValue": _typed(_DIGEST.upper(), "hexBinary")}]},
    )  # fmt: skip
    message = _object(
        "message", f"{observable}Message",
        {"@type": f"{observable}MessageFacet",
         f"{observable}messageText": "ask @gear_shop on telegram, 192.0.2.7",
         f"{observable}from": {"@id": "kb:account"}, f"{observable}to": [{"@id": "kb:phone"}],
         f"{observable}sentTime": _typed("2024-03-05T10:00:00+01:00", "dateTime")},
    )  # fmt: skip
    account = _object(
        "account", f"{observable}ApplicationAccount",
        {"@type": f"{observable}AccountFacet", f"{observable}accountIdentifier": "Ada_L"},
        {"@type": f"{observable}ApplicationAccountFacet", f"{observable}application": {"@id": "kb:app"}},
    )  # fmt: skip
    phone = _object(
        "phone", f"{observable}PhoneAccount",
        {"@type": f"{observable}PhoneAccountFacet", f"{observable}phoneNumber": "+33 6 12 34 56 78"},
    )  # fmt: skip
    app = _object("app", f"{observable}Application", **{"uco-core:name": "Chatter"})
    person = _object("ada", "uco-identity:Person", {"@type": "uco-identity:SimpleNameFacet",
                     "uco-identity:givenName": "Ada", "uco-identity:familyName": "L"})  # fmt: skip
    relation = {
        "@id": "kb:r", "@type": "uco-core:Relationship", "uco-core:source": {"@id": "kb:ada"},
        "uco-core:target": {"@id": "kb:account"}, "uco-core:kindOfRelationship": "Has_Account",
    }  # fmt: skip
    broken = {"@id": "kb:s", "@type": "uco-core:Relationship", "uco-core:source": {"@id": "kb:ada"}}
    context = {
        "kb": "http://example.org/kb/", "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
        "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    }  # fmt: skip
    return {"@context": context, "@graph": [message, file, account, phone, app, person, relation, broken]}


def examples() -> Iterable[Example]:
    """A file, a message between two accounts, a person."""
    yield Example(
        "graph",
        {"a.jsonld": json.dumps(_document()).encode()},
        "a.jsonld",
        (
            ("Item", "contentHash", _DIGEST),
            ("Item", "fileName", "wheel.stl"),
            ("Item", "fileSize", "84"),
            ("Message", "date", "2024-03-05T09:00:00+00:00"),
            ("Message", "ipMentioned", "192.0.2.7"),
            ("UserAccount", "service", "chatter"),
            ("UserAccount", "username", "Ada_L"),
            ("UserAccount", "phone", "+33612345678"),
            ("Person", "name", "Ada L"),
            ("UnknownLink", "role", "Has Account"),
        ),
        errors=1,
    )
