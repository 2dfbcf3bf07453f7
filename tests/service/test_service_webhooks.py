"""Webhooks: signed, sent again until they are taken, led nowhere they must not lead."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_running import running
from service_samples import OTHER, POSTGRESQL, SHOP, hand_in, settings_for
from sqlalchemy import update
from webhook_receiver import Receiver, certificate, is_signed, receiving, respond

from partwatch.ledger import log
from partwatch.model.errors import UsageError
from partwatch.service import courier, events, webhook_sending
from partwatch.service.context import Service
from partwatch.service.customers import add_customer
from partwatch.service.hooks import (
    MOST_OF_CUSTOMER,
    UnknownHookError,
    add_hook,
    deliver_again,
    deliveries,
    disable_hook,
    find_hook,
    hooks,
    rotate_secret,
)
from partwatch.service.principals import THIS_MACHINE, ForbiddenError, Principal
from partwatch.service.settings import Settings, Webhooks
from partwatch.service.states import Role
from partwatch.service.tables import DELIVERIES, EVENTS
from partwatch.service.webhook_sending import address_problem, check_url, post
from partwatch.service.webhook_signing import OVERLAP_S, rotated, secrets_in, signature

TRUSTING = Settings(webhooks=Webhooks(private_addresses=True, attempts=3, timeout_s=5.0))


@pytest.fixture(params=[False, True], ids=["sqlite", "postgresql"])
def service(tmp_path: Path, request: pytest.FixtureRequest) -> Service:
    if request.param and not POSTGRESQL:
        pytest.skip("PARTWATCH_POSTGRESQL is not set")
    there = settings_for(tmp_path, True).serving if request.param else TRUSTING.serving
    made = Service.open(tmp_path, replace(TRUSTING, serving=there))
    for one in ("shop", "other"):
        add_customer(made.store, one, one, THIS_MACHINE)
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def deliver_all(service: Service) -> None:
    """Until nothing is due; what rests is tried at once."""
    while courier.deliver(service):
        pass


def make_due(service: Service) -> None:
    with service.store.writing() as connection:
        connection.execute(update(DELIVERIES).values(next_at=0.0))


def shown(service: Service, public: str, by: Principal = SHOP) -> list[Any]:
    with service.store.reading() as connection:
        return deliveries(connection, public, by)


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of its reference libraries.
    assert (
        signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_events_of_its_customer_are_sent_signed_and_once(service: Service, receiver: Receiver) -> None:
    hand_in(service.store, {"before.stl": b"0"}, "shop", by=SHOP)
    made, secret = add_hook(service.store, f"{receiver.url}/in?a=1", (), None, SHOP)
    theirs = hand_in(service.store, {"<script>.stl": b"1"}, "other", by=OTHER)
    ours = hand_in(service.store, {"../secret name.stl": b"2"}, "shop", by=SHOP)
    deliver_all(service)
    (came,) = receiver.came
    assert is_signed(came, secret)
    assert not is_signed(came | {"body": came["body"] + b" "}, secret)
    body = json.loads(came["body"])
    assert body["type"] == events.ACCEPTED
    assert body["data"]["submission"] == ours.id
    assert body.keys() == {"type", "timestamp", "data"}
    assert theirs.id not in came["body"].decode()
    assert "secret name" not in came["body"].decode()
    assert came["path"] == "/in?a=1"
    assert came["headers"]["host"] == receiver.url.removeprefix("http://")
    assert courier.deliver(service) is False
    assert len(receiver.came) == 1
    (one,) = shown(service, made.id)
    assert (one.attempts, one.said, one.gave_up_at) == (1, "answered 204", None)


def test_progress_comes_only_where_it_is_named(service: Service, receiver: Receiver) -> None:
    add_hook(service.store, f"{receiver.url}/all", (), None, THIS_MACHINE)
    add_hook(service.store, f"{receiver.url}/some", (events.PROGRESS,), "shop", THIS_MACHINE)
    made = hand_in(service.store, {"a.stl": b"1"}, "shop", by=SHOP)
    with service.store.writing() as connection:
        events.tell(connection, "shop", made.id, events.PROGRESS, {"done": 1, "files": 2})
    deliver_all(service)
    kinds = {(one["path"], json.loads(one["body"])["type"]) for one in receiver.came}
    assert kinds == {("/all", events.ACCEPTED), ("/some", events.PROGRESS)}


def test_what_fails_is_tried_again_under_the_same_id_then_given_up(
    service: Service, receiver: Receiver
) -> None:
    receiver.answer = lambda handler: respond(handler, 500)
    made, secret = add_hook(service.store, receiver.url, (), None, SHOP)
    hand_in(service.store, {"a.stl": b"1"}, "shop", by=SHOP)
    for _ in range(5):
        deliver_all(service)
        make_due(service)
    assert len(receiver.came) == 3
    assert len({one["headers"]["webhook-id"] for one in receiver.came}) == 1
    assert all(is_signed(one, secret) for one in receiver.came)
    (one,) = shown(service, made.id)
    assert (one.attempts, one.said, one.done_at) == (3, "answered 500", None)
    assert one.gave_up_at is not None
    with service.store.reading() as connection:
        assert [each.given_up for each in hooks(connection, SHOP)] == [1]
    receiver.answer = lambda handler: respond(handler, 200)
    deliver_again(service.store, made.id, one.seq, SHOP)
    deliver_all(service)
    assert shown(service, made.id)[0].done_at is not None


def test_it_waits_longer_each_time_and_never_more_than_some_hours() -> None:
    steady = [courier.retry_s(attempts, 0.5) for attempts in range(1, 100)]
    assert steady[:4] == [5, 15, 45, 135]
    assert steady == sorted(steady)
    assert steady[-1] == 6 * 3600
    assert courier.retry_s(1, 0.0) < courier.retry_s(1, 1.0)
    # The attempts of the settings reach over about a day.
    assert 20 * 3600 < sum(steady[: Webhooks().attempts - 1]) < 48 * 3600


def test_a_hook_that_hangs_is_left_alone_and_others_have_theirs(
    service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "MOST_TIMEOUT_S", 1.0)

    def hang(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/hang":
            # A byte now and then, for ever: no single read takes long.
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
            with contextlib.suppress(OSError):
                while not receiver.let_go.wait(0.05):
                    handler.wfile.write(b"x")
        else:
            respond(handler, 200)

    receiver.answer = hang
    hanging, _ = add_hook(service.store, f"{receiver.url}/hang", (), None, SHOP)
    well, _ = add_hook(service.store, f"{receiver.url}/well", (), None, SHOP)
    for name in range(6):
        hand_in(service.store, {f"{name}.stl": b"1"}, "shop", by=SHOP)
    deliver_all(service)
    assert {one.done_at is not None for one in shown(service, well.id)} == {True}
    waits = shown(service, hanging.id)
    assert {one.done_at for one in waits} == {None}
    # Those that were not tried rest with those that were.
    assert sorted(one.attempts for one in waits) == [0, 0, 1, 1, 1, 1]
    assert "within 1 s" in next(one.said or "" for one in waits if one.attempts)


def test_redirects_are_not_followed_and_an_endless_answer_is_not_read(
    service: Service, receiver: Receiver
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/away":
            respond(handler, 307, Location=f"{receiver.url}/inner")
            return
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not receiver.let_go.is_set():
                handler.wfile.write(b"x" * 65536)

    receiver.answer = answer
    away, _ = add_hook(service.store, f"{receiver.url}/away", (), None, SHOP)
    endless, _ = add_hook(service.store, f"{receiver.url}/endless", (), None, SHOP)
    hand_in(service.store, {"a.stl": b"1"}, "shop", by=SHOP)
    deliver_all(service)
    assert sorted(one["path"] for one in receiver.came) == ["/away", "/endless"]
    assert "307" in shown(service, away.id)[0].said
    assert shown(service, endless.id)[0].said == "answered 200"


def test_a_receiver_that_is_gone_is_sent_nothing_more(service: Service, receiver: Receiver) -> None:
    receiver.answer = lambda handler: respond(handler, 410)
    made, _ = add_hook(service.store, receiver.url, (), None, SHOP)
    for _ in range(2):
        hand_in(service.store, {"a.stl": b"1"}, "shop", by=SHOP)
        deliver_all(service)
        make_due(service)
    assert len(receiver.came) == 1
    with service.store.reading() as connection:
        assert find_hook(connection, made.id, SHOP).disabled_at is not None
        acts = [one.opening.body["act"] for one in log.entries(connection, kind="webhook") if one.opening]
    assert acts == ["added", "disabled"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "::", "::1", "fe80::1", "fe80::1%eth0",
        "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "2001:0:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_no_address_within_is_led_to(address: str) -> None:
    assert address_problem(address, private=False) is not None


def test_public_addresses_are_and_ones_own_where_they_are_allowed() -> None:
    for address in ("9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9"):
        assert address_problem(address, private=False) is None
    for address in ("127.0.0.1", "::1", "10.1.2.3", "fd12::1", "100.64.0.1"):
        assert address_problem(address, private=True) is None
    for address in ("169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "0.0.0.0", "240.0.0.1"):
        assert address_problem(address, private=True) is not None


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://host/", "file:///etc/passwd", "gopher://host", "javascript:alert(1)", "http://",
        "https://u:p@host/", "https://u@host/", "https://host/#a", "https://host:99999/", "https://host:22/",
        "https://host:5432/", "https://[::1", "https://host/\0", "https://" + "a" * 3000,
    ],
)  # fmt: skip
def test_a_url_that_hooks_must_not_have_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        check_url(url, private=False)


def sent(url: str, private: bool = False) -> webhook_sending.Outcome:
    with ThreadPoolExecutor(1) as threads:
        return asyncio.run(post(url, b"{}", {}, 5.0, private, threads))


def test_names_of_this_machine_lead_nowhere(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(receiver.url.rpartition(":")[2])
    monkeypatch.setattr(webhook_sending, "PORTS", frozenset({port}))
    for host in ("localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0", "[::ffff:127.0.0.1]"):
        outcome = sent(f"http://{host}:{port}/")
        assert (outcome.is_ok, receiver.came) == (False, []), host


def test_a_name_that_answers_otherwise_the_second_time_leads_nowhere_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.rpartition(":")[2])
    monkeypatch.setattr(webhook_sending, "PORTS", frozenset({port}))
    asked: list[str] = []

    def rebinding(host: Any, *_: Any, **__: Any) -> list[Any]:
        # Public once, then this machine; an address asked for is itself.
        name = host.decode() if isinstance(host, bytes) else host
        asked.append(name)
        address = name if name[0].isdigit() else "203.0.113.9" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(webhook_sending, "address_problem", lambda address, private: None)
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with ThreadPoolExecutor(1) as threads:
        outcome = asyncio.run(post(f"http://turns.example:{port}/", b"{}", {}, 0.5, False, threads))
    assert not outcome.is_ok
    assert receiver.came == []
    assert asked.count("turns.example") == 1


def test_a_certificate_must_be_known_and_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {}
    for host in ("localhost", "other.example"):
        pem = certificate(tmp_path, host)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(pem)
        with receiving(own) as receiver:
            said[host, "unknown"] = sent(receiver.url, private=True).said
            trusting = ssl.create_default_context(cafile=str(pem))
            monkeypatch.setattr(webhook_sending, "_authorities", lambda trusting=trusting: trusting)
            said[host, "known"] = sent(receiver.url, private=True).said
        monkeypatch.undo()
    assert said == {
        ("localhost", "unknown"): "its certificate is not valid",
        ("localhost", "known"): "answered 204",
        ("other.example", "unknown"): "its certificate is not valid",
        ("other.example", "known"): "its certificate is not valid",
    }


def test_hooks_belong_to_their_customer(service: Service, receiver: Receiver) -> None:
    made, _ = add_hook(service.store, receiver.url, (), None, SHOP)
    of_all, _ = add_hook(service.store, receiver.url, (), None, THIS_MACHINE)
    assert (made.customer, of_all.customer) == ("shop", None)
    reviewer = Principal("reviewer", None, frozenset({Role.REVIEW, Role.SUBMIT}))
    with pytest.raises(ForbiddenError):
        add_hook(service.store, receiver.url, (), None, reviewer)
    with pytest.raises(ForbiddenError):
        add_hook(service.store, receiver.url, (), "shop", OTHER)
    for hook, by in ((made, OTHER), (of_all, SHOP)):
        with pytest.raises(UnknownHookError):
            disable_hook(service.store, hook.id, by)
        with pytest.raises(UnknownHookError):
            rotate_secret(service.store, hook.id, by)
        with pytest.raises(UnknownHookError):
            courier.test_delivery(service, hook.id, by)
    with service.store.reading() as connection:
        assert [one.id for one in hooks(connection, SHOP)] == [made.id]
        assert hooks(connection, OTHER) == []
        assert {one.id for one in hooks(connection, THIS_MACHINE)} == {made.id, of_all.id}
    for _ in range(MOST_OF_CUSTOMER - 1):
        add_hook(service.store, receiver.url, (), None, SHOP)
    with pytest.raises(UsageError, match="20 hooks"):
        add_hook(service.store, receiver.url, (), None, SHOP)


def test_a_new_secret_counts_at_once_and_the_one_before_for_a_day(
    service: Service, receiver: Receiver
) -> None:
    made, first = add_hook(service.store, receiver.url, (), None, SHOP)
    second = rotate_secret(service.store, made.id, SHOP)
    assert courier.test_delivery(service, made.id, SHOP).is_ok
    (came,) = receiver.came
    assert is_signed(came, first)
    assert is_signed(came, second)
    assert json.loads(came["body"])["type"] == courier.TEST
    field = rotated("whsec_a", "whsec_b", 1000.0)
    assert secrets_in(field, 1000.0 + OVERLAP_S - 1) == ["whsec_b", "whsec_a"]
    assert secrets_in(field, 1000.0 + OVERLAP_S) == ["whsec_b"]
    assert rotated(field, "whsec_c", 0.0).split()[:2] == ["whsec_c", "whsec_b"]


def test_a_thousand_events_are_addressed_in_rounds(service: Service, receiver: Receiver) -> None:
    add_hook(service.store, receiver.url, (events.DECIDED,), "shop", THIS_MACHINE)
    with service.store.writing() as connection:
        row = {"customer": "shop", "submission": "s", "kind": events.SCREENED, "at": "now", "told": "{}"}
        connection.execute(EVENTS.insert(), [row] * 1200)
        events.tell(connection, "shop", "s", events.DECIDED, {"state": "released"})
    rounds = 1
    while courier.deliver(service):
        rounds += 1
    assert rounds > 2
    assert [one["type"] for one in receiver.bodies()] == [events.DECIDED]


def test_over_http(tmp_path: Path, receiver: Receiver) -> None:
    with running(tmp_path, TRUSTING) as address:
        assert httpx.post(f"{address}/v1/webhooks", json={"url": "ftp://x"}).status_code == 422
        assert httpx.post(f"{address}/v1/webhooks", json={"url": receiver.url, "x": 1}).status_code == 422
        made = httpx.post(f"{address}/v1/webhooks", json={"url": receiver.url})
        assert made.status_code == 201
        secret, hook = made.json()["secret"], f"{address}/v1/webhooks/{made.json()['hook']['id']}"
        assert secret.startswith("whsec_")
        assert secret not in httpx.get(f"{address}/v1/webhooks").text
        assert httpx.post(f"{hook}/test").json() == {"ok": True, "said": "answered 204"}
        assert is_signed(receiver.came[0], secret)
        assert httpx.post(f"{hook}/secret").json()["secret"] != secret
        assert httpx.get(f"{hook}/deliveries").json() == []
        assert httpx.post(f"{hook}/deliveries/7").status_code == 404
        assert httpx.get(f"{address}/v1/webhooks/hook_none").status_code == 404
        assert httpx.delete(hook).json()["disabled_at"] is not None
        assert httpx.delete(hook).status_code == 200
