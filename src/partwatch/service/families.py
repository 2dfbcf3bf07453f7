"""Families on demand: what of the kept files, or of the listed parts, is a copy or a revision of what.

Reading and comparing hundreds of shapes takes minutes, so it is done by a process of its own
(`families_job`), whose outcome lies below the home folder::

    HOME/service/families/ID/asked.json      who asked for what, and which files that is
    HOME/service/families/ID/lock            held by the process for as long as it lives
    HOME/service/families/ID/families.json   what it found, put there last, whole
    HOME/service/families/ID/N.png           pictures by shape
    HOME/service/families/ID/failed.txt      why it found nothing

A process that is killed leaves no lock: its run says so. A run goes after a month, and as soon as one of its
submissions is forgotten; one that is under way then goes once it is over, and is never shown.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from partwatch.model.errors import StoreError, UsageError
from partwatch.model.families import FamiliesDocument
from partwatch.service.assembling import Question, submissions_of
from partwatch.service.context import Service
from partwatch.service.principals import Principal
from partwatch.service.queueing import BusyError
from partwatch.service.states import Role
from partwatch.service.store import now
from partwatch.service.submissions import files_of
from partwatch.service.tables import SUBMISSIONS

MOST_FILES: Final = 500
MOST_BYTES: Final = 2 << 30
MOST_RUNNING: Final = 2
MOST_RUNS: Final = 20
KEPT_DAYS: Final = 30
FOLDER: Final = "families"
ASKED, FOUND, FAILED, LOCK = "asked.json", "families.json", "failed.txt", "lock"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{16}")
_CHUNK: Final = 400


class Of(StrEnum):
    """Of what. files: those of submissions that are still kept. list: the parts of the watch-list, whose
    shapes are drawn then, so that is for curators."""

    FILES = "files"
    LIST = "list"


class RunState(StrEnum):
    """How a run stands. ended: its process was killed before it found anything."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ENDED = "ended"


class UnknownRunError(Exception):
    """There is no such run, or not for whoever asks."""


@dataclass(frozen=True)
class Run:
    """One that was asked for. told: as asked.json has it. why: of a failed one."""

    id: str
    folder: Path
    of: Of
    state: RunState
    by: str
    at: str
    told: Mapping[str, Any]
    why: str

    @property
    def submissions(self) -> tuple[str, ...]:
        """Ids of the submissions whose files it is about."""
        return tuple(self.told["submissions"])


Start = Callable[[Path, int], None]


def ask(service: Service, by: Principal, of: Of, question: Question, start: Start | None = None) -> Run:
    """Begin a run; it is noted which submissions it is about. start: how its process is started, given its
    folder and the descriptor of its lock.

    Raises ForbiddenError, UsageError where there is nothing to compare, BusyError, StoreError.
    """
    by.require(Role.CURATE if of is Of.LIST else Role.INVESTIGATE)
    tidy(service)
    if sum(one.state is RunState.RUNNING for one in _every(service)) >= MOST_RUNNING:
        raise BusyError(f"{MOST_RUNNING} runs are being worked on; ask again when one is done", 30)
    told: dict[str, Any] = {"of": of.value, "by": by.name, "at": now(), "customer": by.customer,
                            "submissions": [], "files": [], "left_out": 0}  # fmt: skip
    told["limits"] = {
        "jobs": service.settings.screening.jobs, "timeout_s": service.settings.screening.timeout_s,
        "memory_mb": service.settings.screening.memory_mb, "file_mb": service.settings.intake.file_mb,
    }  # fmt: skip
    if of is Of.FILES:
        told |= _files(service, by, question)
        if len(told["files"]) < 2:
            raise UsageError(
                "there are fewer than two kept files of such submissions, and so nothing to compare; files "
                "are kept as long as the settings' [retention] says"
            )
    with service.store.writing() as connection:
        service.store.note(
            connection, "look", {"ids": told["submissions"], "at": f"families of {of.value}"}, by.name
        )
    public = secrets.token_urlsafe(12)
    folder = _root(service) / public
    folder.mkdir(mode=0o700, parents=True)
    (folder / ASKED).write_text(json.dumps(told), encoding="utf-8")
    _started(folder, start or _spawn)
    return _run(folder)


def runs(service: Service, by: Principal) -> list[Run]:
    """Those that whoever asks may see, the latest first. Raises ForbiddenError."""
    by.require(Role.INVESTIGATE, Role.CURATE)
    return [one for one in _tidied(service)[0] if _sees(by, one)]


def run_of(service: Service, by: Principal, public: str) -> Run:
    """The run of that id. Raises ForbiddenError, UnknownRunError."""
    found = next((one for one in runs(service, by) if one.id == public), None)
    if found is None:
        raise UnknownRunError(public)
    return found


