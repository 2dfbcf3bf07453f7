"""Webhooks: where events are sent to, signed as Standard Webhooks has it. docs/reference/webhooks.md."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from partwatch.service import courier
from partwatch.service.api.problems import MEDIA_TYPE
from partwatch.service.asking import Here, Who
from partwatch.service.hooks import (
    Delivery,
    Hook,
    add_hook,
    deliver_again,
    deliveries,
    disable_hook,
    find_hook,
    hooks,
    rotate_secret,
)
from partwatch.service.webhook_sending import MOST_URL_CHARS

_MOST_SEQ: Final = (1 << 53) - 1


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {}}}


_COMMON: Final[dict[int | str, dict[str, Any]]] = {
    403: _problem("The account may not keep these hooks."),
    503: _problem("The store cannot be used now."),
}
_OF_ONE: Final = _COMMON | {404: _problem("There is no such hook here.")}

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

HookId = Annotated[str, Path(min_length=1, max_length=64, description="The hook's id.")]


class NewHook(BaseModel):
    """url: where events are sent to. kinds: of events; none for all but `submission.progress`. customer:
    whose events; none for one's own, or for whoever administers those of all customers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(min_length=1, max_length=MOST_URL_CHARS)
    kinds: tuple[str, ...] = Field(default=(), max_length=20)
    customer: str | None = Field(default=None, min_length=1, max_length=63)


class HookShown(BaseModel):
    """A hook, without its secret. waiting, given_up: deliveries."""

    model_config = ConfigDict(frozen=True)

    id: str
    customer: str | None
    url: str
    kinds: tuple[str, ...]
    created_at: str
    by: str
    disabled_at: str | None
    waiting: int
    given_up: int


class HookMade(BaseModel):
    """A new hook. secret: shown this once."""

    model_config = ConfigDict(frozen=True)

    hook: HookShown
    secret: str


class NewSecret(BaseModel):
    """A new secret, shown this once. For a day events are signed with the one before as well."""

    model_config = ConfigDict(frozen=True)

    secret: str


class DeliveryShown(BaseModel):
    """One event on its way to a hook. attempts: so often it was tried. said: the last answer, in words.
    next_at: when it is tried next, in seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    seq: int
    kind: str
    submission: str
    at: str
    attempts: int
    next_at: float | None
    done_at: str | None
    gave_up_at: str | None
    said: str | None


class Tested(BaseModel):
    """What became of a test. said: the answer, in words."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    said: str


@router.get("", responses=_COMMON)
def list_hooks(here: Here, who: Who) -> list[HookShown]:
    """The hooks that whoever asks keeps."""
    with here.store.reading() as connection:
        return [_shown(one) for one in hooks(connection, who)]


@router.post("", status_code=201, responses=_COMMON)
def make_hook(here: Here, who: Who, asked: NewHook) -> HookMade:
    """Add a hook; events from now on are sent to it."""
    made, secret = add_hook(here.store, asked.url, asked.kinds, asked.customer, who)
    return HookMade(hook=_shown(made), secret=secret)


@router.get("/{id}", responses=_OF_ONE)
def show_hook(here: Here, who: Who, id: HookId) -> HookShown:
    """One hook."""
    with here.store.reading() as connection:
        return _shown(find_hook(connection, id, who))


@router.delete("/{id}", responses=_OF_ONE)
def end_hook(here: Here, who: Who, id: HookId) -> HookShown:
    """Send nothing more to a hook; what waits for it is given up. It stays on record."""
    return _shown(disable_hook(here.store, id, who))


@router.post("/{id}/secret", responses=_OF_ONE)
def change_secret(here: Here, who: Who, id: HookId) -> NewSecret:
    """Give a hook a new secret."""
    return NewSecret(secret=rotate_secret(here.store, id, who))


@router.post("/{id}/test", responses=_OF_ONE | {429: _problem("Other hooks are being tested; try again.")})
def test_hook(here: Here, who: Who, id: HookId) -> Tested:
    """Send a hook an event of kind `webhook.test` now."""
    outcome = courier.test_delivery(here, id, who)
    return Tested(ok=outcome.is_ok, said=outcome.said)


@router.get("/{id}/deliveries", responses=_OF_ONE)
def list_deliveries(
    here: Here, who: Who, id: HookId, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[DeliveryShown]:
    """The latest deliveries of a hook, the latest first."""
    with here.store.reading() as connection:
        return [_delivery(one) for one in deliveries(connection, id, who, limit)]


@router.post("/{id}/deliveries/{seq}", status_code=202, responses=_OF_ONE)
def send_again(here: Here, who: Who, id: HookId, seq: Annotated[int, Path(ge=1, le=_MOST_SEQ)]) -> Response:
    """Send an event to a hook once more, such as one that was given up."""
    deliver_again(here.store, id, seq, who)
    return Response(status_code=202)


def _shown(one: Hook) -> HookShown:
    return HookShown(**asdict(one))


def _delivery(one: Delivery) -> DeliveryShown:
    is_open = one.done_at is None and one.gave_up_at is None
    return DeliveryShown(**asdict(one) | {"next_at": one.next_at if is_open else None})
