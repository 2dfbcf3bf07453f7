"""Days in requests: written as ISO 8601 has them, in UTC, and in no other way."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

from pydantic import BeforeValidator

_WRITTEN: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def day_of(written: object) -> date:
    """The day; ValueError for anything but its text, such as a number of seconds."""
    if isinstance(written, date):
        return written
    if not isinstance(written, str) or not _WRITTEN.fullmatch(written):
        raise ValueError("a day is written as 2026-03-01")
    return date.fromisoformat(written)


Day = Annotated[date, BeforeValidator(day_of)]
