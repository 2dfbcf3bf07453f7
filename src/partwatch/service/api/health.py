"""Whether the service is well."""

from __future__ import annotations

from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from partwatch import __version__
from partwatch.service.asking import Here, Who, of_application
from partwatch.service.once_in_a_while import Kept
from partwatch.service.states import Role
from partwatch.service.wellbeing import Grade, findings, worst_of

router = APIRouter(tags=["health"])

# However often it is asked for.
KEPT_S: Final = 2.0


class Live(BaseModel):
    """That the process answers."""

    model_config = ConfigDict(frozen=True)

    status: Literal["ok"] = "ok"


class Check(BaseModel):
    """One question. told: for people; it names no path, no file and no customer."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: Grade
    told: str


class Health(BaseModel):
    """How the service is. ok. degraded: it takes in and keeps, and something else needs a person. failing: it
    cannot do its work now."""

    model_config = ConfigDict(frozen=True)

    status: Grade
    version: str
    checks: tuple[Check, ...]


_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {503: {"model": Health, "description": "It is failing."}}


@router.get("/status/live")
def live() -> Live:
    """That the process answers, and no more."""
    return Live()


@router.get("/status", response_model=Health, responses=_ANSWERS)
def status(request: Request, here: Here, who: Who) -> Response:
    """How the service is: store, disk, watch-list, queue, chores. 503 where it cannot do its work."""
    who.require(Role.ADMINISTER)
    found = of_application(request, "health", lambda: Kept(lambda: findings(here), KEPT_S)).get()
    grade = worst_of(found)
    checks = tuple(Check(name=one.name, status=one.grade, told=one.told) for one in found)
    told = Health(status=grade, version=__version__, checks=checks)
    return Response(
        told.model_dump_json(),
        503 if grade is Grade.FAILING else 200,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
