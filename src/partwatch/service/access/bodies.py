"""How much a request may send, counted as it comes in; nothing is kept here."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

MOST_BYTES: Final = 1 << 20


def is_told_too_large(content_length: str | None, most: int | None) -> bool:
    """Whether a request says beforehand that it is larger."""
    if most is None or content_length is None:
        return False
    return content_length.isdecimal() and int(content_length[:20]) > most


def limited(receive: Receive, most: int | None) -> Receive:
    """A `receive` that raises HTTPException (413) once more has come. None: no limit."""
    if most is None:
        return receive
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
