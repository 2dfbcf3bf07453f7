"""Submissions: taken in whole or not at all, listed, looked at.

Files are written below the files folder first, each on the disk before its row is, so that whatever the store
knows of is there. What is there and unknown to the store is what a killed intake left; `sweep` removes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select

from partwatch.model.document import Finding
from partwatch.model.errors import UsageError
from partwatch.service import events
from partwatch.service.principals import Principal
from partwatch.service.queueing import check_room, next_due
from partwatch.service.states import State
from partwatch.service.store import ServiceStore, now
from partwatch.service.tables import CUSTOMERS, FILES, IDEMPOTENCY, SUBMISSIONS
from partwatch.watchlist.folders import sync

MOST_NAME_CHARS: Final = 1024
MOST_REFERENCE_CHARS: Final = 200
MOST_GROUPS: Final = 16
INCOMING: Final = "in-"
_ORPHAN_S: Final = 24 * 3600


class UnknownSubmissionError(Exception):
    """There is no such submission, or not for whoever asks: both look the same."""


class ReusedKeyError(Exception):
    """An Idempotency-Key came before, with another request."""


@dataclass(frozen=True)
class StoredFile:
    """A file as it was handed in. name: the client's word for it, shown and never opened. path: where it
    lies, None once it is gone."""

    id: int
    position: int
    name: str
    bytes: int
    sha256: str
    path: Path | None


@dataclass(frozen=True)
class Submission:
    """A submission as the store has it; the columns of its table."""

    number: int
    id: str
    customer: str
    account: str
    reference: str | None
    groups: Mapping[str, str]
    received_at: str
    files: int
    bytes: int
    state: State
    finding: Finding | None
    screened_at: str | None
    decided_at: str | None
    withheld: bool
    files_gone_at: str | None
    forgotten_at: str | None


@dataclass
class Incoming:
    """Files on their way in, each streamed to the disk."""

    folder: Path
    files: list[tuple[str, int, str]] = field(default_factory=list)
    size: int = 0
    _open: Any = None
    _digest: Any = None
    _name: str = ""
    _size: int = 0

    @classmethod
    def begin(cls, store: ServiceStore) -> Incoming:
        """A new folder below the store's files."""
        folder = store.files / f"{INCOMING}{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        return cls(folder)

    def start(self, name: str) -> None:
        """Begin the next file; UsageError for a name that cannot be kept."""
        check_text("a file's name", name, MOST_NAME_CHARS)
        self._name, self._size, self._digest = name, 0, hashlib.sha256()
        path = self.folder / str(len(self.files))
        self._open = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, chunk: bytes) -> int:
        """Some of its bytes; how many it has now."""
        self._open.write(chunk)
        self._digest.update(chunk)
        self._size += len(chunk)
        self.size += len(chunk)
        return self._size

    def end(self) -> None:
        """The file is whole, and on the disk."""
        self._open.flush()
        os.fsync(self._open.fileno())
        self._open.close()
        self._open = None
        self.files.append((self._name, self._size, self._digest.hexdigest()))

    def drop(self) -> None:
        """Nothing of it is wanted."""
        if self._open is not None:
            self._open.close()
            self._open = None
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Asked:
    """What comes with the files. key: the Idempotency-Key; request: a digest of all that was asked."""

    customer: str
    reference: str | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None

    def check(self) -> None:
        """Raise UsageError for what cannot be kept."""
        if self.reference is not None:
            check_text("a reference", self.reference, MOST_REFERENCE_CHARS)
        if len(self.groups) > MOST_GROUPS:
            raise UsageError(f"groups: {MOST_GROUPS} at most")
        for text in (text for pair in self.groups.items() for text in pair):
            check_text("a group's kind or name", text, MOST_REFERENCE_CHARS)
        if self.key is not None:
            check_text("an Idempotency-Key", self.key, MOST_REFERENCE_CHARS)


def check_text(what: str, text: str, most: int) -> None:
    """Raise UsageError for a text that is empty, too long, or cannot be kept by every database."""
    if not 0 < len(text) <= most:
        raise UsageError(f"{what} has 1 to {most:,} characters; shorten it")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(f"{what} holds a character that is none (NUL, or half of a pair); take it out")


