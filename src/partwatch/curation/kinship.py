"""Which specimens of a catalogue are the same shape, and which are edited, cut from or built into others.

Specimens of one export are one at once, by their digests. Of the others each is compared with the few that it
is most like; those of the same shape become a group, of which from then on only the first is compared. So the
work grows with the number of different shapes, not with that of pairs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from partwatch.curation import kin_job
from partwatch.curation.catalogue import Catalogue
from partwatch.curation.kin_rules import Kin, is_same
from partwatch.curation.kin_search import likely_pairs
from partwatch.curation.specimens import Specimens
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool
from partwatch.model.document import Relation

# Comparisons of one specimen in a round; what a round joins is compared no more.
AT_ONCE = 4
# Searches: each looks among the groups that the one before left.
MOST_SEARCHES = 4


class Groups:
    """Disjoint sets of numbers, each known by its least."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def of(self, k: int) -> int:
        """The least of k's set."""
        while self._parent[k] != k:
            self._parent[k] = self._parent[self._parent[k]]
            k = self._parent[k]
        return k

    def join(self, a: int, b: int) -> None:
        """Make their sets one."""
        a, b = self.of(a), self.of(b)
        self._parent[max(a, b)] = min(a, b)


@dataclass(eq=False)
class Kinship:
    """What is known of a catalogue's specimens.

    groups: of one shape and hand. same: the comparisons that joined them. kin: the other comparisons in which
    enough coincides. compared: how many were made. failed: those that came to no end.
    """

    groups: Groups
    same: list[Kin] = field(default_factory=list)
    kin: list[Kin] = field(default_factory=list)
    compared: int = 0
    failed: list[tuple[int, int]] = field(default_factory=list)


Compared = Mapping[tuple[int, int], Kin | None]
Compare = Callable[[Iterable[tuple[int, int]]], Compared]


def settle(catalogue: Catalogue, compare: Compare) -> Kinship:
    """Compare what is alike until nothing is left to compare. compare: pairs (a, b), a < b; None failed."""
    specimens = catalogue.specimens
    found = Kinship(Groups(len(specimens)))
    first: dict[bytes, int] = {}
    for row, digest in enumerate(specimens.placed):
        found.groups.join(row, first.setdefault(digest, row))
    telling = [row for row in range(len(specimens)) if not specimens.is_plain(row)]
    tried: set[tuple[int, int]] = set()
    for _ in range(MOST_SEARCHES):
        rows = np.array([row for row in telling if found.groups.of(row) == row], np.int64)
        pairs = list(likely_pairs(specimens, rows))
        before = len(found.same)
        while batch := _batch(pairs, found.groups, tried):
            _take(found, batch, compare(batch), specimens)
            tried.update(batch)
        if len(found.same) == before:
            break
    return found


def _batch(
    pairs: Iterable[tuple[int, int]], groups: Groups, tried: set[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The best pairs that are still to be compared, a few of each specimen."""
    taken: dict[int, int] = {}
    batch: dict[tuple[int, int], None] = {}
    for a, b in pairs:
        a, b = sorted((groups.of(a), groups.of(b)))
        if a == b or (a, b) in tried or (a, b) in batch or taken.get(b, 0) >= AT_ONCE:
            continue
        taken[b] = taken.get(b, 0) + 1
        batch[a, b] = None
    return list(batch)


def _take(found: Kinship, batch: list[tuple[int, int]], compared: Compared, specimens: Specimens) -> None:
    for pair in batch:
        found.compared += 1
        if pair not in compared:
            continue
        kin = compared[pair]
        if kin is None:
            found.failed.append(pair)
        elif is_same(kin, specimens):
            found.same.append(kin)
            found.groups.join(*pair)
        else:
            found.kin.append(kin)


class Workers:
    """Compares in a pool of workers; what comes of it does not depend on how many there are."""

    def __init__(
        self, catalogue: Catalogue, jobs: int, limits: Limits, progress: Callable[[int], None]
    ) -> None:
        self._catalogue = catalogue
        self._progress = progress
        self.pool = WorkerPool[list[tuple[int, int]]](
            jobs=jobs,
            limits=limits,
            setup=kin_job.SETUP,
            setup_args={"folder": str(catalogue.folder)},
        )

    def compare(self, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Kin | None]:
        """Each pair in which something coincides, and with None each that could not be compared."""
        of: dict[int, list[int]] = {}
        for a, b in pairs:
            of.setdefault(b, []).append(a)
        tasks = (
            Task(
                kin_job.COMPARE,
                {"place": self._catalogue.place(b), "others": [self._catalogue.place(a) for a in others]},
                [(a, b) for a in others],
            )
            for b, others in sorted(of.items())
        )
        compared: dict[tuple[int, int], Kin | None] = {}
        for task, outcome in self.pool.run(tasks):
            self._progress(len(task.tag))
            if isinstance(outcome, Failure):
                compared.update(dict.fromkeys(task.tag))
                continue
            for told in json.loads(outcome):
                pair = task.tag[told["other"]]
                compared[pair] = _heard(pair, told)
        return compared


def _heard(pair: tuple[int, int], told: Mapping[str, Any]) -> Kin:
    median, p95, most = told["deviation_mm"]
    return Kin(
        *pair,
        relation=Relation(told["relation"]),
        scale=float(told["scale"]),
        mirrored=bool(told["mirrored"]),
        coverage_a=float(told["coverage_other"]),
        coverage_b=float(told["coverage"]),
        tolerance_mm=float(told["tolerance_mm"]),
        deviation_mm=(float(median), float(p95), float(most)),
    )
