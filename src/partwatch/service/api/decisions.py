"""Decisions about submissions, each with a reason, each in the ledger."""

from __future__ import annotations

from fastapi import APIRouter

from partwatch.service.api.problems import answers
from partwatch.service.api.telling import SubmissionId, view_of
from partwatch.service.asking import Here, Who
from partwatch.service.decisions import Decided, decide, decided
from partwatch.service.states import ACTS_OF_REVIEWERS, Act, Role
from partwatch.service.submissions import find
from partwatch.service.views import DecisionRequest, DecisionView, SubmissionView

router = APIRouter(prefix="/submissions/{id}/decisions", tags=["decisions"])


@router.post(
    "",
    status_code=201,
    responses=answers(404, s409="That cannot be done about it as it stands, or not once more."),
)
def decide_submission(id: SubmissionId, asked: DecisionRequest, here: Here, who: Who) -> SubmissionView:
    """Release, confirm, or ask whoever submitted, as a reviewer; answer or appeal, as whoever submitted."""
    found = decide(here.store, id, asked.act, asked.reason, who)
    with here.store.reading() as connection:
        return view_of(here, connection, found)


@router.get("", responses=answers(404))
def list_decisions(id: SubmissionId, here: Here, who: Who) -> list[DecisionView]:
    """What was decided of a submission, in its order. Reviewers see who and why; whoever submitted sees what
    was asked, answered and appealed."""
    who.require(Role.SUBMIT, Role.REVIEW)
    with here.store.reading() as connection:
        found = decided(connection, find(connection, id, who).number)
    return [_view(one, Role.REVIEW in who.roles) for one in found]


def _view(one: Decided, is_reviewer: bool) -> DecisionView:
    is_own = one.act not in ACTS_OF_REVIEWERS
    return DecisionView(
        act=one.act,
        at=one.at,
        before=one.before,
        after=one.after,
        reason=one.reason if is_reviewer or is_own or one.act is Act.ASK else None,
        by=one.by if is_reviewer or is_own else None,
    )
