"""The evaluation's page: one file, offline, without a script; what outsiders named stays text."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from report_golden import HOSTILE

from evaluations import made_up, recall
from partwatch.model.errors import DocumentError
from partwatch.report import plots
from partwatch.report.escape import visible
from partwatch.report.evaluation import MOST_ROWS, page
from partwatch.report.plots import Axis

MADE = made_up()
PAGE = page(MADE)
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Strict(HTMLParser):
    """Tags that open and close in order; every attribute and text by the way."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


PARSED = Strict(PAGE)


def test_it_is_well_formed_and_runs_nothing() -> None:
    assert {"svg", "table", "figure", "details"} <= PARSED.tags
    assert not PARSED.tags & {"script", "iframe", "object", "embed", "img", "link", "form"}
    assert not [name for name, _ in PARSED.attributes if name.startswith("on")]


def test_nothing_is_fetched() -> None:
    assert not re.search(r"https?:|//|url\(|@import", re.sub(r"<!doctype html>", "", PAGE))
    assert not [name for name, _ in PARSED.attributes if name in {"src", "href", "xlink:href", "srcset"}]
    assert "default-src &#x27;none&#x27;" in PAGE or "default-src 'none'" in PAGE


def test_the_same_evaluation_gives_the_same_page() -> None:
    assert page(copy.deepcopy(MADE)) == PAGE


def test_it_says_what_was_measured() -> None:
    for said in (
        "4,595 benign bodies, 2,210 families of near-duplicates, 25 projects: open parts, 25 projects.",
        "calibration benign-1 (2026-11-24), seed 0.",
        "1,200 mates (bodies that do derive from the part) and 20,000 non-mates",
        "remeshed or decimated, deviation p95 ≤ 0.3 mm",
        "145 of 155",
        "93.54 %",
        "holds back 212 of 1,410 parts (15.03 %)",
        "half have between 2.4 and 9.0 bits (median 6.1)",
        "Weighing takes 3.1 % of a screening's time.",
        f"Cllr {MADE['llr']['cllr']:.4f}",
        "What is not claimed",
        "someone/printer: parts/left hinge.stl",
        "c/six: knob.stl",
    ):
        assert said in PARSED.text


def test_all_that_has_a_group_has_its_rows() -> None:
    for row in MADE["recall"]:
        assert f"{row['hits']:,} of {row['trials']:,}" in PARSED.text
    assert PAGE.count('class="strip"') == len(MADE["recall"]) + 3 + len(MADE["false"]) + 1
    assert PAGE.count("<figure>") == 3


def _everywhere(value: Any) -> Iterator[Any]:
    """The evaluation with one string after the other replaced by a hostile one."""
    if isinstance(value, str):
        yield HOSTILE
    elif isinstance(value, dict):
        for key in value:
            yield from (value | {key: changed} for changed in _everywhere(value[key]))
    elif isinstance(value, (list, tuple)):
        for k, inner in enumerate(value):
            yield from ([*value[:k], changed, *value[k + 1 :]] for changed in _everywhere(inner))


def test_hostile_names_stay_text() -> None:
    drawn = 0
    small = MADE | {"recall": MADE["recall"][:1], "llr": None}
    for evaluation in _everywhere(small):
        try:
            text = page(evaluation)
        except DocumentError:
            continue  # a word of the schema's own
        drawn += 1
        assert not Strict(text).tags & {"script", "img"}
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert "\u2028" not in text
        assert "onerror=alert(1)" in text
    # Versions, calibration, population, class; misses; false alerts.
    assert drawn == 5 + 4 + 6


def test_a_hostile_key_of_a_false_alert_is_text() -> None:
    parsed = Strict(page(MADE | {"wrong": [{"part": 1, HOSTILE: HOSTILE}, {}]}))
    assert "img" not in parsed.tags
    assert ("data-label", visible(HOSTILE)) in parsed.attributes
    assert "1 more are in the JSON." in parsed.text
    assert "2 more are in the JSON." in page(MADE | {"wrong": [{}, {}]})


def disguise(kind: str, part: str, truth: str, told: str | None) -> dict[str, Any]:
    said = {"finding": "review", "relation": told, "score": 0.8, "coverage_part": 0.5, "coverage_body": 0.9}
    said |= {"bits": 4.5}
    return {
        "kind": kind, "part": part, "truth": truth, "surviving": 0.5,
        **(said if told else dict.fromkeys(said)),
    }  # fmt: skip


