"""Hunts: something new against everything that was ever screened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi import Query as Asked
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from partwatch.model.errors import UsageError
from partwatch.model.hunt import HuntDocument
from partwatch.service.api.days import Day, day_of
from partwatch.service.api.describing import form_with_files
from partwatch.service.api.intake import receive_form
from partwatch.service.api.problems import answers
from partwatch.service.asking import Here, Who
from partwatch.service.context import Service
from partwatch.service.hunt_queue import Hunt, HuntState, ask, find_hunt, hunts, looked_at, names_of
from partwatch.service.hunting import MOST, MOST_DESIGNS, MOST_OF_ALL, Query
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.service.submissions import Incoming

router = APIRouter(prefix="/hunt", tags=["hunt"])

_MOST: Final = 200
FIELDS: Final = ("since", "until", "most")
Name = Annotated[str, Field(min_length=1, max_length=200)]
HuntId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="As it was given when asked.")]
_LATER: Final = {"s429": "Too many hunts wait, or you ask too often; Retry-After says when to come again."}
# Forms send what was left empty, too.
_DAY: Final = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "maxLength": 0}]}
_FORM: Final = form_with_files(
    {"minItems": 1, "maxItems": 1, "description": "The file whose shape is hunted for."},
    {
        "since": _DAY,
        "until": _DAY,
        "most": {"type": "integer", "minimum": 1, "maximum": MOST_OF_ALL, "default": MOST},
    },
)


class HuntRequest(BaseModel):
    """What is hunted for: designs of the watch-list, or one part of one. since, until: days when something
    was screened, in UTC, both counted in. most: candidates to take, the nearest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    designs: tuple[Name, ...] = Field(min_length=1, max_length=MOST_DESIGNS)
    part: Name | None = None
    since: Day | None = None
    until: Day | None = None
    most: int = Field(default=MOST, ge=1, le=MOST_OF_ALL)


class HuntLine(BaseModel):
    """A hunt in short. sought: what for. failed: why it came to nothing."""

    model_config = ConfigDict(frozen=True)

    id: str
    by: str
    asked_at: str
    sought: tuple[str, ...]
    since: date | None
    until: date | None
    most: int
    state: HuntState
    failed: str | None
    done_at: str | None


class HuntView(HuntLine):
    """A hunt, and what is known of it so far: the document that `partwatch hunt --json` writes."""

    document: HuntDocument | None


class HuntPage(BaseModel):
    """Hunts, the latest first. next: for `after`, where there are more."""

    model_config = ConfigDict(frozen=True)

    items: tuple[HuntLine, ...]
    next: str | None


@router.post("", status_code=202, responses=answers(400, **_LATER))
def hunt(asked: HuntRequest, response: Response, here: Here, who: Who) -> HuntLine:
    """Have designs of the watch-list hunted for. It is done in the background: ask for it by its id."""
    query = Query(
        designs=asked.designs, part=asked.part, since=asked.since, until=asked.until, most=asked.most
    )
    made = ask(here, query, who)
    response.headers["Location"] = f"/v1/hunt/{made.id}"
    return HuntLine(**_told(made))


@router.post(
    "/file",
    status_code=202,
    response_model=HuntLine,
    responses=answers(400, 408, 413, 415, s507="There is too little room on the disk.", **_LATER),
    openapi_extra=_FORM,
)
async def hunt_file(request: Request, response: Response, here: Here, who: Who) -> HuntLine:
    """Have a file hunted for by its shape; it is kept until the hunt is done, and no longer."""
    who.require(Role.INVESTIGATE)
    made = await receive_form(request, here, FIELDS, partial(asked_file, here, who))
    response.headers["Location"] = f"/v1/hunt/{made.id}"
    return HuntLine(**_told(made))


def asked_file(here: Service, who: Principal, incoming: Incoming, told: Mapping[str, str]) -> Hunt:
    """A hunt for the one file of a form with `since`, `until` and `most`. Raises UsageError, BusyError."""
    if len(incoming.files) != 1:
        raise UsageError("files: give the one file that is hunted for")
    query = query_of(told, name=incoming.files[0][0])
    return ask(here, query, who, incoming.folder / "0")


def query_of(told: Mapping[str, str], designs: tuple[str, ...] = (), name: str | None = None) -> Query:
    """A query from the fields of a form, where an empty one says nothing. Raises UsageError."""
    most = told.get("most", "").strip() or str(MOST)
    if not (most.isascii() and most.isdigit() and len(most) < 7 and 1 <= int(most) <= MOST_OF_ALL):
        raise UsageError(f"most: is not a whole number from 1 to {MOST_OF_ALL:,}")
    part = told.get("part", "").strip() or None
    since, until = _day("since", told), _day("until", told)
    return Query(designs=designs, part=part, name=name, since=since, until=until, most=int(most))


def _day(field: str, told: Mapping[str, str]) -> date | None:
    text = told.get(field, "")
    try:
        return day_of(text) if text else None
    except ValueError as error:
        raise UsageError(f"{field}: is not a day as 2026-01-31") from error


@router.get("", responses=answers(404))
def list_hunts(
    here: Here,
    who: Who,
    after: Annotated[
        str | None, Asked(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Asked(ge=1, le=_MOST)] = 50,
) -> HuntPage:
    """Hunts that you may see, the latest first."""
    with here.store.reading() as connection:
        before = None if after is None else find_hunt(connection, after, who).number
        found = hunts(connection, who, before, limit + 1)
    page = found[:limit]
    more = page[-1].id if len(found) > limit else None
    return HuntPage(items=tuple(HuntLine(**_told(one)) for one in page), next=more)


@router.get("/{id}", responses=answers(404))
async def get_hunt(id: HuntId, here: Here, who: Who) -> HuntView:
    """A hunt and what it has found so far; noted in the ledger as a look at findings."""
    found, document = await run_in_threadpool(looked_at, here, id, who)
    return HuntView(**_told(found), document=document)


def _told(one: Hunt) -> dict[str, Any]:
    return {
        "id": one.id, "by": one.by, "asked_at": one.asked_at, "sought": tuple(names_of(one.query)),
        "since": one.query.since, "until": one.query.until, "most": one.query.most, "state": one.state,
        "failed": one.failed, "done_at": one.done_at,
    }  # fmt: skip
