"""A layer's picture: PNG (ISO/IEC 15948), of which only what makes pixels is given to the library."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from partwatch.model.errors import DamagedError, MissingExtraError, UnsupportedError

if TYPE_CHECKING:
    from PIL.Image import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Chunks that make pixels; tRNS is asked about only to refuse what it makes transparent.
_MAKING = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_HEAD = struct.Struct(">I4sII")
_AGAIN = "slice the model again"
# What the library raises on damage.
_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError, TypeError)


def size_of(head: bytes) -> tuple[int, int] | None:
    """Width and height by a picture's first bytes; None where it is no PNG."""
    if not head.startswith(SIGNATURE) or len(head) < len(SIGNATURE) + _HEAD.size:
        return None
    _, kind, width, height = _HEAD.unpack_from(head, len(SIGNATURE))
    return (width, height) if kind == b"IHDR" else None


def decoded(png: bytes, size: tuple[int, int]) -> Image:
    """The picture of that size in pixels, grey, 255 where all is exposed.

    Nothing is unpacked before its size is known to be that. Raises DamagedError where it is broken or of
    another size, UnsupportedError where it is transparent, MissingExtraError without Pillow.
    """
    found = size_of(png)
    if found is None:
        raise DamagedError(f"it is no PNG picture: {_AGAIN}")
    if found != size:
        raise DamagedError(
            f"it has {found[0]:,} x {found[1]:,} pixels, and the printer {size[0]:,} x {size[1]:,}: {_AGAIN}"
        )
    chunks = b"".join(_making(png))
    try:
        # Imported late: few items are layers.
        from PIL import Image
    except ImportError:
        raise MissingExtraError(
            "layers of resin printers need the package Pillow: pip install pillow"
        ) from None
    try:
        picture = Image.open(io.BytesIO(SIGNATURE + chunks), formats=("PNG",))
        picture.load()
        return _grey(picture)
    except _ERRORS as error:
        raise DamagedError(f"the picture cannot be unpacked ({error}): {_AGAIN}") from None


def _making(png: bytes) -> Iterator[bytes]:
    """The chunks that make pixels. DamagedError where these are not all, or more is behind them."""
    at = len(SIGNATURE)
    kind = b""
    while kind != b"IEND":
        size = int.from_bytes(png[at : at + 4], "big")
        kind, stop = png[at + 4 : at + 8], at + 12 + size
        if stop > len(png):
            raise DamagedError(f"the picture ends within a part of it, at byte {at:,}: {_AGAIN}")
        if kind in _MAKING:
            if zlib.crc32(png[at + 4 : stop - 4]) != int.from_bytes(png[stop - 4 : stop], "big"):
                raise DamagedError(f"the part of the picture at byte {at:,} was changed: {_AGAIN}")
            yield png[at:stop]
        elif not kind[:1].islower():
            raise DamagedError(f"the picture holds {kind!r} at byte {at:,}, which is unknown: {_AGAIN}")
        at = stop
    if at != len(png):
        raise DamagedError(f"{len(png) - at:,} bytes stand behind the picture, unread: {_AGAIN}")


def _grey(picture: Image) -> Image:
    """8 bits of brightness. UnsupportedError where any pixel is transparent: printers differ in them."""
    if picture.mode.startswith("I"):
        import numpy as np
        from PIL import Image

        # 16 bits: the library would cut off at 255, not scale.
        deep = np.asarray(picture).astype(np.uint32)
        picture = Image.fromarray((deep // 257).astype(np.uint8))
    if picture.mode.endswith("A") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        lowest, _ = picture.getchannel("A").getextrema()
        if lowest != 255:
            raise UnsupportedError(
                f"pixels of it are transparent, and printers differ in what they take: {_AGAIN}"
            )
    return picture if picture.mode == "L" else picture.convert("RGB").convert("L")
