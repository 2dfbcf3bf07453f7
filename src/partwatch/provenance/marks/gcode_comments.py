"""Comments of a print job: banners, settings, dates, names, pictures.

Only the ends of a job are read comment by comment; in between, where there is nothing but moves, the few
comments that name something are looked for by their first letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from partwatch.model.marks import MarkKind
from partwatch.provenance.marks import pictures, settings
from partwatch.provenance.marks.collector import Collector, Lines, text_of
from partwatch.provenance.marks.software import add_software

END_BYTES = 1 << 20
_MOST_BLOCKS = 4
_MOST_LINE_BYTES = 400
_MOST_COMMENTS = 40
_MOST_MENTIONS = 20_000
_MOST_PICTURES = 16
_MOST_PICTURE_BYTES = 4 << 20

_BANNER = re.compile(
    rb"(?im)^[ \t]*[;(][ \t]*(?:[^\r\n]{0,40}?"
    rb"\b(?:generated|sliced|created|post-?processed|produced|exported) ?(?:by|with|using|at)?\b"
    rb"[^\r\n]{0,200}|(?:BambuStudio|OrcaSlicer|KISSlicer|CrealityPrint|AnycubicSlicer\w*) ?[^\r\n]{0,60})"
)
_GENERATED_WITH = re.compile(rb"(?im)^;?GENERATOR\.(NAME|VERSION|BUILD_DATE):([^\r\n]*)")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DATE = re.compile(
    r"\b(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}-\d{1,2}-\d{4}"
    rf"|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?{_MONTH} \d{{1,2}}"
    r"(?:, \d{4}|(?= [\d:]{4,8} \d{4}))"
    rf"|\d{{1,2}} {_MONTH} \d{{4}})"
    r"(?:[T ,]*(?:at )?\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?(?: ?(?:UTC|GMT|Z))?)?(?: \d{4})?"
)
_HEADED = re.compile(rb"(?m)^[ \t]*;[ \t]*([A-Za-z][\w .\[\]()/+-]{0,60}?)[ \t]*[:][ \t]*([^\r\n]{1,400})")
_STATISTIC = re.compile(
    r"(?i)time|filament|used|layer|length|volume|weight|cost|minx|miny|minz|maxx|maxy|maxz|density|diameter|dimension"
    r"|size|bound|count|number|plastic|height|max_z|walls"
)
_STRUCTURE = re.compile(
    r"(?i)^(?:type|layer|width|height|z|mesh|time_elapsed|feature|layer_change|before_layer_change"
    r"|after_layer_change|printing object|stop printing object|start printing object|thumbnail.*"
    r"|.*_block_(?:start|end)|wipe_.*|line_width|layer_height|setting_3.*"
    r"|.*\b(?:generated|sliced|created|produced) (?:by|with|at).*)$"
)
_PICTURE = re.compile(
    rb"(?m)^[ \t]*;[ \t]*thumbnail(?:_(JPG|QOI|PNG|JPEG|BIQU|BTT|TFT))? begin[ \t]+(\d+)[ \tx]+(\d+)"
    rb"[^\r\n]*\r?\n"
)
# Comments and commands that name an object, by how they begin, and what follows.
_NAMING = (
    (b"; printing object ", re.compile(rb"; printing object ([^\r\n]{1,400})")),
    (b";MESH:", re.compile(rb";MESH:([^\r\n]{1,400})")),
    (b"EXCLUDE_OBJECT_DEFINE ", re.compile(rb"EXCLUDE_OBJECT_DEFINE[^\r\n]{0,200}?NAME=(\S{1,400})")),
    (b"M486 A", re.compile(rb"M486 A([^\r\n]{1,400})")),
    (b"; start printing object, ", re.compile(rb"; start printing object, ([^\r\n]{1,400})")),
    (b"; plater:", re.compile(rb"; plater:([^\r\n]{1,400})")),
    (b";PRINTING: ", re.compile(rb";PRINTING: ([^\r\n]{1,400})")),
)
_COPY = re.compile(r"(?:[_ ]id[:_]\d+|[_ ]copy[_ ]\d+)+.*$")
_WORDS = re.compile(r"[^\W\d_]{3}")
_SUMMARY_LINE = re.compile(rb";   \w+,|; Settings Summary")
_SIMPLIFY = b"; Settings Summary"
_BLOCKS = (b"; CONFIG_BLOCK_START", b"slicer_config = begin", b";SETTING_3 ")


def add_comments(data: bytes, into: Collector, lines: Lines) -> None:
    """All that comments tell; commands are `gcode_moves`'."""
    banners: set[bytes] = set()
    for start, stop in _windows(data):
        add_banners(data, start, stop, into, lines, banners)
        settings.add_lines(data, "gcode settings", into, lines, start, stop, commented=True)
        _add_headed(data, start, stop, into, lines)
    _add_free_comments(data, into, lines)
    _add_pictures(data, into, lines)
    _add_names(data, into, lines)
    settings.add_cura(data, into, lines)
    summary = data.find(_SIMPLIFY, 0, END_BYTES)
    if summary >= 0:
        settings.add_simplify3d(data, into, lines, data.find(b"\n", summary) + 1)


