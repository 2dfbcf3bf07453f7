"""Forgetting: what is over its days goes, what is open stays, and the ledger verifies all the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from service_running import running
from service_samples import OTHER, POSTGRESQL, SHOP, hand_in, settings_for
from sqlalchemy import func, insert, select, update

from partwatch.ledger import log
from partwatch.model.errors import UsageError
from partwatch.service import forgetting, retention
from partwatch.service.auditing import Wanted, noted
from partwatch.service.context import Service
from partwatch.service.customers import add_customer
from partwatch.service.decisions import WrongStateError, decide, decided, look
from partwatch.service.forgetting import forget, forget_customer
from partwatch.service.hooks import add_hook, hooks
from partwatch.service.principals import THIS_MACHINE, ForbiddenError
from partwatch.service.results import document_of
from partwatch.service.said_of import About, entries_about, first_since
from partwatch.service.settings import Retention, Settings
from partwatch.service.states import Act, State
from partwatch.service.store import LOCAL, now
from partwatch.service.submissions import Submission, UnknownSubmissionError, find, listed
from partwatch.service.tables import ACCOUNTS, CUSTOMERS, EVENTS, FILES, HELD_PRINTS, SUBMISSIONS, TOKENS


@pytest.fixture(params=[False, True], ids=["sqlite", "postgresql"])
def service(tmp_path: Path, request: pytest.FixtureRequest) -> Service:
    if request.param and not POSTGRESQL:
        pytest.skip("PARTWATCH_POSTGRESQL is not set")
    made = Service.open(tmp_path, settings_for(tmp_path, request.param))
    for one in ("shop", "other"):
        add_customer(made.store, one, one, THIS_MACHINE)
    return made


def set_as(service: Service, **values: object) -> Service:
    kept = replace(service.settings, retention=Retention(**values))  # type: ignore[arg-type] # days
    return Service(service.home, kept, service.store)


def put(service: Service, public: str, state: State, days: int = 0) -> Submission:
    """Put a submission in a state, so many days ago."""
    at = now(timedelta(days=-days))
    values = {"state": state.value, "screened_at": at, "received_at": at}
    if state in (State.RELEASED, State.CONFIRMED):
        values["decided_at"] = at
    with service.store.writing() as connection:
        connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.id == public).values(values))
        return find(connection, public, THIS_MACHINE)


def is_there(service: Service, public: str) -> bool:
    return (service.store.files / public).is_dir()


def all_of(service: Service) -> None:
    while retention.forget_due(service):
        pass


def ledger_text(service: Service) -> str:
    with service.store.reading() as connection:
        assert list(log.problems(connection)) == []
        return "\n".join(
            json.dumps(dict(one.opening.body)) for one in log.entries(connection) if one.opening is not None
        )


@pytest.mark.parametrize(
    ("state", "days", "goes"),
    [
        (State.PASSED, 0, True), (State.PASSED, 400, True), (State.RELEASED, 0, False),
        (State.RELEASED, 100, True), (State.CONFIRMED, 100, True), (State.CONFIRMED, 80, False),
        (State.QUEUED, 999, False), (State.SCREENING, 999, False), (State.HELD, 999, False),
        (State.ASKED, 999, False),
    ],
)  # fmt: skip
def test_files_go_when_their_days_are_over_and_never_before_a_decision(
    service: Service, state: State, days: int, goes: bool
) -> None:
    made = hand_in(service.store, {"a.stl": b"1", "b.stl": b"2"})
    put(service, made.id, state, days)
    all_of(set_as(service, results_days=9999))
    assert is_there(service, made.id) is not goes
    with service.store.reading() as connection:
        found = find(connection, made.id, THIS_MACHINE)
        names = list(connection.execute(select(FILES.c.name, FILES.c.stored)).all())
    assert (found.files_gone_at is not None) is goes
    assert [name for name, _ in names] == ["a.stl", "b.stl"]
    assert {stored is None for _, stored in names} == {goes}
    assert all(not path.name.startswith("in-") for path in service.store.files.iterdir())


def test_results_go_when_theirs_are_and_a_tombstone_stays(service: Service) -> None:
    old = hand_in(service.store, {"<secret name>.stl": b"1"}, "shop", key="k", by=SHOP)
    put(service, old.id, State.HELD, 0)
    decide(service.store, old.id, Act.RELEASE, "a secret reason", THIS_MACHINE)
    look(service.store, old.id, THIS_MACHINE, "result")
    put(service, old.id, State.RELEASED, 400)
    fresh = hand_in(service.store, {"fresh.stl": b"2"}, "shop", by=SHOP)
    put(service, fresh.id, State.PASSED, 300)
    with service.store.reading() as connection:
        size = log.size(connection)
    all_of(service)
    with service.store.reading() as connection:
        found = find(connection, old.id, SHOP)
        assert found.forgotten_at is not None
        assert (found.state, found.reference, found.groups, found.account) == (
            State.RELEASED, None, {}, "forgotten"
        )  # fmt: skip
        assert document_of(connection, found) is None
        (one,) = decided(connection, found.number)
        assert (one.act, one.reason) == (Act.RELEASE, "")
        assert list(connection.execute(select(FILES.c.name)).scalars()) == ["fresh.stl"]
        assert find(connection, fresh.id, SHOP).forgotten_at is None
        assert log.size(connection) > size
        events_left = connection.execute(select(EVENTS.c.submission)).scalars()
        assert set(events_left) == {fresh.id}
    text = ledger_text(service)
    for word in ("secret", "a secret reason", '"act": "release"', '"at": "result"'):
        assert word not in text
    assert fresh.id in text
    put(service, old.id, State.CONFIRMED)
    with pytest.raises(WrongStateError, match="forgotten"):
        decide(service.store, old.id, Act.APPEAL, "again", SHOP)


def test_nothing_of_it_is_left_in_the_files_of_the_database(tmp_path: Path) -> None:
    service = Service.open(tmp_path, Settings())
    made = hand_in(service.store, {"unmistakable-name.stl": b"1"}, key="unmistakable-key")
    put(service, made.id, State.PASSED)
    forget(service, made.id, THIS_MACHINE, "asked for")
    for path in service.store.folder.rglob("*"):
        if path.is_file():
            assert b"unmistakable" not in path.read_bytes(), path


def test_forgetting_one_needs_the_role_a_reason_and_a_decision(service: Service) -> None:
    made = hand_in(service.store, {"a.stl": b"1"}, "shop", by=SHOP)
    with pytest.raises(ForbiddenError):
        forget(service, made.id, SHOP, "please")
    with pytest.raises(UsageError):
        forget(service, made.id, THIS_MACHINE, "  ")
    with pytest.raises(WrongStateError, match="queued"):
        forget(service, made.id, THIS_MACHINE, "because")
    with pytest.raises(UnknownSubmissionError):
        forget(service, "../..", THIS_MACHINE, "because")
    put(service, made.id, State.PASSED)
    first = forget(service, made.id, THIS_MACHINE, "because")
    assert first.forgotten_at is not None
    assert forget(service, made.id, THIS_MACHINE, "again") == first
    assert not is_there(service, made.id)


def test_what_is_reopened_meanwhile_stays_whole(service: Service) -> None:
    made = hand_in(service.store, {"a.stl": b"1"}, "shop", by=SHOP)
    before = put(service, made.id, State.CONFIRMED)
    decide(service.store, made.id, Act.APPEAL, "mine", SHOP)
    with pytest.raises(WrongStateError, match="reopened"):
        forgetting.erase(service, [before], "somebody", "because")
    assert is_there(service, made.id)
    assert "mine" in ledger_text(service)


def test_killed_between_folder_and_database_it_is_done_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hand_in(service.store, {"a.stl": b"1"})
    put(service, made.id, State.PASSED)
    # As a kill after the rename leaves it.
    (service.store.files / made.id).rename(service.store.files / "in-gone-0123")
    all_of(service)
    with service.store.reading() as connection:
        assert find(connection, made.id, THIS_MACHINE).files_gone_at is not None


def test_a_customer_is_forgotten_but_for_what_is_not_decided(service: Service) -> None:
    theirs = hand_in(service.store, {"theirs.stl": b"0"}, "other", by=OTHER)
    ours = [hand_in(service.store, {f"{n}.stl": b"1"}, "shop", by=SHOP) for n in range(3)]
    for one in (theirs, *ours[:2]):
        put(service, one.id, State.PASSED)
    put(service, ours[2].id, State.HELD)
    add_hook(service.store, "https://shop.example/in", (), None, SHOP)
    with service.store.writing() as connection:
        row = {"name": "sue", "customer": "shop", "roles": "[]", "password": "x", "created_at": now()}
        account = connection.execute(insert(ACCOUNTS).values(row)).inserted_primary_key
        assert account is not None
        token = {"id": "t", "account_id": account[0], "name": "till", "secret_sha256": "x", "scopes": "[]"}
        connection.execute(insert(TOKENS).values(token | {"created_at": now(), "expires_at": now()}))
        service.store.note(connection, "account", {"name": "sue", "customer": "shop"}, "root")
        service.store.note(connection, "account", {"name": "sue", "did": "password"}, "root")
        held = {
            "customer": "shop",
            "submission": ours[2].number,
            "at": now(),
            "descriptor": b"",
            "radius_mm": 1.0,
        }
        connection.execute(insert(HELD_PRINTS).values(held))
    first = forget_customer(service, "shop", THIS_MACHINE, "erasure asked for")
    assert (first.submissions, first.left) == (2, (ours[2].id,))
    assert is_there(service, ours[2].id)
    # Whatever is left, its accounts are not spoken of any more.
    assert "sue" not in ledger_text(service)
    decide(service.store, ours[2].id, Act.RELEASE, "nothing", THIS_MACHINE)
    second = forget_customer(service, "shop", THIS_MACHINE, "erasure asked for")
    assert (second.submissions, second.left) == (1, ())
    with service.store.reading() as connection:
        assert [one.forgotten_at is None for one in listed(connection, SHOP)] == [False] * 3
        assert hooks(connection, SHOP) == []
        assert connection.execute(select(func.count()).select_from(TOKENS)).scalar_one() == 0
        (account_row,) = connection.execute(select(ACCOUNTS)).all()
        assert (account_row.password, account_row.disabled_at is None) == (None, False)
        assert "sue" not in account_row.name
        shop = connection.execute(select(CUSTOMERS).filter_by(id="shop")).one()
        assert (shop.name, shop.disabled_at is None) == ("forgotten", False)
        assert find(connection, theirs.id, OTHER).forgotten_at is None
    assert is_there(service, theirs.id)
    text = ledger_text(service)
    assert "sue" not in text
    assert "shop.example" not in text
    with pytest.raises(UsageError):
        forget_customer(service, "nobody", THIS_MACHINE, "because")
    with pytest.raises(ForbiddenError):
        forget_customer(service, "other", OTHER, "because")
    # This machine's own things go, and it can go on.
    local = hand_in(service.store, {"l.stl": b"1"})
    put(service, local.id, State.PASSED)
    assert forget_customer(service, LOCAL, THIS_MACHINE, "because").submissions == 1
    hand_in(service.store, {"l.stl": b"1"})


def test_entries_are_found_from_the_first_that_may_speak_of_it(service: Service) -> None:
    made = hand_in(service.store, {"a.stl": b"1"})
    other = hand_in(service.store, {"a.stl": b"1"})
    with service.store.reading() as connection:
        mine = entries_about(connection, About(submissions={made.id}))
        both = entries_about(connection, About(customers={LOCAL}))
        assert len(mine) == 1
        assert set(mine) < set(both)
        assert entries_about(connection, About(submissions={made.id}), mine[0] + 1) == []
        assert first_since(connection, made.received_at) <= mine[0]
        assert first_since(connection, now(timedelta(hours=2))) == log.size(connection)
        assert first_since(connection, "2000-01-01T00:00:00Z") == 0
        assert entries_about(connection, About(submissions={other.id})) != mine


def test_a_tokens_label_is_not_taken_for_its_account() -> None:
    about = About(accounts={"sue"})
    assert about.is_said_by("token", {"id": "t", "account": "sue", "name": "till"})
    assert about.is_said_by("token", {"id": "t", "did": "revoked", "account": "sue"})
    assert not about.is_said_by("token", {"id": "u", "account": "tom", "name": "sue"})
    assert about.is_said_by("account", {"name": "sue"})
    assert about.is_said_by("login", {"account": "sue"})
    assert not about.is_said_by("login", {"account": None})


def test_a_look_at_several_is_found_by_each_and_goes_with_one(service: Service) -> None:
    one, other = (hand_in(service.store, {f"{n}.stl": b"1"}) for n in range(2))
    put(service, one.id, State.PASSED)
    with service.store.writing() as connection:
        service.store.note(connection, "look", {"ids": [one.id, other.id], "at": "queue"}, "ray")

    def looks_at(public: str) -> int:
        with service.store.reading() as connection:
            return len(noted(connection, Wanted(kinds=("look",), about=public)).entries)

    assert (looks_at(one.id), looks_at(other.id), looks_at("none")) == (1, 1, 0)
    forget(service, one.id, THIS_MACHINE, "asked for")
    assert (looks_at(one.id), looks_at(other.id)) == (0, 0)
    assert '"at": "queue"' not in ledger_text(service)


def test_who_answered_and_appealed_is_forgotten_and_who_reviewed_is_not(service: Service) -> None:
    made = hand_in(service.store, {"a.stl": b"1"}, "shop", by=SHOP)
    put(service, made.id, State.HELD)
    for act, by in (
        (Act.ASK, THIS_MACHINE), (Act.ANSWER, SHOP), (Act.CONFIRM, THIS_MACHINE), (Act.APPEAL, SHOP),
        (Act.RELEASE, THIS_MACHINE),
    ):  # fmt: skip
        decide(service.store, made.id, act, "because", by)
    forget(service, made.id, THIS_MACHINE, "asked for")
    with service.store.reading() as connection:
        by_act = {one.act: one.by for one in decided(connection, made.number)}
    assert {by_act[Act.ANSWER], by_act[Act.APPEAL]} == {"forgotten"}
    assert {by_act[Act.ASK], by_act[Act.CONFIRM], by_act[Act.RELEASE]} == {THIS_MACHINE.name}


def test_old_events_and_prints_go(service: Service) -> None:
    made = hand_in(service.store, {"a.stl": b"1"})
    with service.store.writing() as connection:
        row = {"customer": LOCAL, "submission": made.id, "kind": "x", "told": "{}"}
        connection.execute(insert(EVENTS), [row | {"at": now(timedelta(days=-91))}] * 3)
        held = {"customer": LOCAL, "submission": made.number, "descriptor": b"", "radius_mm": 1.0}
        for days in (1, 40):
            connection.execute(insert(HELD_PRINTS).values(held | {"at": now(timedelta(days=-days))}))
    all_of(service)
    with service.store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(EVENTS)).scalar_one() == 1
        assert connection.execute(select(func.count()).select_from(HELD_PRINTS)).scalar_one() == 1


def test_over_http(tmp_path: Path) -> None:
    service = Service.open(tmp_path, Settings())
    made = hand_in(service.store, {"a.stl": b"1"})
    with running(tmp_path, Settings()) as address:
        url = f"{address}/v1/submissions/{made.id}"
        assert httpx.delete(url).status_code == 422
        assert httpx.delete(url, params={"reason": "asked"}).status_code == 409
        put(service, made.id, State.PASSED)
        answer = httpx.delete(url, params={"reason": "asked"})
        assert answer.status_code == 200
        assert answer.json()["forgotten_at"]
        assert httpx.delete(f"{address}/v1/submissions/none", params={"reason": "x"}).status_code == 404
