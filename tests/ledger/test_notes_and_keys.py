from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ledger_samples import NAME, signer

from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.keys import make_key, new_signer, read_key, trusted_fingerprint, verifies
from partwatch.ledger.notes import (
    Checkpoint,
    VerifierKey,
    check_name,
    new_checkpoint,
    parse_checkpoint,
    parse_note,
    parse_verifier,
    signed,
)

# The example in the documentation of Go's golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZIn"
    "NIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def test_a_note_that_others_signed_verifies_and_is_told_from_a_changed_one() -> None:
    key = parse_verifier(GO_KEY)
    assert key.line == GO_KEY
    assert verifies(parse_note(GO_NOTE), key)
    assert not verifies(parse_note(GO_NOTE.replace(b"problem,", b"problem;")), key)
    assert not verifies(parse_note(GO_NOTE), signer().verifier)


def test_a_checkpoint_says_what_it_was_made_of() -> None:
    made = new_checkpoint(12, bytes(range(32)), signer())
    assert made.note.decode().split("\n")[:3] == [NAME, "12", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]
    read, note = parse_checkpoint(made.note)
    assert read == made == Checkpoint(NAME, 12, bytes(range(32)), made.note)
    assert verifies(note, signer().verifier)
    assert not verifies(note, signer(2).verifier)
    assert not verifies(note, VerifierKey("another/name", signer().verifier.raw))
    assert new_checkpoint(12, bytes(range(32)), signer()) == made


def test_every_flipped_bit_of_a_checkpoint_is_seen() -> None:
    made = new_checkpoint(12, bytes(range(32)), signer())
    for place in range(len(made.note)):
        for bit in range(8):
            changed = bytearray(made.note)
            changed[place] ^= 1 << bit
            try:
                read, note = parse_checkpoint(bytes(changed))
            except DamagedLedgerError:
                continue
            assert not verifies(note, signer().verifier), (place, bit, read)


@pytest.mark.parametrize(
    "change",
    [
        (b"\n12\n", b"\n012\n"),
        (b"\n12\n", b"\n+12\n"),
        (b"\n12\n", "\n١٢\n".encode()),
        (b"\n12\n", b"\n12\nextension\n"),
        (b"\n12\n", b"\n12\r\n"),
        (b"\n12\n", b"\n99999999999999999\n"),
        (b"AAEC", b"AAE"),
        (b"Hh8=", b"Hh9="),  # other unused bits, the same bytes
        (b"Hh8=", b"Hh8"),
        ("— ".encode(), b"- "),
        ("— ".encode(), "—  ".encode()),
        (b"\n\n", b"\n"),
        (b"partwatch.case/test\n", b"partwatch case\n"),
        (b"partwatch.case/test\n", b"\xff\n"),
    ],
    ids=str,
)
def test_no_other_spelling_of_a_checkpoint_is_read(change: tuple[bytes, bytes]) -> None:
    note = new_checkpoint(12, bytes(range(32)), signer()).note
    assert change[0] in note
    with pytest.raises(DamagedLedgerError):
        parse_checkpoint(note.replace(*change, 1))


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"x", b"\n\nx\n", b"a\n\n", b"a\n\n\xe2\x80\x94 b\n", bytes(99)]
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedLedgerError):
        parse_note(data)


def test_signatures_of_others_beside_ours_are_allowed_up_to_a_number() -> None:
    note = new_checkpoint(1, bytes(32), signer()).note
    theirs = signed(note.rpartition(b"\n\n")[0] + b"\n", signer(2, "witness")).rpartition(b"\n\n")[2]
    assert verifies(parse_note(note + theirs), signer().verifier)
    assert verifies(parse_note(note + theirs), signer(2, "witness").verifier)
    with pytest.raises(DamagedLedgerError, match="16 signatures"):
        parse_note(note + theirs * 16)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "ä", "a\n", "/a", "x" * 201])
def test_a_log_needs_a_name_that_can_stand_in_a_note(name: str) -> None:
    with pytest.raises(LedgerError, match="name of a ledger"):
        check_name(name)


