"""Marks of STEP files: the header of ISO 10303-21, which names programs, people and organisations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from partwatch.formats import step
from partwatch.model.marks import Forgery, MarkKind
from partwatch.provenance.marks.collector import Collector, Lines, text_of
from partwatch.provenance.marks.software import add_software
from partwatch.provenance.marks.xmlish import line_ends

_HEAD_BYTES = 1 << 18
_MOST_FIELDS = 40
_RECORD = re.compile(rb"(?s)\b(FILE_DESCRIPTION|FILE_NAME|FILE_SCHEMA|FILE_POPULATION|SECTION_LANGUAGE)\s*\(")
_TOKEN = re.compile(rb"(?s)/\*.*?\*/|'((?:[^']|'')*)'|([(),;$*])|[^'(),;/]+|/")
_COMMENT = re.compile(rb"(?s)/\*(.{0,2000}?)\*/")
_PRODUCT = re.compile(rb"=\s*PRODUCT\s*\(\s*'((?:[^']|''){0,400})'\s*,\s*'((?:[^']|''){0,400})'")
_INSTANCE = re.compile(rb"(?m)^(#\d+)([ \t]*=[ \t]*)([A-Z(])")
_REAL = re.compile(rb"[(,]\s*(-?\d+\.\d*(?:E[-+]?\d+)?)")
_CODED = re.compile(r"\\X2\\((?:[0-9A-F]{4})+)\\X0\\")

# The fields of FILE_NAME in their order (ISO 10303-21:2016, 8.2.2).
_NAME_FIELDS = (
    ("file name", MarkKind.OBJECT_NAME), ("time stamp", MarkKind.DATE), ("author", MarkKind.AUTHOR),
    ("organisation", MarkKind.AUTHOR), ("preprocessor", MarkKind.BANNER),
    ("originating system", MarkKind.BANNER), ("authorisation", MarkKind.AUTHOR),
)  # fmt: skip
_DESCRIPTION_FIELDS = (("description", MarkKind.HEADER), ("implementation level", MarkKind.HABIT))


def recognises(head: bytes, size: int) -> bool:
    """As the reader does."""
    return step.FORMAT.recognises(head, size)


def add_step(data: bytes, into: Collector) -> None:
    """Header fields, comments, names of products, and habits of numbering."""
    head = data[:_HEAD_BYTES]
    stop = head.find(b"ENDSEC")
    header = head[: stop if stop >= 0 else 1 << 14]
    lines = Lines(data)
    for match in _COMMENT.finditer(header):
        text, at = text_of(match[1]).replace("*", " "), match.start()
        add_software(text, "step comment", "step header", into, line=lines(at), byte=at)
        if len(text.split()) > 2:
            into.add(MarkKind.COMMENT, "step comment", text, "step header", line=lines(at), byte=at)
    for match in _RECORD.finditer(header):
        _add_record(text_of(match[1]), header, match.end(), into, lines)
    _add_products(data, into, lines)
    _add_habits(header, head, into)


def _add_record(name: str, header: bytes, start: int, into: Collector, lines: Lines) -> None:
    fields = {"FILE_NAME": _NAME_FIELDS, "FILE_DESCRIPTION": _DESCRIPTION_FIELDS}.get(name, ())
    for place, values, at in _fields(header, start):
        field, kind = fields[place] if place < len(fields) else (name.lower(), MarkKind.HEADER)
        for value in values:
            said = _decoded(value)
            line = lines(at)
            if kind is MarkKind.BANNER and add_software(said, field, "step header", into, line=line, byte=at):
                kind_of_text = MarkKind.HEADER
            else:
                kind_of_text = kind
            into.add(kind_of_text, f"step {field}", said, "step header", line=line, byte=at)


def _fields(header: bytes, start: int) -> Iterator[tuple[int, list[str], int]]:
    """Each field of a record: its place, its strings (a list has several), and the byte of the first."""
    depth, place, at = 1, 0, start
    values: list[str] = []
    for match in _TOKEN.finditer(header, start):
        if match[1] is not None:
            if not values:
                at = match.start()
            values.append(text_of(match[1]).replace("''", "'"))
        sign = match[2]
        depth += (sign == b"(") - (sign == b")")
        if (sign == b"," and depth == 1) or depth == 0 or sign == b";":
            yield place, values[:_MOST_FIELDS], at
            place, values = place + 1, []
        if depth == 0 or sign == b";" or place > _MOST_FIELDS:
            return


def _decoded(value: str) -> str:
    """Extended characters in their place (ISO 10303-21, 6.4.3.4)."""
    return _CODED.sub(
        lambda match: bytes.fromhex(match[1]).decode("utf-16-be", "replace"), value.replace("\n", "")
    )


def _add_products(data: bytes, into: Collector, lines: Lines) -> None:
    at, count = data.find(b"PRODUCT"), 0
    # Most entities whose names begin so are no products: the search is by that word, and then exact.
    while at >= 0 and count < 20_000:
        count += 1
        match = _PRODUCT.search(data, max(0, at - 8), at + 900)
        if match is not None and match.start() <= at:
            for value in dict.fromkeys((match[1], match[2])):
                name = _decoded(text_of(value).replace("''", "'"))
                into.add(MarkKind.OBJECT_NAME, "product", name, "step products", line=lines(at), byte=at)
        at = data.find(b"PRODUCT", at + 7)


def _add_habits(header: bytes, head: bytes, into: Collector) -> None:
    body = head[len(header) :]
    numbers = [int(match[1][1:12]) for _, match in zip(range(50), _INSTANCE.finditer(body), strict=False)]
    blanks = next((text_of(match[2]) for match in _INSTANCE.finditer(body)), "")
    real = [match[1] for _, match in zip(range(2_000), _REAL.finditer(body), strict=False)]
    steps = {b - a for a, b in pairwise(numbers)}
    if numbers:
        step_said = f"in steps of {next(iter(steps))}" if len(steps) == 1 else "in no order"
        numbering = f"first #{numbers[0]}, {step_said}"
    else:
        numbering = ""
    plus = ", E+" if any(b"E+" in each for each in real) else ""
    digits = max((len(re.sub(rb"E.*|[-.]", b"", each).lstrip(b"0")) for each in real), default=0)
    found = {
        "instances": numbering,
        "blanks around =": repr(blanks) if numbers else "",
        "numbers": f"up to {digits} digits{plus}" if real else "",
        "line ends": line_ends(head),
        "comments name fields": "yes" if b"/* name */" in header or b"/* time_stamp */" in header else "no",
    }
    for name, value in found.items():
        into.add(MarkKind.HABIT, f"step {name}", value, "step writer", byte=0, forgery=Forgery.RESAVE)
