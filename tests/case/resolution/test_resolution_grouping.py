"""Clusters: surest pairs first, decisions before all, and no chain through what speaks against it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from partwatch.case.merging import clusters
from partwatch.case.resolution.grouping import Grouped, components, grouped, unscored


def group(
    count: int,
    pairs: dict[tuple[int, int], float],
    against: float | None = -4.0,
    same: tuple[tuple[int, int], ...] = (),
    different: tuple[tuple[int, int], ...] = (),
) -> Grouped:
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int32) for side in (0, 1))
    odds = np.array(list(pairs.values()), dtype=np.float64)
    return grouped(count, left, right, odds, 6.0, against, same, different)


FATHER_AND_SON = {(0, 1): 8.0, (1, 2): 7.0, (0, 2): -9.0}


def test_no_chain_through_a_record_that_could_be_either() -> None:
    assert group(3, FATHER_AND_SON, against=None).cluster.tolist() == [0, 0, 0]
    found = group(3, FATHER_AND_SON)
    # Whose it is is not known: it is nobody's, and a person is asked of both.
    assert found.cluster.tolist() == [0, 1, 2]
    assert found.contested == {0: (0, 2), 1: (2, 0)}


def test_a_claim_that_is_far_stronger_than_its_rival_stands() -> None:
    found = group(3, {(0, 1): 12.0, (1, 2): 3.0, (0, 2): -9.0})
    assert found.cluster.tolist() == [0, 0, 2]
    assert found.merged.tolist() == [True, False, False]
    assert found.contested == {}
    assert group(3, {(0, 1): 16.0, (1, 2): 7.0, (0, 2): -9.0}).contested == {1: (2, 0)}


def test_weak_doubts_together_weigh_as_one_strong_one() -> None:
    pairs = {(0, 1): 9.0, (2, 3): 9.0, (1, 2): 6.5, (0, 2): -3.0, (0, 3): -3.0, (1, 3): -3.0}
    assert group(4, pairs).cluster.tolist() == [0, 0, 2, 2]
    assert group(4, pairs | {(0, 3): 3.0}).cluster.tolist() == [0, 0, 0, 0]


def test_decisions_go_before_scores() -> None:
    assert group(3, FATHER_AND_SON, same=((0, 2),)).cluster.tolist() == [0, 0, 0]
    assert group(2, {(0, 1): 8.0}, different=((0, 1),)).cluster.tolist() == [0, 1]
    assert group(3, {}, same=((0, 1), (1, 2)), different=((0, 2),)).cluster.tolist() == [0, 0, 2]


def test_pairs_that_nobody_scored_are_asked_for() -> None:
    left, right = np.array([0, 1, 4], np.int32), np.array([1, 2, 5], np.int32)
    more = unscored(6, left, right, np.array([True, True, True]))
    assert [one.tolist() for one in more] == [[0], [2]]


PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] < pair[1]),
    st.floats(-12, 12), max_size=40,
)  # fmt: skip


@given(
    PAIRS,
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda p: p[0] < p[1]), max_size=5),
)
def test_what_was_merged_gives_the_same_clusters_again(
    pairs: dict[tuple[int, int], float], different: list[tuple[int, int]]
) -> None:
    found = group(12, pairs, different=tuple(different))
    for one, other in different:
        assert found.cluster[one] != found.cluster[other]
    merged = [pair for pair, kept in zip(pairs, found.merged, strict=True) if kept]
    assert clusters(12, merged, different).tolist() == found.cluster.tolist()
    for (one, other), odds in pairs.items():
        if found.cluster[one] == found.cluster[other]:
            # A pair of two alone is never against itself, and what is against is never within.
            assert odds > -4.0
    assert components(12, merged).tolist() == found.cluster.tolist()
