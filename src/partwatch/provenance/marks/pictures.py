"""Pictures by what they look like: hashes that stay the same when a picture is scaled or saved again.

pHash: the signs of the lowest frequencies of a discrete cosine transform of 32 x 32 grey values, against
their median (Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010, 3.2.1).
dHash: whether each of 8 x 9 grey values is brighter than its neighbour (Krawetz, Kind of Like That, 2013).
"""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from partwatch.model.marks import MarkKind
from partwatch.provenance.marks.collector import Collector

MOST_PIXELS: Final = 4_000_000
MOST_BYTES: Final = 16 << 20
_FORMATS: Final = ("PNG", "JPEG", "QOI")
_SIDE, _KEPT = 32, 8
# In levels of grey: a picture of one colour is like every other one.
_LEAST_SPREAD = 2.0

Grey = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Picture:
    """phash, dhash: 64 bits, hex; None where the picture is all of one colour."""

    format: str
    width: int
    height: int
    phash: str | None
    dhash: str | None


def add_base64(text: bytes, name: str, group: str, into: Collector, line: int | None) -> None:
    """A picture as slicers write it into comments."""
    try:
        data = base64.b64decode(text[: MOST_BYTES * 4 // 3])
    except (binascii.Error, ValueError):
        into.unread("damaged", f"line {line}: its {name} is cut or no base64")
        return
    add_picture(data, name, group, into, line=line)


def add_picture(
    data: bytes, name: str, group: str, into: Collector, *, line: int | None = None, byte: int | None = None
) -> None:
    """Marks of a picture; what cannot be decoded is said to be unread."""
    found = picture_of(data)
    if found is None:
        into.unread("unsupported", f"its {name} is no PNG, JPEG or QOI that can be decoded, or is too large")
        return
    size = f"{found.format} {found.width}x{found.height}"
    into.add(MarkKind.HABIT, "picture", size, group, line=line, byte=byte)
    if found.phash and found.dhash:
        into.add(MarkKind.THUMBNAIL, "phash", found.phash, group, line=line, byte=byte)
        into.add(MarkKind.THUMBNAIL, "dhash", found.dhash, group, line=line, byte=byte)


def picture_of(data: bytes) -> Picture | None:
    """Format, size and hashes; None where it cannot be decoded within limits."""
    from PIL import Image

    if len(data) > MOST_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            # A bomb is a warning below twice the library's own limit, which is far above ours.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    return None
                shown = image.convert("RGBA")
                ground = Image.new("RGBA", shown.size, (255, 255, 255, 255))
                grey = Image.alpha_composite(ground, shown).convert("L")
                small = grey.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
                row = grey.resize((_KEPT + 1, _KEPT), Image.Resampling.LANCZOS)
                name, size = str(image.format), image.size
    except Exception:
        # Decoders raise what they like on hostile pictures, IndexError and struct.error among it.
        return None
    levels = np.asarray(small, dtype=np.float64)
    if levels.std() < _LEAST_SPREAD:
        return Picture(name, *size, None, None)
    return Picture(name, *size, phash(levels), dhash(np.asarray(row, dtype=np.float64)))


def phash(grey: Grey) -> str:
    """(32, 32) grey values to 64 bits, hex."""
    n = len(grey)
    k = np.arange(n)
    # DCT-II: rows are frequencies.
    basis = np.cos(np.pi / n * (k[None, :] + 0.5) * k[:, None])
    low = (basis @ grey @ basis.T)[1 : _KEPT + 1, 1 : _KEPT + 1].reshape(-1)
    return _hex(low > np.median(low))


def dhash(grey: Grey) -> str:
    """(8, 9) grey values to 64 bits, hex."""
    return _hex((grey[:, 1:] > grey[:, :-1]).reshape(-1))


def _hex(bits: npt.NDArray[np.bool_]) -> str:
    return np.packbits(bits).tobytes().hex()


def distance(a: str, b: str) -> int:
    """Bits in which two hashes differ; of 64, up to about ten are the same picture."""
    return (int(a, 16) ^ int(b, 16)).bit_count()
