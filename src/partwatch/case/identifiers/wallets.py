"""Addresses of wallets: Bitcoin, Litecoin, Dogecoin, Dash, Tron, Monero, Ethereum and its kin. Only those
with check digits that hold; an Ethereum address in one case has none, and is taken for its form (0x and 40
digits)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, shown
from partwatch.case.identifiers.wallet_checks import base58check, eip55, monero, segwit

_CANDIDATE = re.compile(
    r"(?<![A-Za-z0-9])(?:0x[0-9a-fA-F]{40}|(?:bc|ltc)1[a-z0-9]{8,87}|(?:BC|LTC)1[A-Z0-9]{8,87}"
    r"|[13LMDXT][1-9A-HJ-NP-Za-km-z]{25,34}|[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?)(?![A-Za-z0-9])"
)
# The version byte of base58check and its currency (chainparams of each); 21 bytes in all.
_VERSIONS = {0x00: "BTC", 0x05: "BTC", 0x30: "LTC", 0x32: "LTC", 0x1E: "DOGE", 0x4C: "DASH", 0x41: "TRX"}
_MONERO_NETWORKS = {18: 65, 42: 65, 19: 73}
_MOST_CHARS = 120


class Wallet(NamedTuple):
    """An address in its one form, and the currency that its form says."""

    address: str
    currency: str


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Addresses whose check digits hold."""
    if len(text) < 25:
        return
    for one in _CANDIDATE.finditer(text):
        wallet = wallet_of(one[0])
        if wallet:
            yield Found("wallet", wallet.address, one[0], *one.span())


@lru_cache(maxsize=1 << 14)
def wallet_of(written: str) -> Wallet | None:
    """The wallet that an address names, or None where it is none."""
    if re.fullmatch(r"0[xX][0-9a-fA-F]{40}", written):
        digits = written[2:]
        checked = eip55(digits)
        mixed = digits not in (digits.lower(), digits.upper())
        return None if mixed and digits != checked else Wallet("0x" + checked, "ETH")
    for prefix, currency in (("bc", "BTC"), ("ltc", "LTC")):
        if written[: len(prefix)].lower() == prefix and segwit(written, prefix):
            return Wallet(written.lower(), currency)
    if len(written) in (95, 106):
        body = monero(written)
        fits = body is not None and _MONERO_NETWORKS.get(body[0]) == len(body)
        return Wallet(written, "XMR") if fits else None
    body = base58check(written) if 25 < len(written) < 36 else None
    if body is None or len(body) != 21 or body[0] not in _VERSIONS:
        return None
    return Wallet(written, _VERSIONS[body[0]])


def looks_known(text: str) -> bool:
    """Whether it has the form of an address that has check digits."""
    return _CANDIDATE.fullmatch(text) is not None


def normalise(text: str, hint: Hint) -> str:
    """The address: segwit in lower case, Ethereum with the capitals of EIP-55. Raises NotValidError."""
    told = re.sub(r"^(?:bitcoin|litecoin|ethereum|monero|dogecoin):", "", text.strip(), flags=re.IGNORECASE)
    wallet = wallet_of(told) if len(told) <= _MOST_CHARS else None
    if wallet is None:
        raise NotValidError(f"{shown(text)} is no wallet address whose check digits hold")
    return wallet.address


# The examples of the standards: the genesis block, BIP 173, BIP 350, EIP-55.
KIND = Kind(
    "wallet",
    find,
    normalise,
    (
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        (
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        ),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ),
    (
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ),
)
