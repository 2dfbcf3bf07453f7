"""What a machine without a compiler, or without the wheels of a library, still does."""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hiding import partwatch, python

import parts
from partwatch.formats.step_example import box as step_box
from partwatch.formats.stl import write_binary
from partwatch.model.mesh import Mesh

KERNEL = "partwatch._kernel"
LISTED = ("bracket", "gear", "impeller")
PICTURES = "embreex PIL fast_simplification"
DESIGN = """
name = "{name}"
authority = "Test"
reason = "a stand-in"
expires = 2030-01-31
[[parts]]
name = "whole"
file = "{name}.stl"
"""


def stl(mesh: Mesh) -> bytes:
    return write_binary(mesh.vertices[mesh.triangles])


def add(folder: Path, home: Path, hidden: str) -> None:
    manifests = []
    for name in LISTED:
        (folder / f"{name}.stl").write_bytes(stl(parts.part_mesh(name)))
        manifests.append(folder / f"{name}.toml")
        manifests[-1].write_text(DESIGN.format(name=name))
    words = ("watchlist", "add", *manifests, "--allow-generic", "a stand-in")
    done = partwatch(folder, hidden, "--home", home, *words)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list made with every native part, and one made without the compiled kernel; items to screen."""
    folder = tmp_path_factory.mktemp("place")
    add(folder, folder / "home", "")
    add(folder, folder / "home-numpy", KERNEL)
    items = folder / "items"
    items.mkdir()
    for k, name in enumerate(LISTED):
        moved = parts.moved(parts.part_mesh(name), parts.motion(k, 30))
        (items / f"{name}.stl").write_bytes(stl(moved))
        (items / f"{name}-fine.stl").write_bytes(stl(parts.finer(moved, 12.0)))
    (items / "other.stl").write_bytes(stl(parts.part_mesh("housing")))
    (items / "cut.stl").write_bytes(stl(parts.part_mesh("hook"))[:500])
    (items / "solid.step").write_bytes(step_box(np.array([10.0, 6.0, 4.0])))
    return folder


Screened = tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]


def screen(place: Path, hidden: str, *more: str | Path, home: str = "home") -> Screened:
    arguments = ["--home", place / home, "screen", "--ndjson", "--jobs", "1", "--as-of", "2029-01-01"]
    done = partwatch(place, hidden, *arguments, *more, place / "items")
    return done, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def whole(place: Path) -> Screened:
    """With every native part."""
    return screen(place, "")


def said(records: list[dict[str, Any]]) -> list[Any]:
    """Of each item all that a person acts on: findings, what matches what, and how."""
    return [
        (
            item["path"],
            item["finding"],
            item["complete"],
            [reason["code"] for reason in item["reasons"]],
            [
                [(m["design"], m["part"], m["finding"], m["relation"]) for m in body["matches"]]
                for body in item["bodies"]
            ],
        )
        for item in records
        if item["type"] == "item"
    ]


def test_without_the_compiled_kernel_the_findings_are_the_same(place: Path, whole: Screened) -> None:
    compiled, expected = whole
    numpy, found = screen(place, KERNEL)
    assert said(found) == said(expected)
    assert found[0] == expected[0]
    assert numpy.returncode == compiled.returncode == 1
    assert compiled.stderr == ""
    (line,) = numpy.stderr.splitlines()
    assert line.startswith("partwatch: slow, since the numpy kernel is used: the compiled kernel cannot be")


def test_a_list_made_with_one_kernel_is_searched_with_the_other(place: Path, whole: Screened) -> None:
    expected = whole[1]
    _, crossed = screen(place, "", home="home-numpy")
    _, back = screen(place, KERNEL, home="home")
    assert said(crossed) == said(back) == said(expected)
    versions = {records[0]["watchlist"]["version"] for records in (expected, crossed)}
    assert len(versions) == 1


def test_the_kernel_can_be_forced_and_only_to_one_that_there_is(place: Path) -> None:
    def kernel(wanted: str, hidden: str = "") -> str:
        code = "import partwatch.kernel as k; print(k.KERNEL, k.WHY)"
        done = python(place, hidden, ["-c", code], env={"PARTWATCH_KERNEL": wanted})
        return done.stdout or done.stderr.splitlines()[-1]

    assert kernel("numpy").startswith("numpy PARTWATCH_KERNEL=numpy")
    assert kernel("compiled").startswith("compiled ")
    assert kernel("").startswith("compiled ")
    assert kernel("", KERNEL).startswith("numpy the compiled kernel cannot be loaded")
    assert "that kernel cannot be loaded" in kernel("compiled", KERNEL)
    wrong = partwatch(
        place,
        "",
        "--home",
        place / "home",
        "screen",
        place / "items",
        env={"PARTWATCH_KERNEL": "fast"},
    )
    assert wrong.returncode == 2
    assert "PARTWATCH_KERNEL=fast" in wrong.stderr


def plain(text: str) -> str:
    return " ".join(text.split())


def test_without_the_step_kernel_step_is_unscreenable_the_rest_is_read(place: Path, whole: Screened) -> None:
    done, found = screen(place, "cascadio")
    step = [item for item in found if item["type"] == "item" and item["path"].endswith(".step")]
    assert [(item["finding"], item["complete"]) for item in step] == [("unscreenable", False)]
    (reason,) = step[0]["reasons"]
    assert reason["code"] == "missing_extra"
    assert "pip install cascadio" in reason["message"]
    assert [row for row in said(found) if not row[0].endswith(".step")] == [
        row for row in said(whole[1]) if not row[0].endswith(".step")
    ]
    assert done.returncode == 1


def pictures(report: Path) -> list[bytes]:
    blocks = re.findall(r'id="v\d+-(?:front|back)"[^>]*>\s*([A-Za-z0-9+/=\s]+)<', report.read_text())
    return [b64decode(block) for block in blocks]


@pytest.mark.parametrize("hidden", [PICTURES, f"{PICTURES} cascadio {KERNEL}"])
def test_without_what_draws_pictures_a_report_has_them_all_the_same(
    place: Path, tmp_path: Path, hidden: str
) -> None:
    done, _ = screen(place, hidden, "--html", tmp_path / "report.html")
    assert done.returncode == 1, done.stderr
    drawn = pictures(tmp_path / "report.html")
    assert len(drawn) == 2 * 2 * len(LISTED)
    assert all(png.startswith(b"\x89PNG\r\n\x1a\n") and len(png) > 2000 for png in drawn)


def test_doctor_names_what_is_missing_and_how_to_get_it(place: Path) -> None:
    done = partwatch(place, f"{PICTURES} cascadio {KERNEL}", "--home", place / "home", "doctor")
    told = plain(done.stdout)
    for name in ("embreex", "pillow", "fast-simplification", "cascadio"):
        assert re.search(rf"missing\s+{name}\s+not installed", told), told
        assert f"python -m pip install {name}" in told
    assert re.search(r"notice\s+kernel\s+numpy", told), told
    assert done.returncode == 0


def test_evaluate_without_simplification_refuses_rather_than_count_misses(
    place: Path, tmp_path: Path
) -> None:
    (tmp_path / "MANIFEST.csv").write_text("repo,path,role,sha256,same_geometry_as\n")
    done = partwatch(place, "fast_simplification", "evaluate", "--corpus", tmp_path)
    assert done.returncode == 2
    assert "pip install fast-simplification" in done.stderr


def test_without_manifold3d_a_comparison_says_which_volumes_it_lacks(place: Path) -> None:
    one, other = (place / f"{name}.stl" for name in ("bracket", "bracket-edited"))
    other.write_bytes(stl(parts.mesh_of(parts.bracket() + parts.rod(5, 10, (40, 20, 5)))))
    without, known = (
        partwatch(place, hidden, "compare", "--json", one, other) for hidden in ("manifold3d", "")
    )
    assert without.returncode == known.returncode == 1
    pair, full = (json.loads(done.stdout)["pairs"][0] for done in (without, known))
    volumes = pair.pop("volumes")
    assert (volumes["added_mm3"], volumes["removed_mm3"]) == (None, None)
    assert "pip install manifold3d" in volumes["why"]
    assert volumes["a_mm3"] == full.pop("volumes")["a_mm3"]
    assert pair == full


def test_without_the_compiled_kernel_two_files_compare_alike(place: Path) -> None:
    one, other = place / "gear.stl", place / "items" / "gear-fine.stl"
    slow, fast = (partwatch(place, hidden, "compare", one, other) for hidden in (KERNEL, ""))
    assert slow.returncode == fast.returncode == 0
    assert slow.stdout.splitlines()[0] == fast.stdout.splitlines()[0]
