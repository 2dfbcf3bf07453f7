"""Clusters: whatever is joined, no pair judged different ends up together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from partwatch.case.merging import clusters

COUNT = 8
PAIRS = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=14)


@given(PAIRS, PAIRS)
def test_no_pair_judged_different_is_ever_in_one_cluster(
    same: list[tuple[int, int]], different: list[tuple[int, int]]
) -> None:
    different = [(left, right) for left, right in different if left != right]
    found = clusters(COUNT, same, different)
    assert all(found[left] != found[right] for left, right in different)


@given(PAIRS)
def test_without_such_pairs_clusters_are_the_connected_components(same: list[tuple[int, int]]) -> None:
    reach = np.eye(COUNT, dtype=bool)
    for left, right in same:
        reach[left, right] = reach[right, left] = True
    for _ in range(COUNT):
        reach = reach | (reach.astype(int) @ reach.astype(int) > 0)
    assert clusters(COUNT, same, []).tolist() == [int(np.flatnonzero(row)[0]) for row in reach]


@given(PAIRS)
def test_one_that_is_named_stands_for_itself(same: list[tuple[int, int]]) -> None:
    found = clusters(COUNT, same, [])
    assert (found[found] == found).all()
    assert (found <= np.arange(COUNT)).all()


def test_a_join_that_is_tried_first_wins() -> None:
    assert clusters(3, [(0, 1), (1, 2)], [(0, 2)]).tolist() == [0, 0, 2]
    assert clusters(3, [(1, 2), (0, 1)], [(0, 2)]).tolist() == [0, 1, 1]
