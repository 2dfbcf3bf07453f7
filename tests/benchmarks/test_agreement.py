"""The comparison with other readers: it counts what it saw, and hides no disagreement."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.agreement import UNEXPLAINED, Row, broken, measure, page, tallies
from benchmarks.agreement_causes import CAUSES

from partwatch.formats import FORMATS
from partwatch.formats.worker import Failure, FailureKind

EXAMPLES = {known.name: known.examples() for known in FORMATS}
BINARY = EXAMPLES["stl"]["binary"]
FILES = {
    "good.stl": BINARY,
    # trimesh refuses what the file lacks, we say so and read the rest.
    "cut.stl": BINARY[:-60],
    "none.stl": b"",
    "wedge.obj": EXAMPLES["obj"]["triangles"],
    "wedge.amf": EXAMPLES["amf"]["inch"],
    "box.3mf": EXAMPLES["3mf"]["nested"],
    "box.step": EXAMPLES["step"]["box-inch"],
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    pytest.importorskip("lib3mf", reason="lib3mf has no wheel for this platform: pip install lib3mf")
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "some+thing").mkdir()
    lines = ["repo,path,ext"]
    for name, data in FILES.items():
        (folder / "some+thing" / name).write_bytes(data)
        lines.append(f"some/thing,{name},{Path(name).suffix[1:]}")
    (folder / "MANIFEST.csv").write_text("\n".join(lines), encoding="utf-8")
    return measure(folder, 1)


def test_readers_agree_on_what_both_read(rows: list[Row]) -> None:
    alike = {Path(row.path).name for row in rows if row.peer_read and row.read and not row.differences}
    assert {"good.stl", "wedge.obj", "box.3mf", "box.step"} <= alike
    assert broken(rows) == []


def test_every_file_is_counted_once(rows: list[Row]) -> None:
    counted = tallies(rows)
    assert sum(tally.files for tally in counted.values()) == len(FILES)
    for tally in counted.values():
        assert sum(tally.states.values()) == tally.files
    assert counted["stl"].states == {"complete": 1, "partly": 1, "refused": 1}
    assert (counted["amf"].peer, counted["amf"].both) == ("none", 0)


def test_a_disagreement_without_a_cause_is_listed_as_unexplained(rows: list[Row]) -> None:
    text = page(rows)
    disagreeing = [row for row in rows if row.disagrees]
    assert {Path(row.path).name for row in disagreeing} == {"cut.stl"}
    assert disagreeing[0].cause == UNEXPLAINED
    assert "1 are unexplained" in text
    assert "| some+thing/cut.stl |" in text


def test_a_crash_is_no_reading() -> None:
    row = Row("a/b.stl", "stl", Failure(FailureKind.CRASHED, "it died"))
    assert broken([row]) == [row]
    assert "1 ended in anything but a reading" in page([row])


def test_every_cause_says_something() -> None:
    assert all(len(cause) > 20 for cause in CAUSES.values())
