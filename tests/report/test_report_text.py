"""The table: nothing essential is cut, and no name can redraw it."""

from __future__ import annotations

import io

import pytest
from report_golden import (
    HOSTILE,
    accepted_item,
    body,
    document,
    golden,
    item,
    match,
    motion,
    weighed,
    weighed_document,
    weighed_golden,
)
from rich.console import Console

from partwatch.model.document import Deviation, Finding, ResultDocument
from partwatch.report import text, words
from partwatch.report.escape import visible


def rendered(result: ResultDocument, width: int = 80, terminal: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=terminal, color_system="truecolor" if terminal else None
    )
    text.render(result.header, result.items, result.summary, console)
    return stream.getvalue()


def flowing(output: str) -> str:
    """All cells of the output as one line a column would read, so that wraps do not matter."""
    return " ".join(output.split())


def test_a_pipe_gets_plain_text_within_80_columns() -> None:
    output = rendered(golden())

    assert "\x1b" not in output
    assert max(map(len, output.splitlines())) <= 80


@pytest.mark.parametrize("width", [60, 80, 200])
def test_essential_facts_are_never_cut(width: int) -> None:
    output = rendered(golden(), width)
    joined = flowing(output)

    assert "…" not in output
    for fact in ("hand-pump / housing", "98.7 %", "0.12 mm", "1 match", "1 unscreenable", "not read"):
        assert fact in joined


def test_a_long_name_is_folded_and_loses_nothing() -> None:
    name = "".join(f"{n:04d}" for n in range(100)) + ".stl"
    output = rendered(document([item(name, Finding.CLEAR)]))

    cells = [line[14:42].strip() for line in output.splitlines()]
    assert name in "".join(cells)


def test_a_hostile_name_cannot_reach_the_terminal() -> None:
    output = rendered(golden(), terminal=True)

    assert "\x1b[31m" not in output.replace("\x1b[31m\x1b", "")
    assert "\u202e" not in output
    assert "\u2028" not in output
    plain = rendered(golden(), 400)
    assert r"in\u202evoice\x1b[31m\n</script><img src=x onerror=alert(1)>\u2028[bold]&amp;.stl" in plain


def test_remarks_on_scale_mirroring_unit_and_generic_shapes_are_shown() -> None:
    joined = flowing(rendered(golden(), 300))

    for fact in ("2 times larger", "mirror image", "inch was inferred", "Two units", "generic shape"):
        assert fact in joined


def test_reasons_are_shown() -> None:
    assert "needs a key" in flowing(rendered(golden(), 200))


def test_an_empty_result_still_has_its_counts() -> None:
    assert "0 items, 0 bodies: 0 match, 0 review, 0 unscreenable, 0 clear" in rendered(document([]))


def test_the_same_document_renders_the_same() -> None:
    assert rendered(golden()) == rendered(golden())


def test_visible_escapes_what_does_not_show_and_leaves_the_rest() -> None:
    assert visible("pump, größe 3 (ポンプ).stl") == "pump, größe 3 (ポンプ).stl"
    assert visible("a\u202eb\x07c\u00a0d\u200be\udcff") == r"a\u202eb\x07c\xa0d\u200be\udcff"
    assert all(visible(char).isprintable() for char in HOSTILE)


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "100 %"), (0.99999, "99.9 %"), (0.57, "57.0 %"), (0.0004, "< 0.1 %"), (0.0, "0 %")],
)
def test_a_percentage_never_rounds_up_to_all_or_down_to_nothing(share: float, said: str) -> None:
    assert words.percent(share) == said


@pytest.mark.parametrize(
    ("length", "said"),
    [(0, "0 mm"), (0.0004, "< 0.001 mm"), (0.0094, "0.009 mm"), (0.3, "0.30 mm"), (12.345, "12.3 mm")],
)
def test_lengths_are_given_at_a_meaningful_precision(length: float, said: str) -> None:
    assert words.millimetres(length) == said


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (1.0, None),
        (16.0, "16 times smaller than the listed part"),
        (1 / 25.4, "25.4 times larger than the listed part"),
        (1.01, "0.99 % smaller than the listed part (within shrinkage compensation)"),
    ],
)
def test_the_scale_says_how_the_body_compares_with_the_part(scale: float, said: str | None) -> None:
    assert words.scale(match(scale=scale, T_part_body=motion(scale))) == said


