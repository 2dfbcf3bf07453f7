"""The desk: claims submissions, has their files screened, keeps results, renews its claims.

It may be killed at any moment: what it had claimed is claimed again once its lease is over, and what it had
kept is not done twice. A file that kills its worker is tried once more, then *unscreenable*.
"""

from __future__ import annotations

import secrets
import time
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
from partwatch.service.desk.executor import Executor, executor_of
from partwatch.service.desk.terms import Bench
from partwatch.service.results import FileResult, Printed, drop_other_headers, header_key, keep
from partwatch.service.settings import Settings
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import StoredFile, Submission

_WAIT_S: Final = 0.1
_IDLE_S: Final = 0.05
_LOOK_S: Final = 2.0
_LOST = Reason(
    code="lost",
    message=f"the service ended {MOST_LOST} times while it was screened: screen it by hand, elsewhere",
)
_GONE = Reason(code="gone", message="its file is no longer in the store: hand it in again")


@dataclass(eq=False)
class _File:
    """A file that is being screened. prints: as they came, by node."""

    work: _Work
    file: StoredFile
    expansion: Expansion
    prints: dict[Node, tuple[BodyPrint, ...]] = field(default_factory=dict)
    crashed: set[Node] = field(default_factory=set)


@dataclass(eq=False)
class _Work:
    """A submission that is being screened. left: its files that are not yet known."""

    submission: Submission
    left: int
    cancelled: bool = False


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
        self._works: dict[int, _Work] = {}
        self._files: dict[Expansion, _File] = {}
        self._renewed = self._looked = 0.0
        self._outdated = False

    def run(self, stop: Callable[[], bool], wait: Callable[[float], None] = time.sleep) -> None:
        """Work until told to stop. wait: for so many seconds, or until there may be something new."""
        try:
            while not stop():
                if not self.step():
                    wait(_IDLE_S)
        finally:
            self.close()

    def step(self) -> bool:
        """One round; whether there was anything to do."""
        self._keep_up()
        fresh = self._take_up()
        if self._executor is None or not self._executor.pending:
            return fresh
        if (ended := self._executor.outcome_within(_WAIT_S)) is not None:
            self._hear(*ended)
        return True

    def close(self) -> None:
        """End the workers; what was not finished waits for another desk."""
        self._let_go()
        give_back(self._store, self.name)
        self._works.clear()
        self._files.clear()

    # What keeps claims and terms fresh.

    def _keep_up(self) -> None:
        now = time.monotonic()
        if self._works and now - self._renewed > RENEW_S:
            mine = renew(self._store, self.name, list(self._works))
            for number in self._works.keys() - mine:
                self._works.pop(number).cancelled = True
            self._renewed = now
        if self._bench is not None and now - self._looked > _LOOK_S:
            self._outdated, self._looked = not self._bench.is_current(), now
        if self._outdated and not self._files:
            self._let_go()

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
        """Claim what there is room for; with an outdated bench nothing is begun."""
        if self._outdated or (self._executor is None and not is_any_free(self._store, self.name)):
            return False
        # Before anything is claimed: a desk that cannot be set up leaves it to others.
        _, executor = self._ready()
        room = 2 * executor.jobs - executor.pending
        claimed = claim(self._store, self.name, room) if room > 0 else []
        for one in claimed:
            self._begin(one)
        return bool(claimed)

    def _begin(self, claimed: Claimed) -> None:
        bench, executor = self._ready()
        self._renewed = self._renewed or time.monotonic()
        submission = claimed.submission
        key = header_key(bench.header)
        if any(header != key for header in claimed.done.values()):
            drop_other_headers(self._store, self.name, submission.number, bench.header)
        todo = [file for file in claimed.files if claimed.done.get(file.id) != key]
        work = self._works[submission.number] = _Work(submission, len(todo))
        for file in todo:
            if claimed.lost > MOST_LOST or file.path is None or not file.path.is_file():
                reason = _LOST if claimed.lost > MOST_LOST else _GONE
                self._finish(work, file, (unscreenable(file.name, None, reason, file.sha256),), ())
                continue
            limits = ExpansionLimits(bench.read_limits.max_members, bench.read_limits.max_depth)
            expansion = Expansion(Source(str(file.path), file.name), limits)
            self._files[expansion] = _File(work, file, expansion)
            executor.submit(task_of(expansion.root))

    # From the workers to the store.

    def _hear(self, task: Task[Node], outcome: Outcome) -> None:
        node = task.tag
        bench, executor = self._ready()
        file = self._files.get(node.expansion)
        if file is None:
            return
        if file.work.cancelled:
            # Somebody else has it now; what is still with the workers is not waited for.
            del self._files[node.expansion]
            return
        if _is_crash(outcome) and node not in file.crashed:
            # Once more: a worker may have been killed for what is not the file's fault.
            file.crashed.add(node)
            executor.submit(task, urgent=True)
            return
        answer = answer_of(node, outcome, bench.read_limits.max_file_bytes)
        file.prints[node] = answer.prints
        for member in reversed(node.expansion.take(node, answer.item, answer.members)):
            executor.submit(task_of(member), urgent=True)
        if node.expansion.done:
            del self._files[node.expansion]
            items = tuple(folded(node.expansion.items()))
            self._finish(file.work, file.file, items, tuple(_printed(file.prints)))

    def _finish(
        self, work: _Work, file: StoredFile, items: tuple[Item, ...], prints: tuple[Printed, ...]
    ) -> None:
        bench, _ = self._ready()
        found = FileResult(file.id, items, prints)
        work.left -= 1
        if not keep(self._store, self.name, work.submission.number, bench.header, found):
            work.cancelled = True
        if work.cancelled or work.left == 0:
            self._works.pop(work.submission.number, None)


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