@pytest.mark.parametrize(
    "line", ["", "a", "a+b+c", GO_KEY[:-1], GO_KEY.replace("c74f", "c74e"), GO_KEY + "="]
)
def test_a_damaged_key_line_is_refused(line: str) -> None:
    with pytest.raises(DamagedLedgerError):
        parse_verifier(line)


def test_a_key_is_made_for_its_owner_only_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    old = os.umask(0)
    try:
        made = make_key(path, NAME)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path, NAME).verifier == made.verifier
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="never overwritten"):
        make_key(path, NAME)
    assert path.read_bytes() == before
    assert "PRIVATE" not in repr(made)
    with pytest.raises(LedgerError, match="cannot be written"):
        make_key(tmp_path / "none" / "signing.key", NAME)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o602, 0o644])
def test_a_key_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "signing.key"
    make_key(path, NAME)
    path.chmod(mode)
    with pytest.raises(LedgerError, match="others may read or change"):
        read_key(path, NAME)


def test_what_is_no_signing_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for content in (b"", b"junk", b"-----BEGIN PRIVATE KEY-----\n", bytes(100_000)):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(LedgerError, match="no private key"):
            read_key(path, NAME)
    with pytest.raises(LedgerError, match="cannot be read"):
        read_key(tmp_path / "missing", NAME)
    with pytest.raises(LedgerError, match=r"not a file|cannot be read"):
        read_key(tmp_path, NAME)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(LedgerError, match="cannot be read"):
        read_key(tmp_path / "link", NAME)


def test_an_encrypted_key_and_one_of_another_kind_are_told(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    path = tmp_path / "key"
    pem = (Encoding.PEM, PrivateFormat.PKCS8)
    path.write_bytes(signer().key.private_bytes(*pem, BestAvailableEncryption(b"secret")))
    path.chmod(0o600)
    with pytest.raises(LedgerError, match="encrypted"):
        read_key(path, NAME)
    path.write_bytes(generate_private_key(SECP256R1()).private_bytes(*pem, NoEncryption()))
    with pytest.raises(LedgerError, match="not Ed25519"):
        read_key(path, NAME)


def test_a_key_to_trust_is_a_fingerprint_or_a_file(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = signer().verifier
    pem, line = tmp_path / "key.pem", tmp_path / "key.txt"
    public = signer().key.public_key()
    pem.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    line.write_text(key.line + "\n")
    colons = ":".join(key.fingerprint[n : n + 2] for n in range(0, 64, 2)).upper()
    for told in (key.fingerprint, f"sha256:{key.fingerprint}", colons, str(pem), str(line)):
        assert trusted_fingerprint(told) == key.fingerprint


def test_what_names_no_key_to_trust_is_refused(tmp_path: Path) -> None:
    private = tmp_path / "signing.key"
    make_key(private, NAME)
    junk = tmp_path / "junk"
    junk.write_bytes(b"\xff" * 9)
    pem = tmp_path / "pem"
    pem.write_bytes(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    for told, why in (
        (str(private), "a private key"),
        (str(junk), "no public key"),
        (str(pem), "no public key"),
        ("abc", "neither a file nor a fingerprint"),
        ("", "neither a file nor a fingerprint"),
        ("a\0b", "neither a file nor a fingerprint"),
        (signer().verifier.fingerprint[:-1], "neither a file nor a fingerprint"),
    ):
        with pytest.raises(LedgerError, match=why):
            trusted_fingerprint(told)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_openssl_makes_keys_that_we_read_and_says_the_same_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True)
    path.write_bytes(made.stdout)
    path.chmod(0o600)
    key = read_key(path, NAME).verifier
    der = ["openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER"]
    from hashlib import sha256

    assert sha256(subprocess.run(der, capture_output=True, check=True).stdout).hexdigest() == key.fingerprint


def test_two_new_keys_differ() -> None:
    assert new_signer(NAME).verifier != new_signer(NAME).verifier
