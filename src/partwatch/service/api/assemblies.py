"""Assemblies: what parts that were sent apart, over time, add up to."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from partwatch.model.assemblies import AssembliesDocument
from partwatch.model.document import Finding
from partwatch.model.errors import UsageError
from partwatch.service import assembling
from partwatch.service.api.days import Day
from partwatch.service.api.problems import answers
from partwatch.service.asking import Here, Who
from partwatch.service.states import State
from partwatch.service.submissions import MOST_REFERENCE_CHARS

router = APIRouter(prefix="/assemblies", tags=["assemblies"])

Text = Annotated[str | None, Query(min_length=1, max_length=MOST_REFERENCE_CHARS)]


class RestsOn(BaseModel):
    """A submission that an assembly rests on. groups: what it was said to belong to when it came."""

    model_config = ConfigDict(frozen=True)

    id: str
    customer: str
    received_at: str
    state: State
    finding: Finding | None
    groups: dict[str, str]


class AssembliesAnswer(BaseModel):
    """document: what `partwatch assemble` writes, its items under paths that begin with their submission's
    id; kinds of groups are those of the submissions, `customer`, `submission` and stretches of days.
    submissions: all that its assemblies rest on. counted: submissions that were looked at, the latest ones;
    left_out: how many older ones were too many."""

    model_config = ConfigDict(frozen=True)

    document: AssembliesDocument
    submissions: tuple[RestsOn, ...]
    counted: int
    left_out: int


@router.get("", responses=answers())
def get_assemblies(
    here: Here,
    who: Who,
    customer: Text = None,
    kind: Text = None,
    group: Text = None,
    since: Day | None = None,
    until: Day | None = None,
) -> AssembliesAnswer:
    """What the screened submissions of a customer, of a group or of all add up to.

    kind, group: of a group that was handed in with submissions; both or neither. since, until: days, both
    included. Wants the role investigate; that it was asked is noted, with every submission it names.
    """
    question = assembling.Question(customer, asked_group(kind, group), since, until)
    found = assembling.assemblies(here, who, question, date.today())
    assembling.note_look(here, who, found, "assemblies")
    rests_on = tuple(
        RestsOn(
            id=one.id, customer=one.customer, received_at=one.received_at, state=one.state,
            finding=one.finding, groups=dict(one.groups),
        )
        for one in found.submissions.values()
    )  # fmt: skip
    return AssembliesAnswer(
        document=found.document, submissions=rests_on, counted=found.counted, left_out=found.left_out
    )


def asked_group(kind: str | None, group: str | None) -> tuple[str, str] | None:
    """The group that is meant. Raises UsageError where one of the two is missing."""
    if kind is None and group is None:
        return None
    if kind is None or group is None:
        raise UsageError("a group is named by its kind and its name: give both, or neither")
    return kind, group
