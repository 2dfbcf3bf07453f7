"""Whether the service can do its work: what is asked, and what it says. Told without paths and names."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update

from partwatch.model.errors import PartwatchError, StoreError
from partwatch.service.context import Service
from partwatch.service.counts import desks_at_work, oldest_waiting_s, seconds_of
from partwatch.service.housekeeping import LEASE_S
from partwatch.service.queueing import waiting
from partwatch.service.tables import CHORES, META
from partwatch.watchlist.store import Watchlist

# A queue that nobody has taken anything from for so long has no desk.
STALLED_S: Final = 60.0
# A chore that was not done for so long has no housekeeper, whatever its turn.
_FORGOTTEN_S: Final = 3600.0 + 2 * LEASE_S
_BUSY_MS: Final = 2000


class Grade(StrEnum):
    """ok. degraded: it takes in and keeps, and something else needs a person. failing: it cannot do its work
    now."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"


@dataclass(frozen=True)
class Finding:
    """What one question came to. told: for people, without paths and names."""

    name: str
    grade: Grade
    told: str


def findings(service: Service) -> list[Finding]:
    """Every question with its answer; none raises."""
    asked: list[tuple[str, Callable[[Service], Finding]]] = [
        ("store", _store),
        ("files", _files),
        ("watchlist", _watchlist),
        ("queue", _queue),
        ("chores", _chores),
    ]
    return [_answered(name, ask, service) for name, ask in asked]


def worst_of(found: list[Finding]) -> Grade:
    """The worst grade among them."""
    order = list(Grade)
    return max((one.grade for one in found), key=order.index, default=Grade.OK)


def _answered(name: str, ask: Callable[[Service], Finding], service: Service) -> Finding:
    try:
        return ask(service)
    except (PartwatchError, OSError) as error:
        # Not its words: they name folders and servers, and this is read by whatever monitors.
        return Finding(name, Grade.FAILING, f"cannot be used ({type(error).__name__}); see the service's log")


class _UndoneError(Exception):
    """Ends a transaction that only tried whether it could write."""


def _store(service: Service) -> Finding:
    try:
        with service.store.reading() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY_MS}")
            chosen = META.c.key == "version"
            connection.execute(update(META).where(chosen).values(value=META.c.value))
            raise _UndoneError
    except _UndoneError:
        return Finding("store", Grade.OK, "can be read and written")
    except StoreError as error:
        if "has been writing" in str(error):
            return Finding("store", Grade.DEGRADED, "busy: somebody has been writing for long")
        raise


def _files(service: Service) -> Finding:
    files = service.store.files
    probe = files.parent / f".probe-{secrets.token_hex(8)}"
    try:
        probe.write_bytes(b"x")
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    free, least = shutil.disk_usage(files).free >> 20, service.settings.intake.free_disk_mb
    if free < least:
        return Finding(
            "files", Grade.FAILING, f"{free:,} MB free, and {least:,} are to be: nothing is taken in"
        )
    grade = Grade.DEGRADED if free < 2 * least else Grade.OK
    return Finding("files", grade, f"{free:,} MB free")


def _watchlist(service: Service) -> Finding:
    if not (service.home / "watchlist" / "watchlist.sqlite").is_file():
        return Finding("watchlist", Grade.FAILING, "there is none: nothing is screened until there is")
    watchlist = Watchlist.open(service.home)
    counts = watchlist.counts()
    return Finding(
        "watchlist",
        Grade.OK,
        f"version {watchlist.version()}, {counts.designs:,} designs, {counts.parts:,} parts",
    )


def _queue(service: Service) -> Finding:
    moment = time.time()
    with service.store.reading() as connection:
        there, desks = waiting(connection), desks_at_work(connection, moment)
        oldest_s = oldest_waiting_s(connection, moment)
        is_stalled = not desks and oldest_s > STALLED_S
    told = f"{there.submissions:,} waiting, the oldest for {oldest_s:,.0f} s; {desks} desks at work"
    if is_stalled:
        return Finding("queue", Grade.DEGRADED, f"{told}: no desk takes anything up")
    full = there.submissions >= service.settings.intake.queue_submissions
    return Finding("queue", Grade.DEGRADED if full else Grade.OK, f"{told}{': it is full' if full else ''}")


def _chores(service: Service) -> Finding:
    with service.store.reading() as connection:
        rows = connection.execute(select(CHORES).order_by(CHORES.c.name)).all()
    failing = [row.name for row in rows if row.failed is not None]
    late = [
        row.name for row in rows
        if row.last_at is not None and time.time() - seconds_of(row.last_at) > _FORGOTTEN_S
    ]  # fmt: skip
    if not rows:
        return Finding("chores", Grade.DEGRADED, "none was ever done: no housekeeper has run yet")
    if failing or late:
        told = [f"{name} fails" for name in failing] + [f"{name} is not done" for name in late]
        return Finding("chores", Grade.DEGRADED, ", ".join(told))
    return Finding("chores", Grade.OK, f"{len(rows)} are done in time")
