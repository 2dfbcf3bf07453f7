"""What the marks of any bytes at all promise: nothing is raised, and all is bounded."""

from __future__ import annotations

from fuzz.promises import LIMITS, require
from partwatch.formats.base import DEFAULT_LIMITS, ReadLimits
from partwatch.model.marks import Mark
from partwatch.provenance.marks.collector import (
    MOST_MARKS,
    MOST_NAME_CHARS,
    MOST_VALUE_CHARS,
    MOST_VALUES,
    Collector,
)
from partwatch.provenance.marks.sources import SOURCES, Found, MarkSource, found_in, marks_of

_MOST_UNREAD = 50


def broken(data: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> list[str]:
    """The promises that these bytes break, in words; an exception goes through."""
    return broken_by(marks_of(data, limits))


def of_source(source: MarkSource, data: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> Found:
    """One source alone, asked of any bytes, recognised or not."""
    into = Collector()
    source.add(data, limits, into)
    return found_in(into, (source.name,))


def check(data: bytes) -> None:
    """All sources together and each alone; AssertionError where a promise is broken."""
    require(not (said := broken(data, LIMITS)), "; ".join(said))
    require(marks_of(data, LIMITS) == marks_of(data, LIMITS), "the same bytes give the same marks")
    for source in SOURCES:
        require(not (said := broken_by(of_source(source, data, LIMITS))), f"{source.name}: {'; '.join(said)}")


def broken_by(found: Found) -> list[str]:
    """The promises that marks break."""
    said = []
    if len(found.marks) > MOST_MARKS:
        said.append(f"{len(found.marks)} marks are more than {MOST_MARKS}")
    if len(found.unread) > _MOST_UNREAD:
        said.append(f"{len(found.unread)} reasons are more than {_MOST_UNREAD}")
    counts: dict[tuple[str, str], int] = {}
    for mark in found.marks:
        counts[mark.kind, mark.name] = counts.get((mark.kind, mark.name), 0) + 1
        said += _of_mark(mark)
    said += [f"{count} values of {name}" for name, count in counts.items() if count > MOST_VALUES]
    return said


def _of_mark(mark: Mark) -> list[str]:
    said = []
    if not 0 < len(mark.value) <= MOST_VALUE_CHARS:
        said.append(f"{mark.name}: a value of {len(mark.value)} characters")
    if not 0 < len(mark.name) <= MOST_NAME_CHARS:
        said.append(f"a name of {len(mark.name)} characters")
    place = (mark.where.line or 1) >= 1 and (mark.where.byte or 0) >= 0 and mark.times >= 1
    if not place:
        said.append(f"{mark.name}: a place before the file")
    for text in (mark.name, mark.value, mark.where.part or ""):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            said.append(f"{mark.name}: no valid text")
    return said
