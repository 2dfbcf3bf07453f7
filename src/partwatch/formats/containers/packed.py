"""Compression around a single file: gzip, bzip2, xz, lzma, zstd. Its one member is what was compressed.

The member is named after the file, without what the compression added: "part.stl.gz" holds "part.stl",
"part.stpZ" holds "part.stp". Several streams one after another are one file (RFC 1952, 2.2).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from partwatch.formats import zstd
from partwatch.formats.base import ReadLimits
from partwatch.formats.containers.base import (
    Container,
    ContainerFormat,
    Entry,
    Listing,
    check_expansion,
    is_padding,
)
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, LimitError, UnreadableError

_CHUNK_BYTES = 1 << 20
_MOST_MEMORY_BYTES = 1 << 28
_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
# The eyes of a skippable frame: 0x184D2A50 to 5F (RFC 8878, 3.1.2).
_ZSTD_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)
_SUFFIXES = re.compile(
    r"(?i)(?:\.(?:gz|gzip|z|bz2|bzip2|xz|lzma|zst|zstd)|(?P<short>\.t)(?:gz|bz2?|xz|zst|lz)|(?<=stp)z)$"
)


class _Gunzip:
    """zlib's decompressor with the manners of those of bz2 and lzma."""

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._unpacker.eof

    @property
    def unused_data(self) -> bytes:
        return self._unpacker.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._unpacker.unconsumed_tail

    def decompress(self, packed: bytes | memoryview, room: int) -> bytes:
        return self._unpacker.decompress(packed or self._unpacker.unconsumed_tail, room)


def _xz() -> Any:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY_BYTES)


def _lzma() -> Any:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MOST_MEMORY_BYTES)


def _opener(
    decompressor: Callable[[], Any], is_stream: Callable[[bytes], bool]
) -> Callable[[bytes, ReadLimits, str], Container]:
    def open_packed(data: bytes, limits: ReadLimits, name: str) -> Container:
        """Unpacks at once: only that tells how it ends, and there is only one member to ask for."""
        unpacking = _Unpacking(data, limits, decompressor, is_stream)
        content = unpacking.run()
        inner = Entry(inner_name(data, name), len(content), lambda: content)
        return Listing([inner], limits, tuple(unpacking.unread))

    return open_packed


class _Unpacking:
    """One file's streams; what went wrong behind the first bytes is kept as a reason beside them."""

    def __init__(
        self,
        data: bytes,
        limits: ReadLimits,
        decompressor: Callable[[], Any],
        is_stream: Callable[[bytes], bool],
    ) -> None:
        self.unread: list[Reason] = []
        self._data = data
        self._limits = limits
        self._decompressor = decompressor
        self._is_stream = is_stream
        self._at = 0

    def run(self) -> bytes:
        """What could be unpacked. Raises UnreadableError where that is nothing, or over a limit."""
        parts: list[bytes] = []
        size = 0
        try:
            for part in self._parts():
                size += len(part)
                check_expansion(self._at, size, self._limits)
                parts.append(part)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            self._say(DamagedError(_damage(error, self._at)), bool(size))
        except LimitError:
            raise
        except UnreadableError as error:
            self._say(error, bool(size))
        except Exception as error:
            # zstd's own error, whose class is known only where the library is there.
            if type(error).__name__ != "ZstdError":
                raise
            self._say(DamagedError(_damage(error, self._at)), bool(size))
        return b"".join(parts)

    def _parts(self) -> Iterator[bytes]:
        view = memoryview(self._data)
        if not self._is_stream(self._data[:16]):
            raise DamagedError("it does not begin as compressed data does: transfer it again")
        while self._is_stream(self._data[self._at : self._at + 16]):
            start = self._at
            unpacker = self._decompressor()
            while not unpacker.eof:
                chunk = view[self._at : self._at + _CHUNK_BYTES] if unpacker.needs_input else b""
                if unpacker.needs_input and not chunk:
                    raise DamagedError(
                        f"the compressed data ends at byte {len(view):,}, before it is complete: it was cut "
                        "short; transfer it again"
                    )
                self._at += len(chunk)
                yield unpacker.decompress(chunk, _CHUNK_BYTES)
            self._at -= len(unpacker.unused_data)
            if self._at <= start:
                break
        if not is_padding(self._data[self._at :]):
            raise DamagedError(
                f"{len(view) - self._at:,} bytes follow the compressed data at byte {self._at:,} and were "
                "not read: compress the file again"
            )

    def _say(self, error: UnreadableError, something: bool) -> None:
        if not something:
            raise error
        self.unread.append(Reason(code=error.code, message=str(error)))


