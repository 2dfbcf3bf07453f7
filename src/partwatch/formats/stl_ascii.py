"""The text dialect of STL.

A facet is always the same 21 words, so a block of whole facets is checked and converted column by
column; only a block that is irregular is walked word by word, to say in which line it goes wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from partwatch.formats.base import ReadLimits, Shape
from partwatch.formats.seams import join_open
from partwatch.formats.surface import check_triangle_count, is_measurable
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError
from partwatch.model.mesh import FloatArray, Mesh

_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*solid\b", re.IGNORECASE)
_WORD = re.compile(rb"\S+")
_BEFORE_SOLID = re.compile(rb"(?:^|[\r\n])(?:\xef\xbb\xbf)?[ \t]*(end[ \t]*)?$")
_LINE_END = re.compile(rb"[\r\n]|$")
_INDENT_BYTES = 256
_BLOCK_BYTES = 1 << 22
_NUMBER_CHARACTERS = b"0123456789+-.eE "

_VERTEX = (b"vertex", None, None, None)
_FACET: tuple[bytes | None, ...] = (
    *(b"facet", b"normal", None, None, None, b"outer", b"loop"),
    *_VERTEX,
    *_VERTEX,
    *_VERTEX,
    *(b"endloop", b"endfacet"),
)
# Coordinates only: a normal follows from them, and many writers put "nan" for one.
_NUMBERS = [place for place, word in enumerate(_FACET) if word is None and place > 4]


def recognises(head: bytes) -> bool:
    """Text that begins with "solid" and goes on with a facet or ends there."""
    start = _START.match(head)
    if start is None or b"\0" in head:
        return False
    rest = head[start.end() :].lower()
    return b"facet" in rest or b"endsolid" in rest or not rest.strip()


def read_solids(data: bytes, limits: ReadLimits) -> tuple[tuple[Shape, ...], tuple[Reason, ...]]:
    """One Shape for each solid of the text.

    What is wrong is among the reasons, with its line. Raises DamagedError on words outside any solid,
    and where no facet at all can be read.
    """
    shapes: list[Shape] = []
    unread: list[Reason] = []
    total = 0
    for solid in _solids(data):
        facets = _Facets(data, solid.start, solid.stop)
        corners = np.concatenate([*facets, np.empty((0, 9))])
        total += len(corners)
        check_triangle_count(total, limits)
        notes: list[str] = []
        whole = is_measurable(corners)
        if not whole.all():
            count = int((~whole).sum())
            lost = f"{count:,} triangles of solid {len(shapes) + 1} are at no number, or too large a one"
            notes.append(f"{lost}; they were dropped")
            unread.append(_damage(f"{lost}: export the file again"))
        if facets.malformed:
            unread.append(
                _damage(
                    f"{facets.malformed:,} facets are malformed ({facets.first_wrong}): export the file again"
                )
            )
        if facets.cut_at:
            unread.append(
                _damage(f"the file ends in the middle of a facet (line {facets.cut_at}): transfer it again")
            )
        elif not solid.closed:
            unread.append(
                _damage(f"solid {len(shapes) + 1} has no endsolid, the file may be cut: transfer it again")
            )
        if len(corners):
            vertices = np.ascontiguousarray(corners[whole]).reshape(-1, 3)
            triangles = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
            shapes.append(Shape(solid.name, Mesh(vertices, triangles), tuple(notes)))
    if unread and not shapes:
        raise DamagedError(f"no facet could be read: {unread[0].message}")
    return join_open(shapes), tuple(unread)


def _damage(message: str) -> Reason:
    return Reason(code=DamagedError.code, message=message)


@dataclass(frozen=True)
class _Solid:
    """Where a solid's facets lie in the text, and whether its endsolid was found."""

    name: str | None
    start: int
    stop: int
    closed: bool


def _solids(data: bytes) -> Iterator[_Solid]:
    """Cut the text at its solid and endsolid lines; nothing may stand between two solids."""
    name: str | None = None
    start: int | None = None
    end_of_last = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    for mark in _solid_lines(data):
        if start is None:
            _check_blank(data, end_of_last, mark.start)
        if mark.ends:
            if start is None:
                raise DamagedError(f"line {_line(data, mark.start)}: endsolid without a solid before it")
            yield _Solid(name, start, mark.start, closed=True)
            start, end_of_last = None, mark.stop
        else:
            if start is not None:
                yield _Solid(name, start, mark.start, closed=False)
            name, start = mark.name, mark.stop
    if start is not None:
        yield _Solid(name, start, len(data), closed=False)
    else:
        _check_blank(data, end_of_last, len(data))


@dataclass(frozen=True)
class _SolidLine:
    """A line that begins with solid or endsolid; the rest of it is a name."""

    start: int
    stop: int
    ends: bool
    name: str | None


