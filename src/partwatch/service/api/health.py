"""Whether the service is well."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["health"])


@router.get("/status/live")
def live() -> dict[str, str]:
    """That the process answers, and no more."""
    return {"status": "ok"}
