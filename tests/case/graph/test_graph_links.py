"""Things and shared values become nodes; statements become links, each once a source."""

from __future__ import annotations

from math import isnan

import numpy as np
from case_graphs import Said, graph_of_said, merge

from partwatch.case.graph.links import SAME, CaseGraph

Link = tuple[str, str, str, int]


def links(graph: CaseGraph) -> set[Link]:
    return {
        (graph.key_of(a), graph.names[name], graph.key_of(b), source)
        for a, b, name, source in zip(
            graph.a.tolist(), graph.b.tolist(), graph.name.tolist(), graph.source.tolist(), strict=True
        )
    }


def test_a_property_is_a_link_and_a_value_only_where_two_hold_it() -> None:
    graph = graph_of_said(
        [
            ("p", "Parcel", "recipient", "r", 1),
            ("p", "Parcel", "recipientPhone", "+1", 1),
            ("r", "Person", "phone", "+1", 2),
            ("r", "Person", "email", "only@me", 2),
            ("p", "Parcel", "sender", "nobody said", 1),
        ]
    )
    assert links(graph) == {
        ("p", "recipient", "r", 1),
        ("p", "recipientPhone", "phone:+1", 1),
        ("r", "phone", "phone:+1", 2),
    }
    assert graph.values == (("phone", "+1"),)
    assert graph.dangling == 1


def test_equal_numbers_of_two_kinds_of_identifier_tie_nothing() -> None:
    graph = graph_of_said(
        [("a", "Person", "passportNumber", "77", 1), ("b", "Printer", "serialNumber", "77", 1)]
    )
    assert len(graph) == 0


def test_addresses_are_one_whatever_their_case_and_spaces() -> None:
    graph = graph_of_said(
        [("a", "Person", "address", "1 Rue  X", 1), ("b", "Exhibit", "seizedPlace", "1 RUE X", 2)]
    )
    assert graph.values == (("address", "1 rue x"),)


def test_messages_join_accounts_with_their_count_and_dates() -> None:
    rows: list[Said] = []
    for number, day in enumerate(("2024-03", "2024-01-15", "2024-02-01")):
        rows += [
            (f"m{number}", "Message", "senderAccount", "x", 4),
            (f"m{number}", "Message", "recipientAccount", "y", 4),
            (f"m{number}", "Message", "sender", "person", 4),
            (f"m{number}", "Message", "date", day, 4),
        ]
    rows += [(key, "UserAccount", "username", key, 4) for key in "xy"]
    rows += [("person", "Person", "name", "P", 4)]
    graph = graph_of_said(rows)
    assert links(graph) == {("x", "Message", "y", 4), ("person", "senderAccount", "x", 4)}
    joined = int(np.flatnonzero(graph.name == graph.names.index("Message"))[0])
    assert graph.count[joined] == 3
    days = np.array([graph.first[joined], graph.last[joined]], dtype="timedelta64[D]")
    assert (np.datetime64("1970-01-01") + days).astype(str).tolist() == ["2024-01-15", "2024-03-31"]
    assert graph.kind[graph.view.place_of["m0"]] == -1


def test_calls_between_numbers_join_the_numbers() -> None:
    graph = graph_of_said(
        [
            ("c", "Call", "callerNumber", "+1", 1),
            ("c", "Call", "receiverNumber", "+2", 1),
            ("a", "Person", "phone", "+1", 2),
        ]
    )
    assert links(graph) == {("phone:+1", "Call", "phone:+2", 1), ("a", "phone", "phone:+1", 2)}


def test_the_same_said_again_by_one_source_is_one_link() -> None:
    once: list[Said] = [("v", "Vehicle", "owner", "o", 1), ("o", "Person", "name", "O", 1)]
    graph = graph_of_said([*once, once[0], ("v", "Vehicle", "owner", "o", 2)])
    assert links(graph) == {("v", "owner", "o", 1), ("v", "owner", "o", 2)}
    assert graph.count.tolist() == [2, 1]
    assert graph.numbers(0) == (1, 3)


