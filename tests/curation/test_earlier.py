"""One evaluation beside an earlier one: a loss is told from chance, and nothing passes unmeasured."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from evaluations import false_alerts, made_up, recall
from partwatch.curation import earlier
from partwatch.curation.earlier import Change, Verdict, changes, fisher, has_loss
from partwatch.model.errors import DocumentError
from partwatch.report.comparison import table


@pytest.fixture
def old() -> dict[str, Any]:
    return copy.deepcopy(MADE)


MADE = made_up()


def named(compared: list[Change], name: str) -> Change:
    return next(change for change in compared if change.name == name)


def test_the_same_evaluation_has_changed_nothing(old: dict[str, Any]) -> None:
    compared = changes(old, MADE)
    assert {change.verdict for change in compared} == {Verdict.SAME}
    assert len(compared) == 7 + 3 + 3 + 2 + 1 + 1 + 4 + 2
    assert not has_loss(compared)


@pytest.mark.parametrize(
    ("hits", "verdict"), [(120, Verdict.WORSE), (147, Verdict.CHANCE), (150, Verdict.SAME)]
)
def test_recall_falls_by_more_than_chance_or_not(old: dict[str, Any], hits: int, verdict: Verdict) -> None:
    new = copy.deepcopy(MADE)
    new["recall"][0] = recall("change", "rotation", hits, 150)
    compared = changes(old, new)
    assert named(compared, "recall at match, change: rotation").verdict is verdict
    assert has_loss(compared) is (verdict is Verdict.WORSE)


def test_recall_that_rises_is_no_loss(old: dict[str, Any]) -> None:
    new = copy.deepcopy(MADE)
    new["recall"][6] = recall("change", "decimated 15%", 131, 131)
    compared = changes(old, new)
    assert named(compared, "recall at match, change: decimated 15%").verdict is Verdict.BETTER
    assert not has_loss(compared)


def test_the_more_is_compared_the_more_it_takes() -> None:
    one = {"recall": [recall("change", "rotation", 150, 150)]}
    less = {"recall": [recall("change", "rotation", 143, 150)]}
    assert fisher(150, 150, 143, 150) < 0.05
    nothing = {"false": [], "held_back": None, "llr": None, "revisions": None}
    assert changes(made_up(**one, **nothing), made_up(**less, **nothing))[0].verdict is Verdict.WORSE
    others = [recall("size", f"class {k}", 90, 100) for k in range(12)]
    many = [
        made_up(recall=[*told["recall"], *others], **nothing)
        for told in (one, less)
    ]  # fmt: skip
    assert changes(*many)[0].verdict is Verdict.CHANCE


def test_false_alerts_of_one_family_are_one(old: dict[str, Any]) -> None:
    for families_hit, verdict in ((1, Verdict.CHANCE), (20, Verdict.WORSE)):
        before, after = copy.deepcopy(old), copy.deepcopy(old)
        before["false"][0]["family_hits"] = 0
        after["false"][0] = false_alerts("match", 20) | {"family_hits": families_hit}
        name = "benign bodies with a false match"
        assert named(changes(before, after), name).verdict is verdict


def test_without_a_count_of_families_the_rate_is_taken_on_them(old: dict[str, Any]) -> None:
    new = copy.deepcopy(old)
    new["false"][0] = false_alerts("match", 4)
    assert named(changes(old, new), "benign bodies with a false match").p == fisher(0, 2210, 2, 2210)


def test_a_class_that_is_measured_no_more_is_a_loss_and_a_new_one_is_not(old: dict[str, Any]) -> None:
    fewer = copy.deepcopy(old)
    del fewer["recall"][0]
    gone = changes(old, fewer)
    assert [change.verdict for change in gone if change.is_loss] == [Verdict.GONE]
    assert {change.verdict for change in changes(fewer, old)} == {Verdict.SAME, Verdict.NEW}
    assert not has_loss(changes(fewer, old))
    untried = copy.deepcopy(old)
    untried["recall"][0].update(hits=0, trials=0)
    assert [change.verdict for change in changes(old, untried) if change.is_loss] == [Verdict.GONE]
    assert has_loss(changes(old, made_up(llr=None)))


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ((0.30, 0.28, 0.32), "worse"),
        ((0.02, 0.018, 0.022), "better"),
        ((0.081, 0.07, 0.09), "within chance"),
    ],
)
def test_cllr_is_compared_by_its_intervals(
    old: dict[str, Any], value: tuple[float, ...], verdict: str
) -> None:
    old["llr"].update(zip(("cllr", "cllr_low", "cllr_high"), (0.08, 0.07, 0.09), strict=True))
    new = copy.deepcopy(old)
    new["llr"].update(zip(("cllr", "cllr_low", "cllr_high"), value, strict=True))
    assert named(changes(old, new), "Cllr").verdict == verdict


def test_cllr_without_an_interval_is_not_tested(old: dict[str, Any]) -> None:
    new = copy.deepcopy(old)
    new["llr"].update(cllr=0.9, cllr_low=None, cllr_high=None)
    assert named(changes(old, new), "Cllr").verdict is Verdict.UNTESTED


def test_touching_intervals_are_not_yet_a_difference_and_distant_ones_are() -> None:
    # Two equal errors apart by 1.96 of their root sum of squares are at five in a hundred.
    gap = 2**0.5 * 0.1
    assert earlier._p_of_intervals((1, 0.9, 1.1), (1 + gap, 0.9 + gap, 1.1 + gap)) == pytest.approx(0.05)


def test_a_statement_that_still_keeps_is_no_loss(old: dict[str, Any]) -> None:
    new = copy.deepcopy(old)
    row = new["llr"]["stated"][0]
    row["non_mates_at_or_above"] += 700
    name = "non-mates stated as 1 in 10"
    assert named(changes(old, new), name).verdict is Verdict.UNTESTED
    row["holds"] = False
    assert named(changes(old, new), name).verdict is Verdict.WORSE


def test_another_gate_is_neither_gain_nor_loss(old: dict[str, Any]) -> None:
    held = {"parts": 700, "of": 1410, "gate_rate": 1.0}
    assert named(changes(old, made_up(held_back=held)), "parts held back").verdict is Verdict.UNTESTED
    same_gate = made_up(held_back=held | {"gate_rate": 10.0})
    assert named(changes(old, same_gate), "parts held back").verdict is Verdict.WORSE


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_fisher_is_that_of_scipy(a: int, b: int, c: int, d: int) -> None:
    expected = fisher_exact([[a, b], [c, d]])[1] if a + b and c + d else 1.0
    assert fisher(a, a + b, c, c + d) == pytest.approx(expected, rel=1e-6)


def test_fisher_bears_large_counts() -> None:
    assert fisher(50_000, 100_000, 50_000, 100_000) == pytest.approx(1, abs=1e-6)
    assert fisher(0, 100_000, 100_000, 100_000) == 0
    assert fisher(4 * 10**8, 10**9, 4 * 10**8, 10**9) == pytest.approx(1, abs=0.01)
    assert fisher(700, 60_000, 850, 61_000) == pytest.approx(
        fisher_exact([[700, 59_300], [850, 60_150]])[1], rel=1e-6
    )


def test_the_table_names_losses_first_and_what_else_differs(old: dict[str, Any]) -> None:
    new = made_up(seed=5, recall=[recall("change", "mi\x1b[31mrror", 1, 2), *MADE["recall"][1:]])
    lines = table(changes(old, new), earlier.differences(old, new)).splitlines()
    assert lines[0] == "not the same: seed: 0, now 5"
    assert lines[1].split() == ["then", "now", "p"]
    assert lines[2].split(maxsplit=5)[:5] == ["recall", "at", "match,", "change:", "rotation"]
    assert lines[2].endswith("150 of 150 (100.00%)" + " " * 30 + "no longer measured")
    assert "mi\\x1b[31mrror" in lines[3]
    assert lines[-1] == "1 significant loss; 16 comparisons, together at the 5% level (Holm)"
    assert max(map(len, lines[1:-1])) < 160


def test_other_schemas_and_damage_are_refused(old: dict[str, Any]) -> None:
    with pytest.raises(
        DocumentError, match=r"the earlier evaluation: its schema is 'x-9', .* evaluate again"
    ):
        changes(old | {"schema": "x-9"}, old)
    with pytest.raises(DocumentError, match=r"recall\.0\.hits"):
        changes(old, old | {"recall": [{**MADE["recall"][0], "hits": "many"}]})


def test_every_evaluation_can_be_written_and_read(tmp_path: Path, old: dict[str, Any]) -> None:
    from partwatch.model.evaluation import load

    path = tmp_path / "old.json"
    path.write_text(json.dumps(old), encoding="utf-8")
    assert load(path) == old
