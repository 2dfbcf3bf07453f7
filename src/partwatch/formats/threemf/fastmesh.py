"""Vertices and triangles lifted out of a model's text before expat sees it.

Nearly all of a model is runs of `<vertex x="" y="" z=""/>`. Where such a run is written in the plain
way it is cut at the quotes and converted column by column; everything else stays for expat, and both
ways must agree (the tests hold them together). What is cut leaves behind its number in an attribute,
and its line ends, so that expat still counts lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from partwatch.model.mesh import FloatArray

CUT = "cut"

_W = rb"[ \t\r\n]"
_DECLARATION = re.compile(
    rb"""<\?xml[^?>]*?(?:encoding=["'](?:utf-?8|us-ascii)["'][^?>]*)?\?>""", re.IGNORECASE
)
_OTHER_ATTRIBUTE = re.compile(
    _W + rb"+(?!v[123]" + _W + rb"*=)[A-Za-z_][A-Za-z0-9_:.\-]*" + _W + rb"*=" + _W + rb'*"[^"<&]*"'
)
_REAL = b"0123456789+-.eE "
_WHOLE = b"0123456789 "


@dataclass(frozen=True)
class _Grammar:
    """What stands between the quotes in a run of one element with three attributes."""

    first: re.Pattern[bytes]
    second: re.Pattern[bytes]
    third: re.Pattern[bytes]
    next: re.Pattern[bytes]
    last: re.Pattern[bytes]


def _grammar(element: bytes, names: tuple[bytes, bytes, bytes]) -> _Grammar:
    begin = b"<" + element + _W + b"+" + names[0] + _W + b"*=" + _W + b"*"
    inner = [_W + b"+" + name + _W + b"*=" + _W + b"*" for name in names[1:]]
    end = _W + b"*/>" + _W + b"*"
    return _Grammar(*map(re.compile, (_W + b"*" + begin, *inner, end + begin, end)))


_VERTICES = _grammar(b"vertex", (b"x", b"y", b"z"))
_TRIANGLES = _grammar(b"triangle", (b"v1", b"v2", b"v3"))


@dataclass
class CutModel:
    """A model's text without its plain runs, and the runs: (n, 3) arrays by their number."""

    text: bytes
    vertices: list[FloatArray] = field(default_factory=list)
    triangles: list[np.ndarray] = field(default_factory=list)


def cut(data: bytes) -> CutModel:
    """Lift every plainly written run out of the text."""
    if not _is_plain(data):
        return CutModel(data)
    model = CutModel(data)
    pieces: list[bytes] = []
    at = 0
    for match in re.finditer(rb"<(vertices|triangles)>", data):
        if match.start() < at:
            continue
        name = match[1]
        stop = data.find(b"</" + name + b">", match.end())
        if stop < 0:
            break
        run = data[match.end() : stop]
        number = _keep(model, name, run)
        if number is not None:
            pieces += [data[at : match.start()], b'<%s %s="%d">' % (name, CUT.encode(), number)]
            pieces.append(b"\n" * run.count(b"\n"))
            at = stop
    model.text = b"".join([*pieces, data[at:]])
    return model


def _is_plain(data: bytes) -> bool:
    """Whether a tag in the text is surely a tag: no comments, sections, instructions, odd encodings.

    And no attribute on vertices and triangles, whose place the cut's number takes.
    """
    declaration = _DECLARATION.match(data, 3 if data.startswith(b"\xef\xbb\xbf") else 0)
    start = declaration.end() if declaration else 0
    if b"encoding" in data[:start] and not re.search(rb"encoding=[\"'](utf-?8|us-ascii)", data[:start], re.I):
        return False
    return not (
        b"<!" in data
        or data.find(b"<?", start) >= 0
        or b"\0" in data
        or re.search(rb"<(?:vertices|triangles)[^>]", data)
    )


def _keep(model: CutModel, name: bytes, run: bytes) -> int | None:
    if name == b"vertices":
        columns = _columns(run, _VERTICES, _REAL)
        values = None if columns is None else _convert(columns, float)
        if values is None:
            return None
        model.vertices.append(values)
        return len(model.vertices) - 1
    columns = _columns(run, _TRIANGLES, _WHOLE)
    if columns is None:
        columns = _columns(_OTHER_ATTRIBUTE.sub(b"", run), _TRIANGLES, _WHOLE)
    values = None if columns is None else _convert(columns, int)
    if values is None:
        return None
    model.triangles.append(values)
    return len(model.triangles) - 1


def _columns(run: bytes, grammar: _Grammar, characters: bytes) -> list[list[bytes]] | None:
    """The three attributes' texts, or None where the run is not plain throughout."""
    parts = run.split(b'"')
    if len(parts) % 6 != 1 or len(parts) < 7:
        return None
    fits = (
        grammar.first.fullmatch(parts[0])
        and grammar.last.fullmatch(parts[-1])
        and all(map(grammar.next.fullmatch, set(parts[6:-1:6])))
        and all(map(grammar.second.fullmatch, set(parts[2::6])))
        and all(map(grammar.third.fullmatch, set(parts[4::6])))
    )
    if not fits:
        return None
    columns = [parts[1::6], parts[3::6], parts[5::6]]
    if any(b" ".join(column).translate(None, characters) for column in columns):
        return None
    return columns


def _convert(columns: list[list[bytes]], kind: type[float] | type[int]) -> np.ndarray | None:
    dtype = np.float64 if kind is float else np.int64
    try:
        return np.array([np.fromiter(map(kind, column), dtype, len(column)) for column in columns]).T
    except (ValueError, OverflowError):
        return None
