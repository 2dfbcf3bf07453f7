"""What a route asks for: the service, and who is asking."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from partwatch.service.context import Service
from partwatch.service.principals import Principal


def service_of(request: Request) -> Service:
    """The service that the request came to."""
    return cast("Service", request.app.state.service)


def principal_of(request: Request) -> Principal:
    """Who asks; put there by `access.middleware` before anything else was done."""
    return cast("Principal", request.state.principal)


Here = Annotated[Service, Depends(service_of)]
Who = Annotated[Principal, Depends(principal_of)]
