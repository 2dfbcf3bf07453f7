"""A service for tests: its store, what is handed in, and workers that need no list."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

from partwatch.formats.worker import Outcome, Task
from partwatch.model.document import Finding, Item
from partwatch.screening.answer import Answer
from partwatch.screening.expansion import Node
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.settings import Serving, Settings
from partwatch.service.states import Role
from partwatch.service.store import LOCAL, ServiceStore
from partwatch.service.submissions import Asked, Incoming, Submission, accept

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "case"))

import case_samples  # a database of its own for each test, as cases have

POSTGRESQL = os.environ.get("PARTWATCH_POSTGRESQL", "")
SHOP = Principal("shop", "shop", frozenset({Role.SUBMIT}))
OTHER = Principal("other", "other", frozenset({Role.SUBMIT}))


def settings_for(folder: Path, postgresql: bool, settings: Settings | None = None) -> Settings:
    """Settings with a database of the test's own."""
    if not postgresql:
        return settings or Settings()
    return Settings(Serving(database=case_samples.location(folder, True)))


def hand_in(
    store: ServiceStore,
    files: dict[str, bytes],
    customer: str = LOCAL,
    key: str | None = None,
    by: Principal = THIS_MACHINE,
) -> Submission:
    """Files as one submission."""
    incoming = Incoming.begin(store)
    for name, content in files.items():
        incoming.start(name)
        incoming.write(content)
        incoming.end()
    try:
        return accept(store, incoming, Asked(customer, key=key), by)[0]
    except BaseException:
        incoming.drop()
        raise


def clear(node: Node) -> Answer:
    """Nothing found in it."""
    return Answer(
        item=Item(
            path="", member=None, sha256=None, format="stl", finding=Finding.CLEAR, complete=True, reasons=(),
            bodies=(),
        )
    )  # fmt: skip


class Workers:
    """Executes in this process: what `answer` says of each node."""

    def __init__(self, answer: Callable[[Node], Answer | Outcome] = clear, jobs: int = 2) -> None:
        self.jobs = jobs
        self.answer = answer
        self.asked: list[str] = []
        self._waiting: deque[Task[Node]] = deque()

    @property
    def pending(self) -> int:
        return len(self._waiting)

    def submit(self, task: Task[Node], *, urgent: bool = False) -> None:
        (self._waiting.appendleft if urgent else self._waiting.append)(task)

    def outcome_within(self, wait_s: float | None) -> tuple[Task[Node], Outcome] | None:
        task = self._waiting.popleft()
        self.asked.append(task.tag.expansion.source.shown)
        said = self.answer(task.tag)
        return task, said.model_dump_json().encode() if isinstance(said, Answer) else said

    def close(self) -> None:
        self._waiting.clear()
