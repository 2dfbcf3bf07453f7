"""XML by its bytes: what it says of its origin, and how its program writes. Broken XML has marks too."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator

from partwatch.model.marks import Forgery, MarkKind
from partwatch.provenance.marks.collector import Collector, Lines, text_of
from partwatch.provenance.marks.software import add_software

HEAD_BYTES = 1 << 20
_MOST_FOUND = 2_000
_MOST_NUMBERS = 3_000
_DECLARATION = re.compile(rb"^(\xef\xbb\xbf)?\s*(<\?xml[^>]{0,200}\?>)")
_ROOT = re.compile(
    rb"<([A-Za-z_][\w:.-]{0,60})((?:\s+[\w:.-]{1,60}\s*=\s*(?:\"[^\"]{0,300}\"|'[^']{0,300}'))*)\s*/?>"
)
_ATTRIBUTE = re.compile(rb"([\w:.-]{1,60})\s*=\s*(?:\"([^\"]{0,4000})\"|'([^']{0,4000})')")
_METADATA = re.compile(
    rb"<metadata\s((?:[^<>\"']|\"[^\"]{0,4000}\"|'[^']{0,4000}'){0,40})(?:/>|>([^<]{0,4000}))"
)
_MOST_COMMENTS = 20
_NUMBER = re.compile(rb"[\">]([-+]?\d*\.?\d*(?:[eE][-+]?\d+)?)[\"<]")
_DECIMALS = re.compile(rb"\.(\d*)")
_POWER = re.compile(rb"([eE][-+]?)(\d+)$")
_VERTEX = re.compile(rb"<vertex[^>]{0,200}/?>")
_INDENT = re.compile(rb"\n([ \t]*)<")

# What 3MF's core specification and programs call these.
METADATA_KINDS = {
    "application": MarkKind.BANNER, "designer": MarkKind.AUTHOR, "creationdate": MarkKind.DATE,
    "modificationdate": MarkKind.DATE, "title": MarkKind.TITLE, "description": MarkKind.TITLE,
    "copyright": MarkKind.LICENCE, "licenseterms": MarkKind.LICENCE, "license": MarkKind.LICENCE,
    "designeruserid": MarkKind.AUTHOR, "profileuserid": MarkKind.AUTHOR, "profileusername": MarkKind.AUTHOR,
    "producer": MarkKind.BANNER, "author": MarkKind.AUTHOR, "company": MarkKind.AUTHOR,
    "cad": MarkKind.BANNER, "name": MarkKind.TITLE, "profiletitle": MarkKind.PRESET,
    "designmodelid": MarkKind.IDENTIFIER, "designprofileid": MarkKind.IDENTIFIER, "origin": MarkKind.PATH,
    "creator": MarkKind.AUTHOR, "lastmodifiedby": MarkKind.AUTHOR, "created": MarkKind.DATE,
    "modified": MarkKind.DATE, "date": MarkKind.DATE,
}  # fmt: skip


def plain(data: bytes) -> bytes:
    """UTF-16 as UTF-8, so that it can be searched; all else as it is."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[2:].decode(encoding, "replace").encode("utf-8", "replace")
    return data


def attributes_of(text: bytes) -> dict[str, str]:
    """Attributes of a tag, entities resolved, those of a prefix with it."""
    return {
        text_of(name): html.unescape(text_of(first or second))
        for name, first, second in _ATTRIBUTE.findall(text)
    }


def add_metadata(data: bytes, group: str, into: Collector, lines: Lines) -> None:
    """`<metadata name="…">…</metadata>`, as 3MF has it, and with `type`, as AMF has it."""
    for count, match in enumerate(_METADATA.finditer(data)):
        if count >= _MOST_FOUND:
            into.unread("limit", f"more than {_MOST_FOUND:,} metadata: the others were not looked at")
            return
        said = attributes_of(match[1])
        name = said.get("name") or said.get("type") or said.get("key") or ""
        value = html.unescape(text_of(match[2] or b"")).strip() or said.get("value", "")
        add_field(name, value, group, into, line=lines(match.start()), byte=match.start())


def add_field(
    name: str, value: str, group: str, into: Collector, *, line: int | None = None, byte: int | None = None
) -> None:
    """One named field of a document."""
    local = name.rpartition(":")[2].lower()
    kind = METADATA_KINDS.get(local, MarkKind.HEADER)
    if kind is MarkKind.BANNER:
        if not add_software(value, name, group, into, line=line, byte=byte):
            into.add(kind, name, value, group, line=line, byte=byte)
        return
    if "version" in local:
        kind = MarkKind.VERSION
    into.add(kind, name, value, group, line=line, byte=byte)


