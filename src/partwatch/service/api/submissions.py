"""Submissions: handing in, and what became of it."""

from __future__ import annotations

from fastapi import APIRouter

from partwatch.service.asking import Here, Who
from partwatch.service.submissions import listed

router = APIRouter(prefix="/submissions", tags=["submissions"])


@router.get("")
def list_submissions(here: Here, who: Who) -> list[str]:
    """Ids of submissions, the latest first."""
    with here.store.reading() as connection:
        return [one.id for one in listed(connection, who)]
