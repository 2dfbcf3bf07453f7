"""The page of look-alikes: benign bodies from files at hand, nothing from elsewhere, nothing that runs."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import date
from pathlib import Path

import pytest
import trimesh

from partwatch.report.look_alikes import Gated, draw, locate, pictures, write
from partwatch.report.picture import HEIGHT, WIDTH
from partwatch.watchlist.types import GateReport, LookAlike


def report(rate: float, *names: str, allowed: str | None = None) -> GateReport:
    look_alikes = tuple(LookAlike(name, 1.5) for name in names)
    return GateReport(rate, look_alikes, "p1", "c1", date(2026, 2, 3), allowed)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A background's files: loose ones, and those of a project."""
    folder = tmp_path / "shelf"
    (folder / "Open+Printer/stl").mkdir(parents=True)
    plate = trimesh.util.concatenate(
        [trimesh.creation.box((2, 2, 2)), trimesh.creation.icosphere(radius=9).apply_translation((30, 0, 0))]
    )
    plate.export(folder / "plate.stl")
    trimesh.creation.box((5, 3, 1)).export(folder / "Open+Printer/stl/clip.stl")
    (folder / "cut.stl").write_bytes((folder / "plate.stl").read_bytes()[:200])
    (tmp_path / "secret.stl").write_bytes((folder / "plate.stl").read_bytes())
    (folder / "out.stl").symlink_to(tmp_path / "secret.stl")
    return folder


def test_files_are_found_by_path_and_by_project(shelf: Path) -> None:
    assert locate(shelf, "shop: plate.stl") == (shelf / "plate.stl", 0)
    assert locate(shelf, "shop: plate.stl [body 1]") == (shelf / "plate.stl", 1)
    clip = shelf / "Open+Printer/stl/clip.stl"
    assert locate(shelf, "Open/Printer: stl/clip.stl [body 0]") == (clip, 0)


@pytest.mark.parametrize(
    "name",
    [
        "shop: ../secret.stl",
        "..: secret.stl",
        "shop: Open+Printer/../../secret.stl [body 0]",
        "shop: out.stl",
        "shop: {absolute}",
        "shop: Open+Printer",
        "shop: none.stl",
        "shop: a\0b.stl",
        "shop: " + "x" * 5000,
        "plate.stl",
        "",
    ],
)
def test_nothing_else_is_found(shelf: Path, name: str) -> None:
    assert locate(shelf, name.format(absolute=shelf.parent / "secret.stl")) is None


def test_bodies_are_counted_from_the_largest(shelf: Path) -> None:
    ball, box = (draw(str(shelf / "plate.stl"), body) for body in (0, 1))
    trimesh.creation.box((2, 2, 2)).export(shelf / "box.stl")
    assert box == draw(str(shelf / "box.stl"), 0)
    assert ball != box


def test_each_body_is_drawn_or_it_is_said_why_not(shelf: Path) -> None:
    names = ["shop: plate.stl [body 1]", "shop: plate.stl [body 2]", "shop: cut.stl", "shop: none.stl"]
    drawn = pictures([*names, names[0]], shelf, jobs=1)
    assert list(map(str, sorted(drawn))) == sorted(names)
    png = drawn[names[0]]
    assert isinstance(png, bytes)
    assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (WIDTH, HEIGHT)
    assert str(drawn[names[1]]).startswith("its file cannot be read: it has 2 bodies")
    assert str(drawn[names[2]]).startswith("its file cannot be read: ")
    assert drawn[names[3]] == "no file of that name was at hand"


def test_the_page_holds_every_part_the_worst_first_and_nothing_that_runs_or_is_fetched(
    tmp_path: Path,
) -> None:
    bad = '"><script>alert(1)</script>\u202e.stl'
    parts = [
        Gated("pump", "housing", report(0.02, "shop: a.stl"), False),
        Gated("<pump>", "pin & bolt", report(35.0, "shop: b.stl", bad, allowed="<b>asked</b>"), True),
    ]
    page = tmp_path / "gate.html"
    write(page, parts, {"shop: a.stl": b"\x89PNG\r\n\x1a\nx", bad: "why <not>"})
    text = page.read_text("utf-8")
    assert re.findall("<h2>(.*?)</h2>", text) == ["&lt;pump&gt;, pin &amp; bolt", "pump, housing"]
    assert re.findall('<p class="above">(.*?)</p>', text) == [
        "flags 35 of 10,000 benign bodies, above the rate"
    ]
    assert "Listed all the same: &lt;b&gt;asked&lt;/b&gt;" in text
    (source,) = re.findall(r'src="(.*?)"', text)
    assert b64decode(source.removeprefix("data:image/png;base64,")) == b"\x89PNG\r\n\x1a\nx"
    assert "<script" not in text
    assert "http://" not in text
    assert "https://" not in text
    assert r"\u202e.stl" in text
    assert "why &lt;not&gt;" in text
    assert "no pictures were asked for (--background DIR)" in text
    assert [file.name for file in tmp_path.iterdir()] == ["gate.html"]
