from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from ledger_samples import AT, NAME, fill, fresh_log, proven, signer, small_bundle

from partwatch.ledger import log
from partwatch.ledger.bundle import DisclosedStatement, export, verify
from partwatch.ledger.errors import LedgerError
from partwatch.ledger.verified import VerifiedLedger

CHECKS = ["files", "key", "entries", "checkpoints", "openings", "statements", "timestamps", "earlier"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bundle(tmp_path_factory.mktemp("bundle"))


def results(found: VerifiedLedger) -> dict[str, str]:
    return {check.name: check.result for check in found.checks}


def test_a_bundle_verifies_with_no_other_state(bundle: Path) -> None:
    found = verify(bundle)
    assert found.verified
    assert not found.trusted
    assert (found.origin, found.size, found.checkpoints) == (NAME, 7, 5)
    assert (found.opened, found.forgotten, found.withheld, found.statements) == (5, 1, 1, 4)
    assert (found.first_at, found.last_at) == (AT, AT)
    assert found.key_fingerprint == signer().verifier.fingerprint
    asked = dict.fromkeys(("key", "timestamps", "earlier"), "not_checked")
    assert results(found) == dict.fromkeys(CHECKS, "passed") | asked
    assert any("Whose key it is" in told for told in found.not_shown)
    assert any("cut back together with its checkpoints" in told for told in found.not_shown)
    assert any("1 forgotten" in told and "1 not disclosed" in told for told in found.not_shown)


def test_a_trusted_key_and_an_earlier_checkpoint_are_checked_and_said(bundle: Path) -> None:
    found = verify(bundle, signer().verifier.fingerprint, [bundle])
    assert found.verified
    assert found.trusted
    assert results(found) == dict.fromkeys(CHECKS, "passed") | {"timestamps": "not_checked"}
    assert next(check.count for check in found.checks if check.name == "earlier") == 5
    assert not any("Whose key it is" in told for told in found.not_shown)
    assert any("after the newest of the earlier checkpoints" in told for told in found.not_shown)


def test_the_report_is_one_json_document(bundle: Path) -> None:
    found = verify(bundle)
    assert VerifiedLedger.model_validate_json(found.model_dump_json()) == found
    assert json.loads(found.model_dump_json())["schema_version"] == "partwatch-ledger-verification-1"


def test_a_log_has_the_same_bundle_each_time_as_a_folder_and_as_a_zip(tmp_path: Path) -> None:
    small_bundle(tmp_path)
    made = tmp_path / "bundle.sqlite"
    names = ["one", "two", "one.zip", "two.zip"]
    with fresh_log(made) as engine, engine.begin() as connection:
        for name in names:
            export(connection, tmp_path / name, signer(), statements={5: proven([0, 3])})
    one, two = (tmp_path / name for name in names[:2])
    files = sorted(file.relative_to(one).as_posix() for file in one.rglob("*") if file.is_file())
    assert [(one / name).read_bytes() for name in files] == [(two / name).read_bytes() for name in files]
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == files
        assert [archive.read(name) for name in files] == [(one / name).read_bytes() for name in files]
    found = [verify(tmp_path / name).model_dump(exclude={"bundle"}) for name in names]
    assert found == [found[0]] * 4
    assert found[0]["verified"]
    assert sorted(child.name for child in tmp_path.iterdir() if child.name.startswith(".")) == []


def test_a_bundle_is_for_its_owner_to_hand_on(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        folder, packed = small_bundle(tmp_path), small_bundle(tmp_path, "packed.zip")
    finally:
        os.umask(old)
    assert folder.stat().st_mode & 0o077 == 0
    assert packed.stat().st_mode & 0o077 == 0


def test_an_empty_log_has_a_bundle(tmp_path: Path) -> None:
    with fresh_log(tmp_path / "log") as engine, engine.begin() as connection:
        log.sign_checkpoint(connection, signer())
        export(connection, tmp_path / "bundle", signer())
    found = verify(tmp_path / "bundle")
    assert found.verified
    assert (found.size, found.root, found.checkpoints) == (0, None, 1)


def test_bodies_and_statements_of_any_text_and_depth_come_through(tmp_path: Path) -> None:
    deep: list[object] = []
    for _ in range(62):
        deep = [deep]
    with fresh_log(tmp_path / "log") as engine, engine.begin() as connection:
        for body in ({}, {"a": deep}, {"\U0001f600": '"\\\n\u2028', "n": 1e300, "m": -0.0, "l": 2**53 - 1}):
            log.append(connection, "import", body, "Ä. Curator", "2026-03-01T09:00:00.25Z", signer())
        log.append(connection, "import", {"a": "x" * (3 << 20)}, "A", AT, signer())
        export(connection, tmp_path / "bundle", signer())
    assert verify(tmp_path / "bundle").verified


def test_what_cannot_be_exported_is_told(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with fresh_log(tmp_path / "log") as engine, engine.begin() as connection:
        with pytest.raises(LedgerError, match="beyond the last checkpoint"):
            export(connection, tmp_path / "bundle", signer())
        fill(connection, 3, signer())
        with pytest.raises(LedgerError, match="something already"):
            export(connection, tmp_path / "there", signer())
        with pytest.raises(LedgerError, match="cannot be written"):
            export(connection, tmp_path / "none" / "bundle", signer())
        with pytest.raises(LedgerError, match="signs for"):
            export(connection, tmp_path / "bundle", signer(1, "other/name"))
        with pytest.raises(LedgerError, match="no UTF-8"):
            export(
                connection,
                tmp_path / "bundle",
                signer(),
                statements={0: [DisclosedStatement(0, bytes(32), b"\xff")]},
            )
        log.append(connection, "merge", {}, "A", AT)
        with pytest.raises(LedgerError, match="beyond the last checkpoint"):
            export(connection, tmp_path / "bundle", signer())
    assert sorted(child.name for child in tmp_path.iterdir() if "log" not in child.name) == ["there"]


def test_a_bundle_that_another_key_signed_does_not_verify(tmp_path: Path) -> None:
    """Its checkpoints are of one key, manifest and key.txt of another."""
    with fresh_log(tmp_path / "log") as engine, engine.begin() as connection:
        fill(connection, 3, signer())
        export(connection, tmp_path / "bundle", signer(2))
    found = verify(tmp_path / "bundle")
    assert results(found)["checkpoints"] == "failed"


def test_a_clock_that_went_back_is_remarked(tmp_path: Path) -> None:
    with fresh_log(tmp_path / "log") as engine, engine.begin() as connection:
        for at in ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00.5Z", "2026-03-01T09:00:00Z"):
            log.append(connection, "merge", {}, "A", at, signer())
        export(connection, tmp_path / "bundle", signer())
    found = verify(tmp_path / "bundle")
    assert found.verified
    assert found.remarks == ("1 entries are dated before the one that they follow: a clock was set back",)


def test_what_is_no_bundle_at_all_is_trouble_and_no_finding(tmp_path: Path, bundle: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("hello")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("key.txt", "x")
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "empty", "text", "pipe"):
        with pytest.raises(LedgerError, match=name):
            verify(tmp_path / name)
    later = tmp_path / "later"
    shutil.copytree(bundle, later)
    note = later / "bundle.note"
    note.write_bytes(note.read_bytes().replace(b"bundle 1", b"bundle 2"))
    with pytest.raises(LedgerError, match="newer Partwatch"):
        verify(later)


def test_what_is_brought_along_must_be_readable(tmp_path: Path, bundle: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"PKjunk")
    for wrong in (tmp_path / "missing", junk, bundle / "entries.jsonl", tmp_path):
        with pytest.raises(LedgerError):
            verify(bundle, earlier=[wrong])
        with pytest.raises(LedgerError):
            verify(bundle, tsa_roots=[wrong])
    with pytest.raises(LedgerError):
        verify(bundle, trusted_key=str(junk))
