"""What became of a submission, over HTTP: results for reviewers, statements for whoever submitted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from service_client import Client
from service_samples import OTHER, SHOP, Workers, hand_in
from sqlalchemy import delete, update

from partwatch.ledger import log
from partwatch.model.document import Finding, Item, Reason, ResultDocument
from partwatch.screening.answer import Answer
from partwatch.screening.expansion import Node
from partwatch.service import asking
from partwatch.service.customers import add_customer
from partwatch.service.desk.desk import Desk
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.settings import Serving, Settings
from partwatch.service.states import Role, State
from partwatch.service.submissions import Submission, files_of
from partwatch.service.tables import RESULTS, SUBMISSIONS
from partwatch.watchlist.store import Watchlist

REVIEWER = Principal("vera", None, frozenset({Role.REVIEW}))
SECRET = "gear of the windmill"


def found(_node: Node) -> Answer:
    reason = Reason(code="fingerprint_only", message=f"looks like {SECRET}, score 0.87")
    return Answer(
        item=Item(
            path="", member=None, sha256=None, format="stl", finding=Finding.REVIEW, complete=True,
            reasons=(reason,), bodies=(),
        )
    )  # fmt: skip


class Asking(Client):
    """A client that asks as whoever it is told to be."""

    who: Principal = THIS_MACHINE

    @contextmanager
    def asking(self, who: Principal) -> Iterator[Asking]:
        before, self.who = self.who, who
        yield self
        self.who = before


@pytest.fixture
def client(tmp_path: Path) -> Asking:
    Watchlist.open(tmp_path, create=True)
    made = Asking(tmp_path, Settings(Serving(operator="Mill & Co")))
    made.app.dependency_overrides[asking.principal_of] = lambda: made.who
    for name in ("shop", "other"):
        add_customer(made.store, name, name, THIS_MACHINE)
    return made


def screened(client: Asking, files: dict[str, bytes], workers: Workers | None = None) -> Submission:
    made = hand_in(client.store, files, "shop", by=SHOP)
    desk = Desk(client.store, client.store.settings, lambda _bench: workers or Workers(found))
    while desk.step():
        pass
    desk.close()
    return made


def looks(client: Asking) -> list[tuple[str, str]]:
    with client.store.reading() as connection:
        entries = list(log.entries(connection, kind="look"))
    return [(one.by, str(one.opening.body["at"])) for one in entries if one.opening is not None]


def test_a_reviewer_gets_the_document_of_screen_and_the_look_is_in_the_ledger(client: Asking) -> None:
    made = screened(client, {"a.stl": b"1", "b.zip": b"2"})
    with client.asking(REVIEWER):
        answer = client.get(f"/v1/submissions/{made.id}/result")
    document = ResultDocument.model_validate_json(answer.content)
    assert [item.path for item in document.items] == ["a.stl", "b.zip"]
    assert document.summary.findings[Finding.REVIEW] == 2
    assert answer.headers["cache-control"] == "no-store"
    assert looks(client) == [("vera", "result")]


def test_what_is_not_screened_or_no_longer_kept_is_no_empty_result(client: Asking) -> None:
    waiting = hand_in(client.store, {"a": b"1"})
    answer = client.get(f"/v1/submissions/{waiting.id}/result")
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert client.get(f"/v1/submissions/{waiting.id}/statement").status_code == 409
    assert client.get(f"/v1/submissions/{waiting.id}").json()["statement"] is None
    made = screened(client, {"a": b"1", "b": b"2"})
    with client.store.writing() as connection:
        kept = files_of(client.store, connection, made.number)[0].id
        connection.execute(delete(RESULTS).where(RESULTS.c.file == kept))
    assert client.get(f"/v1/submissions/{made.id}/result").status_code == 410
    assert looks(client) == []


def test_who_submitted_gets_a_statement_and_nothing_that_was_found(client: Asking) -> None:
    made = screened(client, {"a.stl": b"1"})
    with client.asking(SHOP):
        for path in ("", "/statement", "/decisions"):
            answer = client.get(f"/v1/submissions/{made.id}{path}")
            assert answer.status_code == 200
            for word in (SECRET, "0.87", "review", "score", 'finding"'):
                assert word not in answer.text, path
        view = client.get(f"/v1/submissions/{made.id}").json()
        for path in ("result", "files/0"):
            assert client.get(f"/v1/submissions/{made.id}/{path}").status_code == 403
    statement = view["statement"]
    assert statement == client.get(f"/v1/submissions/{made.id}/statement").json()
    assert view["state"] == "held"
    assert statement["decision"] == "It is held until a person has looked at it."
    assert statement["contact"] == "Mill & Co"
    assert statement["redress"]["possible"] is False
    assert view["files"][0] | {"sha256": ""} == {
        "position": 0, "name": "a.stl", "bytes": 1, "sha256": "", "kept": True
    }  # fmt: skip


def test_of_another_customer_nothing_is_there(client: Asking) -> None:
    made = screened(client, {"a.stl": b"1"})
    with client.asking(OTHER):
        for path in ("", "/statement", "/decisions"):
            answers = [client.get(f"/v1/submissions/{one}{path}") for one in (made.id, "nothing")]
            assert [one.status_code for one in answers] == [404, 404]
            assert answers[0].content == answers[1].content
        for act in ("appeal", "answer"):
            answer = client.post(f"/v1/submissions/{made.id}/decisions", json={"act": act, "reason": "x"})
            assert answer.status_code == 404
        assert client.get("/v1/submissions").json() == {"items": [], "next": None}
        assert client.get("/v1/submissions", params={"customer": "shop"}).json()["items"] == []
        assert client.get("/v1/submissions", params={"after": made.id}).status_code == 404


def test_decisions_have_reasons_and_lead_to_statements_and_appeals(client: Asking) -> None:
    made = screened(client, {"a.stl": b"1"})

    def post(who: Principal, act: str, reason: str = "because") -> tuple[int, Any]:
        with client.asking(who):
            answer = client.post(f"/v1/submissions/{made.id}/decisions", json={"act": act, "reason": reason})
        return answer.status_code, answer.json()

    assert post(SHOP, "release")[0] == 403
    assert post(REVIEWER, "ask", "What is it for?")[1]["state"] == "asked"
    assert post(REVIEWER, "ask")[0] == 409
    assert post(SHOP, "answer", "For a mill.")[1]["state"] == "held"
    assert post(REVIEWER, "confirm", SECRET)[0] == 201
    with client.asking(SHOP):
        statement = client.get(f"/v1/submissions/{made.id}/statement").json()
        told = client.get(f"/v1/submissions/{made.id}/decisions").text
    assert SECRET not in json.dumps(statement) + told
    assert "vera" not in told
    assert [(one["by"], one["text"]) for one in statement["messages"]] == [
        ("operator", "What is it for?"), ("submitter", "For a mill."),
    ]  # fmt: skip
    assert statement["redress"]["possible"] is True
    assert statement["automated"].endswith("A person decided.")
    for left in (2, 1, 0):
        status, view = post(SHOP, "appeal", f"no {left}")
        assert (status, view["state"], view["statement"]["redress"]["left"]) == (201, "held", left)
        assert post(REVIEWER, "confirm")[0] == 201
    status, told = post(SHOP, "appeal")
    assert status == 409
    assert "3 times" in told["detail"]
    with client.asking(REVIEWER):
        seen = client.get(f"/v1/submissions/{made.id}/decisions").json()
    assert (seen[2]["by"], seen[2]["reason"]) == ("vera", SECRET)


@pytest.mark.parametrize(
    "body", ['{"act": "release", "reason": "\\ud800"}', '{"act": "release", "reason": "a\\u0000"}',
             '{"act": "release", "reason": " "}', '{"act": "burn", "reason": "x"}', "{", "[]", "",
             '{"act": "release", "reason": "x", "more": 1}', '{"act": "release"}'],
)  # fmt: skip
def test_a_decision_that_cannot_be_kept_is_refused_with_its_place(client: Asking, body: str) -> None:
    made = screened(client, {"a.stl": b"1"})
    answer = client.post(
        f"/v1/submissions/{made.id}/decisions", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert client.get(f"/v1/submissions/{made.id}/decisions").json() == []


def test_lists_are_paged_and_limited_to_states(client: Asking) -> None:
    made = [hand_in(client.store, {"a": b"1"}, "shop", by=SHOP).id for _ in range(5)]
    with client.store.writing() as connection:
        connection.execute(
            update(SUBMISSIONS).where(SUBMISSIONS.c.id == made[2]).values(state=State.HELD.value)
        )
    with client.asking(SHOP):
        seen, after = [], None
        while True:
            params = {"limit": "2"} | ({"after": after} if after else {})
            page = client.get("/v1/submissions", params=params).json()
            seen += [one["id"] for one in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert seen == made[::-1]
        held = client.get("/v1/submissions", params={"state": ["held", "asked"]}).json()
        assert [one["id"] for one in held["items"]] == [made[2]]
        for params in ({"state": "lost"}, {"limit": "0"}, {"limit": "9999"}, {"after": "../x"}):
            assert client.get("/v1/submissions", params=params).status_code == 422
    assert client.get("/v1/submissions", params={"customer": "other"}).json()["items"] == []


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("job/a.stl", "a.stl"),
        ("..\\..\\x\r\nSet-Cookie: a=b.stl", "xSet-Cookie_ a_b.stl"),
        ("<script>\u202e\u00e9.stl", "_script__.stl"),
        ("..", "file"),
        ('a"; filename=b', "a__ filename_b"),
    ],
)
def test_a_file_is_saved_and_never_shown(client: Asking, name: str, saved: str) -> None:
    made = hand_in(client.store, {name: b"solid <script>"}, "shop", by=SHOP)
    with client.asking(REVIEWER):
        answer = client.get(f"/v1/submissions/{made.id}/files/0")
        assert client.get(f"/v1/submissions/{made.id}/files/1").status_code == 404
    assert answer.content == b"solid <script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{saved}";')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert looks(client) == [("vera", "file 0")]


def test_a_file_that_is_gone_is_told_as_gone(client: Asking) -> None:
    made = hand_in(client.store, {"a": b"1"})
    (client.store.files / made.id / "0").unlink()
    assert client.get(f"/v1/submissions/{made.id}/files/0").status_code == 410


def test_a_role_is_asked_for_everywhere(client: Asking) -> None:
    made = hand_in(client.store, {"a": b"1"})
    curator = Principal("curt", None, frozenset({Role.CURATE}))
    with client.asking(curator):
        for path in ("", f"/{made.id}", *(f"/{made.id}/{one}" for one in ("result", "statement", "files/0"))):
            assert client.get(f"/v1/submissions{path}").status_code == 403
        assert client.post("/v1/submissions", files=[("files", ("a", b"1"))]).status_code == 403
