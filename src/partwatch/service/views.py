"""What the API tells of submissions and decisions, as models: the same that a client reads.

No score, no part and no design is in any of them: these are for whoever handed something in, too.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from partwatch.service.states import Act, State


class View(BaseModel):
    """Base of all."""

    model_config = ConfigDict(frozen=True)


class FileView(View):
    """One file of a submission. name: as it was handed in. kept: whether it still lies in the store."""

    position: int = Field(ge=0, description="Of the file among the others, from 0.")
    name: str
    bytes: int = Field(ge=0)
    sha256: str
    kept: bool


class Message(View):
    """What the operator asked, or what whoever submitted answered or wrote in an appeal."""

    at: str
    by: Literal["operator", "submitter"]
    act: Act
    text: str


class Redress(View):
    """How a decision can be contested. left: appeals that are left. how: in words."""

    possible: bool
    left: int = Field(ge=0)
    how: str


class Statement(View):
    """A statement of reasons: what was decided about a submission, on what ground, and how to contest it.

    It names no score, no design and no part, and is the same whatever was found. automated: how far machines
    had to do with it. contact: the operator's name, where it has given one.
    """

    submission: str
    reference: str | None
    state: State
    decision: str
    effect: str
    facts: str
    ground: str
    automated: str
    decided_at: str | None
    messages: tuple[Message, ...]
    redress: Redress
    contact: str | None


class SubmissionLine(View):
    """A submission in short. Times are in UTC. groups: what it belongs to, kind to name. file_count, bytes:
    of all of its files."""

    id: str
    customer: str
    state: State
    reference: str | None
    groups: dict[str, str]
    received_at: str
    screened_at: str | None
    decided_at: str | None
    file_count: int = Field(ge=0)
    bytes: int = Field(ge=0)


class SubmissionView(SubmissionLine):
    """A submission, as whoever handed it in sees it. statement: once there is something to state."""

    files: tuple[FileView, ...]
    statement: Statement | None


class SubmissionPage(View):
    """Submissions, the latest first. next: for `after`, where there are more."""

    items: tuple[SubmissionLine, ...]
    next: str | None


class DecisionView(View):
    """One decision. reason, by: None where they are the operator's own and whoever asks is not."""

    act: Act
    at: str
    before: State
    after: State
    reason: str | None
    by: str | None


class DecisionRequest(BaseModel):
    """What to do about a submission, and why. release, confirm and ask are a reviewer's; answer and appeal
    are for whoever handed it in. What is asked, answered and appealed the other side reads; why something
    was released or confirmed stays with the operator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Act
    reason: str = Field(min_length=1, max_length=4000)
