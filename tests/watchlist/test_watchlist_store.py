"""The list on disk: what goes in comes out, all or nothing, whoever else is writing."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchlist_samples import (
    LAYOUT,
    design,
    finished,
    many,
    opened,
    part,
    plain,
    process,
    without_geometry,
)

from partwatch.model.errors import StoreError
from partwatch.model.mesh import Mesh
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import Counts, DesignEntry, PartPrint, PrintLayout


def test_what_was_added_comes_back_whole(tmp_path: Path) -> None:
    entries = [
        design("bench vise", part(1), part(2, alternative_to="part 1"), note="a note\nof two lines"),
        design("clock", without_geometry(part(3)), expires=date(1999, 1, 1)),
    ]
    watchlist = opened(tmp_path)
    watchlist.add(entries)
    assert [plain(entry) for entry in watchlist.entries()] == [plain(entry) for entry in entries]
    assert opened(tmp_path, create=False).counts() == Counts(designs=2, parts=3, prints=3 + 2 + 1)


def test_vertices_keep_every_bit_whether_single_or_double_precision(tmp_path: Path) -> None:
    triangles = np.array([[0, 1, 2]], dtype=np.int32)
    single = Mesh(np.float32([[0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1]]).astype(np.float64), triangles)
    double = Mesh(np.array([[0.1, 0, -0.0], [0, 1e300, 0], [0, 0, 0.1]]), triangles)
    meshes = [single, double]
    watchlist = opened(tmp_path)
    watchlist.add(design(f"d{k}", part(k, mesh=mesh, triangles=1)) for k, mesh in enumerate(meshes))
    found = [entry.parts[0].mesh for entry in watchlist.entries()]
    assert [plain(mesh) for mesh in found] == [plain(mesh) for mesh in meshes]


def test_summaries_say_what_the_entries_hold(tmp_path: Path) -> None:
    entry = design("pump", part(2), without_geometry(part(4)), note="n")
    watchlist = opened(tmp_path)
    watchlist.add([design("other"), entry])
    assert [one.name for one in watchlist.designs()] == ["other", "pump"]
    found = watchlist.design("pump")
    assert watchlist.designs()[1] == found
    for field in ("name", "authority", "reason", "expires", "note"):
        assert getattr(found, field) == getattr(entry, field)
    for summary, known in zip(found.parts, entry.parts, strict=True):
        assert summary.prints == len(known.prints)
        for field in ("name", "quantity", "required", "sha256", "triangles", "extents_mm", "has_geometry"):
            assert getattr(summary, field) == getattr(known, field)
    assert not found.expired(date(2030, 6, 30))
    assert found.expired(date(2030, 7, 1))


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(6)), st.integers(1, 5))
def test_version_is_of_the_content_not_of_the_order(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cut: int
) -> None:
    entries = list(many("d", 6))
    once, pieces = (opened(tmp_path_factory.mktemp("home")) for _ in range(2))
    once.add(entries)
    pieces.add(entries[k] for k in order[:cut])
    pieces.add([design("passing")])
    pieces.add(entries[k] for k in order[cut:])
    pieces.remove(["passing"])
    assert pieces.version() == once.version()


def _changed_prints(entry: DesignEntry, **changes: object) -> DesignEntry:
    known = entry.parts[0]
    prints = (replace(known.prints[0], **changes), *known.prints[1:])
    return replace(entry, parts=(replace(known, prints=prints), *entry.parts[1:]))


def _changed_mesh(entry: DesignEntry) -> DesignEntry:
    known = entry.parts[0]
    assert known.mesh is not None
    moved = Mesh(known.mesh.vertices + 1e-12, known.mesh.triangles)
    return replace(entry, parts=(replace(known, mesh=moved), *entry.parts[1:]))


def test_version_follows_every_kind_of_change(tmp_path: Path) -> None:
    entry = design("d", part(1), part(2))
    changed = [
        entry,
        replace(entry, name="e"),
        replace(entry, expires=date(2030, 7, 1)),
        replace(entry, note="n"),
        replace(entry, parts=entry.parts[:1]),
        replace(entry, parts=entry.parts[::-1]),
        replace(entry, parts=tuple(without_geometry(one) for one in entry.parts)),
        replace(entry, parts=(replace(entry.parts[0], quantity=9), entry.parts[1])),
        _changed_prints(entry, shell=7),
        _changed_prints(entry, descriptor=np.zeros(LAYOUT.descriptor_size, np.float32)),
        _changed_prints(entry, cloud=np.zeros((LAYOUT.cloud_size, 6), np.float32)),
        _changed_mesh(entry),
    ]
    versions = []
    for number, one in enumerate(changed):
        watchlist = opened(tmp_path / str(number))
        watchlist.add([one])
        versions.append(watchlist.version())
    assert len(set(versions)) == len(changed)


def test_a_name_listed_already_refuses_the_whole_call_and_names_every_clash(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 3))
    before = watchlist.version()
    with pytest.raises(StoreError, match='already listed: "d 1", "d 2"; rename or remove them first'):
        watchlist.add([design("new"), design("d 2"), design("d 1")])
    assert watchlist.version() == before
    with pytest.raises(StoreError, match='"twin" is added twice'):
        watchlist.add([design("twin"), design("twin")])
    assert watchlist.version() == before


def test_a_failure_while_entries_are_made_adds_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)

    def failing() -> Iterator[DesignEntry]:
        yield from many("d", 700)
        raise KeyError("the entries' own")

    with pytest.raises(KeyError, match="the entries' own"):
        watchlist.add(failing())
    assert watchlist.counts() == Counts(0, 0, 0)
    assert list(tmp_path.glob("watchlist/spool-*")) == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (design("bad\x1b[2J"), "invisible character U\\+001B"),
        (design("d", note=""), "note is empty"),
        (replace(design("d"), parts=()), "has no part"),
        (design("d", part(1), part(1)), "two parts of one name"),
        (design("d", part(1, alternative_to="part 9")), "no part of this design"),
        (design("d", part(1, quantity=0)), "quantity is 0"),
        (design("d", part(1, sha256="AB")), "64 lower-case hex"),
        (design("d", part(1, distinctiveness=float("nan"))), "negative or no number"),
        (design("d", part(1, prints=())), "has no print"),
        (design("d", part(1, mesh=None)), "a cloud but no mesh"),
        (design("d", part(1, triangles=21)), "says 21 triangles and has 20"),
        (
            design("d", part(1, triangles=1, mesh=Mesh(np.zeros((2, 3)), np.int32([[0, 1, 2]])))),
            "names a vertex that is not there",
        ),
        (
            design("d", part(1, prints=(PartPrint(np.zeros(3, np.float32), None, 0),), mesh=None)),
            r"shape \(3,\), not \(8,\)",
        ),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(tmp_path: Path, entry: DesignEntry, problem: str) -> None:
    watchlist = opened(tmp_path)
    with pytest.raises(StoreError, match=problem):
        watchlist.add([design("good"), entry])
    assert watchlist.counts() == Counts(0, 0, 0)


def test_removing_is_all_or_none_and_takes_every_row_along(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 3))
    with pytest.raises(StoreError, match='not listed: "gone", "nor this"'):
        watchlist.remove(["d 1", "nor this", "gone"])
    assert watchlist.design_names() == ["d 0", "d 1", "d 2"]
    watchlist.remove(["d 0", "d 1", "d 2"])
    with sqlite3.connect(watchlist.path) as database:
        for table in ("designs", "parts", "geometry", "prints", "clouds", "gate_reports", "local_features"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    database.close()
    with pytest.raises(StoreError, match='not listed: "d 0"'):
        watchlist.design("d 0")


def test_ids_are_never_given_twice(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    seen: set[int] = set()
    for _ in range(3):
        watchlist.add([design("d", part(5))])
        with watchlist.snapshot() as snapshot:
            ids = set(snapshot.print_ids.tolist())
        assert len(ids) == len(part(5).prints)
        assert not ids & seen
        seen |= ids
        watchlist.remove(["d"])


def test_a_missing_list_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no watch-list here; make one"):
        opened(tmp_path / "home", create=False)
    assert not (tmp_path / "home").exists()


def test_only_its_owner_can_look_into_the_lists_folder(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = opened(tmp_path / "home", create=True).folder
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "theirs", [PrintLayout("samples-2", 8, 4), PrintLayout("samples-1", 9, 4), PrintLayout("samples-1", 8, 5)]
)
def test_a_list_of_another_fingerprint_is_refused(tmp_path: Path, theirs: PrintLayout) -> None:
    Watchlist.open(tmp_path, create=True, layout=theirs)
    for create in (False, True):
        with pytest.raises(StoreError, match=r"fingerprint samples-.*this program compares samples-1"):
            opened(tmp_path, create=create)


def test_another_schema_another_database_and_damage_are_told_apart(tmp_path: Path) -> None:
    path = opened(tmp_path).path
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StoreError, match=r"another version of this program \(layout 99"):
        opened(tmp_path)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA application_id = 1")
    database.close()
    with pytest.raises(StoreError, match="this is no watch-list"):
        opened(tmp_path)
    path.write_bytes(b"not a database at all" * 100)
    for create in (False, True):
        with pytest.raises(StoreError, match="damaged"):
            opened(tmp_path, create=create)


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    children = [process("add_one_by_one", tmp_path, f"p{k}", 12) for k in range(3)]
    for child in children:
        finished(child)
    together, alone = opened(tmp_path, create=False), opened(tmp_path / "alone")
    alone.add(entry for k in range(3) for entry in many(f"p{k}", 12))
    assert together.version() == alone.version()


def _killed_when_ready(action: str, home: Path, *arguments: object) -> None:
    child = process(action, home, *arguments)
    assert child.stdout is not None
    line = child.stdout.readline()
    child.kill()
    _, errors = child.communicate()
    assert line == "now\n", errors
    assert child.returncode == -9


@pytest.mark.parametrize(
    ("action", "argument"),
    [
        ("add_and_die_reading", 0),
        ("add_and_die_reading", 1500),
        ("add_and_die_writing", "INSERT INTO designs"),
        ("add_and_die_writing", "INSERT INTO clouds"),
        ("add_and_die_writing", "UPDATE meta"),
    ],
)
def test_a_killed_add_leaves_the_list_as_it_was_and_addable(
    tmp_path: Path, action: str, argument: object
) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 5))
    before = watchlist.version(), [plain(entry) for entry in watchlist.entries()]
    _killed_when_ready(action, tmp_path, argument)
    assert (watchlist.version(), [plain(entry) for entry in watchlist.entries()]) == before
    with sqlite3.connect(watchlist.path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    watchlist.add(many("doomed", 300))
    assert watchlist.counts().designs == 305
    assert list(tmp_path.glob("watchlist/spool-*")) == []


def test_a_slow_add_does_not_keep_others_waiting(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)

    def slow() -> Iterator[DesignEntry]:
        yield design("first")
        finished(process("add_one_by_one", tmp_path, "meanwhile", 1))
        yield design("last")

    watchlist.add(slow())
    assert watchlist.design_names() == ["first", "last", "meanwhile 0"]
