"""Small print jobs as binary G-code: each compression and each encoding, with and without checksums."""

from __future__ import annotations

from partwatch.formats.bgcode.blocks import Checksum, Kind
from partwatch.formats.bgcode.content import Compression, Encoding
from partwatch.formats.bgcode.writer import block, file, gcode_block
from partwatch.formats.gcode.examples import examples as jobs

_LINES_IN_A_BLOCK = 300
_INI = b"Producer=an example\n"
_PICTURE = b"\x89PNG\r\n\x1a\n"


def examples() -> dict[str, bytes]:
    """The jobs of `gcode`, packed in blocks of a few hundred lines."""
    of = jobs()
    return {
        "plain": job(of["absolute"], Compression.NONE, Encoding.NONE, sealed=False),
        "deflate": job(of["relative"], Compression.DEFLATE, Encoding.NONE),
        "deflate-meatpack": job(of["relative"], Compression.DEFLATE, Encoding.MEATPACK),
        "heatshrink-11": job(of["bare"], Compression.HEATSHRINK_11_4, Encoding.MEATPACK),
        "heatshrink-12": job(of["absolute"], Compression.HEATSHRINK_12_4, Encoding.MEATPACK_COMMENTS),
        "unsealed": job(of["relative"], Compression.HEATSHRINK_12_4, Encoding.MEATPACK, sealed=False),
    }


def job(text: bytes, compression: int, encoding: int, sealed: bool = True) -> bytes:
    """A whole file of every kind of block, as a slicer writes it."""
    lines = text.splitlines(keepends=True)
    pieces = [lines[at : at + _LINES_IN_A_BLOCK] for at in range(0, len(lines), _LINES_IN_A_BLOCK)]
    return file(
        block(Kind.FILE_METADATA, _INI, sealed=sealed),
        block(Kind.PRINTER_METADATA, _INI, sealed=sealed),
        block(Kind.THUMBNAIL, _PICTURE, parameters=(0, 16, 16), sealed=sealed),
        block(Kind.PRINT_METADATA, _INI, compression, sealed=sealed),
        block(Kind.SLICER_METADATA, _INI, Compression.DEFLATE, sealed=sealed),
        *(gcode_block(b"".join(piece), compression, encoding, sealed) for piece in pieces),
        checksum=Checksum.CRC32 if sealed else Checksum.NONE,
    )
