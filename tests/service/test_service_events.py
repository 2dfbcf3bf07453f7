"""Event streams: in order, from where one was, of what is one's own, and they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_running import running
from service_samples import OTHER, SHOP, hand_in
from sqlalchemy import update

from partwatch.service import events, streams
from partwatch.service.access import middleware
from partwatch.service.customers import add_customer
from partwatch.service.decisions import decide
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.settings import Settings
from partwatch.service.states import Act, Role, State
from partwatch.service.store import ServiceStore
from partwatch.service.tables import EVENTS, SUBMISSIONS


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> dict[str, Principal]:
    """Who asks, as the test says."""
    who = {"now": THIS_MACHINE}

    async def identified(self: Any, scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {}).update(principal=who["now"], csrf="")
        await self._app(scope, receive, send)

    monkeypatch.setattr(middleware._Guard, "__call__", identified)
    return who


@pytest.fixture
def address(tmp_path: Path, asking: dict[str, Principal]) -> Iterator[str]:
    with running(tmp_path, Settings()) as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> ServiceStore:
    made = ServiceStore.open(tmp_path, Settings())
    for one in ("shop", "other"):
        add_customer(made, one, one, THIS_MACHINE)
    return made


def told(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Events of a stream, as a browser would read them."""
    fields: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if not line and "data" in fields:
            yield fields | {"data": json.loads(fields["data"])}
        fields = {} if not line else fields | {name: value}


def put(store: ServiceStore, public: str, state: State) -> None:
    with store.writing() as connection:
        chosen = SUBMISSIONS.c.id == public
        connection.execute(update(SUBMISSIONS).where(chosen).values(state=state.value))
        whose = connection.execute(SUBMISSIONS.select().where(chosen)).one()
        events.tell(connection, whose.customer, public, events.SCREENED, {"state": state.value})


def all_of(url: str, **headers: str) -> list[dict[str, Any]]:
    with httpx.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(told(answer.iter_lines()))


def test_a_submission_is_told_of_from_its_beginning_until_it_is_final(
    address: str, store: ServiceStore
) -> None:
    made = hand_in(store, {"a.stl": b"1"}, "shop", by=SHOP)
    heard = []
    with httpx.stream("GET", f"{address}/v1/submissions/{made.id}/events") as answer:
        for one in told(answer.iter_lines()):
            heard.append(one)
            if one["event"] == events.ACCEPTED:
                put(store, made.id, State.HELD)
            if one["data"].get("told") == {"state": "held"}:
                decide(store, made.id, Act.RELEASE, "a lamp", THIS_MACHINE)
    assert [one["event"] for one in heard] == [
        events.ACCEPTED, events.SCREENED, events.DECIDED, "stream.end"
    ]  # fmt: skip
    assert heard[-1]["data"] == {"reason": "final"}
    assert heard[2]["data"]["told"] == {"state": "released"}
    again = f"{address}/v1/submissions/{made.id}/events"
    assert [one["event"] for one in all_of(again, **{"Last-Event-ID": heard[1]["id"]})] == [
        events.DECIDED, "stream.end"
    ]  # fmt: skip
    assert httpx.get(again, headers={"Last-Event-ID": heard[2]["id"]}).status_code == 204


def test_what_another_customer_owns_is_not_told(
    address: str, store: ServiceStore, asking: dict[str, Principal]
) -> None:
    theirs, ours = hand_in(store, {"<script>.stl": b"1"}, "other", by=OTHER), None
    asking["now"] = SHOP
    assert httpx.get(f"{address}/v1/submissions/{theirs.id}/events").status_code == 404
    with httpx.stream("GET", f"{address}/v1/events", headers={"Last-Event-ID": "0"}) as answer:
        hand_in(store, {"b.stl": b"2"}, "other", by=OTHER)
        ours = hand_in(store, {"c.stl": b"3"}, "shop", by=SHOP)
        first = next(told(answer.iter_lines()))
    assert first["data"]["submission"] == ours.id
    assert first["data"]["customer"] == "shop"
    asking["now"] = Principal("curator", None, frozenset({Role.CURATE}))
    assert httpx.get(f"{address}/v1/events").status_code == 403


def test_many_events_come_once_each_and_in_order(address: str, store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1"})
    with store.writing() as connection:
        row = {"customer": made.customer, "submission": made.id, "kind": events.PROGRESS, "at": "now"}
        connection.execute(EVENTS.insert(), [row | {"told": json.dumps({"done": n})} for n in range(1200)])
    heard = all_of(f"{address}/v1/events?seconds=0", **{"Last-Event-ID": "0"})
    numbers = [int(one["id"]) for one in heard[:-1]]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 1201
    assert heard[-1]["data"] == {"reason": "time"}
    # Without a number, from now on.
    assert [one["event"] for one in all_of(f"{address}/v1/events?seconds=0")] == ["stream.end"]


def test_streams_of_an_account_are_bounded_and_closed_ones_are_noticed(
    address: str, store: ServiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_OF_ACCOUNT", 1)
    with httpx.stream("GET", f"{address}/v1/events") as answer:
        lines = answer.iter_lines()
        next(lines)
        refused = httpx.get(f"{address}/v1/events")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
    # A client that hangs up gives its place back, as soon as the server has noticed.
    while httpx.get(f"{address}/v1/events?seconds=0").status_code == 429:
        pass


@pytest.mark.parametrize("bad", ["x", "-1", "1e3", "99999999999999999999"])
def test_a_last_id_that_is_none_is_refused(address: str, bad: str) -> None:
    assert httpx.get(f"{address}/v1/events", headers={"Last-Event-ID": bad}).status_code == 422


def test_they_are_in_the_reference(address: str) -> None:
    paths = httpx.get(f"{address}/v1/openapi.json").json()["paths"]
    for path in ("/v1/events", "/v1/submissions/{id}/events"):
        answers = paths[path]["get"]["responses"]
        assert "text/event-stream" in answers["200"]["content"]
        assert {"403", "422", "429", "503"} <= answers.keys()
