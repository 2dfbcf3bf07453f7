"""What a worker says of one item: each member alone, nothing unread passed over, nothing empty clear."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from screening_jobs import body

from partwatch.formats import Reading, ReadLimits
from partwatch.geometry.bodies import Solid, split_bodies
from partwatch.matching.matcher import Matched
from partwatch.model.document import Finding, MatchFinding
from partwatch.model.mesh import Mesh
from partwatch.screening.job import Screener, keep_largest
from stand_ins import zipped

CORNERS = [(0, 0, 0), (10, 0, 0), (0, 20, 0), (0, 0, 30)]
FACES = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]


class FakeMatcher:
    """Says the same of every solid, and counts them."""

    def __init__(self, *findings: MatchFinding) -> None:
        self.findings = findings
        self.solids: list[Solid] = []

    def match_item(
        self, reading: Reading, solids: Sequence[Solid], sha256: str, groups: Sequence[Sequence[int]]
    ) -> Matched:
        assert sorted(k for group in groups for k in group) == list(range(len(solids)))
        self.solids += solids
        return Matched(tuple(body(*self.findings) for _ in solids), [], ())


def stl(faces: list[tuple[int, int, int]] = FACES) -> bytes:
    facets = [[0.0] * 3 + [float(x) for corner in face for x in CORNERS[corner]] for face in faces]
    return bytes(80) + struct.pack("<I", len(facets)) + b"".join(struct.pack("<12fH", *f, 0) for f in facets)


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


def test_a_member_of_an_archive_that_was_replaced_since_its_listing_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"x.stl": stl()}))
    root = screener().screen(str(path), ())
    path.write_bytes(zipped({"x.stl": stl()[:-20]}))
    item = screener().screen(str(path), ("x.stl",), root.item.sha256).item
    assert (item.finding, item.sha256, item.reasons[0].code) == (Finding.UNSCREENABLE, None, "changed")
    assert screener().screen(str(path), ("x.stl",)).item.sha256 == hashlib.sha256(stl()[:-20]).hexdigest()


def test_a_file_that_is_a_mesh_and_an_archive_is_one_item_with_bodies_and_members(tmp_path: Path) -> None:
    inner = zipped({"inner.stl": stl()})
    body_bytes = stl()[84:] + inner.rjust(-(-len(inner) // 50) * 50, b"\0")
    data = bytes(80) + struct.pack("<I", len(body_bytes) // 50) + body_bytes
    (tmp_path / "a.stl").write_bytes(data)
    one = screener(MatchFinding.MATCH)
    answer = one.screen(str(tmp_path / "a.stl"), ())
    assert (answer.item.format, answer.item.finding, answer.members) == (
        "stl+zip",
        Finding.MATCH,
        ("inner.stl",),
    )
    assert [each.index for each in answer.item.bodies] == list(range(len(answer.item.bodies)))
    assert "several_formats" in [reason.code for reason in answer.item.reasons]
    member = one.screen(str(tmp_path / "a.stl"), ("inner.stl",), answer.item.sha256).item
    assert (member.finding, member.complete) == (Finding.MATCH, True)


def test_a_compressed_tar_is_read_to_its_last_member(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("part.stl")
        info.size = len(stl())
        archive.addfile(info, io.BytesIO(stl()))
    path = tmp_path / "all.tgz"
    path.write_bytes(buffer.getvalue())
    one = screener()
    assert one.screen(str(path), ()).members == ("all.tar",)
    tar = one.screen(str(path), ("all.tar",))
    assert (tar.item.format, tar.members) == ("tar", ("part.stl",))
    part = one.screen(str(path), ("all.tar", "part.stl")).item
    assert (part.finding, part.sha256) == (Finding.CLEAR, hashlib.sha256(stl()).hexdigest())


def test_of_too_many_bodies_the_largest_are_compared_and_the_rest_is_said(tmp_path: Path) -> None:
    sizes = [3.0, 1.0, 5.0, 2.0, 4.0]
    facets = b"".join(
        struct.pack("<12fH", 0, 0, 0, *(x * size + 100 * n for corner in face for x in CORNERS[corner]), 0)
        for n, size in enumerate(sizes)
        for face in FACES
    )
    (tmp_path / "specks.stl").write_bytes(bytes(80) + struct.pack("<I", 20) + facets)
    one = screener(limits=ReadLimits(max_bodies=3))
    item = one.screen(str(tmp_path / "specks.stl"), ()).item
    matcher: Any = one.matcher
    assert [round(float(solid.mesh.extents.max()) / 30) for solid in matcher.solids] == [3, 5, 4]
    assert (item.finding, item.complete, len(item.bodies)) == (Finding.UNSCREENABLE, False, 3)
    assert (item.reasons[-1].code, "5 bodies" in item.reasons[-1].message) == ("limit", True)
    assert screener(limits=ReadLimits(max_bodies=5)).screen(str(tmp_path / "specks.stl"), ()).item.complete


def test_bodies_of_many_shapes_are_bounded_over_all_of_them() -> None:
    def box(size: float) -> Solid:
        (solid,) = split_bodies(Mesh(np.array(CORNERS, dtype=float) * size, np.array(FACES, dtype=np.int32)))
        return solid

    solids, groups, over = keep_largest([[box(1), box(5)], [box(2)], [box(4), box(3)]], 3)
    assert [round(float(each.mesh.extents.max()) / 30) for each in solids] == [5, 4, 3]
    assert ([list(group) for group in groups], over) == ([[0], [], [1, 2]], 2)


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
