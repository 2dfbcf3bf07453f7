"""The words of a case: schemata and properties of followthemoney, and ours beside them.

followthemoney (https://followthemoney.tech) is not imported: the names, types and ranges that a case uses
stand here, and a test of the heavier target holds each to the library. Its `Package` is a software package,
hence our `Parcel`. What is ours is marked so, and says which of its schemata it is told as abroad.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final


class Type(StrEnum):
    """What a property holds; the names are followthemoney's."""

    NAME = "name"
    DATE = "date"
    COUNTRY = "country"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    IP = "ip"
    IDENTIFIER = "identifier"
    ENTITY = "entity"
    STRING = "string"
    TEXT = "text"
    NUMBER = "number"
    CHECKSUM = "checksum"
    MIMETYPE = "mimetype"
    GENDER = "gender"
    LANGUAGE = "language"


# Types whose value two entities may share, and so be linked by.
SHARED_TYPES: Final = frozenset(
    (Type.PHONE, Type.EMAIL, Type.IP, Type.IDENTIFIER, Type.ADDRESS, Type.CHECKSUM, Type.URL)
)


@dataclass(frozen=True)
class Property:
    """One property. range: of an entity property, the schema that it points to. abroad: what
    followthemoney calls it, where it has another name for what is ours."""

    name: str
    type: Type
    range: str | None = None


@dataclass(frozen=True)
class Edge:
    """A schema that joins two entities: the properties that hold its ends."""

    source: str
    target: str
    directed: bool


@dataclass(frozen=True)
class Schema:
    """One schema. own: the properties it adds to those of `extends`. ours: not of followthemoney; it is
    told there as `abroad`. keyed_by: the properties whose normalised values are its identity; empty where
    every record is an entity of its own. family: whose keys it shares (a print job is an item)."""

    name: str
    extends: tuple[str, ...] = ()
    own: Mapping[str, Property] = field(default_factory=dict)
    edge: Edge | None = None
    ours: bool = False
    abroad: str | None = None
    keyed_by: tuple[str, ...] = ()
    family: str | None = None
    matchable: bool = False

    @cached_property
    def properties(self) -> Mapping[str, Property]:
        """All properties, inherited ones included."""
        found: dict[str, Property] = {}
        for name in self.extends:
            found.update(SCHEMATA[name].properties)
        return found | dict(self.own)

    @property
    def told_as(self) -> str:
        """Its name in followthemoney's own model."""
        return self.abroad or self.name

    def is_a(self, name: str) -> bool:
        """Whether it is that schema or extends it."""
        return self.name == name or any(SCHEMATA[one].is_a(name) for one in self.extends)


def _properties(told: str) -> dict[str, Property]:
    """`name:type` or `name:entity>Range`, separated by spaces; a name alone is a string."""
    found = {}
    for word in told.split():
        name, _, rest = word.partition(":")
        kind, _, span = (rest or "string").partition(">")
        found[name] = Property(name, Type(kind), span or None)
    return found


def _schema(
    name: str,
    extends: str = "",
    own: str = "",
    edge: tuple[str, str, bool] | None = None,
    abroad: str | None = None,
    keyed_by: str = "",
    family: str | None = None,
    matchable: bool = False,
) -> Schema:
    return Schema(
        name,
        tuple(extends.split()),
        _properties(own),
        Edge(*edge) if edge else None,
        abroad is not None,
        abroad,
        tuple(keyed_by.split()),
        family,
        matchable,
    )