def test_what_disguised_parts_were_told_as_is_counted_by_what_they_were_made_as() -> None:
    rows = [
        *(disguise("piece 1/2", "a/one: b.stl", "piece_of", "piece_of") for _ in range(3)),
        disguise("piece 1/3", "a/one: b.stl", "piece_of", "edited"),
        disguise("piece 1/3", "a/one: b.stl", "piece_of", None),
        disguise("holes", "a/one: b.stl", "edited", None) | {"surviving": None},
    ]
    text = Strict(page(MADE | {"disguises": rows})).text
    assert "piece of4 of 580.00 %edited 1, piece of 3" in text
    assert "edited0 of 10 %none" in text
    assert "1 trials failed and count as not found." in text
    assert "What disguised parts are told as" not in PARSED.text


def test_a_hostile_name_in_a_disguise_is_text() -> None:
    rows = [disguise(HOSTILE, HOSTILE, HOSTILE, HOSTILE)]
    parsed = Strict(page(MADE | {"disguises": rows}))
    assert not parsed.tags & {"script", "img"}
    assert "onerror=alert(1)" in parsed.text
    assert "\u202e" not in parsed.text


def test_what_was_not_measured_says_so() -> None:
    bare = made_up(
        llr=None,
        held_back=None,
        revisions=None,
        cost={"share": None},
        recall=[],
        false=[],
        misses=[],
        wrong=[],
    )
    text = Strict(page(bare)).text
    assert text.count("Not measured.") == 8
    assert "Not measured: there is no calibration" in text
    assert text.count("None.") == 2


def test_what_happens_more_often_than_stated_is_marked() -> None:
    assert "more often than stated" not in PAGE
    broken = copy.deepcopy(MADE)
    broken["llr"]["stated"][1].update(holds=False, verdict="more", low=0.02, high=0.05, share=0.03)
    text = page(broken)
    assert '<td class="bad" data-label="verdict">more often than stated</td>' in text
    assert 'class="p-bad p-dot"' in text


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    shown = page(MADE | {"recall": [recall("size", "x", 99_999, 100_000), recall("size", "y", 1, 100_000)]})
    assert "99.99 %" in shown
    assert "<b>&lt; 0.01 %</b>" in shown


def test_long_lists_are_cut_and_say_so() -> None:
    text = page(MADE | {"misses": [["plate", f"part {k}"] for k in range(MOST_ROWS + 50)]})
    assert "250, as a table" in text
    assert "50 more are in the JSON." in text


@pytest.mark.parametrize("low", [-40.0, 0.0])
def test_degenerate_curves_are_drawn(low: float) -> None:
    flat = copy.deepcopy(MADE)
    flat["llr"]["tippett"] = {"bits": [low], "mates": [1.0], "non_mates": [1.0]}
    flat["llr"]["ece"] = {"log10_prior_odds": [0.0], "system": [40.0], "pav": [0.5], "neutral": [1.0]}
    assert "it goes on beyond the plot" in Strict(page(flat)).text
    empty = copy.deepcopy(MADE)
    empty["llr"].update(
        tippett={"bits": [], "mates": [], "non_mates": []},
        ece={"log10_prior_odds": [], "system": [], "pav": [], "neutral": []},
        stated=[],
    )
    assert page(empty).count("<figure>") == 0


def test_a_broken_evaluation_gives_no_page() -> None:
    with pytest.raises(DocumentError, match="llr"):
        page({key: value for key, value in MADE.items() if key != "llr"})


def test_points_lie_where_their_values_are() -> None:
    axis = Axis(0, 10, [(0, "0"), (10, "10")], "x")
    drawn = plots.chart("title", axis, axis, [plots.Line("a", "p-a", [0, 5, 10], [10, 5, 0], stepped=True)])
    # 96 to 428 across, 236 down to 10 up; a share at or above 5 holds from beyond 0 to 5.
    assert 'points="96.0,10.0 96.0,123.0 262.0,123.0 262.0,236.0 428.0,236.0"' in drawn
    row = plots.strip(Axis(0.5, 1, [], "share"), 0.75, 0.5, 2.0)
    assert 'cx="100.0"' in row
    assert 'x1="6.0" y1="9.0" x2="194.0" y2="9.0"' in row


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-5, 3, [-4, -2, 0, 2]), (0.8, 1.0, [0.8, 0.85, 0.9, 0.95, 1.0])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert plots.ticks(low, high) == pytest.approx(expected)
