"""Stand-ins of the tests: shapes that are on no shelf, and archives of files."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from collections.abc import Mapping, Sequence


def star(height: float, radii: Sequence[float]) -> bytes:
    """A star of irregular points, extruded, as binary STL: distinctive, and nothing on any shelf."""
    step = 2 * math.pi / len(radii)
    rim = [(r * math.cos(k * step), r * math.sin(k * step)) for k, r in enumerate(radii)]
    facets = []
    for (x0, y0), (x1, y1) in zip(rim, rim[1:] + rim[:1], strict=True):
        facets += [
            ((0, 0, height), (x0, y0, height), (x1, y1, height)),
            ((0, 0, 0), (x1, y1, 0), (x0, y0, 0)),
            ((x0, y0, 0), (x1, y1, 0), (x1, y1, height)),
            ((x0, y0, 0), (x1, y1, height), (x0, y0, height)),
        ]
    body = b"".join(struct.pack("<12fH", 0, 0, 0, *(x for corner in f for x in corner), 0) for f in facets)
    return bytes(80) + struct.pack("<I", len(facets)) + body


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
