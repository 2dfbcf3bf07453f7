"""The review: who sees it, that every look is noted, what is decided, and what it is drawn from."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest
import trimesh
from review_samples import (
    ALIKE,
    CURATOR,
    HOSTILE,
    PART,
    REVIEWER,
    RIVAL,
    browser_of,
    csrf_in,
    golden,
    matched,
    post,
    screened,
    store_at,
    view,
)
from service_samples import SHOP
from sqlalchemy import delete, update

from partwatch.ledger import log
from partwatch.model.document import Finding
from partwatch.model.errors import UsageError
from partwatch.report import ramp
from partwatch.service.decisions import decide, decided
from partwatch.service.pages import assets, reviewing
from partwatch.service.pages.drawing import COLOURS, MAGIC, mesh
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Screening, Settings
from partwatch.service.states import Act, State
from partwatch.service.store import ServiceStore, now
from partwatch.service.submissions import find
from partwatch.service.tables import FILES, RESULTS, SUBMISSIONS

VIEWS = ("views/0.0.0.0/front.png", "views/0.0.0.0/mesh.bin", "views/0.0.0.0/look-alike.png")


@pytest.fixture
def store(tmp_path: Path) -> ServiceStore:
    return store_at(tmp_path)


def looks(store: ServiceStore) -> list[dict[str, object]]:
    with store.reading() as connection:
        entries = list(log.entries(connection, kind="look"))
    return [dict(entry.opening.body) for entry in entries if entry.opening is not None]


def test_only_reviewers_see_the_queue_a_finding_its_pictures_or_decide(store: ServiceStore) -> None:
    public = screened(store, matched(view=view()))
    browser = browser_of(store, SHOP)
    token = csrf_in(browser.get("/submissions/new").text)
    told = {"csrf": token, "act": "release", "reason": "let me", "seen": "0"}
    answers = [
        browser.get("/review"),
        browser.get(f"/review/{public}"),
        browser.post(f"/review/{public}/decisions", data=told),
    ]
    answers += [browser.get(f"/review/{public}/{one}") for one in VIEWS]
    assert [answer.status_code for answer in answers] == [403] * 6
    assert all(PART not in answer.text for answer in answers)
    assert looks(store) == []


def test_the_queue_has_the_oldest_first_with_what_a_reviewer_should_know(store: ServiceStore) -> None:
    first = screened(store, matched(), name=HOSTILE)
    second = screened(store, golden.item("x", Finding.UNSCREENABLE))
    decide(store, first, Act.CONFIRM, "so it is", REVIEWER)
    decide(store, first, Act.APPEAL, "it is not", SHOP)
    with store.writing() as connection:
        connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.id == second).values(withheld=1))
    browser = browser_of(store, REVIEWER)
    text = browser.get("/review").text
    assert re.findall(r'href="/review/([^"]+)"', text) == [first, second]
    assert ">appeal<" in text
    assert ">near-copy<" in text
    assert "<script>alert" not in text
    assert second not in browser.get("/review?finding=match").text
    assert first not in browser.get("/review?customer=other").text or "customer" not in text
    assert "Nothing fits" in browser.get("/review?state=released").text
    assert {"ids": [first, second], "at": "queue"} in looks(store)


def test_a_look_is_noted_before_it_is_shown_once_for_a_page_and_its_pictures(store: ServiceStore) -> None:
    public = screened(store, matched(view=view()))
    browser = browser_of(store, REVIEWER)
    text = browser.get(f"/review/{public}").text
    assert PART in text
    assert "7.8 bits" in text
    assert RIVAL in text
    assert ALIKE in text
    assert "not at hand" in text
    for one in VIEWS[:2]:
        assert browser.get(f"/review/{public}/{one}").status_code == 200
    assert looks(store) == [{"id": public, "at": "review"}]
    # Without the page before: another process, or an address from elsewhere.
    other = browser_of(store, REVIEWER)
    assert other.get(f"/review/{public}/{VIEWS[0]}").content.startswith(b"\x89PNG")
    assert looks(store)[-1] == {"id": public, "at": "view 0.0.0.0"}


def test_listed_geometry_is_for_those_who_keep_the_list_and_each_time_noted(store: ServiceStore) -> None:
    public = screened(store, matched(view=view(with_part=True)))
    browser = browser_of(store, REVIEWER)
    assert browser.get(f"/review/{public}/views/0.0.0.0/mesh.bin?part=1").status_code == 403
    plain = browser.get(f"/review/{public}/views/0.0.0.0/mesh.bin").content
    assert struct.unpack_from("<4I", plain, 4)[2:] == (0, 0), "a result's own part is not drawn either"
    assert "?part=1" not in browser.get(f"/review/{public}?part=1").text
    keeper = browser_of(store, CURATOR)
    assert "front.png?part=1" in keeper.get(f"/review/{public}?part=1").text
    answer = keeper.get(f"/review/{public}/views/0.0.0.0/mesh.bin?part=1")
    assert answer.status_code == 422
    assert "no geometry of this part" in answer.text
    assert "listed geometry" in str(looks(store)[-1]["at"])


def test_a_mesh_has_its_arrays_where_its_counts_say(store: ServiceStore) -> None:
    found = mesh(view().model_dump(), 0.3)
    points, faces, *part = struct.unpack_from("<4I", found, 4)
    assert found[:4] == MAGIC
    assert part == [0, 0]
    assert len(found) == 20 + 12 * points + 12 * faces + 4 * points + 4 * COLOURS


@pytest.mark.parametrize("place", ["9.0.0.0", "0.9.0.0", "0.0.9.0", "0.0.0.9", "999999.0.0.0"])
def test_views_of_what_is_not_there_are_not_found(store: ServiceStore, place: str) -> None:
    public = screened(store, matched())
    browser = browser_of(store, REVIEWER)
    assert browser.get(f"/review/{public}/views/{place}/front.png").status_code == 404
    assert browser.get(f"/review/{public}/views/0.0.0.0/front.png").status_code == 404, "it has no view"
    for strange in ("-1.0.0.0", "a", "0.0.0.0.0", "%00"):
        assert browser.get(f"/review/{public}/views/{strange}/front.png").status_code in (404, 422)


def test_the_look_alike_is_drawn_from_the_operators_folder_and_nothing_outside_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "background"
    (folder / "commons+kettle").mkdir(parents=True)
    (folder / "commons+kettle" / "lid.stl").write_bytes(
        trimesh.creation.box((3, 4, 5)).export(file_type="stl")
    )
    store = store_at(tmp_path / "home", Settings(screening=Screening(background=str(folder))))
    public = screened(store, matched())
    browser = browser_of(store, REVIEWER)
    assert "look-alike.png" in browser.get(f"/review/{public}").text
    assert browser.get(f"/review/{public}/views/0.0.0.0/look-alike.png").content.startswith(b"\x89PNG")


def test_each_act_needs_a_reason_and_leads_to_its_state(store: ServiceStore) -> None:
    browser = browser_of(store, REVIEWER)
    for act, after in ((Act.RELEASE, State.RELEASED), (Act.CONFIRM, State.CONFIRMED), (Act.ASK, State.ASKED)):
        public = screened(store, matched())
        page = f"/review/{public}"
        refused = post(browser, page, f"{page}/decisions", act=act.value, reason=" ", seen="0")
        assert refused.status_code == 422
        done = post(browser, page, f"{page}/decisions", act=act.value, reason="because", seen="0")
        assert (done.status_code, done.headers["location"]) == (303, f"{page}?done={act.value}")
        with store.reading() as connection:
            found = find(connection, public, REVIEWER)
            (made,) = decided(connection, found.number)
        assert found.state is after
        assert (made.reason, made.by) == ("because", REVIEWER.name)
        assert 'role="status"' in browser.get(done.headers["location"]).text


@pytest.mark.parametrize("act", ["", "answer", "appeal", "nonsense"])
def test_nothing_else_is_an_act_of_a_reviewer(store: ServiceStore, act: str) -> None:
    public = screened(store, matched())
    page = f"/review/{public}"
    assert (
        post(
            browser_of(store, REVIEWER), page, f"{page}/decisions", act=act, reason="x", seen="0"
        ).status_code
        == 422
    )


def test_a_question_that_tells_the_submitter_too_much_is_not_taken_and_not_lost(store: ServiceStore) -> None:
    public = screened(store, matched())
    page = f"/review/{public}"
    words = f"It is the {PART.replace('-', ' ').title()}, is it not?"
    answer = post(browser_of(store, REVIEWER), page, f"{page}/decisions", act="ask", reason=words, seen="0")
    assert answer.status_code == 422
    assert "listed name" in answer.text
    assert words in answer.text
    with pytest.raises(UsageError, match="listed name"):
        decide(store, public, Act.ASK, words, REVIEWER)
    done = post(browser_of(store, REVIEWER), page, f"{page}/decisions", act="confirm", reason=words, seen="0")
    assert done.status_code == 303, "why it is refused the submitter does not read"


def test_who_decides_after_somebody_else_is_told_first(store: ServiceStore) -> None:
    public = screened(store, matched())
    page = f"/review/{public}"
    decide(store, public, Act.ASK, "what is it?", CURATOR)
    answer = post(
        browser_of(store, REVIEWER), page, f"{page}/decisions", act="release", reason="fine", seen="0"
    )
    assert answer.status_code == 409
    assert "what is it?" in answer.text
    assert 'value="1"' in answer.text, "the form knows of it now"


def test_files_and_results_that_are_no_longer_kept_are_said_to_be_gone(store: ServiceStore) -> None:
    public = screened(store, matched())
    with store.writing() as connection:
        connection.execute(update(FILES).values(stored=None))
        connection.execute(update(SUBMISSIONS).values(files_gone_at=now()))
    browser = browser_of(store, REVIEWER)
    assert "no longer held" in browser.get(f"/review/{public}").text
    with store.writing() as connection:
        connection.execute(delete(RESULTS))
    text = browser.get(f"/review/{public}").text
    assert "no longer kept" in text
    assert PART not in text
    assert browser.get(f"/review/{public}/views/0.0.0.0/front.png").status_code == 404


def test_a_damaged_view_costs_its_picture_only(store: ServiceStore) -> None:
    broken = view().model_copy(update={"triangles": "AAAA", "distance_um": "?"})
    public = screened(store, matched(view=broken))
    browser = browser_of(store, REVIEWER)
    assert "No picture of it is kept" in browser.get(f"/review/{public}").text
    assert browser.get(f"/review/{public}/views/0.0.0.0/front.png").status_code == 422


def test_hostile_names_are_text_and_nothing_else(store: ServiceStore) -> None:
    item = matched().model_copy(update={"member": HOSTILE})
    public = screened(store, item, name=HOSTILE)
    text = browser_of(store, REVIEWER).get(f"/review/{public}").text
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert " style=" not in text
    assert not re.search(r"\son\w+=", text), "a handler"


def test_a_page_shows_so_many_files_and_leads_to_the_others(store: ServiceStore) -> None:
    public = screened(store, matched())
    browser = browser_of(store, REVIEWER)
    assert "Later files" not in browser.get(f"/review/{public}").text
    assert browser.get(f"/review/{public}?first=1000").status_code == 200
    assert reviewing.FILES < 100


def test_the_legend_has_the_reports_colours() -> None:
    style = bytes(assets.static("review.css").body).decode()
    for colour in (ramp.COINCIDENT, ramp.BEYOND, *ramp.RAMP):
        assert ramp.css(colour) in style


def test_the_viewer_comes_with_the_package_and_its_licence_beside_it(store: ServiceStore) -> None:
    browser = browser_of(store, THIS_MACHINE)
    answer = browser.get("/static/vendor/three.module.min.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert zlib.crc32(answer.content)
    assert b"eval(" not in answer.content
    assert b"new Function" not in answer.content
    folder = Path(assets.__file__).parent / "static" / "vendor"
    assert "MIT" in (folder / "three.LICENSE.txt").read_text(encoding="utf-8")
    assert browser.get("/static/vendor/..%2freview.js").status_code == 404