SCHEMATA: Final[dict[str, Schema]] = {
    one.name: one
    for one in (
        # followthemoney's, as far as a case needs them.
        _schema(
            "Analyzable",
            own="namesMentioned:name peopleMentioned:name ibanMentioned:identifier ipMentioned:ip "
            "phoneMentioned:phone emailMentioned:email",
        ),
        # Ours: what else is found in a text, and has a key of its own wherever it turns up.
        _schema(
            "Mentioning",
            "Analyzable",
            own="accountMentioned:entity>UserAccount walletMentioned:entity>CryptoWallet "
            "parcelMentioned:entity>Parcel vehicleMentioned:entity>Vehicle urlMentioned:url",
            abroad="Analyzable",
        ),
        _schema(
            "Thing",
            own="name:name alias:name weakAlias:name previousName:name country:country summary:text "
            "notes:text description:text sourceUrl:url publisher keywords address:address "
            "addressEntity:entity>Address createdAt:date modifiedAt:date retrievedAt:date",
        ),
        _schema("Value", own="amount:number amountUsd:number currency"),
        _schema("Asset", "Thing Value"),
        _schema(
            "Interval",
            own="startDate:date endDate:date date:date summary:text description:text recordId sourceUrl:url "
            "publisher modifiedAt:date retrievedAt:date",
        ),
        _schema("Interest", "Interval", own="role status"),
        _schema(
            "LegalEntity",
            "Thing",
            own="email:email phone:phone website:url registrationNumber:identifier idNumber:identifier "
            "taxNumber:identifier vatCode:identifier jurisdiction:country",
            matchable=True,
        ),
        _schema(
            "Person",
            "LegalEntity",
            own="title firstName secondName middleName lastName birthDate:date birthPlace "
            "nationality:country passportNumber:identifier gender:gender profession spokenLanguage:language",
            matchable=True,
        ),
        _schema("Organization", "LegalEntity", matchable=True),
        _schema("Company", "Organization Asset", matchable=True),
        _schema(
            "Address",
            "Thing",
            own="full:address remarks postOfficeBox street street2 city postalCode region state "
            "latitude:number longitude:number",
            matchable=True,
        ),
        _schema(
            "UserAccount",
            "Thing",
            own="owner:entity>LegalEntity service email:email phone:phone username ipAddress:ip",
            keyed_by="service username",
            matchable=True,
        ),
        _schema(
            "BankAccount",
            "Asset",
            own="bankName accountNumber:identifier iban:identifier bic:identifier accountType "
            "openingDate:date closingDate:date",
            keyed_by="iban",
            matchable=True,
        ),
        _schema(
            "CryptoWallet",
            "Thing Value",
            own="publicKey:identifier accountId:identifier creationDate:date currencySymbol "
            "blockchain managingExchange holder:entity>LegalEntity",
            keyed_by="publicKey",
            matchable=True,
        ),
        _schema(
            "Vehicle",
            "Asset",
            own="registrationNumber:identifier type model owner:entity>LegalEntity "
            "operator:entity>LegalEntity registrationDate:date",
            keyed_by="registrationNumber",
            matchable=True,
        ),
        _schema(
            "Document",
            "Thing Mentioning",
            own="fileName extension fileSize:number contentHash:checksum mimeType:mimetype title author "
            "bodyText:text messageId date:date authoredAt:date publishedAt:date",
        ),
        _schema(
            "Payment",
            "Interval Value",
            own="sequenceNumber transactionNumber purpose:text payer:entity>LegalEntity "
            "payerAccount:entity>BankAccount beneficiary:entity>LegalEntity "
            "beneficiaryAccount:entity>BankAccount",
            edge=("payer", "beneficiary", True),
        ),
        _schema(
            "Message",
            "Interval Mentioning",
            own="messageId subject threadTopic bodyText:text sender:entity>LegalEntity "
            "senderAccount:entity>UserAccount recipients:entity>LegalEntity "
            "recipientAccount:entity>UserAccount inReplyTo inReplyToMessage:entity>Message",
        ),
        _schema(
            "Call",
            "Interval",
            own="caller:entity>LegalEntity callerNumber:phone receiver:entity>LegalEntity "
            "receiverNumber:phone duration:number",
        ),
        _schema(
            "Ownership",
            "Interest",
            own="owner:entity>LegalEntity asset:entity>Asset ownershipType percentage",
            edge=("owner", "asset", True),
        ),
        _schema(
            "Associate",
            "Interval",
            own="person:entity>Person associate:entity>Person relationship",
            edge=("person", "associate", False),
        ),
        _schema(
            "UnknownLink",
            "Interest",
            own="subject:entity>Thing object:entity>Thing",
            edge=("subject", "object", False),
        ),
        # Ours.
        _schema(
            "Item",
            "Document",
            own="path member format finding complete marks exhibit:entity>Exhibit parcel:entity>Parcel "
            "listing:entity>Listing account:entity>UserAccount submitter:entity>LegalEntity "
            "message:entity>Message",
            abroad="Document",
            keyed_by="contentHash",
        ),
        _schema(
            "PrintJob",
            "Item",
            own="slicer printer:entity>Printer printedAt:date",
            abroad="Document",
            keyed_by="contentHash",
            family="Item",
        ),
        _schema("Design", "Thing", own="watchlist authority parts:number", abroad="Thing", keyed_by="name"),
        _schema(
            "Assembly",
            "Thing",
            own="design:entity>Design items:entity>Item group:entity>Thing missing finding",
            abroad="Thing",
        ),
        _schema(
            "Parcel",
            "Thing",
            own="trackingNumber:identifier carrier sender:entity>LegalEntity recipient:entity>LegalEntity "
            "senderAddress:address recipientAddress:address senderPhone:phone recipientPhone:phone "
            "senderEmail:email recipientEmail:email postedAt:date deliveredAt:date seizedAt:date "
            "weight:number contents:entity>Thing origin:country destination:country payer:entity>LegalEntity",
            abroad="Thing",
            keyed_by="trackingNumber",
        ),
        _schema(
            "Exhibit",
            "Thing",
            own="exhibitNumber:identifier seizedAt:date seizedFrom:entity>LegalEntity seizedPlace:address "
            "custodian parcel:entity>Parcel containedIn:entity>Exhibit contents:entity>Thing",
            abroad="Thing",
            keyed_by="exhibitNumber",
        ),
        _schema(
            "Device",
            "Asset",
            own="serialNumber:identifier imei:identifier vendor model deviceType owner:entity>LegalEntity",
            abroad="Asset",
            keyed_by="serialNumber",
        ),
        _schema(
            "Printer",
            "Asset",
            own="serialNumber:identifier vendor model owner:entity>LegalEntity location:address",
            abroad="Asset",
            keyed_by="serialNumber",
        ),
        _schema(
            "Listing",
            "Thing Value Mentioning",
            own="platform listingId:identifier title seller:entity>UserAccount "
            "publishedAt:date removedAt:date items:entity>Item designs:entity>Design",
            abroad="Thing",
            keyed_by="platform listingId",
        ),
        _schema(
            "Match",
            "Interest",
            own="item:entity>Item design:entity>Design part relation medium finding body:number score:number "
            "surprise:number",
            edge=("item", "design", True),
            abroad="UnknownLink",
        ),
        _schema(
            "SameSource",
            "Interest",
            own="item:entity>Item other:entity>Item marks",
            edge=("item", "other", False),
            abroad="UnknownLink",
        ),
    )
}


def schema_of(name: str) -> Schema | None:
    """The schema of that name."""
    return SCHEMATA.get(name)


def property_of(schema: str, name: str) -> Property | None:
    """A property of a schema, its own or inherited."""
    found = SCHEMATA.get(schema)
    return found.properties.get(name) if found else None


def most_specific(names: frozenset[str]) -> str:
    """What an entity is, of which different sources say different schemata: the one that extends most of
    the others; by name where two extend as many."""
    known = sorted(name for name in names if name in SCHEMATA)
    if not known:
        return "Thing"
    return max(known, key=lambda name: sum(SCHEMATA[name].is_a(other) for other in known))