def _windows(data: bytes) -> list[tuple[int, int]]:
    """Where comments are read one by one: both ends, and around blocks of settings that lie elsewhere."""
    spans = [(0, END_BYTES), (len(data) - END_BYTES, len(data))]
    for word in _BLOCKS:
        at = data.find(word)
        for _ in range(_MOST_BLOCKS):
            if at < 0:
                break
            spans.append((at, at + END_BYTES))
            at = data.find(word, at + END_BYTES)
    joined: list[tuple[int, int]] = []
    for start, stop in sorted((max(0, start), min(stop, len(data))) for start, stop in spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], stop)
        else:
            # A line that is cut in two would be read as two.
            joined.append((data.rfind(b"\n", 0, start) + 1, stop))
    return joined


def add_banners(data: bytes, start: int, stop: int, into: Collector, lines: Lines, seen: set[bytes]) -> None:
    """Who says to have made the job, and when. seen: banners that were taken before."""
    for count, match in enumerate(_BANNER.finditer(data, start, stop)):
        if count >= _MOST_COMMENTS:
            break
        if match[0] in seen:
            continue
        seen.add(match[0])
        text, at = text_of(match[0]).strip(" \t;()"), match.start()
        found = add_software(text, "banner", "gcode banner", into, line=lines(at), byte=at)
        for date in dates_in(text):
            into.add(MarkKind.DATE, "generated", date, "gcode banner", line=lines(at), byte=at)
        if not found:
            into.add(MarkKind.COMMENT, "banner", text, "gcode banner", line=lines(at), byte=at)
    for match in _GENERATED_WITH.finditer(data, start, min(stop, start + END_BYTES)):
        text, at = text_of(match[2]), match.start()
        if match[1] == b"NAME":
            add_software(text, "GENERATOR.NAME", "gcode banner", into, line=lines(at), byte=at)
        kind = {b"NAME": MarkKind.COMMENT, b"VERSION": MarkKind.VERSION}.get(match[1], MarkKind.DATE)
        into.add(kind, f"GENERATOR.{text_of(match[1])}", text, "gcode banner", line=lines(at), byte=at)


def _add_headed(data: bytes, start: int, stop: int, into: Collector, lines: Lines) -> None:
    """Comments of the form `key: value` that are not about a single layer or stroke."""
    for count, match in enumerate(_HEADED.finditer(data, start, stop)):
        if count >= _MOST_MENTIONS:
            break
        key = text_of(match[1]).strip()
        if _STRUCTURE.match(key) or (stop - start < len(data) and count > 2_000):
            continue
        for said, value in _fields(key, text_of(match[2])):
            kind = settings.kind_of(said)
            if _STATISTIC.search(said) and kind is MarkKind.SETTING:
                kind = MarkKind.STATISTIC
            elif kind is MarkKind.STATISTIC and not _STATISTIC.search(said):
                kind = MarkKind.COMMENT
            at = match.start(1)
            into.add(kind, said, value, "gcode header", line=lines(at), byte=at)


