"""Export and import: everything comes through or nothing does, and geometry only when asked for."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchlist_samples import LAYOUT, design, local_features, many, opened, part, plain, without_geometry

from partwatch.fingerprint.local import features_layout
from partwatch.model.errors import StoreError
from partwatch.watchlist.archive import read_archive, write_archive
from partwatch.watchlist.features import plain_records
from partwatch.watchlist.npy import pack_npy, unpack_npy
from partwatch.watchlist.types import Counts, DesignEntry, PrintLayout

parts = st.builds(
    lambda seed, quantity, stripped: (
        without_geometry(part(seed, quantity=quantity)) if stripped else part(seed, quantity=quantity)
    ),
    st.integers(0, 1000),
    st.integers(1, 1_000_000),
    st.booleans(),
)
designs = st.builds(
    lambda name, note, found: design(name, *found, note=note),
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=20),
    st.none() | st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20),
    st.lists(parts, min_size=1, max_size=4, unique_by=lambda one: one.name),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(designs, max_size=4, unique_by=lambda one: one.name))
def test_with_geometry_a_list_comes_back_equal_and_of_the_same_version(
    tmp_path_factory: pytest.TempPathFactory, entries: list[DesignEntry]
) -> None:
    folder = tmp_path_factory.mktemp("lists")
    ours, theirs = opened(folder / "ours"), opened(folder / "theirs")
    ours.add(entries)
    assert write_archive(folder / "list.zip", ours.entries(), LAYOUT, True) == len(entries)
    theirs.add(read_archive(folder / "list.zip", LAYOUT))
    assert [plain(entry) for entry in theirs.entries()] == [plain(entry) for entry in ours.entries()]
    assert theirs.version() == ours.version()


def _exported(folder: Path, with_geometry: bool = True) -> Path:
    path = folder / "list.zip"
    entries = [design("b", part(1), without_geometry(part(2))), design("a", part(3), note="ü")]
    write_archive(path, entries, LAYOUT, with_geometry)
    return path


def test_without_geometry_only_descriptors_go_out(tmp_path: Path) -> None:
    path = _exported(tmp_path, with_geometry=False)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [
            "designs/000000/descriptors.npy",
            "designs/000001/descriptors.npy",
            "list.json",
        ]
        unpacked = b"".join(archive.read(name) for name in archive.namelist())
    for one in (part(1), part(3)):
        assert one.mesh is not None
        for secret in (
            one.mesh.vertices[0],
            *(shell.cloud[0] for shell in one.prints if shell.cloud is not None),
        ):
            assert secret.tobytes() not in unpacked
    expected = [
        design("b", *map(without_geometry, (part(1), part(2)))),
        design("a", without_geometry(part(3)), note="ü"),
    ]
    assert [plain(entry) for entry in read_archive(path, LAYOUT)] == [plain(entry) for entry in expected]


def test_the_same_designs_give_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    first, second = opened(tmp_path / "1"), opened(tmp_path / "2")
    first.add(many("d", 4))
    second.add(reversed(list(many("d", 4))))
    for one in (first, second):
        write_archive(one.home / "list.zip", one.entries(), LAYOUT, True)
    assert (first.home / "list.zip").read_bytes() == (second.home / "list.zip").read_bytes()


def test_only_the_named_designs_go_out_and_unknown_names_leave_no_file(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 4))
    path = tmp_path / "some.zip"
    write_archive(path, watchlist.entries(["d 3", "d 1", "d 3"]), LAYOUT, False)
    assert [entry.name for entry in read_archive(path, LAYOUT)] == ["d 1", "d 3"]
    before = path.read_bytes()
    with pytest.raises(StoreError, match='not listed: "x"'):
        write_archive(path, watchlist.entries(["d 1", "x"]), LAYOUT, False)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["some.zip"]


def test_an_export_of_before_there_were_gate_reports_is_taken(tmp_path: Path) -> None:
    path = _exported(tmp_path)

    def as_before(header: dict[str, Any]) -> None:
        header["schema_version"] = "1"
        for found in header["designs"]:
            for one in found["parts"]:
                del one["gate"]

    _edited(path, _as_version_2)
    whole = [plain(entry) for entry in read_archive(path, LAYOUT)]
    _edited(path, _in_header(as_before))
    entries = list(read_archive(path, LAYOUT))
    assert [one.gate for entry in entries for one in entry.parts] == [None, None, None]
    reports = {"part 1": part(1).gate}
    again = [
        replace(entry, parts=tuple(replace(one, gate=reports.get(one.name)) for one in entry.parts))
        for entry in entries
    ]
    assert [plain(entry) for entry in again] == whole


Members = dict[str, bytes]


def _edited(path: Path, edit: Callable[[Members], None]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    edit(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _in_header(change: Callable[[dict[str, Any]], object]) -> Callable[[Members], None]:
    def edit(members: Members) -> None:
        header = json.loads(members["list.json"])
        change(header)
        members["list.json"] = json.dumps(header).encode()

    return edit


VERTICES = "designs/000000/part-000-vertices.npy"


FEATURES = "designs/000000/features.npy"


def _as_version_2(members: Members) -> None:
    """The same export as it was before there were local features."""

    def as_before(header: dict[str, Any]) -> None:
        header["schema_version"] = "2"
        del header["features_layout"], header["members"][FEATURES]
        for found in header["designs"]:
            for one in found["parts"]:
                del one["features"]

    del members[FEATURES]
    _in_header(as_before)(members)


def test_an_export_of_before_there_were_local_features_is_taken_without_any(tmp_path: Path) -> None:
    path = _exported(tmp_path)
    _edited(path, _as_version_2)
    (first, second) = read_archive(path, LAYOUT)
    assert plain(first.parts[0]) == plain(part(1, features=None))
    assert plain(second.parts[0]) == plain(part(3, features=None))


def test_local_features_go_out_with_geometry_only_and_say_what_made_them(tmp_path: Path) -> None:
    with zipfile.ZipFile(_exported(tmp_path)) as archive:
        header = json.loads(archive.read("list.json"))
        stored = unpack_npy(archive.read(FEATURES))
    features = part(1).features
    assert features is not None
    assert stored.tobytes() == features.tobytes()
    assert (stored.dtype.str, stored.shape) == ("|u1", (len(features), 36))
    counts = [one["features"] for found in header["designs"] for one in found["parts"]]
    assert counts == [len(features), None, None]
    assert header["features_layout"] == features_layout()
    with zipfile.ZipFile(_exported(tmp_path, with_geometry=False)) as archive:
        header = json.loads(archive.read("list.json"))
        assert [name for name in archive.namelist() if "features" in name] == []
    assert [one["features"] for found in header["designs"] for one in found["parts"]] == [None] * 3


@pytest.mark.parametrize("layout", ["1-another", None])
def test_local_features_of_another_codebook_are_left_out(tmp_path: Path, layout: str | None) -> None:
    path = _exported(tmp_path)
    _edited(path, _in_header(lambda header: header.update(features_layout=layout)))
    assert [one.features for entry in read_archive(path, LAYOUT) for one in entry.parts] == [None] * 3


def _rehashed(name: str, content: bytes) -> Callable[[Members], None]:
    def edit(members: Members) -> None:
        members[name] = content
        digest = hashlib.sha256(content).hexdigest()
        _in_header(lambda header: header["members"].update({name: digest}))(members)

    return edit


MANY = plain_records(local_features(1))


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda m: m.update({VERTICES: pack_npy(np.zeros((12, 3)))}), "was changed after the export"),
        (lambda m: m.update({VERTICES: bytes(10**7)}), "is larger than list.json says"),
        (lambda m: m.update({"extra.txt": b""}), r"do not agree, first at 'extra\.txt'"),
        (lambda m: m.pop(VERTICES), "do not agree, first at"),
        (lambda m: m.pop("list.json"), "it has no list.json"),
        (_rehashed("extra.npy", pack_npy(np.zeros(1))), r"does not account for 'extra\.npy'"),
        (_rehashed(VERTICES, pack_npy(np.zeros((11, 3)))), r"is <f8\(11, 3\), not <f4\(12, 3\)"),
        (_rehashed(VERTICES, pack_npy(np.zeros((12, 3), np.int16))), "is <i2"),
        (_rehashed(VERTICES, b"\x80\x04K\x01."), "ask for another export"),
        (_in_header(lambda h: h.update(fingerprint_version="other")), "of fingerprint 'other'"),
        (_in_header(lambda h: h.update(descriptor_size=9)), r"\(9 numbers, 4 points\)"),
        (_in_header(lambda h: h.update(schema_version="4")), "format '4', this one reads 1, 2, 3"),
        (lambda m: m.update({FEATURES: pack_npy(np.zeros((9, 36), "u1"))}), "was changed after the export"),
        (lambda m: m.update({FEATURES: bytes(10**7)}), "is larger than list.json says"),
        (lambda m: m.pop(FEATURES), "do not agree, first at"),
        (_rehashed(FEATURES, pack_npy(np.zeros((9, 35), "u1"))), "features.npy is .u1"),
        (_rehashed(FEATURES, pack_npy(np.zeros_like(MANY))), "features.npy: the facing of a local feature"),
        (_rehashed(FEATURES, pack_npy(MANY.view("i1"))), "features.npy is .i1"),
        (_in_header(lambda h: h["designs"][0]["parts"][0].update(features=901)), r"features: "),
        (_in_header(lambda h: h["designs"][0]["parts"][0].update(features=-1)), r"features: "),
        (_in_header(lambda h: h["designs"][0]["parts"][0].update(features=None)), "account for .*features"),
        (_in_header(lambda h: h["designs"][0]["parts"][1].update(features=0)), "features but no mesh"),
        (_in_header(lambda h: h["designs"][0]["parts"][1].update(features=5)), "features.npy is .u1"),
        (_in_header(lambda h: h.update(kind="x")), "list.json: kind: "),
        (_in_header(lambda h: h.update(more=1)), "list.json: more: Extra inputs"),
        (_in_header(lambda h: h["designs"][0].update(expires=0)), r"list.json: designs\.0\.expires: "),
        (
            _in_header(lambda h: h["designs"][0]["parts"][0].update(triangles=10**12)),
            r"parts\.0\.triangles: ",
        ),
        (
            _in_header(lambda h: h["designs"][0]["parts"][0].update(alternative_to="part 1")),
            "names the part itself",
        ),
        (_in_header(lambda h: h["designs"][0]["parts"][0]["gate"].update(rate=-1.0)), r"gate\.rate: "),
        (
            _in_header(lambda h: h["designs"][0]["parts"][0]["gate"].update(rate=10001.0)),
            "no number from 0 to",
        ),
        (_in_header(lambda h: h["designs"][0]["parts"][0]["gate"].update(population="")), "an empty text"),
        (
            _in_header(
                lambda h: h["designs"][0]["parts"][0]["gate"]["look_alikes"][0].update(similarity=None)
            ),
            r"similarity: ",
        ),
        (
            _in_header(
                lambda h: h["designs"][0]["parts"][0]["gate"].update(
                    look_alikes=[{"name": "x", "similarity": 1.0}] * 101
                )
            ),
            r"look_alikes: ",
        ),
        (_in_header(lambda h: h["designs"][1].update(name="b")), '"b" is added twice'),
        (_in_header(lambda h: h["designs"][1].update(name="\u202e")), "invisible character"),
        (_in_header(lambda h: h["designs"][0]["parts"][0]["shells"].pop()), "not <f4"),
    ],
)
def test_an_archive_that_was_tampered_with_adds_nothing(
    tmp_path: Path, edit: Callable[[Members], None], problem: str
) -> None:
    path = _exported(tmp_path)
    _edited(path, edit)
    watchlist = opened(tmp_path / "home")
    with pytest.raises(StoreError, match=problem):
        watchlist.add(read_archive(path, LAYOUT))
    assert watchlist.counts() == Counts(0, 0, 0)


def test_pickled_arrays_are_never_loaded(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, np.array([print], dtype=object), allow_pickle=True)
    path = _exported(tmp_path)
    _edited(path, _rehashed(VERTICES, file.getvalue()))
    with pytest.raises(StoreError, match="not rows of plain numbers"):
        list(read_archive(path, LAYOUT))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_flipped_or_cut_byte_is_refused_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    path = _exported(folder)
    known = [plain(entry) for entry in read_archive(path, LAYOUT)]
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= data.draw(st.integers(1, 255))
    else:
        del content[place:]
    path.write_bytes(content)
    try:
        found = [plain(entry) for entry in read_archive(path, LAYOUT)]
    except StoreError:
        return
    assert found == known


def test_another_programs_layout_refuses_the_archive(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="this program compares samples-2"):
        list(read_archive(_exported(tmp_path), PrintLayout("samples-2", 8, 4)))
    with pytest.raises(StoreError, match="cannot be read"):
        list(read_archive(tmp_path / "missing.zip", LAYOUT))
    with pytest.raises(StoreError, match="cannot be written"):
        write_archive(tmp_path / "no" / "list.zip", [], LAYOUT, False)


@settings(deadline=None)
@given(st.sampled_from(["<f4", "<f8", "<i4", "|u1"]), st.lists(st.integers(0, 4), max_size=3))
def test_npy_bytes_are_those_of_numpy_and_come_back(dtype: str, shape: list[int]) -> None:
    array = np.arange(np.prod(shape, dtype=int)).astype(dtype).reshape(shape)
    file = io.BytesIO()
    np.save(file, array)
    assert pack_npy(array) == file.getvalue()
    assert plain(unpack_npy(pack_npy(array))) == plain(array)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_crash_the_npy_reader(content: bytes, framed: bool) -> None:
    whole = b"\x93NUMPY\x01\x00" + content if framed else content
    try:
        array = unpack_npy(whole)
    except ValueError:
        return
    assert plain(unpack_npy(pack_npy(array))) == plain(array)


def test_a_header_that_claims_more_than_there_is_allocates_nothing() -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000000), }"
    content = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n"
    with pytest.raises(ValueError, match="holds 0 bytes"):
        unpack_npy(content)
