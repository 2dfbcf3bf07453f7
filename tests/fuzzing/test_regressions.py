"""Inputs that once broke a promise, replayed in a limited worker: `tests/regressions/FORMAT/NAME`.

A name that begins with `damaged` says that geometry is missing from the file, so that it is not complete.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz.targets import REGRESSIONS

from partwatch.formats.worker import Failure, FailureKind, Limits, Outcome, Task, WorkerPool

FILES = sorted(path for path in REGRESSIONS.rglob("*") if path.is_file())


def named(path: Path) -> str:
    return path.relative_to(REGRESSIONS).as_posix()


@pytest.fixture(scope="module")
def outcomes() -> dict[Path, Outcome]:
    with WorkerPool[Path](1, Limits(timeout_s=20, memory_mb=2048), "fuzz.worker:warm") as pool:
        tasks = [
            Task("fuzz.worker:replay", {"kind": path.parent.name, "path": str(path)}, path) for path in FILES
        ]
        return {task.tag: outcome for task, outcome in pool.run(tasks)}


def test_there_are_regressions() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=named)
def test_what_once_broke_a_promise_keeps_it(path: Path, outcomes: dict[Path, Outcome]) -> None:
    outcome = outcomes[path]
    if isinstance(outcome, Failure):
        # Native code may die of it; our own may not.
        assert path.parent.name == "step", outcome.message
        assert outcome.kind is not FailureKind.ERROR, outcome.message
    elif path.name.startswith("damaged"):
        assert outcome == b"incomplete"
    else:
        assert outcome in {b"complete", b"incomplete"}
