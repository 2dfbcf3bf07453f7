"""Before anything else is done with a request: to whom it came, from where, who asks, and how often.

Plain ASGI: bodies and answers are passed on as they come, so that uploads and event streams are not held up.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from typing import Final
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from partwatch.model.errors import StoreError
from partwatch.service.access import bodies, identity
from partwatch.service.access.answers import add_error_pages, answer, as_pages
from partwatch.service.access.headers import with_headers
from partwatch.service.access.identity import NOBODY, Cookies, Identity, Refused, Way
from partwatch.service.access.paths import (
    MONITORED,
    is_counted,
    is_for_programs,
    is_open,
    is_submitting,
    takes_files,
)
from partwatch.service.access.rates import Buckets, Rates
from partwatch.service.access.requests import (
    SAFE_METHODS,
    Site,
    address_of,
    host_problem,
    is_from_own_page,
    is_on_this_machine,
    origin_problem,
    proxy_problem,
)
from partwatch.service.access.web_key import web_key
from partwatch.service.context import Service
from partwatch.service.states import Role

CSRF_HEADER: Final = "x-csrf-token"
_THREADS: Final = 16
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="Partwatch"'}
_log: Final = logging.getLogger("partwatch.service")
_TOKEN_NEEDED: Final = "a token is needed: Authorization: Bearer pw_..."


def add_to(app: FastAPI) -> None:
    """Put it around the application, whose errors become pages or problem details."""
    service: Service = app.state.service
    access = service.settings.access
    app.state.rates = Rates(
        Buckets(access.requests_per_minute),
        Buckets(access.submissions_per_minute),
        Buckets(access.logins_per_minute),
    )
    app.state.site = Site.of(service.settings)
    app.state.cookies = Cookies(app.state.site.is_https)
    # They would lead to whatever host a request names.
    app.router.redirect_slashes = False
    add_error_pages(app)
    # Now, where a store that cannot be used is told: not with the first request.
    key = web_key(service.store)
    app.add_middleware(_Guard, service=service, rates=app.state.rates, site=app.state.site, key=key)


class _Guard:
    """Sets `request.state.principal`, `request.state.csrf` (what forms of this browser carry),
    `request.state.identity` and `request.state.address`; or answers itself."""

    def __init__(self, app: ASGIApp, service: Service, rates: Rates, site: Site, key: bytes) -> None:
        self._app = app
        self._service = service
        self._settings = service.settings
        self._rates = rates
        self._site = site
        # Of its own: however busy the routes' threads are, who asks is found out, and monitoring is answered.
        self._threads = anyio.CapacityLimiter(_THREADS)
        self._cookies = Cookies(site.is_https)
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        cookie: list[str] = []
        send = with_headers(send, self._site, cookie)
        request = Request(scope, receive)
        client = scope["client"][0] if scope.get("client") else ""
        request.state.address = address_of(client, request.headers, self._settings.serving.trusted_proxies)
        self._is_now(request, Identity(NOBODY, Way.NOBODY, secrets.token_urlsafe(24)))
        refused = self._unfit(request) or await self._identified(request, client, cookie)
        if refused is not None:
            await refused(scope, receive, send)
            return
        # What nobody foresaw is answered within: see `api.problems`.
        await self._app(scope, bodies.limited(receive, self._most(request)), as_pages(request, send))

    def _most(self, request: Request) -> int | None:
        """Bytes of the largest body; None where the route itself counts them as they come."""
        takes_files_itself = takes_files(request.scope["path"], request.headers.get("content-type", ""))
        return None if takes_files_itself else bodies.MOST_BYTES

    def _unfit(self, request: Request) -> Response | None:
        """The answer to a request that is refused whoever asks."""
        # Whoever watches over a machine asks it by whatever name it has.
        watched = request.scope["path"] == "/status/live"
        if not watched and (problem := host_problem(request.headers, self._site)) is not None:
            return answer(request, 421, problem)
        if self._settings.is_local and (problem := proxy_problem(request.headers)) is not None:
            return answer(request, 421, problem)
        if (problem := origin_problem(request.method, request.headers, self._site)) is not None:
            return answer(request, 403, problem)
        # Databases have no such character, and nothing here is called so.
        if "\0" in request.scope["path"]:
            return answer(request, 404)
        if b"%00" in request.scope["query_string"]:
            return answer(request, 422, "the query holds a NUL character; take it out")
        if bodies.is_told_too_large(request.headers.get("content-length"), self._most(request)):
            return answer(request, 413, headers={"Connection": "close"})
        return None

    async def _identified(self, request: Request, client: str, cookie: list[str]) -> Response | None:
        """Find out who asks; the answer where they get no further."""
        try:
            found = await anyio.to_thread.run_sync(self._who, request.headers, limiter=self._threads)
        except Refused:
            return self._slowed(request, None) or answer(request, 401, _TOKEN_NEEDED, _CHALLENGE)
        except StoreError as error:
            # What it says names places of this machine: that is for its operator.
            _log.error("%s", error)
            return answer(request, 503, headers={"Retry-After": "5"})
        path = request.scope["path"]
        if found.way is Way.NOBODY and path in MONITORED and is_on_this_machine(client, request.headers):
            found = Identity(identity.MONITOR, Way.MACHINE, found.csrf)
        self._is_now(request, found)
        if (slowed := self._slowed(request, found)) is not None:
            return slowed
        if found.way is Way.NOBODY and not is_open(path):
            return self._turned_away(request)
        if path in MONITORED and Role.ADMINISTER not in found.principal.roles:
            return answer(request, 403, "this is for programs on the machine itself, and for administrators")
        if (problem := self._forged(request, found)) is not None:
            return answer(request, 403, problem)
        if found.visitor is not None:
            cookie.append(self._cookies.header(self._cookies.visitor, found.visitor))
        return None

    def _who(self, headers: Headers) -> Identity:
        store = self._service.store
        visitor = self._cookies.of(headers, self._cookies.visitor)
        if self._settings.is_local:
            return identity.unknown(self._key, visitor, local=True)
        if (authorization := headers.get("authorization")) is not None:
            return identity.by_token(store, authorization)
        session = identity.by_session(store, self._cookies.of(headers, self._cookies.session))
        return session or identity.unknown(self._key, visitor, local=False)

    def _is_now(self, request: Request, found: Identity) -> None:
        request.state.identity = found
        request.state.principal = found.principal
        request.state.csrf = found.csrf

    def _slowed(self, request: Request, found: Identity | None) -> Response | None:
        """429 for whoever asks too often. On its own machine nobody does: the queue has limits of its own."""
        if found is not None and found.way is Way.MACHINE:
            return None
        account = None if found is None else found.account
        key = ("account", account) if account is not None else ("address", request.state.address)
        wait = self._rates.requests.wait_s(key) if is_counted(request.scope["path"]) else 0
        if not wait and account is not None and is_submitting(request.method, request.scope["path"]):
            wait = self._rates.submissions.wait_s(key)
        return too_often(request, wait) if wait else None

    def _turned_away(self, request: Request) -> Response:
        path, mode = request.scope["path"], request.headers.get("sec-fetch-mode", "navigate")
        if is_for_programs(path) or mode != "navigate":
            return answer(request, 401, _TOKEN_NEEDED, _CHALLENGE)
        asked = f"{path}?{request.url.query}" if request.url.query else path
        is_visit = request.method == "GET" and path != "/"
        return RedirectResponse(f"/login?next={quote(asked, safe='')}" if is_visit else "/login", 303)

    def _forged(self, request: Request, found: Identity) -> str | None:
        """What is wrong with a change that a browser's cookie asks the API for: any page could send it."""
        if request.method in SAFE_METHODS or found.way is not Way.SESSION:
            return None
        if not is_for_programs(request.scope["path"]) or is_from_own_page(request.headers, self._site):
            return None
        if same(request.headers.get(CSRF_HEADER, ""), found.csrf):
            return None
        return "a change by cookie needs the header X-CSRF-Token; programs use a token"


def too_often(request: Request, wait_s: int) -> Response:
    """429 with the seconds to wait."""
    said = f"too many requests; try again in {wait_s} s"
    return answer(request, 429, said, {"Retry-After": str(wait_s)})


def same(given: str, wanted: str) -> bool:
    """Whether both are one secret, in the same time whichever they are."""
    return bool(wanted) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())
