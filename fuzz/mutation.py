"""Changes to files: to bytes, to numbers and lines of text, and to what a package holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from fuzz.layers import unpacked

Change = Callable[[bytes, Random], bytes]

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_PIECE = re.compile(rb"<[^<>]{0,400}>|[^\n<>]{0,200}\n|[,{}\[\]]")
_ODD = (
    b"nan", b"inf", b"-1", b"0", b"1", b"1e39", b"-1e300", b"1e-320", b"65535", b"65536", b"2147483647",
    b"2147483648", b"4294967295", b"-2147483649", b"18446744073709551616", b"1e999", b"0x10", b"1_0", b"",
    b"\xef\xbc\x91", b"9" * 400, b"1.7976931348623157e308",
)  # fmt: skip
_WORDS = (
    b"\0",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\0\0\x80\x7f",
    b"\0\0\xc0\x7f",
    b"\xff\xff\xff\x7f",
    b"\r",
    b"\n",
)
_INSIDE_OF_TEN = 7
# What repeats packs so well that it would grow for ever, and take ever longer to pack.
_MOST_INSIDE_BYTES = 1 << 15


def mutated(data: bytes, rng: Random, also: Change | None = None, others: Sequence[bytes] = ()) -> bytes:
    """The file with a few changes. also: one more kind of change; others: files to splice with."""
    layers = unpacked(data)
    if layers is not None and layers.parts and rng.randrange(10) < _INSIDE_OF_TEN:
        place = rng.randrange(len(layers.parts))
        changed = list(layers.parts)
        # What is packed in a package may itself be one.
        changed[place] = mutated(changed[place], rng, also)[:_MOST_INSIDE_BYTES]
        try:
            return layers.pack(changed)
        except (ValueError, OSError):
            # Too odd for the writer: then the bytes themselves.
            pass
    changes = [*_CHANGES, *([also] * 3 if also else []), *([_spliced(others)] if others else [])]
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        data = rng.choice(changes)(data, rng)
    return data


def _flip(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data) or 1)
    return data[:at] + bytes([(data[at] if data else 0) ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _overwrite(data: bytes, rng: Random) -> bytes:
    at, word = rng.randrange(len(data) + 1), rng.choice((*_WORDS, rng.randbytes(rng.choice((1, 2, 4)))))
    return data[:at] + word + data[at + len(word) :]


def _cut(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _drop(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice((1, 2, 4, 50, 200)) :]


def _repeat(data: bytes, rng: Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    piece = data[start : start + rng.choice((1, 4, 12, 50, 400))]
    at = rng.choice((start, rng.randrange(len(data) + 1)))
    return data[:at] + piece * rng.choice((1, 1, 2, 40)) + data[at:]


def _append(data: bytes, rng: Random) -> bytes:
    return data + rng.choice((data, b"\0" * 512, b"\n", rng.randbytes(20), b"PK\x05\x06" + bytes(18)))


def _number(data: bytes, rng: Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return _overwrite(data, rng)
    one = rng.choice(found)
    new = rng.choice((*_ODD, rng.choice(found)[0]))
    return data[: one.start()] + new + data[one.end() :]


def _piece(data: bytes, rng: Random) -> bytes:
    """A line or a tag twice, in another place, or no more."""
    found = list(_PIECE.finditer(data))
    if not found:
        return _repeat(data, rng)
    one, other = rng.choice(found), rng.choice(found)
    piece = rng.choice((b"", one[0] * 2, other[0], one[0].swapcase()))
    return data[: one.start()] + piece + data[one.end() :]


def _spliced(others: Sequence[bytes]) -> Change:
    def splice(data: bytes, rng: Random) -> bytes:
        other = rng.choice(others)
        return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]

    return splice


_CHANGES: tuple[Change, ...] = (
    _flip,
    _overwrite,
    _cut,
    _drop,
    _repeat,
    _append,
    _number,
    _number,
    _piece,
    _piece,
)
