"""Answers to what went wrong: problem details for programs, a page for people."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

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
    500: "Something went wrong here, and was noted. Try again, or tell whoever runs this service.",
}


def answer(
    request: Request, status: int, detail: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """What went wrong, in the form that whoever asks can use."""
    detail = detail or _MEND.get(status, "")
    if is_for_programs(request.scope["path"]):
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
    for kind, handler in list(handlers.items()):
        handlers[kind] = _for_people(handler)


def _for_people(handler: Any) -> Any:
    async def handle(request: Request, error: Exception) -> Response:
        made = handler(request, error)
        response: Response = await made if inspect.isawaitable(made) else made
        told = response.headers.get("content-type", "")
        if is_for_programs(request.scope["path"]) or not told.startswith((MEDIA_TYPE, "application/json")):
            return response
        kept = {name: response.headers[name] for name in ("retry-after", "allow") if name in response.headers}
        return answer(request, response.status_code, _detail(response), kept)

    return handle


def _detail(response: Response) -> str:
    detail = json.loads(bytes(response.body)).get("detail")
    return detail if isinstance(detail, str) and detail != _title(response.status_code) else ""


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
