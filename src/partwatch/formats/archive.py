"""Plain ZIP archives: every entry accounted for, nothing ever written to disk.

Names are labels only, so a path that climbs out of the archive harms nobody. Two entries of one name
are told apart by their place ("a.stl", "a.stl (entry 3)"). An entry that the directory at the end does not
list is a member as well, because some programs would still open it, and so is what stands before the first
entry and behind the directory.
"""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass

from partwatch.formats import zstd
from partwatch.formats.base import DEFAULT_LIMITS, Member, ReadLimits
from partwatch.formats.labels import free_label
from partwatch.model.document import Reason
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
_CHUNK_BYTES = 1 << 16
# Deflate cannot pack more tightly than this.
_MOST_DEFLATE_RATIO = 1040
_MAX_LZMA_DICTIONARY = 1 << 28
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
_DESCRIPTOR_FLAG = 0x8
_ZIP64_SIZE = 0xFFFFFFFF
_SPLIT = b"PK\x07\x08"
BEFORE = "(bytes before the archive)"
AFTER = "(bytes after the archive)"


def is_archive(data: bytes) -> bool:
    """Whether these bytes are a ZIP archive, by its first entry or its directory at the end."""
    return data.startswith((_LOCAL, _END, _SPLIT + _LOCAL)) or has_directory(data)


def has_directory(data: bytes) -> bool:
    """Whether a ZIP directory closes these bytes, as a program that reads ZIP from its end would see it."""
    end = _find_end(data)
    if end is None:
        return False
    entries, size = struct.unpack_from("<HI", data, end + 10)
    if entries == 0:
        return end == 0
    return size == _ZIP64_SIZE or _has_directory_before(data, end)


def is_bare(data: bytes) -> bool:
    """Whether a ZIP archive has nothing before its first entry and nothing behind its directory."""
    end = _find_end(data)
    if end is None or not data.startswith((_LOCAL, _END)):
        return False
    return end + _END_BYTES + int(struct.unpack_from("<H", data, end + 20)[0]) == len(data)


