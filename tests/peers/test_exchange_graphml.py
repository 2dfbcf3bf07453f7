"""networkx reads what we write."""

from __future__ import annotations

import io

import pytest

from exchange_samples import (
    ANNA,
    DESIGN,
    ITEM,
    PARCEL,
    SOURCES,
    hostile_statements,
    make_case,
    sample_case,
    storable,
    written,
)
from peers import peer

networkx = peer("networkx")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory):
    data, summary = written(sample_case(tmp_path_factory.mktemp("case") / "c"), "graphml")
    read = networkx.read_graphml(io.BytesIO(data))
    assert (read.number_of_nodes(), read.number_of_edges()) == (
        summary.counts["nodes"],
        summary.counts["edges"],
    )
    return read


def test_nodes_have_names_sources_and_dates(graph) -> None:
    assert graph.nodes[ANNA]["label"] == "Anna Koval"
    assert graph.nodes[ANNA]["sources"] == "1 2"
    assert graph.nodes[ANNA]["reliability"] == "BC"
    assert graph.nodes[PARCEL]["first"] == "2024-05-02"
    assert all(told for _, told in graph.nodes(data=True)), "every end of an edge is a node of its own"


def test_a_match_is_an_edge_with_its_bits(graph) -> None:
    told = [one for one in graph.get_edge_data(ITEM, DESIGN).values() if one["schema"] == "Match"]
    assert [(one["bits"], one["directed"], one["reliability"]) for one in told] == [(14.25, True, "A")]


def test_a_path_is_found_in_it(graph) -> None:
    assert networkx.has_path(graph.to_undirected(), ANNA, DESIGN)


def test_hostile_texts_are_read(tmp_path) -> None:
    said = storable(one for one in hostile_statements() if len(one.value) < 1000)
    data, summary = written(make_case(tmp_path / "h", [(SOURCES[0][0], said)]), "graphml")
    assert networkx.read_graphml(io.BytesIO(data)).number_of_nodes() == summary.counts["nodes"]
