"""RAR archives of both generations (4 and 5): listed whole, and read where their members are only stored.

Nothing kept and free unpacks RAR without a program of the system's (docs/decisions/0013): a packed,
encrypted, split or solid member is there by its name, with the reason why it is unread. Layout: the notes
on RAR 5.0 and on version 4 (technote.txt) that the author of the format publishes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from partwatch.formats.base import ReadLimits
from partwatch.formats.containers.base import (
    Container,
    ContainerFormat,
    Entry,
    Listing,
    check_expansion,
    too_many_members,
)
from partwatch.model.document import Reason
from partwatch.model.errors import (
    DamagedError,
    EncryptedError,
    NotAFileError,
    UnsupportedError,
)

_RAR4 = b"Rar!\x1a\x07\x00"
_RAR5 = b"Rar!\x1a\x07\x01\x00"
_STORED_4 = 0x30
_MOST_HEADER_BYTES = 2 << 20


def recognises(data: bytes) -> bool:
    """By the signature of either generation at the front."""
    return data.startswith((_RAR4, _RAR5))


@dataclass(frozen=True)
class _File:
    """One file header and where its stored bytes lie."""

    name: str
    size: int
    start: int
    stop: int
    is_folder: bool = False
    is_link: bool = False
    is_split: bool = False
    is_encrypted: bool = False
    is_solid: bool = False
    is_stored: bool = False
    crc32: int | None = None


@dataclass(eq=False)
class _Archive:
    """What the headers say of the archive as a whole."""

    is_solid: bool = False
    is_volume: bool = False
    ended: bool = False
    end: int = 0


def open_rar(data: bytes, limits: ReadLimits, _name: str) -> Container:
    """The archive's members. Raises EncryptedError where its names are encrypted too, or DamagedError."""
    whole = _Archive()
    files: list[_File] = []
    unread: list[Reason] = []
    walk = _headers_5 if data.startswith(_RAR5) else _headers_4
    try:
        for file in walk(data, whole):
            files.append(file)
            if len(files) > limits.max_members:
                raise too_many_members(limits)
    except DamagedError as error:
        if not files:
            raise
        unread.append(Reason(code=error.code, message=str(error)))
    if whole.is_volume:
        message = (
            "this is one volume of a split RAR archive: join all volumes by unpacking them, screen the files"
        )
        unread.append(Reason(code=UnsupportedError.code, message=message))
    if not whole.ended and not unread:
        message = (
            f"the RAR archive has no end record behind byte {whole.end:,}: members may be missing; "
            "transfer it again"
        )
        unread.append(Reason(code=DamagedError.code, message=message))
    elif whole.ended and data[whole.end :].strip(b"\0"):
        message = (
            f"{len(data) - whole.end:,} bytes follow the end of the RAR archive and were not read: "
            "pack it again"
        )
        unread.append(Reason(code=DamagedError.code, message=message))
    entries = [_entry(data, whole, file, limits) for file in files if not file.is_folder]
    return Listing(entries, limits, tuple(unread))


def _entry(data: bytes, whole: _Archive, file: _File, limits: ReadLimits) -> Entry:
    return Entry(file.name, file.size, lambda: _content(data, whole, file, limits))


def _content(data: bytes, whole: _Archive, file: _File, limits: ReadLimits) -> bytes:
    if file.is_link:
        raise NotAFileError("it is a link, which is not followed")
    if file.is_encrypted:
        raise EncryptedError("it is encrypted: ask the sender for it without a password")
    if file.is_split:
        raise UnsupportedError(
            "it is split over several volumes: join them by unpacking the first, and screen the file itself"
        )
    if not file.is_stored:
        solid = " in a solid archive, where each member builds on those before it" if whole.is_solid else ""
        raise UnsupportedError(
            f"it is packed by RAR's own method{solid}, which only RAR's own program unpacks: unpack it with "
            "that, or pack it as ZIP, and screen the result"
        )
    check_expansion(file.stop - file.start, file.size, limits)
    if file.stop > len(data) or file.stop - file.start != file.size:
        raise DamagedError(
            f"the archive ends at byte {len(data):,}, before the member does, or its sizes disagree: "
            "transfer it again"
        )
    content = data[file.start : file.stop]
    if file.crc32 is not None and zlib.crc32(content) != file.crc32:
        raise DamagedError("its checksum does not fit its content: transfer or pack it again")
    return content


