"""A run over a case: who is one, why, and what a person is asked."""

from __future__ import annotations

import json

import pytest
from resolution_samples import ANNA, ANNA_TOO, EITHER, FIRM, FIRM_TOO, MakeCase, key

from partwatch.case.resolution import Policy, explain, queue, resolve, undo
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Verdict
from partwatch.case.view import view_of
from partwatch.model.errors import UsageError

ANNA_A, SENIOR_A, JUNIOR_A = (key("a", place) for place in range(3))
ANNA_B, EITHER_B = key("b", 0), key("b", 1)
FIRM_A, FIRM_B = key("a", 1, "Company"), key("b", 1, "LegalEntity")


def one(store: CaseStore, left: str, right: str) -> bool:
    view = view_of(store)
    return view.canonical_of(left) == view.canonical_of(right)


def test_who_is_in_two_sources_is_one_and_a_father_is_not_his_son_each_time(small: CaseStore) -> None:
    told = resolve(small, "me", Policy(merge=0.9))
    assert one(small, ANNA_A, ANNA_B)
    assert not one(small, SENIOR_A, JUNIOR_A)
    people = told.kinds[0]
    assert [kind.records for kind in told.kinds] == [9, 0, 0]
    assert people.merged == 1
    # Otto Brand may be either of two.
    assert people.contested == 2
    asked = queue(small, limit=2)
    assert {frozenset(one.contested or ()) for one in asked} == {
        frozenset(("Otto Brand Sr.", "Otto Brand Jr."))
    }
    run = small.latest_run()
    assert run is not None
    assert run.told["kinds"]["person"]["model"] == people.model
    assert run.told["policy"]["merge"] == 0.9
    for pair in small.pairs(run.id):
        assert sum(bar["bits"] for bar in pair.waterfall) == pytest.approx(pair.bits, abs=1e-3)
        assert sum(bar["bits"] for bar in pair.waterfall[:-1]) == pytest.approx(pair.raw, abs=0.01)
        assert pair.waterfall[-1]["comparison"] == "calibration"
    again = resolve(small, "me", Policy(merge=0.9))
    assert again.kinds == told.kinds
    assert small.pairs(again.run) == small.pairs(told.run)


def test_a_person_is_asked_and_what_is_decided_stays(small: CaseStore) -> None:
    resolve(small, "me", Policy(merge=0.9999, review=0.2))
    asked = queue(small)
    pairs = {(pair.left.key, pair.right.key) for pair in asked}
    assert tuple(sorted((ANNA_A, ANNA_B))) in pairs
    first = next(pair for pair in asked if {pair.left.key, pair.right.key} == {ANNA_A, ANNA_B})
    said = {prop: value for prop, value, _ in first.left.said} | {p: v for p, v, _ in first.right.said}
    assert said["email"] == ANNA["email"]
    assert {source for side in (first.left, first.right) for *_, names in side.said for source in names} == {
        "a.csv", "b.csv",
    }  # fmt: skip
    assert [bar.level for bar in first.bars if bar.comparison == "birth"] == ["day and month exchanged"]
    assert len(queue(small, limit=1)) == 1
    small.decide(ANNA_A, ANNA_B, Verdict.SAME, "I know her", "me")
    assert one(small, ANNA_A, ANNA_B)
    assert tuple(sorted((ANNA_A, ANNA_B))) not in {(p.left.key, p.right.key) for p in queue(small)}
    resolve(small, "me", Policy(merge=0.9999, review=0.2))
    assert one(small, ANNA_A, ANNA_B)
    undo(small, ANNA_A, ANNA_B, "I was wrong", "me")
    assert not one(small, ANNA_A, ANNA_B)


def test_a_merge_that_is_undone_stays_undone(small: CaseStore) -> None:
    resolve(small, "me", Policy(merge=0.9))
    assert undo(small, ANNA_B, ANNA_A, "two people", "me").verdict is Verdict.DIFFERENT
    assert not one(small, ANNA_A, ANNA_B)
    resolve(small, "me", Policy(merge=0.9))
    assert not one(small, ANNA_A, ANNA_B)
    told = explain(small, ANNA_A, ANNA_B)
    assert told.verdict == "different"
    assert not told.merged
    with pytest.raises(UsageError, match="nobody decided"):
        undo(small, SENIOR_A, ANNA_A, "never", "me")
    with pytest.raises(UsageError, match="no such pair"):
        explain(small, ANNA_A, EITHER_B)


def test_nothing_and_nearly_nothing_are_resolved(make_case: MakeCase) -> None:
    store = make_case()
    assert queue(store) == []
    told = resolve(store, "me")
    assert [kind.records for kind in told.kinds] == [0, 0, 0]
    assert store.latest_run() is not None
    with pytest.raises(UsageError, match="no such pair"):
        explain(store, "a", "b")


def test_two_people_alone_and_a_firm_under_another_schema_without_its_legal_form(make_case: MakeCase) -> None:
    store = make_case(
        a=[("Person", ANNA), ("Company", FIRM)], b=[("Person", ANNA_TOO), ("LegalEntity", FIRM_TOO)]
    )
    told = resolve(store, "me", Policy(merge=0.9))
    assert [(kind.records, kind.merged) for kind in told.kinds] == [(2, 1), (2, 1), (0, 0)]
    assert one(store, ANNA_A, ANNA_B)
    assert one(store, FIRM_A, FIRM_B)


def test_a_withdrawn_source_takes_its_records_with_it(small: CaseStore) -> None:
    small.stand(2, False, "inadmissible", "me")
    told = resolve(small, "me")
    assert [kind.records for kind in told.kinds] == [7, 0, 0]
    assert queue(small) == []


def test_hostile_values_harm_nothing(make_case: MakeCase) -> None:
    nasty = {
        "name": "'); DROP TABLE partwatch_keys; -- \x00\u202e " + "x" * 50_000, "birthDate": "99999999999",
        "phone": "++++", "email": "@", "address": ", , ,;;\n" * 1000, "idNumber": "\u0301",
    }  # fmt: skip
    store = make_case(
        a=[("Person", nasty), ("Person", EITHER)], b=[("Person", nasty), ("Address", {"full": ","})]
    )
    told = resolve(store, "me")
    assert told.kinds[0].records == 3
    run = store.latest_run()
    assert run is not None
    json.dumps([pair.waterfall for pair in store.pairs(run.id)])


def test_thresholds_must_make_sense() -> None:
    for wrong in (
        {"merge": 1.0},
        {"review": 0.999},
        {"against": 0.9},
        {"others": 0.0},
        {"merge": float("nan")},
    ):
        with pytest.raises(UsageError):
            Policy(**wrong)
