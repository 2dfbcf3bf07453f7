"""Wavefront OBJ: vertices and faces; materials, and every other file that it names, stay closed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from partwatch.formats.base import Format, Reading, ReadLimits, Shape
from partwatch.formats.polygons import triangulate
from partwatch.formats.seams import join_open
from partwatch.formats.surface import check_triangle_count, make_shape
from partwatch.model.document import Medium, Reason
from partwatch.model.errors import DamagedError, UnreadableError, UnsupportedError

IndexArray = npt.NDArray[np.integer]

_NUMBER = rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_VERTEX_LINE = re.compile(rb"(?m)^[ \t]*v(?:[ \t]+" + _NUMBER + rb"){3}")
_SILENT = frozenset(
    b"vt vn vp usemtl mtllib s l p usemap maplib lod shadow_obj trace_obj bevel c_interp d_interp".split()
)
_CURVED = frozenset(
    b"cstype deg bmat step curv curv2 surf parm trim hole scrv sp end con mg stech ctech".split()
)


def recognises(head: bytes, _size: int) -> bool:
    """Text with a vertex line; a word about G-code or a solid would have been recognised before."""
    return (
        b"\0" not in head
        and _VERTEX_LINE.search(head) is not None
        and not head.startswith((b"ply", b"ISO-10303"))
    )


def read(data: bytes, limits: ReadLimits) -> Reading:
    """The faces of an OBJ file, a Shape for each closed object or group; OBJ states no unit.

    Raises DamagedError, with the line, where a vertex or face is malformed or there is no face, and
    UnsupportedError for points and curves without a surface.
    """
    text = _Text(limits)
    text.parse(re.sub(rb"\\\r?\n", b" ", data))
    if not text.counts:
        raise text.nothing()
    vertices = np.array(text.vertices, dtype=np.float64).reshape(-1, 3)
    counts = np.array(text.counts, dtype=np.int64)
    corners = _as_array(text.corners)
    if corners.min() < 0 or corners.max() >= len(vertices):
        face = int(
            np.searchsorted(np.cumsum(counts), np.argmax((corners < 0) | (corners >= len(vertices))), "right")
        )
        raise DamagedError(
            f"line {text.lines[face]}: the face refers to a vertex that is not there "
            f"({len(vertices):,} vertices in all); export the file again"
        )
    triangles = triangulate(vertices, counts, corners)
    shapes: list[Shape] = []
    unread = list(text.reasons.values())
    for group, faces in _by_group(triangles, np.repeat(np.array(text.groups), counts - 2)):
        # A group takes only its own vertices along, or many groups would be as many copies of all of them.
        used, numbers = np.unique(faces, return_inverse=True)
        shape, reasons = make_shape(text.names[group], vertices[used], numbers.reshape(-1, 3), "the OBJ file")
        shapes.append(shape)
        unread += reasons
    return Reading("obj", Medium.MESH, None, join_open(shapes), tuple(unread))


def _as_array(corners: list[int]) -> npt.NDArray[np.int64]:
    try:
        return np.array(corners, dtype=np.int64)
    except OverflowError:
        # So far beyond any array, they are as absent as vertices before the first.
        return np.array([corner if abs(corner) < 1 << 62 else -1 for corner in corners], dtype=np.int64)


def _by_group(triangles: IndexArray, groups: IndexArray) -> Iterator[tuple[int, IndexArray]]:
    """Each group's triangles, in the order in which the groups first come."""
    order = np.argsort(groups, kind="stable")
    found, starts = np.unique(groups[order], return_index=True)
    pieces = dict(zip(found.tolist(), np.split(triangles[order], starts[1:]), strict=True))
    for group in dict.fromkeys(groups.tolist()):
        yield group, pieces[group]


