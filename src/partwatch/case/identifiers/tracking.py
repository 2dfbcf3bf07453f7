"""Tracking numbers of parcels, by their check digits.

UPU S10 (two letters, nine digits, country): weights 8 6 4 2 3 5 9 7, modulo 11. UPS 1Z: letters as numbers,
every second digit doubled, modulo 10. All digits: USPS (22 digits, GS1 modulo 10), FedEx Express (12, weights
3 1 7, modulo 11), FedEx Ground (15, GS1 modulo 10), DHL Express (10, modulo 7), and GS1's serial shipping
container code (18 or 20 digits, GS1 modulo 10). One number in ten has such a check digit by chance: in text,
all digits count only behind a word that says parcel or the carrier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, before, shown

_CANDIDATE = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z]{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}[ ]?[A-Z]{2}|1Z(?:[ ]?[0-9A-Z]){16}|"
    r"\d(?:[ ]?\d){9,21})(?![A-Za-z0-9])"
)
_SAYS_PARCEL = re.compile(
    r"\b(?:tracking|track|parcel|package|shipment|shipping|colis|suivi|envoi|exp[ée]di\w*|sendung\w*|paket\w*|"
    r"pacchetto|paquete|env[ií]o|awb|waybill|consignment|ups|usps|dhl|fedex|gls|dpd|hermes|chronopost|"
    r"colissimo|bpost|postnl|mondial relay|sscc)\b[^\n]{0,30}$"
)
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
# UPU S10 service indicators that are in use, by their first letter; "reserved" ones are left out.
_S10_SERVICES = frozenset("ABCEHLMQRUVZ")
_MOST_CHARS = 48


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Numbers whose check digit holds."""
    if len(text) < 10:
        return
    for one in _CANDIDATE.finditer(text):
        compact = one[0].replace(" ", "")
        if carrier_of(compact) is None:
            continue
        if compact.isdigit() and not _SAYS_PARCEL.search(before(text, one.start(), 60)):
            continue
        yield Found("tracking", compact, one[0], *one.span())


def carrier_of(compact: str) -> str | None:
    """Whose number it is, as far as its form and check digit say: s10, ups, usps, fedex, dhl, sscc; or
    None."""
    if re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", compact):
        return "s10" if _s10(compact) else None
    if re.fullmatch(r"1Z[0-9A-Z]{16}", compact):
        return "ups" if _ups(compact) else None
    if not (compact.isascii() and compact.isdigit()) or len(set(compact)) < 3:
        return None
    return _all_digits(compact)


def _s10(compact: str) -> bool:
    if compact[0] not in _S10_SERVICES or compact[11:] not in COUNTRIES:
        return False
    digits = [int(one) for one in compact[2:11]]
    rest = 11 - sum(w * d for w, d in zip(_S10_WEIGHTS, digits, strict=False)) % 11
    return digits[8] == {10: 0, 11: 5}.get(rest, rest)


def _ups(compact: str) -> bool:
    values = [int(one) if one.isdigit() else (ord(one) - 63) % 10 for one in compact[2:]]
    total = sum(values[0:15:2]) + 2 * sum(values[1:15:2])
    return -total % 10 == values[15]


def _all_digits(compact: str) -> str | None:
    digits = [int(one) for one in compact]
    length = len(digits)
    if length == 22 and compact[:2] in ("91", "92", "93", "94", "95") and _gs1(digits):
        return "usps"
    if length == 20 and compact.startswith("00") and _gs1(digits):
        return "sscc"
    if length == 18 and _gs1(digits):
        return "sscc"
    if length == 15 and _gs1(digits):
        return "fedex"
    if length == 12 and _express(digits):
        return "fedex"
    if length == 10 and int(compact[:9]) % 7 == digits[9]:
        return "dhl"
    return None


def _gs1(digits: list[int]) -> bool:
    body = digits[-2::-1]
    return -(3 * sum(body[0::2]) + sum(body[1::2])) % 10 == digits[-1]


def _express(digits: list[int]) -> bool:
    """FedEx Express: weights 1, 3, 7 from the right, modulo 11, 10 counts as 0."""
    total = sum(d * (1, 3, 7)[i % 3] for i, d in enumerate(digits[-2::-1]))
    return total % 11 % 10 == digits[-1]


def normalise(text: str, hint: Hint) -> str:
    """The number without spaces, in capitals. Raises NotValidError."""
    compact = re.sub(r"[\s.\-]", "", text[:_MOST_CHARS]).upper()
    if len(text) > _MOST_CHARS or carrier_of(compact) is None:
        raise NotValidError(f"{shown(text)} is no tracking number whose check digit holds")
    return compact


# ISO 3166 alpha-2, assigned.
_COUNTRY_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS "
    "BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE "
    "EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC "
    "LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO "
    "TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES = frozenset(_COUNTRY_CODES.split())

KIND = Kind(
    "tracking",
    find,
    normalise,
    (
        ("RA473124829SE", "RA473124829SE"),
        ("1Z 5R8 939 0357567127", "1Z5R89390357567127"),
    ),
    ("RA473124828SE", "RA473124829XX", "1Z5R89390357567128", "order 1234567895", "0123456789"),
)
