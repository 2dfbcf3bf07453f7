"""Names and identifiers under names that say nothing: who has the key can tell that two are the same, and
nobody else can tell of whom they are.

An unkeyed digest would not do: there are few enough phone numbers, handles and plates to try them all. For
the same reason keys of entities are replaced too, which are digests of such identifiers.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

from partwatch.case.statements import folded
from partwatch.case.vocabulary import Property, Type
from partwatch.model.errors import UsageError

LEAST_KEY_BYTES: Final = 16
_DIGITS: Final = 16
# Where a source has something, in words that cannot hold a name: "row 12".
_PLACE: Final = re.compile(r"[a-z]{1,12} [0-9]{1,12}")
# Strings from small sets of words, which tell nothing of a person. All others are left out.
_KEPT: Final = frozenset(
    ("service", "currency", "currencySymbol", "carrier", "platform", "format", "finding", "complete",
     "relation", "medium", "part", "watchlist", "authority", "slicer", "vendor", "model", "accountType",
     "missing", "blockchain", "deviceType", "extension")
)  # fmt: skip
# Types whose values tell of no person, and what those look like; others are what an importer took over as it
# was, and are replaced.
_DATE: Final = re.compile(
    r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:]{2,8}(\.[0-9]{1,9})?(Z|[+-][0-9:]{2,5})?)?)?)?"
)
_FORMS: Final = {
    Type.DATE: _DATE,
    Type.COUNTRY: re.compile(r"[A-Za-z-]{2,6}"),
    Type.LANGUAGE: re.compile(r"[A-Za-z]{2,3}"),
    Type.MIMETYPE: re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,80}"),
    Type.CHECKSUM: re.compile(r"[0-9a-fA-F]{32,128}"),
    Type.NUMBER: re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?"),
}
_PLACES_OF_PEOPLE: Final = frozenset(("latitude", "longitude"))
_PREFIX: Final = {Type.NAME: "name", Type.IDENTIFIER: "id", Type.ADDRESS: "address", Type.STRING: "user"}


@dataclass(frozen=True)
class Pseudonyms:
    """HMAC-SHA256 under a secret key: 64 bits of it stand for a name or an identifier, 160 for an entity.
    Raises UsageError for a key that could be guessed."""

    key: bytes

    def __post_init__(self) -> None:
        if len(self.key) < LEAST_KEY_BYTES:
            raise UsageError(f"a key for pseudonyms needs {LEAST_KEY_BYTES} bytes or more")

    def entity(self, key: str) -> str:
        """Stands for the key of an entity."""
        return self._of("entity", key)[:40]

    def text(self, what: str, text: str) -> str:
        """Stands for a text of that kind."""
        return f"{what}-{self._of(what, folded(text))[:_DIGITS]}"

    def place(self, place: str) -> str:
        """A place in a source; one that could hold a name is replaced."""
        return place if _PLACE.fullmatch(place) else self.text("place", place)

    def moment(self, moment: str | None) -> str | None:
        """When something was said; None of what is no moment."""
        return moment if moment is not None and _DATE.fullmatch(moment) else None

    def tells(self, prop: Property) -> bool:
        """Whether anything may be told of a property's values."""
        if prop.name in _PLACES_OF_PEOPLE:
            return False
        if prop.type is Type.STRING:
            return prop.name in _KEPT or prop.name == "username"
        return prop.type not in (Type.TEXT, Type.GENDER)

    def value(self, schema: str, prop: Property, value: str) -> str:
        """What is told of a value of a property of which anything is. Equal values stay equal, within a
        type."""
        if prop.type in _FORMS:
            read = _FORMS[prop.type].fullmatch(value)
            if read is None:
                return self.text(prop.type.value, value)
            return value[:4] if prop.name == "birthDate" else value
        if (schema == "Design" and prop.name == "name") or prop.name in _KEPT:
            return value
        if prop.type is Type.ENTITY:
            return self.entity(value)
        return self._standing_for(prop.type, value)

    def _standing_for(self, kind: Type, value: str) -> str:
        """In a form that readers of other formats take for the same kind of thing, and that leads nowhere:
        the country code +999 is not given out, .invalid is no domain, 2001:db8::/32 is for documents."""
        digest = self._of(kind.value, folded(value))
        if kind is Type.PHONE:
            return f"+999{int(digest, 16) % 10**11:011d}"
        if kind is Type.EMAIL:
            return f"{digest[:_DIGITS]}@pseudonym.invalid"
        if kind is Type.URL:
            return f"https://pseudonym.invalid/{digest[:_DIGITS]}"
        if kind is Type.IP:
            return "2001:db8::" + ":".join(f"{int(digest[at : at + 4], 16):x}" for at in range(0, 16, 4))
        return f"{_PREFIX[kind]}-{digest[:_DIGITS]}"

    def _of(self, *said: str) -> str:
        # Lengths first: no two lists of texts are one text.
        parts = [part.encode("utf-8", "surrogatepass") for part in said]
        text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()
