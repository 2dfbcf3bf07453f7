"""The normal form of a property's value, by its type: the same thing is written the same way, whoever says
it."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from partwatch.case.identifiers import dates, emails, ibans, ips, phones, plates, tracking, urls, wallets
from partwatch.case.identifiers.base import Hint, NotValidError, shown
from partwatch.case.identifiers.tracking import COUNTRIES
from partwatch.case.vocabulary import Property, Type, property_of

Normaliser = Callable[[str, Hint], str]

# What cannot stand in a database or a page: control characters, halves of surrogate pairs.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_HASH_CHARS = (32, 40, 64, 96, 128)
_GENDERS = {
    "m": "male", "male": "male", "man": "male", "homme": "male", "männlich": "male", "h": "male",
    "f": "female", "female": "female", "woman": "female", "femme": "female", "weiblich": "female",
    "w": "female",
    "other": "other", "divers": "other", "d": "other", "x": "other",
}  # fmt: skip
_NUMBER = re.compile(r"[-+]?\d[\d  \u00a0\u202f'’.,]*(?:[eE][-+]?\d{1,3})?")


def clean(text: str) -> str:
    """Without characters that no store takes: what is broken is U+FFFD, control characters are gone."""
    if text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else "", text)


def one_line(text: str, hint: Hint) -> str:
    """Spaces do not count."""
    return " ".join(clean(text).split())


def paragraphs(text: str, hint: Hint) -> str:
    """Text as it stands, without space around it."""
    return clean(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def number(text: str, hint: Hint) -> str:
    """A decimal with a full stop; a lone comma is the decimal sign where it cannot part thousands. Raises
    NotValidError."""
    told = text.strip().replace("\u2212", "-")
    if len(told) > 64 or not _NUMBER.fullmatch(told):
        raise NotValidError(f"{shown(text)} is no number")
    told = re.sub(r"[  \u00a0\u202f'’]", "", told)
    comma, stop = told.rfind(","), told.rfind(".")
    if comma >= 0 and stop >= 0:
        return decimal(told, "," if comma > stop else ".", text)
    if told.count(",") > 1 or told.count(".") > 1:
        return decimal(told, "." if comma >= 0 else ",", text)
    if comma >= 0 and re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", told):
        raise NotValidError(f"{shown(text)} may be thousands or a fraction: give `decimal`")
    return decimal(told, "," if comma >= 0 else ".", text)


def decimal(told: str, mark: str, shown_as: str | None = None) -> str:
    """A decimal whose decimal sign is known; the other one, spaces and apostrophes part thousands. Raises
    NotValidError."""
    plain = re.sub(r"[\s  \u00a0\u202f'’]", "", told).replace("\u2212", "-")
    plain = plain.replace("." if mark == "," else ",", "").replace(mark, ".")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value.adjusted()) > 30 or len(plain) > 64:
        raise NotValidError(f"{shown(shown_as or told)} is no number")
    return format(value.normalize(), "f") if value else "0"


def country(text: str, hint: Hint) -> str:
    """ISO 3166 alpha-2 in lower case, as followthemoney has it. Raises NotValidError."""
    told = text.strip().upper()
    told = {"UK": "GB", "EL": "GR"}.get(told, told)
    if told not in COUNTRIES:
        raise NotValidError(
            f"{shown(text)} is no country of two letters (ISO 3166): translate it by `values`"
        )
    return told.lower()


def checksum(text: str, hint: Hint) -> str:
    """Hex digits in lower case, of a length that a hash has. Raises NotValidError."""
    told = re.sub(r"[\s:]", "", text).lower()
    told = re.sub(r"^(?:sha-?(?:1|256|512)|md5)", "", told) if len(told) not in _HASH_CHARS else told
    if len(told) not in _HASH_CHARS or not re.fullmatch("[0-9a-f]+", told):
        raise NotValidError(f"{shown(text)} is no hash in hex digits")
    return told


def gender(text: str, hint: Hint) -> str:
    """male, female or other. Raises NotValidError."""
    found = _GENDERS.get(text.strip().lower())
    if found is None:
        raise NotValidError(f"{shown(text)} is none of male, female, other: translate it by `values`")
    return found


def lower(text: str, hint: Hint) -> str:
    """In lower case, without parameters."""
    return one_line(text, hint).split(";")[0].strip().lower()


def compact(text: str, hint: Hint) -> str:
    """An identifier whose spaces and case do not count."""
    return "".join(clean(text).split()).upper()


def wallet(text: str, hint: Hint) -> str:
    """A wallet's address: checked where its form is known, else as it stands. Raises NotValidError."""
    told = one_line(text, hint)
    try:
        return wallets.normalise(told, hint)
    except NotValidError:
        if wallets.looks_known(told):
            raise
        return told


def parcel_number(text: str, hint: Hint) -> str:
    """A tracking number of whatever carrier: capitals, without spaces."""
    return compact(text, hint)


_BY_TYPE: Final[dict[Type, Normaliser]] = {
    Type.NAME: one_line, Type.STRING: one_line, Type.ADDRESS: one_line, Type.IDENTIFIER: one_line,
    Type.TEXT: paragraphs, Type.DATE: dates.normalise, Type.PHONE: phones.normalise,
    Type.EMAIL: emails.normalise,
    Type.URL: urls.normalise, Type.IP: ips.normalise, Type.COUNTRY: country, Type.NUMBER: number,
    Type.CHECKSUM: checksum, Type.MIMETYPE: lower, Type.GENDER: gender, Type.LANGUAGE: lower,
}  # fmt: skip
_BY_NAME: Final[dict[tuple[str, str], Normaliser]] = {
    ("BankAccount", "iban"): ibans.normalise,
    ("Analyzable", "ibanMentioned"): ibans.normalise,
    ("CryptoWallet", "publicKey"): wallet,
    ("Parcel", "trackingNumber"): parcel_number,
    ("Vehicle", "registrationNumber"): plates.normalise,
    ("Device", "serialNumber"): compact,
    ("Printer", "serialNumber"): compact,
}
# What a mapping may ask for by name, whatever the property.
FORMATS: Final[dict[str, Normaliser]] = {
    "text": one_line, "paragraphs": paragraphs, "number": number, "date": dates.normalise,
    "phone": phones.normalise,
    "email": emails.normalise, "url": urls.normalise, "ip": ips.normalise, "iban": ibans.normalise,
    "wallet": wallets.normalise, "plate": plates.normalise, "tracking": tracking.normalise,
    "country": country,
    "hash": checksum, "compact": compact, "gender": gender, "lower": lower,
}  # fmt: skip


@lru_cache(maxsize=4096)
def normaliser(schema: str, prop: str) -> Normaliser:
    """How values of that property are normalised. The property must be one of the schema's."""
    from partwatch.case.vocabulary import SCHEMATA

    for (owner, name), found in _BY_NAME.items():
        if name == prop and SCHEMATA[schema].is_a(owner):
            return found
    known = property_of(schema, prop)
    assert isinstance(known, Property)
    return _BY_TYPE.get(known.type, one_line)
