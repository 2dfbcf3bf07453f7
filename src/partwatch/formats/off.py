"""OFF and its kin with colours, normals and texture coordinates (COFF, NOFF, STOFF), as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import numpy as np

from partwatch.formats.base import Format, Reading, ReadLimits
from partwatch.formats.polygons import triangulate
from partwatch.formats.surface import check_triangle_count, make_shape
from partwatch.model.document import Medium, Reason
from partwatch.model.errors import DamagedError, UnsupportedError

_HEADER = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:#[^\n]*\n\s*)*((?:ST)?C?N?(4?)(n?)OFF)(?![A-Za-z_])([ \t]+BINARY)?"
)


def recognises(head: bytes, _size: int) -> bool:
    """By the word at the front."""
    return _HEADER.match(head) is not None


def read(data: bytes, limits: ReadLimits) -> Reading:
    """The faces of an OFF file; OFF states no unit.

    Raises DamagedError, with the line, on malformed text; UnsupportedError on binary or
    higher-dimensional OFF and on points without faces.
    """
    header = _HEADER.match(data)
    if header is None or header[2] or header[3] or header[4]:
        raise UnsupportedError(
            "binary OFF and OFF in other than three dimensions cannot be read: export it as text"
        )
    lines = _lines(data[header.end() :], data.count(b"\n", 0, header.end()) + 1)
    vertex_count, face_count = _counts(lines)
    check_triangle_count(face_count, limits)
    vertices = _vertices(lines, vertex_count)
    sizes: list[int] = []
    corners: list[int] = []
    # No line beyond the faces is taken: what follows them is looked at below.
    for number, words in islice(lines, face_count):
        size = _whole(words[0], number)
        if size < 1 or len(words) <= size:
            raise DamagedError(
                f"line {number}: a face of {size} corners with {len(words) - 1} numbers; export it again"
            )
        if size > 2:
            corners += [_whole(word, number) for word in words[1 : size + 1]]
        sizes.append(size)
    unread = _missing(vertex_count - len(vertices), "vertices") + _missing(face_count - len(sizes), "faces")
    if (further := next(lines, None)) is not None:
        # A first line that counts too few faces would hide the others.
        message = f"line {further[0]}: more follows than the OFF file's first line counts; export it again"
        unread += (Reason(code=DamagedError.code, message=message),)
    counts = np.array([size for size in sizes if size > 2], dtype=np.int64)
    if not len(counts) and not unread:
        raise UnsupportedError("the OFF file holds points or lines without a surface: export it as a mesh")
    return _reading(vertices, counts, np.array(corners, dtype=np.int64), unread, limits)


def _reading(
    vertices: np.ndarray,
    counts: np.ndarray,
    corners: np.ndarray,
    unread: tuple[Reason, ...],
    limits: ReadLimits,
) -> Reading:
    if len(corners) and not 0 <= corners.min() <= corners.max() < len(vertices):
        raise DamagedError(
            f"a face refers to a vertex beyond the {len(vertices):,} there are; export the file again"
        )
    check_triangle_count(int((counts - 2).sum()), limits)
    shape, lost = make_shape(None, vertices, triangulate(vertices, counts, corners), "the OFF file")
    return Reading("off", Medium.MESH, None, (shape,) if len(counts) else (), (*unread, *lost))


def _missing(count: int, what: str) -> tuple[Reason, ...]:
    if count <= 0:
        return ()
    message = (
        f"the OFF file ends {count:,} {what} before its header says: it was cut short; transfer it again"
    )
    return (Reason(code=DamagedError.code, message=message),)


def _lines(data: bytes, first: int) -> Iterator[tuple[int, list[bytes]]]:
    """Lines with words on them, numbered, without comments."""
    for number, line in enumerate(data.split(b"\n"), start=first):
        words = line.partition(b"#")[0].split()
        if words:
            yield number, words


def _counts(lines: Iterator[tuple[int, list[bytes]]]) -> tuple[int, int]:
    number, words = next(lines, (0, []))
    if len(words) < 2:
        raise DamagedError(
            f"line {number}: expected the numbers of vertices and faces; export the OFF file again"
        )
    return _whole(words[0], number), _whole(words[1], number)


def _vertices(lines: Iterator[tuple[int, list[bytes]]], count: int) -> np.ndarray:
    found: list[list[float]] = []
    # The count is a claim: nothing is set aside for it.
    while len(found) < count:
        number, words = next(lines, (0, []))
        if not words:
            break
        try:
            found.append([_real(words[0]), _real(words[1]), _real(words[2])])
        except (ValueError, IndexError):
            raise DamagedError(
                f"line {number}: a vertex is not three numbers; export the OFF file again"
            ) from None
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _real(word: bytes) -> float:
    if b"_" in word:
        raise ValueError
    return float(word)


def _whole(word: bytes, number: int) -> int:
    if not word.isdigit() or len(word) > 10:
        raise DamagedError(
            f"line {number}: expected a whole number, found {word[:20].decode('utf-8', 'replace')!r}; "
            "export it again"
        )
    return int(word)


def examples() -> dict[str, bytes]:
    """A wedge, with comments, and with colours."""
    faces = "3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n"
    points = ("0 0 0", "10 0 0", "0 6 0", "0 0 4")
    return {
        "plain": ("OFF\n4 4 6\n" + "".join(f"{point}\n" for point in points) + faces).encode(),
        "comments": (
            "# a wedge\nOFF 4 4 6\n\n" + "".join(f"{point} # here\n" for point in points) + faces
        ).encode(),
        "colours": ("COFF\n4 4 6\n" + "".join(f"{point} 255 0 0 255\n" for point in points) + faces).encode(),
    }


FORMAT = Format("off", recognises, read, examples)
