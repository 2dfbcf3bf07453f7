"""ZIP archives: plain ones, and ones locked with the traditional PKWARE cipher.

The cipher is written from section 6.1 of PKWARE's APPNOTE.TXT. It is broken and protects nothing: it
is here because such archives turn up, and a screener has to say that it could not look inside.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

_KEYS = (0x12345678, 0x23456789, 0x34567890)
_MASK = 0xFFFFFFFF
_DOS_DATE_1980 = 0x21
_VERSION_NEEDED = 20
_FLAG_ENCRYPTED = 1
_STORED = 0


def plain_zip(members: dict[str, bytes]) -> bytes:
    """A deflated archive with every date at 1980-01-01, so that the same members give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            # An explicit system byte: zipfile's default differs between platforms.
            info = zipfile.ZipInfo(name)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            archive.writestr(info, content)
    return buffer.getvalue()


def locked_zip(members: dict[str, bytes], password: bytes) -> bytes:
    """A stored archive whose members are encrypted; their names stay readable, as the format has it."""
    body, directory = b"", b""
    for name, content in members.items():
        local, central = _locked_member(name.encode("ascii"), content, password, offset=len(body))
        body += local
        directory += central
    count = len(members)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def encrypt(content: bytes, password: bytes) -> bytes:
    """PKWARE's stream cipher: a 12-byte header that ends in the checksum's high byte, then the content."""
    keys = list(_KEYS)
    for byte in password:
        _update(keys, byte)
    checksum = zlib.crc32(content)
    # The header should be random; here it is derived, since the samples must not change between runs.
    header = zlib.crc32(password).to_bytes(4, "little") + checksum.to_bytes(4, "little") + b"\0\0\0"
    header += bytes([checksum >> 24])
    return bytes(_encrypt_byte(keys, byte) for byte in header + content)


def _locked_member(name: bytes, content: bytes, password: bytes, offset: int) -> tuple[bytes, bytes]:
    """The member's local header with its data, and its entry in the central directory."""
    data = encrypt(content, password)
    common = struct.pack(
        "<HHHHHIIIHH",
        _VERSION_NEEDED,
        _FLAG_ENCRYPTED,
        _STORED,
        0,
        _DOS_DATE_1980,
        zlib.crc32(content),
        len(data),
        len(content),
        len(name),
        0,
    )
    local = b"PK\3\4" + common + name + data
    central = b"PK\1\2" + struct.pack("<H", _VERSION_NEEDED) + common
    central += struct.pack("<HHHII", 0, 0, 0, 0, offset) + name
    return local, central


def _encrypt_byte(keys: list[int], byte: int) -> int:
    mixed = (keys[2] | 2) & 0xFFFF
    stream = ((mixed * (mixed ^ 1)) >> 8) & 0xFF
    _update(keys, byte)
    return byte ^ stream


def _update(keys: list[int], byte: int) -> None:
    keys[0] = _crc_step(keys[0], byte)
    keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & _MASK
    keys[2] = _crc_step(keys[2], keys[1] >> 24)


def _crc_step(state: int, byte: int) -> int:
    """One byte through the raw CRC-32 register; zlib inverts on the way in and out, so undo that."""
    return zlib.crc32(bytes([byte]), state ^ _MASK) ^ _MASK
