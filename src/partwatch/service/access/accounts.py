"""Accounts: who may log in, with which roles, for which customer.

The operator's own people have no customer and any roles; an account of a customer can only submit. Nobody has
a password that somebody else chose for good: a person sets it by a link that works once.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from partwatch.model.errors import UsageError
from partwatch.service.access.passwords import hashed, matches, password_problem
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore, now
from partwatch.service.tables import ACCOUNTS, CUSTOMERS, SESSIONS

MOST_NAME_CHARS: Final = 64
NAME_PATTERN: Final = r"[a-z0-9][a-z0-9._@+-]{0,63}"
SETUP_HOURS: Final = 48
_NAME: Final = re.compile(NAME_PATTERN)


class UnknownError(UsageError):
    """There is no such account, customer, token or link, or not for whoever asks."""


@dataclass(frozen=True)
class Account:
    """customer: whose things it sees; None for the operator's own people. awaits_setup: whether a link by
    which a password may be set is open."""

    id: int
    name: str
    customer: str | None
    roles: frozenset[Role]
    has_password: bool
    awaits_setup: bool
    created_at: str
    disabled_at: str | None

    @property
    def principal(self) -> Principal:
        """What it may do."""
        return Principal(self.name, self.customer, self.roles)


def is_name(text: str) -> bool:
    """Whether an account may be called so; what may not is never asked of the database."""
    return _NAME.fullmatch(text) is not None


def add_account(
    store: ServiceStore,
    name: str,
    roles: Collection[Role],
    customer: str | None,
    by: Principal,
    password: str | None = None,
) -> Account:
    """A new account. Without a password nobody can log in to it until one is set: see `setup_link`.

    Raises UsageError, ForbiddenError, UnknownError (for the customer), BusyError.
    """
    by.require(Role.ADMINISTER)
    name = name.lower()
    if not is_name(name):
        raise UsageError(f"{name!a}: an account's name has 1 to 64 of a-z, 0-9 and . _ @ + -")
    check_roles(roles, customer)
    kept = None if password is None else _kept(password, name)
    row = {"name": name, "customer": customer, "roles": as_json(roles), "password": kept}
    with store.writing() as connection:
        if connection.execute(select(ACCOUNTS.c.id).filter_by(name=name)).scalar() is not None:
            raise UsageError(f"{name}: there is such an account already")
        check_customer(connection, customer)
        told = {"name": name, "did": "added", "roles": sorted(roles), "customer": customer}
        store.note(connection, "account", told, by.name)
        connection.execute(insert(ACCOUNTS).values(row | {"created_at": now()}))
        return account_of(connection, name)


def check_roles(roles: Collection[Role], customer: str | None) -> None:
    """Raise UsageError for roles that an account of that customer, or of none, cannot have."""
    if not roles:
        raise UsageError(f"an account needs a role: {', '.join(Role)}")
    if customer is not None and set(roles) != {Role.SUBMIT}:
        raise UsageError("an account of a customer has the role submit and no other")


def check_customer(connection: Connection, customer: str | None) -> None:
    """Raise UnknownError where there is no such customer."""
    if customer is None:
        return
    if connection.execute(select(CUSTOMERS.c.id).filter_by(id=customer)).scalar() is None:
        raise UnknownError(f"{customer}: no such customer")


def accounts(connection: Connection) -> list[Account]:
    """All of them, by name."""
    return [_account(row) for row in connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.name))]


def account_of(connection: Connection, name: str) -> Account:
    """The account of that name. Raises UnknownError."""
    row = None
    if is_name(name.lower()):
        row = connection.execute(select(ACCOUNTS).filter_by(name=name.lower())).first()
    if row is None:
        raise UnknownError(f"{name!a}: no such account")
    return _account(row)


def set_roles(store: ServiceStore, name: str, roles: Collection[Role], by: Principal) -> Account:
    """Give an account these roles and no others, at once. Raises UsageError, ForbiddenError, UnknownError."""
    by.require(Role.ADMINISTER)
    with store.writing() as connection:
        found = account_of(connection, name)
        check_roles(roles, found.customer)
        told = {"name": found.name, "did": "roles", "roles": sorted(roles), "before": sorted(found.roles)}
        store.note(connection, "account", told, by.name)
        _set(connection, found, roles=as_json(roles))
        _check_someone_administers(connection, found)
        return account_of(connection, name)


def set_disabled(store: ServiceStore, name: str, disabled: bool, by: Principal) -> Account:
    """Shut an account out at once, or let it in again. Its sessions end; its tokens do nothing meanwhile.
    Raises UsageError, ForbiddenError, UnknownError."""
    by.require(Role.ADMINISTER)
    with store.writing() as connection:
        found = account_of(connection, name)
        did = "disabled" if disabled else "enabled"
        store.note(connection, "account", {"name": found.name, "did": did}, by.name)
        gone = {"setup_sha256": None, "setup_until": None} if disabled else {}
        _set(connection, found, disabled_at=now() if disabled else None, **gone)
        end_sessions(connection, found.id)
        _check_someone_administers(connection, found)
        return account_of(connection, name)


def set_password(store: ServiceStore, name: str, password: str, by: Principal) -> None:
    """Give an account a password; all of its sessions end. Its own, or as an administrator.

    Raises UsageError, ForbiddenError, UnknownError, BusyError.
    """
    if by.name != name.lower():
        by.require(Role.ADMINISTER)
    kept = _kept(password, name)
    with store.writing() as connection:
        found = account_of(connection, name)
        store.note(connection, "account", {"name": found.name, "did": "password"}, by.name)
        _password_is(connection, found, kept)


def change_password(store: ServiceStore, name: str, old: str, new: str, by: Principal) -> None:
    """Change one's own password, knowing the old one. Raises UsageError, UnknownError, BusyError."""
    with store.reading() as connection:
        kept = connection.execute(select(ACCOUNTS.c.password).filter_by(name=name)).scalar()
    if not matches(kept, old):
        raise UsageError("the password that you have now is another; type it again")
    set_password(store, name, new, by)


