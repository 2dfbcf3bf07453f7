"""Assemblies across submissions: what they rest on, who sees them, and that each look is noted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from network_samples import (
    BOUND,
    HOSTILE,
    INVESTIGATOR,
    PARTS,
    PUMP,
    REVIEWER,
    SUBMITTER,
    Pages,
    handed_in,
    listed,
    seen,
    spread,
)
from sqlalchemy import update

from partwatch.assembly.arrivals import arrivals
from partwatch.assembly.run import Telling, assembled, plans_of
from partwatch.assembly.store import Arrival, AssemblyStore
from partwatch.model.errors import UsageError
from partwatch.service import assembling
from partwatch.service.assembling import NAMED, Question, assemblies, key_of, submission_ids
from partwatch.service.principals import THIS_MACHINE, ForbiddenError
from partwatch.service.results import items_of
from partwatch.service.submissions import Submission
from partwatch.service.tables import SUBMISSIONS
from partwatch.watchlist.store import Watchlist

DAY = date(2026, 5, 1)
EVERYTHING = Question()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    home = tmp_path_factory.mktemp("home")
    listed(home)
    made = Pages(home)
    spread(made.store)
    return made


@pytest.fixture
def submissions(pages: Pages) -> list[Submission]:
    with pages.store.reading() as connection:
        chosen, _ = assembling.submissions_of(connection, THIS_MACHINE, EVERYTHING)
    return chosen[::-1]


def test_parts_of_several_customers_over_months_are_one_assembly_with_its_submissions(
    pages: Pages, submissions: list[Submission]
) -> None:
    found = assemblies(pages.service, THIS_MACHINE, EVERYTHING, DAY)

    whole = max(found.document.assemblies, key=lambda one: one.parts_found)
    assert (whole.design, whole.parts_found, whole.parts) == (PUMP, 4, 4)
    assert set(submission_ids(whole)) == {one.id for one in submissions[:3]}
    assert (whole.first, whole.last) == ("2026-03-02", "2026-04-02")
    assert whole.units_by == "submission"
    assert {unit.unit for unit in whole.without} == {one.id for one in submissions[:3]}
    assert (found.counted, found.left_out) == (4, 0)
    assert submissions[3].id not in found.submissions


def test_it_is_the_document_of_the_assembly_package_itself(
    pages: Pages, submissions: list[Submission]
) -> None:
    list_ = Watchlist.open(pages.service.home)
    arrived = []
    with pages.store.reading() as connection:
        for one in reversed(submissions):
            items = [
                item.model_copy(update={"path": f"{one.id}/{item.path}"})
                for item in items_of(connection, one)
            ]
            groups = [("customer", one.customer), ("submission", one.id)]
            groups += [("account", text) for kind, text in one.groups.items() if kind == "account"]
            # "all" is a kind of the package's own.
            groups += [("other", f"all: {text}") for kind, text in one.groups.items() if kind == "all"]
            day = date.fromisoformat(one.received_at[:10])
            arrived += [
                Arrival(replace(two.seen, time=day, groups=tuple(groups)), two.sha256)
                for two in arrivals(items)
            ]
    telling = Telling(DAY, list_.version(), assembling.MOST_TOLD, names_missing=True, named_kinds=NAMED)
    expected = assembled(
        AssemblyStore.open(pages.service.home), arrived, plans_of(list_.designs(), DAY), telling
    )

    assert assemblies(pages.service, THIS_MACHINE, EVERYTHING, DAY).document == expected


def test_customers_and_submissions_are_named_and_what_people_stated_stays_a_pseudonym(pages: Pages) -> None:
    groups = {
        (kind, value)
        for one in assemblies(pages.service, THIS_MACHINE, EVERYTHING, DAY).document.assemblies
        for kind, value in ((one.kind, one.group), *one.also)
    }
    assert ("customer", "shop") in groups
    assert "account" in {kind for kind, _ in groups}
    assert ("account", "mill") not in groups


def test_a_question_takes_in_only_what_it_names(pages: Pages, submissions: list[Submission]) -> None:
    def counted(question: Question) -> int:
        return assemblies(pages.service, THIS_MACHINE, question, DAY).counted

    assert counted(Question(customer="shop")) == 2
    assert counted(Question(group=("account", "mill"))) == 2
    assert counted(Question(group=("account", "mi%"))) == 0
    assert counted(Question(group=("ACCOUNT", "mill"))) == 0
    assert counted(Question(since=date(2026, 3, 20), until=date(2026, 4, 2))) == 2
    assert counted(Question(customer="nobody")) == 0
    with pytest.raises(UsageError, match="swap them"):
        counted(Question(since=date(2026, 4, 1), until=date(2026, 3, 1)))
    with pytest.raises(UsageError, match="NUL"):
        counted(Question(customer="a\0"))


def test_beyond_the_limit_older_submissions_are_left_out_and_told(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembling, "MOST_SUBMISSIONS", 3)
    found = assemblies(pages.service, THIS_MACHINE, EVERYTHING, DAY)
    assert (found.counted, found.left_out) == (3, 1)


def test_it_is_worked_out_once_until_something_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(tmp_path)
    pages = Pages(tmp_path)
    made = spread(pages.store)
    first = assemblies(pages.service, THIS_MACHINE, EVERYTHING, DAY)
    assert assemblies(pages.service, THIS_MACHINE, EVERYTHING, DAY) is first

    handed_in(pages.store, "shop", "2026-04-09", {"b.stl": [seen("lever")]})
    second = assemblies(pages.service, THIS_MACHINE, EVERYTHING, DAY)
    assert second.counted == first.counted + 1
    with pages.store.writing() as connection:
        gone = update(SUBMISSIONS).where(SUBMISSIONS.c.id == made[0].id)
        connection.execute(gone.values(forgotten_at="2026-04-10T00:00:00.000Z"))
    assert assemblies(pages.service, THIS_MACHINE, EVERYTHING, DAY) is not second


def test_only_investigators_ask_and_of_their_own_customer_where_they_have_one(
    pages: Pages, submissions: list[Submission]
) -> None:
    for who in (SUBMITTER, REVIEWER):
        with pytest.raises(ForbiddenError):
            assemblies(pages.service, who, EVERYTHING, DAY)
        pages.who = who
        assert pages.get("/assemblies").status_code == 403
        assert pages.get("/v1/assemblies").status_code == 403
    own = assemblies(pages.service, BOUND, EVERYTHING, DAY)
    assert own.counted == 2
    assert {one.customer for one in own.submissions.values()} == {"shop"}
    assert assemblies(pages.service, BOUND, Question(customer="other"), DAY).counted == 0
    pages.who = THIS_MACHINE


def test_the_page_shows_each_and_notes_one_look_that_names_the_submissions(
    pages: Pages, submissions: list[Submission]
) -> None:
    pages.who, before = INVESTIGATOR, len(pages.looks())
    page = pages.get("/assemblies?customer=&since=&until=&kind=&group=")

    assert page.status_code == 200
    assert page.text.count("/assemblies/") >= len(
        assemblies(pages.service, INVESTIGATOR, EVERYTHING, date.today()).document.assemblies
    )
    assert "customer Shop &amp; &lt;Sons&gt;" in page.text
    (look,) = pages.looks()[before:]
    assert (look["by"], look["at"]) == ("ines", "assemblies")
    assert look["ids"] == sorted(one.id for one in submissions[:3])


def test_one_assembly_has_pictures_days_and_its_submissions(
    pages: Pages, submissions: list[Submission]
) -> None:
    pages.who = INVESTIGATOR
    found = assemblies(pages.service, INVESTIGATOR, EVERYTHING, date.today())
    whole = max(found.document.assemblies, key=lambda one: one.parts_found)
    page = pages.get(f"/assemblies/{key_of(whole)}").text

    assert page.count("data:image/png;base64,") == len(PARTS)
    assert 'class="timeline"' in page
    for one in submissions[:3]:
        assert one.id in page
    assert submissions[3].id not in page
    assert "/review/" not in page
    assert pages.looks()[-1]["ids"] == sorted(one.id for one in submissions[:3])
    pages.who = THIS_MACHINE
    assert f'href="/review/{submissions[0].id}"' in pages.get(f"/assemblies/{key_of(whole)}").text
    assert pages.get("/assemblies/0000").status_code == 404


def test_hostile_names_show_themselves_and_are_no_markup(pages: Pages) -> None:
    pages.who = INVESTIGATOR
    found = assemblies(pages.service, INVESTIGATOR, EVERYTHING, date.today())
    whole = max(found.document.assemblies, key=lambda one: one.parts_found)
    page = pages.get(f"/assemblies/{key_of(whole)}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "\\u202e" in page
    assert HOSTILE not in page
    refused = pages.get("/assemblies", params={"since": HOSTILE, "kind": HOSTILE, "group": "‮"})
    assert refused.status_code == 422
    assert "<script>alert" not in refused.text
    assert pages.get("/assemblies", params={"customer": "a\0"}).status_code == 422
    pages.who = THIS_MACHINE


def test_no_page_has_script_or_style_within_its_markup(pages: Pages) -> None:
    found = assemblies(pages.service, THIS_MACHINE, EVERYTHING, date.today())
    for path in ("/assemblies", f"/assemblies/{key_of(found.document.assemblies[0])}"):
        page = pages.get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


def test_the_api_answers_with_the_same_document_and_notes_it(
    pages: Pages, submissions: list[Submission]
) -> None:
    pages.who = INVESTIGATOR
    answer = pages.get("/v1/assemblies", params={"customer": "shop", "since": "2026-03-01"}).json()
    question = Question("shop", None, date(2026, 3, 1))
    found = assemblies(pages.service, INVESTIGATOR, question, date.today())
    assert answer["document"] == found.document.model_dump(mode="json")
    assert {one["id"] for one in answer["submissions"]} == {one.id for one in submissions[:2]}
    assert pages.looks()[-1]["at"] == "assemblies"
    assert pages.get("/v1/assemblies", params={"kind": "account"}).status_code == 422
    assert pages.get("/v1/assemblies", params={"customer": ""}).status_code == 422
    assert pages.get("/v1/assemblies", params={"since": "x"}).status_code == 422
    pages.who = THIS_MACHINE


def test_without_a_list_the_page_says_so(tmp_path: Path) -> None:
    answer = Pages(tmp_path).get("/assemblies")
    assert answer.status_code == 503
    assert "watch-list" in answer.text
