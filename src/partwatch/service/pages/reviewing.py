"""The queue of what is held for a person, what was found in it, and what a person decides about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from partwatch.model.document import Finding, Match
from partwatch.model.errors import UsageError
from partwatch.report.escape import visible
from partwatch.service.access.forms import Form
from partwatch.service.asking import Here, Who
from partwatch.service.context import Service
from partwatch.service.customers import customers
from partwatch.service.decisions import MOST_REASON_CHARS, WrongStateError, decide, decided, look
from partwatch.service.pages import viewing
from partwatch.service.pages.findings import files_told, terms_told
from partwatch.service.pages.rendering import page
from partwatch.service.pages.submitting import Row, row_of
from partwatch.service.pages.telling import ACTS, STATES, When, when
from partwatch.service.principals import Principal
from partwatch.service.reviewing import (
    DECIDABLE,
    Queued,
    Wanted,
    count_held,
    found_by_file,
    header_of,
    look_over,
    next_in_queue,
    queue,
)
from partwatch.service.states import ACTS_OF_REVIEWERS, SCREENED, TRANSITIONS, Act, Role, State
from partwatch.service.submissions import Submission, find

router = APIRouter()
router.include_router(viewing.router)

ROWS: Final = 50
FILES: Final = 20
_MOST_NUMBER: Final = (1 << 53) - 1
_SHOWN: Final = {"": DECIDABLE, **{one.value: (one,) for one in (State.HELD, State.ASKED)}}
_LATER: Final = {one.value: (one,) for one in (State.RELEASED, State.CONFIRMED, State.PASSED)}
_LABELS: Final = {
    Act.RELEASE: "Release",
    Act.CONFIRM: "Confirm and refuse",
    Act.ASK: "Ask the submitter",
}
_DONE: Final = {
    Act.RELEASE: "Released.",
    Act.CONFIRM: "Confirmed and refused.",
    Act.ASK: "The question was put to the submitter.",
}
Id = Annotated[str, Path(min_length=1, max_length=64)]


@dataclass(frozen=True)
class QueueRow:
    """A row of the queue in words. flags: what a reviewer should know first."""

    row: Row
    finding: str
    flags: tuple[str, ...]


@router.get("/review")
def held(
    request: Request,
    here: Here,
    who: Who,
    state: Annotated[str, Query(max_length=20)] = "",
    finding: Annotated[str, Query(max_length=20)] = "",
    customer: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[int, Query(ge=0, le=_MOST_NUMBER)] = 0,
) -> Response:
    """What waits for a person, the oldest first; or what was decided."""
    who.require(Role.REVIEW)
    known = customers(here.store) if who.customer is None else {}
    state = state if state in _SHOWN | _LATER else ""
    finding = finding if finding in set(Finding) else ""
    customer = customer if customer in known else ""
    wanted = Wanted((_SHOWN | _LATER)[state], customer or None, Finding(finding) if finding else None, after)
    with here.store.reading() as connection:
        found = queue(connection, who, wanted, ROWS + 1)
        waiting = count_held(connection, who)
    shown = found[:ROWS]
    look_over(here.store, [one.submission.id for one in shown], who)
    asked = {"state": state, "finding": finding, "customer": customer}
    told = {
        "rows": [_queue_row(one, known) for one in shown],
        "states": [("", "waits for a person")]
        + [
            (one.value, STATES[one])
            for one in (State.HELD, State.ASKED, State.RELEASED, State.CONFIRMED, State.PASSED)
        ],
        "findings": [one.value for one in Finding],
        "customers": known,
        "asked": asked,
        "waiting": f"{waiting:,}",
        "next": urlencode(asked | {"after": shown[-1].submission.number}) if len(found) > ROWS else None,
        "first": urlencode(asked) if after else None,
    }
    return page(request, "review.html", told)


def _queue_row(one: Queued, known: dict[str, str]) -> QueueRow:
    found = one.submission
    flags = []
    if found.withheld:
        flags.append("near-copy")
    if one.last is Act.APPEAL and found.state is State.HELD:
        flags.append("appeal")
    if one.last is Act.ANSWER and found.state is State.HELD:
        flags.append("answered")
    return QueueRow(
        row_of(found, one.name, known), "" if found.finding is None else found.finding.value, tuple(flags)
    )


@router.get("/review/{id}")
def one(
    request: Request,
    here: Here,
    who: Who,
    id: Id,
    first: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    part: bool = False,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """What was found in a submission; that it is looked at is noted first."""
    said = _DONE.get(Act(done), "") if done in set(Act) else ""
    return _shown(request, here, who, id, first=first, part=part, said=said)


def _shown(
    request: Request, here: Service, who: Principal, public: str, *, first: int = 0, part: bool = False,
    said: str = "", problem: str = "", words: str = "", status: int = 200,
) -> Response:  # fmt: skip
    look(here.store, public, who, "review")
    viewing.looks_of(request).noted(who.name, public)
    part = part and viewing.may_see_parts(who)
    with here.store.reading() as connection:
        found = find(connection, public, who)
        is_read = found.state in SCREENED
        files = found_by_file(here.store, connection, found, first, FILES) if is_read else []
        header = header_of(connection, found)
        acts = decided(connection, found.number)
        upcoming = next_in_queue(connection, who, found.number)
    known = customers(here.store) if who.customer is None else {}

    def alike(match: Match) -> bool:
        return viewing.look_alike_of(here, match) is not None

    told: dict[str, Any] = {
        "row": row_of(found, files[0].file.name if files else "", known),
        "finding": "" if found.finding is None else found.finding.value,
        "groups": [(visible(kind), visible(name)) for kind, name in sorted(found.groups.items())],
        "account": visible(found.account),
        "near_copy": found.withheld,
        "is_read": is_read,
        "files": [] if header is None else files_told(files, header, alike),
        "terms": [] if header is None else terms_told(header),
        "file_count": found.files,
        "range": (first + 1, first + len(files)),
        "before": max(first - FILES, 0) if first else None,
        "after": first + FILES if first + FILES < found.files else None,
        "gone": _gone(found),
        "acts": [_act(one) for one in acts],
        "seen": len(acts),
        "choices": _choices(found.state),
        "upcoming": upcoming if upcoming != public else None,
        "may_see_parts": viewing.may_see_parts(who),
        "part": part,
        "said": said,
        "problem": problem,
        "words": words,
        "most_chars": MOST_REASON_CHARS,
    }
    return page(request, "review_one.html", told, status)


def _gone(found: Submission) -> When | None:
    return None if found.files_gone_at is None else when(found.files_gone_at)


def _act(one: Any) -> dict[str, Any]:
    return {
        "what": ACTS[one.act], "by": visible(one.by), "at": when(one.at), "said": one.reason,
        "state": one.after.value,
    }  # fmt: skip


def _choices(state: State) -> list[tuple[str, str]]:
    """What a reviewer may do now: the act and its button."""
    return [(act.value, label) for act, label in _LABELS.items() if state in TRANSITIONS[act][0]]


@router.post("/review/{id}/decisions")
def decision(request: Request, here: Here, who: Who, form: Form, id: Id) -> Response:
    """Release, confirm or ask, with a reason. A question is read by the submitter."""
    words = str(form.get("reason", "")).replace("\r\n", "\n")
    name = str(form.get("act", ""))
    if name not in {act.value for act in ACTS_OF_REVIEWERS}:
        return _shown(request, here, who, id, problem="choose what is to be done", words=words, status=422)
    act = Act(name)
    if (problem := _problem(here, who, id, str(form.get("seen", "")))) is not None:
        return _shown(request, here, who, id, problem=problem, words=words, status=409)
    try:
        decide(here.store, id, act, words, who)
    except UsageError as error:
        return _shown(request, here, who, id, problem=str(error), words=words, status=422)
    except WrongStateError as error:
        return _shown(request, here, who, id, problem=str(error), words=words, status=409)
    return RedirectResponse(f"/review/{id}?done={act.value}", 303)


def _problem(here: Service, who: Principal, public: str, seen: str) -> str | None:
    """Why it is not decided yet: somebody else did something meanwhile."""
    who.require(Role.REVIEW)
    with here.store.reading() as connection:
        found = find(connection, public, who)
        if seen != str(len(decided(connection, found.number))):
            return "something was done about it since this page was loaded; look at it below and decide again"
    return None
