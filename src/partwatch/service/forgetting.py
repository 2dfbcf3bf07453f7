"""Forgetting: what was handed in, found and said of it goes; that it was there, and how it ended, stays.

Left of a submission is its row without a name or a reference, and its entries of the ledger without what they
said and without the keys that they are bound by: the ledger verifies as before, and shows nothing. Files go
from the disk first: a process that is killed in between forgets it again, and nothing is left over.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from partwatch.ledger import log
from partwatch.model.errors import StoreError, UsageError
from partwatch.service import draining, families
from partwatch.service.context import Service
from partwatch.service.decisions import MOST_REASON_CHARS, WrongStateError
from partwatch.service.principals import Principal
from partwatch.service.said_of import About, entries_about, first_since
from partwatch.service.states import Act, Role, State
from partwatch.service.store import LOCAL, ServiceStore, now
from partwatch.service.submissions import INCOMING, Submission, check_text, find, submission_of
from partwatch.service.tables import (
    ACCOUNTS,
    CUSTOMERS,
    DECISIONS,
    EVENTS,
    FILES,
    HELD_PRINTS,
    HOOKS,
    IDEMPOTENCY,
    SESSIONS,
    SUBMISSIONS,
    TOKENS,
)

# Nothing is open about these: nobody waits for a result, and no person for the files.
FINAL: Final = frozenset({State.PASSED, State.RELEASED, State.CONFIRMED})
NOBODY: Final = "forgotten"
_ACTS_OF_SUBMITTERS: Final = (Act.ANSWER.value, Act.APPEAL.value)
_AT_ONCE: Final = 200


@dataclass(frozen=True)
class Forgotten:
    """submissions: how many went. left: ids of those that could not, because they are not decided yet.
    scrubbed: whether what was deleted has left the database's log as well."""

    submissions: int
    left: tuple[str, ...]
    scrubbed: bool


def forget(service: Service, public: str, by: Principal, reason: str) -> Submission:
    """Forget one submission; what is left of it. Again is no harm.

    Raises UsageError without a reason, ForbiddenError without the role administer, UnknownSubmissionError,
    WrongStateError where it is not screened or not decided.
    """
    reason = _checked(by, reason)
    with service.store.reading() as connection:
        found = find(connection, public, by)
    if found.forgotten_at is not None:
        return found
    if found.state not in FINAL:
        raise WrongStateError(f"it is {found.state.value}: it can be forgotten once that is decided")
    erase(service, [found], by.name, reason)
    service.store.compact()
    with service.store.reading() as connection:
        return find(connection, public, by)


def forget_customer(service: Service, customer: str, by: Principal, reason: str) -> Forgotten:
    """Forget all that a customer handed in, its hooks and its accounts: its right to erasure. It is disabled,
    and stays on record under its key. What is not decided yet is left: decide it, and do this again.

    Raises UsageError without a reason or such a customer, ForbiddenError.
    """
    reason = _checked(by, reason)
    store = service.store
    with store.reading() as connection:
        if connection.execute(select(CUSTOMERS.c.id).filter_by(id=customer)).scalar() is None:
            raise UsageError(f"{customer}: no such customer")
        # The customer of this machine is whoever sits at it.
        accounts = _accounts(connection, customer)
    if customer != LOCAL:
        _disable(store, customer)
    gone = 0
    while True:
        with store.reading() as connection:
            found = _forgettable(connection, customer)
        if not found:
            break
        erase(service, found, by.name, reason)
        gone += len(found)
    forget_prints_of_customer(service, customer)
    about = About(customers={customer}, accounts=accounts)
    with store.writing() as connection:
        connection.execute(delete(HOOKS).where(HOOKS.c.customer == customer))
        connection.execute(delete(HELD_PRINTS).where(HELD_PRINTS.c.customer == customer))
        if customer != LOCAL:
            _blank_accounts(connection, customer)
            connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.id == customer).values(name=NOBODY))
        left = _left(connection, customer)
        # Of its accounts at once, whatever is left: their names are blanked by now, and not found again.
        said = About(accounts=accounts) if left else about
        store.forget(connection, entries_about(connection, said))
        told = {"what": "customer", "id": customer, "submissions": gone, "left": len(left), "reason": reason}
        store.note(connection, "forgetting", told, by.name)
    return Forgotten(gone, tuple(left), store.compact())


def erase(service: Service, found: Sequence[Submission], by: str, reason: str) -> None:
    """Forget these submissions, whoever asks and however they stand; for `forget` and retention."""
    store, ids = service.store, [one.id for one in found]
    about = About(submissions=set(ids))
    with store.reading() as connection:
        first = first_since(connection, min(one.received_at for one in found))
        seen = log.size(connection)
        entries = entries_about(connection, about, first)

    def blank(connection: Connection) -> None:
        numbers = [one.number for one in found]
        _check_still_final(connection, numbers)
        # What was noted since they were read.
        store.forget(connection, [*entries, *entries_about(connection, about, seen)])
        for table in (FILES, HELD_PRINTS):
            connection.execute(delete(table).where(table.c.submission.in_(numbers)))
        connection.execute(delete(EVENTS).where(EVENTS.c.submission.in_(ids)))
        connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.submission.in_(ids)))
        theirs = DECISIONS.c.submission.in_(numbers)
        connection.execute(update(DECISIONS).where(theirs).values(reason=""))
        of_submitters = theirs & DECISIONS.c.act.in_(_ACTS_OF_SUBMITTERS)
        connection.execute(update(DECISIONS).where(of_submitters).values(by=NOBODY))
        at = now()
        values: dict[str, Any] = {"account": NOBODY, "reference": None, "groups": "{}", "forgotten_at": at}
        chosen = SUBMISSIONS.c.number.in_(numbers)
        connection.execute(update(SUBMISSIONS).where(chosen).values(values))
        is_there = chosen & SUBMISSIONS.c.files_gone_at.is_(None)
        connection.execute(update(SUBMISSIONS).where(is_there).values(files_gone_at=at))
        store.note(connection, "forgetting", {"what": "submissions", "ids": ids, "reason": reason}, by)

    _without_folders(store, ids, blank)
    forget_prints(service, ids)
    _forget_families(service)


