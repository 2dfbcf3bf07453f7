"""Nodes have places: the same each time, none on another, communities together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist

from partwatch.case.graph.layout import layout


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 40), st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=60), st.data()
)
def test_no_two_nodes_are_nearer_than_one_and_it_is_the_same_each_time(
    count: int, edges: list[tuple[int, int]], data: st.DataObject
) -> None:
    edges = [(a, b) for a, b in edges if a < count and b < count]
    groups = data.draw(st.lists(st.integers(-3, 5), min_size=count, max_size=count))
    places = layout(count, edges, None, groups, seed=3)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    assert count < 2 or pdist(places).min() >= 1.0
    assert np.array_equal(places, layout(count, edges, None, groups, seed=3))


def test_the_nearest_nodes_are_of_the_same_community() -> None:
    random = np.random.default_rng(5)
    groups = np.repeat(np.arange(5), 30)
    inside = [(int(i), int(random.choice(np.flatnonzero(groups == groups[i])))) for i in range(150)]
    across = [tuple(map(int, random.integers(0, 150, 2))) for _ in range(15)]
    places = layout(150, inside + across, None, groups)
    nearest = np.argsort(cdist(places, places), axis=1)[:, 1:6]
    assert (groups[nearest] == groups[:, None]).mean() > 0.85


def test_linked_nodes_are_nearer_than_others() -> None:
    chain = [(i, i + 1) for i in range(29)]
    places = layout(30, chain)
    distance = cdist(places, places)
    assert np.mean([distance[a, b] for a, b in chain]) < 0.6 * distance[np.triu_indices(30, 2)].mean()


def test_an_edge_to_no_node_is_refused() -> None:
    with pytest.raises(ValueError, match="names a node that is not one of 3"):
        layout(3, [(0, 3)])
