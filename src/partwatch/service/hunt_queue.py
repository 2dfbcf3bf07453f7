"""Hunts that wait, are under way, and are done: asked by API and pages, done in pieces by a chore.

Each piece is kept. Whoever is killed over one leaves it to the next; what was screened again by then is not
screened once more. What whoever asked may see is decided when it is shown.
"""

from __future__ import annotations

import os
import shutil
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from partwatch.model.errors import PartwatchError
from partwatch.model.hunt import HuntDocument
from partwatch.service.context import Service
from partwatch.service.draining import known
from partwatch.service.hunt_telling import document_of_hunt
from partwatch.service.hunting import Progress, Query, Step, begin, files_left, take_step
from partwatch.service.principals import Principal
from partwatch.service.queueing import BusyError
from partwatch.service.states import Role
from partwatch.service.store import now
from partwatch.service.tables import HUNTS

# So many may wait, of all who ask.
MOST_WAITING: Final = 50
# A piece of one, and a file that was begun in it: well within the lease of a chore.
PIECE_S: Final = 10.0
_FOLDER: Final = "hunts"
_RETRY_S: Final = 30


class HuntState(StrEnum):
    """Where a hunt stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


WAITING: Final = (HuntState.WAITING.value, HuntState.RUNNING.value)


class UnknownHuntError(Exception):
    """There is no such hunt, or not for whoever asks: both look the same."""


@dataclass(frozen=True)
class Hunt:
    """One hunt. customer: whose things it may show, None for all. failed: why it came to nothing."""

    number: int
    id: str
    by: str
    customer: str | None
    asked_at: str
    query: Query
    state: HuntState
    progress: Progress | None
    failed: str | None
    done_at: str | None


def ask(service: Service, query: Query, by: Principal, file: Path | None = None) -> Hunt:
    """Have something hunted for. file: what is sought, where it is not listed; it is moved from there.

    Raises ForbiddenError, UsageError, BusyError.
    """
    with service.store.reading() as connection:
        _check_room(connection)
    key = begin(service, query, by)
    if file is not None:
        _keep(file, _file_of(service, key))
    row = {"id": key, "by": by.name, "customer": by.customer, "asked_at": now()}
    row |= {"asked": query.model_dump_json(), "state": HuntState.WAITING.value}
    with service.store.writing() as connection:
        _check_room(connection)
        connection.execute(insert(HUNTS).values(row))
        return _hunt(connection.execute(select(HUNTS).filter_by(id=key)).one())


def find_hunt(connection: Connection, key: str, by: Principal) -> Hunt:
    """The hunt of that id. Raises ForbiddenError; UnknownHuntError where there is none for whoever asks."""
    by.require(Role.INVESTIGATE)
    row = connection.execute(select(HUNTS).filter_by(id=key)).first()
    if row is None or not (by.customer is None or by.customer == row.customer):
        raise UnknownHuntError(key)
    return _hunt(row)


def hunts(connection: Connection, by: Principal, before: int | None = None, limit: int = 50) -> list[Hunt]:
    """Hunts that whoever asks may see, the latest first, without their progress. Raises ForbiddenError."""
    by.require(Role.INVESTIGATE)
    columns = [column for column in HUNTS.c if column.name != "progress"]
    asked = select(*columns).order_by(HUNTS.c.number.desc()).limit(limit)
    if by.customer is not None:
        asked = asked.where(HUNTS.c.customer == by.customer)
    if before is not None:
        asked = asked.where(HUNTS.c.number < before)
    return [_hunt(row) for row in connection.execute(asked)]


def looked_at(service: Service, key: str, by: Principal) -> tuple[Hunt, HuntDocument | None]:
    """A hunt and what is known of it so far; that somebody looks, and at which submissions, is noted in the
    ledger before it is shown.

    Raises ForbiddenError, UnknownHuntError.
    """
    with service.store.reading() as connection:
        found = find_hunt(connection, key, by)
    if found.progress is None:
        return found, None
    document = document_of_hunt(service, found.progress, by)
    with service.store.writing() as connection:
        # Not what was forgotten just now: no entry is to name it once it is.
        shown = sorted(known(connection, {hit.submission for hit in document.hits}))
        service.store.note(connection, "look", {"id": key, "ids": shown, "at": "hunt"}, by.name)
    return found, document


def hunt_on(service: Service) -> bool:
    """A piece of the hunt that has waited longest; whether there is more to do."""
    with service.store.reading() as connection:
        asked = select(HUNTS).where(HUNTS.c.state.in_(WAITING)).order_by(HUNTS.c.number).limit(1)
        row = connection.execute(asked).first()
    if row is None:
        _sweep(service)
        return False
    try:
        values = _piece(service, _hunt(row))
    except (PartwatchError, OSError) as error:
        values = {"state": HuntState.FAILED.value, "failed": str(error)[:1000]}
    except Exception as error:
        # Whatever it is, it would be met again each time, and those that wait behind it would never be done.
        values = {"state": HuntState.FAILED.value, "failed": _told_of(error)} | _readable(row)
    _save(service, row, values)
    return True


def _piece(service: Service, one: Hunt) -> dict[str, Any]:
    """A piece of a hunt; what the store is to keep of it."""
    whose = Principal(one.by, one.customer, frozenset({Role.INVESTIGATE}))
    until = time.monotonic() + PIECE_S
    step = Step(jobs=1, is_over=lambda: time.monotonic() > until)
    file = None if one.query.designs else _file_of(service, one.id)
    progress = take_step(service, one.query, whose, one.id, one.progress, file, step)
    done = not files_left(service, progress, whose)
    packed = zlib.compress(progress.model_dump_json().encode(), 3)
    return {"progress": packed, "state": (HuntState.DONE if done else HuntState.RUNNING).value}


def _told_of(error: Exception) -> str:
    first = str(error).partition("\n")[0]
    said = f"{type(error).__name__}: {first}"[:900]
    return f"it could not go on, which is a fault of Partwatch; ask again ({said})"


def _readable(row: Row[Any]) -> dict[str, Any]:
    """What is to be kept instead of what cannot be read, so that the hunt can be shown; the ledger has what
    was asked."""
    values: dict[str, Any] = {}
    try:
        Query.model_validate_json(row.asked)
    except ValueError:
        values["asked"] = Query(name="?").model_dump_json()
    try:
        _hunt(row, values.get("asked"))
    except (ValueError, zlib.error):
        values["progress"] = None
    return values


def scrub(service: Service) -> None:
    """Take submissions that are forgotten out of what hunts found."""
    with service.store.reading() as connection:
        keys = connection.execute(select(HUNTS.c.id).where(HUNTS.c.progress.is_not(None))).scalars().all()
    for key in keys:
        with service.store.writing() as connection:
            row = connection.execute(select(HUNTS).filter_by(id=key)).first()
            progress = None if row is None else _hunt(row).progress
            if progress is None:
                continue
            still = known(connection, {one.submission for one in progress.candidates})
            kept = tuple(one for one in progress.candidates if one.submission in still)
            if len(kept) == len(progress.candidates):
                continue
            files = {one.file_sha256 for one in kept}
            again = tuple(one for one in progress.again if one.file_sha256 in files)
            less = progress.model_copy(update={"candidates": kept, "again": again})
            packed = zlib.compress(less.model_dump_json().encode(), 3)
            connection.execute(update(HUNTS).where(HUNTS.c.id == key).values(progress=packed))


def drop_old(service: Service, before: str) -> None:
    """Forget hunts that were done before that moment."""
    with service.store.writing() as connection:
        connection.execute(delete(HUNTS).where(HUNTS.c.done_at < before))


def _check_room(connection: Connection) -> None:
    asked = select(func.count()).select_from(HUNTS).where(HUNTS.c.state.in_(WAITING))
    if connection.execute(asked).scalar_one() >= MOST_WAITING:
        raise BusyError(f"{MOST_WAITING} hunts wait already: ask again later", _RETRY_S)


def _save(service: Service, one: Row[Any], values: dict[str, Any]) -> None:
    is_over = values["state"] not in WAITING
    with service.store.writing() as connection:
        told = values | {"done_at": now() if is_over else None}
        # Not where another process, whose lease was over, is further on.
        asked = update(HUNTS).where(HUNTS.c.id == one.id, HUNTS.c.state.in_(WAITING))
        if connection.execute(asked.values(told)).rowcount and is_over:
            found = {"id": one.id, "state": values["state"]}
            service.store.note(connection, "hunted", found, one.by)
    if is_over:
        _file_of(service, one.id).unlink(missing_ok=True)


def _file_of(service: Service, key: str) -> Path:
    return service.store.folder / _FOLDER / key


def _keep(file: Path, place: Path) -> None:
    """On the disk before the hunt is in the store."""
    place.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.move(file, place)
    with place.open("rb") as moved:
        os.fsync(moved.fileno())


def _sweep(service: Service) -> None:
    """Remove files that whoever was killed left; what came just now may be of a hunt that is being asked."""
    folder = service.store.folder / _FOLDER
    if not folder.is_dir() or not (names := [path.name for path in folder.iterdir()]):
        return
    with service.store.reading() as connection:
        asked = select(HUNTS.c.id).where(HUNTS.c.state.in_(WAITING))
        needed = set(connection.execute(asked).scalars())
    for name in names:
        path = folder / name
        if name not in needed and path.exists() and time.time() - path.stat().st_mtime > 3600:
            path.unlink(missing_ok=True)


def _hunt(row: Row[Any], asked: str | None = None) -> Hunt:
    """asked: instead of the row's."""
    packed = getattr(row, "progress", None)
    return Hunt(
        number=row.number, id=row.id, by=row.by, customer=row.customer, asked_at=row.asked_at,
        query=Query.model_validate_json(asked or row.asked), state=HuntState(row.state),
        progress=None if packed is None else Progress.model_validate_json(zlib.decompress(packed)),
        failed=row.failed, done_at=row.done_at,
    )  # fmt: skip


def names_of(query: Query) -> Sequence[str]:
    """What is hunted for, in words."""
    if query.name is not None:
        return (query.name,)
    return tuple(f"{design} / {query.part}" if query.part else design for design in query.designs)
