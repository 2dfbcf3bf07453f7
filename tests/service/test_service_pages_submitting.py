"""What a submitter sees: how it stands and why, in plain words, and nothing to tune a shape by."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from review_samples import (
    DESIGN,
    HOSTILE,
    PART,
    REVIEWER,
    SECRETS,
    browser_of,
    csrf_in,
    golden,
    matched,
    post,
    screened,
    store_at,
)
from service_samples import OTHER, SHOP, hand_in
from sqlalchemy import update

from partwatch.model.document import Finding
from partwatch.service.decisions import decide, decided
from partwatch.service.pages.submitting import ROWS
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.states import Act, State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import find, listed
from partwatch.service.tables import SUBMISSIONS
from partwatch.service.wording import leak_in


@pytest.fixture
def store(tmp_path: Path) -> ServiceStore:
    return store_at(tmp_path)


def words_of(text: str) -> str:
    """What a page says, without its head and its addresses."""
    body = text[text.index("<main") :]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)))


def state_of(store: ServiceStore, public: str) -> State:
    with store.reading() as connection:
        return find(connection, public, THIS_MACHINE).state


def assert_tells_nothing(text: str, public: str) -> None:
    # Ids, tokens and times may hold any digits.
    said = text.replace(public, "")
    said = re.sub(r'name="csrf" value="[^"]*"', "", said)
    said = re.sub(r"\d{4}-\d\d-\d\d[T ][^\"<]*", "", said).casefold()
    for secret in SECRETS:
        assert secret.casefold() not in said, f"{secret} is in the page"


@pytest.mark.parametrize("act", [None, Act.RELEASE, Act.CONFIRM, Act.ASK])
def test_no_part_no_design_and_no_number_of_a_finding_is_in_the_page_of_its_submitter(
    store: ServiceStore, act: Act | None
) -> None:
    public = screened(store, matched())
    if act is not None:
        words = "what is it?" if act is Act.ASK else f"it is {PART}, 98.7 % of it, 7.77 bits"
        decide(store, public, act, words, REVIEWER)
    browser = browser_of(store, SHOP)
    answer = browser.get(f"/submissions/{public}")
    assert answer.status_code == 200
    assert_tells_nothing(answer.text, public)
    assert "Statement of reasons" in answer.text
    assert_tells_nothing(browser.get("/submissions").text, public)


def test_why_it_was_decided_and_by_whom_stays_with_the_operator(store: ServiceStore) -> None:
    public = screened(store, matched())
    decide(store, public, Act.ASK, "What is it for?", REVIEWER)
    decide(store, public, Act.CONFIRM, "Two of us compared it by hand.", REVIEWER)
    said = words_of(browser_of(store, SHOP).get(f"/submissions/{public}").text)
    assert "What is it for?" in said
    assert "by hand" not in said
    assert "a reviewer" in said
    assert REVIEWER.name not in said


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("it is Sprocket Nine", PART),
        ("it is sprocket_nine.", PART),
        (f"of {DESIGN}", DESIGN),
        ("12.3 bits", "3 bits"),
        ("99 % of it", "9 %"),
        ("off by 0.2mm", "2mm"),
        ("the score is high", "score"),
        ("sprocket nineteen", None),
        ("it is a lamp for my desk", None),
    ],
)
def test_what_a_submitter_must_not_read_is_found_in_a_text(text: str, found: str | None) -> None:
    assert leak_in(text, {PART, DESIGN}) == found


@pytest.mark.parametrize("withheld", [0, 1])
def test_what_could_not_be_read_is_told_by_name_and_reason(store: ServiceStore, withheld: int) -> None:
    reason = golden.Reason(code="damaged", message="the file ends early; export it again")
    public = screened(store, golden.item("x", Finding.UNSCREENABLE, reasons=(reason,)), name=HOSTILE)
    with store.writing() as connection:
        connection.execute(update(SUBMISSIONS).values(withheld=withheld))
    text = browser_of(store, SHOP).get(f"/submissions/{public}").text
    assert "the file ends early; export it again" in text
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202egpj" in text


def test_a_question_is_answered_and_the_submission_is_held_again(store: ServiceStore) -> None:
    public = screened(store, matched())
    decide(store, public, Act.ASK, "What is it <b>for</b>?", REVIEWER)
    browser, page = browser_of(store, SHOP), f"/submissions/{public}"
    assert "What is it &lt;b&gt;for&lt;/b&gt;?" in browser.get(page).text
    answer = post(browser, page, f"{page}/answer", reason="A lamp.\r\nSee the drawing.")
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert state_of(store, public) is State.HELD
    with store.reading() as connection:
        number = find(connection, public, SHOP).number
        assert [(one.reason, one.by) for one in decided(connection, number)][1] == (
            "A lamp.\nSee the drawing.",
            "shop",
        )


def test_an_appeal_reopens_and_needs_a_reason(store: ServiceStore) -> None:
    public = screened(store, matched())
    decide(store, public, Act.CONFIRM, "so it is", REVIEWER)
    browser, page = browser_of(store, SHOP), f"/submissions/{public}"
    empty = post(browser, page, f"{page}/appeal", reason="   ")
    assert empty.status_code == 422
    assert "1 to 4,000 characters" in empty.text
    assert state_of(store, public) is State.CONFIRMED
    assert post(browser, page, f"{page}/appeal", reason="my own design").status_code == 303
    assert state_of(store, public) is State.HELD
    twice = browser.post(
        f"{page}/appeal", data={"csrf": csrf_in(browser.get("/submissions/new").text), "reason": "again"}
    )
    assert twice.status_code == 409
    assert "again" in twice.text


@pytest.mark.parametrize("act", ["release", "confirm", "ask"])
def test_a_submitter_cannot_decide_by_the_address_of_an_act(store: ServiceStore, act: str) -> None:
    public = screened(store, matched())
    browser = browser_of(store, SHOP)
    token = csrf_in(browser.get("/submissions/new").text)
    answer = browser.post(f"/submissions/{public}/{act}", data={"csrf": token, "reason": "let me"})
    assert answer.status_code == 403
    assert state_of(store, public) is State.HELD


def test_what_another_customer_handed_in_does_not_exist(store: ServiceStore) -> None:
    public = screened(store, matched())
    browser = browser_of(store, OTHER)
    token = csrf_in(browser.get("/submissions/new").text)
    for answer in (
        browser.get(f"/submissions/{public}"),
        browser.get("/submissions/nothing-like-it"),
        browser.post(f"/submissions/{public}/appeal", data={"csrf": token, "reason": "mine"}),
    ):
        assert answer.status_code == 404
        assert public not in answer.text
    assert public not in browser.get("/submissions?customer=shop").text


def test_files_come_in_by_the_plain_form_and_by_the_script(store: ServiceStore) -> None:
    browser = browser_of(store, SHOP)
    token = csrf_in(browser.get("/submissions/new").text)
    files = [("files", (HOSTILE, b"solid a")), ("files", ("b.stl", b"solid b"))]
    plain = browser.post("/submissions/new", data={"csrf": token, "reference": "job <1>"}, files=files)
    assert plain.status_code == 303
    page = browser.get(plain.headers["location"])
    assert "job &lt;1&gt;" in page.text
    assert "<script>alert" not in page.text
    told = {"Accept": "application/json", "Idempotency-Key": "k"}
    first, again = (
        browser.post("/submissions/new", data={"csrf": token}, files=files, headers=told) for _ in range(2)
    )
    assert first.status_code == 201
    assert first.json()["address"] == again.json()["address"]
    with store.reading() as connection:
        assert len(listed(connection, SHOP)) == 2


def test_what_is_not_taken_in_is_said_in_the_form_and_nothing_is_left(store: ServiceStore) -> None:
    browser = browser_of(store, SHOP)
    token = csrf_in(browser.get("/submissions/new").text)
    empty = browser.post("/submissions/new", data={"csrf": token}, files=[("files", ("", b""))])
    assert empty.status_code == 422
    assert "Not taken in" in empty.text
    foreign = browser.post(
        "/submissions/new", data={"csrf": token, "customer": "other"}, files=[("files", ("a", b""))]
    )
    assert foreign.status_code == 403
    assert list(store.files.iterdir()) == []


def test_the_list_is_paged_and_filtered_and_strange_filters_show_all(store: ServiceStore) -> None:
    for count in range(ROWS + 3):
        hand_in(store, {f"file-{count}.stl": b""}, "shop", by=SHOP)
    browser = browser_of(store, SHOP)
    first = browser.get("/submissions?state=nonsense")
    assert first.text.count('<th scope="row"') == ROWS
    older = re.search(r'href="(/submissions\?[^"]*before=[^"]*)"', first.text)
    assert older is not None
    rest = browser.get(html.unescape(older[1]))
    assert rest.text.count('<th scope="row"') == 3
    assert browser.get("/submissions?state=held").text.count('<th scope="row"') == 0
    assert browser.get("/submissions?before=0").status_code == 422


def test_staff_are_shown_the_way_to_the_review_and_submitters_are_not(store: ServiceStore) -> None:
    public = screened(store, matched())
    assert f"/review/{public}" in browser_of(store, THIS_MACHINE).get(f"/submissions/{public}").text
    assert "/review" not in browser_of(store, SHOP).get(f"/submissions/{public}").text