def _fields(key: str, value: str) -> Iterator[tuple[str, str]]:
    """Bambu Studio writes several in a line, parted by semicolons."""
    yield key, value.split("; ")[0]
    for more in value.split("; ")[1:8]:
        name, found, said = more.partition(": ")
        if found:
            yield name.strip()[:80], said


def _add_free_comments(data: bytes, into: Collector, lines: Lines) -> None:
    """What people and their scripts wrote in front: the first comments that are nothing else."""
    head = data[: 1 << 14]
    pattern = re.compile(rb"(?m)^[ \t]*(?:;[ \t]*([^\r\n;=]{3,400})|\(([^\r\n()]{3,400})\))[ \t]*\r?$")
    count = 0
    for match in pattern.finditer(head):
        text = text_of(match[1] or match[2]).strip()
        if _WORDS.search(text) is None:
            continue
        if count >= _MOST_COMMENTS or _PICTURE.search(match[0] + b"\n") or "thumbnail" in text[:12]:
            break
        if (
            _HEADED.match(match[0])
            or _BANNER.match(match[0])
            or _STRUCTURE.match(text)
            or _SUMMARY_LINE.match(match[0])
        ):
            continue
        count += 1
        at = match.start()
        for date in dates_in(text):
            into.add(MarkKind.DATE, "comment", date, "gcode comments", line=lines(at), byte=at)
        into.add(MarkKind.COMMENT, "comment", text, "gcode comments", line=lines(at), byte=at)


def _add_pictures(data: bytes, into: Collector, lines: Lines) -> None:
    for count, match in enumerate(_PICTURE.finditer(data, 0, 8 * END_BYTES)):
        if count >= _MOST_PICTURES:
            break
        stop = data.find(b"thumbnail", match.end(), match.end() + _MOST_PICTURE_BYTES)
        stop = stop if stop >= 0 else min(len(data), match.end() + _MOST_PICTURE_BYTES)
        text = re.sub(rb"[^A-Za-z0-9+/=]", b"", data[match.end() : stop])
        size = f"{int(match[2][:6])}x{int(match[3][:6])}"
        pictures.add_base64(text, f"thumbnail {size}", "gcode thumbnails", into, lines(match.start()))


def _add_names(data: bytes, into: Collector, lines: Lines) -> None:
    for token, pattern in _NAMING:
        seen: set[bytes] = set()
        at = data.find(token)
        count = 0
        while at >= 0 and count < _MOST_MENTIONS:
            stop = data.find(b"\n", at, at + _MOST_LINE_BYTES)
            stop = stop if stop >= 0 else at + _MOST_LINE_BYTES
            said = data[at:stop]
            if said not in seen:
                seen.add(said)
                _add_name(token, pattern.match(said), at, into, lines)
            at = data.find(token, stop)
            count += 1


def _add_name(token: bytes, match: re.Match[bytes] | None, at: int, into: Collector, lines: Lines) -> None:
    if match is None:
        return
    name = text_of(match[1]).strip().strip("\"'")
    if token.startswith(b"; start printing"):
        label = re.search(r"unique label id: (\d+)", name)
        if label:
            into.add(MarkKind.IDENTIFIER, "label id", label[1], "gcode labels", line=lines(at), byte=at)
        return
    # A copy's number says nothing of where the object is from.
    name = _COPY.sub("", name)
    if name and name != "NONMESH":
        into.add(MarkKind.OBJECT_NAME, "object", name, "gcode labels", line=lines(at), byte=at)


def dates_in(text: str) -> list[str]:
    """Dates, with the time of day where there is one."""
    return [match[0].strip() for match in _DATE.finditer(text[:1000])][:4]
