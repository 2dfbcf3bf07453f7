"""Cases in the service: who may look, that a look is noted, and that answers are the case's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from network_samples import CURATOR, HOSTILE, INVESTIGATOR, REVIEWER, SUBMITTER, Pages

from partwatch.case.charter import Charter
from partwatch.case.graph.build import graph_of_case
from partwatch.case.graph.communities import communities_of
from partwatch.case.graph.neighbours import neighbours_of
from partwatch.case.graph.paths import paths_between
from partwatch.case.graph.ranking import ranking_of
from partwatch.case.graph.timeline import timeline_of
from partwatch.case.statements import Statement, record_key
from partwatch.case.store import CaseStore
from partwatch.report.case_data import page_data
from partwatch.report.case_page import SCRIPTS
from partwatch.service import cases
from partwatch.service.settings import Serving, Settings

# By the samples' path: they belong to the tests of cases.
import case_samples  # isort: skip

OLD = Charter("Old pumps", "Example Lab", "order 1/2019", "who sent these", date(2020, 1, 1))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> CaseStore:
    store = case_samples.filled(str(tmp_path_factory.mktemp("cases") / "case"))
    key = record_key("e" * 64, "Person", "row 1")
    hostile = [Statement(key, "Person", "name", HOSTILE, "row 1")]
    case_samples.take(store, "names.csv", "e" * 64, hostile)
    return store


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, case: CaseStore) -> Pages:
    folder = tmp_path_factory.mktemp("home")
    CaseStore.create(str(folder / "old"), OLD, "tester")
    where = (case.location, str(folder / "old"), str(folder / "nowhere"))
    return Pages(folder, Settings(Serving(cases=where, operator="Example Lab")), INVESTIGATOR)


@pytest.fixture
def keys(pages: Pages) -> list[str]:
    pages.who = INVESTIGATOR
    return [one.key for one in cases.shown_cases(pages.service, INVESTIGATOR)]


def test_the_list_names_each_with_its_charter_or_why_not(pages: Pages, keys: list[str]) -> None:
    page = pages.get("/cases").text
    assert f'href="/cases/{keys[0]}"' in page
    assert "Pumps" in page
    assert f'href="/cases/{keys[1]}"' not in page
    assert "retention ended on 2020-01-01" in page
    # Where it should lie is for whoever administers the service.
    assert "nowhere" not in page
    told = pages.get("/v1/cases").json()
    assert [(one["id"], one["open"]) for one in told] == list(zip(keys, (True, False, False), strict=True))
    assert told[0]["legal_basis"] == "order 12/2026"
    assert "nowhere" not in json.dumps(told)


def test_a_case_of_another_authority_says_so(tmp_path: Path, case: CaseStore) -> None:
    own = Pages(tmp_path, Settings(Serving(cases=(case.location,), operator="Somebody Else")), INVESTIGATOR)
    assert "another authority" in own.get("/cases").text
    assert own.get("/v1/cases").json()[0]["own"] is False
    key = own.get("/v1/cases").json()[0]["id"]
    assert "another authority" in own.get(f"/cases/{key}").text


@pytest.mark.parametrize("who", [SUBMITTER, REVIEWER, CURATOR])
def test_only_investigators_see_that_there_are_any(pages: Pages, keys: list[str], who: object) -> None:
    pages.who = who  # type: ignore[assignment]  # a principal
    for path in ("/cases", f"/cases/{keys[0]}", f"/cases/{keys[0]}/ask", f"/cases/{keys[1]}", "/cases/none"):
        assert pages.get(path).status_code == 403
        assert pages.get(f"/v1{path}".replace("/ask", "/overview")).status_code == 403


def test_the_page_is_the_reports_own_data_and_scripts_without_any_in_its_markup(
    pages: Pages, keys: list[str]
) -> None:
    page = pages.get(f"/cases/{keys[0]}").text
    document = cases.open_case(pages.service, INVESTIGATOR, keys[0], "test").overview()

    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert json.loads(data[1]) == json.loads(json.dumps(page_data(document)))
    assert re.findall(r'<script src="/static/([^?"]+)', page) == list(SCRIPTS)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert page.count("<script") == len(SCRIPTS) + 1
    for name in (*SCRIPTS, "case.css"):
        assert pages.get(f"/static/{name}").status_code == 200
    assert "<script>alert" not in page
    assert HOSTILE not in page


def test_each_look_is_noted_in_the_services_ledger_and_nothing_in_the_case(
    pages: Pages, keys: list[str], case: CaseStore
) -> None:
    size = len(case.questions()), case.counts()
    before = len(pages.looks())
    pages.get(f"/cases/{keys[0]}")
    pages.get(f"/v1/cases/{keys[0]}/neighbours", params={"entity": "pumpmaker"})
    pages.get(f"/cases/{keys[0]}/ask", params={"what": "leads", "one": "pumpmaker"})
    told = [(one["case"], one["name"], one["at"], one["by"]) for one in pages.looks()[before:]]
    assert told == [(keys[0], "Pumps", what, "ines") for what in ("overview", "neighbours", "leads")]
    assert (len(case.questions()), case.counts()) == size


def test_an_expired_case_is_not_opened_and_no_look_is_noted(pages: Pages, keys: list[str]) -> None:
    before = len(pages.looks())
    page = pages.get(f"/cases/{keys[1]}")
    assert page.status_code == 409
    assert "ended on 2020-01-01" in page.text
    assert "order 1/2019" in page.text
    assert pages.get(f"/v1/cases/{keys[1]}/overview").status_code == 409
    assert pages.get(f"/v1/cases/{keys[1]}").json()["problem"] == "its retention ended on 2020-01-01"
    assert len(pages.looks()) == before


def test_what_is_not_there_is_not_found_and_what_cannot_be_read_says_so(
    pages: Pages, keys: list[str]
) -> None:
    assert pages.get("/cases/000000000000").status_code == 404
    assert pages.get("/v1/cases/000000000000/overview").status_code == 404
    closed = pages.get(f"/cases/{keys[2]}")
    assert closed.status_code == 503
    assert "cannot be read" in closed.text
    assert pages.get(f"/v1/cases/{keys[2]}/overview").status_code == 503


def test_answers_are_those_of_the_cases_own_functions(pages: Pages, keys: list[str], case: CaseStore) -> None:
    graph = graph_of_case(case)
    sender, account = case_samples.SENDER, case_samples.ACCOUNT

    def told(what: str, **asked: object) -> object:
        answer = pages.get(f"/v1/cases/{keys[0]}/{what}", params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def as_json(document: object) -> object:
        return document.model_dump(mode="json")  # type: ignore[attr-defined]  # all are records

    assert told("paths", start=sender, end=account) == as_json(paths_between(graph, sender, account))
    assert told("paths", start=sender, end=account, quick=True, paths=1) == as_json(
        paths_between(graph, sender, account, 1, deep=False)
    )
    near = neighbours_of(graph, account, 2, most=200)
    assert told("neighbours", entity="pumpmaker", hops=2) == as_json(near)
    assert told("leads", entity=account) == as_json(ranking_of(graph, account))
    assert told("timeline", most=1000) == as_json(timeline_of(graph, most=1000))
    assert told("communities") == as_json(communities_of(graph))
    assert told("entities", text="pumpmaker") == [
        {"key": account, "kind": "UserAccount", "caption": "pumpmaker"}
    ]


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("paths", {"start": "nobody at all", "end": "pumpmaker"}),
        ("paths", {"start": "pumpmaker"}),
        ("paths", {"start": "phone:\0", "end": "pumpmaker"}),
        ("neighbours", {"entity": "pumpmaker", "hops": 7}),
        ("neighbours", {"entity": "pumpmaker", "since": "yesterday"}),
        ("neighbours", {"entity": "pumpmaker", "kind": "Nothing"}),
        ("neighbours", {"entity": "pumpmaker", "source": "none such"}),
        ("neighbours", {"entity": "x" * 501}),
        ("leads", {"entity": "pumpmaker", "of_kind": "Nothing"}),
        ("timeline", {"most": 0}),
        ("entities", {}),
    ],
)
def test_questions_that_cannot_be_are_refused(
    pages: Pages, keys: list[str], what: str, asked: dict[str, object]
) -> None:
    answer = pages.get(f"/v1/cases/{keys[0]}/{what}", params=asked)
    assert answer.status_code == 422


def test_the_page_answers_in_the_commands_words_and_tells_what_it_does_not_understand(
    pages: Pages, keys: list[str]
) -> None:
    def ask(**asked: str) -> tuple[int, str]:
        answer = pages.get(f"/cases/{keys[0]}/ask", params=asked)
        return answer.status_code, answer.text

    status, page = ask(what="path", one=case_samples.SENDER, other="pumpmaker")
    assert status == 200
    assert "pumpmaker" in page.partition("<pre")[2]
    assert ask()[0] == 200
    assert ask(what="path", one="pumpmaker")[0] == 422
    assert ask(what="nothing", one="pumpmaker")[0] == 422
    status, page = ask(what="neighbours", one=HOSTILE + "?")
    assert status == 422
    assert "<script>alert" not in page
    assert "‮" not in page


def test_a_change_in_the_case_is_seen_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = case_samples.filled(str(tmp_path / "case"))
    pages = Pages(tmp_path, Settings(Serving(cases=(store.location,))), INVESTIGATOR)
    (key,) = [one.key for one in cases.shown_cases(pages.service, INVESTIGATOR)]
    look: Callable[[], cases.OpenCase] = lambda: cases.open_case(pages.service, INVESTIGATOR, key, "test")  # noqa: E731  # said once
    first = look()
    assert look() is first
    store.stand(1, False, "tried out", "tester")
    assert look().overview().totals != first.overview().totals
    assert look() is not first
