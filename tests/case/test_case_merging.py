"""Clusters: whatever is joined, no pair judged different ends up together."""

from __future__ import annotations

from pathlib import Path

import case_samples as samples
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.case.merging import check_joinable, clusters
from partwatch.case.statements import Statement, record_key
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Verdict
from partwatch.case.view import view_of
from partwatch.model.errors import UsageError

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


@pytest.fixture
def store(tmp_path: Path) -> CaseStore:
    return samples.filled(str(tmp_path / "case"))


def test_a_person_is_no_parcel(store: CaseStore) -> None:
    with pytest.raises(UsageError, match="nothing is both"):
        check_joinable(store, view_of(store), samples.SENDER, samples.PARCEL)
    check_joinable(store, view_of(store), samples.SENDER, samples.HOLDER)


def test_what_a_verdict_keeps_apart_is_named_before_anything_is_decided(store: CaseStore) -> None:
    other = record_key("7" * 64, "Person", "1")
    samples.take(store, "third.csv", "7" * 64, [Statement(other, "Person", "name", "J. D.", "1")])
    store.decide(samples.SENDER, other, Verdict.DIFFERENT, "met both", "tester")
    store.decide(samples.HOLDER, other, Verdict.SAME, "one phone", "tester")
    with pytest.raises(UsageError, match=f"{sorted((samples.SENDER, other))[0][:12]}.*keeps them apart"):
        check_joinable(store, view_of(store), samples.SENDER, samples.HOLDER)
    check_joinable(store, view_of(store), samples.SENDER, other)
