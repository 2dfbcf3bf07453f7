"""`partwatch watchlist`, as a person or a script meets it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from watchlist_samples import design, part, without_geometry

from partwatch.cli import main
from partwatch.fingerprint import CLOUD_SIZE, DESCRIPTOR_SIZE
from partwatch.watchlist import store
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import PrintLayout

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
    plain_pin = without_geometry(part(2, distinctiveness=0.01))
    watchlist.add(
        [
            design("pump", part(1, distinctiveness=0.9), plain_pin, note="n\n  part"),
            design("vise", part(3, distinctiveness=0.9), expires=date(2026, 1, 31)),
        ]
    )
    return watchlist


def test_designs_are_added_listed_shown_and_removed(cli: Cli, tmp_path: Path) -> None:
    files = [manifest(tmp_path, "vise"), manifest(tmp_path, "clock", "2026-01-31")]
    assert cli.run("add", *files, "--jobs", 2) == "added 2 designs, 4 parts\n"
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


def test_lint_of_the_list_takes_the_matchers_threshold(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    sampled(cli, monkeypatch)
    told = cli.json("lint", "--as-of", "2026-01-01", "--soon", "31", code=1)
    assert [(one["code"], one["design"], one["part"]) for one in told] == [
        ("generic_part", "pump", "part 2"),
        ("expires_soon", "vise", None),
    ]
    code, text, _ = cli.end("lint", "--as-of", "2026-01-01", "--soon", "1")
    assert code == 1
    assert text.startswith("pump, part part 2: is a generic shape (distinctiveness 0.01, below ")


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
