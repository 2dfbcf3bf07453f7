"""The watch-list over HTTP: what is listed, adding a design with the gate's word on it, retiring one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trimesh
from service_client import Client

from partwatch.ledger import log
from partwatch.model.errors import UsageError
from partwatch.service import asking, enrolling
from partwatch.service.api import watchlist as routes
from partwatch.service.enrolling import Enrolled, EnrolmentFailed, check_manifest, checked_names
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.settings import Settings
from partwatch.service.states import Role
from partwatch.watchlist.store import Watchlist

MANIFEST = """
name = "crank"
authority = "Test"
reason = "a stand-in"
expires = 2099-01-31
[[parts]]
name = "pin"
file = "pin.stl"
"""
PIN = bytes(trimesh.creation.cylinder(radius=3, height=20, sections=24).export(file_type="stl"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(tmp_path_factory.mktemp("list"), Settings())


def add(client: Client, files: dict[str, bytes], **fields: str) -> tuple[int, Any]:
    made = client.post("/v1/watchlist/designs", files=[("files", one) for one in files.items()], data=fields)
    return made.status_code, made.json()


def is_tidy(client: Client) -> bool:
    return list(client.store.files.iterdir()) == []


def test_a_generic_part_is_held_back_and_listed_with_a_reason_then_retired(client: Client) -> None:
    assert client.get("/v1/watchlist/designs").json()["version"] is None
    files = {"crank.toml": MANIFEST.encode(), "pin.stl": PIN}
    status, told = add(client, files)
    assert status == 200
    assert told["added"] is False
    (part,) = told["parts"]
    assert part["held_back"] is True
    assert part["gate"]["rate_per_10000"] > 1
    assert told["problem"].startswith('design "crank", part "pin": would flag')
    status, told = add(client, files, allow_generic="a stand-in for tests")
    assert (status, told["added"], told["problem"]) == (201, True, None)
    page = client.get("/v1/watchlist/designs").json()
    assert (page["version"], page["next"]) == (told["version"], None)
    (design,) = page["designs"]
    assert design["parts"][0]["gate"]["allowed"] == "a stand-in for tests"
    assert client.get("/v1/watchlist/design", params={"name": "crank"}).json() == design
    part = client.get("/v1/watchlist/part", params={"design": "crank", "name": "pin"}).json()
    assert part == design["parts"][0]
    # Once more: it is listed already.
    status, told = add(client, files, allow_generic="again")
    assert status == 422
    assert "already listed" in told["detail"]
    assert str(client.store.home) not in told["detail"]
    assert (
        client.request(
            "DELETE", "/v1/watchlist/design", params={"name": "crank", "reason": "superseded"}
        ).status_code
        == 204
    )
    assert Watchlist.open(client.store.home).design_names() == []
    assert is_tidy(client)
    with client.store.reading() as connection:
        entries = list(log.entries(connection, kind="watchlist"))
    acts = [one.opening.body["act"] for one in entries if one.opening is not None]
    assert acts == ["add", "held back", "add", "added", "add", "retire"]


def test_what_is_not_listed_is_not_there(client: Client) -> None:
    for method, path in (("GET", "design"), ("DELETE", "design")):
        assert (
            client.request(
                method, f"/v1/watchlist/{path}", params={"name": "no such", "reason": "superseded"}
            ).status_code
            == 404
        )
    assert client.get("/v1/watchlist/part", params={"design": "x", "name": "y"}).status_code == 404


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a.toml": b"", "b.toml": b""}, "2 manifests"),
        ({"pin.stl": PIN}, "0 manifests"),
        ({"../a.toml": b"", "pin.stl": PIN}, "plain names"),
        ({"a.toml": b"", ".pin.stl": PIN}, "plain names"),
        ({"a.toml": b"", "-o.stl": PIN}, "plain names"),
        ({"a.toml": b"", "a\u202e.stl": PIN}, "plain names"),
        ({"a.toml": b"", "A.STL": PIN, "a.stl": PIN}, "same name"),
        ({"a.toml": b"\xff", "pin.stl": PIN}, "is no TOML"),
        ({"a.toml": b"parts = 3", "pin.stl": PIN}, "under [[parts]]"),
        ({"a.toml": b"x = " + b"[" * 100_000, "pin.stl": PIN}, "is no TOML"),
        ({"a.toml": MANIFEST.replace("pin.stl", "/etc/x").encode(), "pin.stl": PIN}, "did not come with it"),
        ({"a.toml": MANIFEST.replace("pin.stl", "../x").encode(), "pin.stl": PIN}, "did not come with it"),
        ({"a.toml": MANIFEST.replace("pin.stl", "a.toml").encode(), "pin.stl": PIN}, "did not come with it"),
        ({"a.toml": b'[[parts]]\nfile = ["pin.stl"]', "pin.stl": PIN}, "did not come with it"),
    ],
)  # fmt: skip
def test_a_design_that_cannot_be_read_names_what_is_wrong_and_reads_nothing_else(
    client: Client, files: dict[str, bytes], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "enrol_apart", lambda *_: pytest.fail("it was read all the same"))
    status, answer = add(client, files)
    assert status == 422
    assert told in answer["detail"]
    assert is_tidy(client)


def test_all_problems_of_a_manifest_come_back_without_this_machines_folders(client: Client) -> None:
    wrong = MANIFEST.replace("expires = 2099-01-31", "expires = 3\ncolour = 1")
    status, answer = add(client, {"crank.toml": wrong.encode(), "pin.stl": PIN})
    assert status == 422
    assert "crank.toml: expires: is a whole number" in answer["detail"]
    assert "colour" in answer["detail"]
    assert str(client.store.home) not in answer["detail"]


def test_a_module_that_comes_with_a_design_is_never_imported(client: Client) -> None:
    files = {
        "crank.toml": MANIFEST.encode(), "pin.stl": b"nonsense",
        "partwatch.py": b"raise SystemExit(0)", "json.py": b"raise SystemExit(0)",
    }  # fmt: skip
    status, answer = add(client, files)
    assert status == 422
    assert 'part "pin", pin.stl' in answer["detail"]


def test_a_process_that_ends_for_no_reason_or_never_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "a.toml"
    monkeypatch.setattr(enrolling.sys, "executable", "/bin/false")
    with pytest.raises(EnrolmentFailed, match="ended with 1"):
        enrolling.enrol_apart(tmp_path, manifest, None)
    (tmp_path / "slow").write_text("#!/bin/sh\nexec sleep 600\n")
    (tmp_path / "slow").chmod(0o700)
    monkeypatch.setattr(enrolling.sys, "executable", str(tmp_path / "slow"))
    with pytest.raises(UsageError, match="not done within 0 s"):
        enrolling.enrol_apart(tmp_path, manifest, None, 0.01)


def test_roles_are_asked_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "enrol_apart", lambda *_: Enrolled(True, {"parts": []}, None))
    who = THIS_MACHINE
    client.app.dependency_overrides[asking.principal_of] = lambda: who
    files = [("files", ("crank.toml", MANIFEST.encode())), ("files", ("pin.stl", PIN))]
    for roles, sees, adds in (
        ({Role.CURATE}, 200, 201), ({Role.REVIEW}, 200, 403), ({Role.SUBMIT, Role.ADMINISTER}, 403, 403)
    ):  # fmt: skip
        who = Principal("p", None, frozenset(roles))
        assert client.get("/v1/watchlist/designs").status_code == sees
        assert client.post("/v1/watchlist/designs", files=files).status_code == adds
        removed = client.request(
            "DELETE", "/v1/watchlist/design", params={"name": "x", "reason": "y"}
        ).status_code
        assert removed == (404 if adds == 201 else 403)
    client.app.dependency_overrides.clear()


def test_names_and_manifests_are_checked(tmp_path: Path) -> None:
    assert checked_names(["a.stl", "Design.TOML", "b é.step"]) == "Design.TOML"
    (tmp_path / "a.toml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(UsageError, match="1,048,576 bytes"):
        check_manifest(tmp_path / "a.toml", [])
