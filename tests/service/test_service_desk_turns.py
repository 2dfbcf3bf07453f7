"""Whose turn it is at a desk, how soon what comes is seen, and how results are written while it goes on."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import service_samples as samples
from service_samples import SHOP, Workers, clear, hand_in
from sqlalchemy import update

from partwatch.model.document import Item
from partwatch.model.errors import StoreError
from partwatch.screening.answer import Answer
from partwatch.screening.expansion import Node
from partwatch.service.customers import add_customer
from partwatch.service.desk import keeper as keepers
from partwatch.service.desk.bell import Bell
from partwatch.service.desk.desk import Desk
from partwatch.service.desk.keeper import Keeper
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.results import FileResult, Finished
from partwatch.service.states import State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import find
from partwatch.service.tables import CUSTOMERS, SUBMISSIONS
from partwatch.watchlist.store import Watchlist


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceStore:
    if request.param == "postgresql" and not samples.POSTGRESQL:
        pytest.skip("PARTWATCH_POSTGRESQL names no server")
    Watchlist.open(tmp_path, create=True)
    made = ServiceStore.open(tmp_path, samples.settings_for(tmp_path, request.param == "postgresql"))
    add_customer(made, "shop", "Shop", THIS_MACHINE)
    return made


def work_off(desk: Desk) -> None:
    for _ in range(10_000):
        if not desk.step():
            break
    else:
        raise AssertionError("the desk never comes to an end")
    desk.close()


def test_a_small_file_goes_between_those_of_a_large_submission_that_was_begun(store: ServiceStore) -> None:
    hand_in(store, {f"large-{n}.stl": bytes(n + 1) for n in range(40)})
    workers = Workers()
    desk = Desk(store, store.settings, lambda _: workers)
    desk.step()
    assert 0 < len(workers.asked) + workers.pending <= 4, "only what keeps the workers busy is handed over"
    hand_in(store, {"small.stl": b"1"}, "shop", by=SHOP)
    work_off(desk)
    assert len(workers.asked) == 41
    assert workers.asked.index("small.stl") < 6


def test_members_of_a_large_archive_let_others_go_between(store: ServiceStore) -> None:
    def answer(node: Node) -> Answer:
        members = tuple(f"{n}.stl" for n in range(40)) if node.member is None and is_archive(node) else ()
        return Answer(item=clear(node).item, members=members)

    def is_archive(node: Node) -> bool:
        return node.expansion.source.shown == "all.zip"

    hand_in(store, {"all.zip": b"1" * 5_000_000})
    workers = Workers(answer)
    desk = Desk(store, store.settings, lambda _: workers)
    desk.step()
    desk.step()
    hand_in(store, {"small.stl": b"1"}, "shop", by=SHOP)
    work_off(desk)
    assert len(workers.asked) == 42
    assert workers.asked.index("small.stl") < 6


def test_a_small_file_goes_first_though_the_queue_is_behind_the_clock(store: ServiceStore) -> None:
    for n in range(20):
        hand_in(store, {f"large-{n}.stl": bytes(n + 1)})
    with store.writing() as connection:
        # As if each had taken far longer than was reckoned: all of them were due long ago.
        connection.execute(update(SUBMISSIONS).values(due=SUBMISSIONS.c.due - 1000))
        connection.execute(update(CUSTOMERS).values(last_due=CUSTOMERS.c.last_due - 1000))
    hand_in(store, {"small.stl": b"1"}, "shop", by=SHOP)
    workers = Workers()
    work_off(Desk(store, store.settings, lambda _: workers))
    assert workers.asked.index("small.stl") < 4


def test_an_idle_desk_hears_of_a_submission_without_looking_at_the_queue(store: ServiceStore) -> None:
    bell = Bell(store)
    stop = threading.Event()
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            hand_in(store, {"a.stl": b"1"})

    bell.wait(stop.is_set, pause)
    assert len(pauses) == 3, "it returned as soon as something was there"
    assert not bell.rings(), "once"
    assert max(pauses) <= 0.025
    bell.close()


def test_an_idle_wait_ends_when_the_desk_is_to_stop(store: ServiceStore) -> None:
    bell = Bell(store)
    pauses: list[float] = []
    bell.wait(lambda: len(pauses) == 2, pauses.append)
    assert len(pauses) == 2
    bell.close()


def test_results_that_come_while_one_is_written_are_written_together(
    store: ServiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_begun, go_on = threading.Event(), threading.Event()
    batches: list[int] = []

    def slow_disk(_store: ServiceStore, _desk: str, results: list[Finished]) -> list[bool]:
        batches.append(len(results))
        first_begun.set()
        assert go_on.wait(20)
        return [True] * len(results)

    monkeypatch.setattr(keepers, "keep_all", slow_disk)
    keeper = Keeper[int](store, "desk")
    keeper.put(finished(0), 0)
    assert first_begun.wait(20)
    for n in range(1, 6):
        keeper.put(finished(n), n)
    assert keeper.pending == 6
    go_on.set()
    keeper.close()
    assert batches == [1, 5]
    assert keeper.kept() == [(n, True) for n in range(6)]
    assert keeper.pending == 0


def finished(number: int) -> Finished:
    # Never looked at by what stands in for the store.
    header: object = None
    items: tuple[Item, ...] = ()
    return Finished(number, header, FileResult(number, items, ()))  # type: ignore[arg-type]  # see above


def test_what_cannot_be_written_ends_the_desk_and_the_submission_waits(
    store: ServiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> list[bool]:
        raise StoreError("the disk is full")

    made = hand_in(store, {"a.stl": b"1"})
    monkeypatch.setattr(keepers, "keep_all", full_disk)
    desk = Desk(store, store.settings, lambda _: Workers())
    with pytest.raises(StoreError, match="the disk is full"):
        desk.run(lambda: False)
    monkeypatch.undo()
    assert state_of(store, made.id) is State.QUEUED, "it was given back"
    work_off(Desk(store, store.settings, lambda _: Workers()))
    assert state_of(store, made.id) is State.PASSED


def state_of(store: ServiceStore, public: str) -> State:
    with store.reading() as connection:
        return find(connection, public, THIS_MACHINE).state
