"""RFC 3161 by a throw-away authority: `openssl ts`, where that command is there."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from ledger_samples import fill, fresh_log, signer

from partwatch.ledger import log
from partwatch.ledger.bundle import export, verify
from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.notes import new_checkpoint
from partwatch.ledger.timestamps import check, fetch, read_roots, request

NOTE = new_checkpoint(3, bytes(32), signer()).note
CONFIG = """
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")


class Authority:
    """A root of its own, and a certificate for time-stamping under it."""

    def __init__(self, folder: Path, name: str, purpose: x509.ObjectIdentifier | None = None) -> None:
        self.folder, self.name = folder / name, name
        self.folder.mkdir()
        root_key, key = (generate_private_key(65537, 2048) for _ in range(2))
        root_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name} root")])
        root = self._certificate(root_name, root_name, root_key, root_key, None)
        leaf_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name} tsa")])
        usage = purpose or x509.ExtendedKeyUsageOID.TIME_STAMPING
        leaf = self._certificate(leaf_name, root_name, key, root_key, usage)
        self.root = self.folder / "root.pem"
        self.root.write_bytes(root.public_bytes(Encoding.PEM))
        (self.folder / "tsa.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
        (self.folder / "tsa.key").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.cnf").write_text(CONFIG.format(folder=self.folder))

    def _certificate(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: RSAPrivateKey,
        by: RSAPrivateKey,
        usage: x509.ObjectIdentifier | None,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(
            x509.BasicConstraints(ca=usage is None, path_length=None), critical=True
        )
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        return builder.sign(by, SHA256())

    def answer(self, asked: bytes) -> bytes:
        (self.folder / "asked.tsq").write_bytes(asked)
        out = self.folder / "answer.tsr"
        command = ["openssl", "ts", "-reply", "-config", self.folder / "tsa.cnf", "-queryfile"]
        subprocess.run([*command, self.folder / "asked.tsq", "-out", out], check=True, capture_output=True)
        return out.read_bytes()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"), "one")


@pytest.fixture(scope="module")
def response(authority: Authority) -> bytes:
    return authority.answer(request(NOTE))


@needs_openssl
def test_a_response_over_a_checkpoint_verifies_by_its_root(authority: Authority, response: bytes) -> None:
    claimed = check(response, NOTE)
    stamp = check(response, NOTE, read_roots([authority.root]))
    assert stamp.verified
    assert not claimed.verified
    assert claimed.at == stamp.at
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(hours=1)


@needs_openssl
def test_openssl_verifies_what_we_asked_for(authority: Authority, response: bytes, tmp_path: Path) -> None:
    (tmp_path / "note").write_bytes(NOTE)
    (tmp_path / "response").write_bytes(response)
    command = ["openssl", "ts", "-verify", "-data", tmp_path / "note", "-in", tmp_path / "response"]
    done = subprocess.run([*command, "-CAfile", authority.root], capture_output=True, text=True)
    assert "Verification: OK" in done.stdout + done.stderr


@needs_openssl
def test_a_response_over_something_else_is_refused(authority: Authority, response: bytes) -> None:
    other = new_checkpoint(4, bytes(32), signer()).note
    for roots in ([], read_roots([authority.root])):
        with pytest.raises(DamagedLedgerError, match="over something else"):
            check(response, other, roots)


@needs_openssl
def test_a_response_by_another_authority_or_for_another_purpose_is_refused(
    authority: Authority, response: bytes, tmp_path: Path
) -> None:
    with pytest.raises(DamagedLedgerError, match="does not verify by the roots"):
        check(response, NOTE, read_roots([Authority(tmp_path, "two").root]))
    server = Authority(tmp_path, "server", x509.ExtendedKeyUsageOID.SERVER_AUTH)
    with pytest.raises((DamagedLedgerError, subprocess.CalledProcessError)):
        check(server.answer(request(NOTE)), NOTE, read_roots([server.root]))


@needs_openssl
def test_no_flipped_bit_of_a_response_changes_what_it_shows(authority: Authority, response: bytes) -> None:
    roots = read_roots([authority.root])
    said = check(response, NOTE, roots)
    for place in range(0, len(response), 7):
        changed = bytearray(response)
        changed[place] ^= 1 << (place // 7 % 8)
        try:
            assert check(bytes(changed), NOTE, roots) == said
        except DamagedLedgerError:
            continue


@needs_openssl
def test_a_cut_response_is_refused(response: bytes) -> None:
    for size in range(0, len(response), 101):
        with pytest.raises(DamagedLedgerError):
            check(response[:size], NOTE)
    for wrong in (response + b"\0", bytes(300 << 10), b"\x30\x03\x02\x01\x00", refusal()):
        with pytest.raises(DamagedLedgerError):
            check(wrong, NOTE)


def refusal() -> bytes:
    """A response that says no: PKIStatusInfo of status 2, no token."""
    return bytes.fromhex("3005300302 0102".replace(" ", ""))


def test_a_response_that_was_not_granted_is_told() -> None:
    with pytest.raises(DamagedLedgerError, match="did not grant it"):
        check(refusal(), NOTE)


def test_a_request_holds_a_hash_and_nothing_else() -> None:
    from hashlib import sha256

    asked = request(NOTE)
    assert sha256(NOTE).digest() in asked
    assert len(asked) < 80
    assert request(NOTE) != asked


def test_roots_must_be_certificates(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk")
    for name in ("junk", "missing"):
        with pytest.raises(LedgerError, match=name):
            read_roots([tmp_path / name])


@needs_openssl
def test_a_bundle_carries_its_timestamps(authority: Authority, tmp_path: Path) -> None:
    with fresh_log(tmp_path / "log") as engine, engine.begin() as connection:
        fill(connection, 4, signer())
        notes = {one.size: one.note for one in log.checkpoints(connection)}
        for size, note in notes.items():
            log.add_timestamp(connection, size, authority.answer(request(note)))
        export(connection, tmp_path / "bundle", signer())
        # One that is over another checkpoint.
        log.add_timestamp(connection, 4, authority.answer(request(notes[2])))
        export(connection, tmp_path / "wrong", signer())
    found = verify(tmp_path / "bundle", tsa_roots=[authority.root])
    assert found.verified
    assert [(one.size, one.verified) for one in found.timestamps] == [(2, True), (4, True)]
    assert not any("cut back" in told for told in found.not_shown)
    found = verify(tmp_path / "bundle")
    assert found.verified
    assert [one.verified for one in found.timestamps] == [False, False]
    assert any("timestamps are genuine" in told for told in found.not_shown)
    assert any("cut back" in told for told in found.not_shown)
    found = verify(tmp_path / "wrong")
    assert [check.name for check in found.checks if check.result == "failed"] == ["timestamps"]
    found = verify(tmp_path / "bundle", tsa_roots=[Authority(tmp_path, "two").root])
    assert [check.name for check in found.checks if check.result == "failed"] == ["timestamps"]


Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(handler: http.server.BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.rfile.read(int(handler.headers["Content-Length"]))
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def test_a_response_is_fetched_from_the_address_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    kinds = []

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        kinds.append(handler.headers["Content-Type"])
        send(handler, 200, b"a response")

    with served(answer) as url:
        assert fetch(url, b"asked") == b"a response"
    assert kinds == ["application/timestamp-query"]


def test_no_redirect_no_file_no_flood_is_taken_for_a_response(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    answers: list[Answer] = [
        lambda handler: send(handler, 302, b"", Location="file:///etc/passwd"),
        lambda handler: send(handler, 302, b"", Location="http://127.0.0.1:9/"),
        lambda handler: send(handler, 500, b""),
        lambda handler: send(handler, 200, bytes(300 << 10)),
        lambda handler: handler.wfile.write(b"junk\r\n\r\n") and None,
    ]
    for answer in answers:
        with served(answer) as url, pytest.raises(LedgerError, match=url):
            fetch(url, b"asked")
    for wrong in (
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "data:,x",
        "",
        "http://127.0.0.1:1/",
        "http://[/",
    ):
        with pytest.raises(LedgerError):
            fetch(wrong, b"asked")
