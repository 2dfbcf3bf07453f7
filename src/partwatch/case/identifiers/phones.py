"""Phone numbers, by phonenumbers (Google's libphonenumber): E.164.

In text a number counts where it carries its country (+33 ...), or where a region is known and it is written
as people of that region write it: with its trunk prefix or in groups, or behind a word that says phone.
Whether a number is possible and of an assigned range is the library's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from partwatch.case.extras import CASE
from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, before, shown

_MOST_CHARS = 40
_CANDIDATE = re.compile(
    r"(?<![\w+./\\#-])(?:\+|00)?\(?\d(?:[\d\u00a0\u202f ().\-/]{5,24})\d(?![\w/\\]|[.,:\-]\d|[ \u00a0]?%)"
)
_LINK = re.compile(r"(?<![\w.])(?:wa\.me/|tel:)\+?(\d{8,15})(?!\d)", re.IGNORECASE)
_SAYS_PHONE = re.compile(
    r"(?:\b(?:t[ée]l(?:[ée]phone)?|phone|mob(?:ile)?|cell|gsm|port(?:able)?|handy|telefon|telefono|"
    r"tel[ée]fono|nummer|call|ring|text|sms|whats\s?app|signal|viber|appelez|joindre|fax)\b|[☎📞📱])[^\d\n]{0,20}$"
)
_SAYS_OTHER = re.compile(
    r"(?:\b(?:order|invoice|facture|commande|ref(?:[ée]rence)?|serial|isbn|ean|gtin|sku|tracking|suivi|colis|"
    r"parcel|imei|iban|account|siret|siren|vat|tva|version|article|ticket|id|job|"
    r"box|lot|batch|code|part|item|pin|hash|size|n[°o]|nr|no)\b|[#№$€£])[^\d\n]{0,12}$"
)
# "No." says that a number comes, not of what.
_NUMBER_OF = re.compile(r"n[°o]|nr|no|#|№", re.IGNORECASE)
# Words behind bare digits that say that something was counted.
_COUNTS = re.compile(
    r"\s?(?:bytes|octets|[kmg]i?b|layers|couches|lines|lignes|rows|steps|times|fois|m?m|cm|k?g|seconds?|secondes?|"
    r"ms|hours|heures|pcs|pieces|pi[èe]ces|eur|euros?|usd|x|€|\$)\b",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"[^\d+]")
_DATE = re.compile(r"(?:\d{1,2}([./\- ])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./\- ])\d{1,2}\2\d{1,2})(?!\d)")


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Numbers that are valid in their country."""
    if len(text) < 8:
        return
    for link in _LINK.finditer(text):
        value = _parsed("+" + link[1], None)
        if value:
            yield Found("phone", value, link[0], *link.span())
    for candidate in _CANDIDATE.finditer(text):
        written, start = candidate[0], candidate.start()
        if written.startswith("(") and ")" not in written:
            # The sentence's bracket, not the number's.
            written, start = written[1:], start + 1
        value = _accepted(written, text, start, hint.region)
        if value:
            yield Found("phone", value, written, start, candidate.end())


def _accepted(written: str, text: str, start: int, region: str | None) -> str | None:
    digits = sum(one.isdigit() for one in written)
    if not 8 <= digits <= 15 + 2 or _DATE.match(written) or not _balanced(written):
        return None
    ahead = before(text, start)
    spoken, other = _SAYS_PHONE.search(ahead), _SAYS_OTHER.search(ahead)
    if other and not (spoken and (spoken.start() > other.start() or _NUMBER_OF.match(other[0]))):
        return None
    if written.startswith("+"):
        return _parsed(written, None)
    if region is None:
        return None
    if not spoken and written.isdigit() and _COUNTS.match(text, start + len(written)):
        return None
    if not spoken and not _as_people_write(written, region):
        return None
    return _parsed(written, region)


def _as_people_write(written: str, region: str) -> bool:
    """With a trunk prefix (or 00 and a country), or in groups where a region has no such prefix."""
    prefix = _trunk(region)
    if written.startswith("00"):
        return bool(_GROUPED.search(written))
    bare = written.lstrip("(")
    if prefix == "0":
        return bare.startswith("0")
    return len(_GROUPED.findall(written)) >= 2


def _balanced(written: str) -> bool:
    return written.count("(") == written.count(")") <= 1


@lru_cache(maxsize=512)
def _trunk(region: str) -> str | None:
    metadata = _library().PhoneMetadata.metadata_for_region(region.upper(), None)
    return metadata.national_prefix if metadata else None


def _library() -> Any:
    return CASE.module("phonenumbers", "a phone number")


@lru_cache(maxsize=1 << 16)
def _parsed(written: str, region: str | None) -> str | None:
    """E.164, or None where it is no valid number. Cached: a parse takes a tenth of a millisecond."""
    library = _library()
    try:
        number = library.parse(written, region.upper() if region else None)
    except library.NumberParseException:
        return None
    if not library.is_valid_number(number):
        return None
    return str(library.format_number(number, library.PhoneNumberFormat.E164))


def normalise(text: str, hint: Hint) -> str:
    """E.164. Raises NotValidError."""
    told = " ".join(text.split())
    if len(told) > _MOST_CHARS:
        raise NotValidError(f"{shown(text)} is too long for a phone number")
    value = _parsed(told, hint.region)
    if value:
        return value
    if hint.region is None and not told.startswith("+"):
        raise NotValidError(
            f"{shown(text)} has no country code (+..) and no region is known: give the region"
        )
    raise NotValidError(f"{shown(text)} is no valid phone number")


KIND = Kind(
    "phone",
    find,
    normalise,
    (
        ("+33 6 12 34 56 78", "+33612345678"),
        ("06 12 34 56 78", "+33612345678"),
        ("+32 470 12 34 56", "+32470123456"),
    ),
    ("order 0612345678", "12.03.2024 2345678", "total 1234567890", "v10.0.19041.1200", "0123 456"),
    Hint("FR"),
)
