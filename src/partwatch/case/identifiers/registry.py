"""The kinds of identifiers, and all of them found in one text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from partwatch.case.identifiers import (
    dates,
    emails,
    handles,
    ibans,
    ips,
    phones,
    plates,
    tracking,
    urls,
    wallets,
)
from partwatch.case.identifiers.base import Found, Hint, Kind
from partwatch.model.errors import UsageError

# What has check digits comes first: where two kinds see the same characters, the first has them.
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        one.name: one
        for one in (
            wallets.KIND, ibans.KIND, tracking.KIND, emails.KIND, urls.KIND, handles.KIND, plates.KIND,
            dates.KIND,             phones.KIND, ips.KIND,
        )
    }
)  # fmt: skip
NO_HINT: Final = Hint()
MOST_TEXT_CHARS: Final = 1 << 20
_HELD, _URL = 1, 2


def normalise(kind: str, text: str, hint: Hint = NO_HINT) -> str:
    """The one form of an identifier. Raises NotValidError, and UsageError on an unknown kind."""
    known = KINDS.get(kind)
    if known is None:
        raise UsageError(f"{kind}: no kind of identifier; there are {', '.join(KINDS)}")
    return known.normalise(text, hint)


def find_all(text: str, hint: Hint = NO_HINT, kinds: Collection[str] | None = None) -> list[Found]:
    """All identifiers of a text from left to right, none within another but for an account or a phone
    that a web address names. Of a text beyond a million characters, the first million is looked at."""
    text = text[:MOST_TEXT_CHARS]
    taken: list[Found] = []
    held = bytearray(len(text))
    for kind in KINDS.values():
        if kinds is not None and kind.name == "date" and "date" not in kinds:
            # The others look past dates themselves.
            continue
        for found in kind.find(text, hint):
            there = held[found.start : found.end]
            if there.count(_HELD) or (there.count(_URL) and not _within_url(found)):
                continue
            taken.append(found)
            mark = _URL if found.kind == "url" else _HELD
            held[found.start : found.end] = bytes((mark,)) * len(there)
    wanted = taken if kinds is None else [one for one in taken if one.kind in kinds]
    return sorted(wanted, key=lambda one: (one.start, one.end, one.kind))


def _within_url(found: Found) -> bool:
    return found.kind == "handle" or found.original.lower().startswith("wa.me/")
