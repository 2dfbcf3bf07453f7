"""Assemblies across submissions: parts that were sent apart, over time, by one or by many.

Worked out of kept results when somebody asks, of the latest submissions that the question takes in, up to a
limit that is told. What was worked out is remembered in this process until a submission, a decision or the
list changes. Nothing is written but who looked.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, select

from partwatch.assembly.arrivals import arrivals
from partwatch.assembly.groups import FOLDER, OWN_KINDS, SOURCE, Group
from partwatch.assembly.run import Telling, assembled, plans_of
from partwatch.assembly.store import Arrival, AssemblyStore
from partwatch.model.assemblies import AssembliesDocument, Assembly
from partwatch.model.document import Item, View
from partwatch.model.errors import UsageError
from partwatch.report.assembly_pictures import Place, pictures, views_of
from partwatch.service.context import Service
from partwatch.service.principals import Principal
from partwatch.service.results import items_of
from partwatch.service.states import SCREENED, Role
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import MOST_REFERENCE_CHARS, Submission, check_text, submission_of
from partwatch.service.tables import SUBMISSIONS
from partwatch.watchlist.store import Watchlist

MOST_SUBMISSIONS: Final = 2_000
MOST_ITEMS: Final = 50_000
MOST_TOLD: Final = 50
MOST_PICTURES: Final = 40
CUSTOMER: Final = "customer"
SUBMISSION: Final = "submission"
# Kinds of groups whose names are on every page of a submission anyway.
NAMED: Final = frozenset({CUSTOMER, SUBMISSION})
# Where a submission's own kind of group cannot be one of an assembly.
OTHER: Final = "other"
_RESERVED: Final = frozenset({CUSTOMER, SUBMISSION, OTHER, FOLDER, SOURCE, "item", *OWN_KINDS})
_KIND: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_MOST_KEPT: Final = 16


@dataclass(frozen=True)
class Question:
    """Which submissions are looked at: of a customer, of a group (kind and value) that came with them,
    received from one day to another, both included."""

    customer: str | None = None
    group: Group | None = None
    since: date | None = None
    until: date | None = None

    def check(self) -> None:
        """Raise UsageError where its days are the wrong way round, or a name cannot be one."""
        for text in (self.customer, *(self.group or ())):
            if text is not None:
                check_text("a customer's or a group's name", text, MOST_REFERENCE_CHARS)
        if self.since is not None and self.until is not None and self.since > self.until:
            raise UsageError(f"from {self.since} to {self.until}: the first day is after the last; swap them")


@dataclass(frozen=True)
class Found:
    """What was found. submissions: those that an assembly of the document rests on, by id. counted: those
    that were looked at; left_out: older ones that the limit left out."""

    document: AssembliesDocument
    submissions: Mapping[str, Submission]
    counted: int
    left_out: int

    def by_key(self, key: str) -> Assembly | None:
        """The assembly of that key, `key_of`."""
        return next((one for one in self.document.assemblies if key_of(one) == key), None)


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    found: dict[tuple[Any, ...], Found] = field(default_factory=dict)


_KEPT: Final[WeakKeyDictionary[ServiceStore, _Kept]] = WeakKeyDictionary()
_MAKING: Final = threading.Lock()


def day_of(name: str, text: str) -> date | None:
    """The day that a field of a form says; None for an empty one. Raises UsageError."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"{name}: {text.strip()!a} is no day; write it as 2027-05-31") from error


def key_of(assembly: Assembly) -> str:
    """What an assembly is called in an address: the same for the same design and group."""
    told = json.dumps([assembly.design, assembly.kind, assembly.group])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def submission_ids(assembly: Assembly) -> list[str]:
    """The submissions that an assembly rests on, in the order of what stands for its parts."""
    held = [one.path for state in assembly.slots for one in state.held]
    return list(dict.fromkeys(path.partition("/")[0] for path in held))


def file_name(path: str) -> str:
    """What a submitter called the file: a path of the document without its submission."""
    return path.partition("/")[2]


def assemblies(service: Service, by: Principal, question: Question, as_of: date) -> Found:
    """What the submissions that the question takes in add up to; nobody is told, and nothing is noted.

    Raises ForbiddenError, UsageError, StoreError.
    """
    by.require(Role.INVESTIGATE)
    question.check()
    watchlist = Watchlist.open(service.home)
    # One at a time: what the second asks for is mostly what the first is working out.
    with _MAKING:
        kept = _KEPT.setdefault(service.store, _Kept())
    with kept.lock:
        with service.store.reading() as connection:
            chosen, left_out = submissions_of(connection, by, question)
            stand = hashlib.sha256(repr([(one.number, one.state, one.files_gone_at, one.forgotten_at)
                                         for one in chosen]).encode()).hexdigest()  # fmt: skip
            key = (question, by.customer, as_of, watchlist.version(), stand)
            if (found := kept.found.pop(key, None)) is None:
                found = _worked_out(service, connection, watchlist, chosen, left_out, as_of)
        # The last one asked for is the last to go.
        kept.found[key] = found
        while len(kept.found) > _MOST_KEPT:
            del kept.found[next(iter(kept.found))]
    return found


