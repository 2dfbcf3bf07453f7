"""The watch-list's pages: what the gate said, who may look, what is drawn for whom, and what is retired."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from network_samples import (
    CURATOR,
    HOSTILE,
    INVESTIGATOR,
    PUMP,
    REVIEWER,
    SUBMITTER,
    Pages,
    design,
    listed,
    part,
    report,
)

from partwatch.ledger import log
from partwatch.model.errors import UsageError
from partwatch.service import listing
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.watchlist.store import Watchlist

ODD = "a/b ?&name=<b>bold</b> %2f"
REASON = 'plain "on purpose" <i>here</i>'
PART = {"design": PUMP, "name": "shaft"}


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    listed(
        tmp_path,
        design(
            PUMP, part("shaft", report(0.2)), part("pin", report(23.4, REASON)), part("cap"),
            reason="the reason given",
        ),
        design(ODD, part("only prints", report(0.05), has_mesh=False), note="a note"),
        design("old vise", part("jaw", report(0.1)), expires=date(2020, 1, 31)),
    )  # fmt: skip
    return Pages(tmp_path, who=CURATOR)


def entries(pages: Pages) -> list[dict[str, Any]]:
    with pages.store.reading() as connection:
        found = log.entries(connection, kind="watchlist")
        return [one.opening.body | {"by": one.by} for one in found if one.opening is not None]


def test_each_part_is_shown_with_what_the_gate_said_of_it(pages: Pages) -> None:
    page = pages.get("/watchlist").text
    parts = [row for row in page.split("<tr>") if "/watchlist/part?" in row]
    rows = {re.sub(r"<[^>]+>", "", row.partition("</a>")[0]).strip(): row for row in parts}
    assert ">distinct<" in rows["shaft"]
    assert "0.20" in rows["shaft"]
    assert ">generic<" in rows["pin"]
    assert "listed all the same: plain &#34;on purpose&#34; &lt;i&gt;here&lt;/i&gt;" in rows["pin"]
    assert ">gate not asked<" in rows["cap"]
    assert "shelf: &lt;script&gt;alert(1)&lt;/script&gt;\\u202egpj.stl" in rows["shaft"]
    assert "without shape: review at most" in rows["only prints"]
    assert "expired 2020-01-31: matches no more" in page
    assert Watchlist.open(pages.service.home).version()[:16] in page
    assert "<script>alert" not in page
    assert HOSTILE not in page


def test_search_finds_names_reasons_parts_files_and_digests(pages: Pages) -> None:
    def found(text: str) -> set[str]:
        page = pages.get("/watchlist", params={"q": text}).text
        return {name for name in (PUMP, "old vise", "a/b") if f">{name}" in page}

    assert found("REASON GIVEN") == {PUMP}
    assert found("jaw.stl") == {"old vise"}
    assert found(f"{sum(b'jaw'):064x}") == {"old vise"}
    assert found("a note") == {"a/b"}
    assert found("nothing of that name") == set()
    assert "called so" in pages.get("/watchlist", params={"q": HOSTILE}).text


def test_names_of_any_kind_lead_to_their_page(pages: Pages) -> None:
    page = pages.get("/watchlist").text
    links = re.findall(r'href="(/watchlist/(?:design|part)\?[^"]+)"', page)
    assert len(links) == 3 + 5
    for link in links:
        answer = pages.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "<b>bold" not in answer.text


def test_a_list_longer_than_a_page_goes_on(tmp_path: Path) -> None:
    listed(tmp_path, *(design(f"design {number:03}", part("only")) for number in range(53)))
    pages = Pages(tmp_path, who=REVIEWER)
    first = pages.get("/watchlist").text
    assert first.count("/watchlist/design?") == 50
    (more,) = re.findall(r'class="pager"[^>]*><a href="([^"]+)"', first)
    second = pages.get(more.replace("&amp;", "&")).text
    assert second.count("/watchlist/design?") == 3
    assert "design 052" in second


def test_a_part_is_drawn_for_curators_only_and_each_look_is_noted(pages: Pages) -> None:
    plain = pages.get("/watchlist/part", params=PART).text
    assert "data:image/png" not in plain
    assert pages.looks() == []

    drawn = pages.get("/watchlist/part", params=PART | {"shape": "true"}).text
    png = re.search(r"data:image/png;base64,([^\"]+)", drawn)
    assert png is not None
    assert b64decode(png[1]).startswith(b"\x89PNG")
    assert pages.looks() == [
        {"design": PUMP, "part": "shaft", "at": "a listed part's shape", "by": "cleo"}
    ]  # fmt: skip

    pages.who = REVIEWER
    assert "for curators only" in pages.get("/watchlist/part", params=PART).text
    assert pages.get("/watchlist/part", params=PART | {"shape": "true"}).status_code == 403
    assert len(pages.looks()) == 1


def test_what_the_list_has_no_shape_of_is_not_drawn(pages: Pages) -> None:
    asked = {"design": ODD, "name": "only prints", "shape": "true"}
    page = pages.get("/watchlist/part", params=asked)
    assert page.status_code == 200
    assert "fingerprints of it only" in page.text


@pytest.mark.parametrize("who", [SUBMITTER, INVESTIGATOR])
def test_whoever_neither_curates_nor_reviews_sees_nothing(pages: Pages, who: Principal) -> None:
    pages.who = who
    for path in ("/watchlist", f"/watchlist/design?name={PUMP}", "/watchlist/retired", "/watchlist/new"):
        assert pages.get(path).status_code == 403
    assert pages.get("/watchlist/part", params=PART).status_code == 403


def test_reviewers_look_and_change_nothing(pages: Pages) -> None:
    seen = f"/watchlist/design?name={PUMP}"
    token_of = pages.get(seen).text
    pages.who = REVIEWER
    page = pages.get(seen).text
    assert page != token_of
    assert "/watchlist/retire" not in page.replace("/watchlist/retired", "")
    pages.who = CURATOR
    pages.get(seen)
    pages.who = Principal("robin", None, frozenset({Role.REVIEW}))
    with pytest.raises(Exception, match="curate"):
        listing.retire(pages.service, pages.who, PUMP, "because")
    assert pages.get("/watchlist/new").status_code == 403
    assert PUMP in Watchlist.open(pages.service.home).design_names()


def test_a_design_is_retired_with_a_reason_that_stays_in_the_ledger(pages: Pages) -> None:
    seen = f"/watchlist/design?name={PUMP}"
    version = Watchlist.open(pages.service.home).version()
    refused = pages.post("/watchlist/retire", {"name": PUMP, "reason": "  "}, seen)
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text
    assert entries(pages) == []

    gone = pages.post("/watchlist/retire", {"name": PUMP, "reason": f"expired early {HOSTILE}"}, seen)
    assert (gone.status_code, gone.headers["location"]) == (303, "/watchlist/retired")
    assert PUMP not in Watchlist.open(pages.service.home).design_names()
    assert Watchlist.open(pages.service.home).version() != version
    (noted,) = entries(pages)
    assert (noted["act"], noted["design"], noted["by"]) == ("retire", PUMP, "cleo")
    page = pages.get("/watchlist/retired").text
    assert PUMP in page
    assert "old vise" in page
    assert "expired early &lt;script&gt;" in page
    assert pages.get(seen).status_code == 404


def test_what_is_not_listed_is_not_found(pages: Pages) -> None:
    assert pages.get("/watchlist/design?name=none").status_code == 404
    assert pages.get("/watchlist/design?name=a%00b").status_code == 422
    assert pages.get("/watchlist/part", params={"design": PUMP, "name": "none"}).status_code == 404
    seen = f"/watchlist/design?name={PUMP}"
    assert pages.post("/watchlist/retire", {"name": "none", "reason": "x"}, seen).status_code == 404


def test_history_tells_what_names_the_design_or_came_with_its_files(pages: Pages) -> None:
    shas = [f"{sum(name.encode()):064x}" for name in ("shaft", "pin", "cap")]
    with pages.store.writing() as connection:
        told = {"act": "add", "files": ["f" * 64, *shas], "allow_generic": REASON}
        pages.store.note(connection, "watchlist", told, "cleo")
        pages.store.note(connection, "watchlist", {"act": "add", "files": shas[:1]}, "else")
        pages.store.note(connection, "watchlist", {"act": "added", "version": "0"}, "cleo")
    found = listing.listed(pages.service, PUMP)
    (happened,) = listing.history_of(listing.history(pages.service), found)
    assert (happened.act, happened.by, happened.reason) == ("add", "cleo", REASON)
    assert "add by cleo" in pages.get(f"/watchlist/design?name={PUMP}").text


@dataclass(frozen=True)
class Gate:
    """Of the API's answer, what the page reads."""

    rate_per_10000: float


