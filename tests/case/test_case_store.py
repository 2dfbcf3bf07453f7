"""What a case keeps, on SQLite and, where PARTWATCH_POSTGRESQL names a server, there."""

from __future__ import annotations

import sqlite3
import threading
from datetime import date
from pathlib import Path

import case_samples as samples
import pytest

from partwatch.case.charter import Charter
from partwatch.case.forgetting import forget_all, forget_entities, forget_source
from partwatch.case.spool import Spool
from partwatch.case.statements import SourceInfo, Statement, record_key
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Pair, Verdict
from partwatch.case.view import view_of
from partwatch.model.errors import StoreError, UsageError


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql" and not samples.POSTGRESQL:
        pytest.skip("PARTWATCH_POSTGRESQL names no server")
    return samples.location(tmp_path, request.param == "postgresql")


def test_statements_come_back_as_they_went_in_with_their_source(where: str) -> None:
    samples.filled(where)
    store = samples.opened(where)
    told = [one.statement for one in store.of_entities([samples.PARCEL, samples.SENDER])]
    assert told == samples.parcels()
    assert [one.info.name for one in store.sources()] == ["parcels.csv", "subscribers.csv", "result.json"]
    assert store.counts() == {"sources": 3, "statements": 13, "entities": 7, "decisions": 0}
    assert store.charter == samples.CHARTER


def test_the_same_source_is_taken_once(where: str) -> None:
    store = samples.filled(where)
    assert samples.take(store, "again.csv", samples.PARCELS, samples.parcels()) is None
    assert len(store.sources()) == 3


def test_the_same_bytes_are_no_second_source_unless_somebody_says_so(where: str) -> None:
    store = samples.filled(where)
    other = SourceInfo("table", "parcels.csv", samples.PARCELS, "somebody else")
    with Spool() as spool:
        spool.add(samples.parcels())
        with pytest.raises(UsageError, match="are source 1 already, said by the carrier"):
            store.take_in(other, spool, "tester")
        assert store.take_in(other, spool, "tester", again=True) is not None
        store.stand(1, False, "no order", "tester")
        third = SourceInfo("table", "parcels.csv", samples.PARCELS, "a third")
        with pytest.raises(UsageError, match="was withdrawn"):
            store.take_in(third, spool, "tester", again=True)


def test_a_long_text_is_kept_and_found(where: str) -> None:
    store = samples.new_case(where)
    text = "a letter, " * 3000
    samples.take(store, "letters", "7" * 64, [Statement("a" * 40, "Message", "bodyText", text, "1")])
    assert [one.statement.value for one in store.find(text)] == [text]


def test_what_was_forgotten_does_not_come_back_by_a_run_that_was_under_way(where: str) -> None:
    store = samples.filled(where)
    left, right = sorted((samples.SENDER, samples.HOLDER))
    forget_entities(store, [samples.SENDER], "ordered", "tester")
    number = store.add_run("m", {}, [Pair(left, right, 9.0, 8.0, True, [["phone", "+336"]])], "tester")
    assert store.pairs(number) == []
    store.ask("path", {"start": samples.SENDER, "end": samples.ITEM}, "tester")
    assert store.questions() == []


def test_forgetting_a_source_takes_what_runs_and_people_said_of_it(where: str) -> None:
    store = samples.filled(where)
    left, right = sorted((samples.SENDER, samples.HOLDER))
    number = store.add_run("m", {}, [Pair(left, right, 9.0, 8.0, True, [["phone", "+336"]])], "tester")
    store.ask("path", {"start": "email:nobody@example.org", "end": samples.ITEM}, "tester")
    store.stand(2, False, "names Jean Dupont", "tester")
    forget_source(store, 2, "ordered", "tester")
    assert store.pairs(number) == []
    assert store.questions() == []
    assert store.sources()[1].withdrawn == ""


def test_a_number_names_a_source_before_a_name_does(where: str) -> None:
    store = samples.filled(where)
    samples.take(store, "1", "6" * 64, [Statement("a" * 40, "Person", "name", "x", "1")])
    assert store.source("1").info.name == "parcels.csv"
    assert store.source("4").info.name == "1"


def test_a_source_that_fails_in_the_middle_leaves_nothing(where: str) -> None:
    store = samples.filled(where)
    before = store.counts()
    bad = [
        Statement("e" * 40, "Person", "name", "x", "row 1"),
        Statement("f" * 40, "Person", "name", None, "2"),
    ]  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        samples.take(store, "bad.csv", "9" * 64, bad)
    assert store.counts() == before


def test_the_view_holds_what_stands_and_a_merge_makes_one_of_two(where: str) -> None:
    store = samples.filled(where)
    view = view_of(store)
    assert len(view) == 13
    assert view.canonical_of(samples.SENDER) != view.canonical_of(samples.HOLDER)
    store.decide(samples.HOLDER, samples.SENDER, Verdict.SAME, "the same phone and name", "tester")
    merged = view_of(store)
    one = merged.canonical_of(samples.SENDER)
    assert one is not None
    assert one == merged.canonical_of(samples.HOLDER)
    assert merged.values_of(one, "name") == ["Jean Dupont", "Dupont, Jean"]
    assert merged.schema_of(one) == "Person"
    store.decide(samples.HOLDER, samples.SENDER, Verdict.UNDONE, "two people after all", "tester")
    assert view_of(store).canonical_of(samples.SENDER) != view_of(store).canonical_of(samples.HOLDER)
    assert [one.verdict for one in store.decisions(history=True)] == [Verdict.SAME, Verdict.UNDONE]


