"""Local features for parts that have none yet: of a list of an earlier layout or an older export.

They are made from the listed meshes in worker processes: a mesh may have come from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from partwatch.fingerprint.local import FEATURE, Features, features_of_part
from partwatch.formats.worker import Failure, Limits, Outcome, Task, WorkerPool
from partwatch.model.errors import StoreError
from partwatch.watchlist.features import plain_records, records_of
from partwatch.watchlist.snapshot import Snapshot
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import PrintLayout

TASK: Final = "partwatch.watchlist.refresh:make"
SETUP: Final = "partwatch.watchlist.refresh:setup"
# Written at once: what is made stays made where the rest is interrupted.
_PARTS_AT_ONCE: Final = 1000
_PROBLEMS_SHOWN: Final = 20


def parts_to_refresh(
    snapshot: Snapshot, every: bool = False, designs: Collection[str] | None = None
) -> list[int]:
    """Parts with geometry that have no usable features, or with `every` all. designs: only theirs."""
    wanted = snapshot.parts.has_geometry if every else snapshot.parts.without_features
    if designs is not None:
        chosen = np.array([design.name in designs for design in snapshot.designs], dtype=bool)
        wanted = wanted & chosen[snapshot.parts.design_index]
    return [int(part) for part in np.flatnonzero(wanted)]


def refresh(
    watchlist: Watchlist,
    snapshot: Snapshot,
    parts: Collection[int],
    jobs: int = 1,
    limits: Limits | None = None,
    progress: Callable[[], None] = lambda: None,
    task: str = TASK,
) -> int:
    """Make the local features of some parts of an open snapshot anew; how many got them.

    progress: called once a part. task: what a worker runs for each of them. Raises StoreError with a line for
    each part whose features cannot be made, once the others have theirs.
    """
    made: dict[int, Features] = {}
    problems: list[str] = []
    count = 0
    tasks = (Task(task, {"part": part}, part) for part in parts)
    with WorkerPool[int](
        jobs=jobs, limits=limits or Limits(), setup=SETUP, setup_args=_setup_args(watchlist, snapshot)
    ) as pool:
        for done, outcome in pool.run(tasks):
            progress()
            try:
                made[snapshot.parts.id_of(done.tag)] = _features(outcome)
            except ValueError as error:
                part = snapshot.parts[done.tag]
                problems.append(f'design "{part.design}", part "{part.name}": no local features: {error}')
            if len(made) >= _PARTS_AT_ONCE:
                count += watchlist.replace_features(made)
                made.clear()
    if made:
        count += watchlist.replace_features(made)
    if problems:
        more = len(problems) - _PROBLEMS_SHOWN
        rest = [f"and {more:,} more"] if more > 0 else []
        raise StoreError("\n".join(sorted(problems)[:_PROBLEMS_SHOWN] + rest))
    return count


_snapshot: list[Snapshot] = []


def setup(home: str, snapshot_key: str, layout: dict[str, Any]) -> None:
    """In the worker: open the list as the parent has it."""
    _snapshot[:] = [Watchlist.open(Path(home), layout=PrintLayout(**layout)).snapshot(snapshot_key)]


def make(part: int) -> bytes:
    """In the worker: the features of a listed part, as plain records."""
    return plain_records(features_of_part(_snapshot[0].mesh(part))).tobytes()


def _setup_args(watchlist: Watchlist, snapshot: Snapshot) -> dict[str, Any]:
    home, layout = str(watchlist.home.absolute()), asdict(watchlist.layout)
    return {"home": home, "snapshot_key": snapshot.key, "layout": layout}


def _features(outcome: Outcome) -> Features:
    """What a worker sent, which is not believed; ValueError where it is none, or there was a failure."""
    if isinstance(outcome, Failure):
        raise ValueError(f"making them failed ({outcome.kind.value}): {outcome.message}")
    plain = np.frombuffer(outcome, dtype=np.uint8)
    return records_of(plain.reshape(-1, FEATURE.itemsize))
