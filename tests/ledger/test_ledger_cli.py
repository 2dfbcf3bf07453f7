from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_samples import AT, fresh_log, signer, small_bundle

from partwatch.cli import main
from partwatch.ledger import log
from partwatch.ledger.bundle import export


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def changed(bundle: Path, tmp_path: Path) -> Path:
    shutil.copytree(bundle, tmp_path / "changed")
    file = tmp_path / "changed/entries.jsonl"
    file.write_bytes(file.read_bytes().replace(b"decision", b"deletion", 1))
    return tmp_path / "changed"


def ledger(*words: str | Path) -> int:
    return main(["ledger", *map(str, words)])


def test_verify_says_what_was_checked_and_what_was_not(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger("verify", bundle) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == f"{bundle}: verified"
    assert "7: 5 opened, 1 forgotten, 1 not disclosed" in out
    assert "whose it is was not shown" in out
    assert "Not shown by this:" in out
    assert ledger("verify", bundle, "--key", signer().verifier.fingerprint, "--earlier", bundle) == 0
    assert "(as given)" in capsys.readouterr().out


def test_verify_exits_1_where_it_does_not_and_2_on_trouble(
    bundle: Path, changed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger("verify", changed) == 1
    out = capsys.readouterr().out
    assert "DOES NOT VERIFY" in out
    assert "entries 0 to 1: its root is not that of the first 2 entries" in out
    assert "that is: an entry was changed, dropped, added or moved" in out
    assert ledger("verify", bundle, "--key", "0" * 64) == 1
    assert ledger("verify", bundle, "--key", "nothing") == 2
    assert ledger("verify", tmp_path) == 2
    assert ledger("verify", tmp_path / "none") == 2
    assert ledger("verify") == 2
    assert ledger("verify", bundle, "--earlier", tmp_path / "none") == 2


def test_verify_prints_one_json_document(
    bundle: Path, changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger("verify", bundle, "--json") == 0
    assert json.loads(capsys.readouterr().out)["verified"] is True
    assert ledger("verify", changed, "--json") == 1
    assert json.loads(capsys.readouterr().out)["verified"] is False


def test_show_lists_entries_with_what_is_disclosed(
    bundle: Path, changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger("show", bundle) == 0
    written = capsys.readouterr().out.splitlines()
    assert len(written) == 7
    assert '"number":0' in written[0]
    assert written[1].endswith("A. Curator  -")
    assert ledger("show", bundle, "--ndjson") == 0
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["seq"] for one in documents] == list(range(7))
    assert [one["body"] is None for one in documents] == [False, True, True, False, False, False, False]
    assert ledger("show", changed) == 1
    assert "does NOT verify" in capsys.readouterr().err
    with (changed / "entries.jsonl").open("r+b") as file:
        file.truncate(400)
    assert ledger("show", changed) == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 2
    assert "entries.jsonl, line 3: cut before its end" in told.err


def test_bodies_cannot_redraw_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fresh_log(tmp_path / "log") as engine, engine.begin() as connection:
        log.append(connection, "import", {"\x9b2J": "\u202egnp.exe" + "x" * 999}, "A\u202eB", AT, signer())
        export(connection, tmp_path / "bundle", signer())
    assert ledger("show", tmp_path / "bundle") == 0
    out = capsys.readouterr().out
    assert "\u202e" not in out
    assert "\x9b" not in out
    assert "\\u202e" in out
    assert len(out) < 400


def test_a_checkpoint_is_kept_and_compared_with_later(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger("checkpoint", bundle) == 0
    kept = tmp_path / "kept.note"
    kept.write_text(capsys.readouterr().out, encoding="utf-8")
    assert ledger("verify", bundle, "--earlier", kept) == 0
    assert ledger("verify", small_bundle(tmp_path, "other"), "--earlier", kept) == 1
    assert "two histories of one log" in capsys.readouterr().out


def test_a_timestamp_is_asked_for_and_checked_by_files(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "asked.tsq"
    assert ledger("timestamp", bundle, "--request", asked) == 0
    assert asked.stat().st_size < 80
    assert ledger("timestamp", bundle, "--request", asked) == 2
    assert ledger("timestamp", bundle, "--response", asked) == 2
    assert "no response of RFC 3161" in capsys.readouterr().err
    for wrong in ([], ["--url", "http://x"], ["--request", "a", "--response", "b"]):
        assert ledger("timestamp", bundle, *wrong) == 2
    assert ledger("timestamp", bundle, "--url", "file:///x", "--response", tmp_path / "answer") == 2
    assert not (tmp_path / "answer").exists()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_a_response_of_an_authority_is_told(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from test_timestamps import Authority

    authority = Authority(tmp_path, "one")
    assert ledger("timestamp", bundle, "--request", tmp_path / "asked.tsq") == 0
    (tmp_path / "answer.tsr").write_bytes(authority.answer((tmp_path / "asked.tsq").read_bytes()))
    assert ledger("timestamp", bundle, "--response", tmp_path / "answer.tsr") == 0
    assert "NOT verified" in capsys.readouterr().out
    told = ["--response", tmp_path / "answer.tsr", "--tsa-root", authority.root]
    assert ledger("timestamp", bundle, *told) == 0
    assert "(verified)" in capsys.readouterr().out


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys, partwatch.cli.ledger as l; "
        "bad = {'cryptography', 'sqlalchemy', 'rfc3161_client', 'pydantic', 'numpy'} & set(sys.modules); "
        "sys.exit(repr(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""


@pytest.mark.parametrize("missing", ["cryptography", "rfc3161_client"])
def test_a_missing_library_is_told_with_the_command_that_installs_it(
    bundle: Path, missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    words = ["verify", bundle] if missing == "cryptography" else ["timestamp", bundle, "--request", "never"]
    assert ledger(*words) == 2
    assert "pip install 'partwatch[case]'" in capsys.readouterr().err
