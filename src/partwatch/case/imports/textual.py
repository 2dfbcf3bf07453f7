"""Bytes of unknown encoding: what they are taken for, and why."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from partwatch.case.imports.base import Reading
from partwatch.model.errors import UsageError

SAMPLE_BYTES: Final = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def check_file(reading: Reading) -> None:
    """Raises UsageError where the source is no file that can be opened, or is over its limit."""
    name = reading.path.name or str(reading.path)
    try:
        if not reading.path.is_file():
            raise UsageError(f"{name}: is no file: check the path")
        size = reading.path.stat().st_size
        with reading.path.open("rb"):
            pass
    except OSError as error:
        raise UsageError(f"{name}: cannot be read ({error.strerror or error}): check the path") from None
    if size > reading.limits.file_bytes:
        raise UsageError(
            f"{name}: has {size:,} bytes, more than the limit of {reading.limits.file_bytes:,}: split it"
        )


def head_of(path: Path, count: int = SAMPLE_BYTES) -> bytes:
    """The beginning of a file; nothing of what is no file."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""


def encoding_of(sample: bytes) -> str:
    """utf-8-sig, utf-16 (also without a mark, by its zero bytes), utf-32, utf-8, or else cp1252.

    A few bytes that are not UTF-8 among many that are do not make a file cp1252: their rows are errors.
    """
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    even, odd = sample[0:4096:2], sample[1:4096:2]
    if len(sample) >= 4 and odd.count(0) > len(odd) * 0.4 and even.count(0) < len(even) * 0.1:
        return "utf-16-le"
    if len(sample) >= 4 and even.count(0) > len(even) * 0.4 and odd.count(0) < len(odd) * 0.1:
        return "utf-16-be"
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(sample)
    broken = sum("\udc80" <= one <= "\udcff" for one in text) if not text.isascii() else 0
    whole = len(text) - broken - sum(one.isascii() for one in text) if broken else 1
    return "utf-8" if broken <= whole // 20 else "cp1252"


def is_broken(text: str) -> bool:
    """Whether it holds bytes that its encoding does not know (read with surrogateescape)."""
    return not text.isascii() and any("\udc80" <= one <= "\udcff" for one in text)
