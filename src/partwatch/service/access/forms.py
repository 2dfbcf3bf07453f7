"""Forms of pages: read, and believed only with the token that the page was given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData


async def form_of(request: Request) -> FormData:
    """The fields of a form. Raises ForbiddenError where it did not come from a page of this service."""
    return await request.form(max_files=0, max_fields=200)


Form = Annotated[FormData, Depends(form_of)]
