"""What the reference says of error answers: problem details, by their statuses."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from partwatch.service.api.problems import MEDIA_TYPE


class ProblemDetails(BaseModel):
    """What went wrong, and the mend (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    status: int = Field(description="As in the answer's first line.")
    title: str
    detail: str = Field(description="A sentence for whoever asked.")


# Of every route that not everybody may use.
FORBIDDEN: Final = (401, 403, 422, 429, 503)
_SAID: Final = {
    401: "No token, or one that is over.",
    403: "Not with these roles, or from a page of another site.",
    404: "No such thing, or not for whoever asks.",
    409: "Not as it stands now.",
    413: "Larger than what is taken in.",
    422: "What was asked cannot be done; the detail says why.",
    429: "Too often; Retry-After says when to ask again.",
    503: "The store cannot be used now.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`."""
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        one: {"model": ProblemDetails, "description": _SAID[one], "content": {MEDIA_TYPE: {"schema": schema}}}
        for one in statuses
    }
