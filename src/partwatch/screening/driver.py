"""Screens sources in a pool of workers and hands out their items in order, as soon as they are known.

A source's task answers with its item and, for an archive, with the names of its members; each member
is then a task of its own, so that one that crashes its worker costs only itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Failure, FailureKind, Outcome, Task, WorkerPool
from partwatch.model.document import Item, Reason
from partwatch.model.errors import StoreError
from partwatch.screening.answer import Answer
from partwatch.screening.expansion import Expansion, ExpansionLimits, Node, Unfolded, folded
from partwatch.screening.files import sha256_of
from partwatch.screening.findings import unscreenable
from partwatch.screening.walk import Source, shown

SCREEN_FILE = "partwatch.screening.job:screen_file"

_ADVICE = {
    FailureKind.CRASHED: "nothing of it was compared: convert it with other software and screen that",
    FailureKind.TIMEOUT: "raise --timeout to give it longer",
    FailureKind.MEMORY: "raise --max-memory to give it more",
    FailureKind.OUTPUT: "split it and screen the pieces",
    FailureKind.ERROR: "this is a fault of this program, please report it",
}


@dataclass(frozen=True)
class LookAhead:
    """How far screening may run ahead of an item that takes long."""

    max_sources: int = 1024
    max_bytes: int = 64 << 20


@dataclass(frozen=True, eq=False)
class Known:
    """A source whose items are known from before, in the place where they belong."""

    unfolded: Unfolded
    size_bytes: int
    done = True

    def items(self) -> Unfolded:
        """As `Expansion.items`."""
        return self.unfolded


_LOOK_AHEAD = LookAhead()
_LIMITS = ReadLimits()


class Driver:
    """Screens with a pool of workers whose setup has been given to it.

    function: the task, called with `path` and `chain`, the names of a member from the outermost
    archive in; returns an `Answer` as JSON.
    judge: what is made of each item before archives take over their members' findings.
    keep: told of each source that was screened and of its items as they came, once all are known.
    """

    def __init__(
        self,
        pool: WorkerPool[Node],
        function: str = SCREEN_FILE,
        look_ahead: LookAhead = _LOOK_AHEAD,
        limits: ReadLimits = _LIMITS,
        judge: Callable[[Item], Item] | None = None,
        keep: Callable[[Source, Unfolded], None] | None = None,
    ) -> None:
        self._pool = pool
        self._function = function
        self._look_ahead = look_ahead
        self._limits = limits
        self._judge = judge
        self._keep = keep
        self._waiting: deque[Expansion | Known] = deque()

    def screen(self, sources: Iterable[Source | Known]) -> Iterator[Item]:
        """The items of all sources in their order, members behind their archive, however many workers."""
        coming = iter(sources)
        exhausted = False
        while True:
            while not exhausted and self._has_room():
                source = next(coming, None)
                if source is None:
                    exhausted = True
                elif isinstance(source, Known):
                    self._waiting.append(source)
                else:
                    self._begin(source)
            # A source that is not opened needs no worker: nothing may be pending here.
            if self._waiting and not self._waiting[0].done:
                self._take(*self._pool.next_outcome())
            while self._waiting and self._waiting[0].done:
                yield from self._judged(self._waiting.popleft().items())
            if exhausted and not self._waiting:
                return

    def _judged(self, unfolded: Unfolded) -> list[Item]:
        if self._judge is not None:
            unfolded = tuple((self._judge(item), parent) for item, parent in unfolded)
        return folded(unfolded)

    def _has_room(self) -> bool:
        held = sum(expansion.size_bytes for expansion in self._waiting)
        # The first may hold what it likes: nothing can be handed out before it.
        return not self._waiting or (
            len(self._waiting) < self._look_ahead.max_sources and held < self._look_ahead.max_bytes
        )

    def _begin(self, source: Source) -> None:
        limits = ExpansionLimits(self._limits.max_members, self._limits.max_depth)
        expansion = Expansion(source, limits)
        self._waiting.append(expansion)
        if source.problem is None:
            self._pool.submit(task_of(expansion.root, self._function))
        else:
            expansion.take(expansion.root, unscreenable(source.shown, None, source.problem), ())

    def _take(self, task: Task[Node], outcome: Outcome) -> None:
        node = task.tag
        answer = answer_of(node, outcome, self._limits.max_file_bytes)
        size_bytes = 0 if isinstance(outcome, Failure) else len(outcome)
        fresh = node.expansion.take(node, answer.item, answer.members, size_bytes)
        # What unfolds stands before all that waits, so it also goes first; and in its own order.
        for member in reversed(fresh):
            self._pool.submit(task_of(member, self._function), urgent=True)
        if self._keep is not None and node.expansion.done:
            self._keep(node.expansion.source, node.expansion.items())


def task_of(node: Node, function: str = SCREEN_FILE) -> Task[Node]:
    """What a worker is asked to do for a node. function: called with `path` and `chain`, and with `named`
    where the source is called otherwise than its path."""
    source = node.expansion.source
    args: dict[str, object] = {"path": source.path, "chain": list(node.chain)}
    if source.shown != shown(source.path):
        args["named"] = source.shown
    root = node.expansion.root.item
    if node.chain and root is not None:
        # Members are taken from the file whose members were listed, or not at all.
        args["source_sha256"] = root.sha256
    return Task(function, args, tag=node)


def answer_of(node: Node, outcome: Outcome, max_file_bytes: int) -> Answer:
    """What a worker said of a node, under the node's own name; a failure is an item all the same."""
    if isinstance(outcome, bytes):
        try:
            answer = Answer.model_validate_json(outcome)
        except ValidationError:
            outcome = Failure(FailureKind.ERROR, "the worker's answer cannot be read")
        else:
            named = {"path": node.expansion.source.shown, "member": node.member}
            return answer.model_copy(update={"item": answer.item.model_copy(update=named)})
    return Answer(item=_failed(node, outcome, max_file_bytes))


def _failed(node: Node, failure: Failure, max_file_bytes: int) -> Item:
    """A failure as an item; only whole files are hashed here, where nothing hostile is unpacked."""
    source = node.expansion.source
    digest = None if node.chain else sha256_of(source.path, max_file_bytes)
    return unscreenable(source.shown, node.member, reason_of(failure), digest)


def reason_of(failure: Failure) -> Reason:
    """What happened, and what to do about it."""
    if failure.kind is FailureKind.UNREADABLE:
        return Reason(code=failure.code, message=failure.message)
    if failure.code == StoreError.__name__:
        return Reason(code="watchlist", message=failure.message)
    return Reason(code=failure.kind.value, message=f"{failure.message}: {_ADVICE[failure.kind]}")
