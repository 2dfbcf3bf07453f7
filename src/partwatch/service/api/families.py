"""Families: what of the kept files, or of the listed parts, is a copy, a revision or a remix of what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from partwatch.model.families import FamiliesDocument
from partwatch.service import families
from partwatch.service.api.days import Day
from partwatch.service.api.problems import answers
from partwatch.service.asking import Here, Who
from partwatch.service.assembling import Question
from partwatch.service.families import Of, Run, RunState, UnknownRunError
from partwatch.service.submissions import MOST_REFERENCE_CHARS

router = APIRouter(prefix="/families", tags=["families"])

Id = Annotated[str, Path(min_length=1, max_length=64)]


class FamiliesAsked(BaseModel):
    """What is asked for. of: `files` of submissions that are still kept, which wants the role investigate, or
    the parts of the `list`, which wants curate. customer, since, until: only files of such submissions; days,
    both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Of = Of.FILES
    customer: str | None = Field(default=None, min_length=1, max_length=MOST_REFERENCE_CHARS)
    since: Day | None = None
    until: Day | None = None


class RunTold(BaseModel):
    """A run. state: its document is there once it is `done`; `ended`: its process was killed, ask again.
    why: of a failed one. files: how many are compared; left_out: how many kept ones were too many."""

    model_config = ConfigDict(frozen=True)

    id: str
    of: Of
    state: RunState
    by: str
    at: str
    why: str
    files: int
    left_out: int
    submissions: tuple[str, ...]


@router.get("", responses=answers())
def list_runs(here: Here, who: Who) -> list[RunTold]:
    """Runs of the last month, the latest first. Wants the role investigate or curate."""
    return [_told(one) for one in families.runs(here, who)]


@router.post("", status_code=202, responses=answers(400))
def ask_for_families(here: Here, who: Who, asked: FamiliesAsked) -> RunTold:
    """Begin a run: it takes seconds to minutes. That it was asked is noted, with every submission it is
    about."""
    question = Question(asked.customer, None, asked.since, asked.until)
    return _told(families.ask(here, who, asked.of, question))


@router.get("/{run}", responses=answers(404))
def get_run(here: Here, who: Who, run: Id) -> RunTold:
    """How a run stands."""
    return _told(_found(here, who, run))


@router.get("/{run}/document", responses=answers(404, 409))
def get_families(here: Here, who: Who, run: Id) -> FamiliesDocument:
    """What a run found, as `partwatch families --json` writes it; files under their submission's id, or
    parts under their design. That somebody looks is noted."""
    found = _found(here, who, run)
    if found.state is not RunState.DONE:
        raise HTTPException(409, f"it is {found.state.value}: {found.why or 'there is nothing to show yet'}")
    return families.found_by(here, who, found)[0]


def _found(here: Here, who: Who, run: str) -> Run:
    try:
        return families.run_of(here, who, run)
    except UnknownRunError as error:
        raise HTTPException(404) from error


def _told(run: Run) -> RunTold:
    return RunTold(
        id=run.id, of=run.of, state=run.state, by=run.by, at=run.at, why=run.why,
        files=len(run.told["files"]), left_out=run.told["left_out"], submissions=run.submissions,
    )  # fmt: skip
