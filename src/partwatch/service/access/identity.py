"""Who asks, by what a request brings along: a token, a session, or nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, cast

from fastapi import Depends, Request
from starlette.datastructures import Headers

from partwatch.service.access import sessions, tokens
from partwatch.service.access.web_key import form_token
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore

# Sees nothing: no customer has this key.
NOBODY: Final = Principal("nobody", "", frozenset())
# A program on this machine that watches over the service, where others log in.
MONITOR: Final = Principal("this machine", "", frozenset({Role.ADMINISTER}))
_MOST_COOKIE_CHARS: Final = 128


class Way(StrEnum):
    """How it is known who asks."""

    NOBODY = "nobody"
    MACHINE = "machine"
    SESSION = "session"
    TOKEN = "token"


@dataclass(frozen=True)
class Identity:
    """account: its number, None without one. csrf: what this browser's forms carry; never empty. visitor: a
    cookie to give the browser, so that its next form is believed; None where it needs none."""

    principal: Principal
    way: Way
    csrf: str
    account: int | None = None
    visitor: str | None = None


@dataclass(frozen=True)
class Cookies:
    """What the service's cookies are called, and what is said with each. secure: over TLS, where no other
    host can set them."""

    secure: bool

    @property
    def session(self) -> str:
        """The one that a login gives."""
        return self._named("partwatch_session")

    @property
    def visitor(self) -> str:
        """The one that a browser has before, or where there is no login."""
        return self._named("partwatch_visitor")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def header(self, name: str, value: str, seconds: int | None = None) -> str:
        """A Set-Cookie header. seconds: for how long, 0 to take it back, None until the browser ends."""
        kept = "" if seconds is None else f"; Max-Age={seconds}"
        return f"{name}={value}; Path=/{kept}; HttpOnly; SameSite=Lax{'; Secure' if self.secure else ''}"

    def of(self, headers: Headers, name: str) -> str:
        """The cookie of that name that a request brings along, '' without one."""
        for line in headers.getlist("cookie"):
            for pair in line.split(";"):
                key, _, value = pair.strip().partition("=")
                if key == name and 0 < len(value) <= _MOST_COOKIE_CHARS and value.isascii():
                    return value
        return ""


class Refused(Exception):  # noqa: N818 - no error of ours: an answer
    """A token was shown that is none, or is over."""


def by_token(store: ServiceStore, authorization: str) -> Identity:
    """Who shows a token. Raises Refused."""
    scheme, _, text = authorization.partition(" ")
    found = tokens.shown(store, text.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise Refused
    # No form carries this: a token comes from no form.
    return Identity(found.principal, Way.TOKEN, secrets.token_urlsafe(24), found.account)


def by_session(store: ServiceStore, secret: str) -> Identity | None:
    """Who logged in with a browser that brings this along."""
    found = sessions.session_of(store, secret) if secret else None
    return None if found is None else Identity(found.principal, Way.SESSION, found.csrf, found.account)


def unknown(key: bytes, visitor: str, local: bool) -> Identity:
    """Whoever asks on this machine where no login is needed; else nobody. visitor: the cookie that came."""
    new = None if visitor else secrets.token_urlsafe(24)
    csrf = form_token(key, visitor or new or "")
    who, way = (THIS_MACHINE, Way.MACHINE) if local else (NOBODY, Way.NOBODY)
    return Identity(who, way, csrf, visitor=new)


def identity_of(request: Request) -> Identity:
    """Who asks, and how that is known; put there by the middleware."""
    return cast("Identity", request.state.identity)


Known = Annotated[Identity, Depends(identity_of)]
