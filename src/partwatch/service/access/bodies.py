"""How much a request may send, counted as it comes in; nothing is kept here."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

MOST_BYTES: Final = 1 << 20
# Beside files: what a multipart body says of each.
_AROUND: Final = 4 << 20


def most_of_upload(submission_mb: int) -> int:
    """Bytes of the largest body that hands something in."""
    return (submission_mb << 20) + _AROUND


def is_told_too_large(content_length: str | None, most: int) -> bool:
    """Whether a request says beforehand that it is larger."""
    return content_length is not None and content_length.isdecimal() and int(content_length[:20]) > most


def limited(receive: Receive, most: int) -> Receive:
    """A `receive` that raises HTTPException (413) once more has come."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, "the request is larger than what is taken in here")
        return message

    return receiving
