"""What a worker says of one item: each member alone, nothing unread passed over, nothing empty clear."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from screening_jobs import body

from partwatch.formats import Reading, ReadLimits
from partwatch.geometry.bodies import Solid
from partwatch.model.document import Body, Finding, MatchFinding, Reason
from partwatch.screening.job import Screener

CORNERS = [(0, 0, 0), (10, 0, 0), (0, 20, 0), (0, 0, 30)]
FACES = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]


class FakeMatcher:
    """Says the same of every solid, and counts them."""

    def __init__(self, *findings: MatchFinding) -> None:
        self.findings = findings
        self.solids: list[Solid] = []

    def match_item(
        self, reading: Reading, solids: Sequence[Solid], sha256: str, groups: Sequence[Sequence[int]]
    ) -> tuple[tuple[Body, ...], list[Reason]]:
        assert sorted(k for group in groups for k in group) == list(range(len(solids)))
        self.solids += solids
        return tuple(body(*self.findings) for _ in solids), []


def stl(faces: list[tuple[int, int, int]] = FACES) -> bytes:
    facets = [[0.0] * 3 + [float(x) for corner in face for x in CORNERS[corner]] for face in faces]
    return bytes(80) + struct.pack("<I", len(facets)) + b"".join(struct.pack("<12fH", *f, 0) for f in facets)


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def screener(*findings: MatchFinding, limits: ReadLimits | None = None) -> Screener:
    matcher: Any = FakeMatcher(*findings)
    return Screener(matcher, limits or ReadLimits())


@pytest.mark.parametrize(
    ("matches", "finding"),
    [
        ([], Finding.CLEAR),
        ([MatchFinding.CANDIDATE], Finding.CLEAR),
        ([MatchFinding.REVIEW, MatchFinding.CANDIDATE], Finding.REVIEW),
        ([MatchFinding.REVIEW, MatchFinding.MATCH], Finding.MATCH),
    ],
)
def test_the_finding_is_that_of_the_worst_match(
    tmp_path: Path, matches: list[MatchFinding], finding: Finding
) -> None:
    (tmp_path / "a.stl").write_bytes(stl())
    answer = screener(*matches).screen(str(tmp_path / "a.stl"), ())
    assert (answer.item.finding, answer.item.complete, answer.item.format) == (finding, True, "stl")
    assert answer.item.sha256 == hashlib.sha256(stl()).hexdigest()
    assert answer.members == ()


def test_a_match_beside_something_unread_stays_a_match_and_is_not_complete(tmp_path: Path) -> None:
    (tmp_path / "a.stl").write_bytes(stl()[:-20])
    item = screener(MatchFinding.MATCH).screen(str(tmp_path / "a.stl"), ()).item
    assert (item.finding, item.complete, item.reasons[-1].code) == (Finding.MATCH, False, "damaged")


def test_what_holds_no_surface_is_not_clear(tmp_path: Path) -> None:
    (tmp_path / "flat.stl").write_bytes(stl([(0, 0, 1), (1, 1, 2)]))
    item = screener().screen(str(tmp_path / "flat.stl"), ()).item
    assert (item.finding, item.complete) == (Finding.UNSCREENABLE, False)
    assert item.reasons


def test_members_are_read_one_by_one_through_any_nesting(tmp_path: Path) -> None:
    inner = zipped({"b/part.stl": stl(), "note.txt": b"hello"})
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"inner.zip": inner, "part.stl": stl()}))
    one = screener()
    root = one.screen(str(path), ())
    assert (root.item.format, root.item.finding, root.members) == (
        "zip",
        Finding.CLEAR,
        ("inner.zip", "part.stl"),
    )
    nested = one.screen(str(path), ("inner.zip",))
    assert nested.members == ("b/part.stl", "note.txt")
    assert nested.item.sha256 == hashlib.sha256(inner).hexdigest()
    part = one.screen(str(path), ("inner.zip", "b/part.stl")).item
    assert (part.finding, part.sha256) == (Finding.CLEAR, hashlib.sha256(stl()).hexdigest())
    note = one.screen(str(path), ("inner.zip", "note.txt")).item
    assert (note.finding, note.sha256) == (Finding.UNSCREENABLE, hashlib.sha256(b"hello").hexdigest())
    missing = one.screen(str(path), ("inner.zip", "no.stl")).item
    assert (missing.finding, missing.sha256, missing.reasons[0].code) == (
        Finding.UNSCREENABLE,
        None,
        "damaged",
    )


def test_an_archive_replaced_meanwhile_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"x": b"first"}))
    one = screener()
    assert one.screen(str(path), ("x",)).item.sha256 == hashlib.sha256(b"first").hexdigest()
    path.with_suffix(".new").write_bytes(zipped({"x": b"other"}))
    path.with_suffix(".new").replace(path)
    assert one.screen(str(path), ("x",)).item.sha256 == hashlib.sha256(b"other").hexdigest()


def test_a_file_over_the_limit_keeps_its_digest(tmp_path: Path) -> None:
    (tmp_path / "long.stl").write_bytes(stl())
    item = screener(limits=ReadLimits(max_file_bytes=100)).screen(str(tmp_path / "long.stl"), ()).item
    assert (item.finding, item.reasons[0].code) == (Finding.UNSCREENABLE, "limit")
    assert item.sha256 == hashlib.sha256(stl()).hexdigest()


def test_what_turned_into_something_else_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/hostname")
    codes = {
        name: screener().screen(str(tmp_path / name), ()).item.reasons[0].code
        for name in ("pipe", "link", "gone")
    }
    assert codes == {"pipe": "not_a_file", "link": "not_a_file", "gone": "inaccessible"}
    assert screener().screen(str(tmp_path / "gone"), ("x",)).item.finding is Finding.UNSCREENABLE
