"""Plain ZIP archives: every entry accounted for, nothing ever written to disk.

Names are labels only, so a path that climbs out of the archive harms nobody. Two entries of one name
are told apart by their place ("a.stl", "a.stl (entry 3)"), and an entry that the directory at the end
does not list is listed as well, because some programs would still open it.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import struct
import zipfile
import zlib

from partwatch.formats.base import DEFAULT_LIMITS, Member, ReadLimits
from partwatch.model.errors import DamagedError, EncryptedError, LimitError, UnreadableError, UnsupportedError

_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END_BYTES = 22
_LOCAL_BYTES = 30
_MAX_COMMENT = 0xFFFF
# Below this a high ratio is no bomb, only a very regular file.
_RATIO_FLOOR_BYTES = 1 << 22
_EMPTY_DEFLATE_BYTES = 2
_MAX_LZMA_DICTIONARY = 1 << 28
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000


def is_archive(data: bytes) -> bool:
    """Whether these bytes are a ZIP archive, by its first entry or its directory at the end."""
    return data.startswith((_LOCAL, _END)) or has_directory(data)


def has_directory(data: bytes) -> bool:
    """Whether a ZIP directory closes these bytes, as a program that reads ZIP from its end would see it."""
    end = _find_end(data)
    if end is None:
        return False
    entries, size = struct.unpack_from("<HI", data, end + 10)
    if entries == 0:
        return end == 0
    return size == 0xFFFFFFFF or (size <= end and data[end - size : end - size + 4] == _CENTRAL)


def members(data: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> list[Member]:
    """The files within, in the order of the directory. Raises DamagedError or LimitError."""
    return list(Archive(data, limits).members)


def extract(data: bytes, member_path: str, limits: ReadLimits = DEFAULT_LIMITS) -> bytes:
    """The content of one member, named as `members` names it.

    Raises EncryptedError, DamagedError, LimitError or UnsupportedError, naming the member. To read
    many members of one archive, keep an `Archive`.
    """
    return Archive(data, limits).extract(member_path)


class Archive:
    """A ZIP archive in memory whose directory has been read and bounded."""

    def __init__(self, data: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> None:
        self._data = data
        self._limits = limits
        infos = _directory(data, limits)
        hidden = _unlisted_entries(data, infos)
        self._entries: dict[str, zipfile.ZipInfo | int] = {}
        for place, info in enumerate(infos, start=1):
            if not _is_folder(info):
                self._entries[_free_label(info.filename, place, self._entries)] = info
        for offset in hidden:
            self._entries[_free_label(f"(unlisted entry at byte {offset})", 0, self._entries)] = offset
        self.unlisted = len(hidden)

    @property
    def members(self) -> tuple[Member, ...]:
        """The files within, in the order of the directory."""
        return tuple(
            Member(label, entry.file_size if isinstance(entry, zipfile.ZipInfo) else 0)
            for label, entry in self._entries.items()
        )

    def name_of(self, label: str) -> str:
        """The name as the archive spells it, which two members may share."""
        entry = self._entries[label]
        return entry.filename if isinstance(entry, zipfile.ZipInfo) else label

    def head(self, label: str, size: int = 1 << 16) -> bytes:
        """The first bytes of a member, for a look at what it is; nothing is checked beyond them."""
        return self._unpacked(label, size)

    def extract(self, label: str) -> bytes:
        """The content of one member; raises as the function `extract` does."""
        return self._unpacked(label, None)

    def _unpacked(self, label: str, first: int | None) -> bytes:
        entry = self._entries.get(label)
        if entry is None:
            raise DamagedError(f"the archive holds no member {label!r}")
        if isinstance(entry, int):
            raise DamagedError(
                f"an entry at byte {entry:,} is not in the archive's directory, so programs disagree on "
                "whether it exists: pack the archive again"
            )
        try:
            _check_entry(entry, self._limits)
            stored = _stored_bytes(self._data, entry)
            return _unpack(stored, entry) if first is None else _decompress(stored, entry, first)
        except UnreadableError as error:
            raise type(error)(f"member {label!r}: {error}") from None


def _is_folder(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is only a folder: one with content is a file under a misleading name."""
    return info.filename.endswith("/") and info.file_size == 0 and info.compress_size <= _EMPTY_DEFLATE_BYTES


def _free_label(name: str, place: int, taken: dict[str, zipfile.ZipInfo | int]) -> str:
    label = name
    while label in taken:
        label = f"{name} (entry {place})" if label == name else f"{label}'"
    return label


def _find_end(data: bytes) -> int | None:
    """Offset of the end record whose comment reaches exactly to the end of the data."""
    at = len(data) - _END_BYTES
    lowest = max(0, at - _MAX_COMMENT)
    while at >= lowest:
        at = data.rfind(_END, lowest, at + len(_END))
        if at < 0:
            return None
        if at + _END_BYTES + struct.unpack_from("<H", data, at + 20)[0] == len(data):
            return at
        at -= 1
    return None


def _directory(data: bytes, limits: ReadLimits) -> list[zipfile.ZipInfo]:
    end = _find_end(data)
    if end is None:
        raise DamagedError(
            "the ZIP archive has no directory at its end, or bytes after it: it was cut short or added to; "
            "transfer or pack it again"
        )
    # Counted before zipfile builds an object for each entry.
    size = struct.unpack_from("<I", data, end + 12)[0]
    count = data.count(_CENTRAL, max(0, end - size), end)
    if count > limits.max_members:
        raise LimitError(
            f"the archive lists about {count:,} members, more than the limit of {limits.max_members:,}: "
            "split it, or raise the limit"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        ValueError,
        struct.error,
        OSError,
        OverflowError,
    ) as error:
        raise DamagedError(
            f"the ZIP directory at byte {end:,} cannot be read ({error}): pack it again"
        ) from None


