"""Forgetting what was handed in, for whoever administers."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict

from partwatch.service.api.problems import MEDIA_TYPE
from partwatch.service.asking import Here, Who
from partwatch.service.decisions import MOST_REASON_CHARS
from partwatch.service.forgetting import forget

router = APIRouter(tags=["submissions"])


class ForgottenSubmission(BaseModel):
    """What is left of a submission: that it was there, how it ended, and when it was forgotten."""

    model_config = ConfigDict(frozen=True)

    id: str
    state: str
    received_at: str
    screened_at: str | None
    decided_at: str | None
    forgotten_at: str


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {}}}


_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    403: _problem("The account does not administer."),
    404: _problem("There is no such submission here."),
    409: _problem("It is not screened yet, or not decided."),
    503: _problem("The store cannot be used now."),
}


@router.delete("/submissions/{id}", responses=_ANSWERS)
def forget_submission(
    here: Here,
    who: Who,
    id: Annotated[str, Path(min_length=1, max_length=64, description="The submission's id.")],
    reason: Annotated[str, Query(min_length=1, max_length=MOST_REASON_CHARS, description="On record.")],
) -> ForgottenSubmission:
    """Forget a submission: files, names, results, reasons, fingerprints, and what the ledger says of it."""
    found = forget(here, id, who, reason)
    return ForgottenSubmission(
        id=found.id,
        state=found.state.value,
        received_at=found.received_at,
        screened_at=found.screened_at,
        decided_at=found.decided_at,
        forgotten_at=found.forgotten_at or "",
    )
