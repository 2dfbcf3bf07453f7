"""A source falls, a merge is undone: what is lost is told, and questions are answered again. On a case as it
is kept."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from case_graphs import EXAMPLE, graph_of_said, merge
from rich.console import Console

from partwatch.case.charter import Charter
from partwatch.case.graph.build import graph_of_case
from partwatch.case.graph.communities import communities_of
from partwatch.case.graph.difference import difference
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.merges import DECISION_BITS, merges_of
from partwatch.case.graph.neighbours import neighbours_of
from partwatch.case.graph.paths import paths_between
from partwatch.case.graph.timeline import timeline_of
from partwatch.case.spool import Spool
from partwatch.case.statements import Reliability, SourceInfo, Statement, keyed, record_key
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Pair, Verdict, ordered
from partwatch.report.case_text import CaseAnswer, render

PARCEL = keyed("Parcel", "PT1")
ITEM = keyed("Item", "ab" * 32)
SENDER = record_key("s1", "Person", "1")
OWNER = record_key("s2", "Person", "1")
CAR = keyed("Vehicle", "AB123")


def put(store: CaseStore, name: str, letter: Reliability, told: list[tuple[str, str, str, str]]) -> None:
    with Spool() as spool:
        spool.add(Statement(*each, place=f"row {row}") for row, each in enumerate(told))
        store.take_in(SourceInfo("table", name, name.ljust(64, "0"), "the police", letter), spool, "me")


@pytest.fixture
def store(tmp_path: Path) -> CaseStore:
    """Parcels of one source, registrations of another; the sender and the owner are one person."""
    made = CaseStore.create(
        str(tmp_path / "case"), Charter("c", "a lab", "a law", "a purpose", date(2099, 1, 1)), "me"
    )
    put(
        made, "parcels", Reliability.USUALLY,
        [
            (ITEM, "Item", "contentHash", "ab" * 32),
            (ITEM, "Item", "parcel", PARCEL),
            (PARCEL, "Parcel", "sender", SENDER),
            (PARCEL, "Parcel", "postedAt", "2024-05-02"),
            (SENDER, "Person", "name", "A. Sender\x1b[31m"),
        ],
    )  # fmt: skip
    put(
        made, "cars", Reliability.FAIRLY,
        [
            (CAR, "Vehicle", "owner", OWNER),
            (OWNER, "Person", "name", "Alain Sender"),
            *((keyed("Vehicle", f"X{i}"), "Vehicle", "owner", f"other {i}") for i in range(40)),
            *((f"other {i}", "Person", "name", f"Other {i}") for i in range(40)),
        ],
    )  # fmt: skip
    made.decide(SENDER, OWNER, Verdict.SAME, "the same signature", "the analyst")
    made.ask("path", {"start": ITEM, "end": CAR}, "me")
    made.ask("timeline", {}, "me")
    return made


def test_a_persons_decision_is_a_hop_of_its_own(store: CaseStore) -> None:
    answer = paths_between(graph_of_case(store), ITEM, CAR)
    (path,) = answer.paths
    same = next(hop for hop in path.hops if hop.link == "same")
    assert (same.bits, same.decided_by, same.reason) == (DECISION_BITS, "the analyst", "the same signature")
    assert len(path.sources) == 2
    assert "merge" in [one.what for one in answer.without if one.breaks]


def test_a_run_and_a_person_do_not_add_up(store: CaseStore) -> None:
    left, right = ordered(SENDER, OWNER)
    store.add_run("model", {}, [Pair(left, right, 20.0, 11.5, True, [{"statements": [5, 7]}])], "the run")
    (told,) = merges_of(store)
    assert (told.bits, told.decided, told.statements) == (11.5, True, (5, 7))


def test_withdrawing_a_source_tells_what_falls(store: CaseStore) -> None:
    before = graph_of_case(store)
    told = difference(before, graph_of_case(store, without=[2]), store.questions())
    assert [one.name for one in told.sources_gone] == ["cars"]
    assert told.statements == (87, 5)
    assert told.counts == {
        "lost": 42, "weakened": 0, "strengthened": 0, "gained": 0, "entities_gone": 82, "entities_come": 0,
        "splits": 0, "joins": 0,
    }  # fmt: skip
    (question,) = told.questions
    assert (question.after, question.answered, len(question.fell)) == (0.0, False, 1)
    assert question.before > 2
    assert told.unanswered == 1
    store.stand(2, False, "inadmissible", "me")
    assert difference(before, graph_of_case(store), store.questions()) == told


def test_undoing_a_merge_splits_the_cluster_and_costs_the_path(store: CaseStore) -> None:
    before = graph_of_case(store)
    store.decide(SENDER, OWNER, Verdict.UNDONE, "another signature", "the analyst")
    told = difference(before, graph_of_case(store), store.questions())
    assert [(one.link, one.after) for one in told.lost] == [("same", None)]
    assert [sorted(part for (part,) in one.parts) for one in told.splits] == [sorted((SENDER, OWNER))]
    assert (told.questions[0].after, told.questions[0].answered) == (0.0, True)
    back = difference(graph_of_case(store), before, store.questions())
    assert len(back.joins) == 1
    assert len(back.gained) == 1
    assert len(back.questions[0].came) == 1


def test_one_source_fewer_weakens(store: CaseStore) -> None:
    put(store, "more", Reliability.CANNOT_BE_JUDGED, [(ITEM, "Item", "parcel", PARCEL)])
    told = difference(graph_of_case(store), graph_of_case(store, without=[3]))
    assert [(one.link, one.before and one.before.sources) for one in told.weakened] == [("parcel", (1, 3))]
    assert told.counts["lost"] == 0


def test_nothing_changes_where_nothing_did(store: CaseStore) -> None:
    told = difference(graph_of_case(store), graph_of_case(store), store.questions())
    assert set(told.counts.values()) == {0}
    assert told.questions[0].before == told.questions[0].after
    assert (told.questions[0].fell, told.questions[0].came) == ((), ())


def shown(document: CaseAnswer) -> str:
    out = io.StringIO()
    render(document, Console(file=out, width=200, no_color=True))
    return out.getvalue()


def example() -> CaseGraph:
    return graph_of_said(EXAMPLE, {1: "B", 2: "A", 90: "C"})


def test_the_text_says_what_breaks_it() -> None:
    told = shown(paths_between(example(), "item", "subscriber"))
    assert "path 1: 3.9 bits, 3 hops; 4.1 against chance alone" in told
    assert "→ parcel (source 1); statements 1" in told
    assert "what would break it:\n   source 1: source 1\n" in told
    assert "(2 ways on: 2 of 100 stand there)" in told
    assert "tied to the first as strongly: 2 of 100 of the kind Person" in told


def test_controls_from_outside_are_shown_escaped(store: CaseStore) -> None:
    graph = graph_of_case(store)
    for document in (
        paths_between(graph, ITEM, SENDER),
        neighbours_of(graph, ITEM, 2),
        timeline_of(graph),
        communities_of(graph),
        difference(graph, graph_of_case(store, without=[1]), store.questions()),
    ):
        told = shown(document)
        assert "Sender" in told or "2024-05-02" in told
        assert "\x1b" not in told


def test_no_path_is_said_to_be_none() -> None:
    assert "no path" in shown(paths_between(example(), "item", "other 4"))
    assert "these are taken for one" in shown(
        paths_between(graph_of_said(EXAMPLE, {}, [merge("sender", "subscriber")]), "sender", "subscriber")
    )
