"""What keeps hunts going: one that fails stops no other, and each chore is one process's at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hunt_samples import bracket, gear, listed, plate, service_at

from partwatch.service import hunt_bench, hunt_new
from partwatch.service.context import Service
from partwatch.service.hunt_queue import Hunt, HuntState, hunt_on, hunts
from partwatch.service.principals import THIS_MACHINE
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
