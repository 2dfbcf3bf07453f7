"""The strongest path, its rivals, all together, and what breaks them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from case_graphs import EXAMPLE, Said, graph_of_said, merge, people, view_of_said
from hypothesis import given, settings
from hypothesis import strategies as st

from partwatch.case.graph.build import graph_of, without_links
from partwatch.case.graph.filters import Filter
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.paths import paths_between
from partwatch.case.graph.search import Way, best_way
from partwatch.case.graph.terrain import Terrain
from partwatch.model.case_paths import CasePathsDocument
from partwatch.model.errors import UsageError


def terrain_of(graph: CaseGraph, start: str, end: str) -> Terrain:
    nothing = np.zeros(len(graph), dtype=np.bool_)
    places = graph.view.place_of
    return Terrain.of(graph, places[start], places[end], without_links(graph, nothing))


def all_ways(terrain: Terrain) -> list[Way]:
    """Every path that leaves no cluster to come back to it, by every choice of links."""
    graph, found = terrain.graph, []
    beside: dict[int, set[int]] = {}
    for link in np.flatnonzero(~terrain.shut).tolist():
        one, other = int(graph.a[link]), int(graph.b[link])
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)

    def go(nodes: tuple[int, ...]) -> None:
        if nodes[-1] == terrain.end:
            options = [terrain.links(*pair) for pair in itertools.pairwise(nodes)]
            found.extend(
                Way(nodes, links, terrain.cost(nodes, links)) for links in itertools.product(*options)
            )
            return
        groups = [terrain.group(node) for node in nodes]
        for far in beside.get(nodes[-1], ()):
            left = set(groups) - {groups[-1]}
            if far not in nodes and terrain.group(far) not in left:
                go((*nodes, far))

    go((terrain.start,))
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[CaseGraph, str, str]:
    """People, parcels, phones, matches and merges, of sources of all letters."""
    people_, parcels = draw(st.integers(2, 5)), draw(st.integers(1, 4))
    source, person = st.integers(1, 5), st.integers(0, people_ - 1)
    rows: list[Said] = [(f"r{i}", "Person", "name", f"n{i}", draw(source)) for i in range(people_)]
    for i in range(parcels):
        rows.append((f"p{i}", "Parcel", "trackingNumber", f"{i}", draw(source)))
        for prop in ("sender", "recipient"):
            rows += [
                (f"p{i}", "Parcel", prop, f"r{draw(person)}", draw(source))
                for _ in range(draw(st.integers(0, 2)))
            ]
    rows += [
        (f"r{draw(person)}", "Person", "phone", f"+{draw(st.integers(0, 2))}", draw(source))
        for _ in range(draw(st.integers(0, 5)))
    ]
    for i in range(draw(st.integers(0, 3))):
        number, bits = draw(source), draw(st.floats(-2, 20))
        rows += [
            (f"s{i}", "UnknownLink", end, f"r{draw(person)}", number, bits) for end in ("subject", "object")
        ]
    rows += people(draw(st.sampled_from([0, 30])))
    pairs = draw(st.lists(st.tuples(person, person), max_size=2))
    merges = {
        tuple(sorted((a, b))): merge(f"r{a}", f"r{b}", draw(st.floats(0, 15))) for a, b in pairs if a != b
    }
    letters = dict(enumerate(draw(st.text("ABCDEF", min_size=5, max_size=5)), 1))
    return graph_of_said(rows, letters, list(merges.values())), "p0", f"r{people_ - 1}"


@settings(max_examples=100, deadline=None)
@given(cases())
def test_the_strongest_path_is_the_strongest_of_all_and_is_shown_to_be(
    case: tuple[CaseGraph, str, str],
) -> None:
    terrain = terrain_of(*case)
    every = all_ways(terrain)
    best = best_way(terrain)
    if not every:
        assert best.way is None
        return
    least = min(way.cost for way in every)
    assert best.way is not None
    if best.shown:
        assert min(best.way.cost, 1.0) == pytest.approx(min(least, 1.0), rel=1e-9, abs=1e-9)
    else:
        assert best.lower <= least + 1e-9
    assert best.way.cost == pytest.approx(terrain.cost(best.way.nodes, best.way.links))
    assert (best.way.nodes[0], best.way.nodes[-1]) == (terrain.start, terrain.end)


@settings(max_examples=20, deadline=None)
@given(cases())
def test_all_together_are_no_less_than_the_best_and_no_path_repeats(case: tuple[CaseGraph, str, str]) -> None:
    graph, start, end = case
    answer = paths_between(graph, start, end, count=4)
    told = [path.bits for path in answer.paths]
    assert told == sorted(told, reverse=True)
    if told:
        assert answer.together.bits >= told[0] - 1e-9
        fewer = paths_between(graph, start, end, count=1, deep=False)
        assert answer.together.bits >= fewer.together.bits - 1e-9
    hops = [tuple((hop.source.key, hop.target.key) for hop in path.hops) for path in answer.paths]
    assert len(set(hops)) == len(hops)
    for one in answer.without:
        assert one.bits <= answer.together.bits + 1e-9 or one.elsewhere is not None
    assert CasePathsDocument.model_validate_json(answer.model_dump_json()) == answer


def test_the_worked_example() -> None:
    graph = graph_of_said(EXAMPLE, {1: "B", 2: "A", 90: "C"})
    answer = paths_between(graph, "item", "subscriber")
    (path,) = answer.paths
    assert [hop.link for hop in path.hops] == ["parcel", "senderPhone", "phone"]
    assert path.sources == (1, 2)
    # Two hold the number, of 100 who hold any; the parcel has three roles, one in each: 3 x 2 of 100.
    assert path.chance_bits == pytest.approx(-math.log2(6 / 100))
    assert path.bits == pytest.approx(-math.log2(2**-7 + 2**-10 + 6 / 100))
    assert path.hops[0].crossing is not None
    assert path.hops[0].crossing.settled
    assert [(one.what, one.breaks) for one in answer.without[:2]] == [("source", True), ("source", True)]
    assert answer.best_shown


def test_a_parcels_own_sender_leaves_nothing_to_chance() -> None:
    (path,) = paths_between(graph_of_said(EXAMPLE, {1: "B"}), "item", "sender").paths
    assert path.chance_bits is None
    assert path.bits == pytest.approx(7.0)


def test_a_source_is_counted_once_along_a_path() -> None:
    rows: list[Said] = [
        ("i", "Item", "listing", "l", 1),
        ("l", "Listing", "seller", "u", 1),
        ("u", "UserAccount", "owner", "o", 1),
    ]
    rows += [("o", "Person", "name", "o", 1)]
    (path,) = paths_between(graph_of_said(rows, {1: "C"}), "i", "o").paths
    assert path.bits == pytest.approx(4.0)


def test_a_source_is_counted_once_across_paths_and_two_sources_twice() -> None:
    one: list[Said] = [("v", "Vehicle", "owner", "o", 1), ("o", "Person", "name", "o", 9)]
    alone = paths_between(graph_of_said(one, {1: "C"}), "v", "o").together.bits
    again = paths_between(graph_of_said([*one, ("v", "Vehicle", "owner", "o", 1)], {1: "C"}), "v", "o")
    other = paths_between(graph_of_said([*one, ("v", "Vehicle", "operator", "o", 1)], {1: "C"}), "v", "o")
    second = paths_between(
        graph_of_said([*one, ("v", "Vehicle", "owner", "o", 2)], {1: "C", 2: "C"}), "v", "o"
    )
    assert alone == again.together.bits == other.together.bits == pytest.approx(4.0)
    assert second.together.bits == pytest.approx(8.0)
    assert [one.breaks for one in second.without if one.what == "source"] == [False, False]
    assert second.cut is not None
    assert second.cut.bits == pytest.approx(8.0)
    assert second.paths[0].hops[0].also_said_by == (2,)


def test_a_merge_is_a_hop_that_can_break() -> None:
    rows: list[Said] = [
        ("v", "Vehicle", "owner", "a", 1),
        ("a", "Person", "name", "a", 1),
        ("b", "Person", "name", "b", 2),
    ]
    graph = graph_of_said([*rows, *people(50)], {1: "A", 2: "A"}, [merge("a", "b", 5.0)])
    answer = paths_between(graph, "v", "b")
    assert answer.paths[0].bits == pytest.approx(-math.log2(2**-5 + 2**-10 + 2**-10))
    assert answer.paths[0].hops[1].link == "same"
    assert [one.what for one in answer.without if one.breaks] == ["source", "source", "merge", "link"]
    assert not answer.same
    assert paths_between(graph, "a", "b").same


def test_a_detour_back_to_the_same_person_is_no_evidence_that_they_are_one() -> None:
    rows: list[Said] = [
        ("v", "Vehicle", "owner", "a", 1),
        ("a", "Person", "phone", "+1", 1),
        ("b", "Person", "phone", "+1", 2),
    ]
    graph = graph_of_said([*rows, *people(5000)], {}, [merge("a", "b", 3.0)])
    (path,) = paths_between(graph, "v", "b").paths
    assert [hop.link for hop in path.hops] == ["owner", "same"]


def test_when_a_merge_falls_another_of_its_cluster_takes_its_place() -> None:
    rows: list[Said] = [("v", "Vehicle", "owner", "a", 1)]
    rows += [(key, "Person", "name", key, 2) for key in "abc"]
    merges = [merge("a", "b", 9.0), merge("b", "c", 8.0), merge("a", "c", 5.0)]
    answer = paths_between(graph_of_said(rows, {}, merges), "v", "c")
    assert len(answer.paths) == 1
    fallen = [one for one in answer.without if one.what == "merge"]
    assert [one.breaks for one in fallen] == [False, False]
    assert all(one.elsewhere == pytest.approx(-math.log2(2**-5 + 2 * 2**-10), abs=0.2) for one in fallen)


def hub(buyers: int, between: str) -> list[Said]:
    """Two people tied by a rare phone, and two by an account with many buyers."""
    rows: list[Said] = [("hub", "UserAccount", "username", "hub", 1)]
    for number in range(buyers):
        rows += [
            (f"pay {number}", "Payment", "payer", f"b{number}", 1),
            (f"pay {number}", "Payment", "beneficiary", "hub", 1),
            (f"b{number}", "Person", "name", f"b{number}", 1),
        ]
    rows += [(key, "Person", "phone", between, 1) for key in ("b0", "b1")]
    return [*rows, *people(buyers)]


def test_a_hub_ties_nobody_and_a_rare_number_does() -> None:
    graph = graph_of_said(hub(200, "+1"))
    assert paths_between(graph, "b0", "b1").paths[0].hops[0].link == "phone"
    by_phone = paths_between(graph, "b0", "b1").paths[0].bits
    by_hub = paths_between(graph, "b0", "b2").paths[0].bits
    assert by_phone > 6
    assert by_hub == 0.0


def test_who_else_is_tied_as_strongly_is_counted() -> None:
    graph = graph_of_said(EXAMPLE, {1: "B", 2: "A", 90: "C"})
    answer = paths_between(graph, "item", "subscriber")
    assert answer.rank is not None
    assert (answer.rank.as_strong, answer.rank.population, answer.rank.at_least) == (2, 100, False)


def test_only_what_passes_the_filter_is_crossed() -> None:
    graph = graph_of_said(EXAMPLE)
    assert not paths_between(graph, "item", "subscriber", only=Filter(sources=frozenset((1,)))).paths
    assert not paths_between(graph, "item", "subscriber", only=Filter(until="2024-05-01")).paths
    assert paths_between(graph, "item", "subscriber", only=Filter(since="2024-05")).paths
    assert not paths_between(graph, "item", "subscriber", only=Filter(kinds=frozenset(("Parcel",)))).paths
    assert paths_between(graph, "item", "sender", only=Filter(kinds=frozenset(("Parcel",)))).paths
    told = [*EXAMPLE, ("parcel", "Parcel", "origin", "fr", 1)]
    assert not paths_between(
        graph_of_said(told), "item", "sender", only=Filter(countries=frozenset(("de",)))
    ).paths
    assert paths_between(
        graph_of_said(told), "item", "sender", only=Filter(countries=frozenset(("FR",)))
    ).paths
    with pytest.raises(UsageError, match="is no date"):
        Filter(since="May")
    with pytest.raises(UsageError, match="neither a schema"):
        Filter(kinds=frozenset(("Thingummy",)))


def test_what_is_not_there_is_said_to_be_so() -> None:
    graph = graph_of_said([*EXAMPLE, ("m", "Match", "item", "item", 1), ("m", "Match", "design", "d", 1)])
    with pytest.raises(UsageError, match="nothing that stands is said of it"):
        paths_between(graph, "item", "nobody")
    with pytest.raises(UsageError, match="is a link between things"):
        paths_between(graph, "item", "m")
    nowhere = paths_between(graph, "item", "other 3")
    assert (nowhere.paths, nowhere.together.bits, nowhere.best_shown, nowhere.cut) == ((), 0.0, True, None)
    assert paths_between(graph, "item", "item").same
    assert paths_between(graph, "item", "phone:+331").paths


def test_the_same_question_has_the_same_answer() -> None:
    rows = hub(40, "+1")
    told = [paths_between(graph_of_said(rows), "b0", "b1").model_dump_json() for _ in range(2)]
    assert told[0] == told[1]


def test_a_small_case_cannot_tell_a_hub_unless_the_population_is_stated() -> None:
    rows: list[Said] = [("a", "Person", "phone", "+1", 1), ("b", "Person", "phone", "+1", 1)]
    view = view_of_said(rows)
    assert paths_between(graph_of(view), "a", "b").paths[0].bits == 0.0
    stated = graph_of(view, populations={"phone<": 4096, "Person": 4096})
    assert paths_between(stated, "a", "b").paths[0].chance_bits == pytest.approx(11.0)