def _solid_lines(data: bytes) -> Iterator[_SolidLine]:
    # Lowering and a plain search take a tenth of a regular expression's time on a large file.
    lowered = data.lower()
    at = lowered.find(b"solid")
    while at >= 0:
        before = _BEFORE_SOLID.search(lowered[max(0, at - _INDENT_BYTES) : at])
        stop = at + len(b"solid")
        if before:
            found = _LINE_END.search(data, stop)
            stop = found.start() if found else len(data)
            name = data[at + len(b"solid") : stop].decode("utf-8", "replace").strip() or None
            start = at - len(before[0].lstrip(b"\r\n\xef\xbb\xbf"))
            yield _SolidLine(start, stop, before[1] is not None, name)
        at = lowered.find(b"solid", stop)


def _check_blank(data: bytes, start: int, stop: int) -> None:
    word = _WORD.search(data, start, stop)
    if word and word[0].strip(b"\0\x1a"):
        raise DamagedError(
            f"line {_line(data, word.start())}: {_quote(word[0])} is outside any solid; export the file again"
        )


@dataclass
class _Facets:
    """Iterates over (n, 9) blocks of corners, and tells afterwards what was wrong.

    cut_at: the line of a facet that breaks off; malformed: how many facets were left out, the first
    of them for `first_wrong`.
    """

    data: bytes
    start: int
    stop: int
    cut_at: int | None = field(default=None, init=False)
    malformed: int = field(default=0, init=False)
    first_wrong: str = field(default="", init=False)

    def __iter__(self) -> Iterator[FloatArray]:
        at = self.start
        while at < self.stop:
            end = self._block_end(at)
            words = self.data[at:end].split()
            block = _convert(words)
            yield self._walk(at, end) if block is None else block
            at = end

    def _block_end(self, at: int) -> int:
        if self.stop - at <= _BLOCK_BYTES:
            return self.stop
        found = self.data.rfind(b"endfacet", at, at + _BLOCK_BYTES)
        if found < 0:
            found = self.data.rfind(b"ENDFACET", at, at + _BLOCK_BYTES)
        return self.stop if found < 0 else found + len(b"endfacet")

    def _walk(self, at: int, end: int) -> FloatArray:
        """The slow way through an irregular block: its whole facets; the others are counted."""
        numbers: list[float] = []
        facet: list[float] = []
        state = 0
        lost = False
        for word in _WORD.finditer(self.data, at, end):
            text = word[0].lower()
            if lost and text != b"facet":
                continue
            lost = False
            if not self._fits(word, text, state):
                # Whatever is wrong, the next "facet" begins afresh.
                self._count(word, state)
                facet, state = [], 0
                lost = text != b"facet"
                if lost:
                    continue
            elif state in _NUMBERS:
                facet.append(float(text) if _is_number(text) else 0.0)
            state += 1
            if state == len(_FACET):
                numbers.extend(facet)
                facet, state = [], 0
        if state:
            self.cut_at = _line(self.data, end)
        return np.array(numbers, dtype=np.float64).reshape(-1, 9)

    def _fits(self, word: re.Match[bytes], text: bytes, state: int) -> bool:
        """Whether a word may stand there. The last word of the data may be cut, and is then fine."""
        cut = word.end() == len(self.data)
        expected = _FACET[state]
        if expected is not None:
            return text == expected or (cut and expected.startswith(text))
        return cut or state not in _NUMBERS or _is_number(text)

    def _count(self, word: re.Match[bytes], state: int) -> None:
        self.malformed += 1
        if not self.first_wrong:
            expected = _FACET[state]
            wanted = "a number" if expected is None else repr(expected.decode())
            line = _line(self.data, word.start())
            self.first_wrong = f"line {line}: expected {wanted}, found {_quote(word[0])}"


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return b"_" not in text  # Python's float allows 1_000, STL does not.


def _convert(words: list[bytes]) -> FloatArray | None:
    """Corners of a block of whole, regular facets, (n, 9); None where it is anything else."""
    if len(words) % len(_FACET):
        return None
    width = len(_FACET)
    for place, expected in enumerate(_FACET):
        if expected and not {word.lower() for word in set(words[place::width])} <= {expected}:
            return None
    numbers = [word for place in _NUMBERS for word in words[place::width]]
    if b" ".join(numbers).translate(None, _NUMBER_CHARACTERS):
        return None
    try:
        values = np.fromiter(map(float, numbers), np.float64, len(numbers))
    except ValueError:
        return None
    return np.ascontiguousarray(values.reshape(len(_NUMBERS), -1).T)


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _quote(word: bytes) -> str:
    return repr(word[:40].decode("utf-8", "replace"))


def write_solid(name: str, corners: np.ndarray) -> bytes:
    """One solid of (n, 3, 3) corners as text."""
    lines = [f"solid {name}"]
    for triangle in corners:
        lines += ["  facet normal 0 0 0", "    outer loop"]
        lines += ["      vertex " + " ".join(f"{value:.6e}" for value in corner) for corner in triangle]
        lines += ["    endloop", "  endfacet"]
    return "\n".join([*lines, f"endsolid {name}", ""]).encode()
