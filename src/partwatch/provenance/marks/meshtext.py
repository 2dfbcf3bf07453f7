"""Marks of meshes that are text: comments, names and numbers of OBJ, PLY and OFF."""

from __future__ import annotations

import re
from collections.abc import Iterator

from partwatch.formats import obj, off, ply
from partwatch.model.marks import Forgery, MarkKind
from partwatch.provenance.marks.collector import Collector, Lines, text_of
from partwatch.provenance.marks.gcode_comments import dates_in
from partwatch.provenance.marks.software import add_software
from partwatch.provenance.marks.xmlish import line_ends, numbers_in_words

_HEAD_BYTES = 1 << 18
_MOST_COMMENTS = 40
_MOST_NAMES = 5_000
_NUMBERS = re.compile(rb"(?m)^v?[ \t]*([-+.\deE]+)[ \t]+([-+.\deE]+)[ \t]+([-+.\deE]+)")
_HASHED = re.compile(rb"(?m)^[ \t]*#+[ \t]*([^\r\n]{1,600})")
_OBJ_NAME = re.compile(rb"(?m)^(o|g|mtllib|usemtl)[ \t]+([^\r\n]{1,400})")
_PLY_COMMENT = re.compile(rb"(?m)^(comment|obj_info)[ \t]+([^\r\n]{1,600})")
_PLY_FIELD = re.compile(rb"(?m)^(format|element|property)[ \t]+([^\r\n]{1,200})")
_WORDS = re.compile(r"[^\W\d_]{3}")
# Which list a statement begins, in the order of the file.
_OBJ_WORD = re.compile(rb"(?m)^(v|vt|vn|vp|f|o|g|s|usemtl|mtllib|l)[ \t]")


def obj_recognises(head: bytes, size: int) -> bool:
    """As the reader does."""
    return obj.FORMAT.recognises(head, size)


def ply_recognises(head: bytes, size: int) -> bool:
    """As the reader does."""
    return ply.FORMAT.recognises(head, size)


def off_recognises(head: bytes, size: int) -> bool:
    """As the reader does."""
    return off.FORMAT.recognises(head, size)


def _add_comment(name: str, text: str, at: int, group: str, into: Collector, lines: Lines) -> None:
    if _WORDS.search(text) is None:
        return
    add_software(text, name, group, into, line=lines(at), byte=at)
    for date in dates_in(text):
        into.add(MarkKind.DATE, name, date, group, line=lines(at), byte=at)
    into.add(MarkKind.COMMENT, name, text, group, line=lines(at), byte=at)


def _first(matches: Iterator[re.Match[bytes]], most: int) -> Iterator[re.Match[bytes]]:
    for _, match in zip(range(most), matches, strict=False):
        yield match


def _add_numbers(sample: bytes, name: str, into: Collector) -> None:
    numbers = [number for match in _first(_NUMBERS.finditer(sample), 1_000) for number in match.groups()]
    for habit, value in (("numbers", numbers_in_words(numbers)), ("line ends", line_ends(sample))):
        into.add(MarkKind.HABIT, f"{name} {habit}", value, f"{name} writer", byte=0, forgery=Forgery.RESAVE)


def add_obj(data: bytes, into: Collector) -> None:
    """Comments at the front, names of objects, groups and materials, order and digits."""
    head = data[:_HEAD_BYTES]
    lines = Lines(data)
    for match in _first(_HASHED.finditer(head), _MOST_COMMENTS):
        # Counts of vertices are the model's, and come again before each object.
        if not re.match(rb"[\d,]+ ", match[1]):
            _add_comment("obj comment", text_of(match[1]).strip(), match.start(), "obj comments", into, lines)
    for match in _first(_OBJ_NAME.finditer(data), _MOST_NAMES):
        word, said, at = match[1], text_of(match[2]).strip(), match.start()
        name = {b"o": "object", b"g": "group", b"mtllib": "material file", b"usemtl": "material"}[word]
        into.add(MarkKind.OBJECT_NAME, name, said, "obj names", line=lines(at), byte=at)
    words = dict.fromkeys(text_of(match[1]) for match in _first(_OBJ_WORD.finditer(head), 20_000))
    into.add(MarkKind.HABIT, "obj statements", " ".join(words), "obj writer", byte=0, forgery=Forgery.RESAVE)
    face = re.search(rb"(?m)^f[ \t]+(\S+)", data)
    if face:
        shape = re.sub(r"-?\d+", "n", text_of(face[1])[:40])
        into.add(
            MarkKind.HABIT, "obj corners", shape, "obj writer", byte=face.start(), forgery=Forgery.RESAVE
        )
    _add_numbers(head, "obj", into)


def add_ply(data: bytes, into: Collector) -> None:
    """The header: comments, and which properties in which order."""
    stop = data.find(b"end_header", 0, _HEAD_BYTES)
    header = data[: stop if stop >= 0 else 1 << 14]
    lines = Lines(header)
    for match in _first(_PLY_COMMENT.finditer(header), _MOST_COMMENTS):
        _add_comment(
            f"ply {text_of(match[1])}", text_of(match[2]).strip(), match.start(), "ply header", into, lines
        )
    fields = [
        re.sub(r"(vertex|face|edge|material|cell) \d+", r"\1", text_of(match[2])).strip()
        for match in _first(_PLY_FIELD.finditer(header), 60)
    ]
    into.add(MarkKind.HABIT, "ply layout", "; ".join(fields), "ply writer", line=2, forgery=Forgery.RESAVE)
    if b"ascii" in header[:64]:
        _add_numbers(data[len(header) : len(header) + _HEAD_BYTES], "ply", into)
    else:
        into.add(
            MarkKind.HABIT, "ply line ends", line_ends(header), "ply writer", byte=0, forgery=Forgery.RESAVE
        )


def add_off(data: bytes, into: Collector) -> None:
    """Comments and digits."""
    head = data[:_HEAD_BYTES]
    lines = Lines(head)
    for match in _first(_HASHED.finditer(head), _MOST_COMMENTS):
        _add_comment("off comment", text_of(match[1]).strip(), match.start(), "off comments", into, lines)
    _add_numbers(head, "off", into)
