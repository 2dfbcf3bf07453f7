"""A hunt: something new against everything ever seen.

The history gives what is near by fingerprint. Where the file is still held it is screened again, in workers
with limits, against a list that holds what is sought: what is told is what `screen` finds. Where it is gone,
or no geometry is there to verify by, it stays a candidate. A hunt is done in steps, each of which may be
killed: what was done before is kept, and done again only where the list or its terms have changed since.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import Field

from partwatch.history.search import Nearest, Sought, nearest
from partwatch.history.store import NoHistoryError
from partwatch.model.document import Header, Item, Record, Vector3
from partwatch.model.errors import UsageError
from partwatch.model.hunt import Asked, HuntDocument
from partwatch.service.context import Service
from partwatch.service.draining import customer_keys, open_history
from partwatch.service.hunt_bench import HuntBench, bench_of_designs, bench_of_file
from partwatch.service.hunt_files import Held, held_files, screened_again
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.service.store import now
from partwatch.service.submissions import MOST_NAME_CHARS, check_text

# The largest distance that is looked at, and how many candidates are taken: see docs/decisions/0051.
REACH: Final = 0.35
MOST: Final = 1_000
MOST_OF_ALL: Final = 10_000
MOST_DESIGNS: Final = 20


class Query(Record):
    """What is asked. designs: of the watch-list, with part where only one part of one is meant; without any,
    what is sought is a file, called name. since, until: days when screened. most: candidates to take."""

    designs: tuple[str, ...] = ()
    part: str | None = None
    name: str | None = None
    since: date | None = None
    until: date | None = None
    most: int = Field(default=MOST, ge=1, le=MOST_OF_ALL)

    def check(self) -> None:
        """Raise UsageError for what contradicts."""
        if bool(self.designs) == (self.name is not None):
            raise UsageError("give a listed design, or a file: one of them")
        if len(self.designs) > MOST_DESIGNS:
            raise UsageError(f"hunt for {MOST_DESIGNS} designs at most at once")
        for text in (*self.designs, *filter(None, [self.part, self.name])):
            check_text("what is hunted for", text, MOST_NAME_CHARS)
        if self.part is not None and len(self.designs) != 1:
            raise UsageError("a part is of one design: give that too")
        if self.since and self.until and self.since > self.until:
            raise UsageError(f"since {self.since} is after until {self.until}: swap them")


class Candidate(Record):
    """A body near by fingerprint, as it was found. part: its place in what is sought."""

    part: int
    distance: float
    size_ratio: float | None
    submission: str
    position: int
    file_sha256: str
    member: str | None
    body: int
    screened_at: str
    extents_mm: Vector3


class Again(Record):
    """A file that was screened again. items: those that hold a match of what is sought, or went unread."""

    file_sha256: str
    items: tuple[Item, ...]
    complete: bool
    said: str | None


class Progress(Record):
    """How far a hunt is. again: files that are done; header: with what."""

    id: str
    by: str
    asked_at: str
    asked: Asked
    bodies: int
    all_within: float
    candidates: tuple[Candidate, ...]
    header: Header
    again: tuple[Again, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """What a step may do. jobs: workers, None as the settings say. is_over: asked before each file. tell: of
    files that were screened again, so many of so many."""

    jobs: int | None = None
    is_over: Callable[[], bool] = lambda: False
    tell: Callable[[int, int], None] = lambda done, files: None


_WHOLE: Final = Step()


def hunt(
    service: Service, query: Query, by: Principal, file: Path | None = None, step: Step = _WHOLE
) -> HuntDocument:
    """The whole of a hunt, at once. file: what is sought, where it is not listed.

    Raises ForbiddenError, UsageError, UnreadableError, StoreError.
    """
    from partwatch.service.hunt_telling import document_of_hunt

    key = begin(service, query, by)
    progress = take_step(service, query, by, key, None, file, step)
    return document_of_hunt(service, progress, by)


def begin(service: Service, query: Query, by: Principal) -> str:
    """Note in the ledger that somebody hunts, for what and among what; the hunt's id."""
    by.require(Role.INVESTIGATE)
    query.check()
    key = secrets.token_urlsafe(12)
    with service.store.writing() as connection:
        told = query.model_dump(mode="json") | {"id": key, "customer": by.customer}
        service.store.note(connection, "hunt", told, by.name)
    return key


