"""The web server of a service: where it listens, what it lets a client do, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from partwatch.model.errors import UsageError
from partwatch.service.running.patience import PatientProtocol
from partwatch.service.running.say import say
from partwatch.service.running.stop import Stop
from partwatch.service.settings import Settings

HEAD_BYTES: Final = 32 << 10
KEEP_ALIVE_S: Final = 10
MOST_AT_ONCE: Final = 512
# So long may what was begun go on once the server is told to end.
GRACE_S: Final = 10
_BACKLOG: Final = 512


def listen(settings: Settings) -> socket.socket:
    """The socket that the settings ask for. Raises UsageError: not to be had, or others would reach it."""
    host, port = settings.serving.host, settings.serving.port
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{host!r}: is no address to listen on ({error}); give --host") from error
    if settings.is_local and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        raise UsageError(
            f"{host!r}: can be reached by others, and nobody would have to log in; set access.login to true "
            "in service.toml, or listen on 127.0.0.1"
        )
    listening = socket.socket(family, kind)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise UsageError(_why_not(host, port, error)) from error
    return listening


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use, perhaps by another service; give --port, or end that one"
    if error.errno == errno.EACCES:
        return f"port {port} may not be opened by this user; give one above 1023, and a proxy before it"
    return f"{host}:{port}: cannot listen there ({error.strerror}); give --host and --port"


def address_of(listening: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    app: ASGIApp, settings: Settings, listening: socket.socket, stop: Stop, started: Callable[[], None]
) -> None:
    """Serve until told to stop. started: called once requests are answered."""
    server = _Server(_config(app, settings), stop, started)
    server.run(sockets=[listening])


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    trusted = list(settings.serving.trusted_proxies)
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        limit_concurrency=MOST_AT_ONCE,
        server_header=False,
        # Said here whatever it is: without it uvicorn asks the environment whom to believe.
        proxy_headers=bool(trusted),
        forwarded_allow_ips=trusted,
        log_config=None,
        access_log=False,
    )


class _Server(uvicorn.Server):
    """Ends when it is told to; signals are its process's."""

    def __init__(self, config: uvicorn.Config, stop: Stop, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop
        self._started = started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are taken already."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            self._started()

    async def on_tick(self, counter: int) -> bool:
        """Whether it is to end."""
        self.should_exit = self.should_exit or self._stop.is_asked()
        return await super().on_tick(counter)


class EndingStreams:
    """Has streams of events end when the service does: they would go on for as long as anybody listens."""

    def __init__(self, app: ASGIApp, stop: Stop) -> None:
        self._app = app
        self._stop = stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        streams, is_whole = False, False

        async def noted(message: Message) -> None:
            nonlocal streams
            if message["type"] == "http.response.start":
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                streams = any(value.startswith(b"text/event-stream") for value in kinds)
            await send(message)

        async def received() -> Message:
            nonlocal is_whole
            if not is_whole:
                message = await receive()
                is_whole = not message.get("more_body", False)
                return message
            # Nothing more can come but the client's going.
            asked = asyncio.ensure_future(receive())
            try:
                while not (asked.done() or (streams and self._stop.is_asked())):
                    await asyncio.wait({asked}, timeout=0.25)
                return asked.result() if asked.done() else {"type": "http.disconnect"}
            finally:
                asked.cancel()

        await self._app(scope, received, noted)


class AccessLog:
    """A line for each request: what kind, how it ended, how long it took; nothing of what was asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.monotonic(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            took = (time.monotonic() - begin) * 1000
            say(f"{scope['method'][:16]} {_place(scope)} {status or 'cut off'} {took:.0f} ms")


def _place(scope: Scope) -> str:
    """The route as it is written in the program: what stands in a path may be a name."""
    route: Any = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else "-"


def log_to_stderr() -> None:
    """Have the server's warnings and errors told there."""
    logging.basicConfig(level=logging.WARNING, format="partwatch: %(message)s")
