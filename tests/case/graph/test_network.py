"""Neighbours, time line, communities, brokers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import rustworkx
from case_graphs import EXAMPLE, Said, graph_of_said, merge, people
from hypothesis import given, settings
from hypothesis import strategies as st

from partwatch.case.graph import between
from partwatch.case.graph.between import betweenness
from partwatch.case.graph.communities import communities_of
from partwatch.case.graph.filters import Filter
from partwatch.case.graph.louvain import louvain, modularity
from partwatch.case.graph.neighbours import neighbours_of
from partwatch.case.graph.timeline import timeline_of
from partwatch.model.errors import UsageError

EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30)


def test_neighbours_are_nearest_first_and_links_among_them_are_told() -> None:
    graph = graph_of_said(EXAMPLE)
    near = neighbours_of(graph, "item", 1)
    assert [(one.node.key, one.hops) for one in near.nodes] == [("item", 0), ("parcel", 1)]
    far = neighbours_of(graph, "item", 3)
    assert [(one.node.key, one.hops) for one in far.nodes] == [
        ("item", 0),
        ("parcel", 1),
        ("sender", 2),
        ("phone:+331", 2),
        ("subscriber", 3),
    ]
    assert {(link.source, link.target, link.link) for link in far.links} == {
        (0, 1, "parcel"),
        (1, 2, "sender"),
        (1, 3, "senderPhone"),
        (4, 3, "phone"),
    }
    few = neighbours_of(graph, "item", 3, most=2)
    assert (len(few.nodes), few.left_out, len(few.links)) == (2, 3, 1)
    with pytest.raises(UsageError, match="from 1 to 6"):
        neighbours_of(graph, "item", 7)


def test_records_that_are_one_are_no_hop_apart() -> None:
    rows: list[Said] = [("v", "Vehicle", "owner", "a", 1), ("w", "Vehicle", "owner", "b", 2)]
    rows += [(key, "Person", "name", key, 3) for key in "ab"]
    graph = graph_of_said(rows, {}, [merge("a", "b")])
    found = neighbours_of(graph, "v", 2)
    assert [(one.node.key, one.hops) for one in found.nodes] == [("v", 0), ("a", 1), ("w", 2)]
    assert found.nodes[1].node.records == 2


def test_the_time_line_of_a_person_has_what_the_person_takes_part_in() -> None:
    rows: list[Said] = [
        *EXAMPLE,
        ("sender", "Person", "birthDate", "1980", 1),
        ("m", "Message", "date", "2024-04-30T10:00:00Z", 2),
        ("m", "Message", "sender", "sender", 2),
        ("m", "Message", "recipients", "subscriber", 2),
        ("other 1", "Person", "modifiedAt", "2025-01-01", 1),
        ("other 2", "Person", "birthDate", "not a date", 1),
    ]
    graph = graph_of_said(rows)
    told = timeline_of(graph, "sender")
    assert [(one.date, one.node.kind, one.what, one.source) for one in told.events] == [
        ("1980", "Person", "birthDate", 1),
        ("2024-04-30T10:00:00Z", "Message", "date", 2),
        ("2024-05-02", "Parcel", "postedAt", 1),
    ]
    assert [one.key for one in told.events[1].parties] == ["sender", "subscriber"]
    assert (told.events[0].first, told.events[0].last) == ("1980-01-01", "1980-12-31")
    whole = timeline_of(graph, only=Filter(since="2024-05", kinds=frozenset(("Parcel",))))
    assert [one.date for one in whole.events] == ["2024-05-02"]
    assert timeline_of(graph, most=1).left_out == 2
    assert timeline_of(graph_of_said([])).events == ()


@settings(max_examples=40, deadline=None)
@given(EDGES)
def test_betweenness_is_that_of_another_implementation(edges: list[tuple[int, int]]) -> None:
    pairs = sorted({(min(pair), max(pair)) for pair in edges if pair[0] != pair[1]})
    graph = rustworkx.PyGraph()
    graph.add_nodes_from(range(12))
    graph.add_edges_from([(a, b, None) for a, b in pairs])
    known = rustworkx.betweenness_centrality(graph, normalized=True)
    found, sampled = betweenness(12, np.array(pairs, dtype=np.int64).reshape(-1, 2))
    assert sampled == 0
    assert found.tolist() == pytest.approx([known[node] for node in range(12)], abs=1e-12)


def test_a_sample_says_so_and_finds_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(between, "EXACT_NODES", 10)
    monkeypatch.setattr(between, "PIVOTS", 20)
    pairs = [(0, node) for node in range(1, 20)] + [(0, 20)] + [(20, node) for node in range(21, 40)]
    found, sampled = betweenness(40, np.array(pairs))
    assert sampled == 20
    assert set(np.argsort(-found)[:2].tolist()) == {0, 20}


@settings(max_examples=40, deadline=None)
@given(EDGES, st.integers(0, 3))
def test_communities_are_the_same_each_time_and_no_worse_than_one(
    edges: list[tuple[int, int]], seed: int
) -> None:
    pairs = np.array([pair for pair in edges if pair[0] != pair[1]], dtype=np.int64).reshape(-1, 2)
    weights = np.ones(len(pairs))
    own = louvain(12, pairs, weights, seed)
    assert np.array_equal(own, louvain(12, pairs, weights, seed))
    assert sorted(set(own.tolist())) == list(range(int(own.max()) + 1))
    assert modularity(pairs, weights, own) >= modularity(pairs, weights, np.zeros(12, dtype=np.int64)) - 1e-12
    sizes = np.bincount(own)
    assert (np.diff(sizes) <= 0).all()


def ring(name: str, size: int) -> list[Said]:
    """People of whom each is said to know all others."""
    rows: list[Said] = [(f"{name}{i}", "Person", "name", f"{name}{i}", 1) for i in range(size)]
    for one, other in itertools.combinations(range(size), 2):
        known = f"{name} {one} {other}"
        rows += [
            (known, "Associate", "person", f"{name}{one}", 1),
            (known, "Associate", "associate", f"{name}{other}", 1),
        ]
    return rows


def test_two_rings_are_two_communities_and_who_joins_them_is_a_broker() -> None:
    rows = [*ring("a", 8), *ring("b", 8), ("broker", "Person", "name", "the broker", 1)]
    rows += [("van", "Vehicle", "owner", "broker", 1), ("van", "Vehicle", "operator", "a0", 1)]
    rows += [("bus", "Vehicle", "owner", "broker", 1), ("bus", "Vehicle", "operator", "b0", 1)]
    graph = graph_of_said([*rows, *people(3)])
    told = communities_of(graph, seed=1)
    assert told == communities_of(graph, seed=1)
    rings = [
        {node.caption for node in one.members if node.caption[0] in "ab" and node.kind == "Person"}
        for one in told.communities
    ]
    assert {f"a{i}" for i in range(8)} in rings
    assert {f"b{i}" for i in range(8)} in rings
    assert told.modularity > 0.4
    assert "the broker" in [one.node.caption for one in told.brokers[:3]]
    assert told.alone == 3
    assert told.sampled == 0


def test_an_empty_case_has_no_communities() -> None:
    told = communities_of(graph_of_said([]))
    assert (told.communities, told.brokers, told.modularity, told.alone) == ((), (), 0.0, 0)
