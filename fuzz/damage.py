"""Valid files, damaged so that geometry is lost; whatever is made of them, it is not complete.

The oracle is the same for every kind of damage: a reading that says it is complete holds the very triangles
of the file as it was, and a container that says so the very contents.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from random import Random

import numpy as np

from fuzz.layers import unpacked
from fuzz.promises import Opening, Refusal, require, soup
from partwatch.formats import Format, Reading
from partwatch.formats.containers import ContainerFormat
from partwatch.model.mesh import FloatArray

# Nothing in an OBJ file says where it ends, nor in an STL file how many solids it has.
SILENT_WHEN_CUT = {("obj", ""), ("stl", "ascii-two-solids")}
# Nor in a letter, nor in a stream that another may follow.
SILENT_CONTAINERS = {("eml", ""), ("mbox", ""), ("", "two-streams")}
# Every byte of these is under a checksum, or is a name that has to fit another.
SEALED_FORMATS = {
    ("3mf", ""),
    ("amf", "zipped"),
    ("bgcode", "deflate"),
    ("bgcode", "deflate-meatpack"),
    ("bgcode", "heatshrink-11"),
    ("bgcode", "heatshrink-12"),
    ("sl1", ""),
}
SEALED_CONTAINERS = {
    ("7z", ""),
    ("rar", ""),
    ("zip", "stored"),
    ("zip", "deflated"),
    ("gzip", ""),
    ("bzip2", ""),
    ("xz", ""),
}
_NAN = b"\x7f\xc0\xc0\x7f"  # in either byte order
_FAR = (b"99999", b"-99999", b"4294967296", b"", b"x")
_NOT_NUMBERS = (b"nan", b"1e999", b"-inf", b"x")
_NO_SIZES = (b"nan", b"1e30", b"-1", b"0", b"x")
# By format: what is a coordinate or a count, by its one group, and what makes nonsense of it.
_TOKENS: dict[str, tuple[tuple[re.Pattern[bytes], tuple[bytes, ...]], ...]] = {
    "obj": (
        (re.compile(rb"(?m)^v .*?(?<= )(-?\d+)\b"), _NOT_NUMBERS),
        (re.compile(rb"(?m)^f .*?(?<= )(-?\d+)\b"), (b"99999", b"-99999", b"0", b"x")),
    ),
    "off": ((re.compile(rb"(?m)^3 .*?(?<= )(\d)\b"), _FAR),),
    "ply": ((re.compile(rb"(?m)^3 .*?(?<= )(\d)\b"), (b"99999", b"-9", b"x")),),
    "stl": ((re.compile(rb"(?i)vertex .*?(\S+e[+-]\d+)"), _NOT_NUMBERS),),
    "amf": (
        (re.compile(rb"<[xyz]>([^<]*)<"), _NOT_NUMBERS),
        (re.compile(rb"<v[123]>([^<]*)<"), _FAR),
    ),
    "3mf": (
        (re.compile(rb'<vertex [^>]*?\b[xyz]="([^"]*)"'), _NOT_NUMBERS),
        (re.compile(rb'<triangle [^>]*?\bv[123]="([^"]*)"'), _FAR),
    ),
    "gltf": (
        (re.compile(rb'"(?:POSITION|mesh|indices|bufferView)": (\d+)'), (b"99", b"-1", b'"0"', b"1e9")),
        (re.compile(rb'"(?:count|byteLength)": (\d+)'), (b"99999", b"-1", b"4294967296")),
    ),
    "sl1": (
        (re.compile(rb"(?m)^(?:display_(?:width|height|pixels_[xy])|layerHeight) = (\S+)$"), _NO_SIZES),
        (re.compile(rb"(?m)^numFast = (\d+)$"), (b"99999", b"-1", b"7", b"x")),
    ),
}  # fmt: skip

Damage = Callable[[str, str, bytes, Random], bytes | None]


def damaged(known: Format, name: str, data: bytes, rng: Random) -> bytes | None:
    """An example of a format with one damage; None where the kind that was drawn does not fit it."""
    return rng.choice(_DAMAGES)(known.name, name, data, rng)


def damaged_container(known: ContainerFormat, name: str, data: bytes, rng: Random) -> bytes | None:
    """As `damaged`."""
    if rng.randrange(2) and _among(SEALED_CONTAINERS, known.name, name):
        return _flipped(data, rng)
    return None if _among(SILENT_CONTAINERS, known.name, name) else data[: rng.randrange(len(data))]


def check_reading(found: Reading | Refusal, whole: Reading) -> None:
    """Nothing damaged is complete."""
    if isinstance(found, Reading) and not found.unread:
        require(np.array_equal(soup(found), soup(whole)), "nothing that lost geometry is complete")
        require(np.array_equal(_moves(found), _moves(whole)), "nothing that lost moves is complete")
        require(_same_layers(found, whole), "nothing that lost layers is complete")


def _moves(reading: Reading) -> FloatArray:
    rows = [np.column_stack([path.end, path.filament]) for path in reading.toolpaths]
    return np.concatenate(rows) if rows else np.zeros((0, 4))


def _same_layers(one: Reading, other: Reading) -> bool:
    return len(one.layers) == len(other.layers) and all(
        np.array_equal(a.share, b.share)
        and np.array_equal(a.z, b.z)
        and np.array_equal([*a.low, *a.cell], [*b.low, *b.cell])
        for a, b in zip(one.layers, other.layers, strict=True)
    )


def check_opening(found: Opening | Refusal, contents: list[bytes]) -> None:
    """Nothing damaged is complete."""
    if isinstance(found, Opening) and found.whole:
        # What stands before or behind an archive is a member as well.
        missing = set(contents) - set(found.contents)
        require(not missing, "no container that lost content is complete")


def _among(table: set[tuple[str, str]], known: str, name: str) -> bool:
    return bool({(known, ""), (known, name), ("", name)} & table)


def _cut(known: str, name: str, data: bytes, rng: Random) -> bytes | None:
    at = rng.randrange(len(data))
    if _among(SILENT_WHEN_CUT, known, name):
        return None
    # The last number of a text may be cut to another number.
    lost_a_number = len(data[at:].split()) > 1 or b"\0" in data
    return data[:at] if lost_a_number or known not in {"off", "ply"} else None


def _flip(known: str, name: str, data: bytes, rng: Random) -> bytes | None:
    return _flipped(data, rng) if _among(SEALED_FORMATS, known, name) else None


def _flipped(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ rng.randrange(1, 256)]) + data[at + 1 :]


def _token(known: str, name: str, data: bytes, rng: Random) -> bytes | None:
    """A coordinate that is no number, an index that points nowhere, a count that is not kept."""
    if known == "ply" and name != "ascii":
        return None
    layers = unpacked(data)
    parts = [data] if layers is None else layers.parts
    found = [
        (place, match, nonsense)
        for place, part in enumerate(parts)
        for pattern, nonsense in _TOKENS.get(known, ())
        for match in pattern.finditer(part)
    ]
    if not found:
        return None
    place, match, nonsense = rng.choice(found)
    changed = parts[place][: match.start(1)] + rng.choice(nonsense) + parts[place][match.end(1) :]
    return changed if layers is None else layers.pack([*parts[:place], changed, *parts[place + 1 :]])


def _binary(known: str, name: str, data: bytes, rng: Random) -> bytes | None:
    if known == "stl" and name.startswith("binary"):
        return _binary_stl(data, rng)
    if known == "ply" and name.startswith("binary"):
        # Rows of three floats and a byte, behind the header.
        at = data.index(b"end_header\n") + 11 + 13 * rng.randrange(4) + 4 * rng.randrange(3)
        return data[:at] + _NAN + data[at + 4 :]
    if known == "gltf" and (layers := unpacked(data)):
        text, blob = layers.parts
        return layers.pack([text, blob[: 4 * rng.randrange(len(blob) // 4)]])
    return None


def _binary_stl(data: bytes, rng: Random) -> bytes:
    count = struct.unpack_from("<I", data, 80)[0]
    if rng.randrange(2):
        return data[:80] + struct.pack("<I", count + rng.randrange(1, 1 << 24)) + data[84:]
    at = 84 + 50 * rng.randrange(count) + 12 + 4 * rng.randrange(9)
    return data[:at] + _NAN + data[at + 4 :]


_DAMAGES: tuple[Damage, ...] = (_cut, _flip, _token, _binary)
