"""Trees: the cheapest that holds all together, and the node in its middle, against the obvious way."""

from __future__ import annotations

import random

import pytest

from partwatch.curation.tree import middle, rooted, spanning_forest


def random_tree(seed: int, nodes: int) -> list[tuple[int, int, float]]:
    rng = random.Random(seed)
    return [(rng.randrange(k), k, rng.choice([0.0, 0.5, 1.0, 2.25])) for k in range(1, nodes)]


def distances(start: int, edges: list[tuple[int, int, float]]) -> dict[int, float]:
    far = {start: 0.0}
    while len(far) <= len(edges):
        for a, b, length in edges:
            for here, there in ((a, b), (b, a)):
                if here in far and there not in far:
                    far[there] = far[here] + length
    return far


@pytest.mark.parametrize("seed", range(20))
def test_the_middle_is_nearest_to_all_by_their_weights(seed: int) -> None:
    edges = random_tree(seed, 2 + seed)
    weights = {node: float(1 + (node * 7 + seed) % 4) for node in range(2 + seed)}
    reach = {
        node: sum(length * weights[other] for other, length in distances(node, edges).items())
        for node in weights
    }
    assert middle(weights, edges) == min(reach, key=lambda node: (round(reach[node], 9), node))


def test_the_middle_of_one_node_is_that_node() -> None:
    assert middle({7: 3.0}, []) == 7


def test_a_forest_takes_the_first_edge_that_joins_and_none_that_closes_a_ring() -> None:
    assert spanning_forest([(1, 2), (2, 1), (3, 4), (2, 3), (1, 4), (5, 6)]) == [0, 2, 3, 5]


@pytest.mark.parametrize("seed", range(10))
def test_a_rooted_tree_names_each_parent_before_its_child(seed: int) -> None:
    edges = [(a, b) for a, b, _ in random_tree(seed, 12)]
    root = seed % 12
    told = rooted(root, edges)
    reached = {root}
    for parent, child, place in told:
        assert {parent, child} == set(edges[place])
        assert parent in reached
        reached.add(child)
    assert len(told) == 11
    assert reached == set(range(12))


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain = [(k, k + 1) for k in range(5000)]
    assert rooted(0, chain)[-1] == (4999, 5000, 4999)
    assert middle(dict.fromkeys(range(5001), 1.0), [(a, b, 1.0) for a, b in chain]) == 2500