def setup_link(store: ServiceStore, name: str, by: Principal) -> str:
    """The secret of a link by which whoever has it sets the account's password, once, within 48 hours; one
    that was made before no longer works. Raises UsageError, ForbiddenError, UnknownError."""
    by.require(Role.ADMINISTER)
    secret = secrets.token_urlsafe(32)
    with store.writing() as connection:
        found = account_of(connection, name)
        if found.disabled_at is not None:
            raise UsageError(f"{found.name}: is disabled; enable it first")
        store.note(connection, "account", {"name": found.name, "did": "setup link"}, by.name)
        until = now(timedelta(hours=SETUP_HOURS))
        _set(connection, found, setup_sha256=digest(secret), setup_until=until)
    return secret


def awaiting(connection: Connection, secret: str) -> Account:
    """The account that a setup link is for. Raises UnknownError where it was used, is over, or never was."""
    row = connection.execute(
        select(ACCOUNTS).filter_by(setup_sha256=digest(secret), disabled_at=None)
    ).first()
    if row is None or row.setup_until < now():
        raise UnknownError("this link was used or is over; ask for another")
    return _account(row)


def set_up(store: ServiceStore, secret: str, password: str) -> Account:
    """Set a password by a setup link, which does nothing afterwards. Raises UsageError, UnknownError,
    BusyError."""
    with store.reading() as connection:
        found = awaiting(connection, secret)
    kept = _kept(password, found.name)
    with store.writing() as connection:
        # Again: somebody may have been faster.
        found = awaiting(connection, secret)
        store.note(connection, "account", {"name": found.name, "did": "password by link"}, found.name)
        _password_is(connection, found, kept)
    return found


def digest(secret: str) -> str:
    """What is kept of a random secret: nobody who reads the store can use it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def as_json(roles: Collection[Role]) -> str:
    """Roles as the tables have them."""
    return json.dumps(sorted(roles))


def roles_of(text: str) -> frozenset[Role]:
    """Roles from the tables; one that this version does not know is none."""
    return frozenset(Role(one) for one in json.loads(text) if one in set(Role))


def end_sessions(connection: Connection, account: int) -> None:
    """End all sessions of an account."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.account_id == account))


def _kept(password: str, name: str) -> str:
    if (problem := password_problem(password, name)) is not None:
        raise UsageError(problem)
    return hashed(password)


def _password_is(connection: Connection, account: Account, kept: str) -> None:
    _set(connection, account, password=kept, setup_sha256=None, setup_until=None)
    end_sessions(connection, account.id)


def _set(connection: Connection, account: Account, **values: Any) -> None:
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account.id).values(values))


def _check_someone_administers(connection: Connection, changed: Account) -> None:
    """Raise UsageError where the last administrator was just lost."""
    if Role.ADMINISTER not in changed.roles or changed.disabled_at is not None:
        return
    left = (one for one in accounts(connection) if one.disabled_at is None)
    if not any(Role.ADMINISTER in one.roles for one in left):
        raise UsageError(f"{changed.name}: is the last that administers; make another first")


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id, name=row.name, customer=row.customer, roles=roles_of(row.roles),
        has_password=row.password is not None,
        awaits_setup=row.setup_until is not None and row.setup_until >= now(),
        created_at=row.created_at, disabled_at=row.disabled_at,
    )  # fmt: skip
