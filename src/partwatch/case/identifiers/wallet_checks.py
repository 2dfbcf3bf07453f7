"""The check digits of wallet addresses, each from its own standard.

base58check: Bitcoin's address format (version byte, payload, four bytes of double SHA-256).
bech32, bech32m: BIP 173, BIP 350; segwit addresses: BIP 141, BIP 173.
EIP-55: capitals of an Ethereum address by its Keccak-256.
Monero: base58 in blocks of eight bytes, four bytes of Keccak-256.
Keccak-f[1600]: FIPS 202, with the padding (0x01) that came before FIPS 202 changed it.
"""

from __future__ import annotations

import hashlib
from typing import Final

BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BASE58_VALUE = {letter: value for value, letter in enumerate(BASE58)}
_BECH32_VALUE = {letter: value for value, letter in enumerate(BECH32)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CONST, _BECH32M_CONST = 1, 0x2BC830A3
_MONERO_BYTES = {0: 0, 2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8}
_MASK = (1 << 64) - 1
_RATE = 136


def base58check(text: str) -> bytes | None:
    """Version byte and payload, or None where letters or check digits are wrong."""
    number = 0
    for letter in text:
        value = _BASE58_VALUE.get(letter)
        if value is None:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    data = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(data) < 5:
        return None
    body, check = data[:-4], data[-4:]
    return body if hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] == check else None


def segwit(text: str, prefix: str) -> bool:
    """Whether it is a segwit address of that human-readable part: check digits, version and length."""
    if text not in (text.lower(), text.upper()) or len(text) > 90:
        return False
    head, _, tail = text.lower().rpartition("1")
    values = [_BECH32_VALUE.get(letter, -1) for letter in tail]
    if head != prefix or len(values) < 8 or -1 in values:
        return False
    version, data = values[0], _eight_bits(values[1:-6])
    if (
        version > 16
        or data is None
        or not 2 <= len(data) <= 40
        or (version == 0 and len(data) not in (20, 32))
    ):
        return False
    return _polymod(prefix, values) == (_BECH32M_CONST if version else _BECH32_CONST)


def _polymod(prefix: str, values: list[int]) -> int:
    check = 1
    expanded = [ord(one) >> 5 for one in prefix] + [0] + [ord(one) & 31 for one in prefix]
    for value in expanded + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check


def _eight_bits(values: list[int]) -> bytes | None:
    held = bits = 0
    out = bytearray()
    for value in values:
        held, bits = (held << 5 | value) & 0xFFF, bits + 5
        if bits >= 8:
            bits -= 8
            out.append(held >> bits & 0xFF)
    return None if bits >= 5 or held & ((1 << bits) - 1) else bytes(out)


def eip55(digits: str) -> str:
    """40 hex digits with the capitals that EIP-55 gives them."""
    digits = digits.lower()
    check = keccak256(digits.encode("ascii")).hex()
    return "".join(one.upper() if int(by, 16) >= 8 else one for one, by in zip(digits, check, strict=False))


def monero(text: str) -> bytes | None:
    """Network byte and keys, or None where letters or check digits are wrong."""
    data = bytearray()
    for start in range(0, len(text), 11):
        block = text[start : start + 11]
        size, number = _MONERO_BYTES.get(len(block)), 0
        for letter in block:
            value = _BASE58_VALUE.get(letter)
            if value is None:
                return None
            number = number * 58 + value
        if size is None or number >= 1 << 8 * size:
            return None
        data += number.to_bytes(size, "big")
    body, check = bytes(data[:-4]), bytes(data[-4:])
    return body if len(body) > 1 and keccak256(body)[:4] == check else None


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum and Monero use it (not SHA3-256)."""
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % _RATE))
    padded[-1] |= 0x80
    state = [0] * 25
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            state[lane] ^= int.from_bytes(padded[start + 8 * lane : start + 8 * lane + 8], "little")
        _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def _rotated(lane: int, by: int) -> int:
    by %= 64
    return (lane << by | lane >> (64 - by)) & _MASK if by else lane


def _permute(a: list[int]) -> None:
    """Keccak-f[1600] on 25 lanes, lane (x, y) at x + 5y."""
    register = 1
    for _ in range(24):
        parity = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        for x in range(5):
            theta = parity[(x + 4) % 5] ^ _rotated(parity[(x + 1) % 5], 1)
            for y in range(0, 25, 5):
                a[x + y] ^= theta
        x, y, lane = 1, 0, a[1]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            at = x + 5 * y
            lane, a[at] = a[at], _rotated(lane, (t + 1) * (t + 2) // 2)
        for y in range(0, 25, 5):
            row = a[y : y + 5]
            for x in range(5):
                a[x + y] = row[x] ^ (~row[(x + 1) % 5] & _MASK & row[(x + 2) % 5])
        for j in range(7):
            if register & 1:
                a[0] ^= 1 << ((1 << j) - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
