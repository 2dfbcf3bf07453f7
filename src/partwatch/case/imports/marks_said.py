"""What a file's marks state, as statements; only what they state.

A home folder's name is no account that anybody else would speak of, and a designer is not whoever had the
file: the first stays a text of the item, the second is a link that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from partwatch.case.imports.items import identity, item_key, schema_of_formats
from partwatch.case.imports.said import Speaker
from partwatch.case.statements import Statement, keyed
from partwatch.model.marks import Hypothesis, Mark, MarkedItem, MarkKind

# Of one item.
MOST_MARKS: Final = 200
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# Numbers that a service gives out for a person or an upload, as BambuStudio's kin name them.
_ACCOUNTS: Final = frozenset({"designeruserid", "profileuserid"})
_GIVEN_OUT: Final = frozenset({"designmodelid", "designprofileid"})
_NOT_SHOWN: Final = "(not shown, "
_SERIAL = re.compile(r"(?i)(?:^|[_ .-])(?:serial(?:[_ ]?(?:number|no|nr))?|sn|device[_ ]?id|dev[_ ]?id)$")
_NOT_OF_A_PRINTER = re.compile(r"(?i)port|baud|filament|spool|nozzle|tray|ams")
# A number given to one machine: no word, and not all of one digit.
_SERIAL_VALUE = re.compile(r"(?=.*\d)[0-9A-Za-z][0-9A-Za-z._-]{5,39}")
_DATE = re.compile(
    r"(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?:T(\d\d:\d\d:\d\d)(Z|[+-]\d\d:\d\d)?)?"
)
_MODIFIED: Final = frozenset({"modificationdate", "modified"})
# Dates that stand anywhere in the comments, and those of an archive's entries, are not the file's.
_OTHER_DATES: Final = frozenset({"comment"})
_ZIP: Final = "zip"


def said(item: MarkedItem, source_sha256: str, place: str) -> Iterator[Statement]:
    """Statements of one item."""
    key = item_key(item.sha256, source_sha256, item.path, item.member)
    schema = schema_of_formats(item.formats)
    yield from identity(Speaker(place), key, schema, item.sha256, item.path, item.member)
    yield from stated(item, key, schema, place)


def stated(item: MarkedItem, key: str, schema: str, place: str) -> Iterator[Statement]:
    """What its marks state, of an item whose identity was said."""
    count = 0
    for mark in item.marks:
        speaker = Speaker(f"{place}, {where(mark)}")
        yield from _of_kind(mark, key, schema, speaker)
        if is_identifying(mark) and count < MOST_MARKS:
            count += 1
            yield speaker.says(key, schema, "marks", text_of(mark))
    if schema == "PrintJob":
        yield from _slicers(item.attribution, key, Speaker(place))


def text_of(mark: Mark) -> str:
    """A mark in one line."""
    kind = mark.kind.value.replace("_", " ")
    named = mark.name if mark.name.lower() == kind else f"{kind} {mark.name}"
    return f"{named}: {mark.value}"


def where(mark: Mark) -> str:
    """Where in its item a mark stands."""
    told = [mark.where.part] if mark.where.part else []
    if mark.where.line is not None:
        told.append(f"line {mark.where.line}")
    elif mark.where.byte is not None:
        told.append(f"byte {mark.where.byte}")
    return ", ".join(told) or "the file"


def is_identifying(mark: Mark) -> bool:
    """Whether a mark may tell a person, a machine or an upload from all others: names and paths, numbers
    given out once, and digests of keys that are not shown."""
    if mark.kind in (MarkKind.USER, MarkKind.PATH, MarkKind.AUTHOR):
        return True
    if mark.kind is MarkKind.IDENTIFIER:
        return mark.name.lower() in _GIVEN_OUT or _UUID.fullmatch(mark.value) is not None
    return mark.value.startswith(_NOT_SHOWN) or serial_of(mark) is not None


def serial_of(mark: Mark) -> str | None:
    """The serial number of a printer, where a mark by its name gives one."""
    value = mark.value.strip("\"' ")
    if not _SERIAL.search(mark.name) or _NOT_OF_A_PRINTER.search(mark.name):
        return None
    return value if _SERIAL_VALUE.fullmatch(value) and len(set(value)) > 2 else None


def _of_kind(mark: Mark, key: str, schema: str, speaker: Speaker) -> Iterator[Statement]:
    name = mark.name.lower()
    if mark.kind is MarkKind.AUTHOR and name in _ACCOUNTS:
        yield from _account(mark, key, speaker)
    elif mark.kind is MarkKind.AUTHOR:
        yield speaker.says(key, schema, "author", mark.value)
    elif mark.kind is MarkKind.TITLE and name == "title":
        yield speaker.says(key, schema, "title", mark.value)
    elif value := _date_of(mark):
        prop = "modifiedAt" if name in _MODIFIED else "authoredAt"
        yield speaker.says(key, schema, prop, value, mark.value)
    if serial := serial_of(mark):
        yield from _printer(serial, key, schema, speaker)


def _date_of(mark: Mark) -> str | None:
    """The date that a file gives itself, where it is written as ISO 8601 has it."""
    if mark.kind is not MarkKind.DATE or mark.name.lower() in _OTHER_DATES or mark.group.startswith(_ZIP):
        return None
    day = _DATE.match(mark.value)
    return None if day is None else day[1] + (f"T{day[2]}{day[3] or ''}" if day[2] else "")


def _account(mark: Mark, key: str, speaker: Speaker) -> Iterator[Statement]:
    """An account by its number; the service is the name of the field, since the file names no other."""
    account = keyed("UserAccount", mark.name, mark.value)
    yield speaker.says(account, "UserAccount", "service", mark.name)
    yield speaker.says(account, "UserAccount", "username", mark.value)
    yield from speaker.link(key, account, f"names as its {mark.name}")


def _printer(serial: str, key: str, schema: str, speaker: Speaker) -> Iterator[Statement]:
    printer = keyed("Printer", serial)
    yield speaker.says(printer, "Printer", "serialNumber", serial)
    if schema == "PrintJob":
        yield speaker.says(key, schema, "printer", printer)
    else:
        yield from speaker.link(key, printer, "names the printer")


def _slicers(attribution: Iterable[Hypothesis], key: str, speaker: Speaker) -> Iterator[Statement]:
    """Software that the job names; and families that its moves speak for, in bits."""
    for one in attribution:
        named = one.software if one.version is None else f"{one.software} {one.version}"
        if one.bits is None and one.stated_by:
            yield speaker.says(key, "PrintJob", "slicer", named)
        elif one.bits is not None and one.bits > 0:
            yield speaker.says(key, "PrintJob", "slicer", named, bits=one.bits)
