"""How a ZIP archive was written: its directory tells of the program that packed it, whatever it packed.

Read by its own bytes (PKWARE, APPNOTE 6.3.10), leniently: an archive that nobody can open has habits too.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from partwatch.model.marks import Forgery, MarkKind
from partwatch.provenance.marks.collector import Collector, text_of

_END, _CENTRAL, _LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
_END64 = b"PK\x06\x06"
_CENTRAL_BYTES, _LOCAL_BYTES, _END_BYTES = 46, 30, 22
_MOST_ENTRIES = 4_000
_ORDER_SHOWN = 14
_METHODS = {0: "stored", 8: "deflate", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}
_SYSTEMS = {0: "DOS", 3: "Unix", 7: "Macintosh", 10: "NTFS", 19: "OS X"}
_EXTRAS = {
    0x0001: "zip64", 0x000A: "NTFS times", 0x5455: "Unix times", 0x7875: "Unix uid/gid",
    0x5855: "old Unix times", 0x7075: "Unicode path", 0x9901: "AES", 0xA220: "Microsoft padding",
    0xCAFE: "Java", 0xD935: "Android padding",
}  # fmt: skip
_LEVELS = {0: "normal", 2: "maximum", 4: "fast", 6: "super fast"}
_NUMBER = re.compile(r"\d+")
# Names that are as many as the parts are say nothing of the writer.
_UUID_LIKE = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Entry:
    """One entry as the directory has it, or, without one, as its own header has it."""

    made_by: int | None
    needed: int
    flags: int
    method: int
    time: int
    date: int
    extras: tuple[int, ...]
    attributes: int | None
    name: str
    offset: int
    size: int


def recognises(head: bytes, _size: int) -> bool:
    """By its first entry."""
    return head.startswith((_LOCAL, _END, b"PK\x07\x08PK"))


def add_archive(data: bytes, into: Collector) -> None:
    """The habits of a directory; of an archive without one those of its entries."""
    end = data.rfind(_END)
    entries = list(_listed(data, end)) if end >= 0 else []
    source = "zip directory"
    if not entries:
        source = "zip entries"
        entries = list(_in_passing(data))
    if not entries:
        return
    at = entries[0].offset
    for name, value in _habits(entries).items():
        into.add(MarkKind.HABIT, name, value, source, byte=at, forgery=Forgery.BINARY_EDIT)
    _add_local_habits(data, entries, into)
    _add_times(entries, into, source)
    if end >= 0 and len(data) >= end + _END_BYTES:
        size = struct.unpack_from("<H", data, end + 20)[0]
        comment = text_of(data[end + _END_BYTES : end + _END_BYTES + size])
        into.add(MarkKind.COMMENT, "zip comment", comment, source, byte=end, forgery=Forgery.BINARY_EDIT)
        if data.rfind(_END64, 0, end) >= 0:
            into.add(MarkKind.HABIT, "zip64 end record", "yes", source, byte=end, forgery=Forgery.BINARY_EDIT)


def _listed(data: bytes, end: int) -> Iterator[Entry]:
    if end + _END_BYTES > len(data):
        return
    size, start = struct.unpack_from("<II", data, end + 12)
    # Bytes before the archive move all offsets; the directory ends where the end record begins.
    at = end - size if size <= end and data[end - size : end - size + 4] == _CENTRAL else start
    for _ in range(_MOST_ENTRIES):
        if data[at : at + 4] != _CENTRAL or at + _CENTRAL_BYTES > len(data):
            return
        made, needed, flags, method, time, date = struct.unpack_from("<6H", data, at + 4)
        name, extra, comment = struct.unpack_from("<3H", data, at + 28)
        attributes, offset = struct.unpack_from("<II", data, at + 38)
        body = at + _CENTRAL_BYTES
        yield Entry(
            made, needed, flags, method, time, date, _extras(data[body + name : body + name + extra]),
            attributes, text_of(data[body : body + name]), offset, struct.unpack_from("<I", data, at + 24)[0],
        )  # fmt: skip
        at = body + name + extra + comment


def _in_passing(data: bytes) -> Iterator[Entry]:
    """Entries by their own headers, from the front, as far as they can be found."""
    at = data.find(_LOCAL)
    for _ in range(_MOST_ENTRIES):
        if at < 0 or at + _LOCAL_BYTES > len(data):
            return
        needed, flags, method, time, date = struct.unpack_from("<5H", data, at + 4)
        name, extra = struct.unpack_from("<2H", data, at + 26)
        body = at + _LOCAL_BYTES
        yield Entry(
            None, needed, flags, method, time, date, _extras(data[body + name : body + name + extra]),
            None, text_of(data[body : body + name]), at, struct.unpack_from("<I", data, at + 22)[0],
        )  # fmt: skip
        at = data.find(_LOCAL, body)


def _extras(data: bytes) -> tuple[int, ...]:
    found: list[int] = []
    at = 0
    while at + 4 <= len(data) and len(found) < 16:
        kind, size = struct.unpack_from("<2H", data, at)
        found.append(kind)
        at += 4 + size
    return tuple(found)


def _set(values: Iterator[str] | list[str]) -> str:
    """Different values, the commonest first; those that come as often by name."""
    counted = Counter(values)
    return ", ".join(sorted(counted, key=lambda value: (-counted[value], value))[:8])


def _habits(entries: list[Entry]) -> dict[str, str]:
    made = [each.made_by for each in entries if each.made_by is not None]
    systems = [f"{_SYSTEMS.get(by >> 8, by >> 8)} {(by & 255) / 10:.1f}" for by in made]
    attributes = [f"{each.attributes:#x}" for each in entries if each.attributes is not None]
    deflated = [each for each in entries if each.method == 8]
    return {
        "zip made by": _set(systems),
        "zip version needed": _set([f"{each.needed / 10:.1f}" for each in entries]),
        "zip flags": _set([f"{each.flags & ~6:#06x}" for each in entries]),
        "zip deflate level": _set([_LEVELS[each.flags & 6] for each in deflated]),
        "zip methods": _set([_METHODS.get(each.method, str(each.method)) for each in entries]),
        "zip extra fields": _set([_named_extras(each.extras) for each in entries]),
        "zip attributes": _set(attributes),
        "zip data descriptors": _set(["yes" if each.flags & 8 else "no" for each in entries]),
        "zip names in UTF-8": _set(["yes" if each.flags & 0x800 else "no" for each in entries]),
        "zip folders": "yes" if any(each.name.endswith("/") for each in entries) else "no",
        "zip backslashes": "yes" if any("\\" in each.name for each in entries) else "no",
        "zip order of members": _order(entries),
    }


def _named_extras(extras: tuple[int, ...]) -> str:
    return "+".join(_EXTRAS.get(kind, f"{kind:#06x}") for kind in extras) or "none"


def _order(entries: list[Entry]) -> str:
    names = (_NUMBER.sub("N", _UUID_LIKE.sub("UUID", each.name))[:60] for each in entries)
    return " | ".join(list(dict.fromkeys(names))[:_ORDER_SHOWN])


def _add_local_habits(data: bytes, entries: list[Entry], into: Collector) -> None:
    """Where an entry's own header says otherwise than the directory does."""
    local: list[str] = []
    for each in entries[:64]:
        at = each.offset
        if data[at : at + 4] != _LOCAL or at + _LOCAL_BYTES > len(data):
            continue
        name, extra = struct.unpack_from("<2H", data, at + 26)
        body = at + _LOCAL_BYTES + name
        local.append(_named_extras(_extras(data[body : body + extra])))
    if local:
        into.add(
            MarkKind.HABIT, "zip extra fields of entries", _set(local), "zip directory",
            byte=entries[0].offset, forgery=Forgery.BINARY_EDIT,
        )  # fmt: skip


def _add_times(entries: list[Entry], into: Collector, group: str) -> None:
    stamps = sorted({_stamp(each.date, each.time) for each in entries})
    at = entries[0].offset
    kind = "all one" if len(stamps) == 1 else "several"
    first = stamps[0]
    if first.startswith(("1980-01-01", "1980-00-00", "1979")) and len(stamps) == 1:
        kind = first
    else:
        for name, stamp in (("zip earliest", first), ("zip latest", stamps[-1])):
            into.add(MarkKind.DATE, name, stamp, group, byte=at, forgery=Forgery.BINARY_EDIT)
    into.add(MarkKind.HABIT, "zip times", kind, group, byte=at, forgery=Forgery.BINARY_EDIT)


def _stamp(date: int, time: int) -> str:
    year, month, day = 1980 + (date >> 9), (date >> 5) & 15, date & 31
    return f"{year:04}-{month:02}-{day:02} {time >> 11:02}:{(time >> 5) & 63:02}:{(time & 31) * 2:02}"
