"""What a page and a pack of a case hold: made from a small case that stands here whole."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from partwatch.case.answers import Answers, answers_of, link_of, nodes_of
from partwatch.case.bundle import write_bundle
from partwatch.case.charter import Charter
from partwatch.case.graph.build import graph_of_case
from partwatch.case.overview import Size, overview_of
from partwatch.case.overview_choice import chosen
from partwatch.case.overview_places import Places
from partwatch.case.pack import Beside, pack_of
from partwatch.case.pack_ledger import with_ledger
from partwatch.case.spool import Spool
from partwatch.case.statements import Reliability, SourceInfo, Statement, keyed, record_key
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Verdict
from partwatch.model.case_overview import By, CaseOverview
from partwatch.model.case_pack import CasePack, ErrorRate
from partwatch.report import case_page
from partwatch.report.case_pack_words import sections

AS_OF = datetime(2026, 11, 29, 10, tzinfo=UTC)
ITEM = keyed("Item", "aa" * 32)
CLEAR = keyed("Item", "bb" * 32)
UNKNOWN = keyed("Item", "cc" * 32)
PARCEL = keyed("Parcel", "CX002233855FR")
DESIGN = keyed("Design", "hand pump")
ADA, ADA_AGAIN, LUC = (record_key("00" * 32, "Person", local) for local in ("1", "2", "3"))
PAYMENT = record_key("00" * 32, "Payment", "1")
MATCH = record_key("00" * 32, "Match", "1")
PLACE = record_key("00" * 32, "Address", "1")
HOSTILE = "<script>alert(1)</script> \u202e"


def say(
    entity: str, schema: str, place: str = "row 2", bits: float | None = None, **told: str
) -> list[Statement]:
    return [
        Statement(entity, schema, prop, value, place, original=value.upper(), bits=bits)
        for prop, value in told.items()
    ]


SAID = (
    ("parcels.csv", "Example Post", Reliability.USUALLY, [
        *say(PARCEL, "Parcel", trackingNumber="CX002233855FR", sender=ADA, recipient=LUC, contents=ITEM,
             postedAt="2026-03-04", origin="fr", destination="BE"),
        *say(ADA, "Person", name="Ada Arnold", phone="+33199004956"),
        *say(LUC, "Person", "row 3", name=HOSTILE, country="be"),
    ]),
    ("subscribers.csv", "Telco One", Reliability.FAIRLY, [
        *say(ADA_AGAIN, "Person", "row 9", name="A. Arnold", phone="+33199004956"),
        *say(PLACE, "Address", full="1 Pump Lane", latitude="50.63", longitude="5.57"),
    ]),
    ("disk 3", "the laboratory", Reliability.COMPLETELY, [
        *say(ITEM, "Item", "record 1", contentHash="aa" * 32, fileName="pump.stl", finding="match"),
        *say(CLEAR, "Item", "record 2", contentHash="bb" * 32, fileName="vase.stl", finding="clear"),
        *say(UNKNOWN, "Item", "record 3", contentHash="cc" * 32, fileName="notes.txt"),
        *say(DESIGN, "Design", name="hand pump"),
        *say(MATCH, "Match", "record 1", 12.5, item=ITEM, design=DESIGN),
    ]),
    ("payments.csv", "Example Bank", Reliability.USUALLY, [
        *say(PAYMENT, "Payment", payer=LUC, beneficiary=ADA_AGAIN, date="2026-03-09", amount="40"),
    ]),
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> CaseStore:
    charter = Charter("Harbour pumps", "Lab", "Order 12", "who posts pumps", date(2099, 1, 1))
    made = CaseStore.create(str(tmp_path / "case"), charter, "E. Analyst")
    for number, (name, said_by, letter, statements) in enumerate(SAID):
        with Spool() as spool:
            spool.add(statements)
            made.take_in(SourceInfo("table", name, f"{number:064x}", said_by, letter), spool, "E. Analyst")
    return made


def overview(store: CaseStore, size: Size | None = None) -> CaseOverview:
    graph = graph_of_case(store)
    return overview_of(store, graph, answers_of(store, graph).told, AS_OF, size)


def pack(store: CaseStore, beside: Beside | None = None) -> CasePack:
    graph = graph_of_case(store)
    return pack_of(store, graph, answers_of(store, graph), "E. Analyst", beside, AS_OF)


def test_the_page_holds_what_is_linked_with_the_statements_behind_it(store: CaseStore) -> None:
    made = overview(store)
    by_key = {one.key: one for one in made.nodes}
    assert {ITEM, PARCEL, DESIGN, ADA, LUC, "phone:+33199004956"} <= set(by_key)
    assert CLEAR not in by_key, "nothing ties it to anything"
    said = {one.number: one for one in made.statements}
    parcel = by_key[PARCEL]
    assert {said[n].prop for n in parcel.statements} >= {"trackingNumber", "sender", "contents"}
    names = [one.key for one in made.nodes]
    link = next(one for one in made.links if one.kind == "sender")
    assert {names[link.left], names[link.right]} == {PARCEL, ADA}
    assert [said[n].shown for n in link.statements] == ["Ada Arnold"]
    assert [said[n].original for n in link.statements] == [ADA.upper()]
    assert (link.first, link.last) == ("2026-03-04", "2026-03-04")
    assert link.bits == pytest.approx(7.0)
    inferred = [one for one in made.links if one.inferred]
    assert [one.kind for one in inferred] == ["Match"]
    assert inferred[0].bits == pytest.approx(9.76, abs=0.01), "the source's error and the match's"


def test_events_and_places_say_whom_they_concern_and_what_they_rest_on(store: CaseStore) -> None:
    made = overview(store)
    names = [one.key for one in made.nodes]
    told = {(one.kind, one.date): {names[n] for n in one.nodes} for one in made.events}
    assert told == {("posted", "2026-03-04"): {PARCEL}, ("payment", "2026-03-09"): {LUC, ADA_AGAIN}}
    where = {(names[one.node], one.by, one.country) for one in made.places}
    assert (PARCEL, By.STATED, "fr") in where
    assert (PARCEL, By.STATED, "be") in where
    assert (LUC, By.STATED, "be") in where
    assert (ADA, By.NUMBER, "fr") in where


def test_coordinates_are_taken_where_they_are_some(store: CaseStore) -> None:
    with Spool() as spool:
        other = record_key("11" * 32, "Address", "1")
        spool.add(say(other, "Address", full="nowhere", latitude="nan", longitude="5"))
        store.take_in(SourceInfo("table", "x", "11" * 32, "nobody"), spool, "E. Analyst")
    graph = graph_of_case(store)
    places = Places(graph)
    assert places.coordinates(graph.view.place_of[PLACE]) == (50.63, 5.57)
    assert places.coordinates(graph.view.place_of[other]) is None


def test_records_that_are_one_are_one_node(store: CaseStore) -> None:
    store.decide(ADA, ADA_AGAIN, Verdict.SAME, "same phone", "E. Analyst")
    made = overview(store)
    ada = [one for one in made.nodes if ADA in one.keys]
    assert len(ada) == 1
    assert set(ada[0].keys) == {ADA, ADA_AGAIN}
    assert [one.verdict for one in made.decisions] == ["same"]


def test_a_question_is_answered_and_goes_when_its_source_falls(store: CaseStore) -> None:
    store.ask("path", {"start": ITEM, "end": LUC}, "E. Analyst")
    made = overview(store)
    (asked,) = made.questions
    names = [one.key for one in made.nodes]
    assert [names[one] for one in asked.paths[0].nodes] == [ITEM, PARCEL, LUC]
    assert [made.links[one].kind for one in asked.paths[0].links] == ["contents", "recipient"]
    assert asked.paths[0].weakest in asked.paths[0].links

    store.stand(1, False, "struck by the court", "E. Analyst")
    after = overview(store)
    assert next(one for one in after.sources if one.number == 1).withdrawn == "struck by the court"
    assert not any(1 in link.sources for link in after.links)
    assert all(one.source != 1 for one in after.statements)
    assert all(not one.paths for one in after.questions)


def test_links_and_nodes_of_an_answer_are_those_of_the_network(store: CaseStore) -> None:
    store.ask("path", {"start": ITEM, "end": LUC}, "E. Analyst")
    graph = graph_of_case(store)
    (path,) = answers_of(store, graph).told[0].paths[:1]
    nodes = nodes_of(graph, path)
    for hop, ends in zip(path.hops, itertools.pairwise(nodes), strict=True):
        link = link_of(graph, hop)
        assert {int(graph.a[link]), int(graph.b[link])} == set(ends)


def test_a_page_is_no_larger_than_asked_and_keeps_what_was_asked(store: CaseStore) -> None:
    graph = graph_of_case(store)
    item = graph.view.place_of[ITEM]
    kept = chosen(graph, [item], 3)
    assert kept[0] == item
    assert len(kept) == 3
    store.ask("path", {"start": ITEM, "end": LUC}, "E. Analyst")
    small = overview(store, Size(nodes=2, links=1, events=1))
    assert (len(small.nodes), len(small.events)) == (2, 1)
    assert len(small.links) <= 1
    assert all(not one.paths for one in small.questions), "a path that is not all there is not told"


def test_the_page_of_a_case_escapes_what_a_source_says(store: CaseStore, tmp_path: Path) -> None:
    case_page.write(overview(store), tmp_path / "case.html")
    text = (tmp_path / "case.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    assert "\u202e" not in text
    assert "\\\\u202e" in text


def test_an_empty_case_has_a_page_and_a_pack(tmp_path: Path) -> None:
    charter = Charter("Empty", "Lab", "Order 12", "nothing", date(2099, 1, 1))
    store = CaseStore.create(str(tmp_path / "case"), charter, "E. Analyst")
    made = overview(store)
    assert (made.nodes, made.links, made.statements) == ((), (), ())
    case_page.write(made, tmp_path / "case.html")
    assert pack(store).statements == ()


def test_a_pack_tells_what_speaks_against_beside_the_answer(store: CaseStore) -> None:
    store.ask("path", {"start": ITEM, "end": LUC}, "E. Analyst")
    store.ask("path", {"start": ITEM, "end": CLEAR}, "E. Analyst")
    store.decide(ADA, LUC, Verdict.DIFFERENT, "of different age", "E. Analyst")
    rate = ErrorRate(what="false merges", value=0.01, low=0.005, high=0.02, trials=900, measured_on="seed 1")
    made = pack(store, Beside(error_rates=(rate,)))

    assert [(one.caption, one.finding) for one in made.items] == [
        ("pump.stl", "match"),
        ("vase.stl", "clear"),
    ]
    assert [one.what for one in made.not_looked_at if one.count == 1] == [
        "items of the case were not screened, or no source says so"
    ]
    tied, untied = made.questions
    assert [hop.kind for hop in tied.paths[0].hops] == ["contents", "recipient"]
    assert {one.source for one in tied.without} == {1}
    assert tied.without[0].bits is None
    assert untied.paths == ()
    assert made.tested.unanswered == 1
    assert [(one.verdict, one.reason) for one in made.pairs] == [("different", "of different age")]
    assert made.error_rates == (rate,)
    said = {one.number for one in made.statements}
    for section in sections(made):
        for sentence in section.sentences:
            assert set(sentence.statements) <= said
            assert sentence.statements or sentence.sources or sentence.none


def test_a_question_about_what_no_longer_stands_is_told_as_one(store: CaseStore) -> None:
    store.ask("path", {"start": CLEAR, "end": LUC}, "E. Analyst")
    store.stand(3, False, "seized without an order", "E. Analyst")
    graph = graph_of_case(store)
    answers = answers_of(store, graph)
    assert answers.told == ()
    assert len(answers.gone) == 1
    told = pack(store)
    assert told.tested.unanswered == 1
    assert any("has no answer now" in one.what for one in told.not_looked_at)
    assert isinstance(answers, Answers)


@pytest.mark.parametrize("name", ["bundle.zip", "bundle"])
def test_a_pack_names_the_ledger_beside_it(store: CaseStore, tmp_path: Path, name: str) -> None:
    store.ask("path", {"start": ITEM, "end": LUC}, "E. Analyst")
    plain = pack(store)
    last = write_bundle(store, tmp_path / name, [one.number for one in plain.statements])
    told = with_ledger(plain, tmp_path / name).ledger
    assert told is not None
    assert told.entries == last.size
    assert told.checkpoint == last.note.decode()
    file = tmp_path / told.file
    assert hashlib.sha256(file.read_bytes()).hexdigest() == told.sha256
    assert {one.entry for one in plain.sources} <= set(range(told.entries))