def _damage(error: Exception, at: int) -> str:
    return f"it cannot be unpacked beyond byte {at:,} ({error}): transfer or compress it again"


def inner_name(data: bytes, name: str) -> str:
    """The member's name: the file's without the suffix, else the one that gzip recorded."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    found = _SUFFIXES.search(base)
    if found and found.start():
        return base[: found.start()] + (".tar" if found["short"] else "")
    return _recorded_name(data) or "(content)"


def _recorded_name(data: bytes) -> str | None:
    """The name in a gzip header (RFC 1952, 2.3), as far as it is a plain file's."""
    if not data.startswith(b"\x1f\x8b") or len(data) < 12 or not data[3] & 0x08:
        return None
    start = 10
    if data[3] & 0x04:
        start += 2 + int.from_bytes(data[10:12], "little")
    name = data[start : start + 1024].split(b"\0")[0].decode("latin-1")
    return name.replace("\\", "/").rsplit("/", 1)[-1] or None


def _is_gzip(head: bytes) -> bool:
    return head.startswith(b"\x1f\x8b")


def _is_bzip2(head: bytes) -> bool:
    return head.startswith(b"BZh") and head[3:4].isdigit() and head[4:10] in _BZIP2_BLOCKS


_BZIP2_BLOCKS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")


def _is_xz(head: bytes) -> bool:
    return head.startswith(b"\xfd7zXZ\0")


def _is_lzma(head: bytes) -> bool:
    """An .lzma file has no signature: usual properties, a power of two as dictionary, a sane size."""
    if len(head) < 13 or head[0] != 0x5D:
        return False
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    usual = dictionary.bit_count() <= 2 and 1 << 12 <= dictionary <= 1 << 30
    return usual and (size < 1 << 40 or size == (1 << 64) - 1)


def _is_zstd(head: bytes) -> bool:
    return head.startswith(_ZSTD_FRAME) or _ZSTD_SKIPPABLE.match(head) is not None


_CONTENT = b"solid part\nendsolid part\n" * 20


def _examples(
    compress: Callable[[bytes], bytes],
) -> Callable[[], dict[str, tuple[bytes, dict[str, bytes]]]]:
    def examples() -> dict[str, tuple[bytes, dict[str, bytes]]]:
        """One stream, and two that are one file."""
        one = {"(content)": _CONTENT}
        return {
            "one-stream": (compress(_CONTENT), one),
            "two-streams": (compress(_CONTENT[:30]) + compress(_CONTENT[30:]), one),
        }

    return examples


def _lzma_examples() -> dict[str, tuple[bytes, dict[str, bytes]]]:
    return {"alone": (lzma.compress(_CONTENT, lzma.FORMAT_ALONE), {"(content)": _CONTENT})}


FORMATS = (
    ContainerFormat(
        "gzip", _is_gzip, _opener(_Gunzip, _is_gzip), _examples(lambda data: gzip.compress(data, mtime=0))
    ),
    ContainerFormat("bzip2", _is_bzip2, _opener(bz2.BZ2Decompressor, _is_bzip2), _examples(bz2.compress)),
    ContainerFormat("xz", _is_xz, _opener(_xz, _is_xz), _examples(lzma.compress)),
    ContainerFormat("lzma", _is_lzma, _opener(_lzma, _is_lzma), _lzma_examples),
    ContainerFormat(
        "zstd",
        _is_zstd,
        _opener(zstd.decompressor, _is_zstd),
        _examples(lambda data: bytes(zstd.module().compress(data))),
    ),
)
