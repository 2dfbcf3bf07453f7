"""The two halves: none of a family's projects is on both sides, whatever the seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from partwatch.curation.crossfit import _split
from partwatch.curation.observations import Bodies, Lain, Observations, Parts

NONE = np.zeros(0)


def observed(projects: int, families: list[tuple[int, int]]) -> Observations:
    """One part for each (project, family)."""
    n = len(families)
    of_project = np.array([project for project, _ in families], dtype=np.int32)
    of_family = np.array([family for _, family in families], dtype=np.int32)
    names = tuple(map(str, range(n)))
    descriptors = np.zeros((n, 1), dtype=np.float32)
    return Observations(
        project_names=tuple(f"project {k}" for k in range(projects)),
        licences=("",) * projects,
        bodies=Bodies(descriptors, np.ones(n), of_project, of_family, names),
        parts=Parts(descriptors, np.arange(n + 1), np.ones(n), of_project, of_family, names, np.ones(n)),
        strangers=Lain(NONE.astype(np.int32), NONE.astype(np.int32), NONE, NONE, ()),
        copies=(),
        revisions=(),
        unlisted=(),
        unread=0,
        items=n,
    )


CHAINED = [(0, 0), (1, 0), (1, 1), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6)]


@pytest.mark.parametrize("seed", range(12))
def test_projects_that_share_a_family_are_on_one_side(seed: int) -> None:
    first = _split(observed(8, CHAINED), seed)
    assert first[0] == first[1] == first[2]
    assert 0 < first.sum() < 8


def test_both_sides_have_about_as_many_families() -> None:
    apart = [(project, family) for family, project in enumerate([0] * 7 + [1] * 3 + [2] * 2 + [3] * 2)]
    first = _split(observed(4, apart), 0)
    sizes = [sum(first[project] == side for project, _ in apart) for side in (True, False)]
    assert sorted(sizes) == [7, 7]


def test_the_seed_draws_which_half_comes_first() -> None:
    one = observed(8, CHAINED)
    assert len({_split(one, seed).tobytes() for seed in range(12)}) > 1
    assert np.array_equal(_split(one, 3), _split(replace(one), 3))
