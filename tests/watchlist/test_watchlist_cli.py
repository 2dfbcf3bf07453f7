"""`partwatch watchlist`, as a person or a script meets it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from watchlist_samples import as_version, design, gate_report, local_features, part, without_geometry

from partwatch.cli import main
from partwatch.cli import watchlist as verbs
from partwatch.curation.gate import Gate
from partwatch.fingerprint import CLOUD_SIZE, DESCRIPTOR_SIZE
from partwatch.watchlist import store
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import GateReport, LookAlike, PartEntry, PrintLayout

STL = "\n".join(
    [
        "solid bracket",
        *(
            f"facet normal 0 0 0 outer loop vertex {a} vertex {b} vertex {c} endloop endfacet"
            for a, b, c in [
                ("0 0 0", "0 20 0", "30 0 0"),
                ("0 0 0", "30 0 0", "0 0 10"),
                ("0 0 0", "0 0 10", "0 20 0"),
                ("30 0 0", "0 20 0", "0 0 10"),
            ]
        ),
        "endsolid bracket",
    ]
)
MANIFEST = """\
name = "{name}"
authority = "Example Authority"
reason = "for the test"
expires = {expires}

[[parts]]
name = "bracket"
file = "bracket.stl"
quantity = 2

[[parts]]
name = "spare"
file = "bracket.stl"
required = false
alternative_to = "bracket"
"""
LAYOUT = PrintLayout("samples-1", 8, 4)


@dataclass(frozen=True)
class Cli:
    """Runs the verbs against one home."""

    home: Path
    captured: pytest.CaptureFixture[str]

    def run(self, *arguments: object) -> str:
        """Standard output, where all is well and there is nothing more to say."""
        code, output, errors = self.end(*arguments)
        assert (code, errors) == (0, "")
        return output

    def json(self, *arguments: object, code: int = 0) -> Any:
        ended, output, errors = self.end(*arguments, "--json")
        assert (ended, errors) == (code, "")
        return json.loads(output)

    def end(self, *arguments: object) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        code = main(["--home", str(self.home), "watchlist", *map(str, arguments)])
        captured = self.captured.readouterr()
        return code, captured.out, captured.err

    def at(self, home: Path) -> Cli:
        return replace(self, home=home)


RATES = {"bracket": 0.25, "spare": 0.0, "pin": 35.0}


def assess(part: PartEntry) -> GateReport:
    """A background that knows parts by their names."""
    return gate_report(RATES.get(part.name, 0.5))


@pytest.fixture(autouse=True)
def _small_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "_gate", lambda context, most: Gate(assess, most, "p1+c1"))


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(tmp_path / "home", capsys)


def manifest(folder: Path, name: str, expires: str = "2030-06-30") -> Path:
    (folder / "bracket.stl").write_text(STL)
    file = folder / f"{name}.toml"
    file.write_text(MANIFEST.format(name=name, expires=expires))
    return file


def sampled(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Watchlist:
    """A list of samples under their own layout."""
    monkeypatch.setattr(store, "program_layout", lambda: LAYOUT)
    watchlist = Watchlist.open(cli.home, create=True)
    plain_pin = without_geometry(part(2, gate=gate_report(35.0)))
    watchlist.add(
        [
            design("pump", part(1, gate=gate_report()), plain_pin, note="n\n  part"),
            design(
                "vise", part(3, gate=gate_report(0.0), features=local_features(3)), expires=date(2026, 1, 31)
            ),
        ]
    )
    return watchlist


def lines_of(design: str) -> list[str]:
    like = "most like shelf: hook.stl (1.75 of 2)"
    return [
        f"{design}, part bracket: flags 0.25 of 10,000 benign bodies, {like}",
        f"{design}, part spare: flags 0.00 of 10,000 benign bodies, {like}",
    ]


def test_designs_are_added_listed_shown_and_removed(cli: Cli, tmp_path: Path) -> None:
    files = [manifest(tmp_path, "vise"), manifest(tmp_path, "clock", "2026-01-31")]
    assert cli.run("add", *files, "--jobs", 2).splitlines() == [
        *lines_of("vise"),
        *lines_of("clock"),
        "added 2 designs, 4 parts",
    ]
    assert cli.run("ls", "--as-of", "2026-02-01") == (
        "clock    2 parts  EXPIRED 2026-01-31  Example Authority\n"
        "vise     2 parts  expires 2030-06-30  Example Authority\n"
    )
    listed = cli.json("ls", "--as-of", "2026-01-31")
    assert listed["version"] == Watchlist.open(cli.home).version()
    assert [(one["name"], one["expired"], one["parts"]) for one in listed["designs"]] == [
        ("clock", False, 2),
        ("vise", False, 2),
    ]
    shown = cli.json("show", "vise")
    bracket, spare = shown["parts"]
    assert (bracket["quantity"], bracket["triangles"], bracket["extents_mm"]) == (2, 4, [30.0, 20.0, 10.0])
    assert (spare["required"], spare["alternative_to"], spare["has_geometry"]) == (False, "bracket", True)
    text = cli.run("show", "clock", "--as-of", "2026-02-01")
    assert "expiry     EXPIRED 2026-01-31" in text
    assert "2 × bracket, 30.0 × 20.0 × 10.0 mm, 4 triangles, distinctiveness " in text
    assert "optional, instead of bracket" in text
    assert cli.run("remove", "clock", "vise") == "removed 2 designs\n"
    assert cli.run("ls") == ""


def test_adding_is_all_or_nothing_with_every_reason(cli: Cli, tmp_path: Path) -> None:
    good, bad = manifest(tmp_path, "good"), manifest(tmp_path, "bad")
    (tmp_path / "broken.stl").write_text("no mesh")
    bad.write_text(bad.read_text().replace("bracket.stl", "broken.stl"))
    code, output, errors = cli.end("add", good, bad)
    assert (code, output) == (2, "")
    places = [line.split(", broken.stl: ")[0] for line in errors.splitlines()]
    assert places == [f'partwatch: {bad}: part "{name}"' for name in ("bracket", "spare")]
    assert cli.run("ls") == ""
    cli.run("add", good)
    told = f'partwatch: {good}: name: "good" is already listed; rename it, or remove that one\n'
    assert cli.end("add", good) == (2, "", told)


def test_what_is_not_there_is_an_error(cli: Cli, tmp_path: Path) -> None:
    for verb in (["ls"], ["show", "x"], ["remove", "x"], ["lint"], ["export", str(tmp_path / "x.zip")]):
        code, output, errors = cli.end(*verb)
        assert (code, output) == (2, "")
        assert errors.startswith(f"partwatch: {cli.home}: there is no watch-list here; make one with ")


def test_lint_of_files_tells_every_problem_and_exits_1(cli: Cli, tmp_path: Path) -> None:
    good, bad = manifest(tmp_path, "good"), manifest(tmp_path, "bad", '"soon"')
    assert cli.run("lint", good) == ""
    code, text, errors = cli.end("lint", good, bad, good)
    assert (code, errors) == (1, "")
    places = [line.split(": ")[:2] for line in text.splitlines()]
    assert places == [[str(bad), "expires"], [str(good), "name"]]
    (first, _) = cli.json("lint", good, bad, good, code=1)
    assert (first["code"], first["design"]) == ("manifest", None)


def test_lint_of_the_list_tells_expiries_and_what_the_gate_found(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(cli, monkeypatch)
    told = cli.json("lint", "--as-of", "2026-01-01", "--soon", "31", code=1)
    assert [(one["code"], one["design"], one["part"]) for one in told] == [
        ("generic_part", "pump", "part 2"),
        ("expires_soon", "vise", None),
    ]
    code, text, _ = cli.end("lint", "--as-of", "2026-01-01", "--soon", "1")
    assert code == 1
    assert text.startswith(
        "pump, part part 2: is a generic shape (flags 35 of 10,000 benign bodies, above 1; "
    )
    assert [
        one["code"]
        for one in cli.json("lint", "--as-of", "2026-01-01", "--soon", "1", "--gate-rate", 0, code=1)
    ] == [
        "generic_part",
        "generic_part",
    ]
    assert cli.run("lint", "--as-of", "2026-01-01", "--soon", "1", "--gate-rate", 35) == ""


def pinned(folder: Path, name: str) -> Path:
    """A manifest with a part that is too plain."""
    file = manifest(folder, name)
    file.write_text(file.read_text().replace('"spare"', '"pin"'))
    return file


def test_a_generic_part_holds_back_all_and_says_how_to_list_it(cli: Cli, tmp_path: Path) -> None:
    files = [manifest(tmp_path, "vise"), pinned(tmp_path, "pump")]
    code, output, errors = cli.end("add", *files)
    assert code == 2
    assert output.splitlines() == [
        *lines_of("vise"),
        lines_of("pump")[0],
        "pump, part pin: flags 35 of 10,000 benign bodies, most like shelf: hook.stl (1.75 of 2)",
    ]
    assert errors.splitlines() == [
        'partwatch: design "pump", part "pin": would flag 35 of 10,000 benign bodies, and 1 may pass: '
        "most like shelf: hook.stl (1.75 of 2); shelf: peg.stl body 2 (1.50 of 2)",
        "partwatch: nothing was added: leave these parts out, or list them all the same with "
        "--allow-generic REASON, which is recorded",
    ]
    assert cli.run("ls") == ""
    code, output, _ = cli.end("add", *files, "--json")
    told = json.loads(output)
    assert (code, told["added"], told["designs"]) == (2, False, 2)
    assert [(one["design"], one["part"], one["gate"]["rate_per_10000"]) for one in told["parts"]] == [
        ("vise", "bracket", 0.25),
        ("vise", "spare", 0.0),
        ("pump", "bracket", 0.25),
        ("pump", "pin", 35.0),
    ]


def test_a_generic_part_is_listed_for_a_reason_that_is_shown(cli: Cli, tmp_path: Path) -> None:
    file = pinned(tmp_path, "pump")
    told = cli.json("add", file, "--allow-generic", "asked for by the authority")
    assert told["added"] is True
    assert [one["gate"]["allowed"] for one in told["parts"]] == [None, "asked for by the authority"]
    bracket, pin = cli.json("show", "pump")["parts"]
    assert [bracket["gate"], pin["gate"]] == [one["gate"] for one in told["parts"]]
    assert pin["gate"] == {
        "rate_per_10000": 35.0,
        "look_alikes": [
            {"name": "shelf: hook.stl", "similarity": 1.75},
            {"name": "shelf: peg.stl body 2", "similarity": 1.5},
        ],
        "population": "p1",
        "calibration": "c1",
        "made": "2026-02-03",
        "allowed": "asked for by the authority",
    }
    text = cli.run("show", "pump").splitlines()
    assert text[-2:] == [
        f"{'':13}flags 35 of 10,000 benign bodies, most like shelf: hook.stl (1.75 of 2); "
        "listed all the same: asked for by the authority",
        f"{'':13}population p1, calibration c1, 2026-02-03",
    ]
    (remark,) = cli.json("lint", "--as-of", "2026-01-01", code=1)
    assert remark["message"].endswith("listed all the same: asked for by the authority")
    assert cli.end("add", pinned(tmp_path, "other"), "--allow-generic", " ")[::2] == (
        2, "partwatch: --allow-generic: the reason is empty; say it in a sentence\n",
    )  # fmt: skip
    assert cli.run("add", pinned(tmp_path, "more"), "--gate-rate", 35).endswith("added 1 design, 2 parts\n")


def test_a_look_alike_s_name_cannot_redraw_the_terminal(cli: Cli, tmp_path: Path) -> None:
    cli.run("add", manifest(tmp_path, "vise"))
    watchlist = Watchlist.open(cli.home)
    odd = gate_report(look_alikes=(LookAlike("x\x1b[2J\u202e.stl", 1.5),))
    entries = [
        replace(entry, parts=tuple(replace(one, gate=odd) for one in entry.parts))
        for entry in watchlist.entries()
    ]
    assert watchlist.replace_reports(entries) == 2
    text = cli.run("show", "vise")
    assert r"most like x\x1b[2J\u202e.stl (1.50 of 2)" in text
    _, text, _ = cli.end("lint", "--gate-rate", 0)
    assert r"most like x\x1b[2J\u202e.stl (1.50 of 2)" in text


def test_pages_show_look_alikes_from_files_at_hand_also_of_what_is_held_back(
    cli: Cli, tmp_path: Path
) -> None:
    shelf, page = tmp_path / "shelf", tmp_path / "gate.html"
    shelf.mkdir()
    (shelf / "hook.stl").write_text(STL)
    drawn = ("--background", shelf, "--html", page)
    code, _, errors = cli.end("add", pinned(tmp_path, "pump"), *drawn)
    assert code == 2
    assert "nothing was added" in errors
    held = page.read_text("utf-8")
    assert re.findall("<h2>(.*?)</h2>", held) == ["pump, pin", "pump, bracket"]
    assert held.count('<img width="360"') == 2
    assert held.count("no file of that name was at hand") == 2
    cli.run("add", pinned(tmp_path, "pump"), "--allow-generic", "for the test")
    cli.end("lint", *drawn)
    listed = page.read_text("utf-8")
    assert listed == held.replace(
        "above the rate</p>\n", "above the rate</p>\n<p>Listed all the same: for the test</p>\n"
    )
    cli.end("lint", "--html", page)
    assert "<img" not in page.read_text("utf-8")
    for wrong in (
        drawn[:2],
        ("--background", tmp_path / "none", "--html", page),
        ("--html", page, tmp_path / "pump.toml"),
    ):
        assert cli.end("lint", *wrong)[0] == 2


def test_lint_tells_missing_and_stale_reports_and_refresh_makes_them(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.run("add", pinned(tmp_path, "pump"), "--allow-generic", "for the test")
    watchlist = Watchlist.open(cli.home)
    version = watchlist.version()
    monkeypatch.setattr(
        verbs,
        "_gate",
        lambda context, most: Gate(lambda one: replace(assess(one), calibration="c2"), most, "p1+c2"),
    )
    lint = ("lint", "--as-of", "2026-01-01")
    told = cli.json(*lint, code=1)
    assert [(one["code"], one["part"]) for one in told] == [
        ("stale_gate_report", "bracket"),
        ("generic_part", "pin"),
        ("stale_gate_report", "pin"),
    ]
    (remark,) = cli.json(*lint, "--refresh", code=1)
    assert (remark["code"], remark["part"]) == ("generic_part", "pin")
    assert cli.json(*lint, code=1) == [remark]
    gates = [part["gate"] for part in cli.json("show", "pump")["parts"]]
    assert [(gate["calibration"], gate["allowed"]) for gate in gates] == [
        ("c2", None),
        ("c2", "for the test"),
    ]
    assert watchlist.version() == version
    entries = [
        replace(entry, parts=tuple(replace(one, gate=None) for one in entry.parts))
        for entry in watchlist.entries()
    ]
    watchlist.replace_reports(entries)
    assert [one["code"] for one in cli.json(*lint, code=1) if one["part"] == "bracket"] == ["no_gate_report"]
    file = manifest(tmp_path, "more")
    assert cli.end("lint", "--refresh", file)[0] == 2


def test_a_list_travels_without_geometry_unless_asked(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = sampled(cli, monkeypatch).version()
    file = tmp_path / "list.zip"
    assert cli.run("export", file) == "exported 2 designs without part geometry\n"
    other = cli.at(tmp_path / "other")
    assert other.run("import", file) == "imported 2 designs\n"
    assert [one["has_geometry"] for one in other.json("show", "pump")["parts"]] == [False, False]
    assert "  note       n\n               part\n" in other.run("show", "pump")
    assert "no geometry: review at most" in other.run("show", "pump")
    assert cli.run("export", "--with-part-geometry", file) == "exported 2 designs with part geometry\n"
    whole = cli.at(tmp_path / "whole")
    whole.run("import", file)
    assert Watchlist.open(whole.home).version() == version
    cli.run("export", file, "vise")
    told = 'partwatch: already listed: "vise"; rename or remove them first\n'
    assert whole.end("import", file) == (2, "", told)


def test_a_new_list_takes_the_programs_own_layout(cli: Cli, tmp_path: Path) -> None:
    cli.run("add", manifest(tmp_path, "vise"))
    with Watchlist.open(cli.home).snapshot() as snapshot:
        assert snapshot.descriptors.shape == (2, DESCRIPTOR_SIZE)
        assert snapshot.clouds([0, 1]).shape == (2, CLOUD_SIZE, 6)
        assert snapshot.parts[0].sha256 == snapshot.parts[1].sha256


LACKING = "2 parts without local features: `partwatch watchlist refresh` makes them\n"


def test_parts_of_an_earlier_list_are_told_to_lack_features_and_refresh_makes_them(
    cli: Cli, tmp_path: Path
) -> None:
    cli.run("add", manifest(tmp_path, "vise"))
    watchlist = Watchlist.open(cli.home)
    before = [part.features for entry in watchlist.entries() for part in entry.parts]
    as_version(watchlist, 2)
    assert [(one["code"], one["part"]) for one in cli.json("lint", "--as-of", "2026-01-01", code=1)] == [
        ("no_local_features", "bracket"),
        ("no_local_features", "spare"),
    ]
    code, output, errors = cli.end("verify")
    assert (code, output.startswith("sound: "), errors) == (0, True, f"partwatch: {LACKING}")
    assert cli.json("verify")["without_features"] == 2
    says = "2 of 2 parts have no local features, so pieces of them are not found"
    mend = "`partwatch watchlist refresh` makes them"
    screened = ["--home", str(cli.home), "screen", str(tmp_path / "bracket.stl"), "--as-of", "2026-01-01"]
    main([*screened, "--no-pieces"])
    assert cli.captured.readouterr().err == ""
    main(screened)
    assert cli.captured.readouterr().err == f"partwatch: {says}: {mend}\n"
    main(["--home", str(cli.home), "doctor"])
    assert "parts without local features, of which no piece is looked for: 2" in cli.captured.readouterr().out
    assert cli.run("refresh", "--jobs", 1) == "made the local features of 2 parts\n"
    assert cli.run("refresh") == "made the local features of 0 parts\n"
    assert cli.run("refresh", "--all", "--jobs", 1) == "made the local features of 2 parts\n"
    after = [part.features for entry in watchlist.entries() for part in entry.parts]
    assert [one.tobytes() for one in after if one is not None] == [
        one.tobytes() for one in before if one is not None
    ]
    assert cli.run("lint", "--as-of", "2026-01-01") == ""
    assert cli.json("verify")["without_features"] == 0
    main(screened)
    assert cli.captured.readouterr().err == ""


def test_an_import_makes_the_features_that_the_export_lacks(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchlist = sampled(cli, monkeypatch)
    watchlist.add([design("older", part(3), part(10, features=None))])
    file = tmp_path / "list.zip"
    cli.run("export", "--with-part-geometry", file, "older")
    other = cli.at(tmp_path / "other")
    theirs = Watchlist.open(other.home, create=True)
    theirs.add([design("own", part(17))])
    assert other.run("import", file) == "imported 1 design\n"
    # What was listed before is left to `refresh`.
    assert theirs.without_features() == 1
    assert [part.features is None for entry in theirs.entries() for part in entry.parts] == [
        False,
        False,
        True,
    ]
    cli.run("export", file)
    bare = cli.at(tmp_path / "bare")
    assert bare.run("import", file) == "imported 3 designs\n"
    assert Watchlist.open(bare.home).without_features() == 0


def test_a_restored_backup_of_an_earlier_list_says_what_it_lacks(cli: Cli, tmp_path: Path) -> None:
    cli.run("add", manifest(tmp_path, "vise"))
    as_version(Watchlist.open(cli.home), 2)
    cli.run("backup", tmp_path / "b")
    code, output, errors = cli.end("restore", tmp_path / "b")
    assert (code, output.startswith("restored 1 design, 2 parts"), errors) == (
        0,
        True,
        f"partwatch: {LACKING}",
    )
