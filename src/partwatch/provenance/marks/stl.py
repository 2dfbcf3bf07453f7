"""Marks of STL files: 80 bytes of header that each program fills in its own way, and how it writes the rest.

Colours in the attribute bytes: bit 15 set means one in VisCAM and SolidView, unset means one in Magics, which
also says `COLOR=` in the header (en.wikipedia.org/wiki/STL_(file_format), "Color in binary STL").
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from partwatch.formats import stl, stl_ascii
from partwatch.model.marks import Forgery, MarkKind
from partwatch.provenance.marks.collector import Collector, Lines, text_of
from partwatch.provenance.marks.gcode_comments import dates_in
from partwatch.provenance.marks.software import add_software
from partwatch.provenance.marks.xmlish import line_ends, numbers_in_words

_HEADER_BYTES: Final = 80
_RECORDS_AT: Final = 84
_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_MOST_RECORDS = 20_000
_SAMPLE_BYTES = 1 << 18
_MOST_SOLIDS = 1_000
_SOLID = re.compile(rb"(?im)^[ \t]*solid\b[ \t]*([^\r\n]{0,400})")
_VERTEX = re.compile(rb"(?i)vertex[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)")
_INDENTED = re.compile(rb"(?im)^([ \t]*)(facet|outer|vertex)")
_NORMAL = re.compile(rb"(?i)normal([ \t]+)(\S+)[ \t]+(\S+)[ \t]+(\S+)")


def recognises(head: bytes, size: int) -> bool:
    """What is certainly STL."""
    return stl.is_certain(head, size)


def resembles(head: bytes, size: int) -> bool:
    """What begins as STL does, and is cut or damaged further on."""
    return stl.recognises(head, size)


def add_stl(data: bytes, into: Collector) -> None:
    """Marks of either dialect."""
    head = data[: 1 << 16]
    if not stl.is_exactly_binary(head, len(data)) and stl_ascii.recognises(head):
        _add_text(data, into)
    else:
        _add_binary(data, Collector(into.store, into.part, Forgery.BINARY_EDIT))


def _add_binary(data: bytes, into: Collector) -> None:
    header = data[:_HEADER_BYTES]
    group = "stl header"
    colour = re.search(rb"(COLOR|MATERIAL)=(.{4,12})", header, re.DOTALL)
    words = header[: colour.start()] if colour else header
    said = text_of(words.split(b"\0")[0] if words.strip(b"\0 ") else b"").strip()
    into.add(MarkKind.HEADER, "stl header", said or "(blank)", group, byte=0)
    add_software(said, "stl header", group, into, byte=0)
    for date in dates_in(said):
        into.add(MarkKind.DATE, "stl header", date, group, byte=0)
    if colour:
        # The colour is four bytes: red, green, blue, alpha.
        into.add(
            MarkKind.HABIT, f"stl {text_of(colour[1])}=", colour[2][:4].hex(), group, byte=colour.start()
        )
    into.add(MarkKind.HABIT, "stl header filled with", _filling(header), group, byte=0)
    _add_records(data, into)


def _filling(header: bytes) -> str:
    """What stands behind the words."""
    words = header.rstrip(b"\0 ")
    rest = header[len(words) :]
    if not rest:
        return "words to the end"
    if not words:
        return "zeros" if not header.strip(b"\0") else "blanks" if not header.strip(b" ") else "both"
    after = header.split(b"\0")[-1] if b"\0" in header else b""
    if b"\0" in words or after.strip(b"\0 "):
        return "leftovers behind a zero"
    return "zeros" if not rest.strip(b"\0") else "blanks" if not rest.strip(b" ") else "blanks and zeros"


def _add_records(data: bytes, into: Collector) -> None:
    count = min((len(data) - _RECORDS_AT) // _RECORD.itemsize, _MOST_RECORDS)
    if count < 1:
        return
    records = np.frombuffer(data, _RECORD, count, _RECORDS_AT)
    attributes = records["attribute"]
    coloured = attributes >= 0x8000
    if not attributes.any():
        said = "all zero"
    elif coloured.all() or (coloured | (attributes == 0)).all():
        said = "colours as VisCAM and SolidView set them (bit 15)"
    elif len(np.unique(attributes)) <= max(64, count // 4):
        said = "used, bit 15 unset: colours as Magics sets them, or another use"
    else:
        said = "different almost everywhere: not cleared by the writer"
    into.add(MarkKind.HABIT, "stl attribute bytes", said, "stl records", byte=_RECORDS_AT + 48)
    with np.errstate(all="ignore"):
        length = np.linalg.norm(records["normal"].astype(np.float64), axis=1)
        zero, unit = (length == 0).mean(), (np.abs(length - 1) < 1e-3).mean()
    normals = "all zero" if zero == 1 else "unit" if zero + unit > 0.99 else "neither zero nor unit"
    into.add(MarkKind.HABIT, "stl normals", normals, "stl records", byte=_RECORDS_AT, forgery=Forgery.RESAVE)


def _add_text(data: bytes, into: Collector) -> None:
    lines = Lines(data)
    for count, match in enumerate(_SOLID.finditer(data)):
        if count >= _MOST_SOLIDS:
            break
        name, at = text_of(match[1]).strip(), match.start()
        group = "stl solids"
        if not add_software(name, "solid", group, into, line=lines(at), byte=at):
            kind = MarkKind.OBJECT_NAME if name else MarkKind.HABIT
            into.add(
                kind, "object" if name else "stl solid", name or "(no name)", group, line=lines(at), byte=at
            )
        else:
            into.add(MarkKind.HEADER, "solid", name, group, line=lines(at), byte=at)
    for name, value in _text_habits(data[:_SAMPLE_BYTES], data).items():
        into.add(MarkKind.HABIT, f"stl {name}", value, "stl writer", line=2, forgery=Forgery.RESAVE)


def _text_habits(sample: bytes, data: bytes) -> dict[str, str]:
    numbers = [number for match in _VERTEX.finditer(sample) for number in match.groups()][:3_000]
    indents: dict[str, str] = {}
    for match in _INDENTED.finditer(sample[: 1 << 14]):
        word = text_of(match[2]).lower()
        indents.setdefault(word, "tab" if b"\t" in match[1] else str(len(match[1])))
    normal = _NORMAL.search(sample)
    exponent = "exponents" if any(b"e" in number.lower() for number in numbers) else "no exponents"
    said = numbers_in_words(numbers)
    last = data.rstrip()[-400:].lower().rfind(b"endsolid")
    closing = text_of(data.rstrip()[-400:][last + 8 :]).strip() if last >= 0 else "(not closed)"
    return {
        "indentation": ", ".join(f"{word} {width}" for word, width in indents.items()),
        "numbers": f"{said}, {exponent}" if said and "exponent" not in said else said,
        "blanks before a normal": str(len(normal[1])) if normal else "",
        "case": "upper" if sample.lstrip()[:5].isupper() else "lower",
        "line ends": line_ends(sample),
        "endsolid": "with a name" if closing and last >= 0 else closing or "without a name",
    }