def note_look(service: Service, by: Principal, found: Found, at_what: str) -> None:
    """One entry of the ledger that names every submission of what is about to be shown."""
    with service.store.writing() as connection:
        told = {"ids": sorted(found.submissions), "at": at_what}
        service.store.note(connection, "look", told, by.name)


def pictures_of(service: Service, by: Principal, assembly: Assembly, found: Found) -> dict[Place, bytes]:
    """PNGs of the bodies that stand for an assembly's parts, from the results of its submissions."""
    views: dict[Place, tuple[View, float]] = {}
    wanted = {(one.path, one.member) for state in assembly.slots for one in state.held[:1]}
    with service.store.reading() as connection:
        for public in submission_ids(assembly):
            submission = found.submissions.get(public)
            if submission is not None and by.sees(submission.customer):
                items = (_placed(submission, item) for item in items_of(connection, submission))
                views |= views_of(item for item in items if (item.path, item.member) in wanted)
    alone = found.document.model_copy(update={"assemblies": (assembly,)})
    return pictures(alone, views, MOST_PICTURES)


def submissions_of(connection: Connection, by: Principal, question: Question) -> tuple[list[Submission], int]:
    """The latest submissions that are screened and asked for, and how many more there are."""
    wanted: list[ColumnElement[bool]] = [SUBMISSIONS.c.state.in_([state.value for state in SCREENED])]
    for whose in (by.customer, question.customer):
        if whose is not None:
            wanted.append(SUBMISSIONS.c.customer == whose)
    if question.since is not None:
        wanted.append(SUBMISSIONS.c.received_at >= question.since.isoformat())
    if question.until is not None:
        wanted.append(SUBMISSIONS.c.received_at < (question.until + timedelta(days=1)).isoformat())
    if question.group is not None:
        kind, value = question.group
        # As `submissions` writes them: what is within quotes is escaped there, so this is no part of a value.
        told = f"{json.dumps(kind)}: {json.dumps(value)}"
        wanted.append(SUBMISSIONS.c.groups.contains(told, autoescape=True))
    chosen: list[Submission] = []
    files = left_out = 0
    for row in connection.execute(select(SUBMISSIONS).where(*wanted).order_by(SUBMISSIONS.c.number.desc())):
        one = submission_of(row)
        if question.group is not None and one.groups.get(question.group[0]) != question.group[1]:
            continue
        if left_out or len(chosen) >= MOST_SUBMISSIONS or files + one.files > MOST_ITEMS:
            left_out += 1
            continue
        files += one.files
        chosen.append(one)
    return chosen, left_out


def _worked_out(
    service: Service,
    connection: Connection,
    watchlist: Watchlist,
    chosen: list[Submission],
    left_out: int,
    as_of: date,
) -> Found:
    plans = plans_of(watchlist.designs(), as_of)
    telling = Telling(as_of, watchlist.version(), MOST_TOLD, names_missing=True, named_kinds=NAMED)
    arrived = (one for submission in chosen for one in _arrivals(connection, submission))
    document = assembled(AssemblyStore.open(service.home), arrived, plans, telling)
    known = {one.id: one for one in chosen}
    ids = dict.fromkeys(public for one in document.assemblies for public in submission_ids(one))
    return Found(document, {public: known[public] for public in ids}, len(chosen), left_out)


def _arrivals(connection: Connection, submission: Submission) -> Iterator[Arrival]:
    """The items of a submission with its day and its groups."""
    items = [_placed(submission, item) for item in items_of(connection, submission)]
    day, groups = date.fromisoformat(submission.received_at[:10]), tuple(_groups(submission))
    for one in arrivals(items):
        yield Arrival(replace(one.seen, time=day, groups=groups), one.sha256)


def _placed(submission: Submission, item: Item) -> Item:
    """An item under a path that names its submission: two customers may call their files the same."""
    return item.model_copy(update={"path": f"{submission.id}/{item.path}"})


def _groups(submission: Submission) -> Iterator[Group]:
    yield CUSTOMER, submission.customer
    yield SUBMISSION, submission.id
    for kind, value in sorted(submission.groups.items()):
        if _KIND.fullmatch(kind) and kind not in _RESERVED:
            yield kind, value
        else:
            yield OTHER, f"{kind}: {value}"
