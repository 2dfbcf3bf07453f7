"""`screen --server`: what a service finds is written as if it had been found here."""

from __future__ import annotations

import gzip
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import trimesh
from service_client import Client as Direct
from service_running import running

from partwatch.cli import main
from partwatch.model.document import Finding, Reason
from partwatch.model.errors import ChangedError, UsageError
from partwatch.screening.findings import unscreenable
from partwatch.screening.walk import Source
from partwatch.service.client import Client, ServerError, address_of
from partwatch.service.desk.desk import Desk
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.remote import batches
from partwatch.service.settings import Intake, Screening, Settings
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import files_of, listed
from partwatch.service.uploading import Form, outgoing, sent_name
from stand_ins import zipped

SETTINGS = Settings(screening=Screening(jobs=1), intake=Intake(file_mb=1, files=6))
DESIGN = """
name = "bracket"
authority = "Test"
reason = "a stand-in"
expires = 2099-01-31
[[parts]]
name = "arm"
file = "arm.stl"
"""


def stl(*extents: float) -> bytes:
    body = trimesh.creation.box(extents=extents)
    body.apply_translation([extents[0] / 3, 0, 0])
    return bytes(body.export(file_type="stl"))


def arm() -> bytes:
    """Two boxes and a rod: distinctive enough to be found."""
    parts = [trimesh.creation.box(extents=(40, 7, 5)), trimesh.creation.box(extents=(9, 31, 5))]
    parts[1].apply_translation([15.5, 19, 0])
    rod = trimesh.creation.cylinder(radius=3.1, height=23, sections=24)
    rod.apply_translation([-17, 0, 14])
    return bytes(trimesh.util.concatenate([*parts, rod]).export(file_type="stl"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remote")
    (folder / "arm.stl").write_bytes(arm())
    (folder / "arm.toml").write_text(DESIGN)
    add = ("watchlist", "add", "--allow-generic", "a stand-in", str(folder / "arm.toml"))
    assert main(["--home", str(folder / "home"), *add]) == 0
    return folder / "home"


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[str]:
    """A service with a desk of its own, and one worker."""
    over = threading.Event()
    desk = Desk(ServiceStore.open(home, SETTINGS), SETTINGS)
    working = threading.Thread(target=desk.run, args=(over.is_set,))
    with running(home, SETTINGS) as address:
        working.start()
        yield address
        over.set()
        working.join()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of each, more than one submission takes, with names that are trouble."""
    folder = tmp_path_factory.mktemp("box")
    for name, content in {
        "a-clear.stl": stl(30, 20, 10),
        "b-listed.stl": arm(),
        "c-cut.stl": arm()[:120],
        "d.zip": zipped({"in/listed.stl": arm(), "other.stl": stl(9, 8, 7)}),
        "e.stl.gz": gzip.compress(arm(), mtime=0),
        "f-empty.stl": b"",
        'g "quoted" \\ \n<b>.stl': stl(5, 5, 9),
        "h;x=\u202ey.stl": b"nonsense",
        "i:\\j.stl": stl(5, 6, 9),
    }.items():
        (folder / name).write_bytes(content)
    (folder / "z-link").symlink_to("a-clear.stl")
    return folder


@pytest.mark.parametrize(
    "options", [("--json",), ("--ndjson",), (), ("--json", "--views", "--max-views", "2")]
)
def test_the_output_is_that_of_a_screening_here(
    home: Path, server: str, box: Path, options: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    def call(*more: str) -> tuple[int, str]:
        code = main(["--home", str(home), "screen", str(box), *options, *more])
        return code, capfd.readouterr().out

    here = call()
    assert here[0] == 1
    there = call("--server", server)
    for mine, theirs in zip(here[1].splitlines(), there[1].splitlines(), strict=True):
        assert theirs == mine
    assert there == here
    if options == ("--json",):
        items = json.loads(here[1])["items"]
        assert {item["finding"] for item in items} >= {"match", "clear", "unscreenable"}


def test_a_report_and_stdin_and_exit_codes_are_the_same(
    home: Path, server: str, box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def call(path: str, page: str, *more: str) -> tuple[int, str, bytes]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(arm(), mtime=0))))
        code = main(["--home", str(home), "screen", path, "--html", str(tmp_path / page), *more])
        return code, capfd.readouterr().out, (tmp_path / page).read_bytes()

    for path, expected in (("-", 1), (str(box / "a-clear.stl"), 0), (str(box / "c-cut.stl"), 3)):
        here = call(path, "here.html")
        assert here[0] == expected
        assert call(path, "there.html", "--server", server) == here


def test_what_is_too_large_for_the_server_is_one_unscreenable_item(
    home: Path, server: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.stl").write_bytes(stl(3, 4, 5))
    (tmp_path / "b-large.stl").write_bytes(bytes(2 << 20))
    (tmp_path / "c.stl").write_bytes(stl(3, 4, 6))
    assert main(["--home", str(home), "screen", str(tmp_path), "--json", "--server", server]) == 3
    items = json.loads(capfd.readouterr().out)["items"]
    assert [item["finding"] for item in items] == ["clear", "unscreenable", "clear"]
    assert items[1]["path"].endswith("b-large.stl")
    assert "has more than 1 MB" in items[1]["reasons"][0]["message"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--jobs", "2", "--no-pieces"), "--jobs, --pieces: not with --server"),
        (("--baseline", "x", "--as-of", "2026-01-01"), "--as-of, --baseline: not with --server"),
        (("--max-bodies", "5"), "--max-bodies: not with --server"),
        (("--resume",), "--resume: not with --server"),
        (("--token-file", "/nowhere"), "/nowhere"),
    ],
)
def test_options_that_cannot_apply_are_refused_by_name(
    box: Path, options: tuple[str, ...], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["screen", str(box), "--server", "http://127.0.0.1:9", *options]) == 2
    assert told in capfd.readouterr().err


def test_a_token_needs_a_server_and_is_one(
    box: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "odd").write_text("pw_a b")
    for options in (("--token-file", "empty"), ("--server", "http://127.0.0.1:9", "--token-file", "empty"),
                    ("--server", "http://127.0.0.1:9", "--token-file", "odd")):  # fmt: skip
        named = [str(tmp_path / one) if one in ("empty", "odd") else one for one in options]
        assert main(["screen", str(box), *named]) == 2
    said = capfd.readouterr().err
    for told in ("give --server URL with it", "is empty", "what no token does"):
        assert told in said


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8077", "ftp://a", "http://", "http://u:p@a", "http://a/?b", "http://a:x", "https://a#b"],
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(UsageError, match="--server"):
        address_of(url, False)


def test_a_token_goes_over_https_or_stays_on_this_machine() -> None:
    with pytest.raises(UsageError, match="https only"):
        address_of("http://shop.example", True)
    assert address_of("http://shop.example/", False).url == "http://shop.example"
    assert address_of("https://shop.example", True).is_loopback is False
    for host in ("localhost:1", "127.0.0.2:1", "[::1]:1"):
        assert address_of(f"http://{host}", True).is_loopback


def test_a_server_that_is_not_there_is_told_at_once(box: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", str(box), "--server", "http://127.0.0.1:9"]) == 2
    assert "http://127.0.0.1:9: cannot be reached" in capfd.readouterr().err


@contextmanager
def speaking(
    answer: Callable[[httpx.Request], httpx.Response],
) -> Iterator[tuple[Client, list[float], list[str]]]:
    """A client of a server that answers so; what it waited, and what it told."""
    waited: list[float] = []
    told: list[str] = []
    with Client(address_of("http://127.0.0.1:1", False), None, told.append, waited.append) as made:
        made._http = httpx.Client(transport=httpx.MockTransport(answer))
        yield made, waited, told


def view(state: str = "queued") -> dict[str, object]:
    return {
        "id": "x", "customer": "local", "state": state, "reference": None, "groups": {}, "received_at": "",
        "screened_at": None, "decided_at": None, "bytes": 0, "file_count": 1, "files": [], "statement": None,
    }  # fmt: skip


def form_of(folder: Path) -> Form:
    (folder / "a.stl").write_bytes(b"solid")
    return Form([outgoing(str(folder / "a.stl"), "a.stl")])


def test_what_the_network_loses_is_sent_again_under_the_same_key(tmp_path: Path) -> None:
    keys: list[str] = []
    bodies: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        bodies.append(request.read())
        if len(keys) == 1:
            raise httpx.ReadError("connection reset")
        if len(keys) == 2:
            told = {"detail": "the queue is full"}
            return httpx.Response(429, json=told, headers={"Retry-After": "7"})
        if len(keys) == 3:
            return httpx.Response(503, text="<html>proxy</html>")
        return httpx.Response(201, json=view())

    with speaking(answer) as (client, waited, told):
        assert client.submit(form_of(tmp_path)).id == "x"
    assert len(set(keys)) == len(set(bodies)) == 1
    assert len(keys) == 4
    assert waited[1:] == [7.0, 20.0]
    assert "connection reset" in told[0]
    assert "the queue is full" in told[1]


def test_a_server_that_stays_away_is_given_up(tmp_path: Path) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with (
        speaking(answer) as (client, waited, _),
        pytest.raises(ServerError, match=r"cannot be reached.*refused"),
    ):
        client.submit(form_of(tmp_path))
    assert len(waited) == 5
    assert waited == sorted(waited)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(200, text="<html>"), "no Partwatch service"),
        (httpx.Response(404, text="no"), "answers 404"),
        (httpx.Response(401, json={}), "--token-file"),
        (httpx.Response(403, json={"detail": "ann lacks the role submit"}), "lacks the role"),
        (httpx.Response(302, headers={"Location": "http://elsewhere"}), "answers 302"),
    ],
)
def test_a_server_that_is_none_or_does_not_let_in_is_told(answer: httpx.Response, told: str) -> None:
    with speaking(lambda _: answer) as (client, _, _), pytest.raises(ServerError, match=told):
        client.greet()


def test_events_are_waited_for_where_there_are_some_and_asked_for_where_not() -> None:
    asked: list[str] = []
    stream = "retry: 1\n\nevent: submission.progress\ndata: {}\n\nevent: submission.screened\ndata: {}\n\n"

    def answer(request: httpx.Request, events: int) -> httpx.Response:
        asked.append(request.url.path.rpartition("/")[2])
        if asked[-1] == "events":
            return httpx.Response(events, text=stream, headers={"Content-Type": "text/event-stream"})
        return httpx.Response(200, json=view("held" if len(asked) > 4 else "screening"))

    with speaking(lambda request: answer(request, 200)) as (client, waited, _):
        assert client.screened("x").state == "held"
    assert asked == ["x", "events", "x", "events", "x"]
    assert waited == []
    asked.clear()
    with speaking(lambda request: answer(request, 404)) as (client, waited, _):
        client.screened("x")
    assert asked == ["x", "events", "x", "x", "x"]
    assert waited == sorted(waited)
    assert len(waited) == 3


def test_a_result_of_another_version_is_told() -> None:
    answer = httpx.Response(200, json={"header": {"schema_version": "99"}})
    with speaking(lambda _: answer) as (client, _, _), pytest.raises(ServerError, match="update partwatch"):
        client.result("x", False)


def test_who_may_not_see_results_gets_the_state_and_the_statement(
    box: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    words = {
        "submission": "x", "reference": None, "state": "held", "decision": "It is held.", "effect": "Wait.",
        "facts": "f", "ground": "A ground.", "automated": "m", "decided_at": None, "messages": [],
        "redress": {"possible": False, "left": 3, "how": "Later."}, "contact": None,
    }  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/result"):
            return httpx.Response(403, json={"detail": "lacks the role review"})
        if path == "/v1/submissions" and request.method == "GET":
            return httpx.Response(200, json={"items": [], "next": None})
        request.read()
        return httpx.Response(200, json=view("held") | {"statement": words})

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **more: real(transport=httpx.MockTransport(answer)))
    call = ["screen", str(box / "a-clear.stl"), "--server", "http://127.0.0.1:1"]
    assert main(call) == 1
    said = capfd.readouterr()
    assert "results are for reviewers" in said.err
    assert "submission x: held, 1 files" in said.out
    assert "A ground." in said.out
    assert main([*call, "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["submissions"][0]["statement"] == words
    assert main([*call, "--html", "x.html"]) == 2
    assert "leave --html and --views out" in capfd.readouterr().err


def test_a_file_that_changes_while_it_is_handed_in_is_told(tmp_path: Path) -> None:
    form = form_of(tmp_path)
    (tmp_path / "a.stl").write_bytes(b"longer than before")
    with pytest.raises(ChangedError, match="changed while it was handed in"):
        list(form.chunks())
    (tmp_path / "a.stl").unlink()
    with pytest.raises(ChangedError, match="went away"):
        list(form.chunks())


@pytest.mark.parametrize(
    "name", ['a"b\\c', '\\"', "d\\\\", "\r\nX: y", "C:\\a\\b", "\\\\s\\t", "n" * 5000, "é;="]
)
def test_every_name_arrives_as_it_is_sent(tmp_path: Path, name: str) -> None:
    client = Direct(tmp_path, Settings())
    (tmp_path / "a.stl").write_bytes(b"solid")
    form = Form([outgoing(str(tmp_path / "a.stl"), name)])
    body = b"".join(form.chunks())
    assert len(body) == form.length
    headers = {"Content-Type": form.content_type}
    assert client.post("/v1/submissions", content=body, headers=headers).status_code == 201
    with client.store.reading() as connection:
        (file,) = files_of(client.store, connection, listed(connection, THIS_MACHINE)[0].number)
    assert file.name == sent_name(name, 0)


def test_batches_are_limited_and_keep_the_order(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}" for n in range(5)]
    for path in paths:
        path.write_bytes(b"1234")
    gone = Source("/nowhere", "/nowhere", Reason(code="link", message="a link"))
    sources = [*(Source(str(path), path.name) for path in paths), gone]
    by_files = [[len(one.files) for one in batches(iter(sources), most, 1000)] for most in (1, 2, 9)]
    assert by_files == [[1, 1, 1, 1, 1], [2, 2, 1], [5]]
    by_bytes = list(batches(iter(sources), 9, 9))
    assert [len(one.entries) for one in by_bytes] == [2, 2, 2]
    assert by_bytes[-1].entries[-1] == unscreenable("/nowhere", None, Reason(code="link", message="a link"))
    assert by_bytes[-1].entries[-1].finding is Finding.UNSCREENABLE
