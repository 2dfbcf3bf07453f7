"""Whom somebody means on the command line."""

from __future__ import annotations

from pathlib import Path

import case_samples as samples
import pytest

from partwatch.case.naming import candidates, named, named_key, record_named
from partwatch.case.statements import Statement, keyed
from partwatch.case.verdicts import Verdict
from partwatch.case.view import CaseView, view_of
from partwatch.model.errors import UsageError


@pytest.fixture
def view(tmp_path: Path) -> CaseView:
    return view_of(samples.filled(samples.location(tmp_path)))


@pytest.mark.parametrize(
    "text", ["RR123456785FR", "rr123456785fr ", samples.PARCEL, samples.PARCEL[:10], "Parcel:RR123456785FR"]
)
def test_an_identifier_a_key_or_its_beginning_names_one(view: CaseView, text: str) -> None:
    assert view.keys[named(view, text)] == samples.PARCEL


def test_what_two_hold_must_be_told_apart(view: CaseView) -> None:
    with pytest.raises(UsageError, match="2 entities are called so") as told:
        named(view, "+33612345678")
    assert samples.SENDER[:12] in str(told.value)
    assert samples.HOLDER[:12] in str(told.value)


def test_a_whole_value_comes_before_a_part_of_one(view: CaseView) -> None:
    assert view.keys[named(view, "Jean Dupont")] == samples.SENDER
    assert {one.key for one in candidates(view, "dupont")} == {samples.SENDER, samples.HOLDER}


def test_what_is_not_there_is_answered_with_the_nearest(view: CaseView) -> None:
    with pytest.raises(UsageError, match="perhaps Jean Dupont"):
        named(view, "Jean Dupond")
    with pytest.raises(UsageError, match="nothing in the case"):
        named(view, "zz")


def test_a_record_that_is_merged_is_still_named_by_its_own_key(tmp_path: Path) -> None:
    store = samples.filled(samples.location(tmp_path))
    store.decide(samples.SENDER, samples.HOLDER, Verdict.SAME, "one", "tester")
    view = view_of(store)
    assert named_key(view, samples.HOLDER[:12]) == samples.HOLDER
    assert named_key(view, samples.SENDER) == samples.SENDER
    assert named(view, samples.HOLDER) == named(view, samples.SENDER)
    assert sorted(view.keys_of(named(view, samples.HOLDER))) == sorted((samples.HOLDER, samples.SENDER))


def test_digits_that_begin_a_key_and_are_an_identifier_too_are_told_apart(tmp_path: Path) -> None:
    store = samples.new_case(samples.location(tmp_path))
    keys = [keyed("Exhibit", str(number)) for number in range(4000)]
    one = next(key for key in keys if key[:6].isdigit())
    other = keyed("Exhibit", one[:6])
    exhibits = [
        Statement(one, "Exhibit", "name", "first", "1"),
        Statement(other, "Exhibit", "name", "x", "2"),
    ]
    exhibits.append(Statement(other, "Exhibit", "exhibitNumber", one[:6], "2"))
    samples.take(store, "exhibits", "5" * 64, exhibits)
    with pytest.raises(UsageError, match="2 entities are called so"):
        named(view_of(store), one[:6])


def test_a_part_of_a_name_is_not_enough_where_nothing_can_be_taken_back(view: CaseView) -> None:
    assert view.keys[named(view, "jean dup")] == samples.SENDER
    with pytest.raises(UsageError, match="nothing in the case"):
        named(view, "jean dup", whole=True)


def test_a_record_is_named_by_what_it_alone_holds_also_where_it_is_merged(tmp_path: Path) -> None:
    store = samples.filled(samples.location(tmp_path))
    store.decide(samples.SENDER, samples.HOLDER, Verdict.SAME, "one", "tester")
    view = view_of(store)
    assert record_named(view, "Dupont, Jean") == samples.HOLDER
    assert record_named(view, "Person:Jean Dupont") == samples.SENDER
    with pytest.raises(UsageError, match="2 records are called so"):
        record_named(view, "+33612345678")