def add_comments(data: bytes, group: str, into: Collector, lines: Lines) -> None:
    """Comments, in which programs name themselves."""
    stop = 0
    for _ in range(_MOST_COMMENTS):
        at = data.find(b"<!--", stop, HEAD_BYTES)
        stop = data.find(b"-->", at, at + HEAD_BYTES) if at >= 0 else -1
        if stop < 0:
            return
        text = text_of(data[at + 4 : stop]).strip()
        add_software(text, "comment", group, into, line=lines(at), byte=at)
        into.add(MarkKind.COMMENT, "comment", text, group, line=lines(at), byte=at)


def add_habits(data: bytes, name: str, into: Collector) -> None:
    """How the document is written: declaration, namespaces, indentation, ends of tags and lines, numbers."""
    head = data[:HEAD_BYTES]
    declaration = _DECLARATION.match(head)
    said = text_of(declaration[2]) if declaration else "none"
    if declaration and declaration[1]:
        said = f"byte order mark, {said}"
    root = next((match for match in _ROOT.finditer(head)), None)
    tags = head.count(b"/>")
    found = {
        "declaration": said,
        "attributes of the root": _root_attributes(root) if root else "",
        "indentation": _indentation(head),
        "ends of empty tags": ("blank before />" if head.count(b" />") > tags / 2 else "/>") if tags else "",
        "line ends": line_ends(head),
        "numbers": _numbers(head),
        "order in a vertex": _vertex(head),
    }
    for habit, value in found.items():
        into.add(MarkKind.HABIT, f"{name} {habit}", value, f"{name} writer", byte=0, forgery=Forgery.RESAVE)


def line_ends(data: bytes) -> str:
    """Which end most lines; empty where there is a single line."""
    crlf, lf, cr = data.count(b"\r\n"), data.count(b"\n"), data.count(b"\r")
    if not lf and not cr:
        return ""
    if crlf and crlf * 2 >= lf:
        return "CR LF" if crlf == lf else "mixed"
    return "LF" if lf else "CR"


def _root_attributes(root: re.Match[bytes]) -> str:
    # Languages and namespaces are the writer's, a unit is the model's.
    names = [text_of(name) for name, _, _ in _ATTRIBUTE.findall(root[2])]
    return f"{text_of(root[1])}: {' '.join(names)}"


def _indentation(head: bytes) -> str:
    seen: Counter[str] = Counter()
    for match in _first(_INDENT.finditer(head), _MOST_NUMBERS):
        indent = match[1]
        seen["tabs" if b"\t" in indent else f"{len(indent)} blanks" if indent else "none"] += 1
    if not seen:
        return "all in one line"
    widths = sorted(int(each.split()[0]) for each in seen if each.endswith("blanks"))
    if seen["tabs"]:
        return "tabs"
    return f"steps of {widths[0]}" if widths else "none"


def _first(matches: Iterator[re.Match[bytes]], most: int) -> Iterator[re.Match[bytes]]:
    for _, match in zip(range(most), matches, strict=False):
        yield match


def _numbers(head: bytes) -> str:
    start = max(head.find(b"<vert"), head.find(b"<coordinates"))
    if start < 0:
        return ""
    found = [match[1] for match in _first(_NUMBER.finditer(head, start), _MOST_NUMBERS) if match[1]]
    return numbers_in_words(found)


def numbers_in_words(found: list[bytes]) -> str:
    """How a list of numbers is written: decimals or significant digits, exponents."""
    numbers = [each for each in found if any(48 <= byte <= 57 for byte in each)]
    if not numbers:
        return ""
    decimals = {len(match[1]) if (match := _DECIMALS.search(each)) else 0 for each in numbers}
    # Without zeros at the end, decimals are the model's and digits the writer's.
    digits = max(len(re.sub(rb"[eE].*|[-+.]", b"", each).lstrip(b"0")) for each in numbers)
    said = f"up to {digits} digits"
    if len(decimals) == 1 and decimals != {0}:
        said = f"always {max(decimals)} decimals"
    powers = {
        text_of(match[1][:1]) + "0" * len(match[2]) for each in numbers if (match := _POWER.search(each))
    }
    if powers:
        said += f", exponents like {min(powers)}"
    if any(each.lstrip(b"-").startswith(b".") for each in numbers):
        said += ", .5 for 0.5"
    if any(each.startswith(b"+") for each in numbers):
        said += ", plus signs"
    return said


def _vertex(head: bytes) -> str:
    match = _VERTEX.search(head)
    if match is None:
        return ""
    return " ".join(text_of(name) for name, _, _ in _ATTRIBUTE.findall(match[0]))
