"""Submissions: handing in, and what became of it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from partwatch.service.api.intake import receive
from partwatch.service.asking import Here, Who
from partwatch.service.submissions import listed

router = APIRouter(prefix="/submissions", tags=["submissions"])


@router.post("", status_code=201)
async def submit(request: Request, response: Response, here: Here, who: Who) -> dict[str, str]:
    """Hand files in."""
    made, was_there = await receive(request, here, who)
    response.status_code = 200 if was_there else 201
    response.headers["Location"] = f"/v1/submissions/{made.id}"
    return {"id": made.id}


@router.get("")
def list_submissions(here: Here, who: Who) -> list[str]:
    """Ids of submissions, the latest first."""
    with here.store.reading() as connection:
        return [one.id for one in listed(connection, who)]
