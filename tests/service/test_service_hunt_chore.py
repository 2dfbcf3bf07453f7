"""What keeps hunts going: one that fails stops no other, and each chore is one process's at a time."""

from __future__ import annotations

import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from hunt_samples import INVESTIGATOR, bracket, gear, listed, plate, service_at
from sqlalchemy import select, update

from partwatch.service import housekeeping, hunt_bench, hunt_new, hunt_queue
from partwatch.service.context import Service
from partwatch.service.housekeeping import Chore, do_due
from partwatch.service.hunt_queue import Hunt, HuntState, ask, hunt_on, hunts, looked_at
from partwatch.service.hunting import Query
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.tables import CHORES, HUNTS
from partwatch.watchlist.store import Watchlist


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return service_at(tmp_path)


def asked(service: Service) -> dict[tuple[str, ...], Hunt]:
    with service.store.reading() as connection:
        found = hunts(connection, THIS_MACHINE)
    assert len({one.query.designs for one in found}) == len(found), "nothing is hunted for twice"
    return {one.query.designs: one for one in found}


def test_each_new_design_is_hunted_for_by_itself_and_fails_alone(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    hunt_new.hunt_new(service)
    for name, mesh in {"bracket": bracket(), "gear": gear(), "plate": plate()}.items():
        listed(service.home, name, mesh)
    hunt_new.hunt_new(service)
    Watchlist.open(service.home).remove(["gear"])
    # Two of them would be too many at once.
    monkeypatch.setattr(hunt_bench, "MOST_PRINTS", 1)
    while hunt_on(service):
        pass
    hunt_new.hunt_new(service)
    assert {designs: one.state for designs, one in asked(service).items()} == {
        ("bracket",): HuntState.DONE,
        ("gear",): HuntState.FAILED,
        ("plate",): HuntState.DONE,
    }


def test_what_finds_no_room_is_hunted_for_later(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    hunt_new.hunt_new(service)
    listed(service.home, "bracket", bracket())
    listed(service.home, "plate", plate())
    monkeypatch.setattr(hunt_new, "MOST_OF_LIST", 1)
    for _ in range(2):
        assert hunt_new.hunt_new(service) is False
        assert set(asked(service)) == {("bracket",)}
    while hunt_on(service):
        pass
    hunt_new.hunt_new(service)
    assert set(asked(service)) == {("bracket",), ("plate",)}


@pytest.mark.parametrize(
    "kept",
    [{"progress": b"not deflated"}, {"progress": zlib.compress(b"{}")}, {"asked": '{"odd": 1}'}],
)
def test_a_hunt_that_cannot_be_read_fails_and_those_behind_it_are_done(
    service: Service, kept: dict[str, Any]
) -> None:
    listed(service.home, "bracket", bracket())
    broken, behind = (ask(service, Query(designs=("bracket",)), INVESTIGATOR).id for _ in range(2))
    with service.store.writing() as connection:
        connection.execute(update(HUNTS).where(HUNTS.c.id == broken).values(kept))
    while hunt_on(service):
        pass
    with service.store.reading() as connection:
        assert len(hunts(connection, INVESTIGATOR)) == 2
    found = looked_at(service, broken, INVESTIGATOR)[0]
    assert found.state is HuntState.FAILED
    assert "ask again" in (found.failed or "")
    assert looked_at(service, behind, INVESTIGATOR)[0].state is HuntState.DONE


def test_a_hunt_that_goes_wrong_in_a_way_nobody_thought_of_fails(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ask(service, Query(designs=("bracket",)), INVESTIGATOR).id
    monkeypatch.setattr(hunt_queue, "take_step", lambda *_: 1 / 0)
    assert hunt_on(service) is True
    found = looked_at(service, key, INVESTIGATOR)[0]
    assert (found.state, "ZeroDivisionError" in (found.failed or "")) == (HuntState.FAILED, True)


def lease(service: Service) -> tuple[str, float]:
    with service.store.reading() as connection:
        by, until = connection.execute(select(CHORES.c.by, CHORES.c.lease_until)).one()
    return by, until


def test_a_chore_longer_than_its_lease_is_not_begun_by_a_second_process(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "LEASE_S", 2.0)
    begun = []

    def run(_: Service) -> bool:
        begun.append("run")
        first = lease(service)[1]
        while time.time() < first + 0.1:
            time.sleep(0.1)
        do_due(service, "second", [chore])
        return False

    chore = Chore("long", 60.0, run)
    do_due(service, "first", [chore])
    assert begun == ["run"]
    assert lease(service) == ("first", 0.0)


def test_a_lease_that_was_lost_is_neither_renewed_nor_ended(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "LEASE_S", 0.4)

    def run(_: Service) -> bool:
        with service.store.writing() as connection:
            connection.execute(update(CHORES).values(by="second", lease_until=7e9))
        time.sleep(0.3)
        return False

    do_due(service, "first", [Chore("lost", 60.0, run)])
    assert lease(service) == ("second", 7e9)
