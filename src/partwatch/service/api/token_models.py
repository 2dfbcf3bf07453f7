"""Tokens in requests and answers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from partwatch.service.access.tokens import MOST_NAME_CHARS, Token
from partwatch.service.states import Role


class TokenTold(BaseModel):
    """A token, without its secret."""

    model_config = ConfigDict(frozen=True)

    id: str
    account: str
    name: str
    scopes: list[Role] = Field(description="What it may do, as far as its account still may.")
    created_at: str
    expires_at: str
    revoked_at: str | None
    used_at: str | None = Field(description="The last time, to the minute.")


class MadeToken(TokenTold):
    """A new token."""

    token: str = Field(description="What goes behind `Authorization: Bearer`; told only here.")


class NewToken(BaseModel):
    """A token to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=MOST_NAME_CHARS, description="What it is for.")
    scopes: list[Role] = Field(min_length=1, max_length=len(Role))
    days: int = Field(90, ge=1, le=3650, description="For how long; the operator may set fewer at most.")


def told(one: Token) -> TokenTold:
    """A token as it is told."""
    return TokenTold(
        id=one.id, account=one.account, name=one.name, scopes=sorted(one.scopes), created_at=one.created_at,
        expires_at=one.expires_at, revoked_at=one.revoked_at, used_at=one.used_at,
    )  # fmt: skip


def made(one: Token, text: str) -> MadeToken:
    """A new one, with its text."""
    return MadeToken(**told(one).model_dump(), token=text)
