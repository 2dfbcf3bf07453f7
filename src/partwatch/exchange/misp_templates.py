"""The objects of MISP that a case is told as: its own for what everybody knows, and ours for the rest.

Names of objects and attributes, and their types, are those of the object templates that MISP publishes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from partwatch.case.vocabulary import SCHEMATA, Type

NAMESPACE: Final = uuid.UUID("0f6f3c1e-8b1d-4f7a-9a53-6c2f8e4d7b90")
VERSION: Final = 1


@dataclass(frozen=True)
class Template:
    """A template of MISP. relations: our property to (its attribute, the type of that, whether it may be
    there several times). needs: attributes of which one must be there."""

    name: str
    uuid: str
    version: int
    category: str
    relations: Mapping[str, tuple[str, str, bool]]
    needs: frozenset[str]


def _relations(told: str) -> dict[str, tuple[str, str, bool]]:
    """`ours=theirs:type`, with a star where several may be there."""
    found = {}
    for word in told.split():
        ours, _, rest = word.partition("=")
        theirs, _, kind = rest.partition(":")
        found[ours] = (theirs, kind.rstrip("*"), kind.endswith("*"))
    return found


_FILE: Final = Template(
    "file", "688c46fb-5edb-40a3-8273-1af7923e2215", 25, "file",
    _relations("fileName=filename:filename* fileSize=size-in-bytes:size-in-bytes contentHash=sha256:sha256 "
               "mimeType=mimetype:mime-type path=path:text*"),
    frozenset(("filename", "sha256", "size-in-bytes", "path")),
)  # fmt: skip
_ORGANIZATION: Final = Template(
    "organization", "f750e12b-127a-432c-b022-b3f9153c4e2a", 9, "misc",
    _relations("name=name:text alias=alias:text* address=address:text* email=e-mail:email-src* "
               "phone=phone-number:phone-number* vatCode=VAT:text* "
               "registrationNumber=registration-number:text"),
    frozenset(("name", "alias")),
)  # fmt: skip
THEIRS: Final[Mapping[str, Template]] = {
    "Item": _FILE,
    "PrintJob": _FILE,
    "Document": _FILE,
    "Organization": _ORGANIZATION,
    "Company": _ORGANIZATION,
    "Person": Template(
        "person", "a15b0477-e9d1-4b9c-9546-abe78a4f4248", 21, "misc",
        _relations("name=full-name:full-name firstName=first-name:first-name "
                   "middleName=middle-name:middle-name lastName=last-name:last-name alias=alias:text* "
                   "address=address:text* email=e-mail:email-src* phone=phone-number:phone-number* "
                   "nationality=nationality:nationality* "
                   "passportNumber=passport-number:passport-number birthPlace=place-of-birth:place-of-birth "
                   "title=title:text gender=gender:gender profession=occupation:text"),
        frozenset(("full-name", "first-name", "last-name", "alias")),
    ),
    "UserAccount": Template(
        "user-account", "49606b06-22f0-4ac8-8eee-2f12ad46f3d3", 6, "misc",
        _relations("username=username:text service=account-type:text name=display-name:text "
                   "email=email:email*"),
        frozenset(("username",)),
    ),
    "BankAccount": Template(
        "bank-account", "b4712203-95a8-4883-80e9-b566f5df11c9", 3, "financial",
        _relations("iban=iban:iban accountNumber=account:bank-account-nr bic=swift:bic "
                   "bankName=institution-name:text currency=currency-code:text name=account-name:text"),
        frozenset(("iban", "account")),
    ),
    "CryptoWallet": Template(
        "coin-address", "d0e6997e-78da-4815-a6a1-cfc1c1cb8a46", 7, "financial",
        _relations("publicKey=address-crypto:text currencySymbol=symbol:text"),
        frozenset(("address-crypto",)),
    ),
    "Vehicle": Template(
        "vehicle", "683c076c-f695-4ff2-8efa-e98a418049f4", 5, "misc",
        _relations("registrationNumber=license-plate-number:text* model=model:text type=type:text"),
        frozenset(("license-plate-number", "model")),
    ),
    "Address": Template(
        "geolocation", "cd6f2238-ba55-4888-82c4-104e6e1acf21", 8, "misc",
        _relations("full=address:text city=city:text region=region:text country=countrycode:text "
                   "postalCode=zipcode:text latitude=latitude:float longitude=longitude:float"),
        frozenset(("latitude", "longitude", "city", "region", "countrycode")),
    ),
}  # fmt: skip

# Of MISP's types, those that a property of ours may be told as. Dates stay text: many are known to the month.
_TYPES: Final[Mapping[Type, str]] = {
    Type.PHONE: "phone-number",
    Type.EMAIL: "email",
    Type.URL: "url",
}
# What an attribute of a type must look like; MISP's server refuses others.
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "sha256": re.compile(r"[0-9a-fA-F]{64}"),
    "size-in-bytes": re.compile(r"[0-9]{1,15}"),
    "float": re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,12})?"),
    "email": re.compile(r"[^\s@]+@[^\s@]+"),
    "email-src": re.compile(r"[^\s@]+@[^\s@]+"),
    "url": re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+"),
    "phone-number": re.compile(r"[+]?[0-9 ()./-]{3,40}"),
}


def fits(kind: str, value: str) -> bool:
    """Whether a value may be an attribute of that type."""
    form = _FORMS.get(kind)
    return form is None or form.fullmatch(value) is not None


def own_name(schema: str) -> str:
    """The name of our own object for a schema."""
    return f"partwatch-{kebab(schema)}"


def own_uuid(schema: str) -> str:
    """The identifier of our own template for a schema."""
    return str(uuid.uuid5(NAMESPACE, f"template {schema}"))


def own_type(kind: Type) -> str:
    """What a property of that type is told as in an object of ours."""
    return _TYPES.get(kind, "text")


def template_of(schema: str) -> dict[str, Any]:
    """Our template for a schema, as MISP reads templates."""
    found = SCHEMATA[schema]
    attributes = {
        kebab(prop.name): {
            "description": f"{prop.name} ({prop.type.value})",
            "disable_correlation": prop.type
            in (Type.DATE, Type.NUMBER, Type.STRING, Type.TEXT, Type.COUNTRY),
            "misp-attribute": own_type(prop.type),
            "multiple": True,
            "to_ids": False,
            "ui-priority": 1,
        }
        for prop in sorted(found.properties.values(), key=lambda one: one.name)
        if prop.type is not Type.ENTITY
    }
    attributes |= {
        name: {
            "description": told,
            "disable_correlation": name != "key",
            "misp-attribute": kind,
            "multiple": False,
            "to_ids": False,
            "ui-priority": 0,
        }
        for name, kind, told in OWN
    }
    return {
        "attributes": dict(sorted(attributes.items())),
        "description": f"{schema} as a case of Partwatch tells it.",
        "meta-category": "misc",
        "name": own_name(schema),
        "required": ["key"],
        "uuid": own_uuid(schema),
        "version": VERSION,
    }


# What an object of ours has beside its properties.
OWN: Final = (
    ("key", "text", "the entity's key in the case"),
    ("bits", "float", "log2 of a likelihood ratio, of what is inferred"),
)


def kebab(name: str) -> str:
    """`senderAccount` as `sender-account`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