def take_step(
    service: Service,
    query: Query,
    by: Principal,
    key: str,
    before: Progress | None,
    file: Path | None = None,
    step: Step = _WHOLE,
) -> Progress:
    """As much of a hunt as the step may do, from where it stood."""
    with _bench(service, query, file) as bench:
        progress = before
        if progress is None or progress.header != bench.bench.header:
            progress = _searched(service, query, by, key, bench, before)
        waiting = files_left(service, progress, by)
        files = len(waiting) + len(progress.again)
        wanted = set(bench.names)
        step.tell(len(progress.again), files)
        again = list(progress.again)
        for held, items in screened_again(bench.bench, waiting, step.jobs, step.is_over):
            again.append(_again(held, items, wanted, bench))
            step.tell(len(again), files)
        return progress.model_copy(update={"again": tuple(again)})


def files_left(service: Service, progress: Progress, by: Principal) -> list[Held]:
    """Files that are still to be screened again, the nearest first."""
    done = {one.file_sha256 for one in progress.again}
    wanted = [
        one.file_sha256
        for one in progress.candidates
        if one.file_sha256 not in done and progress.asked.parts[one.part].unverifiable is None
    ]
    return held_files(service.store, list(dict.fromkeys(wanted)), by)


def _bench(service: Service, query: Query, file: Path | None) -> AbstractContextManager[HuntBench]:
    if query.designs:
        return bench_of_designs(service.home, service.settings, query.designs, query.part)
    if file is None or query.name is None:
        raise UsageError("give the file that is hunted for")
    return bench_of_file(service.home, service.settings, file, query.name)


def _searched(
    service: Service, query: Query, by: Principal, key: str, bench: HuntBench, before: Progress | None
) -> Progress:
    whose = None
    if by.customer is not None:
        whose = customer_keys(service.store, [by.customer])[by.customer]
    notes: list[str] = []
    found = Nearest((), 0, REACH)
    try:
        history = open_history(service)
    except NoHistoryError:
        notes.append("nothing is in the history yet")
    else:
        sought = Sought(bench.descriptors, REACH, query.most, whose, query.since, query.until)
        found = nearest(history, sought)
    if found.all_within < REACH:
        notes.append(
            f"more are within a distance of {REACH:g} than the {query.most:,} nearest, which were taken: "
            "raise the limit, or limit the days"
        )
    asked = Asked(
        parts=bench.parts,
        since=query.since.isoformat() if query.since else None,
        until=query.until.isoformat() if query.until else None,
        most=query.most,
        reach=REACH,
    )
    return Progress(
        id=key,
        by=by.name,
        asked_at=before.asked_at if before else now(),
        asked=asked,
        bodies=found.searched,
        all_within=round(found.all_within, 4),
        candidates=tuple(_candidates(found, bench)),
        header=bench.bench.header,
        again=(),
        notes=tuple(notes),
    )


def _candidates(found: Nearest, bench: HuntBench) -> Iterator[Candidate]:
    for one in found.found:
        radius = bench.radii_mm[one.query]
        yield Candidate(
            part=bench.part_of[one.query], distance=round(one.distance, 4),
            size_ratio=round(one.radius_mm / radius, 4) if radius > 0 else None,
            submission=one.submission, position=one.position, file_sha256=one.file_sha256, member=one.member,
            body=one.body, screened_at=one.screened_at, extents_mm=one.extents_mm,
        )  # fmt: skip


def _again(held: Held, items: tuple[Item, ...], wanted: set[tuple[str, str]], bench: HuntBench) -> Again:
    """What of a file's items a hunt keeps. A file that is sought is called by its own name again."""
    kept = []
    for item in items:
        bodies = []
        for body in item.bodies:
            matches = [bench.called(match.design, match.part) for match in body.matches]
            found = [
                match.model_copy(update={"design": name[0], "part": name[1], "view": None})
                for match, name in zip(body.matches, matches, strict=True)
                if name in wanted
            ]
            if found:
                bodies.append(body.model_copy(update={"matches": tuple(found)}))
        if bodies:
            kept.append(item.model_copy(update={"bodies": tuple(bodies), "reasons": ()}))
    if items[0].sha256 != held.sha256:
        changed = "the file in the store is not what was handed in; restore a backup"
        return Again(file_sha256=held.sha256, items=(), complete=False, said=changed)
    unread = [item for item in items if not item.complete]
    said = unread[0].reasons[-1].message if unread and unread[0].reasons else None
    return Again(file_sha256=held.sha256, items=tuple(kept), complete=not unread, said=said)
