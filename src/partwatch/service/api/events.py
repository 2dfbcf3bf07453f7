"""Events as they happen: server-sent events of one submission, or of all that whoever asks may see."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response, StreamingResponse

from partwatch.service import events
from partwatch.service.api.problems import MEDIA_TYPE
from partwatch.service.asking import Here, Who, of_application, service_of
from partwatch.service.context import Service
from partwatch.service.events import Event
from partwatch.service.principals import Principal
from partwatch.service.states import Role, State
from partwatch.service.streams import Listener, Streams
from partwatch.service.submissions import find

router = APIRouter(tags=["events"])

HEARTBEAT_S: Final = 15.0
MOST_S: Final = 300
_PAGE: Final = 500
_MOST_SEQ: Final = (1 << 53) - 1
# When a browser asks again after a stream has ended.
_RETRY_MS: Final = 2000
# States that nobody needs to wait in: what comes after is by an appeal.
FINAL: Final = frozenset({State.PASSED, State.RELEASED, State.CONFIRMED})
# Streams read the store in few threads, whatever their number.
_READERS: Final = CapacityLimiter(4)


class EventData(BaseModel):
    """The data of one event. type: such as `submission.screened`. submission: its id. told: what changed,
    never a score and never a part."""

    model_config = ConfigDict(frozen=True)

    type: str
    submission: str
    customer: str
    at: str
    told: Mapping[str, Any]


class StreamEnd(BaseModel):
    """The data of the event `stream.end`. final: nothing more is to be waited for. time: its time is over;
    ask again with the last id. behind: it was read too slowly, or the service ends; ask again as well."""

    model_config = ConfigDict(frozen=True)

    reason: Literal["final", "time", "behind"]


LastId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=_MOST_SEQ,
        description="The last event that came; those after it come.",
    ),
]
Seconds = Annotated[
    int, Query(ge=0, le=MOST_S, description="After so long the stream ends; 0 for what is there already.")
]
PublicId = Annotated[str, Path(min_length=1, max_length=64, description="The submission's id.")]


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {}}}


_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A stream: each event has an id, its type, and data that fit `EventData`.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "x-event-data": EventData.model_json_schema(),
                "x-end-data": StreamEnd.model_json_schema(),
            }
        },
    },
    403: _problem("The account has no role that sees submissions."),
    429: _problem("Too many streams of this account; Retry-After says when to ask again."),
    503: _problem("The store cannot be read now."),
}


@router.get(
    "/submissions/{id}/events",
    response_class=StreamingResponse,
    responses=_ANSWERS
    | {
        204: {"description": "It is final, and all of it was told: browsers ask no more."},
        404: _problem("There is no such submission here."),
    },
)
async def events_of_submission(
    request: Request,
    here: Here,
    who: Who,
    id: PublicId,
    last_event_id: LastId = None,
    seconds: Seconds = MOST_S,
) -> Response:
    """What happens to a submission, from its beginning or after the last event that came, until it has
    passed, is released or confirmed."""
    who.require(Role.SUBMIT, Role.REVIEW)
    state = await _in_thread(_state_of, here, id, who)
    after = last_event_id or 0
    if state in FINAL and last_event_id is not None and not await _in_thread(_page, here, after, None, id):
        return Response(status_code=204)
    return await _stream(request, here, who, id, after, seconds)


@router.get("/events", response_class=StreamingResponse, responses=_ANSWERS)
async def all_events(
    request: Request, here: Here, who: Who, last_event_id: LastId = None, seconds: Seconds = MOST_S
) -> Response:
    """What happens to all submissions that whoever asks may see, from now on or after the last event that
    came."""
    who.require(Role.SUBMIT, Role.REVIEW)
    after = await _in_thread(_latest, here) if last_event_id is None else last_event_id
    return await _stream(request, here, who, None, after, seconds)


async def _stream(
    request: Request, here: Service, who: Principal, public: str | None, after: int, seconds: int
) -> Response:
    streams = streams_of(request)
    listener = Listener(who.name, who.customer, public)
    # Before the answer begins, so that a refusal is one.
    await _in_thread(streams.add, listener)
    told = _told(here, listener, who, public, after, seconds)
    return _Stream(told, streams, listener)


class _Stream(StreamingResponse):
    """Gives its listener back however it ends, begun or not."""

    media_type = "text/event-stream"

    def __init__(self, told: AsyncIterator[bytes], streams: Streams, listener: Listener) -> None:
        super().__init__(told, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._streams = streams
        self._listener = listener

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.remove(self._listener)


async def _told(
    here: Service, listener: Listener, who: Principal, public: str | None, after: int, seconds: int
) -> AsyncIterator[bytes]:
    """Bytes of a stream: what came since `after`, then what comes."""
    ends = time.monotonic() + seconds
    yield format_sse_event(retry=_RETRY_MS)
    last = after
    while page := await _in_thread(_page, here, last, who.customer, public):
        for one in page:
            yield _bytes_of(one)
        last = page[-1].seq
        if len(page) < _PAGE:
            break
    while True:
        if public is not None and await _in_thread(_is_told, here, public, who, last):
            yield _end("final")
            return
        if (left := ends - time.monotonic()) <= 0 or listener.is_over:
            yield _end("behind" if listener.is_over else "time")
            return
        found = await listener.next_within(min(left, HEARTBEAT_S))
        fresh = [one for one in found if one.seq > last]
        for one in fresh:
            yield _bytes_of(one)
            last = one.seq
        if not fresh:
            yield KEEPALIVE_COMMENT


def _is_told(here: Service, public: str, who: Principal, last: int) -> bool:
    """Whether a submission is final, and its last event was told."""
    with here.store.reading() as connection:
        is_final = find(connection, public, who).state in FINAL
        return is_final and not events.after(connection, last, submission=public, limit=1)


def _page(here: Service, after: int, customer: str | None, public: str | None) -> list[Event]:
    with here.store.reading() as connection:
        return events.after(connection, after, customer, public, _PAGE)


def _state_of(here: Service, public: str, who: Principal) -> State:
    with here.store.reading() as connection:
        return find(connection, public, who).state


def _latest(here: Service) -> int:
    with here.store.reading() as connection:
        return events.latest(connection)


async def _in_thread(work: Any, *given: Any) -> Any:
    return await to_thread.run_sync(work, *given, limiter=_READERS)


def _bytes_of(one: Event) -> bytes:
    data = EventData(
        type=one.kind, submission=one.submission, customer=one.customer, at=one.at, told=one.told
    )
    return format_sse_event(data_str=data.model_dump_json(), event=one.kind, id=str(one.seq))


def _end(reason: Literal["final", "time", "behind"]) -> bytes:
    return format_sse_event(data_str=StreamEnd(reason=reason).model_dump_json(), event="stream.end")


def streams_of(request: Request) -> Streams:
    """The listeners of the application, made with the first of them. `close` ends them before the process
    does."""
    return of_application(request, "streams", lambda: Streams(service_of(request).store))
