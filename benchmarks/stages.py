"""How long each stage of a screening takes, clocked from outside: a worker wraps the functions it calls.

Time is the worker's CPU time (it has one thread), which other work on the machine disturbs least. It counts
for the innermost stage that is running; what no stage covers is `rest`. A function that is no longer where it
was is an error, so that no stage silently falls to nothing.
"""

from __future__ import annotations

import importlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from partwatch.screening import job
from partwatch.screening.answer import Answer

STAGES = ("read", "split", "sample and describe", "search", "list access", "align", "measure", "rest")
SETUP = "benchmarks.stages:setup"
SCREEN_TIMED = "benchmarks.stages:screen_timed"

# Where each stage begins: (module, name as its callers see it, stage).
_ENTRANCES = (
    ("partwatch.screening.opening", "read_regular", "read"),
    ("partwatch.formats", "examine", "read"),
    ("partwatch.formats.registry", "read_as", "read"),
    ("partwatch.screening.job", "split_largest", "split"),
    ("partwatch.matching.engine", "sample_surface", "sample and describe"),
    ("partwatch.matching.engine", "describe", "sample and describe"),
    ("partwatch.matching.index", "Search.nearest", "search"),
    ("partwatch.screening.job", "Listed.clouds", "list access"),
    ("partwatch.screening.job", "Listed.mesh", "list access"),
    ("partwatch.matching.alignment", "Target.poses", "align"),
    ("partwatch.matching.alignment", "Target.settled", "align"),
    ("partwatch.matching.verification", "Laid.glance", "measure"),
    ("partwatch.matching.verification", "Laid.measure", "measure"),
    ("partwatch.matching.engine", "mesh_motion", "measure"),
)


class Clock:
    """CPU seconds by stage; `enter` and `leave` nest."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = 0.0

    def enter(self, stage: str) -> None:
        self._charge()
        self._open.append(stage)

    def leave(self) -> None:
        self._charge()
        self._open.pop()

    def _charge(self) -> None:
        # A worker is one thread, and under its limit on CPU time Linux counts that of a process in ticks.
        now = time.thread_time()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = now

    def wrapping(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """The function, clocked."""

        @wraps(function)
        def clocked(*args: Any, **kwargs: Any) -> Any:
            self.enter(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.leave()

        return clocked


_clock: list[Clock] = []


def install() -> None:
    """Wrap every entrance in this process, for good."""
    if _clock:
        return
    _clock.append(Clock())
    wrap(_ENTRANCES, _clock[0])


def wrap(entrances: Sequence[tuple[str, str, str]], clock: Clock) -> None:
    """Have a clock charge these stages from now on: (module, name as its callers see it, stage)."""
    for module, dotted, stage in entrances:
        owner: Any = importlib.import_module(module)
        *path, name = dotted.split(".")
        for step in path:
            owner = getattr(owner, step)
        setattr(owner, name, clock.wrapping(getattr(owner, name), stage))


def setup(home: str, snapshot_key: str, as_of: str) -> None:
    """In a worker: open the list as `screen`'s workers do, with clocks."""
    install()
    job.setup(home, snapshot_key, as_of)


def screen_timed(path: str) -> bytes:
    """In a worker: screen one file; JSON with wall and CPU seconds, CPU by stage, finding, parts.

    Needs `setup`, or `install` and `job.setup`. Members of archives are not followed.
    """
    clock = _clock[0]
    clock.spent.clear()
    cpu, wall = time.thread_time(), time.perf_counter()
    clock.enter("rest")
    answer = job.screen_file(path, [])
    clock.leave()
    wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
    item = Answer.model_validate_json(answer).item
    told = {
        "name": Path(path).name,
        "wall_s": wall,
        "cpu_s": cpu,
        "stages": {stage: clock.spent[stage] for stage in STAGES},
        "finding": item.finding.value,
        "parts": [match.part for body in item.bodies for match in body.matches],
    }
    return json.dumps(told).encode()
