"""Handing in, and what became of it as a submitter may see it: how it stands and why, never scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from partwatch.model.errors import StoreError, UsageError
from partwatch.report.escape import visible
from partwatch.service import events
from partwatch.service.access.forms import Form
from partwatch.service.api.intake import receive
from partwatch.service.api.problems import ProblemError
from partwatch.service.asking import Here, Who
from partwatch.service.context import Service
from partwatch.service.customers import customers
from partwatch.service.decisions import MOST_REASON_CHARS, Decided, WrongStateError, decide, decided
from partwatch.service.pages.rendering import page
from partwatch.service.pages.telling import ACTS, HEADINGS, STATES, When, age, many, size, when
from partwatch.service.principals import ForbiddenError, Principal
from partwatch.service.queueing import BusyError
from partwatch.service.results import items_of
from partwatch.service.reviewing import first_names
from partwatch.service.statements import statement_of
from partwatch.service.states import ACTS_OF_REVIEWERS, SCREENED, Act, Role, State
from partwatch.service.submissions import ReusedKeyError, Submission, files_of, find, listed
from partwatch.service.wording import unread

router = APIRouter()

ROWS: Final = 50
_MOST_FILES: Final = 200
_MOST_NUMBER: Final = (1 << 53) - 1
Id = Annotated[str, Path(min_length=1, max_length=64)]


@dataclass(frozen=True)
class Row:
    """A submission in a list, in words."""

    id: str
    reference: str
    customer: str
    name: str
    files: str
    size: str
    received: When
    age: str
    state: State
    state_name: str


@router.get("/submissions")
def submissions(
    request: Request,
    here: Here,
    who: Who,
    state: Annotated[str, Query(max_length=20)] = "",
    customer: Annotated[str, Query(max_length=64)] = "",
    before: Annotated[int | None, Query(ge=1, le=_MOST_NUMBER)] = None,
) -> Response:
    """All that whoever asks may see, the latest first."""
    who.require(Role.SUBMIT, Role.REVIEW)
    # Of no state that there is: as if none was asked for.
    states = [State(state)] if state in {one.value for one in State} else []
    with here.store.reading() as connection:
        found = listed(connection, who, states, before, ROWS + 1, customer or None)
        names = first_names(connection, [one.number for one in found])
    known = customers(here.store) if who.customer is None else {}
    asked = {"state": states[0].value if states else "", "customer": customer if customer in known else ""}
    shown = found[:ROWS]
    older = urlencode(asked | {"before": shown[-1].number}) if len(found) > ROWS else None
    told = {
        "rows": [row_of(one, names.get(one.number, ""), known) for one in shown],
        "states": [(one.value, STATES[one]) for one in State],
        "customers": known,
        "asked": asked,
        "older": older,
        "newest": urlencode(asked) if before is not None else None,
        "may_submit": Role.SUBMIT in who.roles,
    }
    return page(request, "submissions.html", told)


def row_of(found: Submission, name: str, customers_known: dict[str, str]) -> Row:
    """A row in words. customers_known: names by keys, empty where they are not shown."""
    return Row(
        id=found.id, reference=visible(found.reference or ""),
        customer=visible(customers_known.get(found.customer, found.customer)) if customers_known else "",
        name=visible(name), files=many(found.files, "file", "files"), size=size(found.bytes),
        received=when(found.received_at), age=age(found.received_at), state=found.state,
        state_name=STATES[found.state],
    )  # fmt: skip


@router.get("/submissions/new")
def new(request: Request, here: Here, who: Who) -> Response:
    """Where files are dropped."""
    who.require(Role.SUBMIT)
    return _form(request, here, who)


def _form(request: Request, here: Service, who: Principal, problem: str = "", status: int = 200) -> Response:
    intake = here.settings.intake
    told = {
        "customers": customers(here.store) if who.customer is None else {},
        "problem": problem,
        "most_files": intake.files,
        "file_mb": intake.file_mb,
        "submission_mb": intake.submission_mb,
        "passed_days": here.settings.retention.passed_files_days,
        "held_days": here.settings.retention.held_files_days,
    }
    return page(request, "submit.html", told, status)


@router.post("/submissions/new")
async def take_in(request: Request, here: Here, who: Who) -> Response:
    """Take in what the form carries: to its page, or for the script the address of it."""
    is_script = "application/json" in request.headers.get("accept", "")
    try:
        found, _ = await receive(request, here, who, expects_csrf=True)
    except (ProblemError, UsageError, ForbiddenError, BusyError, ReusedKeyError, StoreError) as error:
        if is_script:
            raise
        status, said = _refusal(error)
        return await run_in_threadpool(_form, request, here, who, said, status)
    address = f"/submissions/{found.id}"
    if is_script:
        return JSONResponse({"id": found.id, "address": address}, 201, {"Location": address})
    return RedirectResponse(address, 303)


def _refusal(error: Exception) -> tuple[int, str]:
    """The status, and what is told in the form."""
    if isinstance(error, ProblemError):
        return error.status, str(error)
    if isinstance(error, BusyError):
        return 429, f"{error} (in about {error.retry_after_s} s)"
    if isinstance(error, StoreError):
        return 503, "the store cannot be used now; try again soon"
    return (403 if isinstance(error, ForbiddenError) else 422), str(error)


@router.get("/submissions/{id}")
def one(request: Request, here: Here, who: Who, id: Id) -> Response:
    """How a submission stands, and why."""
    return _shown(request, here, who, id)


def _shown(
    request: Request,
    here: Service,
    who: Principal,
    public: str,
    problem: str = "",
    words: str = "",
    status: int = 200,
) -> Response:
    who.require(Role.SUBMIT, Role.REVIEW)
    with here.store.reading() as connection:
        found = find(connection, public, who)
        acts = decided(connection, found.number)
        # Also of what is withheld: bytes say nothing of shapes, and silence would tell it from all else.
        items = list(items_of(connection, found)) if found.state in SCREENED else []
        files = files_of(here.store, connection, found.number)
        told = events.after(connection, 0, submission=public)
    done = max((event.told.get("done", 0) for event in told if event.kind == events.PROGRESS), default=0)
    known = customers(here.store) if who.customer is None else {}
    is_open = found.state in (State.QUEUED, State.SCREENING)
    page_told: dict[str, Any] = {
        "row": row_of(found, files[0].name if files else "", known),
        "heading": HEADINGS[found.state],
        "said": statement_of(found, acts, here.settings.serving.operator),
        "unread": unread(items),
        "question": acts[-1].reason if found.state is State.ASKED and acts else None,
        "files": [
            (visible(file.name), size(file.bytes), file.path is not None) for file in files[:_MOST_FILES]
        ],
        "more_files": max(len(files) - _MOST_FILES, 0),
        "progress": (done, found.files) if is_open else None,
        "is_open": is_open,
        "steps": steps(found, acts),
        "may_answer": Role.SUBMIT in who.roles,
        "may_review": Role.REVIEW in who.roles and not is_open,
        "most_chars": MOST_REASON_CHARS,
        "problem": problem,
        "words": words,
        "gone": None if found.files_gone_at is None else when(found.files_gone_at),
    }
    return page(request, "submission.html", page_told, status)


def steps(found: Submission, acts: Sequence[Decided]) -> list[dict[str, Any]]:
    """What happened to it, in its order, as a submitter may know it: who of the operator's did it is not
    told, nor why it was released or confirmed."""
    made = [_step(found.received_at, "Handed in", State.QUEUED)]
    if found.screened_at is not None:
        made.append(_step(found.screened_at, "Read and compared", State.SCREENING))
    for act in acts:
        by = "a reviewer" if act.act in ACTS_OF_REVIEWERS else "the submitter"
        is_told = act.act not in (Act.RELEASE, Act.CONFIRM)
        made.append(_step(act.at, ACTS[act.act], act.after, by, act.reason if is_told else None))
    return made


def _step(at: str, what: str, state: State, by: str = "", said: str | None = None) -> dict[str, Any]:
    return {"at": when(at), "what": what, "by": by, "said": said, "state": state.value}


@router.post("/submissions/{id}/{act}")
def say(request: Request, here: Here, who: Who, form: Form, id: Id, act: Act) -> Response:
    """Answer a question, or appeal."""
    if act not in (Act.ANSWER, Act.APPEAL):
        raise ForbiddenError(
            "a submitter answers or appeals; what is decided stands on the page for reviewers"
        )
    words = str(form.get("reason", ""))
    try:
        decide(here.store, id, act, words.replace("\r\n", "\n"), who)
    except UsageError as error:
        return _shown(request, here, who, id, str(error), words, 422)
    except WrongStateError as error:
        return _shown(request, here, who, id, str(error), words, 409)
    return RedirectResponse(f"/submissions/{id}", 303)
