"""What routes that answer with documents of investigators have in common: the errors that they may answer."""

from __future__ import annotations

from typing import Any, Final

from partwatch.service.api.problems import MEDIA_TYPE

_WORDS: Final = {
    400: "The body cannot be read.",
    401: "No login was given, or it is not good any more.",
    403: "Whoever asks lacks the role for it.",
    404: "There is no such thing here, or not for whoever asks.",
    409: "It cannot be shown as it stands; the detail says why.",
    422: "Something in the request cannot be; the detail names it.",
    429: "Asked too often; Retry-After says when to come again.",
    503: "The store, or a case, cannot be used now.",
}
_SCHEMA: Final = {
    "type": "object",
    "required": ["status", "title", "detail"],
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
    },
}


def refusals(*also: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: what each may answer instead, and `also` those."""
    return {
        status: {"description": _WORDS[status], "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
        for status in sorted({401, 403, 422, 429, 503, *also})
    }
