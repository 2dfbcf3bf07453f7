"""Weights learnt from pairs: what a source keeps links it, what it changes from job to job does not."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from linking import factory, mark

from partwatch.provenance.linking.blocks import Block, signature
from partwatch.provenance.linking.comparison import compared
from partwatch.provenance.linking.fit import Pair, fit, logistic, shares
from partwatch.provenance.slicers import shipped_table

FACTORY = factory()
SOURCES, JOBS = 16, 3


def pairs() -> list[Pair]:
    """Sources that keep their retraction and their lift, and draw infill and walls anew for each job."""
    rng = np.random.default_rng(5)
    items = [
        (
            f"source {number}",
            signature([
                mark("retract_length", f"{number % 8}.3"), mark("retract_lift", f"0.{number}"),
                mark("fill_density", f"{rng.integers(4)}0%"), mark("perimeters", f"{rng.integers(2, 5)}"),
            ]),
        )
        for number in range(SOURCES)
        for _ in range(JOBS)
    ]  # fmt: skip
    return [
        Pair(compared(one, two, FACTORY, shipped_table()), (a, b))
        for (a, one), (b, two) in combinations(items, 2)
    ]


def test_what_a_source_keeps_links_and_what_it_changes_does_not() -> None:
    every = pairs()
    part = fit(every, (Block.MACHINE, Block.TASK, Block.MANNER), "made up")
    assert (part.sources, part.mates) == (SOURCES, SOURCES * JOBS)
    assert part.strangers == len(every) - part.mates
    assert part.conflicts["setting retract_lift"] > 3
    assert part.conflicts["setting fill_density"] < 0.5
    assert part.weights[Block.MACHINE].agreed > 0.5
    assert part.weights[Block.MACHINE].agreed > 2 * part.weights[Block.TASK].agreed
    # Nothing is learnt of what was never seen, and no more is stated than so many pairs support.
    assert part.weights[Block.MANNER].agreed < 0.2
    assert 2 < part.bounds.both.high <= np.log2(SOURCES * (SOURCES - 1) / 2 + 1)
    assert part.bounds.both.low < -2
    assert fit(every, (Block.MACHINE, Block.TASK, Block.MANNER), "made up") == part


def test_both_kinds_count_a_half_and_close_strangers_a_quarter() -> None:
    mates = np.array([True, False, False, False, False])
    close = np.array([False, True, False, False, False])
    assert shares(mates, close).tolist() == [0.5, 0.25, 0.25 / 3, 0.25 / 3, 0.25 / 3]
    assert shares(mates, np.zeros(5, dtype=bool)).tolist() == [0.5, 0.125, 0.125, 0.125, 0.125]


def test_a_feature_that_speaks_against_gets_no_weight() -> None:
    x = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.0, 0.9]])
    mates = np.array([True, True, False, False])
    weights = logistic(x, mates, shares(mates, ~mates & False))
    assert weights[0] > 1
    assert weights[1] == 0
