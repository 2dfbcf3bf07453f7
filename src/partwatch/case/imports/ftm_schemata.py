"""followthemoney's schemata that a case has none of: the nearest that it has, and what their properties
become."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from partwatch.case.vocabulary import SCHEMATA

_DOCUMENT = "Document"
NEAREST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PublicBody": "Organization", "CallForTenders": "Interval", "Contract": "Asset",
        "ContractAward": "Payment",
        "Airplane": "Vehicle", "Vessel": "Vehicle", "Train": "Vehicle", "RealEstate": "Asset",
        "Security": "Asset",
        "License": "Asset", "Position": "Thing", "Project": "Thing", "Event": "Interval", "Trip": "Interval",
        "Article": _DOCUMENT, "Assessment": "Thing", "Email": "Message", "HyperText": _DOCUMENT,
        "PlainText": _DOCUMENT, "Pages": _DOCUMENT, "Image": _DOCUMENT, "Video": _DOCUMENT,
        "Audio": _DOCUMENT,
        "Table": _DOCUMENT, "Workbook": _DOCUMENT, "Package": _DOCUMENT, "Folder": _DOCUMENT,
        "Note": _DOCUMENT,
        "Family": "Associate", "Directorship": "UnknownLink", "Employment": "UnknownLink",
        "Membership": "UnknownLink",
        "Representation": "UnknownLink", "Succession": "UnknownLink", "Debt": "UnknownLink",
        "Occupancy": "UnknownLink", "Documentation": "UnknownLink", "ProjectParticipant": "UnknownLink",
        "CourtCaseParty": "UnknownLink", "Similar": "UnknownLink", "Identification": "Interval",
        "Passport": "Interval", "Sanction": "Interval", "CourtCase": "Thing", "TaxRoll": "Interval",
        "EconomicActivity": "Interval", "Mention": "Interval",
    }
)  # fmt: skip
# Other names of their properties; the ends of links above all.
RENAMED: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "Family": {"relative": "associate"},
        "Directorship": {"director": "subject", "organization": "object"},
        "Employment": {"employee": "subject", "employer": "object"},
        "Membership": {"member": "subject", "organization": "object"},
        "Representation": {"agent": "subject", "client": "object"},
        "Succession": {"predecessor": "subject", "successor": "object"},
        "Debt": {"debtor": "subject", "creditor": "object"},
        "Occupancy": {"holder": "subject", "post": "object"},
        "Documentation": {"document": "subject", "entity": "object"},
        "ProjectParticipant": {"participant": "subject", "project": "object"},
        "CourtCaseParty": {"party": "subject", "case": "object"},
        "Email": {"emitters": "sender", "inReplyToEmail": "inReplyToMessage", "title": "subject"},
        "CryptoWallet": {"cryptoAddress": "publicKey"},
    }
)


def nearest_schema(name: str) -> str | None:
    """The schema itself where a case has it, else the nearest; None where nothing is."""
    return name if name in SCHEMATA else NEAREST.get(name)


def property_name(schema: str, prop: str) -> str:
    """What a property of a foreign schema is called in the nearest one."""
    return RENAMED.get(schema, {}).get(prop, prop)
