"""PNG, through Pillow where it is there."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt

_RGBA = 6
_UP = 2


def encode(pixels: npt.NDArray[np.uint8]) -> bytes:
    """(h, w, 4) RGBA as a PNG without metadata."""
    try:
        from PIL import Image
    except ImportError:
        return encode_plainly(pixels)
    stream = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(stream, "PNG", compress_level=4)
    return stream.getvalue()


def encode_plainly(pixels: npt.NDArray[np.uint8]) -> bytes:
    """The same without a library, each row as its difference from the one above (ISO/IEC 15948, filter 2)."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 4 * width), np.uint8)
    rows[:, 0] = _UP
    rows[:, 1:] = pixels.reshape(height, -1)
    rows[1:, 1:] -= pixels.reshape(height, -1)[:-1]
    header = struct.pack(">IIBBBBB", width, height, 8, _RGBA, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    )