def members(data: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> list[Member]:
    """The files within, in the order of the directory. Raises DamagedError or LimitError."""
    return list(Archive(data, limits).members)


def extract(data: bytes, member_path: str, limits: ReadLimits = DEFAULT_LIMITS) -> bytes:
    """The content of one member, named as `members` names it.

    Raises EncryptedError, DamagedError, LimitError or UnsupportedError, naming the member. To read
    many members of one archive, keep an `Archive`.
    """
    return Archive(data, limits).extract(member_path)


@dataclass(frozen=True)
class _Outside:
    """Bytes that belong to no entry."""

    start: int
    stop: int


_Entry = zipfile.ZipInfo | _Outside


class Archive:
    """A ZIP archive in memory whose directory has been read and bounded.

    outside: whether what stands before and behind the archive is among its members. unlisted: how many
    entries its directory does not list.
    """

    def __init__(self, data: bytes, limits: ReadLimits = DEFAULT_LIMITS, *, outside: bool = False) -> None:
        self._data = data
        self._limits = limits
        infos = _directory(data, limits)
        layout = _Layout(data, infos)
        self._overlapping = layout.overlapping
        self._entries: dict[str, _Entry] = {}
        for place, info in enumerate(infos, start=1):
            if not _is_folder(info):
                self._entries[free_label(_text(info.filename), place, self._entries)] = info
        hidden = _unlisted_entries(data, layout.gaps)
        self._listed = frozenset(self._entries)
        for info in hidden:
            label = f"{_text(info.filename)} (unlisted entry at byte {info.header_offset})"
            self._entries[free_label(label, 0, self._entries)] = info
        self.unlisted = len(hidden)
        if outside:
            self._add_outside(layout, [*infos, *hidden])
        if len(self._entries) > max(len(self._listed), limits.max_members):
            raise _too_many(len(self._entries), limits)

    def _add_outside(self, layout: _Layout, infos: list[zipfile.ZipInfo]) -> None:
        data = self._data
        first = min((info.header_offset for info in infos), default=layout.directory)
        for label, outside in ((BEFORE, _Outside(0, first)), (AFTER, _Outside(layout.end, len(data)))):
            if not _is_padding(data[outside.start : outside.stop]):
                self._entries[free_label(label, 0, self._entries)] = outside

    @property
    def members(self) -> tuple[Member, ...]:
        """The files within, in the order of the directory; then what that does not list."""
        return tuple(Member(label, _size_of(entry)) for label, entry in self._entries.items())

    @property
    def unread(self) -> tuple[Reason, ...]:
        """Nothing: whatever is no entry is a member as well."""
        return ()

    @property
    def remarks(self) -> tuple[Reason, ...]:
        """That the directory does not list everything, where it does not."""
        if not self.unlisted:
            return ()
        message = (
            f"{self.unlisted} of its entries are not in the ZIP directory, so programs disagree on whether "
            "they exist: they are screened like the others"
        )
        return (Reason(code="unlisted_entries", message=message),)

    def name_of(self, label: str) -> str:
        """The name as the archive spells it, which two members may share."""
        entry = self._entries[label]
        if label in self._listed and isinstance(entry, zipfile.ZipInfo):
            return _text(entry.filename)
        return label

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
        if isinstance(entry, _Outside):
            return self._data[entry.start : entry.stop][:first]
        try:
            if entry.header_offset in self._overlapping:
                raise DamagedError(
                    "it shares its bytes with another member: this is how archives are built that fill a "
                    "disk; pack the archive again"
                )
            _check_entry(entry, self._limits)
            stored = _stored_bytes(self._data, entry)
            return _unpack(stored, entry) if first is None else _decompress(stored, entry, first)
        except UnreadableError as error:
            raise type(error)(f"member {label!r}: {error}") from None


class _Layout:
    """Where things lie. gaps: what no listed entry covers, before the directory."""

    def __init__(self, data: bytes, infos: list[zipfile.ZipInfo]) -> None:
        end = _find_end(data)
        if end is None:
            raise _no_directory()
        # zipfile has moved every offset by what stands before the archive; so is the directory found here.
        self.directory = max(0, end - struct.unpack_from("<I", data, end + 12)[0])
        self.end = end + _END_BYTES + struct.unpack_from("<H", data, end + 20)[0]
        self.overlapping: set[int] = set()
        self.gaps: list[tuple[int, int]] = []
        at = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < at:
                self.overlapping.add(info.header_offset)
            else:
                self.gaps.append((at, info.header_offset))
            at = max(at, _entry_end(data, info))
        # Behind the last entry comes the directory; an entry between them is as unlisted as any other.
        self.gaps.append((at, max(at, self.directory)))


def _size_of(entry: _Entry) -> int:
    return entry.stop - entry.start if isinstance(entry, _Outside) else entry.file_size


def _text(name: str) -> str:
    """Valid text, whatever the bytes were that zipfile decoded."""
    return name.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace")


def _is_padding(content: bytes) -> bool:
    return not content.strip(b"\0 \t\r\n\x1a")


def _is_folder(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is only a folder: one with content is a file under a misleading name."""
    return info.filename.endswith("/") and info.file_size == 0 and info.compress_size <= _EMPTY_DEFLATE_BYTES


def _find_end(data: bytes) -> int | None:
    """Offset of the end record: one whose comment reaches to the end, else the last that has a directory."""
    last = None
    lowest = max(0, len(data) - _END_BYTES - _MAX_COMMENT)
    if data.startswith((_LOCAL, _SPLIT)):
        # What begins as a ZIP archive is one, however much was put behind it.
        lowest = 0
    at = data.rfind(_END, lowest)
    while at >= 0:
        if at + _END_BYTES <= len(data):
            if at + _END_BYTES + struct.unpack_from("<H", data, at + 20)[0] == len(data):
                return at
            if last is None and _has_directory_before(data, at):
                last = at
            if last is not None and at < len(data) - _END_BYTES - _MAX_COMMENT:
                return last
        at = data.rfind(_END, lowest, at + len(_END) - 1)
    return last


def _has_directory_before(data: bytes, end: int) -> bool:
    size = struct.unpack_from("<I", data, end + 12)[0]
    return 0 < size <= end and data[end - size : end - size + 4] == _CENTRAL


def _no_directory() -> UnreadableError:
    return DamagedError(
        "the ZIP archive has no directory at its end: it was cut short or added to; transfer or pack it again"
    )


def _too_many(count: int, limits: ReadLimits) -> LimitError:
    return LimitError(
        f"the archive holds about {count:,} members, more than the limit of {limits.max_members:,}: "
        "split it, or raise the limit (--max-members)"
    )


def _directory(data: bytes, limits: ReadLimits) -> list[zipfile.ZipInfo]:
    end = _find_end(data)
    if data.startswith(_SPLIT) or (end is not None and _is_volume(data, end)):
        raise UnsupportedError(
            "this is one volume of a split ZIP archive: join all volumes into one archive (zip -s 0) and "
            "screen that"
        )
    if end is None:
        raise _no_directory()
    # Counted before zipfile builds an object for each entry.
    size = struct.unpack_from("<I", data, end + 12)[0]
    count = data.count(_CENTRAL, max(0, end - size), end)
    if count > limits.max_members:
        raise _too_many(count, limits)
    stop = end + _END_BYTES + struct.unpack_from("<H", data, end + 20)[0]
    try:
        with zipfile.ZipFile(io.BytesIO(data if stop >= len(data) else data[:stop])) as archive:
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


def _is_volume(data: bytes, end: int) -> bool:
    this_disk, first_disk = struct.unpack_from("<HH", data, end + 4)
    return (this_disk, first_disk) not in ((0, 0), (0xFFFF, 0xFFFF), (0xFFFF, 0))


def _unlisted_entries(data: bytes, gaps: list[tuple[int, int]]) -> list[zipfile.ZipInfo]:
    """Local entries that lie between the listed ones, as far as their own headers describe them."""
    found = []
    for start, stop in gaps:
        at = data.find(_LOCAL, start, stop)
        while at >= 0:
            info = _local_entry(data, at)
            found.append(info)
            # Within its content another archive may lie stored, whose entries are not this one's.
            at = data.find(_LOCAL, max(at + len(_LOCAL), min(_entry_end(data, info), stop)), stop)
    return found


def _local_entry(data: bytes, offset: int) -> zipfile.ZipInfo:
    """An entry by its local header alone (APPNOTE 4.3.7)."""
    info = zipfile.ZipInfo("(no name)")
    info.header_offset = offset
    head = data[offset : offset + _LOCAL_BYTES]
    if len(head) < _LOCAL_BYTES:
        return info
    info.flag_bits, info.compress_type = struct.unpack_from("<HH", head, 6)
    info.CRC, info.compress_size, info.file_size = struct.unpack_from("<III", head, 14)
    name_bytes = struct.unpack_from("<H", head, 26)[0]
    start = offset + _LOCAL_BYTES
    name = data[start : start + name_bytes].decode("utf-8" if head[7] & 0x08 else "cp437", "replace")
    info.orig_filename = name
    info.filename = name or info.filename
    if info.flag_bits & _DESCRIPTOR_FLAG and info.compress_size == 0:
        _measure(data, info)
    return info


def _measure(data: bytes, info: zipfile.ZipInfo) -> None:
    """Find the size of a deflated entry that states it only behind its content."""
    content = memoryview(data)[_entry_end(data, info) :]
    if info.compress_type != zipfile.ZIP_DEFLATED:
        return
    unpacker = zlib.decompressobj(-15)
    at = size = crc = 0
    try:
        while not unpacker.eof and at < len(content):
            chunk = content[at : at + _CHUNK_BYTES]
            at += len(chunk)
            part = unpacker.decompress(chunk, _CHUNK_BYTES)
            while part:
                size, crc = size + len(part), zlib.crc32(part, crc)
                if size > max(_RATIO_FLOOR_BYTES, at * _MOST_DEFLATE_RATIO):
                    return
                part = b"" if unpacker.eof else unpacker.decompress(unpacker.unconsumed_tail, _CHUNK_BYTES)
    except zlib.error:
        return
    if unpacker.eof:
        info.compress_size, info.file_size, info.CRC = at - len(unpacker.unused_data), size, crc


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
            case 95:  # xz
                return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_LZMA_DICTIONARY).decompress(
                    stored, room
                )
            case 93:  # zstd
                return zstd.unpack(stored, room)
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
