"""The terminal's view: everything that made a pair's bits stands there, and controls are escaped."""

from __future__ import annotations

import io

from rich.console import Console

from partwatch.model.case_resolution import Bar, Judged, KindTold, PairTold, ResolutionTold, Side
from partwatch.report.case_resolution_text import render_pairs, render_run


def side(key: str, name: str) -> Side:
    return Side(
        key * 40,
        name,
        "Person",
        3 if key == "a" else 1,
        (("name", name, ("x.csv",)), ("phone", "1", ("x.csv", "y"))),
    )


BARS = (
    Bar("given", "the same", "anna", "anna", 9.0),
    Bar("birth", "differs", "1980", "1990", -3.5),
    Bar("calibration", "person", "", "", 12.0),
)
PAIR = PairTold(
    "person", side("a", "Anna\x1b[31m"), side("b", "Anna"), 21.0, 17.5, -12.0, 0.978, False,
    ("Otto Sr.", "Otto Jr."), "unsure", BARS,
)  # fmt: skip
WORDS = (
    "97.8%", "+17.5", "given", "differs", "-3.5", "calibration", "x.csv, y", "one of 3", "Otto Jr.",
    "a person said: unsure",
)  # fmt: skip


def shown(render, *what) -> str:  # type: ignore[no-untyped-def] # any renderer
    file = io.StringIO()
    render(*what, Console(file=file, width=120, color_system=None))
    return file.getvalue()


def test_a_pair_is_shown_with_its_records_and_its_waterfall() -> None:
    text = shown(render_pairs, [PAIR])
    for word in WORDS:
        assert word in text
    assert "\x1b" not in text
    assert shown(render_pairs, []) == "no pair waits for a person\n"


def test_a_run_is_shown_with_what_it_left_out_and_what_people_judged() -> None:
    kind = KindTold(
        "person", 1200, 300, 900, {"phone": (2, 340)}, -12.2, 0.4, 80, 12, 3, 70, 5, False, "ab" * 8
    )
    judged = Judged(40, 31.0, 20, 0.34, 0.66, False)
    text = shown(render_run, ResolutionTold(7, 0.99, 0.5, "abc", (kind,), judged))
    for word in (
        "1,200 records",
        "80 merged",
        "2 blocks of `phone`, 340 records",
        "run 7",
        "do not fit",
        "99.00%",
    ):
        assert word in text
