"""What a block of G-code holds: unpacked, then decoded, and no more of it than the limits allow."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from functools import partial

from partwatch.formats.base import ReadLimits
from partwatch.formats.bgcode import heatshrink, meatpack
from partwatch.formats.containers.base import check_expansion
from partwatch.model.errors import DamagedError, UnsupportedError


class Compression(IntEnum):
    """How the data of a block is packed."""

    NONE = 0
    DEFLATE = 1
    HEATSHRINK_11_4 = 2
    HEATSHRINK_12_4 = 3


class Encoding(IntEnum):
    """How the text is written; the two kinds of MeatPack differ in what was left out, not in their codes."""

    NONE = 0
    MEATPACK = 1
    MEATPACK_COMMENTS = 2


Parts = Iterator[bytes]
_CHUNK_BYTES = 1 << 20
_PACKED_CHUNK_BYTES = 1 << 16


def _as_it_is(data: bytes) -> Parts:
    yield data


def _inflated(packed: bytes) -> Parts:
    unpacker = zlib.decompressobj()
    at = 0
    try:
        while at < len(packed) and not unpacker.eof:
            # What a call leaves over is copied: of a whole block, at each call, that would take for ever.
            chunk = packed[at : at + _PACKED_CHUNK_BYTES]
            at += len(chunk)
            while chunk and not unpacker.eof:
                yield unpacker.decompress(chunk, _CHUNK_BYTES)
                chunk = unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error as error:
        raise DamagedError(f"its compressed data cannot be unpacked ({error})") from None
    if not unpacker.eof:
        raise DamagedError("its compressed data ends before it is complete")
    if more := len(unpacker.unused_data) + len(packed) - at:
        raise DamagedError(f"{more:,} bytes follow its compressed data, which ends early")


# What takes the data of a block, and gives it part by part.
UNPACK: dict[int, Callable[[bytes], Parts]] = {
    Compression.NONE: _as_it_is,
    Compression.DEFLATE: _inflated,
    Compression.HEATSHRINK_11_4: partial(heatshrink.unpacked, window_bits=11),
    Compression.HEATSHRINK_12_4: partial(heatshrink.unpacked, window_bits=12),
}
DECODE: dict[int, Callable[[bytes], Parts]] = {
    Encoding.NONE: _as_it_is,
    Encoding.MEATPACK: meatpack.unpacked,
    Encoding.MEATPACK_COMMENTS: meatpack.unpacked,
}


class Unfolding:
    """Unfolds the blocks of one file, and counts what they unfold to in all."""

    def __init__(self, file_bytes: int, limits: ReadLimits) -> None:
        self._file_bytes = file_bytes
        self._limits = limits
        self._before = 0

    def text(self, data: bytes, compression: int, encoding: int, size: int) -> tuple[bytes, str | None]:
        """A block's G-code as far as it can be had, and what is wrong with it. size: unpacked, as it claims.

        Raises UnsupportedError on a compression or an encoding that is unknown, LimitError on too much text.
        """
        if compression not in UNPACK:
            raise UnsupportedError(f"compression {compression} is none that is known")
        if encoding not in DECODE:
            raise UnsupportedError(f"encoding {encoding} of G-code is none that is known")
        encoded, wrong = self._gathered(UNPACK[compression](data))
        if not wrong and len(encoded) != size:
            wrong = f"it unpacks to {len(encoded):,} bytes, not to the {size:,} that it claims"
        text, also_wrong = self._gathered(DECODE[encoding](encoded))
        self._before += len(text)
        return text, wrong or also_wrong

    def _gathered(self, parts: Iterable[bytes]) -> tuple[bytes, str | None]:
        found: list[bytes] = []
        size = self._before
        try:
            for part in parts:
                size += len(part)
                check_expansion(self._file_bytes, size, self._limits)
                found.append(part)
        except DamagedError as error:
            return b"".join(found), str(error)
        return b"".join(found), None
