"""What everybody with an account may do with it: see it, change its password, make and revoke its tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from partwatch.service.access import accounts, tokens
from partwatch.service.access.identity import Known, Way
from partwatch.service.access.logins import check_rate
from partwatch.service.access.passwords import MOST_CHARS
from partwatch.service.api.token_models import MadeToken, NewToken, TokenTold, made, told
from partwatch.service.api.told import FORBIDDEN, errors
from partwatch.service.asking import Here, Who
from partwatch.service.decisions import WrongStateError
from partwatch.service.principals import ForbiddenError
from partwatch.service.states import Role

router = APIRouter(prefix="/account", responses=errors(*FORBIDDEN))


class Own(BaseModel):
    """Who asks, and what they may do by the means with which they ask."""

    model_config = ConfigDict(frozen=True)

    name: str
    customer: str | None
    roles: list[Role]
    way: Way = Field(description="machine, session or token.")


class NewPassword(BaseModel):
    """The password that there is, and the one that is to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old: str = Field(max_length=MOST_CHARS)
    new: str = Field(max_length=MOST_CHARS)


@router.get("")
def whoami(who: Who, known: Known) -> Own:
    """Who asks."""
    return Own(name=who.name, customer=who.customer, roles=sorted(who.roles), way=known.way)


@router.put("/password", status_code=204, responses=errors(409))
def change_password(request: Request, here: Here, known: Known, asked: NewPassword) -> None:
    """Change the password; every session of the account ends. Not with a token."""
    name = _account(known)
    _require_person(known)
    check_rate(request, name)
    accounts.change_password(here.store, name, asked.old, asked.new, known.principal)


@router.get("/tokens", responses=errors(409))
def own_tokens(here: Here, known: Known) -> list[TokenTold]:
    """The account's tokens, the latest first."""
    name = _account(known)
    with here.store.reading() as connection:
        return [told(one) for one in tokens.tokens_of(connection, name)]


@router.post("/tokens", status_code=201, responses=errors(409))
def new_own_token(here: Here, known: Known, asked: NewToken) -> MadeToken:
    """A token for a program, within what whoever asks may do."""
    name = _account(known)
    _require_person(known)
    return made(*tokens.make_token(here.store, name, asked.name, asked.scopes, asked.days, known.principal))


@router.delete("/tokens/{token}", responses=errors(404, 409))
def revoke_own_token(
    here: Here, known: Known, token: Annotated[str, Path(pattern=rf"^{tokens.ID_PATTERN}$")]
) -> TokenTold:
    """Have one of the account's tokens do nothing from now on."""
    name = _account(known)
    with here.store.reading() as connection:
        if token not in {one.id for one in tokens.tokens_of(connection, name)}:
            raise accounts.UnknownError(f"{token}: no such token")
    return told(tokens.revoke_token(here.store, token, known.principal))


def _account(known: Known) -> str:
    if known.account is None:
        raise WrongStateError("whoever uses this machine has no account here, and needs no token")
    return known.principal.name


def _require_person(known: Known) -> None:
    """A token that could make others would outlive its own revocation."""
    if known.way is Way.TOKEN:
        raise ForbiddenError("a token makes no tokens and changes no password; log in to do so")
