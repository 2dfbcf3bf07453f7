"""Answers to what went wrong: problem details for programs, a page for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Send

from partwatch.service.access.accounts import UnknownError
from partwatch.service.access.paths import is_for_programs
from partwatch.service.api.problems import MEDIA_TYPE, problem
from partwatch.service.pages.rendering import page

_MEND: Final[Mapping[int, str]] = {
    400: "The request could not be read.",
    401: "Log in first.",
    403: "You may not do that.",
    404: "There is no such page here, or not for you.",
    405: "That cannot be done here.",
    413: "That is more than is taken in at once.",
    503: "The store cannot be used now. Try again soon, or ask whoever runs this service.",
    500: "Something went wrong here, and was noted. Try again, or tell whoever runs this service.",
}


def answer(
    request: Request, status: int, detail: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """What went wrong, in the form that whoever asks can use."""
    detail = detail or _MEND.get(status, "")
    if not _is_for_people(request):
        return problem(status, _title(status), detail, headers)
    told = {"status": status, "name": _title(status), "detail": detail}
    made = page(request, "error.html", told, status)
    made.headers.update(dict(headers or {}))
    return made


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def add_error_pages(app: FastAPI) -> None:
    """Have every error that pages do not answer themselves be a page there, and problem details elsewhere."""
    handlers = app.exception_handlers
    if handlers.get(HTTPException) is http_exception_handler:
        handlers[HTTPException] = _http_error
    if handlers.get(RequestValidationError) is request_validation_exception_handler:
        handlers[RequestValidationError] = _invalid
    handlers.setdefault(UnknownError, _unknown)


def as_pages(request: Request, send: Send) -> Send:
    """A `send` that turns problem details into a page, where a person asked for one; all else goes on as it
    comes."""
    if not _is_for_people(request):
        return send
    held: Message | None = None
    body = bytearray()

    async def sending(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start":
            if Headers(raw=message["headers"]).get("content-type", "").startswith(MEDIA_TYPE):
                held = message
                return
        elif held is not None and message["type"] == "http.response.body":
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                await _page_of(request, held, bytes(body))(request.scope, request.receive, send)
            return
        await send(message)

    return sending


def _is_for_people(request: Request) -> bool:
    """Whether a page is wanted, and not what a page's script asked for."""
    return (
        not is_for_programs(request.scope["path"])
        and request.headers.get("sec-fetch-mode", "navigate") == "navigate"
        and "json" not in request.headers.get("accept", "")
    )


def _page_of(request: Request, start: Message, body: bytes) -> Response:
    headers = Headers(raw=start["headers"])
    kept = {name: headers[name] for name in ("retry-after", "allow") if name in headers}
    detail = json.loads(body).get("detail", "")
    return answer(request, start["status"], "" if detail == _title(start["status"]) else detail, kept)


def _http_error(request: Request, error: HTTPException) -> Response:
    said = error.detail if error.detail != _title(error.status_code) else ""
    return answer(request, error.status_code, said, error.headers)


def _unknown(request: Request, _error: UnknownError) -> Response:
    return answer(request, 404, "there is no such thing here")


def _invalid(request: Request, error: RequestValidationError) -> Response:
    said = "; ".join(f"{_place(one['loc'])}: {one['msg']}" for one in error.errors()[:10])
    return answer(request, 422, said)


def _place(place: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in place)
