"""Which items belong together: by what came with them, by days, and all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from partwatch.assembly.sightings import Seen

# Kinds that need no column: all items at once, and stretches of days.
ALL: Final = "all"
# Two kinds of stretches, so that none overlaps another of its kind: what lies in two groups of one kind would
# look as if it came twice. One begins in the middle of the other's.
PERIODS: Final = ("period", "period-2")
OWN_KINDS: Final = (ALL, *PERIODS)
# Where items lie is a group, too.
FOLDER: Final = "folder"
# What `link` found to be of one source.
SOURCE: Final = "source"
PERIOD_DAYS: Final = 30
_EPOCH: Final = date(2000, 1, 3)

Group = tuple[str, str]


def groups_of(item: Seen, period_days: int = PERIOD_DAYS) -> Iterator[Group]:
    """All groups of an item, each once."""
    yield from dict.fromkeys(item.groups)
    if item.time is not None:
        yield from periods_of(item.time, period_days)
    yield ALL, ALL


def periods_of(day: date, days: int = PERIOD_DAYS) -> Iterator[Group]:
    """The stretches of so many days that hold it, one of each kind: what takes half a stretch lies within
    one, wherever it begins."""
    for kind, shift in zip(PERIODS, (0, days // 2), strict=True):
        number = ((day - _EPOCH).days - shift) // days
        first = _EPOCH + timedelta(days=number * days + shift)
        yield kind, f"{first.isoformat()}/{(first + timedelta(days=days - 1)).isoformat()}"


def grouped(items: Iterable[Seen], period_days: int = PERIOD_DAYS) -> dict[Group, list[Seen]]:
    """The items of every group."""
    found: dict[Group, list[Seen]] = {}
    for item in items:
        for group in groups_of(item, period_days):
            found.setdefault(group, []).append(item)
    return found
