"""heatshrink: LZ77 written bit by bit, for very small machines (github.com/atomicobject/heatshrink).

A bit of 1 and eight more are a byte; a bit of 0 repeats what stands `index + 1` bytes back, `count + 1` bytes
of it. What stands before the first byte is zero.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from partwatch.model.errors import DamagedError

COUNT_BITS = 4
LITERAL_BITS = 9
# Of packed bytes that are looked at in one go; they unfold to at most eight times as many.
_CHUNK_BYTES = 1 << 16


def unpacked(packed: bytes, window_bits: int) -> Iterator[bytes]:
    """The content, part by part; window_bits: at most 12.

    Raises DamagedError behind what could be unpacked.
    """
    window = 1 << window_bits
    reference_bits = 1 + window_bits + COUNT_BITS
    content = bytearray(window)
    bits = 8 * len(packed)
    at = 0
    for start in range(0, len(packed), _CHUNK_BYTES):
        stop = min(8 * (start + _CHUNK_BYTES), bits - reference_bits + 1)
        at = _chunk(_words(packed, start), 8 * start, at, stop, window_bits, content)
        yield bytes(content[window:])
        del content[:-window]
    rest = int.from_bytes(packed[-4:]) & (1 << bits - at) - 1
    left = bits - at
    while left >= LITERAL_BITS and rest >> left - 1:
        left -= LITERAL_BITS
        yield bytes([rest >> left & 0xFF])
        rest &= (1 << left) - 1
    if left >= 8 or rest:
        raise DamagedError("its compressed data ends within a code")


def _words(packed: bytes, start: int) -> list[int]:
    """The 24 bits from every byte of a chunk on: more than the longest code from any bit of that byte."""
    chunk = packed[start : start + _CHUNK_BYTES + 2]
    row = np.frombuffer(chunk + bytes(2), dtype=np.uint8).astype(np.uint32)
    words: list[int] = (row[:-2] << 16 | row[1:-1] << 8 | row[2:]).tolist()
    return words


def _chunk(words: list[int], base: int, at: int, stop: int, window_bits: int, content: bytearray) -> int:
    """Appends what the codes that begin before bit `stop` stand for; the bit behind the last of them."""
    reference_bits = 1 + window_bits + COUNT_BITS
    index_shift, count_shift = 23 - window_bits, 23 - window_bits - COUNT_BITS
    index_mask, count_mask = (1 << window_bits) - 1, (1 << COUNT_BITS) - 1
    append = content.append
    at -= base
    stop -= base
    while at < stop:
        word = words[at >> 3] << (at & 7)
        if word & 0x800000:
            append(word >> 15 & 0xFF)
            at += LITERAL_BITS
            continue
        back = (word >> index_shift & index_mask) + 1
        count = (word >> count_shift & count_mask) + 1
        at += reference_bits
        if back > count:
            content += content[-back : count - back]
        else:
            content += (content[-back:] * (count // back + 1))[:count]
    return at + base