def _check_still_final(connection: Connection, numbers: Sequence[int]) -> None:
    """Raise WrongStateError where one was reopened since it was read."""
    open_ones = SUBMISSIONS.c.state.not_in([state.value for state in FINAL])
    asked = select(SUBMISSIONS.c.id).where(SUBMISSIONS.c.number.in_(numbers), open_ones).limit(1)
    if connection.execute(asked).scalar() is not None:
        raise WrongStateError("it was reopened just now: it can be forgotten once that is decided")


def drop_files(service: Service, found: Sequence[Submission], by: str, reason: str) -> None:
    """Let go of the files of submissions, and of nothing else."""
    ids = [one.id for one in found]

    def blank(connection: Connection) -> None:
        numbers = [one.number for one in found]
        _check_still_final(connection, numbers)
        connection.execute(update(FILES).where(FILES.c.submission.in_(numbers)).values(stored=None))
        chosen = SUBMISSIONS.c.number.in_(numbers)
        connection.execute(update(SUBMISSIONS).where(chosen).values(files_gone_at=now()))
        told = {"what": "files", "ids": ids, "reason": reason}
        service.store.note(connection, "forgetting", told, by)

    _without_folders(service.store, ids, blank)


def forget_prints(service: Service, ids: Sequence[str]) -> None:
    """Have the history forget submissions. Where that fails now, its own chore does it later: it keeps
    nothing that the store has forgotten."""
    with contextlib.suppress(StoreError, UsageError):
        draining.forget(service, ids)


def forget_prints_of_customer(service: Service, customer: str) -> None:
    """Have the history forget a customer; as `forget_prints`."""
    with contextlib.suppress(StoreError, UsageError):
        draining.forget_customer(service, customer)


def _forget_families(service: Service) -> None:
    """Remove the runs of families that are about what is forgotten. Where that fails now, a chore does it."""
    with contextlib.suppress(StoreError, UsageError, OSError):
        families.tidy(service)


def _without_folders(store: ServiceStore, ids: Sequence[str], then: Callable[[Connection], None]) -> None:
    """Take the folders of submissions away, write down that they are gone, delete them. Killed in between, it
    is done again; what was taken away and not deleted goes with what killed intakes left."""
    moved: list[tuple[Path, Path]] = []
    try:
        for public in ids:
            away = store.files / f"{INCOMING}gone-{secrets.token_hex(8)}"
            try:
                (store.files / public).rename(away)
            except FileNotFoundError:
                continue
            moved.append((store.files / public, away))
        with store.writing() as connection:
            then(connection)
    except BaseException:
        for before, away in moved:
            away.rename(before)
        raise
    for _, away in moved:
        shutil.rmtree(away, ignore_errors=True)


def _checked(by: Principal, reason: str) -> str:
    by.require(Role.ADMINISTER)
    reason = reason.strip()
    check_text("the reason of forgetting", reason, MOST_REASON_CHARS)
    return reason


def _forgettable(connection: Connection, customer: str) -> list[Submission]:
    rows = connection.execute(
        select(SUBMISSIONS)
        .where(
            SUBMISSIONS.c.customer == customer,
            SUBMISSIONS.c.forgotten_at.is_(None),
            SUBMISSIONS.c.state.in_([state.value for state in FINAL]),
        )
        .order_by(SUBMISSIONS.c.number)
        .limit(_AT_ONCE)
    )
    return [submission_of(row) for row in rows]


def _left(connection: Connection, customer: str) -> list[str]:
    asked = select(SUBMISSIONS.c.id).where(
        SUBMISSIONS.c.customer == customer, SUBMISSIONS.c.forgotten_at.is_(None)
    )
    return list(connection.execute(asked.order_by(SUBMISSIONS.c.number)).scalars())


def _accounts(connection: Connection, customer: str) -> set[str]:
    if customer == LOCAL:
        return set()
    return set(connection.execute(select(ACCOUNTS.c.name).filter_by(customer=customer)).scalars())


def _disable(store: ServiceStore, customer: str) -> None:
    """Nothing more comes from it, from now on."""
    with store.writing() as connection:
        mine = select(ACCOUNTS.c.id).where(ACCOUNTS.c.customer == customer)
        connection.execute(delete(SESSIONS).where(SESSIONS.c.account_id.in_(mine)))
        connection.execute(delete(TOKENS).where(TOKENS.c.account_id.in_(mine)))
        for table, chosen in (
            (ACCOUNTS, ACCOUNTS.c.customer == customer),
            (CUSTOMERS, CUSTOMERS.c.id == customer),
        ):
            is_in_use = chosen & table.c.disabled_at.is_(None)
            connection.execute(update(table).where(is_in_use).values(disabled_at=now()))


def _blank_accounts(connection: Connection, customer: str) -> None:
    for row in connection.execute(select(ACCOUNTS.c.id).filter_by(customer=customer)).all():
        values = {"name": f"{NOBODY}-{row.id}", "password": None}
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == row.id).values(values))
