"""Which items belong together: by what came with them, by days, and all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from partwatch.assembly.sightings import Seen

# Kinds that need no column: all items at once, and stretches of days.
ALL: Final = "all"
PERIOD: Final = "period"
OWN_KINDS: Final = (ALL, PERIOD)
PERIOD_DAYS: Final = 30
_EPOCH: Final = date(2000, 1, 3)

Group = tuple[str, str]


def groups_of(item: Seen, period_days: int = PERIOD_DAYS) -> Iterator[Group]:
    """All groups of an item, each once."""
    yield from dict.fromkeys(item.groups)
    if item.time is not None:
        for period in periods_of(item.time, period_days):
            yield PERIOD, period
    yield ALL, ALL


def periods_of(day: date, days: int = PERIOD_DAYS) -> tuple[str, str]:
    """The two stretches of so many days that hold it. Each begins in the middle of another: what takes half a
    stretch lies within one, wherever it begins."""
    half = max(days // 2, 1)
    number = (day - _EPOCH).days // half
    return _period(number - 1, half), _period(number, half)


def _period(number: int, half: int) -> str:
    first = _EPOCH + timedelta(days=number * half)
    return f"{first.isoformat()}/{(first + timedelta(days=2 * half - 1)).isoformat()}"


def grouped(items: Iterable[Seen], period_days: int = PERIOD_DAYS) -> dict[Group, list[Seen]]:
    """The items of every group."""
    found: dict[Group, list[Seen]] = {}
    for item in items:
        for group in groups_of(item, period_days):
            found.setdefault(group, []).append(item)
    return found
