"""The web server's patience: slow clients are let go, streams end with the service, heads have a length."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from partwatch.service.running import web
from partwatch.service.running.patience import PatientProtocol
from partwatch.service.running.stop import Stop
from partwatch.service.settings import Access, Serving, Settings

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells how long the body was, and who sent it."""
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = f"{size} of {scope['client'][0]}".encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def endless(scope: Scope, receive: Receive, send: Send) -> None:
    """Events for as long as somebody listens."""
    if scope["type"] != "http":
        return
    assert (await receive())["type"] == "http.request"
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})
    assert (await receive())["type"] == "http.disconnect"
    await send({"type": "http.response.body", "body": b"data: end\n\n"})


@contextmanager
def served(app: ASGIApp, settings: Settings | None = None) -> Iterator[tuple[int, Stop]]:
    """Its port, and how to end it; it has ended afterwards."""
    stop, started = Stop(), threading.Event()
    settings = settings or Settings(serving=Serving(port=0))
    listening = web.listen(settings)
    port = listening.getsockname()[1]
    arguments = (web.EndingStreams(app, stop), settings, listening, stop, started.set)
    thread = threading.Thread(target=web.run, args=arguments, daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield port, stop
    finally:
        stop.ask()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "look_s", 0.2)


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def rest_of(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    found = bytearray()
    try:
        while chunk := connection.recv(1 << 16):
            found += chunk
    except ConnectionResetError:
        pass
    return bytes(found)


@pytest.mark.parametrize("sent", [b"", HEAD, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123"])
@pytest.mark.usefixtures("impatient")
def test_a_client_that_does_not_go_on_is_let_go(sent: bytes) -> None:
    with served(echo) as (port, _), connected(port) as connection:
        connection.sendall(sent)
        assert rest_of(connection) == b""


@pytest.mark.usefixtures("impatient")
def test_a_head_that_trickles_after_a_first_request_is_let_go() -> None:
    with served(echo) as (port, _), connected(port) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
        connection.sendall(HEAD)
        # The end of the first answer may still have been on its way; there is no second one.
        assert b"HTTP/1.1" not in rest_of(connection)


@pytest.mark.usefixtures("impatient")
def test_a_client_that_takes_nothing_is_let_go() -> None:
    over = threading.Event()

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(200):
            # More than any buffer takes: it waits here for the client.
            await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
        over.set()

    with served(large) as (port, _), connected(port) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert over.wait(20), "what is sent to nobody goes nowhere"
        assert len(rest_of(connection)) < 100 << 20


def test_a_head_that_is_too_long_is_refused() -> None:
    with served(echo) as (port, _), connected(port) as connection:
        connection.sendall(HEAD + b"X: " + b"a" * web.HEAD_BYTES)
        assert rest_of(connection).startswith(b"HTTP/1.1 400")


def test_streams_of_events_end_with_the_service() -> None:
    with served(endless) as (port, stop), connected(port) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert b"200" in connection.recv(1 << 16)
        stop.ask()
        assert b"data: end" in rest_of(connection)


def test_only_a_trusted_proxy_says_who_asks() -> None:
    claims = HEAD + b"X-Forwarded-For: 198.51.100.7\r\nConnection: close\r\n\r\n"
    with served(echo) as (port, _), connected(port) as connection:
        connection.sendall(claims)
        assert rest_of(connection).endswith(b"0 of 127.0.0.1")
    trusting = Settings(Serving(port=0, trusted_proxies=("127.0.0.0/8",)), Access(login=True))
    with served(echo, trusting) as (port, _), connected(port) as connection:
        connection.sendall(claims)
        answer = rest_of(connection)
        assert answer.endswith(b"0 of 198.51.100.7")
        assert b"server:" not in answer.lower()
