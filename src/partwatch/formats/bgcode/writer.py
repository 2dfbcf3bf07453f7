"""A writer of binary G-code, for examples and tests: it packs what it is given, and not very well."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from partwatch.formats.bgcode import blocks, heatshrink, meatpack
from partwatch.formats.bgcode.blocks import Checksum, Kind
from partwatch.formats.bgcode.content import Compression, Encoding

# Fewer take less room as they are.
_LEAST_REPEATED = 3
_BLANKED = re.compile(rb" *([A-Z][-+0-9.]*)")


def file(*blocks_of_it: bytes, checksum: int = Checksum.CRC32, version: int = blocks.VERSION) -> bytes:
    """A whole file of blocks that were written before, with its header."""
    return blocks.FILE_HEADER.pack(blocks.MAGIC, version, checksum) + b"".join(blocks_of_it)


def block(
    kind: int,
    content: bytes,
    compression: int = Compression.NONE,
    parameters: tuple[int, ...] = (0,),
    sealed: bool = True,
) -> bytes:
    """A block of some content; of G-code it is to be encoded already."""
    header = blocks.BLOCK_HEADER.pack(kind, compression, len(content))
    packed = _PACK[compression](content)
    if compression:
        header += blocks.PACKED_SIZE.pack(len(packed))
    written = header + b"".join(blocks.PARAMETER.pack(each) for each in parameters) + packed
    return written + blocks.SEAL.pack(zlib.crc32(written)) if sealed else written


def gcode_block(text: bytes, compression: int, encoding: int, sealed: bool = True) -> bytes:
    """A block of G-code, encoded and packed."""
    return block(Kind.GCODE, _ENCODE[encoding](text), compression, (encoding,), sealed)


def shrunk(content: bytes, window_bits: int) -> bytes:
    """By heatshrink: what stood before in the same three bytes is repeated, all else stands as it is."""
    bits = "".join(_codes(content, window_bits))
    bits += "0" * (-len(bits) % 8)
    return int(bits or "0", 2).to_bytes(len(bits) // 8)


def meatpacked(text: bytes, blanks: bool = True, comments: bool = True) -> bytes:
    """By MeatPack, all of it packed; blanks, comments: whether they are kept."""
    commands = (meatpack.PACK, meatpack.KEEP_BLANKS if blanks else meatpack.LEAVE_BLANKS_OUT)
    lines = (_line(line, blanks, comments) for line in text.splitlines(keepends=True))
    return b"".join(
        [*(meatpack.SIGNAL + bytes([each]) for each in commands), *_pairs(b"".join(lines), blanks)]
    )


def _line(line: bytes, blanks: bool, comments: bool) -> bytes:
    words, mark, comment = line.rstrip(b"\n").partition(b";")
    if not comments:
        mark = comment = b""
        words = words.rstrip()
    if not blanks and words.startswith(b"G"):
        words = _BLANKED.sub(rb"\1", words)
    whole = words + mark + comment
    return whole + b"\n" if whole else b""


def _pairs(text: bytes, blanks: bool) -> Iterator[bytes]:
    table = meatpack.CHARACTERS if blanks else meatpack.CHARACTERS_WITHOUT_BLANK
    codes = {character: code for code, character in enumerate(table)}
    at = 0
    while at < len(text):
        # Behind a line's end, as at the end of all, the other half is left unused.
        pair = text[at : at + 1] if text[at : at + 1] == b"\n" else text[at : at + 2]
        at += len(pair)
        halves = [codes.get(character, meatpack.ESCAPE) for character in pair] + [0]
        yield bytes([halves[0] | halves[1] << 4, *(each for each in pair if each not in codes)])


def _codes(content: bytes, window_bits: int) -> Iterator[str]:
    seen: dict[bytes, int] = {}
    at = 0
    while at < len(content):
        start = seen.get(content[at : at + _LEAST_REPEATED], -1)
        count = _repeated(content, start, at) if start >= 0 and at - start <= 1 << window_bits else 0
        if count >= _LEAST_REPEATED:
            yield f"0{at - start - 1:0{window_bits}b}{count - 1:0{heatshrink.COUNT_BITS}b}"
        else:
            count = 1
            yield f"1{content[at]:08b}"
        for place in range(at, at + count):
            seen[content[place : place + _LEAST_REPEATED]] = place
        at += count


def _repeated(content: bytes, start: int, at: int) -> int:
    """How many bytes from `at` on are those from `start` on, which may run into them."""
    most = min(1 << heatshrink.COUNT_BITS, len(content) - at)
    return next((k for k in range(most) if content[start + k] != content[at + k]), most)


_PACK: dict[int, Callable[[bytes], bytes]] = {
    Compression.NONE: bytes,
    Compression.DEFLATE: zlib.compress,
    Compression.HEATSHRINK_11_4: partial(shrunk, window_bits=11),
    Compression.HEATSHRINK_12_4: partial(shrunk, window_bits=12),
}
_ENCODE: dict[int, Callable[[bytes], bytes]] = {
    Encoding.NONE: bytes,
    Encoding.MEATPACK: partial(meatpacked, blanks=False, comments=False),
    Encoding.MEATPACK_COMMENTS: meatpacked,
}
