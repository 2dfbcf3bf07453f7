"""PLY: text and both binary byte orders, any extra properties, polygons."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

import numpy as np

from partwatch.formats.base import Format, Reading, ReadLimits
from partwatch.formats.ply_body import BinaryBody, Body, Element, Property, Table, TextBody
from partwatch.formats.polygons import triangulate
from partwatch.formats.surface import check_triangle_count, make_shape
from partwatch.model.document import Medium, Reason
from partwatch.model.errors import DamagedError, UnsupportedError

_START = re.compile(rb"(?:\xef\xbb\xbf)?ply[ \t]*\r?\n")
_END = re.compile(rb"(?m)^[ \t]*end_header[ \t]*\r?\n")
_HEADER_BYTES = 1 << 16
_MAX_NOTES = 4
_INDEX_LISTS = ("vertex_indices", "vertex_index")
_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass
class _Header:
    order: str
    end: int
    elements: list[Element] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Surface:
    """Vertices (n, 3), and polygons as lengths and corners."""

    vertices: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))
    counts: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    corners: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    unread: list[Reason] = field(default_factory=list)


def recognises(head: bytes, _size: int) -> bool:
    """By the word that fills the first line."""
    return _START.match(head) is not None


def read(data: bytes, limits: ReadLimits) -> Reading:
    """The faces of a PLY file; PLY states no unit.

    Raises DamagedError with the line or row, UnsupportedError on points without a surface.
    """
    header = _header(data)
    rows = sum(element.count for element in header.elements if element.properties)
    body: Body = (
        BinaryBody(data, header.end, header.order) if header.order else TextBody(data, header.end, rows)
    )
    surface = _Surface()
    for element in header.elements:
        table = body.read(element)
        _take(element, table, surface)
        if table.missing:
            message = (
                f"the PLY file ends at {body.place}, {table.missing:,} rows of {element.name!r} before its "
                "header says: it was cut short; transfer it again"
            )
            surface.unread.append(Reason(code=DamagedError.code, message=message))
            break
    if body.left_over and not surface.unread:
        # A header that counts too few rows would hide the others.
        message = (
            f"{body.left_over:,} bytes, lines or words follow the last row that the PLY header counts, "
            "and were not read: export it again"
        )
        surface.unread.append(Reason(code=DamagedError.code, message=message))
    return _reading(surface, tuple(header.notes), limits)


def _take(element: Element, table: Table, surface: _Surface) -> None:
    if element.name == "vertex":
        axes = [table.scalars.get(axis) for axis in ("x", "y", "z")]
        if all(axis is not None for axis in axes):
            # Some NaNs signal on being converted; make_shape drops them with a reason.
            with np.errstate(invalid="ignore"):
                columns = np.column_stack([axis for axis in axes if axis is not None])
                surface.vertices = columns.astype(np.float64)
        elif element.count and not element.scalars_only:
            raise UnsupportedError(
                "the PLY file's vertices hold lists, which cannot be read: export it plainly"
            )
    elif element.name in ("face", "faces"):
        names = [name for name in _INDEX_LISTS if name in table.lists]
        if len(names) > 1:
            raise DamagedError(
                f"the PLY file's faces have {len(names)} lists of vertex indices; export it again"
            )
        if names:
            surface.counts, surface.corners = table.lists[names[0]]
        elif element.count:
            raise DamagedError("the PLY file's faces have no list of vertex indices; export it again")
    elif element.name in ("tristrips", "tristrip") and element.count:
        message = "the PLY file holds triangle strips, which were not read: export it with plain faces"
        surface.unread.append(Reason(code=UnsupportedError.code, message=message))


def _reading(surface: _Surface, notes: tuple[str, ...], limits: ReadLimits) -> Reading:
    counts = np.asarray(surface.counts, dtype=np.int64)
    with np.errstate(invalid="ignore"):
        corners = np.asarray(surface.corners).astype(np.int64)
    if not (corners == surface.corners).all():
        raise DamagedError(
            "a face of the PLY file refers to a vertex that is not a whole number; export it again"
        )
    if (counts < 3).any():
        # Points and lines among the faces: no surface is lost with them.
        corners = corners[np.repeat(counts >= 3, counts)]
        counts = counts[counts >= 3]
    if not len(surface.vertices) and not surface.unread:
        raise DamagedError("the PLY file holds no vertex: there is nothing to screen; export it again")
    if not len(counts) and not surface.unread:
        raise UnsupportedError("the PLY file holds points without a surface: export it as a mesh")
    check_triangle_count(int((counts - 2).sum()), limits)
    if len(corners) and not 0 <= corners.min() <= corners.max() < len(surface.vertices):
        raise DamagedError(
            f"a face of the PLY file refers to a vertex beyond the {len(surface.vertices):,} there are; "
            "export it again"
        )
    triangles = triangulate(surface.vertices, counts, corners)
    shape, lost = make_shape(None, surface.vertices, triangles, "the PLY file", notes)
    return Reading("ply", Medium.MESH, None, (shape,) if len(counts) else (), (*surface.unread, *lost))


def _header(data: bytes) -> _Header:
    end = _END.search(data, 0, _HEADER_BYTES)
    if end is None:
        raise DamagedError("the PLY header has no end_header: the file was cut short; transfer it again")
    header = _Header("?", end.end())
    for number, line in enumerate(data[: end.start()].splitlines()[1:], start=2):
        words = line.decode("ascii", "replace").split()
        try:
            _header_line(words, header)
        except (KeyError, ValueError, IndexError):
            shown = line[:60].decode("ascii", "replace")
            raise DamagedError(
                f"line {number}: {shown!r} does not belong into a PLY header; export it again"
            ) from None
    if header.order == "?":
        raise DamagedError("the PLY header does not state its format (text or binary); export it again")
    return header


def _same_kind(one: str, other: str) -> bool:
    """Whether rows of both would be read as one thing: "face" is at times spelt "faces"."""
    return one.removesuffix("s") == other.removesuffix("s")


def _header_line(words: list[str], header: _Header) -> None:
    if not words or words[0] in ("comment", "obj_info"):
        return
    if words[0] == "format":
        header.order = _ORDERS[words[1]]
    elif words[0] == "element":
        count = int(words[2])
        if count < 0 or any(_same_kind(element.name, words[1]) for element in header.elements):
            raise ValueError
        header.elements.append(Element(words[1], count))
    elif words[0] == "property" and any(words[-1] == known.name for known in header.elements[-1].properties):
        # Which of two of one name is meant, nobody can say.
        raise ValueError
    elif words[0] == "property" and words[1] == "list":
        header.elements[-1].properties.append(Property(words[4], _TYPES[words[3]], _TYPES[words[2]]))
    elif words[0] == "property":
        header.elements[-1].properties.append(Property(words[2], _TYPES[words[1]]))
    elif len(header.notes) < _MAX_NOTES:
        # Such lines are comments whose first word went missing; they cannot move the rows.
        header.notes.append(
            f"the PLY header has a line that begins with {words[0][:40]!r}; it was passed over"
        )


def examples() -> dict[str, bytes]:
    """A wedge as text and in both byte orders, and a pyramid of mixed polygons."""
    points = ((0, 0, 0), (10, 0, 0), (0, 6, 0), (0, 0, 4))
    faces = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))
    mixed = ((0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 0), (5, 5, 8))
    sides = ((3, 2, 1, 0), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4))
    text = _head("ascii", points, faces) + "".join(f"{x} {y} {z} 7\n" for x, y, z in points)
    made = {"ascii": (text + "".join(f"3 {a} {b} {c}\n" for a, b, c in faces)).encode()}
    for name, order in _ORDERS.items():
        if order:
            made[name] = _binary(name, order, points, faces)
            made[f"{name}_mixed"] = _binary(name, order, mixed, sides)
    return made


def _head(order: str, points: tuple[tuple[int, ...], ...], faces: tuple[tuple[int, ...], ...]) -> str:
    return (
        f"ply\nformat {order} 1.0\ncomment a wedge\nelement vertex {len(points)}\n"
        "property float x\nproperty float y\n"
        f"property float z\nproperty uchar quality\nelement face {len(faces)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    )


def _binary(
    name: str, order: str, points: tuple[tuple[int, ...], ...], faces: tuple[tuple[int, ...], ...]
) -> bytes:
    rows = [struct.pack(f"{order}3fB", *point, 7) for point in points]
    rows += [struct.pack(f"{order}B{len(face)}i", len(face), *face) for face in faces]
    return _head(name, points, faces).encode() + b"".join(rows)


FORMAT = Format("ply", recognises, read, examples)