def accept(
    store: ServiceStore, incoming: Incoming, asked: Asked, by: Principal, workers: int = 1
) -> tuple[Submission, bool]:
    """Take a submission in; once this returns it is in the store. Whether it was there already, by its key.

    Raises UsageError, BusyError, ReusedKeyError; the files are then still the caller's to drop.
    """
    asked.check()
    if not incoming.files:
        raise UsageError("there is no file in it; send at least one")
    request = _request_digest(incoming, asked)
    public, at, moment = secrets.token_urlsafe(16), now(), time.time()
    size = incoming.size
    final = store.files / public
    sync(incoming.folder)
    with store.writing() as connection:
        if (before := _replayed(connection, asked, request)) is not None:
            incoming.drop()
            return before, True
        if connection.execute(select(CUSTOMERS.c.id).filter_by(id=asked.customer)).scalar() is None:
            raise UsageError(f"{asked.customer}: no such customer")
        check_room(connection, store.settings.intake, asked.customer, size, workers)
        row = {
            "id": public, "customer": asked.customer, "account": by.name, "reference": asked.reference,
            "groups": json.dumps(dict(asked.groups), sort_keys=True), "received_at": at,
            "files": len(incoming.files), "bytes": size, "state": State.QUEUED.value,
            "due": next_due(connection, asked.customer, len(incoming.files), size, moment), "lost": 0,
            "withheld": 0,
        }  # fmt: skip
        made = connection.execute(insert(SUBMISSIONS).values(row)).inserted_primary_key
        assert made is not None
        rows = [
            {"submission": made[0], "position": place, "name": name, "bytes": length, "sha256": sha256,
             "stored": f"{public}/{place}"}
            for place, (name, length, sha256) in enumerate(incoming.files)
        ]  # fmt: skip
        connection.execute(insert(FILES), rows)
        if asked.key is not None:
            key = {"customer": asked.customer, "key": asked.key, "request": request, "submission": public}
            connection.execute(insert(IDEMPOTENCY).values(key | {"at": at}))
        digests = [sha256 for _, _, sha256 in incoming.files]
        store.note(
            connection, "submission", {"id": public, "customer": asked.customer, "files": digests}, by.name
        )
        events.tell(connection, asked.customer, public, events.ACCEPTED, {"files": len(incoming.files)})
        store.ring(connection)
        found = submission_of(connection.execute(select(SUBMISSIONS).filter_by(id=public)).one())
        # Last, so that whatever was refused above left the files where they were.
        incoming.folder.rename(final)
        sync(store.files)
    return found, False


def _replayed(connection: Connection, asked: Asked, request: str) -> Submission | None:
    if asked.key is None:
        return None
    row = connection.execute(select(IDEMPOTENCY).filter_by(customer=asked.customer, key=asked.key)).first()
    if row is None:
        return None
    if row.request != request:
        raise ReusedKeyError("this Idempotency-Key came before with other files; use a new one")
    return submission_of(connection.execute(select(SUBMISSIONS).filter_by(id=row.submission)).one())


def _request_digest(incoming: Incoming, asked: Asked) -> str:
    told = json.dumps([incoming.files, asked.reference, sorted(asked.groups.items())])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def find(connection: Connection, public: str, principal: Principal) -> Submission:
    """The submission of that id. Raises UnknownSubmissionError where there is none for whoever asks."""
    row = connection.execute(select(SUBMISSIONS).filter_by(id=public)).first()
    if row is None or not principal.sees(row.customer):
        raise UnknownSubmissionError(public)
    return submission_of(row)


def listed(
    connection: Connection,
    principal: Principal,
    states: Sequence[State] = (),
    before: int | None = None,
    limit: int = 50,
    customer: str | None = None,
) -> list[Submission]:
    """Submissions that whoever asks may see, the latest first. before: only with a lower number."""
    asked = select(SUBMISSIONS).order_by(SUBMISSIONS.c.number.desc()).limit(limit)
    whose = principal.customer if principal.customer is not None else customer
    if whose is not None:
        asked = asked.where(SUBMISSIONS.c.customer == whose)
    if states:
        asked = asked.where(SUBMISSIONS.c.state.in_([state.value for state in states]))
    if before is not None:
        asked = asked.where(SUBMISSIONS.c.number < before)
    return [submission_of(row) for row in connection.execute(asked)]


def counted(connection: Connection) -> dict[State, int]:
    """How many there are in each state, of all customers."""
    rows = connection.execute(select(SUBMISSIONS.c.state, func.count()).group_by(SUBMISSIONS.c.state))
    return dict.fromkeys(State, 0) | {State(state): int(count) for state, count in rows}


def files_of(store: ServiceStore, connection: Connection, number: int) -> list[StoredFile]:
    """The files of a submission, in their order."""
    rows = connection.execute(select(FILES).filter_by(submission=number).order_by(FILES.c.position))
    return [
        StoredFile(
            row.id, row.position, row.name, row.bytes, row.sha256,
            None if row.stored is None else store.files / row.stored,
        )
        for row in rows
    ]  # fmt: skip


def submission_of(row: Row[Any]) -> Submission:
    """A row of the table as a submission."""
    return Submission(
        number=row.number, id=row.id, customer=row.customer, account=row.account, reference=row.reference,
        groups=json.loads(row.groups), received_at=row.received_at, files=row.files, bytes=row.bytes,
        state=State(row.state), finding=None if row.finding is None else Finding(row.finding),
        screened_at=row.screened_at, decided_at=row.decided_at, withheld=bool(row.withheld),
        files_gone_at=row.files_gone_at, forgotten_at=row.forgotten_at,
    )  # fmt: skip


def sweep(store: ServiceStore) -> int:
    """Remove what killed intakes left; how many. What was begun lately may still be on its way in."""
    gone = 0
    with store.reading() as connection:
        for folder in store.files.iterdir():
            try:
                if time.time() - folder.stat().st_mtime < _ORPHAN_S:
                    continue
            except FileNotFoundError:
                # An intake that was accepted, or dropped, just now.
                continue
            known = connection.execute(select(SUBMISSIONS.c.id).filter_by(id=folder.name)).scalar()
            if folder.name.startswith(INCOMING) or known is None:
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone
