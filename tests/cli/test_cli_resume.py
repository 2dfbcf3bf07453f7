"""`screen --resume` and `screen --baseline`, as a shell script meets them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_cli_screen import ADD, DESIGN, LISTED, OTHER, call, records, stl, zipped

from partwatch.cli import main
from partwatch.screening import journal as journals


@pytest.fixture(autouse=True)
def _old_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_GRAIN_NS", 0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "star.stl").write_bytes(LISTED)
    (tmp_path / "star.toml").write_text(DESIGN)
    assert main(["--home", str(tmp_path / "home"), *ADD, str(tmp_path / "star.toml")]) == 0
    return tmp_path / "home"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    folder.mkdir()
    for name, content in {
        "a-clear.stl": OTHER,
        "b-listed.stl": LISTED,
        "c-cut.stl": LISTED[:120],
        "d.zip": zipped({"in/listed.stl": LISTED, "other.stl": OTHER}),
    }.items():
        (folder / name).write_bytes(content)
    return folder


class FullError(OSError):
    pass


@pytest.fixture
def broken_off(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run that screens all and then cannot write its result."""
    from partwatch.report import json as report

    def run(home: Path, *arguments: str | Path) -> int:
        def fail(items: Any, stream: Any) -> None:
            for _ in items:
                pass
            raise FullError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(report, "write", fail)
            return call(home, *arguments, "--json", "--resume")

    return run


def test_a_run_goes_on_where_it_was_and_leaves_nothing(
    home: Path, box: Path, broken_off: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(home, box, "--ndjson") == 1
    whole = capsys.readouterr().out
    assert broken_off(home, box) == 2
    assert "beginning one" in capsys.readouterr().err
    assert call(home, box, "--ndjson", "--resume") == 1
    said = capsys.readouterr()
    assert said.out == whole
    assert "going on: 4 files were screened before" in said.err
    assert list((home / "runs").iterdir()) == []


def test_a_run_without_resume_keeps_no_journal(home: Path, box: Path) -> None:
    assert call(home, box, "--ndjson") == 1
    assert not (home / "runs").exists()


def test_a_list_that_changed_stops_it_and_says_how_to_start_afresh(
    home: Path, box: Path, broken_off: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_off(home, box)
    assert main(["--home", str(home), "watchlist", "remove", "star"]) == 0
    capsys.readouterr()
    assert call(home, box, "--ndjson", "--resume", "--timeout", "9") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.search(r"header\.watchlist\.designs was 1, is 0", said.err)
    assert re.search(r"limits\.timeout_s was 60(\.0)?, is 9", said.err)
    found = re.search(r"start afresh: rm -r (\S+)", said.err)
    assert found is not None
    shutil.rmtree(found[1])
    assert call(home, box, "--ndjson", "--resume", "--timeout", "9") == 3


def test_it_goes_on_past_midnight_as_of_the_day_it_began(
    home: Path, box: Path, broken_off: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_off(home, box)
    capsys.readouterr()
    assert main(["--home", str(home), "screen", str(box), "--ndjson", "--resume"]) == 1
    assert records(capsys.readouterr().out)[0]["as_of"] == "2029-01-01"


def test_another_output_of_the_same_run_is_fine_but_not_other_pictures(
    home: Path, box: Path, broken_off: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_off(home, box)
    capsys.readouterr()
    assert call(home, box, "--ndjson", "--views", "--resume") == 2
    assert "options.views was False, is True" in capsys.readouterr().err
    assert call(home, box, "--resume") == 1


def test_a_path_that_is_gone_is_still_in_the_result(
    home: Path, box: Path, broken_off: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = (box / "b-listed.stl", box / "a-clear.stl")
    broken_off(home, *paths)
    paths[0].unlink()
    capsys.readouterr()
    assert call(home, *paths, "--ndjson") == 2
    capsys.readouterr()
    assert call(home, *paths, "--ndjson", "--resume") == 1
    items = records(capsys.readouterr().out)[1:-1]
    assert [item["finding"] for item in items] == ["match", "clear"]
    assert items[0]["reasons"][-1]["code"] == "gone"


def test_stdin_cannot_be_gone_on_with(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "-", "--resume") == 2
    assert "stdin" in capsys.readouterr().err


def accept(home: Path, box: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Path:
    """A baseline of all that is found in the box."""
    assert call(home, box, "--json") == 1
    result = box.parent / "result.json"
    result.write_text(capsys.readouterr().out)
    baseline = box.parent / "baseline.toml"
    words = ["baseline", "add", str(result), "--reason", 'our "own" star', "--expires", "2029-06-30"]
    assert main([*words, "--to", str(baseline), *arguments]) == 0
    assert "accepted 1 match until 2029-06-30" in capsys.readouterr().err
    return baseline


def test_what_is_accepted_no_longer_fails_and_stays_in_sight(
    home: Path, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = accept(home, box, capsys, "--who", "A. B.")
    (box / "c-cut.stl").unlink()
    assert call(home, box, "--ndjson", "--baseline", baseline, "--html", tmp_path / "r.html") == 0
    said = capsys.readouterr()
    assert said.err == ""
    header, *items, summary = records(said.out)
    assert len(header["baseline"]) == 64
    assert (summary["findings"]["match"], summary["findings"]["clear"], summary["accepted"]) == (0, 5, 3)
    # The same file, whether it lies in a folder or in an archive.
    for item in (items[1], items[3]):
        (match,) = item["bodies"][0]["matches"]
        assert (item["finding"], match["finding"], match["accepted"]["who"]) == ("clear", "match", "A. B.")
        assert "accepted" in [reason["code"] for reason in item["reasons"]]
    assert [reason["code"] for reason in items[2]["reasons"]] == ["member_accepted"]
    assert call(home, box, "--baseline", baseline) == 0
    table = " ".join(capsys.readouterr().out.split())
    assert "3 items with accepted matches" in table
    assert 'our "own" star' in table
    page = (tmp_path / "r.html").read_text()
    assert "Accepted on" in page
    assert baseline.read_text().count("[[accepted]]") == 1


def test_an_acceptance_ends_and_an_unused_one_is_told(
    home: Path, box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = accept(home, box, capsys)
    late = ["--home", str(home), "screen", "--as-of", "2029-07-01", str(box), "--ndjson"]
    assert main([*late, "--baseline", str(baseline)]) == 1
    codes = [reason["code"] for reason in records(capsys.readouterr().out)[2]["reasons"]]
    assert "acceptance_expired" in codes
    (box / "b-listed.stl").write_bytes(stl(12.001))
    (box / "d.zip").unlink()
    assert call(home, box, "--ndjson", "--baseline", baseline) == 1
    assert re.search(
        r"baseline\.toml: entry 1 \(line 3\) matched nothing: sha256 \w{64}", capsys.readouterr().err
    )


def test_a_baseline_that_changed_does_not_undo_what_was_screened(
    home: Path, box: Path, broken_off: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = accept(home, box, capsys)
    broken_off(home, box)
    capsys.readouterr()
    assert call(home, box, "--ndjson", "--resume", "--baseline", baseline) == 3
    said = capsys.readouterr()
    assert "going on: 4" in said.err
    assert "matched nothing" not in said.err
    assert records(said.out)[-1]["accepted"] == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--reason", "", "--expires", "2100-01-01"], "--reason"),
        (["--reason", "x", "--expires", "2000-01-01"], "--expires"),
        (["--reason", "x", "--expires", "2100-01-01", "--design", "vise"], "no such match"),
    ],
)
def test_what_cannot_be_accepted_is_refused(
    home: Path, box: Path, tmp_path: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call(home, box, "--json")
    (tmp_path / "r.json").write_text(capsys.readouterr().out)
    assert main(["baseline", "add", str(tmp_path / "r.json"), "--to", str(tmp_path / "b"), *words]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_a_wrong_baseline_stops_before_anything_is_screened(
    home: Path, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.toml").write_text("[[accepted]]\n[[accepted]]\n")
    assert call(home, box, "--baseline", tmp_path / "b.toml") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 8


def test_the_doctor_finds_this_machine_well(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "doctor", "--json"]) == 0
    found = {one["check"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
    for name in ("kernel", "numpy", "formats", "workers", "memory limit", "home", "watch-list"):
        assert found[name]["state"] == "ok"


def test_the_doctor_names_what_is_broken_and_the_mend(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from partwatch.cli import checks

    def check_mood(home: Path) -> Any:
        raise ValueError("bad")

    lost = checks.Library("no-such-thing", "no_such_thing", "reading minds", mend="get it there")
    monkeypatch.setattr(checks, "LIBRARIES", (lost,))
    monkeypatch.setattr(checks, "CHECKS", (checks.check_libraries, checks.check_list, check_mood))
    (home / "watchlist/watchlist.sqlite").write_bytes(b"rubbish" * 1000)
    assert main(["--home", str(home), "doctor"]) == 1
    said = capsys.readouterr().out
    assert "broken   no-such-thing  not installed: needed for reading minds" in said
    assert "get it there" in said
    assert "watchlist restore" in said
    assert "broken   mood           the check failed (ValueError: bad)" in said


def test_what_is_only_optional_ails_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from partwatch.cli import checks

    extra = checks.Library("no-such-thing", "no_such_thing", "reading minds", needed=False)
    monkeypatch.setattr(checks, "LIBRARIES", (extra,))
    monkeypatch.setattr(checks, "CHECKS", (checks.check_libraries, checks.check_list, checks.check_home))
    assert main(["--home", str(tmp_path / "none"), "doctor"]) == 0
