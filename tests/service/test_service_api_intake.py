"""Handing in over HTTP: streamed, limited, whole or not at all, once by its key."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from service_client import Client
from service_running import running

from partwatch.service.api import intake, parts
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Intake, Settings
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import files_of, find, listed

SMALL = Settings(intake=Intake(file_mb=1, submission_mb=2, files=3, queue_submissions=4, free_disk_mb=0))
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path, SMALL)


def is_empty(client: Client) -> bool:
    store = client.store
    with store.reading() as connection:
        return listed(connection, THIS_MACHINE) == [] and list(store.files.iterdir()) == []


def send(client: Client, *files: tuple[str, bytes], **more: str) -> httpx.Response:
    return client.post("/v1/submissions", files=[("files", one) for one in files], data=more)


def part(disposition: str, content: bytes = b"x") -> bytes:
    head = f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def test_files_of_a_form_are_on_the_disk_with_their_names_and_digests(client: Client) -> None:
    big = bytes(range(256)) * 3000
    names = ["a.stl", "../../etc/passwd", "<script>\u202e.3mf"]
    answer = send(
        client, (names[0], big), (names[1], b""), (names[2], b"--b\r\n\r\n--"),
        reference="job 7", **{"group.account": "A-1"},
    )  # fmt: skip
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/submissions/{answer.json()['id']}"
    store = client.store
    with store.reading() as connection:
        found = find(connection, answer.json()["id"], THIS_MACHINE)
        files = files_of(store, connection, found.number)
    assert (found.reference, dict(found.groups)) == ("job 7", {"account": "A-1"})
    assert [(one.name, one.bytes) for one in files] == list(zip(names, (len(big), 0, 9), strict=True))
    assert files[0].sha256 == hashlib.sha256(big).hexdigest()
    assert all(one.path is not None and one.path.parent == store.files / found.id for one in files)


def test_a_raw_body_is_one_file(client: Client) -> None:
    answer = client.post(
        "/v1/submissions",
        params={"name": "a.stl", "reference": "r", "group.account": "A"},
        content=b"solid",
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 201
    store = client.store
    with store.reading() as connection:
        found = find(connection, answer.json()["id"], THIS_MACHINE)
        (file,) = files_of(store, connection, found.number)
    assert (file.name, file.bytes, found.reference, found.groups) == ("a.stl", 5, "r", {"account": "A"})


def test_a_key_takes_it_in_once_and_a_full_queue_does_not_forget_it(client: Client) -> None:
    def again(content: bytes, key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return client.post("/v1/submissions", files=[("files", ("a", content))], headers=headers)

    first = again(b"1", "k")
    assert [again(b"1", "k").status_code for _ in range(2)] == [200, 200]
    assert again(b"1", "k").json()["id"] == first.json()["id"]
    assert again(b"2", "k").status_code == 422
    assert [again(b"1", str(n)).status_code for n in range(5)] == [201, 201, 201, 429, 429]
    full = again(b"1", "new")
    assert full.headers["content-type"] == "application/problem+json"
    assert int(full.headers["retry-after"]) >= 2
    assert again(b"1", "k").status_code == 200


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([("a", b"1"), ("b", bytes((1 << 20) + 1))], "file 2 has more than 1 MB; leave it out"),
        ([(str(n), bytes(900_000)) for n in range(3)], "the submission, with file 3, has more than 2 MB"),
        ([(str(n), b"") for n in range(4)], "more than 3 files; send the others in another"),
        ([("a", bytes(8 << 20))], "the submission has more than 2 MB in all; send it in several"),
    ],
)
def test_too_much_is_refused_with_its_place_and_leaves_nothing(
    client: Client, files: list[tuple[str, bytes]], told: str
) -> None:
    answer = send(client, *files)
    assert answer.status_code == 413
    assert told in answer.json()["detail"]
    assert is_empty(client)


def test_a_body_of_unknown_length_is_limited_as_it_comes(client: Client) -> None:
    def endless() -> Iterator[bytes]:
        yield part('name="files"; filename="a"', b"")[:-2]
        while True:
            yield bytes(1 << 16)

    answer = client.post("/v1/submissions", content=endless(), headers=FORM)
    assert answer.status_code == 413
    assert "file 1 has more than 1 MB" in answer.json()["detail"]
    assert is_empty(client)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "ends in the middle"),
        (b"--b--\r\n", 422, "no file"),
        (part('name="files"; filename="a"'), 400, "ends in the middle"),
        (part('name="files"; filename="a"')[:-3], 400, "ends in the middle"),
        (b"nonsense", 400, "cannot be read"),
        (b"--b\r\n\r\nx\r\n--b--\r\n", 400, "part 1 has no Content-Disposition"),
        (b"--b\r\nX: " + b"y" * 20_000, 400, "header size"),
        (part('name="files"') + b"--b--", 422, "file 1 has no filename"),
        (part('name="files"; filename=""') + b"--b--", 422, "file 1: a file's name"),
        (part('name="files"; filename=""', b"") + b"--b--", 422, "no file"),
        (part('name="files"; filename="%s"' % ("n" * 1025)) + b"--b--", 422, "1,024 characters"),
        (part('name="files"; filename="a\0"') + b"--b--", 422, "NUL"),
        (part('name="other"') + b"--b--", 422, "'other' is no field"),
        (part('name="reference"') * 2 + b"--b--", 422, "given twice"),
        (part('name="reference"', b"\xff") + b"--b--", 422, "not UTF-8"),
        (part('name="reference"', bytes(5000)) + b"--b--", 422, "4,096 bytes"),
        (part('name="reference"', b"a\0") + part('name="files"; filename="a"') + b"--b--", 422, "NUL"),
        (b"".join(part(f'name="group.{n}"') for n in range(40)) + b"--b--", 422, "32 fields"),
        (part('name="group."') + part('name="files"; filename="a"') + b"--b--", 422, "a group's kind"),
        (part('name="customer"', b"none") + part('name="files"; filename="a"') + b"--b--", 422, "customer"),
    ],
)  # fmt: skip
def test_what_is_no_submission_is_told_and_leaves_nothing(
    client: Client, body: bytes, status: int, told: str
) -> None:
    answer = client.post("/v1/submissions", content=body, headers=FORM)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]
    assert is_empty(client)


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "", 415),
        ({"Content-Type": "application/json"}, "", 415),
        ({"Content-Type": "multipart/form-data"}, "", 400),
        ({"Content-Type": f"multipart/form-data; boundary={'b' * 300}"}, "", 400),
        (FORM | {"Content-Encoding": "gzip"}, "", 415),
        (FORM, "?reference=r", 422),
        ({"Content-Type": "application/octet-stream"}, "", 422),
        ({"Content-Type": "application/octet-stream"}, "?name=", 422),
        ({"Content-Type": "application/octet-stream"}, "?name=a&name=b", 422),
        ({"Content-Type": "application/octet-stream"}, "?name=a&other=b", 422),
        ({"Content-Type": "application/octet-stream", "Idempotency-Key": "k" * 201}, "?name=a", 422),
    ],
)
def test_types_and_parameters_are_checked(
    client: Client, headers: dict[str, str], query: str, status: int
) -> None:
    answer = client.post(f"/v1/submissions{query}", content=b"x", headers=headers)
    assert answer.status_code == status
    assert is_empty(client)


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_it_does_not_matter_where_the_body_is_cut(
    client: Client, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_BATCH_BYTES", 1)
    content = b"\r\n--\r\n--bb\r\n" * 20
    body = part('name="files"; filename="a"', content) + part('name="reference"', b"r") + b"--b--\r\n"
    pieces = (body[at : at + step] for at in range(0, len(body), step))
    answer = client.post("/v1/submissions", content=pieces, headers=FORM)
    store = client.store
    with store.reading() as connection:
        (file,) = files_of(store, connection, find(connection, answer.json()["id"], THIS_MACHINE).number)
    assert file.path is not None
    assert file.path.read_bytes() == content


def test_little_room_on_the_disk_is_told_before_anything_is_read(tmp_path: Path) -> None:
    settings = Settings(intake=Intake(free_disk_mb=1 << 40))
    client = Client(tmp_path, settings)
    answer = send(client, ("a", b"1"))
    assert answer.status_code == 507
    assert "room" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "300"
    assert is_empty(client)


def test_a_disk_that_fills_up_is_told_as_that(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parts.Incoming, "write", full)
    assert send(client, ("a", b"1")).status_code == 507
    assert is_empty(client)


def test_a_silent_client_is_not_waited_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield part('name="files"; filename="a"')
        await anyio.sleep_forever()

    monkeypatch.setattr(intake, "_SILENCE_S", 0.01)
    assert client.post("/v1/submissions", content=silent(), headers=FORM).status_code == 408
    assert is_empty(client)


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path, Settings(intake=Intake(free_disk_mb=0))) as address:
        port = int(address.rpartition(":")[2])
        head = f"POST /v1/submissions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 9000000\r\n"
        with socket.create_connection(("127.0.0.1", port)) as going:
            going.sendall(f"{head}Content-Type: {FORM['Content-Type']}\r\n\r\n".encode())
            going.sendall(part('name="files"; filename="a"', bytes(1 << 20)))
        # Served after it by the same loop; what is behind it in the queue of threads has been done by then.
        store = ServiceStore.open(tmp_path, Settings())
        for _ in range(200):
            assert httpx.get(f"{address}/status/live").status_code == 200
            if not list(store.files.iterdir()):
                break
        assert list(store.files.iterdir()) == []
        assert httpx.get(f"{address}/v1/submissions").json() in ([], {"items": [], "next": None})
