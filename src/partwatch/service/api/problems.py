"""Errors as answers: RFC 9457 problem details, each with what was wrong and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse

from partwatch.model.errors import PartwatchError, StoreError, UsageError
from partwatch.service.decisions import WrongStateError
from partwatch.service.hooks import UnknownHookError
from partwatch.service.principals import ForbiddenError
from partwatch.service.queueing import BusyError
from partwatch.service.submissions import ReusedKeyError, UnknownSubmissionError

STATUS_OF: Final[Mapping[type[Exception], int]] = {
    UsageError: 422,
    ForbiddenError: 403,
    UnknownSubmissionError: 404,
    UnknownHookError: 404,
    WrongStateError: 409,
    ReusedKeyError: 422,
    BusyError: 429,
    StoreError: 503,
    PartwatchError: 422,
}
MEDIA_TYPE: Final = "application/problem+json"


def problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """One answer."""
    body: dict[str, Any] = {"type": "about:blank", "status": status, "title": title, "detail": detail}
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def add_problems(app: FastAPI) -> None:
    """Have the application answer every deliberate error so."""
    for kind, status in STATUS_OF.items():
        app.add_exception_handler(kind, _handler(status))


def _handler(status: int) -> Any:
    def handle(_request: Request, error: Exception) -> JSONResponse:
        headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, BusyError) else {}
        detail = "there is no such thing here" if status == 404 else str(error)
        return problem(status, type(error).__name__.removesuffix("Error"), detail, headers)

    return handle
