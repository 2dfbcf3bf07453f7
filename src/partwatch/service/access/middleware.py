"""Before anything else is done with a request: who asks."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from partwatch.service.principals import THIS_MACHINE


def add_to(app: FastAPI) -> None:
    """Put it around the application."""
    app.add_middleware(_Identified)


class _Identified:
    """Sets `request.state.principal`, and `request.state.csrf`: what forms of this browser carry."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {}).update(principal=THIS_MACHINE, csrf="")
        await self._app(scope, receive, send)