def test_an_inference_has_the_bits_of_its_match_and_is_one_whoever_makes_it() -> None:
    rows: list[Said] = [("i", "Item", "fileName", "i", 1), ("d", "Design", "name", "d", 1)]
    for match, source, bits in (("m1", 1, 12.0), ("m2", 1, 9.0), ("m3", 2, 11.0)):
        rows += [(match, "Match", "item", "i", source, bits), (match, "Match", "design", "d", source, bits)]
    graph = graph_of_said(rows)
    assert links(graph) == {("i", "Match", "d", 1), ("i", "Match", "d", 2)}
    assert graph.bits.tolist() == [12.0, 12.0]
    assert len(set(graph.inference.tolist())) == 1
    assert graph.error[0] == 2.0**-12


def test_an_undirected_link_is_one_from_either_side() -> None:
    rows: list[Said] = [("a", "Item", "fileName", "a", 1), ("b", "Item", "fileName", "b", 1)]
    for key, one, other in (("s1", "a", "b"), ("s2", "b", "a")):
        rows += [(key, "SameSource", "item", one, 1, 5.0), (key, "SameSource", "other", other, 1, 5.0)]
    graph = graph_of_said(rows)
    assert len(graph) == 1
    assert not graph.directed[0]


def test_ends_that_two_sources_say_need_both() -> None:
    graph = graph_of_said(
        [
            ("pay", "Payment", "payer", "a", 1),
            ("pay", "Payment", "beneficiary", "b", 2),
            ("a", "Person", "name", "a", 1),
            ("b", "Person", "name", "b", 2),
        ]
    )
    assert (graph.source.tolist(), graph.other.tolist()) == ([1], [2])


def test_a_merge_is_a_link_of_its_own_with_the_sources_of_its_records() -> None:
    rows: list[Said] = [
        (key, "Person", "name", key, source) for key, source in (("a", 1), ("b", 2), ("c", 2))
    ]
    merges = [merge("a", "b", 9.0), merge("a", "c", 7.0), merge("b", "c", 3.0)]
    graph = graph_of_said(rows, merges=merges)
    assert {graph.names[name] for name in graph.name} == {SAME}
    assert graph.spare.tolist() == [False, False, True]
    assert [sorted(pair) for pair in zip(graph.source.tolist(), graph.other.tolist(), strict=True)] == [
        [1, 2],
        [1, 2],
        [0, 2],
    ]
    assert graph.members == {0: (0, 1, 2)}


def test_a_merge_whose_evidence_fell_is_no_link_unless_a_person_decided() -> None:
    rows: list[Said] = [(key, "Person", "name", key, 1) for key in ("a", "b", "c")]
    merges = [merge("a", "b", statements=[1, 99]), merge("b", "c", decided=True, statements=[99])]
    graph = graph_of_said(rows, merges=merges)
    assert [one.decided for one in graph.merges] == [True]


def test_a_mailing_to_thousands_is_a_thing_and_not_a_million_links() -> None:
    rows: list[Said] = [(f"u{i}", "UserAccount", "username", f"u{i}", 1) for i in range(140)]
    rows += [("m", "Message", "senderAccount", f"u{i}", 1) for i in range(70)]
    rows += [("m", "Message", "recipientAccount", f"u{i}", 1) for i in range(70, 140)]
    graph = graph_of_said(rows)
    assert len(graph) == 140
    assert graph.kind_of(graph.view.place_of["m"]) == "Message"


def test_ports_count_who_stands_there_and_anywhere() -> None:
    rows: list[Said] = [(f"p{i}", "Parcel", "recipient", "r" if i < 3 else f"r{i}", 1) for i in range(10)]
    rows += [(f"r{i}", "Person", "name", "x", 1) for i in range(3, 10)] + [("r", "Person", "name", "r", 1)]
    graph = graph_of_said(rows)
    link = int(graph.links_at(graph.view.place_of["r"])[0])
    port = int(graph.port_b[link])
    assert (graph.role_of(port), graph.ports.holders[port], graph.ports.population[port]) == (
        "recipient<",
        3,
        10,
    )
    assert not graph.ports.settled[port]
    assert graph.ports.settled[graph.port_a[link]]


def test_an_empty_case_has_no_links() -> None:
    graph = graph_of_said([])
    assert (len(graph), graph.nodes) == (0, 0)


def test_what_is_simply_said_has_no_bits() -> None:
    graph = graph_of_said([("v", "Vehicle", "owner", "o", 1), ("o", "Person", "name", "O", 1)])
    assert isnan(graph.bits[0])
    assert graph.error.tolist() == [0.0]
    assert graph.inference.tolist() == [-1]
