"""What a shell script sees of `partwatch screen`: exit codes, stdout, and what is left behind."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from partwatch.cli import main, screen
from partwatch.report.load import loads
from stand_ins import star, zipped

RADII = [20, 13, 24, 9, 17, 28, 11, 22, 15, 26, 8]
RUN = "import sys; sys.path[:] = {path!r}; from partwatch.cli import main; sys.exit(main({arguments!r}))"


def stl(height: float = 12.0, radii: list[int] = RADII) -> bytes:
    """A star of irregular points, extruded: distinctive, and nothing on any shelf."""
    return star(height, radii)


LISTED = stl()
OTHER = stl(60.0, [10, 11, 10, 12, 10, 11])
DESIGN = """
name = "star"
authority = "Test"
reason = "a stand-in"
expires = 2030-01-31
[[parts]]
name = "whole"
file = "star.stl"
"""


# What the goodware gate says of a stand-in is not the matter here.
ADD = ("watchlist", "add", "--allow-generic", "a stand-in")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("list")
    (folder / "star.stl").write_bytes(LISTED)
    (folder / "star.toml").write_text(DESIGN)
    assert main(["--home", str(folder / "home"), *ADD, str(folder / "star.toml")]) == 0
    return folder / "home"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A folder with one of each."""
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


def call(home: Path, *arguments: str | Path) -> int:
    return main(["--home", str(home), "screen", "--as-of", "2029-01-01", *map(str, arguments)])


def program(home: Path, *arguments: str | Path) -> list[str]:
    words = ["--home", str(home), "screen", *map(str, arguments)]
    return [sys.executable, "-c", RUN.format(path=[entry for entry in sys.path if entry], arguments=words)]


