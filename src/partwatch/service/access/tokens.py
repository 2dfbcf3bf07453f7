"""Tokens: how programs show who they are. `pw_<id>_<secret>`, of which the store has a digest of the secret.

A token can do what its scopes and its account's roles both allow, each asked anew with every request.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from partwatch.model.errors import UsageError
from partwatch.service.access.accounts import (
    Account,
    UnknownError,
    account_of,
    as_json,
    digest,
    roles_of,
)
from partwatch.service.principals import ForbiddenError, Principal
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore, now
from partwatch.service.submissions import check_text
from partwatch.service.tables import ACCOUNTS, CUSTOMERS, TOKENS

MOST_NAME_CHARS: Final = 100
MOST_OF_AN_ACCOUNT: Final = 100
ID_PATTERN: Final = r"[0-9a-f]{16}"
# A leaked one is told by its beginning.
_TEXT: Final = re.compile(rf"pw_({ID_PATTERN})_([0-9a-f]{{64}})")
_USE_NOTED: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Token:
    """scopes: what it may do, as far as its account still may. used_at: to the minute."""

    id: str
    account: str
    name: str
    scopes: frozenset[Role]
    created_at: str
    expires_at: str
    revoked_at: str | None
    used_at: str | None

    @property
    def is_over(self) -> bool:
        """Whether it does nothing any more."""
        return self.revoked_at is not None or self.expires_at < now()


def make_token(
    store: ServiceStore,
    account: str,
    name: str,
    scopes: Collection[Role],
    days: int,
    by: Principal,
) -> tuple[Token, str]:
    """A token of an account, and its text, which nobody is told again.

    By the account itself, with what whoever asks may do; or by an administrator. Raises UsageError,
    ForbiddenError, UnknownError.
    """
    check_text("a token's name", name, MOST_NAME_CHARS)
    if not scopes:
        raise UsageError(f"a token needs a scope: some of {', '.join(Role)}")
    most = store.settings.access.token_days
    if not 1 <= days <= most:
        raise UsageError(f"a token lives for 1 to {most} days")
    public, secret = secrets.token_hex(8), secrets.token_hex(32)
    with store.writing() as connection:
        owner = _owner(connection, account, by)
        allowed = owner.roles & by.roles if owner.name == by.name else owner.roles
        if not set(scopes) <= allowed:
            more = ", ".join(sorted(set(scopes) - allowed))
            raise ForbiddenError(f"a token of {owner.name} cannot have the scope {more}")
        if len([one for one in tokens_of(connection, owner.name) if not one.is_over]) >= MOST_OF_AN_ACCOUNT:
            raise UsageError(f"{owner.name} has {MOST_OF_AN_ACCOUNT} tokens; revoke one")
        told = {"id": public, "did": "made", "account": owner.name, "scopes": sorted(scopes), "name": name}
        store.note(connection, "token", told | {"days": days}, by.name)
        row = {"id": public, "account_id": owner.id, "name": name, "secret_sha256": digest(secret)}
        row |= {"scopes": as_json(scopes), "created_at": now(), "expires_at": now(timedelta(days=days))}
        connection.execute(insert(TOKENS).values(row))
        return _found(connection, public), f"pw_{public}_{secret}"


def tokens_of(connection: Connection, account: str | None = None) -> list[Token]:
    """Tokens of one account or of all, the latest first."""
    asked = (
        select(TOKENS, ACCOUNTS.c.name.label("account")).join(ACCOUNTS).order_by(TOKENS.c.created_at.desc())
    )
    if account is not None:
        asked = asked.where(ACCOUNTS.c.name == account)
    return [_token(row) for row in connection.execute(asked)]


def revoke_token(store: ServiceStore, public: str, by: Principal) -> Token:
    """Have a token do nothing from now on; one's own, or any as an administrator. Raises UnknownError."""
    with store.writing() as connection:
        found = _found(connection, public)
        if found.account != by.name and Role.ADMINISTER not in by.roles:
            raise UnknownError(f"{public}: no such token")
        if found.revoked_at is None:
            store.note(
                connection, "token", {"id": public, "did": "revoked", "account": found.account}, by.name
            )
            connection.execute(update(TOKENS).where(TOKENS.c.id == public).values(revoked_at=now()))
        return _found(connection, public)


@dataclass(frozen=True)
class Shown:
    """Whose token was shown, and what it may do now."""

    id: str
    account: int
    principal: Principal


def shown(store: ServiceStore, text: str) -> Shown | None:
    """Whose token that is; None where it is none, is over or revoked, or its account or customer is shut out.
    Its use is noted, at most once a minute."""
    parts = _TEXT.fullmatch(text)
    if parts is None:
        return None
    asked = (
        select(TOKENS, ACCOUNTS.c.name.label("account"), ACCOUNTS.c.customer, ACCOUNTS.c.roles)
        .join(ACCOUNTS, ACCOUNTS.c.id == TOKENS.c.account_id)
        .outerjoin(CUSTOMERS, CUSTOMERS.c.id == ACCOUNTS.c.customer)
        .where(TOKENS.c.id == parts[1], TOKENS.c.revoked_at.is_(None), TOKENS.c.expires_at >= now())
        .where(ACCOUNTS.c.disabled_at.is_(None), CUSTOMERS.c.disabled_at.is_(None))
    )
    with store.reading() as connection:
        row = connection.execute(asked).first()
    if row is None or not hmac.compare_digest(row.secret_sha256, digest(parts[2])):
        return None
    _note_use(store, row)
    roles = roles_of(row.scopes) & roles_of(row.roles)
    return Shown(row.id, row.account_id, Principal(row.account, row.customer, roles))


def _note_use(store: ServiceStore, row: Row[Any]) -> None:
    if row.used_at is not None and row.used_at >= now(-_USE_NOTED):
        return
    with store.writing() as connection:
        connection.execute(update(TOKENS).where(TOKENS.c.id == row.id).values(used_at=now()))


def _owner(connection: Connection, account: str, by: Principal) -> Account:
    if by.name != account.lower():
        by.require(Role.ADMINISTER)
    owner = account_of(connection, account)
    if owner.disabled_at is not None:
        raise UsageError(f"{owner.name}: is disabled; enable it first")
    return owner


def _found(connection: Connection, public: str) -> Token:
    asked = select(TOKENS, ACCOUNTS.c.name.label("account")).join(ACCOUNTS).where(TOKENS.c.id == public)
    row = connection.execute(asked).first() if re.fullmatch(ID_PATTERN, public) else None
    if row is None:
        raise UnknownError(f"{public!a}: no such token")
    return _token(row)


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id, account=row.account, name=row.name, scopes=roles_of(row.scopes),
        created_at=row.created_at, expires_at=row.expires_at, revoked_at=row.revoked_at, used_at=row.used_at,
    )  # fmt: skip