def test_the_coverage_is_a_sentence() -> None:
    close = match(deviation_mm=Deviation(median=0.01, p95=0.05, max=0.21))

    assert words.coverage(close) == (
        "98.7 % of the listed part's surface is found in this body, to within 0.30 mm; half of it is closer "
        "than 0.01 mm, 95 % is closer than 0.05 mm, and the farthest is 0.21 mm off."
    )


def test_the_best_match_is_the_one_that_the_finding_rests_on() -> None:
    weak = match(finding="candidate", score=0.99, part="other")
    found = words.best_match(item("a", Finding.MATCH, body(weak), body(match(score=0.5), index=1)))

    assert found is not None
    assert (found[0].index, found[1].part) == (1, "housing")


def test_an_accepted_match_is_shown_although_the_item_is_clear() -> None:
    joined = flowing(rendered(document([accepted_item()]), 200))

    for fact in (
        "1 clear",
        "1 item with accepted matches",
        "hand-pump / housing",
        "accepted until 2027-11-01",
    ):
        assert fact in joined


def test_a_finding_never_rests_on_an_accepted_match() -> None:
    accepted = accepted_item().bodies[0].matches[0]
    review = match(finding="review", part="pin", score=0.1)
    weak = match(finding="candidate", part="lid", score=1.0)
    for others, part in (((review, weak), "pin"), ((weak,), "housing")):
        found = words.best_match(item("a", Finding.REVIEW, body(accepted, *others)))
        assert found is not None
        assert found[1].part == part


def test_each_match_has_its_bits_a_word_a_clause_and_its_rivals() -> None:
    joined = flowing(rendered(weighed_golden(), 220))

    for fact in (
        "8.4 bits (the most that 700 families support), moderately strong support",
        "about 340 times more probable if it derives from the part than if it is unrelated",
        "next best: hand-pump / cover; look-alike: a <b>bearing</b>",
        "0.8 bits, no support",
        "Bits rest on the population “open printed parts 1” (4,595 bodies of 700 families and 25 projects)",
        "no more than 8.4 bits are claimed. Not claimed: how probable either explanation is",
    ):
        assert fact in joined
    assert "at least" not in joined


def test_the_one_item_with_a_match_is_told_in_full() -> None:
    alone = weighed_document([item("a", Finding.MATCH, body(weighed(4.0))), item("b", Finding.CLEAR)])
    joined = flowing(rendered(alone, 300))

    for fact in (
        "4.0 bits, moderate support",
        "if this body derives from the listed part hand-pump / housing than if it is an unrelated",
        "Estimated false alerts: 7.8 per 10,000 bodies in a list of 57 parts.",
        "Next best on the list: hand-pump / cover, score 0.71 against 0.96 here.",
        "Nearest benign look-alike of the listed part: a <b>bearing</b>",
    ):
        assert fact in joined


def test_bits_are_never_cut_and_fit_80_columns() -> None:
    output = rendered(weighed_golden())

    assert max(map(len, output.splitlines())) <= 80
    assert "moderately strong support" in flowing(output)


def test_a_result_without_a_calibration_says_so_once() -> None:
    joined = flowing(rendered(golden(), 200))

    assert joined.count("not calibrated") == 1
    assert "bits: not calibrated, thresholds are provisional" in joined


def test_a_match_without_bits_beside_others_says_so() -> None:
    mixed = weighed_document(
        [item("a", Finding.MATCH, body(match())), item("b", Finding.MATCH, body(weighed(2)))]
    )
    joined = flowing(rendered(mixed, 200))

    assert "not calibrated" in joined
    assert "2.0 bits, weak support" in joined


def test_a_hostile_name_in_the_evidence_cannot_reach_the_terminal() -> None:
    nasty = weighed(2.0).evidence
    assert nasty is not None
    rival = nasty.rival.model_copy(update={"design": HOSTILE, "part": HOSTILE, "look_alike": HOSTILE})
    told = nasty.model_copy(update={"rival": rival, "statement": HOSTILE})
    for count in (1, 2):
        items = [item(f"{n}", Finding.MATCH, body(match(bits=2.0, evidence=told))) for n in range(count)]
        output = rendered(weighed_document(items), 400)
        assert "\x1b" not in output
        assert "\u202e" not in output
        assert r"in\u202evoice" in output