def test_a_withdrawn_source_says_nothing_until_it_stands_again(where: str) -> None:
    store = samples.filled(where)
    store.stand(1, False, "taken without an order", "tester")
    assert view_of(store).canonical_of(samples.PARCEL) is None
    assert store.of_entities([samples.PARCEL]) == []
    assert len(store.of_entities([samples.PARCEL], withdrawn=True)) == 3
    assert store.source("parcels.csv").withdrawn == "taken without an order"
    with pytest.raises(UsageError, match="withdrawn already"):
        store.stand(1, False, "again", "tester")
    store.stand(1, True, "the order was found", "tester")
    assert len(view_of(store)) == 13
    assert len(view_of(store, without=[1])) == 8


def test_a_run_counts_until_the_next_one(where: str) -> None:
    store = samples.filled(where)
    left, right = sorted((samples.SENDER, samples.HOLDER))
    store.add_run("m1", {"threshold": 10}, [Pair(left, right, 14.0, 11.0, True, [["name", 11.0]])], "tester")
    view = view_of(store)
    assert view.canonical_of(left) == view.canonical_of(right)
    store.decide(left, right, Verdict.DIFFERENT, "father and son", "tester")
    view = view_of(store)
    assert view.canonical_of(left) != view.canonical_of(right)
    number = store.add_run("m2", {}, [Pair(left, right, 3.0, 2.0)], "tester")
    run = store.latest_run()
    assert run is not None
    assert (run.id, run.told["pairs"], run.told["merged"]) == (number, 1, 0)
    assert store.pairs(number) == [Pair(left, right, 3.0, 2.0)]


def test_forgetting_an_entity_takes_what_points_to_it(where: str) -> None:
    store = samples.filled(where)
    store.decide(samples.HOLDER, samples.SENDER, Verdict.SAME, "the same phone", "tester")
    store.ask("path", {"from": samples.SENDER, "to": samples.ITEM}, "tester")
    gone = forget_entities(store, [samples.SENDER], "the court said so", "tester")
    assert (gone.statements, gone.entities) == (3, 1)
    assert samples.SENDER not in view_of(store).place_of
    assert {one.statement.prop for one in store.of_entities([samples.PARCEL])} == {
        "trackingNumber",
        "contents",
    }
    assert store.decisions() == []
    assert store.questions() == []
    with pytest.raises(UsageError, match="no such entity"):
        forget_entities(store, [samples.SENDER], "again", "tester")


def test_forgetting_a_source_blanks_its_name_and_drops_whom_only_it_knew(where: str) -> None:
    store = samples.filled(where)
    forget_source(store, 2, "deleted by order", "tester")
    assert store.sources()[1].info.name == ""
    assert {samples.HOLDER, samples.ACCOUNT}.isdisjoint(view_of(store).place_of)
    assert samples.PARCEL in view_of(store).place_of


def test_nothing_of_what_was_forgotten_is_left_in_the_files(tmp_path: Path) -> None:
    where = samples.location(tmp_path)
    store = samples.filled(where)
    forget_all(store, "the end of the case", "tester")
    assert store.counts()["statements"] == store.counts()["entities"] == 0
    left = b"".join(path.read_bytes() for path in Path(where).rglob("*") if path.is_file())
    for told in (b"Dupont", b"+33612345678", b"pumpmaker", b"subscribers.csv"):
        assert told not in left


def test_a_case_whose_retention_ended_takes_nothing_in_but_can_be_forgotten(tmp_path: Path) -> None:
    over = Charter("Old", "Lab", "law", "why", date(2020, 1, 1))
    store = CaseStore.create(str(tmp_path / "old"), over, "tester")
    with pytest.raises(UsageError, match="ended on 2020-01-01"):
        samples.take(store, "late.csv", samples.PARCELS, samples.parcels())
    forget_all(store, "over", "tester")


@pytest.mark.parametrize("field", ["name", "authority", "legal_basis", "purpose"])
def test_a_charter_states_everything(field: str) -> None:
    told = samples.CHARTER.told() | {field: "  ", "retention": date(2100, 1, 1)}
    with pytest.raises(UsageError, match=field.replace("_", " ")):
        Charter(**told)  # type: ignore[arg-type]


def test_where_no_case_is_nothing_is_opened_or_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no case is there"):
        CaseStore.open(str(tmp_path / "nothing"))
    assert list(tmp_path.iterdir()) == []
    samples.new_case(str(tmp_path / "one"))
    with pytest.raises(UsageError, match="a case already"):
        samples.new_case(str(tmp_path / "one"))
    with pytest.raises(UsageError, match="no such place"):
        CaseStore.open("mysql://somewhere")


def test_a_file_that_is_no_case_is_refused(tmp_path: Path) -> None:
    (tmp_path / "case.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError):
        CaseStore.open(str(tmp_path))
    other = tmp_path / "other"
    other.mkdir()
    with sqlite3.connect(other / "case.sqlite") as connection:
        connection.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    with pytest.raises(StoreError, match="no case that this version reads"):
        CaseStore.open(str(other))


def test_two_writers_at_once_wait_for_each_other(where: str) -> None:
    samples.new_case(where)
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            store = samples.opened(where)
            for turn in range(5):
                sha256 = f"{number}{turn}" * 32
                person = record_key(sha256, "Person", "1")
                samples.take(
                    store, f"{number}-{turn}", sha256, [Statement(person, "Person", "name", "x", "1")]
                )
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    store = samples.opened(where)
    assert store.counts()["statements"] == 20
    assert sorted(one.entry for one in store.sources()) == sorted({one.entry for one in store.sources()})
