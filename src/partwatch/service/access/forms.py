"""Forms of pages: read, and believed only with the token that the page was given."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from partwatch.model.errors import UsageError
from partwatch.service.principals import ForbiddenError


async def form_of(request: Request) -> FormData:
    """The fields of a form. Raises ForbiddenError where it did not come from a page of this service."""
    form = await request.form(max_files=0, max_fields=200)
    check_csrf(request, field(form, "csrf"))
    return form


def check_csrf(request: Request, given: str) -> None:
    """Raise ForbiddenError where that is not what this browser's forms carry. For forms that are read as they
    stream in: see `form_of`."""
    wanted: str = request.state.csrf
    if not wanted or not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode()):
        raise ForbiddenError("this form is over; go back, load the page anew and send it again")


def field(form: FormData, name: str, otherwise: str = "") -> str:
    """The text of a field. Raises UsageError where it is given twice."""
    given = form.getlist(name)
    if len(given) > 1:
        raise UsageError(f"{name}: was given {len(given)} times")
    return given[0] if given and isinstance(given[0], str) else otherwise


Form = Annotated[FormData, Depends(form_of)]