def found_by(service: Service, by: Principal, run: Run) -> tuple[FamiliesDocument, dict[int, bytes]]:
    """What a run found, with its pictures by shape; that somebody looks is noted first. Raises
    UnknownRunError where it is not done or about what is forgotten, StoreError."""
    # Again: something may have been forgotten since the run was read.
    if run.state is not RunState.DONE or _any_forgotten(service, run.submissions):
        raise UnknownRunError(run.id)
    with service.store.writing() as connection:
        told = {"ids": list(run.submissions), "at": f"families of {run.of.value}", "run": run.id}
        service.store.note(connection, "look", told, by.name)
    try:
        document = FamiliesDocument.model_validate_json((run.folder / FOUND).read_bytes())
        pictures = {int(one.stem): one.read_bytes() for one in run.folder.glob("*.png")}
    except (OSError, ValueError) as error:
        raise StoreError(f"{run.folder}: cannot be read ({error}); ask for the families again") from error
    return document, pictures


def tidy(service: Service) -> int:
    """Remove runs that are old, too many, or about a submission that is forgotten; how many."""
    return _tidied(service)[1]


def _tidied(service: Service) -> tuple[list[Run], int]:
    """The runs that stay, and how many were removed. Each is read once: one that is over just after that is
    still told of as running, and looked at again before it is told of as done."""
    oldest, stay, gone = now(timedelta(days=-KEPT_DAYS)), list[Run](), 0
    for place, run in enumerate(_every(service)):
        is_over = run.state is not RunState.RUNNING
        due = place >= MOST_RUNS or run.at < oldest
        if is_over and (due or _any_forgotten(service, run.submissions)):
            shutil.rmtree(run.folder, ignore_errors=True)
            gone += 1
        else:
            stay.append(run)
    return stay, gone


def _files(service: Service, by: Principal, question: Question) -> dict[str, Any]:
    """The kept files of the latest submissions, as many as are compared at once."""
    question.check()
    files: list[tuple[str, str]] = []
    named: list[str] = []
    size = left_out = 0
    with service.store.reading() as connection:
        chosen, older = submissions_of(connection, by, question)
        for submission in chosen:
            for one in files_of(service.store, connection, submission.number):
                if one.path is None or not one.path.is_file():
                    continue
                if len(files) >= MOST_FILES or size + one.bytes > MOST_BYTES:
                    left_out += 1
                    continue
                size += one.bytes
                files.append((str(one.path), f"{submission.id}/{one.name}"))
                named.append(submission.id)
    return {"files": files, "submissions": list(dict.fromkeys(named)), "left_out": left_out, "older": older}


def _started(folder: Path, start: Start) -> None:
    """Start a run's process with the lock in its hands: there is no moment in which nobody has it."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        start(folder, descriptor)
    finally:
        os.close(descriptor)


def _spawn(folder: Path, lock: int) -> None:
    command = [sys.executable, "-P", "-m", "partwatch.service.families_job", str(folder.absolute())]
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, pass_fds=(lock,),
            start_new_session=True,
        )  # fmt: skip
    # Waited for, so that it leaves nothing behind in the table of processes.
    threading.Thread(target=process.wait, daemon=True).start()


def _every(service: Service) -> list[Run]:
    root = _root(service)
    folders = [one for one in root.iterdir() if _ID.fullmatch(one.name)] if root.is_dir() else []
    return sorted(_readable(folders), key=lambda one: (one.at, one.id), reverse=True)


def _readable(folders: list[Path]) -> Iterator[Run]:
    for folder in folders:
        try:
            yield _run(folder)
        except (OSError, ValueError, KeyError):
            # Being made just now, or left by a process that was killed while it made it.
            continue


def _run(folder: Path) -> Run:
    told = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    # Before what it found is looked for: it may be done in between, and then it is.
    held = _is_held(folder / LOCK)
    why = ""
    if (folder / FOUND).is_file():
        state = RunState.DONE
    elif (folder / FAILED).is_file():
        state, why = RunState.FAILED, (folder / FAILED).read_text(encoding="utf-8")
    else:
        state = RunState.RUNNING if held else RunState.ENDED
    return Run(folder.name, folder, Of(told["of"]), state, told["by"], told["at"], told, why)


def _is_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _sees(by: Principal, run: Run) -> bool:
    wanted = Role.CURATE if run.of is Of.LIST else Role.INVESTIGATE
    return wanted in by.roles and (by.customer is None or by.customer == run.told.get("customer"))


def _any_forgotten(service: Service, ids: tuple[str, ...]) -> bool:
    """Whether a submission is forgotten, or not there at all."""
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        asked = select(SUBMISSIONS.c.id).where(
            SUBMISSIONS.c.id.in_(some), SUBMISSIONS.c.forgotten_at.is_(None)
        )
        with service.store.reading() as connection:
            if len(connection.execute(asked).all()) < len(some):
                return True
    return False


def _root(service: Service) -> Path:
    return service.store.folder / FOLDER
