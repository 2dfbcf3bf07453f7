"""Packages taken apart and put together again, so that what changes is inside and every length still fits."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from partwatch.formats import zstd
from partwatch.formats.base import ReadLimits
from partwatch.formats.bgcode import writer
from partwatch.formats.bgcode.blocks import MAGIC, Checksum, Kind, blocks_of, checksum_of
from partwatch.formats.bgcode.content import UNPACK

_MOST_BYTES = 1 << 17
_MOST_PARTS = 64
_STREAMS: tuple[tuple[bytes, Callable[[bytes], bytes], Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", lambda data: zlib.decompressobj(31).decompress(data, _MOST_BYTES), gzip.compress),
    (b"BZh", lambda data: bz2.BZ2Decompressor().decompress(data, _MOST_BYTES), bz2.compress),
    (b"\xfd7zXZ\0", lambda data: lzma.LZMADecompressor().decompress(data, _MOST_BYTES), lzma.compress),
    (
        b"\x28\xb5\x2f\xfd",
        lambda data: bytes(zstd.decompressor().decompress(data, _MOST_BYTES)),
        lambda data: bytes(zstd.module().compress(data)),
    ),
)


@dataclass(frozen=True)
class Layers:
    """parts: what is inside, by its place. pack: the file with other parts in their place."""

    parts: list[bytes]
    pack: Callable[[list[bytes]], bytes]


def unpacked(data: bytes) -> Layers | None:
    """What a package holds; None where these bytes are none, or one too broken to be taken apart."""
    # zstd's own error has no name without its library.
    try:
        if data.startswith(b"PK\x03\x04"):
            return _zip(data)
        if data.startswith(b"glTF"):
            return _glb(data)
        if data.startswith(MAGIC):
            return _bgcode(data)
        if data[257:262] == b"ustar":
            return _tar(data)
        for magic, unpack, pack in _STREAMS:
            if data.startswith(magic):
                return Layers([unpack(data)], lambda parts, pack=pack: pack(parts[0]))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    except Exception:
        return None
    return None


def _zip(data: bytes) -> Layers | None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()[:_MOST_PARTS]
        if sum(info.file_size for info in infos) > _MOST_BYTES:
            return None
        parts = [archive.read(info) for info in infos]

    def pack(parts: list[bytes]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for info, part in zip(infos, parts, strict=True):
                archive.writestr(zipfile.ZipInfo(info.filename), part, info.compress_type)
        return buffer.getvalue()

    return Layers(parts, pack)


def _tar(data: bytes) -> Layers:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        infos = archive.getmembers()[:_MOST_PARTS]
        parts = [file.read() if (file := archive.extractfile(info)) else b"" for info in infos]

    def pack(parts: list[bytes]) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for info, part in zip(infos, parts, strict=True):
                info.size = len(part) if info.isreg() else info.size
                archive.addfile(info, io.BytesIO(part))
        return buffer.getvalue()

    return Layers(parts, pack)


def _glb(data: bytes) -> Layers:
    kinds: list[bytes] = []
    parts: list[bytes] = []
    at = 12
    while at + 8 <= len(data) and len(parts) < _MOST_PARTS:
        length, kind = struct.unpack_from("<I4s", data, at)
        kinds.append(kind)
        parts.append(data[at + 8 : at + 8 + length])
        at += 8 + length

    def pack(parts: list[bytes]) -> bytes:
        chunks = b""
        for kind, part in zip(kinds, parts, strict=True):
            filled = part + (b" " if kind == b"JSON" else b"\0") * (-len(part) % 4)
            chunks += struct.pack("<I4s", len(filled), kind) + filled
        return data[:8] + struct.pack("<I", 12 + len(chunks)) + chunks

    return Layers(parts, pack)


def _bgcode(data: bytes) -> Layers | None:
    """What its blocks hold, unpacked but not decoded; sealed again, and with the sizes that then fit."""
    found = list(blocks_of(data, ReadLimits(max_members=_MOST_PARTS)))
    if sum(each.size for each in found) > _MOST_BYTES:
        return None
    parts = [b"".join(UNPACK[each.compression](bytes(each.data))) for each in found]
    checksum = checksum_of(data)

    def pack(parts: list[bytes]) -> bytes:
        sealed = checksum is not Checksum.NONE
        blocks = []
        for each, part in zip(found, parts, strict=True):
            parameters = (each.parameter, 1, 1) if each.kind == Kind.THUMBNAIL else (each.parameter,)
            blocks.append(writer.block(each.kind, part, each.compression, parameters, sealed))
        return writer.file(*blocks, checksum=checksum)

    return Layers(parts, pack)
