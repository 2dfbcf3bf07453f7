"""One new part against everything ever seen: asking, and what was found."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from partwatch.model.errors import StoreError, UsageError
from partwatch.model.hunt import Hit, HuntDocument, HuntStatus
from partwatch.report import hunt_words as words
from partwatch.report.escape import visible
from partwatch.service.access.forms import Form
from partwatch.service.api.hunt import FIELDS, asked_file, query_of
from partwatch.service.api.intake import receive_form
from partwatch.service.asking import Here, Who
from partwatch.service.context import Service
from partwatch.service.hunt_queue import WAITING, Hunt, HuntState, ask, find_hunt, hunts, looked_at, names_of
from partwatch.service.pages.rendering import page
from partwatch.service.principals import Principal
from partwatch.service.queueing import BusyError
from partwatch.service.states import Role
from partwatch.watchlist.store import Watchlist

router = APIRouter()

_HUNTS: Final = 30
_HITS: Final = 200
# More are typed, not chosen.
_DESIGNS: Final = 1_000
_MOST_NUMBER: Final = (1 << 53) - 1
Id = Annotated[str, Path(min_length=1, max_length=64)]
_STATES: Final = {
    HuntState.WAITING: ("waiting", "s-queued"),
    HuntState.RUNNING: ("under way", "s-screening"),
    HuntState.DONE: ("done", "s-passed"),
    HuntState.FAILED: ("came to nothing", "t-unscreenable"),
}


@router.get("/hunt")
def hunt_page(
    request: Request,
    here: Here,
    who: Who,
    before: Annotated[int | None, Query(ge=1, le=_MOST_NUMBER)] = None,
) -> Response:
    """Where hunts are asked for, and those that were."""
    return _asking(request, here, who, before=before)


@router.post("/hunt")
async def hunt_design(request: Request, here: Here, who: Who, form: Form) -> Response:
    """Have a listed design hunted for."""
    told = {name: str(form.get(name, "")) for name in ("design", "part", "since", "until", "most")}

    def asked() -> Response:
        try:
            if not told["design"].strip():
                raise UsageError("choose a listed design")
            made = ask(here, query_of(told, designs=(told["design"].strip(),)), who)
        except (UsageError, BusyError) as error:
            return _asking(
                request, here, who, str(error), status=429 if isinstance(error, BusyError) else 422
            )
        return RedirectResponse(f"/hunt/{made.id}", 303)

    return await run_in_threadpool(asked)


@router.post("/hunt/file")
async def hunt_file(request: Request, here: Here, who: Who) -> Response:
    """Have a file hunted for."""
    who.require(Role.INVESTIGATE)
    try:
        made = await receive_form(request, here, FIELDS, partial(asked_file, here, who), request.state.csrf)
    except (UsageError, BusyError) as error:
        said, status = str(error), 429 if isinstance(error, BusyError) else 422
        return await run_in_threadpool(_asking, request, here, who, said, status)
    return RedirectResponse(f"/hunt/{made.id}", 303)


@router.get("/hunt/{id}")
def one_hunt(request: Request, id: Id, here: Here, who: Who) -> Response:
    """A hunt and what it found so far; noted in the ledger."""
    found, document = looked_at(here, id, who)
    told: dict[str, Any] = {"hunt": _line(found), "document": None, "progress": _progress(found)}
    if document is not None:
        told |= {
            "document": document,
            "extent": words.extent(document),
            "counts": _counts(document),
            "limits": [visible(line) for line in words.limits(document)],
            "hits": [_hit(hit, who) for hit in document.hits[:_HITS]],
            "left_out": max(0, len(document.hits) - _HITS),
        }
    return page(request, "hunt_one.html", told)


@router.get("/hunt/{id}/state")
def state_of_hunt(id: Id, here: Here, who: Who) -> Response:
    """How far a hunt is, for the page's script: nothing of what it found."""
    with here.store.reading() as connection:
        found = find_hunt(connection, id, who)
    told = {"state": found.state.value, "progress": _progress(found)}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _asking(
    request: Request, here: Service, who: Principal, problem: str = "", status: int = 200,
    before: int | None = None,
) -> Response:  # fmt: skip
    with here.store.reading() as connection:
        found = hunts(connection, who, before, _HUNTS + 1)
    shown = found[:_HUNTS]
    told = {
        "problem": visible(problem),
        "designs": _designs(here),
        "hunts": [_line(one) for one in shown],
        "older": shown[-1].number if len(found) > _HUNTS else None,
        "is_first": before is None,
        "file_mb": here.settings.intake.file_mb,
    }
    return page(request, "hunt.html", told, status)


def _designs(here: Service) -> list[str]:
    """Names of listed designs to choose from; none where there is no list yet."""
    try:
        return Watchlist.open(here.home).design_names()[:_DESIGNS]
    except StoreError:
        return []


def _line(one: Hunt) -> dict[str, Any]:
    name, tone = _STATES[one.state]
    days = [f"{word} {day}" for word, day in (("since", one.query.since), ("until", one.query.until)) if day]
    return {
        "id": one.id, "sought": ", ".join(map(visible, names_of(one.query))), "by": visible(one.by),
        "asked_at": one.asked_at, "asked": f"{one.asked_at[:10]} {one.asked_at[11:16]} UTC",
        "state": name, "tone": tone, "is_over": one.state.value not in WAITING, "days": ", ".join(days),
        "failed": visible(one.failed) if one.failed else None,
    }  # fmt: skip


def _progress(one: Hunt) -> str:
    if one.state.value not in WAITING:
        return ""
    if one.progress is None:
        return "It waits for its turn."
    files = len({candidate.file_sha256 for candidate in one.progress.candidates})
    return f"{len(one.progress.again):,} of at most {files:,} files screened again so far."


def _counts(document: HuntDocument) -> list[tuple[str, int, str]]:
    return [
        (status.value, sum(hit.status is status for hit in document.hits), words.MEANING[status])
        for status in HuntStatus
    ]


def _hit(hit: Hit, who: Principal) -> dict[str, Any]:
    return {
        "status": hit.status.value, "target": visible(words.target(hit)), "submission": hit.submission,
        "link": f"/review/{hit.submission}" if Role.REVIEW in who.roles else None,
        "file": visible(hit.file or hit.file_sha256[:16]),
        "member": visible(hit.member) if hit.member is not None else None, "body": hit.body,
        "customer": visible(hit.customer), "screened_at": hit.screened_at, "day": hit.screened_at[:10],
        "found": words.found(hit), "rate": words.rate(hit.rate) if hit.rate else None,
        "why": visible(hit.why) if hit.why else None,
    }  # fmt: skip
