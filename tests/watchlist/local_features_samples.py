"""What workers run instead of making local features: what a part's name asks for."""

from __future__ import annotations

import os

from partwatch.watchlist import refresh


def make(part: int) -> bytes:
    """By name: good, crash, short, zeros; others are refused."""
    name = refresh._snapshot[0].parts[part].name
    if name == "good":
        return b""
    if name == "crash":
        os._exit(3)
    if name == "short":
        return bytes(35)
    if name == "zeros":
        return bytes(36)
    raise ValueError(name)
