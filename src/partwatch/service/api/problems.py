"""Errors as answers: RFC 9457 problem details, each with what was wrong and the mend.

Whatever goes wrong is answered so, also what the framework refuses. Of an unexpected error the client learns
a number, by which whoever operates the service finds the trace on stderr.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from partwatch.model.errors import PartwatchError, StoreError, UsageError
from partwatch.service.decisions import WrongStateError
from partwatch.service.hooks import UnknownHookError
from partwatch.service.hunt_queue import UnknownHuntError
from partwatch.service.principals import ForbiddenError
from partwatch.service.queueing import BusyError
from partwatch.service.submissions import ReusedKeyError, UnknownSubmissionError

STATUS_OF: Final[Mapping[type[Exception], int]] = {
    UsageError: 422,
    ForbiddenError: 403,
    UnknownSubmissionError: 404,
    UnknownHuntError: 404,
    UnknownHookError: 404,
    WrongStateError: 409,
    ReusedKeyError: 422,
    BusyError: 429,
    StoreError: 503,
    PartwatchError: 422,
}
MEDIA_TYPE: Final = "application/problem+json"
_log: Final = logging.getLogger("partwatch.service")
# Enough to mend by; a body of a thousand wrong values is not answered with a thousand problems.
_MOST_PLACES: Final = 20
_STORE_RETRY_S: Final = 5
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_WORDS: Final[Mapping[int, str]] = {
    404: "there is no such thing here",
    405: "that method is not for this address; see the Allow header",
    413: "it is too large",
    415: "that type of content is not taken here",
    503: "the store cannot be used now; try again soon, or ask the operator",
}


class Place(BaseModel):
    """One thing that is wrong in a request. where: its path, as body.reason; message: what is wrong."""

    model_config = ConfigDict(frozen=True)

    where: str
    message: str


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it. detail: in words, with the mend; errors: its places, where a
    request's values are at fault; file: the place of the file that is at fault, from 0; id: by which the
    operator finds an unexpected error."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    status: int = Field(ge=400, le=599)
    title: str
    detail: str
    errors: tuple[Place, ...] | None = None
    file: int | None = None
    id: str | None = None


class ProblemError(Exception):
    """An answer that is an error: raised anywhere below a route. headers: that go with it. file: the place
    of the file that is at fault, from 0."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        file: int | None = None,
    ) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.file = file
        super().__init__(detail)


def problem(
    status: int,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Place] | None = None,
    number: str | None = None,
    file: int | None = None,
) -> JSONResponse:
    """One answer."""
    places = None if errors is None else tuple(errors)
    told = Problem(status=status, title=title, detail=detail, errors=places, file=file, id=number)
    body = told.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def answers(*statuses: int, **also: str) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: each of these statuses is answered by a problem.

    also: as `s409="why"`, what a status means there. What any route may answer stands in each of them
    already: see `describing`.
    """
    words = {int(key.removeprefix("s")): text for key, text in also.items()}
    return {status: described(status, words.get(status)) for status in sorted({*statuses, *words})}


def described(status: int, words: str | None = None) -> dict[str, Any]:
    """A status as OpenAPI has it: a problem."""
    return {
        "description": words or HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def add_problems(app: FastAPI) -> None:
    """Have the application answer every error so."""
    for kind, status in STATUS_OF.items():
        app.add_exception_handler(kind, _handler(status))
    app.add_exception_handler(ProblemError, _of_problem)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(ClientDisconnect, _of_absence)
    # Of the application itself: inside of whatever is put around it later, which adds its headers.
    app.add_middleware(_Surprises)
    # Of what is around it.
    app.add_exception_handler(Exception, _of_surprise)


def _handler(status: int) -> Any:
    def handle(_request: Request, error: Exception) -> JSONResponse:
        headers = {}
        if isinstance(error, BusyError):
            headers = {"Retry-After": str(error.retry_after_s)}
        elif status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers = {"Retry-After": str(_STORE_RETRY_S)}
            _log.error("%s", error)
        # What a store says names places of this machine: that is for its operator.
        detail = _WORDS.get(status) or str(error)
        return problem(status, type(error).__name__.removesuffix("Error"), detail, headers)

    return handle


def _of_problem(_request: Request, error: Exception) -> JSONResponse:
    told = cast("ProblemError", error)
    return problem(told.status, told.title, told.detail, told.headers, file=told.file)


def _of_http(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses, and what routes refuse by its exception."""
    raised = cast("HTTPException", error)
    phrase = HTTPStatus(raised.status_code).phrase
    said = raised.detail if raised.detail != phrase else _WORDS.get(raised.status_code, raised.detail)
    headers = dict(raised.headers or {})
    if raised.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(request)) or headers.get("Allow", "")
    return problem(raised.status_code, phrase, said, headers)


def _allowed(request: Request) -> list[str]:
    """The methods of an address: the framework names those of its first route only."""
    told = {
        key: request.scope[key] for key in ("type", "path", "headers", "root_path") if key in request.scope
    }
    routes = request.app.router.routes
    # An address that is written out is not also one that a parameter stands for.
    if (described := request.app.openapi()["paths"].get(request.scope["path"])) is not None:
        return [method for method in _METHODS if method.lower() in described]
    return [
        method
        for method in _METHODS
        if any(route.matches({**told, "method": method})[0] is Match.FULL for route in routes)
    ]


def _of_validation(_request: Request, error: Exception) -> JSONResponse:
    found = cast("RequestValidationError", error).errors()
    places = [
        Place(where=".".join(str(step) for step in one["loc"]), message=one["msg"])
        for one in found[:_MOST_PLACES]
    ]
    told = "; ".join(f"{place.where}: {place.message}" for place in places[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return problem(422, "Unprocessable Content", f"{told}{more}", errors=places)


def _of_absence(_request: Request, _error: Exception) -> JSONResponse:
    """The client went away in the middle: nobody reads this."""
    return problem(400, "Bad Request", "the body ended early")


class _Surprises:
    """Answers what was not foreseen, once, without the trace; a response that is on its way cannot be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await _of_surprise(Request(scope), error)(scope, receive, send)


def _of_surprise(request: Request, error: Exception) -> JSONResponse:
    """An error that nobody foresaw: the trace is the operator's, the client gets its number."""
    number = secrets.token_hex(6)
    # The path alone: queries may hold names. Escaped, so that no client writes lines of its own into the log.
    where = ascii(request.url.path)
    _log.error("unexpected error %s at %s %s", number, request.method, where, exc_info=error)
    told = f"something went wrong that should not have; tell the operator its number, {number}"
    return problem(500, "Internal Server Error", told, number=number)
