"""Days in requests are days as they are written, and nothing that could be taken for one."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from partwatch.service.api.days import Day

DAYS: TypeAdapter[date] = TypeAdapter(Day)


def test_a_day_is_what_is_written() -> None:
    assert DAYS.validate_python("2026-03-01") == date(2026, 3, 1)


@pytest.mark.parametrize(
    "wrong", [0, 1.5, "0", "20260301", "2026-W09-7", "2026-02-30", "2026-03-01T00:00", "", None]
)
def test_nothing_else_is_a_day(wrong: object) -> None:
    with pytest.raises(ValidationError):
        DAYS.validate_python(wrong)


def test_it_is_described_as_a_day() -> None:
    assert DAYS.json_schema() == {"type": "string", "format": "date"}
