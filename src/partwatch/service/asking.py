"""What a route asks for: the service, and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request

from partwatch.service.context import Service
from partwatch.service.principals import Principal

_One = TypeVar("_One")


def service_of(request: Request) -> Service:
    """The service that the request came to."""
    return cast("Service", request.app.state.service)


def principal_of(request: Request) -> Principal:
    """Who asks; put there by `access.middleware` before anything else was done."""
    return cast("Principal", request.state.principal)


def of_application(request: Request, name: str, make: Callable[[], _One]) -> _One:
    """What an application has one of, by its name in the state; made when it is first asked for."""
    state = request.app.state
    if not hasattr(state, name):
        setattr(state, name, make())
    return cast("_One", getattr(state, name))


Here = Annotated[Service, Depends(service_of)]
Who = Annotated[Principal, Depends(principal_of)]
