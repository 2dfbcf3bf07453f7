"""Identifiers that belong to nobody: from ranges kept for fiction and documentation, with check digits that
hold, as what reads them verifies these.

Phones: numbers kept for drama by ARCEP (FR), Ofcom (GB) and Bundesnetzagentur (DE), 555-01xx of NANP (US).
E-mail: names under the domains of RFC 2606. IP: RFC 5737 and RFC 3849. IBAN: of banks that do not exist
(ISO 13616, check digits modulo 97-10). Parcels: UPU S10. Wallets: base58check of a hash that no key is known
for.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from typing import Final

# Country, what stands before, how many digits follow.
PHONE_RANGES: Final = (
    *((("FR", "33" + one, 4)) for one in ("19900", "26191", "35301", "46571", "53649")),
    *((("GB", "44" + one, 3)) for one in (
        "2079460", "1134960", "1144960", "1164960", "1174960", "1184960", "1214960", "1314960",
        "1414960", "1514960", "1614960")),
    *((("DE", "49" + one, 3)) for one in ("3023125", "6990009", "4066969", "2214710", "8999998")),
    *((("US", f"1{one}55501", 2)) for one in (
        201, 202, 205, 206, 208, 210, 212, 213, 214, 215, 216, 217, 219, 224, 225, 228, 229, 231, 234, 239,
        240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303, 304, 305, 307,
        308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330, 334, 336, 337, 347,
        351, 352, 360, 361, 401, 402, 404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 417, 419, 423)),
)  # fmt: skip
MAIL_DOMAINS: Final = ("example.org", "example.com", "example.net", "mail.example.org", "post.example.net")
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)
_STEP: Final = 7_368_787  # a prime: strides through a range without meeting a number twice


@dataclass
class Numbers:
    """Hands out identifiers, each once. salt: of the seed, so that other seeds give others."""

    salt: int
    _given: dict[str, int] = field(default_factory=dict)

    def _next(self, kind: str) -> int:
        self._given[kind] = self._given.get(kind, 0) + 1
        return self._given[kind]

    def phone(self, country: str) -> str:
        """E.164, of that country as long as it has some, then of another. Raises ValueError at the end."""
        for one in (country, "US", "FR", "GB", "DE"):
            size = _SIZES[one]
            count = self._next("phone " + one)
            if count <= size:
                return _phone_at(one, (self.salt + count * _STEP) % size)
        raise ValueError("the phone numbers that are kept for fiction are used up: ask for fewer statements")

    def hexadecimal(self, kind: str) -> str:
        """64 hex digits."""
        return hashlib.sha256(f"{kind} {self.salt} {self._next(kind)}".encode()).hexdigest()

    def digits(self, kind: str, count: int) -> str:
        """Decimal digits; the same number is not given twice, where there are enough."""
        start = self.salt + zlib.crc32(kind.encode())
        return f"{(start + self._next(kind) * _STEP) % 10**count:0{count}d}"

    def iban(self, country: str) -> str:
        """Of a bank that does not exist; British customers have French accounts here."""
        own = self.digits("account", 10)
        if country == "DE":
            return iban("DE", "99999999" + own)
        bank, branch, account = "99999", "99999", "0" + own
        key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97
        return iban("FR", f"{bank}{branch}{account}{key:02d}")

    def tracking(self, service: str, country: str) -> str:
        """UPU S10. service: two letters."""
        own = self.digits("parcel " + service, 8)
        return f"{service}{own}{s10_digit(own)}{country}"

    def wallet(self) -> str:
        """Bitcoin's form of an address, of a hash."""
        body = b"\0" + bytes.fromhex(self.hexadecimal("wallet"))[:20]
        return base58check(body)

    def handle(self) -> str:
        """The number of an account at a messenger."""
        return "7" + self.digits("handle", 9)


_SIZES: Final = {
    country: sum(10**digits for one, _, digits in PHONE_RANGES if one == country)
    for country in ("FR", "GB", "DE", "US")
}


def _phone_at(country: str, place: int) -> str:
    for one, start, digits in PHONE_RANGES:
        if one == country:
            if place < 10**digits:
                return f"+{start}{place:0{digits}d}"
            place -= 10**digits
    raise AssertionError(place)


def iban(country: str, account: str) -> str:
    """With its check digits: ISO 13616, letters as numbers from 10 on, modulo 97."""
    number = "".join(str(int(one, 36)) for one in f"{account}{country}00")
    return f"{country}{98 - int(number) % 97:02d}{account}"


def s10_digit(eight: str) -> int:
    """The check digit of UPU S10: weights 8 6 4 2 3 5 9 7, modulo 11."""
    rest = 11 - sum(w * int(d) for w, d in zip(_S10_WEIGHTS, eight, strict=True)) % 11
    return {10: 0, 11: 5}.get(rest, rest)


def base58check(body: bytes) -> str:
    """Bytes and the first four of their double hash, in base 58."""
    whole = body + hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]
    number, told = int.from_bytes(whole, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        told = _BASE58[rest] + told
    return "1" * (len(whole) - len(whole.lstrip(b"\0"))) + told
