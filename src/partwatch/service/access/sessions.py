"""Sessions: a browser that logged in. It has a random name for it, of which the store has a digest.

There is none before a login: what a browser brings along that the store does not know is nothing, so that
nobody can have somebody else log in to a session that they know.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, select

from partwatch.service.access.accounts import account_of, digest, is_name, roles_of
from partwatch.service.access.passwords import matches
from partwatch.service.principals import Principal
from partwatch.service.store import ServiceStore, now
from partwatch.service.tables import ACCOUNTS, CUSTOMERS, SESSIONS


@dataclass(frozen=True)
class Session:
    """account: its number. csrf: what forms of this browser carry."""

    account: int
    principal: Principal
    csrf: str


def log_in(store: ServiceStore, name: str, password: str, address: str, before: str = "") -> str | None:
    """Begin a session; what the browser is to bring along, or None where name or password is wrong, or the
    account or its customer is shut out: which of these is not told. before: the session that it had; it ends.

    Takes as long whether there is such an account or not, and is noted in the ledger either way. Raises
    BusyError.
    """
    name = name.lower() if is_name(name.lower()) else ""
    with store.reading() as connection:
        kept = connection.execute(select(ACCOUNTS.c.password).filter_by(name=name)).scalar()
    right = matches(kept, password)
    with store.writing() as connection:
        row = connection.execute(
            select(
                ACCOUNTS.c.id,
                ACCOUNTS.c.password,
                ACCOUNTS.c.disabled_at,
                CUSTOMERS.c.disabled_at.label("shut"),
            )
            .outerjoin(CUSTOMERS, CUSTOMERS.c.id == ACCOUNTS.c.customer)
            .where(ACCOUNTS.c.name == name)
        ).first()
        # As it is now: while the password was looked at it may have been changed, or the account shut out.
        if not right or row is None or row.disabled_at or row.shut or row.password != kept:
            # Not what was typed where there is no such account: it may be a password.
            told = {"did": "refused", "account": name if row is not None else None, "address": address}
            store.note(connection, "login", told, "nobody")
            return None
        store.note(connection, "login", {"did": "in", "account": name, "address": address}, name)
        secret = secrets.token_urlsafe(32)
        hours = timedelta(hours=store.settings.access.session_hours)
        values = {"id_sha256": digest(secret), "account_id": row.id, "csrf": secrets.token_urlsafe(24)}
        connection.execute(insert(SESSIONS).values(values | {"created_at": now(), "expires_at": now(hours)}))
        connection.execute(
            delete(SESSIONS).where((SESSIONS.c.id_sha256 == digest(before)) | (SESSIONS.c.expires_at < now()))
        )
    return secret


def session_of(store: ServiceStore, secret: str) -> Session | None:
    """The session that a browser brought along; None where there is none, or its account or customer is shut
    out."""
    asked = (
        select(SESSIONS.c.account_id, SESSIONS.c.csrf, ACCOUNTS.c.name, ACCOUNTS.c.customer, ACCOUNTS.c.roles)
        .join(ACCOUNTS, ACCOUNTS.c.id == SESSIONS.c.account_id)
        .outerjoin(CUSTOMERS, CUSTOMERS.c.id == ACCOUNTS.c.customer)
        .where(SESSIONS.c.id_sha256 == digest(secret), SESSIONS.c.expires_at >= now())
        .where(ACCOUNTS.c.disabled_at.is_(None), CUSTOMERS.c.disabled_at.is_(None))
    )
    with store.reading() as connection:
        row = connection.execute(asked).first()
    if row is None:
        return None
    return Session(row.account_id, Principal(row.name, row.customer, roles_of(row.roles)), row.csrf)


def log_out(store: ServiceStore, secret: str, by: Principal) -> None:
    """End one session."""
    with store.writing() as connection:
        account_of(connection, by.name)
        store.note(connection, "login", {"did": "out", "account": by.name}, by.name)
        connection.execute(delete(SESSIONS).where(SESSIONS.c.id_sha256 == digest(secret)))
