"""Numbers, counts and references that are meant to do harm: the right reason, quickly and in little room."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hostile import CASES, READ
from partwatch.formats.worker import Failure, FailureKind, Limits, Outcome, Task, WorkerPool

# Libraries included; a billion of anything would not fit.
ROOM = Limits(timeout_s=20, memory_mb=2048)
# The STEP kernel is native code, and hangs on one of them: that is what the limit is for.
KERNEL_ROOM = Limits(timeout_s=6, memory_mb=2048)
KERNEL_ENDS = {FailureKind.UNREADABLE, FailureKind.TIMEOUT, FailureKind.CRASHED, FailureKind.MEMORY}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Every case read in a worker, which has to outlive all but those of the STEP kernel."""
    folder = tmp_path_factory.mktemp("hostile")
    tasks = []
    for number, (name, (data, _)) in enumerate(CASES.items()):
        path = folder / str(number)
        path.write_bytes(data)
        tasks.append(Task("worker_jobs:read_file", {"path": str(path)}, name))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        found: dict[str, Outcome] = {}
        for room, by_kernel in ((ROOM, False), (KERNEL_ROOM, True)):
            with WorkerPool[str](1, room, "worker_jobs:warm") as pool:
                chosen = [task for task in tasks if task.tag.startswith("step") is by_kernel]
                found |= {task.tag: outcome for task, outcome in pool.run(chosen)}
        return found


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_is_read_or_refused_for_the_right_reason(
    name: str, outcomes: dict[str, Outcome]
) -> None:
    outcome, expected = outcomes[name], CASES[name][1]
    if isinstance(outcome, Failure):
        ends = KERNEL_ENDS if name.startswith("step") else {FailureKind.UNREADABLE}
        assert outcome.kind in ends, outcome.message
        found = {outcome.code}
    else:
        found = set(json.loads(outcome)) or {READ}
    assert expected in found or not expected