def test_exit_codes_say_the_worst_that_was_found(home: Path, box: Path) -> None:
    clear, listed, cut = (box / name for name in ("a-clear.stl", "b-listed.stl", "c-cut.stl"))
    half = box / "half.stl"
    half.write_bytes(stl(6.0, [radius // 2 for radius in RADII]))
    assert call(home, clear) == 0
    assert call(home, clear, listed) == 1
    assert call(home, clear, cut) == 3
    assert call(home, listed, cut) == 1
    assert call(home, listed, "--fail-on", "match") == 1
    assert call(home, clear, cut, "--fail-on", "match") == 3


def test_a_review_fails_only_where_it_is_asked_to(home: Path, box: Path) -> None:
    half = box / "half.stl"
    half.write_bytes(LISTED[:84] + scaled(LISTED[84:], 0.5))
    assert call(home, half) == 1
    assert call(home, half, "--fail-on", "match") == 0
    assert call(home, half, box / "c-cut.stl", "--fail-on", "match") == 3


def scaled(facets: bytes, factor: float) -> bytes:
    rows = list(struct.iter_unpack("<12fH", facets))
    return b"".join(struct.pack("<12fH", *(x * factor for x in row[:12]), row[12]) for row in rows)


def test_an_expired_design_no_longer_matches(home: Path, box: Path) -> None:
    assert main(["--home", str(home), "screen", "--as-of", "2030-01-31", str(box / "b-listed.stl")]) == 1
    assert main(["--home", str(home), "screen", "--as-of", "2030-02-01", str(box / "b-listed.stl")]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["missing.stl"],
        ["--json", "--ndjson", "."],
        ["--fail-on", "clear", "."],
        ["--jobs", "0", "."],
        ["--as-of", "yesterday", "."],
        ["--html", "no/such/folder/report.html", "."],
        ["--with-part-geometry", "."],
        ["--no-such-option", "."],
        ["-", "-"],
        ["--max-memory", "1", "."],
    ],
)
def test_usage_and_setup_errors_exit_2_and_print_no_result(
    arguments: list[str],
    home: Path,
    box: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(box)
    assert call(home, *arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err != ""


def test_a_missing_list_exits_2(tmp_path: Path, box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "none", box) == 2
    assert "watchlist add" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("odd"), 2),
        (MemoryError(), 2),
        (SystemExit(1), 2),
        (OSError(28, "No space left on device"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_no_uncaught_exception_looks_like_a_finding(
    error: BaseException, code: int, home: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(options: screen.Options) -> int:
        raise error

    monkeypatch.setattr(screen, "run", fail)
    # Its own stdout, which ends up closed.
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert call(home, box) == code


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_ndjson_is_header_items_in_order_summary(
    home: Path, box: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    outputs = []
    for jobs in ("1", "3"):
        assert call(home, box, "--ndjson", "--jobs", jobs) == 1
        outputs.append(capsysbinary.readouterr().out)
    assert outputs[0] == outputs[1]
    header, *items, summary = records(outputs[0].decode())
    assert (header["type"], header["as_of"], header["watchlist"]["parts"]) == ("header", "2029-01-01", 1)
    assert [
        (Path(item["path"]).name, item["member"], item["finding"], item["complete"]) for item in items
    ] == [
        ("a-clear.stl", None, "clear", True),
        ("b-listed.stl", None, "match", True),
        ("c-cut.stl", None, "unscreenable", False),
        ("d.zip", None, "match", True),
        ("d.zip", "in/listed.stl", "match", True),
        ("d.zip", "other.stl", "clear", True),
    ]
    assert items[1]["bodies"][0]["matches"][0]["relation"] == "same_file"
    assert summary == {
        "type": "summary",
        "items": 6,
        "bodies": 4,
        "incomplete": 1,
        "findings": {"match": 3, "review": 0, "unscreenable": 1, "clear": 2},
        "accepted": 0,
    }


def test_json_is_the_same_as_one_document_and_fits_its_schema(
    home: Path, box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(home, box, "--ndjson", "--views")
    lines = capsys.readouterr().out
    call(home, box, "--json", "--views")
    document = capsys.readouterr().out
    assert loads(lines) == loads(document)
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(document), schema)


def views(text: str) -> list[bool]:
    items = [record for record in records(text) if record["type"] == "item"]
    return [
        match["view"] is not None for item in items for body in item["bodies"] for match in body["matches"]
    ]


def test_pictures_are_drawn_only_where_they_are_asked_for(
    home: Path, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for options in ([], ["--views"], ["--views", "--max-views", "1"], ["--html", str(tmp_path / "r.html")]):
        assert call(home, box, "--ndjson", *options) == 1
        found.append(views(capsys.readouterr().out))
    assert found == [[False, False], [True, True], [True, False], [False, False]]
    assert (tmp_path / "r.html").stat().st_size > 0


def test_a_saved_result_renders_to_the_same_report(
    home: Path, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(home, box, "--json", "--views", "--html", tmp_path / "at-once.html") == 1
    (tmp_path / "saved.json").write_text(capsys.readouterr().out)
    arguments = ["render", str(tmp_path / "saved.json"), "--html", str(tmp_path / "later.html")]
    assert main(arguments) == 0
    assert (tmp_path / "later.html").read_bytes() == (tmp_path / "at-once.html").read_bytes()


def test_no_listed_geometry_is_shown_unless_asked_for(
    home: Path, box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(home, box / "b-listed.stl", "--ndjson", "--views")
    assert records(capsys.readouterr().out)[1]["bodies"][0]["matches"][0]["view"]["part_positions"] is None
    call(home, box / "b-listed.stl", "--ndjson", "--views", "--with-part-geometry")
    assert records(capsys.readouterr().out)[1]["bodies"][0]["matches"][0]["view"]["part_positions"]


def test_the_table_names_every_item(home: Path, box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, box) == 1
    said = capsys.readouterr()
    assert said.err == ""
    assert "3 match" in said.out
    assert "1 unscreenable" in said.out
    assert "star / whole" in said.out


def test_nothing_to_screen_is_said(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, tmp_path, "--ndjson") == 0
    said = capsys.readouterr()
    assert [record["type"] for record in records(said.out)] == ["header", "summary"]
    assert "nothing to screen" in said.err


def test_stdin_is_an_item_named_with_a_dash(home: Path) -> None:
    done = subprocess.run(program(home, "-", "--ndjson"), input=LISTED, capture_output=True, check=False)
    assert done.returncode == 1
    assert [record.get("path") for record in records(done.stdout.decode())] == [None, "-", None]


def test_a_name_of_any_bytes_ends_in_valid_utf8(home: Path, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe.stl"
    Path(os.fsdecode(name)).write_bytes(OTHER)
    environment = os.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    for option in ("--ndjson", "--json"):
        command = program(home, tmp_path, option)
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
        assert done.returncode == 0
        assert "\\\\xff\\\\xfe.stl" in done.stdout.decode("utf-8")
    assert subprocess.run(program(home, tmp_path), capture_output=True, check=False).returncode == 0


def test_a_reader_that_goes_away_is_trouble_and_no_finding(home: Path, box: Path) -> None:
    with subprocess.Popen(
        program(home, box, "--ndjson"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait() == 2
        assert process.stderr.read() == b""


def test_the_limits_are_those_of_the_readers() -> None:
    from partwatch.cli import limits
    from partwatch.formats.base import ReadLimits

    defaults = (
        limits.FILE_MB, limits.TRIANGLES, limits.BODIES, limits.MEMBERS, limits.DEPTH, limits.EXPANSION
    )  # fmt: skip
    assert limits.read_limits(*defaults) == ReadLimits()


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        (["--max-triangles", "3"], "a-clear.stl", "more than the limit of 3"),
        (["--max-members", "1"], "d.zip", "more than the limit of 1"),
        (["--max-depth", "0"], "d.zip", "nest more than 0 deep"),
    ],
)
def test_a_limit_given_is_kept_by_the_workers(
    home: Path, box: Path, capsys: pytest.CaptureFixture[str], option: list[str], name: str, words: str
) -> None:
    assert call(home, box / name, "--ndjson", *option) == 3
    item = records(capsys.readouterr().out)[1]
    assert (item["finding"], item["complete"], item["reasons"][0]["code"]) == ("unscreenable", False, "limit")
    assert words in item["reasons"][0]["message"]


def test_a_file_over_its_size_and_a_bomb_are_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import gzip

    (tmp_path / "bomb.stl.gz").write_bytes(gzip.compress(bytes(8 << 20)))
    (tmp_path / "long.stl").write_bytes(bytes(2 << 20))
    assert call(home, tmp_path, "--ndjson", "--max-file-size", "1") == 3
    bomb, long = records(capsys.readouterr().out)[1:3]
    assert [each["reasons"][0]["code"] for each in (bomb, long)] == ["limit", "limit"]
    assert call(home, tmp_path / "bomb.stl.gz", "--ndjson", "--max-expansion", "10") == 3
    assert "--max-expansion" in records(capsys.readouterr().out)[1]["reasons"][0]["message"]


def test_every_odd_thing_in_a_folder_has_its_line_and_none_is_clear(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("loop")
    (folder / "loop").symlink_to("link")
    (folder / "new\nline\x1b[2J.stl").write_bytes(OTHER)
    (folder / ("x" * 250 + ".stl")).write_bytes(OTHER)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.stl")).write_bytes(OTHER)
    with (folder / "holes.stl").open("wb") as file:
        file.truncate(1 << 40)
    done = subprocess.run(program(home, folder, "--ndjson"), capture_output=True, check=False)
    assert done.returncode == 3
    items = records(done.stdout.decode("utf-8"))[1:-1]
    findings = [item["finding"] for item in items]
    assert (findings.count("unscreenable"), findings.count("clear")) == (4, 3)
    assert sorted(item["reasons"][0]["code"] for item in items if item["reasons"]) == [
        "limit", "not_a_file", "not_a_file", "not_a_file"
    ]  # fmt: skip
    table = subprocess.run(program(home, folder), capture_output=True, check=False).stdout
    assert b"\x1b[2J" not in table
    assert rb"new\nline" in b"".join(table.split())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("output", [[], ["--json"], ["--ndjson"]])
def test_a_full_disk_is_trouble_and_no_finding(home: Path, box: Path, output: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(program(home, box, *output), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"No space left" in done.stderr


def wait_until_dead(pid: int) -> None:
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_exits_130_and_leaves_nothing(
    home: Path, box: Path, tmp_path: Path, blow: signal.Signals
) -> None:
    for folder in ("running", "tmp"):
        (tmp_path / folder).mkdir()
    words = ["--home", str(home), "screen", "--ndjson", "--jobs", "2", str(box)]
    path = [entry for entry in sys.path if entry]
    code = (
        # Whoever runs the tests under nohup ignores hanging up, and what is ignored is inherited.
        "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_DFL);"
        f"sys.path[:] = {path!r}; import cli_jobs;"
        f"sys.exit(cli_jobs.run_with_hanging_readers({str(tmp_path / 'running')!r}, {words!r}))"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    ) as process:
        markers = [tmp_path / "running" / name for name in ("a-clear.stl", "b-listed.stl")]
        while not all(marker.exists() for marker in markers):
            assert process.poll() is None
            time.sleep(0.01)
        pids = [int(marker.read_text()) for marker in markers]
        process.send_signal(blow)
        assert process.wait() == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
    for pid in pids:
        wait_until_dead(pid)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_home_is_the_option_then_the_variable(
    home: Path, box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["screen", str(box / "a-clear.stl")]
    monkeypatch.setenv("PARTWATCH_HOME", str(home))
    assert main(arguments) == 0
    assert main(["--home", str(tmp_path), *arguments]) == 2
    monkeypatch.setenv("PARTWATCH_HOME", str(tmp_path))
    assert main(["--home", str(home), *arguments]) == 0


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["screen", "--help"], ["watchlist", "--help"]]
)
def test_help_and_version_exit_0(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert "artwatch" in capsys.readouterr().out


@pytest.mark.parametrize("form", [[], ["--ndjson"], ["--json"]])
def test_a_reader_that_stops_reading_gets_no_traceback_and_no_finding(
    form: list[str], home: Path, tmp_path: Path
) -> None:
    for number in range(400):
        (tmp_path / f"{'long name ' * 10}{number}.stl").write_bytes(OTHER[:200])
    command = [sys.executable, "-m", "partwatch", "--home", str(home), "screen", str(tmp_path), *form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 2
    assert said == ""