def _unlisted_entries(data: bytes, infos: list[zipfile.ZipInfo]) -> list[int]:
    """Offsets of local entries that lie between the listed ones."""
    gaps = []
    at = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        gaps.append((at, info.header_offset))
        at = max(at, _entry_end(data, info))
    # Behind the last entry comes the directory; an entry between them is as unlisted as any other.
    end = _find_end(data)
    if end is not None:
        gaps.append((at, max(at, end - struct.unpack_from("<I", data, end + 12)[0])))
    return [
        start + found.start()
        for start, stop in gaps
        for found in re.finditer(re.escape(_LOCAL), data[start:stop])
    ]


def _entry_end(data: bytes, info: zipfile.ZipInfo) -> int:
    head = data[info.header_offset : info.header_offset + _LOCAL_BYTES]
    name_bytes, extra_bytes = struct.unpack_from("<HH", head, 26) if len(head) == _LOCAL_BYTES else (0, 0)
    return info.header_offset + _LOCAL_BYTES + int(name_bytes) + int(extra_bytes) + info.compress_size


def _check_entry(info: zipfile.ZipInfo, limits: ReadLimits) -> None:
    if info.flag_bits & _ENCRYPTED_FLAGS:
        raise EncryptedError("it is encrypted: ask the sender for it without a password")
    if info.file_size > limits.max_member_bytes:
        raise LimitError(
            f"it unpacks to {info.file_size:,} bytes, more than the limit of {limits.max_member_bytes:,}"
        )
    if info.file_size > max(_RATIO_FLOOR_BYTES, info.compress_size * limits.max_expansion_ratio):
        raise LimitError(
            f"it unpacks from {info.compress_size:,} to {info.file_size:,} bytes, more than "
            f"{limits.max_expansion_ratio:g} times: this is how archives are built that fill a disk"
        )


def _stored_bytes(data: bytes, info: zipfile.ZipInfo) -> memoryview:
    head = data[info.header_offset : info.header_offset + _LOCAL_BYTES]
    if len(head) < _LOCAL_BYTES or not head.startswith(_LOCAL):
        raise DamagedError(f"no entry begins at byte {info.header_offset:,}, where the directory has it")
    name_bytes, extra_bytes = struct.unpack_from("<HH", head, 26)
    start = info.header_offset + _LOCAL_BYTES
    # Readers that go through the file from the front would see this name and not the directory's.
    own_name = data[start : start + name_bytes].decode("utf-8" if head[7] & 0x08 else "cp437", "replace")
    if own_name.split("\0")[0].replace("\\", "/") != info.orig_filename.split("\0")[0].replace("\\", "/"):
        raise DamagedError(
            f"the entry calls itself {own_name!r}, the directory says otherwise: pack it again"
        )
    start += name_bytes + extra_bytes
    stop = start + info.compress_size
    if stop > len(data):
        raise DamagedError(
            f"the archive ends at byte {len(data):,}, before the member does: transfer it again"
        )
    return memoryview(data)[start:stop]


def _unpack(stored: memoryview, info: zipfile.ZipInfo) -> bytes:
    # One byte more than promised tells a member that unpacks to more than its directory admits.
    content = _decompress(stored, info, info.file_size + 1)
    if len(content) != info.file_size:
        amount = "more" if len(content) > info.file_size else "fewer"
        raise DamagedError(
            f"it unpacks to {amount} bytes than the {info.file_size:,} of the directory: pack it again"
        )
    if zlib.crc32(content) != info.CRC:
        raise DamagedError("its checksum does not fit its content: transfer or pack it again")
    return content


def _decompress(stored: memoryview, info: zipfile.ZipInfo, room: int) -> bytes:
    """At most `room` bytes of a member's content."""
    try:
        match info.compress_type:
            case zipfile.ZIP_STORED:
                return bytes(stored[:room])
            case zipfile.ZIP_DEFLATED:
                return zlib.decompressobj(-15).decompress(stored, room)
            case zipfile.ZIP_BZIP2:
                return bz2.BZ2Decompressor().decompress(stored, room)
            case zipfile.ZIP_LZMA:
                return _unlzma(stored, room)
    except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError, struct.error) as error:
        raise DamagedError(f"it cannot be unpacked ({error}): transfer or pack it again") from None
    raise UnsupportedError(
        f"it is packed by method {info.compress_type}, which cannot be unpacked here: "
        "pack it again with the usual deflate"
    )


def _unlzma(stored: memoryview, room: int) -> bytes:
    """LZMA as ZIP holds it: two bytes of version, the properties' size, the properties (APPNOTE 5.8.8)."""
    _, size, packed_lc_lp_pb, dictionary = struct.unpack_from("<HHBI", stored)
    if size != 5 or dictionary > _MAX_LZMA_DICTIONARY:
        raise ValueError("LZMA properties out of the ordinary")
    lc, lp, pb = packed_lc_lp_pb % 9, packed_lc_lp_pb // 9 % 5, packed_lc_lp_pb // 45
    filters = [{"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb, "dict_size": dictionary}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(stored[9:], room)
