"""Hunts over HTTP: asked by JSON, by a form with a file, on a page; what is wrong is told as a problem."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hunt_samples import SETTINGS, bracket, gear, listed, service_at, stl, turned, worked_off
from service_client import Client
from service_samples import OTHER, SHOP, hand_in

from partwatch.ledger import log
from partwatch.model.hunt import HuntDocument
from partwatch.service.context import Service
from partwatch.service.hunt_queue import hunt_on


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    home = tmp_path_factory.mktemp("hunt")
    service = service_at(home)
    hand_in(service.store, {"<script>alert(1)</script>.stl": stl(turned(bracket()))}, "shop", by=SHOP)
    hand_in(service.store, {"g.stl": stl(gear())}, "other", by=OTHER)
    worked_off(service)
    listed(home, "bracket", bracket())
    return Client(home, SETTINGS)


def done(client: Client) -> None:
    service: Service = client.app.state.service
    while hunt_on(service):
        pass


def form(client: Client, path: str, files: Any, **fields: str) -> Any:
    return client.post(path, files=files, data=fields)


def test_a_design_is_hunted_for_and_what_was_found_is_the_command_lines_document(client: Client) -> None:
    asked = client.post("/v1/hunt", json={"designs": ["bracket"], "since": "2020-01-01"})
    assert asked.status_code == 202, asked.text
    where = asked.headers["location"]
    waiting = client.get(where).json()
    assert (waiting["state"], waiting["document"]) == ("waiting", None)
    done(client)
    told = client.get(where).json()
    assert told["state"] == "done"
    document = HuntDocument.model_validate(told["document"])
    assert [hit.status.value for hit in document.hits] == ["match"]
    assert document.hits[0].file == "<script>alert(1)</script>.stl"
    assert where.endswith(client.get("/v1/hunt?limit=1").json()["items"][0]["id"])


def test_a_file_is_hunted_for_and_not_kept_for_long(client: Client) -> None:
    asked = form(client, "/v1/hunt/file", {"files": ("mine.stl", stl(turned(gear())))}, most="5")
    assert asked.status_code == 202, asked.text
    done(client)
    told = client.get(asked.headers["location"]).json()
    assert [hit["file"] for hit in told["document"]["hits"]] == ["g.stl"]
    assert told["sought"] == ["mine.stl"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"designs": []}, {"designs": ["a"] * 21}, {"designs": ["x" * 201]},
        {"designs": ["bracket"], "most": 0},
        {"designs": ["bracket"], "since": "yesterday"}, {"designs": ["bracket"], "odd": 1},
        {"designs": ["bracket"], "since": "2026-02-01", "until": "2026-01-01"},
        {"designs": ["brack\0et"]}, {"designs": ["a", "b"], "part": "c"},
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_as_a_problem(client: Client, body: dict[str, Any]) -> None:
    answer = client.post("/v1/hunt", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_design_that_is_not_listed_comes_to_nothing_and_says_so(client: Client) -> None:
    asked = client.post("/v1/hunt", json={"designs": ["nothing"]})
    done(client)
    told = client.get(asked.headers["location"]).json()
    assert (told["state"], told["failed"].startswith("not listed: nothing")) == ("failed", True)


@pytest.mark.parametrize(
    ("files", "fields", "status"),
    [
        ([], {"most": "5"}, 422),
        ([("files", ("a", b"1")), ("files", ("b", b"2"))], {}, 422),
        ([("files", ("a", b"1"))], {"most": "many"}, 422),
        ([("files", ("a", b"1"))], {"since": "2026-13-01"}, 422),
        ([("files", ("a", b"1"))], {"odd": "1"}, 422),
    ],
)
def test_a_form_that_is_wrong_is_told_as_a_problem_and_leaves_nothing(
    client: Client, files: Any, fields: dict[str, str], status: int
) -> None:
    before = len(client.get("/v1/hunt?limit=200").json()["items"])
    boundary = files or [("odd", ("", b""))]
    assert form(client, "/v1/hunt/file", boundary, **fields).status_code in (status, 400)
    assert len(client.get("/v1/hunt?limit=200").json()["items"]) == before
    assert not list(client.store.files.glob("in-*"))


def test_what_is_not_there_is_not_found(client: Client) -> None:
    for path in ("/v1/hunt/nothing", "/v1/hunt?after=nothing", "/hunt/nothing", "/hunt/nothing/state"):
        assert client.get(path).status_code == 404, path


def test_the_page_asks_shows_and_escapes_and_notes_each_look(client: Client) -> None:
    page = client.get("/hunt").text
    assert 'value="bracket"' in page
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]*)"', page))
    asked = client.post("/hunt", data={"csrf": csrf, "design": "bracket", "since": "", "until": ""})
    assert asked.status_code == 303, asked.text
    where = asked.headers["location"]
    assert "It waits for its turn" in client.get(where).text
    assert client.get(f"{where}/state").json()["state"] == "waiting"
    done(client)
    with client.store.reading() as connection:
        before = len(list(log.entries(connection, kind="look")))
    shown = client.get(where).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.stl" in shown
    assert "<script>alert" not in shown
    assert "not hunted for" in shown
    assert client.get(f"{where}/state").json() == {"state": "done", "progress": ""}
    with client.store.reading() as connection:
        assert len(list(log.entries(connection, kind="look"))) == before + 1
    assert re.search(r'href="/review/[A-Za-z0-9_-]+"', shown)
    again = client.post("/hunt", data={"csrf": csrf, "design": " "})
    assert again.status_code == 422
    assert "choose a listed design" in again.text


def test_the_page_takes_a_file(client: Client) -> None:
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]*)"', client.get("/hunt").text))
    asked = form(client, "/hunt/file", {"files": ("x.stl", stl(gear()))}, csrf=csrf)
    assert asked.status_code == 303, asked.text
    done(client)
    assert "g.stl" in client.get(asked.headers["location"]).text
    wrong = form(client, "/hunt/file", {"files": ("x.stl", stl(gear()))}, csrf=csrf, until="soon")
    assert wrong.status_code == 422
    assert "not a day" in wrong.text


def test_files_that_were_hunted_for_go_once_it_is_over_and_what_a_kill_left_later(client: Client) -> None:
    import os

    kept = client.store.folder / "hunts"
    for content in (b"junk", stl(gear())):
        asked = form(client, "/v1/hunt/file", {"files": ("mine.stl", content)})
        assert [path.name for path in kept.iterdir()] == [asked.json()["id"]]
        done(client)
        assert list(kept.iterdir()) == []
        told = client.get(asked.headers["location"]).json()
        assert told["state"] == ("failed" if content == b"junk" else "done")
    (kept / "left").touch()
    done(client)
    assert (kept / "left").exists()
    os.utime(kept / "left", (0, 0))
    done(client)
    assert list(kept.iterdir()) == []
