"""The blocks of a binary G-code file: where each lies, what it claims to hold, whether its seal fits.

Numbers are little-endian. A block: kind, compression, size when unpacked, size when packed (only where it is
packed), then its parameters, its data, and a CRC-32 of all of these where the file's header says so.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from partwatch.formats.base import ReadLimits
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, LimitError, UnreadableError, UnsupportedError

MAGIC = b"GCDE"
VERSION = 1
FILE_HEADER = struct.Struct("<4sIH")
BLOCK_HEADER = struct.Struct("<HHI")
PACKED_SIZE = struct.Struct("<I")
PARAMETER = struct.Struct("<H")
SEAL = struct.Struct("<I")

_MEND = "transfer it again, or save it as plain G-code"


class Checksum(IntEnum):
    """What seals each block of a file."""

    NONE = 0
    CRC32 = 1


class Kind(IntEnum):
    """What a block holds."""

    FILE_METADATA = 0
    GCODE = 1
    SLICER_METADATA = 2
    PRINTER_METADATA = 3
    PRINT_METADATA = 4
    THUMBNAIL = 5


KINDS = frozenset(Kind)

# Of a picture: its format, width and height; of all else how it is encoded.
_PICTURE_PARAMETERS, _PARAMETERS = 3, 1


@dataclass(frozen=True)
class Block:
    """One block as it stands in the file.

    number: counted from 1. at, end: its first byte and the one behind its last. parameter: the first one, the
    encoding or the format of a picture. size: of the data when unpacked, as the block claims. cut: the file
    ends within it. sealed: False where its checksum says that it was changed.
    """

    number: int
    at: int
    end: int
    kind: int
    compression: int
    parameter: int
    size: int
    data: memoryview
    cut: bool
    sealed: bool

    def reason(self, error: type[UnreadableError], what: str, mend: str = _MEND) -> Reason:
        """What is wrong with it, with its place."""
        return Reason(code=error.code, message=f"block {self.number} at byte {self.at:,}: {what}: {mend}")


def checksum_of(data: bytes) -> Checksum:
    """The file's header. Raises DamagedError where it is cut, UnsupportedError on versions to come."""
    if len(data) < FILE_HEADER.size:
        raise DamagedError(f"the binary G-code ends within its header, at byte {len(data)}: {_MEND}")
    _, version, checksum = FILE_HEADER.unpack_from(data)
    if version != VERSION:
        raise UnsupportedError(f"version {version} of binary G-code cannot be read: save it as plain G-code")
    if checksum not in frozenset(Checksum):
        raise UnsupportedError(
            f"checksums of kind {checksum} in binary G-code cannot be read: save it as plain G-code"
        )
    return Checksum(checksum)


def blocks_of(data: bytes, limits: ReadLimits) -> Iterator[Block]:
    """One after another, as far as each tells where the next begins.

    Raises as `checksum_of`, LimitError on too many.
    """
    seal = SEAL.size if checksum_of(data) is Checksum.CRC32 else 0
    at, number = FILE_HEADER.size, 0
    while at < len(data):
        number += 1
        if number > limits.max_members:
            raise LimitError(
                f"the binary G-code has more blocks than the limit of {limits.max_members:,}: split the "
                "job, or raise --max-members"
            )
        block = _block(data, at, number, seal)
        yield block
        if block.kind not in KINDS and not _is_followed(data, block, seal):
            return
        at = block.end


def _block(data: bytes, at: int, number: int, seal: int) -> Block:
    header = data[at : at + BLOCK_HEADER.size + PACKED_SIZE.size]
    if len(header) < BLOCK_HEADER.size:
        return _cut_short(data, at, number, Kind.GCODE)
    kind, compression, size = BLOCK_HEADER.unpack_from(header)
    start, packed = at + BLOCK_HEADER.size, size
    if compression:
        if len(header) < BLOCK_HEADER.size + PACKED_SIZE.size:
            return _cut_short(data, at, number, kind)
        packed = PACKED_SIZE.unpack_from(header, BLOCK_HEADER.size)[0]
        start += PACKED_SIZE.size
    first = data[start : start + PARAMETER.size]
    if len(first) < PARAMETER.size:
        return _cut_short(data, at, number, kind)
    start += PARAMETER.size * (_PICTURE_PARAMETERS if kind == Kind.THUMBNAIL else _PARAMETERS)
    stop = start + packed
    cut = stop + seal > len(data)
    sealed = cut or not seal or zlib.crc32(memoryview(data)[at:stop]) == SEAL.unpack_from(data, stop)[0]
    return Block(
        number,
        at,
        min(stop + seal, len(data)),
        kind,
        compression,
        PARAMETER.unpack(first)[0],
        size,
        memoryview(data)[start:stop],
        cut,
        sealed,
    )


def _cut_short(data: bytes, at: int, number: int, kind: int) -> Block:
    return Block(number, at, len(data), kind, 0, 0, 0, memoryview(b""), cut=True, sealed=True)


def _is_followed(data: bytes, block: Block, seal: int) -> bool:
    """Whether a block of an unknown kind is as long as one supposes: by its seal, else by what follows."""
    if block.cut or seal:
        return block.sealed and not block.cut
    following = data[block.end : block.end + BLOCK_HEADER.size]
    return not following or BLOCK_HEADER.unpack(following.ljust(BLOCK_HEADER.size))[0] in KINDS