@dataclass(frozen=True)
class Told:
    """Likewise."""

    design: str
    part: str
    held_back: bool
    gate: Gate


@dataclass(frozen=True)
class Added:
    """Likewise."""

    added: bool
    parts: tuple[Told, ...]
    problem: str | None


def test_a_design_is_added_as_the_api_takes_it(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [
        Added(True, (Told("new one", "a", False, Gate(0.2)),), None),
        Added(False, (Told("new one", HOSTILE, True, Gate(40.0)),), f"held back: {HOSTILE}"),
        UsageError(f"no manifest {HOSTILE}"),
    ]
    asked = []

    async def receive(request: object, service: object, who: Principal, csrf: str) -> Added:
        asked.append(who)
        found = answers[len(asked) - 1]
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]  # of the list above

    monkeypatch.setattr("partwatch.service.pages.watchlist.receive_design", receive)
    assert 'type="file"' in pages.get("/watchlist/new").text
    made = pages.post("/watchlist/new", {}, "/watchlist/new")
    assert (made.status_code, made.headers["location"]) == (303, "/watchlist/design?name=new+one")
    held = pages.post("/watchlist/new", {}, "/watchlist/new")
    assert held.status_code == 200
    assert "held back: &lt;script&gt;" in held.text
    refused = pages.post("/watchlist/new", {}, "/watchlist/new")
    assert refused.status_code == 422
    assert "<script>alert" not in held.text + refused.text
    assert asked == [CURATOR] * 3


def test_without_a_list_the_page_says_what_that_means(tmp_path: Path) -> None:
    pages = Pages(tmp_path, who=CURATOR)
    page = pages.get("/watchlist")
    assert page.status_code == 200
    assert "Nothing is listed yet" in page.text
    assert pages.get("/watchlist/retired").status_code == 200
    assert pages.get("/watchlist/design?name=x").status_code == 404


def test_no_page_has_script_or_style_within_its_markup(pages: Pages) -> None:
    shape = "/watchlist/part?design=hand+pump&name=shaft&shape=true"
    for path in ("/watchlist", f"/watchlist/design?name={PUMP}", shape, "/watchlist/new"):
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", pages.get(path).text)
