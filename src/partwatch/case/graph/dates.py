"""Dates as far as they are known: `2024-05` is any day of that May."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = date(1970, 1, 1)
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:$|[T ])")


@lru_cache(maxsize=65_536)
def days(text: str) -> tuple[int, int] | None:
    """First and last day that an ISO 8601 date or moment can mean, in days since 1970; None where it is
    none."""
    found = _DATE.match(text)
    if not found:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        first = date(year, month or 1, day or 1)
        last = date(year, month or 12, day or calendar.monthrange(year, month or 12)[1])
    except ValueError:
        return None
    return (first - _EPOCH).days, (last - _EPOCH).days


def told(day: int) -> str:
    """ISO 8601 date of a day since 1970."""
    return (_EPOCH + timedelta(days=int(day))).isoformat()