class _Text:
    """What the lines of an OBJ file add up to."""

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._triangles = 0
        self._loose = ""
        self.vertices: list[list[float]] = []
        self.counts: list[int] = []
        self.corners: list[int] = []
        self.lines: list[int] = []
        self.groups: list[int] = []
        self.names: list[str | None] = [None]
        self._object: str | None = None
        self._group_by_name: dict[tuple[str | None, str | None], int] = {(None, None): 0}
        self._group = 0
        self.reasons: dict[str, Reason] = {}

    def parse(self, data: bytes) -> None:
        for number, line in enumerate(data.splitlines(), start=1):
            words = line.split()
            if not words or words[0].startswith(b"#"):
                continue
            key = words[0]
            try:
                if key == b"v":
                    self._vertex(words)
                elif key in (b"f", b"fo"):
                    self._face(words, number)
                elif key == b"o":
                    self._object = _name(words)
                    self._enter(None)
                elif key == b"g":
                    self._enter(_name(words))
                else:
                    self._other(key, number)
            except (ValueError, IndexError):
                raise DamagedError(
                    f"line {number}: {_show(line)} is not a vertex or face; export it again"
                ) from None

    def nothing(self) -> UnreadableError:
        """Why there is no surface."""
        if self._loose:
            return UnsupportedError(
                f"the OBJ file holds {self._loose} without a surface: export it as a mesh"
            )
        if self.reasons:
            return UnsupportedError(next(iter(self.reasons.values())).message)
        if self.vertices:
            return UnsupportedError("the OBJ file holds points without a surface: export it as a mesh")
        return DamagedError("the OBJ file holds no face: export it again")

    def _vertex(self, words: list[bytes]) -> None:
        self.vertices.append([_real(words[1]), _real(words[2]), _real(words[3])])

    def _face(self, words: list[bytes], number: int) -> None:
        indices = [int(word.partition(b"/")[0]) for word in words[1:]]
        if 0 in indices:
            raise ValueError
        if len(indices) < 3:
            # A point or a line: no surface is lost with it.
            self._loose = self._loose or "lines"
            return
        here = len(self.vertices)
        self.corners += [index - 1 if index > 0 else here + index for index in indices]
        self.counts.append(len(indices))
        self.lines.append(number)
        self.groups.append(self._group)
        self._triangles += len(indices) - 2
        check_triangle_count(self._triangles, self._limits)

    def _enter(self, group: str | None) -> None:
        """Faces from here on belong to a group of the object at hand, and are named for the object."""
        key = self._object, group
        if key not in self._group_by_name:
            self._group_by_name[key] = len(self.names)
            self.names.append(self._object or group)
        self._group = self._group_by_name[key]

    def _other(self, key: bytes, number: int) -> None:
        if key in (b"l", b"p"):
            self._loose = "lines" if key == b"l" else "points"
        elif key in _CURVED:
            self._say("curves or curved surfaces", number)
        elif key not in _SILENT:
            self._say(f"{key[:20].decode('utf-8', 'replace')!r}, which no reader here knows", number)

    def _say(self, what: str, number: int) -> None:
        message = f"line {number}: the OBJ file holds {what}; this was not read: export it as a plain mesh"
        self.reasons.setdefault(what, Reason(code=UnsupportedError.code, message=message))


def _name(words: list[bytes]) -> str | None:
    return b" ".join(words[1:]).decode("utf-8", "replace") or None


def _show(line: bytes) -> str:
    return repr(line[:60].decode("utf-8", "replace"))


def _real(word: bytes) -> float:
    if b"_" in word:  # Python's float allows 1_000, OBJ does not.
        raise ValueError
    return float(word)


def examples() -> dict[str, bytes]:
    """A wedge from triangles, and a prism with an inward corner from polygons."""
    corners = "v 0 0 0\nv 10 0 0\nv 0 6 0\nv 0 0 4\n"
    arrow = "".join(f"v {x} {y} {z}\n" for z in (0, 5) for x, y in ((0, 0), (10, 0), (4, 4), (0, 10)))
    return {
        "triangles": f"o wedge\n{corners}f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n".encode(),
        "negative": (
            f"mtllib none.mtl\n{corners}g wedge\nf -4//1 -2//1 -3//1\nf 1/1 2/2 4/3\nf 2 3 4\nf 1 4 3\n"
        ).encode(),
        "polygons": f"{arrow}f 4 3 2 1\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n".encode(),
    }


FORMAT = Format("obj", recognises, read, examples)
