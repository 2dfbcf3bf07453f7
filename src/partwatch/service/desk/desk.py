"""The desk: claims submissions, has their files screened, keeps results, renews its claims.

It may be killed at any moment: what it had claimed is claimed again once its lease is over, and what it had
kept is not done twice. A file that kills its worker is tried once more, then *unscreenable*.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from partwatch.formats.worker import Failure, FailureKind, Outcome, Task
from partwatch.model.document import Item, Reason
from partwatch.screening.answer import BodyPrint
from partwatch.screening.driver import answer_of, task_of
from partwatch.screening.expansion import Expansion, ExpansionLimits, Node, folded
from partwatch.screening.findings import unscreenable
from partwatch.screening.walk import Source
from partwatch.service.claims import MOST_LOST, RENEW_S, Claimed, claim, give_back, is_any_free, renew
from partwatch.service.desk.bell import Bell
from partwatch.service.desk.executor import Executor, executor_of
from partwatch.service.desk.keeper import Keeper
from partwatch.service.desk.terms import Bench
from partwatch.service.results import FileResult, Finished, Printed, drop_other_headers, header_key
from partwatch.service.settings import Settings
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import StoredFile

_WAIT_S: Final = 0.1
# While workers are idle the store is asked so often whether something came.
_ASK_S: Final = 0.02
_LOOK_S: Final = 2.0
# Submissions that are claimed beyond what the workers take now, so that not each costs a transaction.
_AT_HAND: Final = 4
_LOST = Reason(
    code="lost",
    message=f"the service ended {MOST_LOST} times while it was screened: screen it by hand, elsewhere",
)
_GONE = Reason(code="gone", message="its file is no longer in the store: hand it in again")


@dataclass(eq=False)
class _File:
    """A file that is being screened. prints: as they came, by node. out: its tasks that the workers have."""

    work: _Work
    file: StoredFile
    expansion: Expansion
    prints: dict[Node, tuple[BodyPrint, ...]] = field(default_factory=dict)
    crashed: set[Node] = field(default_factory=set)
    out: int = 0


@dataclass(eq=False)
class _Work:
    """A submission that is being screened. files: those not begun; tasks: of those begun, not yet with the
    workers. left: its files of which nothing is kept yet. due: what is due sooner goes first."""

    claimed: Claimed
    files: deque[StoredFile]
    left: int
    tasks: deque[Task[Node]] = field(default_factory=deque)
    cancelled: bool = False

    @property
    def number(self) -> int:
        return self.claimed.submission.number

    @property
    def waits(self) -> bool:
        return bool(self.tasks or self.files)


class Desk:
    """One desk of a service. name: by which it claims.

    executor: how it is made for a bench; others than the settings' own for tests.
    """

    def __init__(
        self,
        store: ServiceStore,
        settings: Settings,
        executor: Callable[[Bench], Executor] | None = None,
    ) -> None:
        self.name = f"desk-{secrets.token_hex(6)}"
        self._store = store
        self._settings = settings
        self._make = executor or (lambda bench: executor_of(settings.screening, bench.setup_args()))
        self._bench: Bench | None = None
        self._executor: Executor | None = None
        self._keeper = Keeper[_Work](store, self.name)
        self._bell: Bell | None = None
        self._works: dict[int, _Work] = {}
        self._files: dict[Expansion, _File] = {}
        self._renewed = self._looked = 0.0
        self._outdated = False

    def run(self, stop: Callable[[], bool], pause: Callable[[float], None] = time.sleep) -> None:
        """Work until told to stop. pause: how to wait for so many seconds, or less."""
        try:
            # Before the first look: what comes after that is heard.
            bell = self._ringing()
            while not stop():
                if not self.step():
                    bell.wait(stop, pause)
        finally:
            self.close()

    def step(self) -> bool:
        """One round; whether there was anything to do."""
        self._keep_up()
        fresh = self._take_up()
        self._tell(self._keeper.kept())
        if self._executor is not None and self._executor.pending:
            self._listen(self._executor)
            return True
        if self._keeper.pending:
            self._tell(self._keeper.kept(_WAIT_S))
            return True
        return fresh

    def close(self) -> None:
        """End the workers; what was not finished waits for another desk."""
        self._let_go()
        self._keeper.close()
        self._keeper = Keeper(self._store, self.name)
        if self._bell is not None:
            self._bell.close()
        self._bell = None
        give_back(self._store, self.name)
        self._works.clear()
        self._files.clear()

    def _listen(self, executor: Executor) -> None:
        """The next outcome, if one comes soon; where workers are idle, something else to do comes first."""
        until = time.monotonic() + _WAIT_S
        has_room = executor.pending < executor.jobs
        while time.monotonic() < until:
            ended = executor.outcome_within(_ASK_S if has_room else _WAIT_S)
            if ended is not None:
                self._hear(*ended)
                return
            if has_room and self._ringing().rings():
                return

    def _ringing(self) -> Bell:
        if self._bell is None:
            self._bell = Bell(self._store)
        return self._bell

    # What keeps claims and terms fresh.

    def _keep_up(self) -> None:
        now = time.monotonic()
        if self._works and now - self._renewed > RENEW_S:
            mine = renew(self._store, self.name, list(self._works))
            for number in self._works.keys() - mine:
                # Somebody else's now; or its last result was written this moment, and then nothing is left.
                self._drop(number)
            self._renewed = now
        if self._bench is not None and now - self._looked > _LOOK_S:
            self._outdated, self._looked = not self._bench.is_current(), now
        if self._outdated and not self._files and not any(work.waits for work in self._works.values()):
            self._let_go()

    def _drop(self, number: int) -> None:
        work = self._works.pop(number)
        work.cancelled = True
        work.files.clear()
        work.tasks.clear()
        # What is still with the workers is not waited for; it goes when it comes.
        for expansion in [one for one, file in self._files.items() if file.work is work and not file.out]:
            del self._files[expansion]

    def _let_go(self) -> None:
        if self._executor is not None:
            self._executor.close()
        if self._bench is not None:
            self._bench.close()
        self._executor = self._bench = None
        self._outdated = False

    def _ready(self) -> tuple[Bench, Executor]:
        if self._bench is None or self._executor is None:
            self._bench = Bench.set_up(self._store.home, self._settings)
            self._executor = self._make(self._bench)
            self._looked = time.monotonic()
        return self._bench, self._executor

    # From the queue to the workers.

    def _take_up(self) -> bool:
        """Claim what there is room for and hand it to the workers, what is due soonest first; with an
        outdated bench nothing is begun but what was claimed. Whether there was anything."""
        if self._executor is None and (self._outdated or not is_any_free(self._store, self.name)):
            return False
        # Before anything is claimed: a desk that cannot be set up leaves it to others.
        _, executor = self._ready()
        room = executor.jobs + _ahead(executor.jobs) - executor.pending
        if room <= 0:
            return False
        if not self._outdated:
            first = self._next()
            most, before = (room + _AT_HAND, None) if first is None else (room, first.claimed.due)
            for one in claim(self._store, self.name, most, before):
                self._begin(one)
        return self._feed(room)

    def _next(self) -> _Work | None:
        """The work that is due soonest, of those that the workers do not have all of."""
        waiting = [work for work in self._works.values() if work.waits]
        return min(waiting, key=lambda work: (work.claimed.due, work.number), default=None)

    def _begin(self, claimed: Claimed) -> None:
        bench, _ = self._ready()
        self._renewed = self._renewed or time.monotonic()
        key = header_key(bench.header)
        if any(header != key for header in claimed.done.values()):
            drop_other_headers(self._store, self.name, claimed.submission.number, bench.header)
        todo = deque(file for file in claimed.files if claimed.done.get(file.id) != key)
        self._works[claimed.submission.number] = _Work(claimed, todo, len(todo))

    def _feed(self, room: int) -> bool:
        """Hand so many tasks to the workers; whether there was any."""
        fed = False
        while room > 0 and (work := self._next()) is not None:
            fed = True
            if not work.tasks:
                self._open(work, work.files.popleft())
                continue
            self._submit(work.tasks.popleft())
            room -= 1
        return fed

    def _open(self, work: _Work, file: StoredFile) -> None:
        """Begin a file: its first task waits, or it is finished at once."""
        bench, _ = self._ready()
        if work.claimed.lost > MOST_LOST or file.path is None or not file.path.is_file():
            reason = _LOST if work.claimed.lost > MOST_LOST else _GONE
            self._finish(work, file, (unscreenable(file.name, None, reason, file.sha256),), ())
            return
        limits = ExpansionLimits(bench.read_limits.max_members, bench.read_limits.max_depth)
        expansion = Expansion(Source(str(file.path), file.name), limits)
        self._files[expansion] = _File(work, file, expansion)
        work.tasks.append(task_of(expansion.root))

    def _submit(self, task: Task[Node]) -> None:
        _, executor = self._ready()
        self._files[task.tag.expansion].out += 1
        executor.submit(task)

    # From the workers to the store.

    def _hear(self, task: Task[Node], outcome: Outcome) -> None:
        node = task.tag
        bench, _ = self._ready()
        file = self._files.get(node.expansion)
        if file is None:
            return
        file.out -= 1
        if file.work.cancelled:
            # Somebody else has it now.
            if not file.out:
                del self._files[node.expansion]
            return
        if _is_crash(outcome) and node not in file.crashed:
            # Once more: a worker may have been killed for what is not the file's fault.
            file.crashed.add(node)
            file.work.tasks.appendleft(task)
            return
        answer = answer_of(node, outcome, bench.read_limits.max_file_bytes)
        file.prints[node] = answer.prints
        members = node.expansion.take(node, answer.item, answer.members)
        file.work.tasks.extendleft(task_of(member) for member in reversed(members))
        if node.expansion.done:
            del self._files[node.expansion]
            items = tuple(folded(node.expansion.items()))
            self._finish(file.work, file.file, items, tuple(_printed(file.prints)))

    def _finish(
        self, work: _Work, file: StoredFile, items: tuple[Item, ...], prints: tuple[Printed, ...]
    ) -> None:
        bench, _ = self._ready()
        self._keeper.put(Finished(work.number, bench.header, FileResult(file.id, items, prints)), work)

    def _tell(self, written: list[tuple[_Work, bool]]) -> None:
        """What became of results that were to be kept."""
        for work, kept in written:
            work.left -= 1
            if self._works.get(work.number) is not work:
                continue
            if not kept:
                self._drop(work.number)
            elif work.left == 0:
                del self._works[work.number]


def _ahead(jobs: int) -> int:
    """Tasks that wait with the workers, so that none is idle: few, for what comes now may be due sooner."""
    return max(1, jobs // 2)


def _is_crash(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and outcome.kind is FailureKind.CRASHED


def _printed(prints: dict[Node, tuple[BodyPrint, ...]]) -> Iterator[Printed]:
    """Fingerprints with what they are of."""
    for node, found in prints.items():
        if node.item is None:
            continue
        extents = {body.index: body.extents_mm for body in node.item.bodies}
        for one in found:
            if one.body in extents:
                yield Printed(node.member, node.item.sha256, extents[one.body], one)
