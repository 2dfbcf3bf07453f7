"""Counts of several runs add up in the page that states them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from fuzz.record import RECORD, add


def test_counts_are_added_to_those_before_and_the_rest_of_the_page_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n\n| target | inputs | last run |\n|---|---:|---|\n\nafter\n")
    add({"read stl": 1200, "open zip": 0}, date(2026, 1, 2), page)
    add({"read stl": 34, "finding": 5}, date(2026, 3, 4), page)
    assert page.read_text() == (
        "before\n\n| target | inputs | last run |\n|---|---:|---|\n| read stl | 1,234 | 2026-03-04 |\n"
        "| finding | 5 | 2026-03-04 |\n| all | 1,239 | 2026-03-04 |\n\nafter\n"
    )


def test_a_page_without_the_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("nothing\n")
    with pytest.raises(ValueError, match="no table"):
        add({"read stl": 1}, date(2026, 1, 2), tmp_path / "page.md")


def test_the_page_that_is_kept_has_the_table(tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    copy.write_text(RECORD.read_text(encoding="utf-8"), encoding="utf-8")
    add({"read stl": 1}, date(2026, 1, 2), copy)
    assert copy.read_text(encoding="utf-8") != RECORD.read_text(encoding="utf-8")
