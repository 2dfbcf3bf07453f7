"""The order of leads: what it is made of, what must not change it."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from case_graphs import EXAMPLE, Said, graph_of_said, merge, people
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from partwatch.case.graph.build import without_links
from partwatch.case.graph.filters import Filter
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.ranking import MOST_LEADS, ranking_of, shares_of
from partwatch.case.graph.walk import ON, steps_of, visits
from partwatch.model.case_ranking import SCHEMA, CaseRankingDocument
from partwatch.model.errors import UsageError
from partwatch.report.case_ranking_text import render


def order(document: CaseRankingDocument) -> list[tuple[int, str]]:
    return [(lead.place, lead.node.key) for lead in document.leads]


def share(graph: CaseGraph, start: str, end: str) -> float:
    return float(shares_of(graph, start)[graph.view.canonical[graph.view.place_of[end]]])


def messages(sender: str, recipient: str, count: int, source: int = 1, first: int = 0) -> list[Said]:
    told: list[Said] = []
    for number in range(first, first + count):
        key = f"message {sender} {recipient} {number} {source}"
        told += [
            (key, "Message", "sender", sender, source),
            (key, "Message", "recipients", recipient, source),
        ]
    return told


@st.composite
def said(draw: st.DrawFn) -> list[Said]:
    """People, parcels, phones, messages, by sources of all letters."""
    source, person = st.integers(1, 4), st.integers(0, 5)
    rows: list[Said] = [("item", "Item", "parcel", "p0", draw(source))]
    rows += [(f"r{i}", "Person", "name", f"n{i}", draw(source)) for i in range(6)]
    for i in range(draw(st.integers(1, 3))):
        rows.append((f"p{i}", "Parcel", "sender", f"r{draw(person)}", draw(source)))
        rows.append((f"p{i}", "Parcel", "senderPhone", f"+{draw(st.integers(0, 2))}", draw(source)))
    for _ in range(draw(st.integers(0, 6))):
        rows.append((f"r{draw(person)}", "Person", "phone", f"+{draw(st.integers(0, 2))}", draw(source)))
    for i in range(draw(st.integers(0, 4))):
        rows += messages(
            f"r{draw(person)}", f"r{draw(person)}", draw(st.integers(1, 3)), draw(source), 10 * i
        )
    return rows


OWNED: list[Said] = [("item", "Item", "account", "a", 1), ("a", "UserAccount", "owner", "o", 1)]
LETTERS = {1: "A", 2: "B", 3: "D", 4: "E"}


def test_what_is_told_of_a_lead() -> None:
    document = ranking_of(graph_of_said(EXAMPLE), "item", most=2)
    assert document.schema_version == SCHEMA
    assert order(document) == [(1, "sender"), (2, "subscriber")]
    first, second = document.leads
    assert [node.key for node in first.path] == ["item", "parcel", "sender"]
    assert first.links == ("parcel", "sender")
    assert (first.hops, second.hops) == (2, 3)
    assert first.bits == pytest.approx(10.0)
    assert (document.population, document.reached, document.left_out) == (100, 2, 0)
    assert sum(lead.share for lead in document.leads) == pytest.approx(1.0)
    assert first.score == pytest.approx(np.log2(100 * first.share))
    assert first.bits_shown


def test_bits_are_those_of_the_path_whatever_the_order_says() -> None:
    from partwatch.case.graph.paths import paths_between

    graph = graph_of_said(EXAMPLE, {1: "B"})
    for lead in ranking_of(graph, "item").leads:
        path = paths_between(graph, "item", lead.node.key, deep=False)
        assert lead.bits == pytest.approx(path.paths[0].bits)


def test_a_step_takes_a_role_and_then_one_who_stands_there() -> None:
    """By hand: item, parcel, and its two recipients and one sender."""
    rows: list[Said] = [("item", "Item", "parcel", "p", 1), ("p", "Parcel", "sender", "s", 1)]
    rows += [("p", "Parcel", "recipient", one, 1) for one in ("r", "q")]
    rows += [(one, "Person", "name", one, 1) for one in ("s", "r", "q")]
    graph = graph_of_said(rows)
    matrix = np.zeros((5, 5))  # item, parcel, sender, recipients
    held = 1.0 - 2.0**-10
    for there, chance in ((0, 1 / 3), (2, 1 / 3), (3, 1 / 6), (4, 1 / 6)):
        matrix[there, 1] = chance
        matrix[1, there] = 1.0
    # The source is paid for at the first step out of the item, and never again.
    walked = (1 - ON) * np.eye(5)[0]
    expected, step = walked.copy(), held * ON * (matrix @ walked)
    for _ in range(400):
        expected, step = expected + step, ON * (matrix @ step)
    found = [share(graph, "item", key) for key in ("item", "p", "s", "r", "q")]
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_source_is_paid_for_once_by_hops_that_follow() -> None:
    """Three hops by one source against three by three as good ones."""

    def chain(sources: tuple[int, int, int]) -> list[Said]:
        one, two, three = sources
        return [
            ("item", "Item", "account", "a", one), ("a", "UserAccount", "owner", "b", two),
            ("v", "Vehicle", "owner", "b", three), ("b", "Person", "name", "b", three),
        ]  # fmt: skip

    letters = dict.fromkeys((1, 2, 3), "D")
    alone = share(graph_of_said(chain((1, 1, 1)), letters), "item", "v")
    three = share(graph_of_said(chain((1, 2, 3)), letters), "item", "v")
    assert alone > three
    # One hop more by the same source costs nothing but the step itself.
    sure = share(graph_of_said(chain((1, 1, 1)), {1: "A"}), "item", "v")
    assert alone / sure == pytest.approx((1 - 2.0**-2) / (1 - 2.0**-10), rel=1e-5)


@given(said(), st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_one_more_source_that_says_the_same_takes_nothing_away_in_all(rows: list[Said], at: int) -> None:
    row = rows[at % len(rows)]
    before = shares_of(graph_of_said(rows, LETTERS), "item").sum()
    again = [*rows, (*row[:4], 9)]
    assert shares_of(graph_of_said(again, {**LETTERS, 9: "E"}), "item").sum() >= before - 1e-6


def test_many_messages_weigh_more_than_one_and_less_than_their_number() -> None:
    rows = list(OWNED)
    rows += [(one, "Person", "name", one, 1) for one in ("o", "often", "once")]
    graph = graph_of_said(rows + messages("o", "often", 100) + messages("o", "once", 1))
    ratio = share(graph, "item", "often") / share(graph, "item", "once")
    assert 1.0 < ratio < 100.0
    assert ratio == pytest.approx(np.log2(101), rel=1e-3)


def test_a_source_that_repeats_the_messages_of_another_counts_them_once() -> None:
    rows = list(OWNED)
    rows += [(one, "Person", "name", one, 1) for one in ("o", "x", "y")]
    rows += messages("o", "x", 3) + messages("o", "y", 3)
    once = graph_of_said(rows)
    twice = graph_of_said(rows + messages("o", "x", 3, source=2))
    of_once, of_twice = (share(g, "item", "x") / share(g, "item", "y") for g in (once, twice))
    assert of_once == pytest.approx(1.0)
    assert of_twice == pytest.approx(1.0, abs=0.01)


def test_a_hub_passes_on_little() -> None:
    rows = list(OWNED)
    for name, count in (("rare", 1), ("hub", 200)):
        rows += [("o", "Person", "phone", f"+{name}", 1)]
        rows += [(f"{name} {i}", "Person", "phone", f"+{name}", 1) for i in range(count)]
    graph = graph_of_said(rows)
    leads = ranking_of(graph, "item", most=3).leads
    assert [lead.node.key for lead in leads[:2]] == ["o", "rare 0"]
    assert leads[2].place == 3
    assert share(graph, "item", "rare 0") > 20 * share(graph, "item", "hub 7")


def test_those_who_are_level_have_one_place() -> None:
    rows: list[Said] = [("item", "Item", "parcel", "p", 1)]
    rows += [("p", "Parcel", "recipient", f"r{i}", 1) for i in range(3)]
    rows += [(f"r{i}", "Person", "name", f"n{i}", 1) for i in range(3)]
    assert order(ranking_of(graph_of_said(rows), "item")) == [(1, "r0"), (1, "r1"), (1, "r2")]


@given(said(), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_the_order_does_not_hang_on_names_or_on_how_statements_came(rows: list[Said], seed: int) -> None:
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    keys = {row[0] for row in rows} | {f"p{i}" for i in range(3)}

    def renamed(text: str) -> str:
        return f"z{text}" if text in keys else text

    other = [(renamed(row[0]), *row[1:3], renamed(row[3]), row[4] + 7) for row in shuffled]
    letters = {number + 7: letter for number, letter in LETTERS.items()}
    one = ranking_of(graph_of_said(rows, LETTERS), "item")
    two = ranking_of(graph_of_said(other, letters), "zitem")
    assert [(place, f"z{key}") for place, key in order(one)] == order(two)
    assert [lead.score for lead in two.leads] == pytest.approx([lead.score for lead in one.leads])


@given(said())
@settings(max_examples=20, deadline=None)
def test_bystanders_elsewhere_change_nothing_of_the_order(rows: list[Said]) -> None:
    elsewhere = people(30) + messages("other 1", "other 2", 5, source=90)
    one = ranking_of(graph_of_said(rows, LETTERS), "item")
    two = ranking_of(graph_of_said(elsewhere + rows, LETTERS), "item")
    assert order(one) == order(two)
    assert [lead.share for lead in two.leads] == pytest.approx([lead.share for lead in one.leads])


@given(said())
@settings(max_examples=20, deadline=None)
def test_a_source_left_out_is_as_if_it_had_said_nothing(rows: list[Said]) -> None:
    left = [row for row in rows if row[4] != 2]
    kept = Filter(sources=frozenset((1, 3, 4)))
    filtered = ranking_of(graph_of_said(rows, LETTERS), "item", only=kept)
    if "item" not in {row[0] for row in left}:
        assert not filtered.leads
        return
    gone = ranking_of(graph_of_said(left, LETTERS), "item")
    # Who is left unnamed is no thing of a kind, but is reached all the same.
    named = {row[0] for row in left if row[1] == "Person"}
    assert [key for _, key in order(filtered) if key in named] == [
        key for _, key in order(gone) if key in named
    ]


@given(said())
@settings(max_examples=20, deadline=None)
def test_no_more_walks_than_set_out(rows: list[Said]) -> None:
    found = shares_of(graph_of_said(rows, LETTERS), "item")
    assert found.min() >= 0.0
    assert found.sum() <= 1.0 + 1e-9


def test_records_that_are_one_are_one_lead_and_an_unsure_merge_weighs_less() -> None:
    joined = (merge("sender", "subscriber", 12.0),)
    leads = ranking_of(graph_of_said(EXAMPLE, merges=joined), "item").leads
    assert [lead.node.records for lead in leads] == [2]
    unsure = (merge("sender", "subscriber", 1.0),)
    assert share(graph_of_said(EXAMPLE, merges=unsure), "item", "sender") < share(
        graph_of_said(EXAMPLE, merges=joined), "item", "sender"
    )


def test_other_kinds_than_people_are_ranked_as_well() -> None:
    graph = graph_of_said(EXAMPLE)
    assert order(ranking_of(graph, "subscriber", "Item")) == [(1, "item")]
    assert order(ranking_of(graph, "item", "phone")) == [(1, "phone:+331")]
    assert order(ranking_of(graph, "phone:+331", "LegalEntity"))[0][1] == "subscriber"
    assert "sender" not in {lead.node.key for lead in ranking_of(graph, "sender").leads}


def test_what_leads_nowhere_has_no_leads() -> None:
    graph = graph_of_said([*EXAMPLE, ("alone", "Item", "name", "alone", 3)])
    document = ranking_of(graph, "alone")
    assert (document.leads, document.reached, document.population) == ((), 0, 100)
    assert order(ranking_of(graph, "item", "Vehicle")) == []


@pytest.mark.parametrize("most", [0, MOST_LEADS + 1])
def test_too_many_or_none_are_refused(most: int) -> None:
    with pytest.raises(UsageError, match="leads"):
        ranking_of(graph_of_said(EXAMPLE), "item", most=most)


def test_what_is_no_kind_and_what_is_not_there_are_refused() -> None:
    graph = graph_of_said(EXAMPLE)
    with pytest.raises(UsageError, match="neither a schema"):
        ranking_of(graph, "item", "Suspect")
    with pytest.raises(UsageError):
        ranking_of(graph, "nobody")


def test_where_all_is_shut_the_walk_stays() -> None:
    graph = graph_of_said(EXAMPLE)
    found = visits(graph, steps_of(graph, np.ones(len(graph), dtype=np.bool_)), graph.view.place_of["item"])
    assert found.sum() == pytest.approx(1 - ON)
    open_ = steps_of(graph, without_links(graph, np.zeros(len(graph), dtype=np.bool_)))
    assert np.asarray(open_.onward.sum(axis=0)).max() <= 1.0 + 1e-12


def test_the_text_tells_the_order_and_that_it_is_no_evidence() -> None:
    rows = [(*row[:3], "A\x1b[31m Sender", row[4]) if row[3] == "A. Sender" else row for row in EXAMPLE]
    document = ranking_of(graph_of_said(rows), "item", most=1)
    out = io.StringIO()
    render(document, Console(file=out, width=200))
    told = out.getvalue()
    assert "\x1b[31m" not in told
    assert "not evidence" in told
    assert "1 not told" in told
    assert "strongest path 10.0 bits" in told
    empty = replace_leads(document)
    render(empty, Console(file=out, width=200))
    assert "nothing leads to any of 100" in out.getvalue()


def replace_leads(document: CaseRankingDocument) -> CaseRankingDocument:
    return document.model_copy(update={"leads": (), "reached": 0, "left_out": 0})
