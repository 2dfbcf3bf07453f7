"""Zstandard: part of Python from 3.14 on (PEP 784), before that the same interface from backports.zstd."""

from __future__ import annotations

import importlib
from typing import Any

from partwatch.formats.extras import ARCHIVES
from partwatch.model.errors import DamagedError

# A window of 2^27 bytes: what honest files stay within, and little enough to set aside.
_WINDOW_LOG_MAX = 27


def module() -> Any:
    """The library; raises MissingExtraError with the command that installs it."""
    try:
        return importlib.import_module("compression.zstd")
    except ImportError:
        return ARCHIVES.module("backports.zstd", "zstd compression")


def decompressor() -> Any:
    """A decompressor for one frame, used like those of bz2 and lzma; its memory is bounded."""
    zstd = module()
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG_MAX})


def unpack(packed: bytes | memoryview, room: int) -> bytes:
    """At most `room` bytes of one frame's content. Raises DamagedError."""
    try:
        return bytes(decompressor().decompress(packed, room))
    except module().ZstdError as error:
        raise DamagedError(f"it cannot be unpacked ({error}): transfer or pack it again") from None
