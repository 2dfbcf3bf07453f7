"""Clusters: joined by edges, kept apart by contradictions, and which edges hold them together."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from linking import mark

from partwatch.provenance.linking.blocks import signature
from partwatch.provenance.linking.candidates import ALL_PAIRS_OF, candidates
from partwatch.provenance.linking.clusters import bridges, joined

PAIRS = st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda p: p[0] < p[1])


def reached(count: int, edges: list[tuple[int, int]], start: int) -> set[int]:
    seen, todo = {start}, [start]
    while todo:
        at = todo.pop()
        for a, b in edges:
            for one, two in ((a, b), (b, a)):
                if one == at and two not in seen:
                    seen.add(two)
                    todo.append(two)
    return seen


@settings(max_examples=60, deadline=None)
@given(st.lists(PAIRS, unique=True, max_size=14))
def test_a_bridge_is_an_edge_whose_loss_parts_its_ends(edges: list[tuple[int, int]]) -> None:
    expected = {e for e in edges if e[1] not in reached(9, [o for o in edges if o != e], e[0])}
    assert bridges(9, edges) == expected


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(PAIRS, st.sampled_from([-8.0, -1.0, 2.0, 7.5, 9.0])))
def test_no_cluster_holds_a_pair_that_speaks_against_it_and_no_edge_is_lost(
    bits: dict[tuple[int, int], float],
) -> None:
    found = joined(9, bits, 7.0)
    assert sorted(item for of in found.clusters for item in of) == list(range(9))
    for of in found.clusters:
        assert all(bits.get((a, b), 0.0) > -3.3 for a in of for b in of if a < b)
        assert reached(9, list(found.kept), of[0]) == set(of)
    edges = {pair for pair, value in bits.items() if value >= 7.0}
    assert set(found.kept) | set(found.refused) == edges
    assert not set(found.kept) & set(found.refused)
    for pair in found.refused.values():
        assert bits[pair] <= -3.3


def test_a_chain_is_cut_where_its_ends_contradict_each_other() -> None:
    found = joined(3, {(0, 1): 9.0, (1, 2): 8.0, (0, 2): -5.0}, 7.0)
    assert found.clusters == ((0, 1), (2,))
    assert found.refused == {(1, 2): (0, 2)}
    assert found.bridges == {(0, 1)}


def test_of_many_items_only_those_that_share_something_rare_are_compared() -> None:
    count = ALL_PAIRS_OF + 50
    usual, own = mark("wipe", "1"), [mark("retract_length", f"{k // 2}") for k in range(count)]
    items = [signature([usual, each]) for each in own]
    assert candidates(items) == [(k, k + 1) for k in range(0, count, 2)]
    assert len(candidates(items[:4])) == 6
