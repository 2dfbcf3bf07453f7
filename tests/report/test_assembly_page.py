"""Assemblies on the page and in the terminal: names show themselves and are no markup, and nothing leaks."""

from __future__ import annotations

import numpy as np

from assembly_documents import HOSTILE, assembly, document
from partwatch.report.assembly_page import page
from partwatch.report.assembly_pictures import place_of
from partwatch.report.assembly_text import lines
from partwatch.report.png import encode


def test_names_of_outsiders_are_no_markup_and_turn_nothing_around() -> None:
    text = "".join(page(document(assembly()), {}))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text
    assert HOSTILE not in text
    told = "\n".join(lines(document(assembly())))
    assert "\u202e" not in told


def test_missing_parts_are_counted_and_not_named() -> None:
    text = "".join(page(document(assembly()), {}))
    told = "\n".join(lines(document(assembly())))
    assert "2 parts are missing" in text
    assert "2 parts are missing (names with --missing)" in told
    assert "part-7" not in text + told
    assert "part-8" not in text + told


def test_pictures_stand_with_their_bodies() -> None:
    one = assembly()
    png = encode(np.full((4, 4, 4), 120, np.uint8))
    drawn = {place_of(one.slots[0].held[0], one.design): png}
    text = "".join(page(document(one), drawn))
    assert text.count("<img ") == 1
    assert text.count("data:image/png;base64,") == 1


def test_the_same_document_gives_the_same_page() -> None:
    one = document(assembly(), assembly("b", "period-2", 20.0))
    assert "".join(page(one, {})) == "".join(page(one, {}))


def test_an_assembly_within_a_better_one_is_a_line() -> None:
    told = list(lines(document(assembly(), assembly("b", "period-2", 20.0))))
    within = [line for line in told if line.endswith("all of it in one above")]
    assert len(within) == 1
    assert "in period b: held together, 6 of 8 parts, 20.0 bits" in within[0]
    assert any(line.startswith("  without parcel 0000000000000000: 30.0 bits") for line in told)
    assert any("3 weaker ones are left out" in line for line in told)


def test_nothing_to_tell_is_said() -> None:
    told = "\n".join(lines(document(left_out=0)))
    assert "no items together hold two parts" in told
    assert "No items together hold two parts" in "".join(page(document(left_out=0), {}))
