"""Submissions: taken in whole or not at all, once by their key, seen by their own customer only."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
import service_samples as samples
from service_samples import OTHER, SHOP, hand_in
from sqlalchemy import func, select

from partwatch.ledger import log
from partwatch.model.errors import UsageError
from partwatch.service import events
from partwatch.service.customers import add_customer, customers
from partwatch.service.principals import THIS_MACHINE, ForbiddenError, submits_as
from partwatch.service.queueing import BusyError, cost_of, next_due
from partwatch.service.settings import Intake, Settings
from partwatch.service.states import State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import (
    Asked,
    Incoming,
    ReusedKeyError,
    UnknownSubmissionError,
    accept,
    counted,
    files_of,
    find,
    listed,
    sweep,
)
from partwatch.service.tables import SUBMISSIONS


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceStore:
    if request.param == "postgresql" and not samples.POSTGRESQL:
        pytest.skip("PARTWATCH_POSTGRESQL names no server")
    made = ServiceStore.open(tmp_path, samples.settings_for(tmp_path, request.param == "postgresql"))
    for one in ("shop", "other"):
        add_customer(made, one, one.title(), THIS_MACHINE)
    return made


def test_what_was_accepted_is_on_the_disk_and_in_the_store_with_its_digest(store: ServiceStore) -> None:
    content = {"a.stl": b"solid", "../../etc/passwd": b"", "b\n\u202e<script>.3mf": b"x" * 100_000}
    made = hand_in(store, content, "shop", by=SHOP)
    again = ServiceStore.open(store.home, store.settings)
    with again.reading() as connection:
        found = find(connection, made.id, SHOP)
        files = files_of(again, connection, found.number)
        (told,) = events.after(connection, 0)
    assert (found.state, found.files, found.bytes) == (State.QUEUED, 3, 100_005)
    assert [file.name for file in files] == list(content)
    for file in files:
        assert file.path is not None
        # Whatever a client calls it, it lies below the store's own folder, under a number.
        assert file.path == store.files / made.id / str(file.position)
        assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256
        assert file.path.read_bytes() == content[file.name]
    assert (told.kind, told.submission, told.customer) == (events.ACCEPTED, made.id, "shop")


def test_of_another_customer_nothing_is_there(store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1"}, "shop", by=SHOP)
    with store.reading() as connection:
        assert [one.id for one in listed(connection, SHOP)] == [made.id]
        assert listed(connection, OTHER) == []
        assert [one.id for one in listed(connection, THIS_MACHINE)] == [made.id]
        for whose, public in ((OTHER, made.id), (SHOP, "no-such-id")):
            with pytest.raises(UnknownSubmissionError):
                find(connection, public, whose)
    with pytest.raises(ForbiddenError):
        submits_as(OTHER, "shop")
    assert submits_as(SHOP, None) == "shop"


def test_a_key_takes_the_same_in_once_and_refuses_another(store: ServiceStore) -> None:
    first = hand_in(store, {"a.stl": b"1"}, "shop", "k", SHOP)
    assert hand_in(store, {"a.stl": b"1"}, "shop", "k", SHOP).id == first.id
    with pytest.raises(ReusedKeyError):
        hand_in(store, {"a.stl": b"2"}, "shop", "k", SHOP)
    # Of another customer the same key is another one.
    assert hand_in(store, {"a.stl": b"1"}, "other", "k", OTHER).id != first.id
    with store.reading() as connection:
        assert counted(connection)[State.QUEUED] == 2
    # What was not taken in left no file.
    assert len(list(store.files.iterdir())) == 2


@pytest.mark.parametrize(
    ("files", "asked"),
    [
        ({}, {}),
        ({"a": b"1"}, {"reference": "x" * 201}),
        ({"a": b"1"}, {"reference": ""}),
        ({"a": b"1"}, {"groups": {"account": ""}}),
        ({"a": b"1"}, {"groups": {str(n): "x" for n in range(17)}}),
        ({"a": b"1"}, {"key": ""}),
        ({"a": b"1"}, {"key": "\0"}),
        ({"a": b"1"}, {"groups": {"account": "\0"}}),
        ({"a": b"1"}, {"reference": "\udfff"}),
        ({"a": b"1"}, {"customer": "nobody"}),
    ],
)
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(
    store: ServiceStore, files: dict[str, bytes], asked: dict[str, object]
) -> None:
    incoming = Incoming.begin(store)
    for name in files:
        incoming.start(name)
        incoming.end()
    with pytest.raises(UsageError):
        accept(store, incoming, Asked(**({"customer": "shop"} | asked)), SHOP)  # type: ignore[arg-type]  # as a client would
    incoming.drop()
    with store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(SUBMISSIONS)).scalar() == 0
    assert list(store.files.iterdir()) == []


@pytest.mark.parametrize("name", ["", "x" * 1025, "a\0.stl", "a\ud800.stl"])
def test_a_name_that_cannot_be_kept_is_refused(store: ServiceStore, name: str) -> None:
    incoming = Incoming.begin(store)
    with pytest.raises(UsageError, match=r"1 to 1,024 characters|a character that is none"):
        incoming.start(name)
    incoming.drop()


def test_a_full_queue_says_when_to_come_again_and_one_customer_cannot_fill_it(tmp_path: Path) -> None:
    store = ServiceStore.open(tmp_path, Settings(intake=Intake(queue_submissions=6, customer_share=0.5)))
    for one in ("shop", "other"):
        add_customer(store, one, one, THIS_MACHINE)
    for _ in range(3):
        hand_in(store, {"a": b"1"}, "shop", by=SHOP)
    with pytest.raises(BusyError, match="your share") as own:
        hand_in(store, {"a": b"1"}, "shop", by=SHOP)
    assert own.value.retry_after_s >= 2
    for _ in range(3):
        hand_in(store, {"a": b"1"}, "other", by=OTHER)
    with pytest.raises(BusyError, match="the queue is full"):
        hand_in(store, {"a": b"1"})
    with store.reading() as connection:
        assert counted(connection)[State.QUEUED] == 6
    assert len(list(store.files.iterdir())) == 6


def test_bytes_are_limited_but_for_the_only_one(tmp_path: Path) -> None:
    store = ServiceStore.open(tmp_path, Settings(intake=Intake(queue_mb=1)))
    hand_in(store, {"a": bytes(2 << 20)})
    with pytest.raises(BusyError):
        hand_in(store, {"a": b"1"})


def test_a_customer_who_hands_in_much_queues_behind_themselves(store: ServiceStore) -> None:
    with store.writing() as connection:
        much = [next_due(connection, "shop", 100, 1 << 20, 1000.0) for _ in range(5)]
        small = next_due(connection, "other", 1, 1 << 20, 1000.5)
        later = next_due(connection, "shop", 1, 0, 1e6)
    cost = cost_of(100, 1 << 20)
    assert much == pytest.approx([1000 + cost * n for n in range(1, 6)])
    assert 1000.5 < small < much[0], "another customer's is next"
    assert later == pytest.approx(1e6 + cost_of(1, 0)), "what was handed in long ago is forgiven"


def test_what_killed_intakes_left_goes_and_nothing_else(store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1"})
    (store.files / "in-killed").mkdir()
    (store.files / "renamed-but-never-committed").mkdir()
    assert sweep(store) == 0, "it may still be on its way in"
    old = time.time() - 3 * 24 * 3600
    for folder in store.files.iterdir():
        os.utime(folder, (old, old))
    assert sweep(store) == 2
    assert [folder.name for folder in store.files.iterdir()] == [made.id]


def test_every_submission_and_customer_is_in_the_ledger_signed(store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1"}, "shop", by=SHOP)
    with store.reading() as connection:
        kinds = [(entry.kind, entry.by) for entry in log.entries(connection)]
        last = log.last_checkpoint(connection)
        assert last is not None
        assert last.size == log.size(connection)
        assert last.root == log.root(connection)
        (entry,) = log.entries(connection, kind="submission")
    assert kinds == [("customer", "this machine")] * 2 + [("submission", "shop")]
    assert entry.opening is not None
    assert entry.opening.body["id"] == made.id


def test_customers_are_added_once_by_who_may(store: ServiceStore) -> None:
    assert customers(store) == {"local": "This machine", "other": "Other", "shop": "Shop"}
    for key, name in (("shop", "x"), ("Bad Key", "x"), ("-", "x"), ("ok", "")):
        with pytest.raises(UsageError):
            add_customer(store, key, name, THIS_MACHINE)
    with pytest.raises(ForbiddenError):
        add_customer(store, "mine", "Mine", SHOP)
