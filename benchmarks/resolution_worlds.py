"""Worlds scored by the resolution's own model: what a calibration is fitted and measured on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.people import People, World, people, varied
from partwatch.case.resolution.blocking import Blocks, blocks_of
from partwatch.case.resolution.fitting import Sample
from partwatch.case.resolution.model import Shares
from partwatch.case.resolution.records import Kind, Records, records
from partwatch.case.resolution.scoring import Scored, Scorer

# Sizes of cases, and of how many of each a calibration is made.
FITTED: dict[Kind, dict[int, int]] = {
    Kind.PERSON: {60: 50, 200: 30, 800: 14, 3000: 8, 12_000: 3},
    Kind.ORGANIZATION: {60: 30, 200: 15, 800: 8, 3000: 4, 12_000: 1},
    Kind.ADDRESS: {60: 30, 200: 15, 800: 8, 3000: 4, 12_000: 1},
}
HELD_BACK: dict[int, int] = {60: 20, 200: 10, 800: 6, 3000: 4, 12_000: 2}
# Held-back worlds have seeds of their own.
FIRST_HELD_BACK = 100_000
FLOOR = -20.0


@dataclass(frozen=True)
class Known:
    """A world as it was scored. entity: int (n,), of each record; pairs_of_one: how many there are."""

    world: World
    records: Records
    scored: Scored
    blocks: Blocks
    entity: NDArray[np.int64]
    group: NDArray[np.int64]

    @property
    def same(self) -> NDArray[np.bool_]:
        """The truth of each pair scored."""
        found: NDArray[np.bool_] = self.entity[self.scored.left] == self.entity[self.scored.right]
        return found

    @property
    def pairs_of_one(self) -> int:
        """Pairs of one entity, found or not."""
        sizes = Counter(self.entity.tolist()).values()
        return sum(size * (size - 1) // 2 for size in sizes)

    def sample(self) -> Sample:
        """For the fit. Of two entities of two groups, the first one's counts."""
        return Sample(
            self.scored.weights, self.same, self.group[self.scored.left], len(self.records),
            max(2 * self.pairs_of_one / max(len(self.records), 1), 0.02),
        )  # fmt: skip


def worlds(sizes: dict[int, int], first: int) -> list[World]:
    """So many of each size, each its own seed."""
    return [
        varied(first + 1000 * place + number, size)
        for place, (size, count) in enumerate(sizes.items())
        for number in range(count)
    ]


def written(world: World, kind: Kind) -> tuple[Records, People]:
    """Its records, and what they were made from."""
    made = people(world, kind)
    return records(kind, {f"{place:08d}": said for place, said in enumerate(made.said)}), made


def known(world: World, kind: Kind, shares: Shares | None = None) -> Known:
    """A world, scored. shares: m and u that ship, to be mixed with what it teaches."""
    rows, made = written(world, kind)
    kept = np.array([int(key) for key in rows.keys], dtype=np.int64)
    blocks = blocks_of(rows)
    with Scorer(rows, shipped=shares) as scorer:
        scored = scorer.blocked(blocks, FLOOR)
    entity, group = np.array(made.entity)[kept], np.array(made.group)[kept]
    return Known(world, rows, scored, blocks, entity, group)