class _Cursor:
    """Reads numbers from one header."""

    def __init__(self, header: bytes, at: int, data_offset: int) -> None:
        self.header = header
        self.at = at
        self._base = data_offset

    def vint(self) -> int:
        """Seven bits a byte, the lowest first, the top bit says that more follow."""
        value = shift = 0
        while shift < 70:
            byte = self.bytes(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise self.damage()

    def bytes(self, count: int) -> bytes:
        """So many bytes; raises DamagedError where the header ends before."""
        if not 0 <= count <= len(self.header) - self.at:
            raise self.damage()
        self.at += count
        return self.header[self.at - count : self.at]

    def uint32(self) -> int:
        """Four bytes, little-endian."""
        return int.from_bytes(self.bytes(4), "little")

    def damage(self) -> DamagedError:
        """The error for a header that makes no sense."""
        return _damage(self._base)


def _damage(at: int) -> DamagedError:
    return DamagedError(
        f"the header at byte {at:,} of the RAR archive cannot be read: transfer or pack it again"
    )


def _headers_5(data: bytes, whole: _Archive) -> Iterator[_File]:
    at = len(_RAR5)
    while at < len(data):
        sized = _Cursor(data[at + 4 : at + 14], 0, at)
        size = sized.vint()
        start = at + 4 + sized.at
        header = data[start : start + size]
        if len(header) < size or size > _MOST_HEADER_BYTES:
            raise _damage(at)
        if zlib.crc32(data[at + 4 : start + size]) != int.from_bytes(data[at : at + 4], "little"):
            raise _damage(at)
        cursor = _Cursor(header, 0, at)
        kind, flags = cursor.vint(), cursor.vint()
        extra = cursor.vint() if flags & 1 else 0
        stored = cursor.vint() if flags & 2 else 0
        stop = start + size + stored
        if kind == 1:
            archive_flags = cursor.vint()
            whole.is_volume, whole.is_solid = bool(archive_flags & 1), bool(archive_flags & 4)
        elif kind == 2:
            yield _file_5(cursor, flags, extra, start + size, stop)
        elif kind == 4:
            raise EncryptedError(
                "the RAR archive is encrypted, its list of names too: ask the sender for it without a "
                "password"
            )
        at = whole.end = stop
        if kind == 5:
            whole.ended = True
            whole.is_volume = whole.is_volume or bool(cursor.vint() & 1)
            return


def _file_5(cursor: _Cursor, flags: int, extra: int, start: int, stop: int) -> _File:
    file_flags, size, _attributes = cursor.vint(), cursor.vint(), cursor.vint()
    if file_flags & 2:
        cursor.bytes(4)
    crc32 = cursor.uint32() if file_flags & 4 else None
    packing, _system = cursor.vint(), cursor.vint()
    name = cursor.bytes(cursor.vint()).decode("utf-8", "backslashreplace")
    records = dict(_records_5(cursor, extra))
    return _File(
        name=name,
        size=size,
        start=start,
        stop=stop,
        is_folder=bool(file_flags & 1),
        is_link=5 in records,
        is_split=bool(flags & 0x18),
        is_encrypted=1 in records,
        is_solid=bool(packing & 0x40),
        is_stored=(packing >> 7) & 7 == 0,
        crc32=None if 1 in records else crc32,
    )


def _records_5(cursor: _Cursor, extra: int) -> Iterator[tuple[int, bytes]]:
    cursor.at = max(cursor.at, len(cursor.header) - extra)
    while cursor.at < len(cursor.header):
        record = _Cursor(cursor.bytes(cursor.vint()), 0, 0)
        yield record.vint(), record.header


def _headers_4(data: bytes, whole: _Archive) -> Iterator[_File]:
    at = len(_RAR4)
    while at + 7 <= len(data):
        crc, kind, flags, size = struct.unpack_from("<HBHH", data, at)
        header = data[at : at + size]
        if size < 7 or len(header) < size or zlib.crc32(header[2:]) & 0xFFFF != crc:
            raise _damage(at)
        stored = struct.unpack_from("<I", header, 7)[0] if flags & 0x8000 and size >= 11 else 0
        file = None
        if kind == 0x73:
            whole.is_volume, whole.is_solid = bool(flags & 1), bool(flags & 8)
            if flags & 0x80:
                raise EncryptedError(
                    "the RAR archive is encrypted, its list of names too: ask the sender for it without a "
                    "password"
                )
        elif kind in (0x74, 0x7A):
            file = _file_4(header, flags, at)
            stored = file.stop - file.start
        at = whole.end = at + size + stored
        if kind == 0x74 and file is not None:
            yield file
        if kind == 0x7B:
            whole.ended = True
            return


def _file_4(header: bytes, flags: int, at: int) -> _File:
    if len(header) < 32:
        raise _damage(at)
    packed, size, _system, crc32, _time, _version, method, name_size, attributes = struct.unpack_from(
        "<IIBIIBBHI", header, 7
    )
    name_at = 32
    if flags & 0x100:
        if len(header) < 40:
            raise _damage(at)
        high_packed, high_size = struct.unpack_from("<II", header, 32)
        packed, size, name_at = packed | high_packed << 32, size | high_size << 32, 40
    name = header[name_at : name_at + name_size]
    start = at + len(header)
    return _File(
        # Behind a zero a compressed form of the same name in Unicode may follow.
        name=name.split(b"\0")[0].decode("utf-8", "backslashreplace"),
        size=size,
        start=start,
        stop=start + packed,
        is_folder=flags & 0xE0 == 0xE0,
        is_link=attributes & 0xF000 == 0xA000 and _system == 3,
        is_split=bool(flags & 3),
        is_encrypted=bool(flags & 4),
        is_solid=bool(flags & 0x10),
        is_stored=method == _STORED_4,
        crc32=crc32,
    )


def examples() -> dict[str, tuple[bytes, dict[str, bytes]]]:
    """Stored members in both generations, the headers made here."""
    members = {"part.stl": b"solid part\nendsolid part\n" * 20, "folder/note.txt": b"a note", "empty": b""}
    five = _RAR5 + header_5(1, 0, vint(0))
    four = _RAR4 + header_4(0x73, 0, bytes(6))
    for name, content in members.items():
        five += file_5(name, content) + content
        four += file_4(name, content) + content
    return {
        "five": (five + header_5(5, 0, vint(0)), members),
        "four": (four + header_4(0x7B, 0, b""), members),
    }


def vint(value: int) -> bytes:
    """A number as version 5 writes it."""
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def header_5(kind: int, flags: int, rest: bytes) -> bytes:
    """A header of version 5 with its checksum."""
    body = vint(kind) + vint(flags) + rest
    sized = vint(len(body)) + body
    return zlib.crc32(sized).to_bytes(4, "little") + sized


def file_5(name: str, content: bytes, packing: int = 0, flags: int = 0, extra: bytes = b"") -> bytes:
    """A file header of version 5, for content that follows it."""
    encoded = name.encode()
    fields = vint(len(extra)) if extra else b""
    fields += vint(len(content)) + vint(4) + vint(len(content)) + vint(0)
    fields += (
        zlib.crc32(content).to_bytes(4, "little") + vint(packing) + vint(1) + vint(len(encoded)) + encoded
    )
    return header_5(2, 2 | flags | bool(extra), fields + extra)


def header_4(kind: int, flags: int, rest: bytes) -> bytes:
    """A header of version 4 with its checksum."""
    body = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body


def file_4(name: str, content: bytes, method: int = _STORED_4, flags: int = 0) -> bytes:
    """A file header of version 4, for content that follows it."""
    encoded = name.encode()
    size = len(content)
    fields = struct.pack(
        "<IIBIIBBHI", size, size, 3, zlib.crc32(content), 0, 20, method, len(encoded), 0o100644
    )
    return header_4(0x74, 0x8000 | flags, fields + encoded)


FORMAT = ContainerFormat("rar", recognises, open_rar, examples)
