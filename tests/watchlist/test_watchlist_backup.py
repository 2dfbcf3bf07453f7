"""A list can be verified to the last bit, and a backup of it is whole or refused."""

from __future__ import annotations

import random
import re
import sqlite3
import stat
from pathlib import Path

import numpy as np
import pytest
from watchlist_samples import LAYOUT, design, many, opened, part, plain, without_geometry

from partwatch.model.errors import StoreError
from partwatch.watchlist.store import Restored, Watchlist
from partwatch.watchlist.types import Counts, PrintLayout


@pytest.fixture
def listed(tmp_path: Path) -> Watchlist:
    watchlist = opened(tmp_path / "home")
    watchlist.add([*many("d", 3), design("flat", without_geometry(part(5)), note="a note")])
    return watchlist


FEATURES = [f"features_{name}" for name in ("codes", "part", "place", "facing", "start")]


def restore(home: Path, path: Path) -> Restored:
    return Watchlist.restore(home, path, LAYOUT)


def change(watchlist: Watchlist, statement: str) -> None:
    """Behind the program's back."""
    connection = sqlite3.connect(watchlist.path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def index_of(watchlist: Watchlist) -> Path:
    watchlist.snapshot().close()
    (folder,) = watchlist.folder.glob("index-*")
    return folder


def test_a_sound_list_has_no_problem_with_or_without_an_index(listed: Watchlist) -> None:
    found = listed.verify()
    assert (found.problems, found.index, found.counts) == ((), False, listed.counts())
    index_of(listed)
    found = listed.verify()
    assert (found.problems, found.index, found.version) == ((), True, listed.version())


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE designs SET reason = 'another' WHERE name = 'd 1'", 'design "d 1": .*digest'),
        ("UPDATE designs SET digest = zeroblob(32) WHERE name = 'd 1'", 'design "d 1": .*digest'),
        ("UPDATE designs SET expires = '2031-01-01' WHERE name = 'flat'", 'design "flat": .*digest'),
        ("UPDATE parts SET area_mm2 = area_mm2 + 1e-9 WHERE id = 3", 'design "d 1": .*digest'),
        ("UPDATE parts SET has_geometry = 0 WHERE id = 3", 'design "d 1"'),
        ("UPDATE geometry SET vertices = zeroblob(9) WHERE part_id = 3", 'design "d 1": .*damaged geometry'),
        ("UPDATE geometry SET triangles = (SELECT max(triangles) FROM geometry)", "design"),
        ("UPDATE prints SET descriptor = zeroblob(32) WHERE part_id = 3", 'design "d 1": .*digest'),
        ("UPDATE prints SET descriptor = zeroblob(31) WHERE part_id = 3", 'design "d 1": .*damaged print'),
        ("UPDATE prints SET shell = 7 WHERE part_id = 3", 'design "d 1": .*digest'),
        ("UPDATE clouds SET points = zeroblob(96) WHERE print_id = 1", 'design "d 0": .*digest'),
        ("DELETE FROM clouds WHERE print_id = 1", 'design "d 0": .*cloud'),
        ("DELETE FROM prints WHERE id = 1", "."),
        ("DELETE FROM designs WHERE name = 'd 2'", "."),
        ("UPDATE meta SET value = 'ff' WHERE key = 'version'", "the version"),
    ],
)  # fmt: skip
def test_whatever_was_changed_is_found(listed: Watchlist, statement: str, says: str) -> None:
    change(listed, statement)
    problems = listed.verify().problems
    assert problems
    assert any(re.search(says, problem) for problem in problems)


@pytest.mark.parametrize(
    "name", ["descriptors", "prints", "parts", "designs", "texts", "text_ends", "state.json", *FEATURES]
)
def test_an_index_that_is_not_of_its_list_is_found(listed: Watchlist, name: str) -> None:
    file = index_of(listed) / (name if "." in name else f"{name}.npy")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    (problem,) = listed.verify().problems
    assert str(file) in problem
    file.unlink()
    # Without its state it is no index, and is made again.
    assert len(listed.verify().problems) == (name != "state.json")


def test_a_backup_brings_back_all_of_it_anywhere(listed: Watchlist, tmp_path: Path) -> None:
    before = [plain(entry) for entry in listed.entries()]
    written = listed.backup(tmp_path / "list.backup")
    assert stat.S_IMODE((tmp_path / "list.backup").stat().st_mode) == 0o600
    restored = restore(tmp_path / "elsewhere", tmp_path / "list.backup")
    assert (restored.replaced, restored.damaged) == (Counts(0, 0, 0), None)
    assert restored.verification == written
    found = opened(tmp_path / "elsewhere", create=False)
    assert [plain(entry) for entry in found.entries()] == before
    assert found.version() == listed.version() == written.version
    assert found.verify().problems == ()


def test_a_restore_replaces_the_list_and_no_id_comes_back(listed: Watchlist, tmp_path: Path) -> None:
    old = listed.snapshot()
    listed.backup(tmp_path / "b")
    version = listed.version()
    listed.remove(["d 1"])
    listed.add([design("later", part(50))])
    later = listed.snapshot()
    restored = restore(tmp_path / "home", tmp_path / "b")
    assert restored.replaced.designs == 4
    assert listed.version() == version
    now = listed.snapshot()
    assert now.key not in (old.key, later.key)
    assert min(now.print_ids) > max(max(old.print_ids), max(later.print_ids))
    # Who began to search before goes on with what the list was then.
    assert "later" in [one.name for one in later.designs]
    index = [one.design for one in later.parts].index("later")
    expected = part(50).mesh
    assert expected is not None
    assert np.array_equal(later.mesh(index).vertices, expected.vertices)
    for snapshot in (old, later, now):
        snapshot.close()
    assert listed.verify().problems == ()


def test_a_backup_with_one_bit_wrong_or_cut_short_is_refused(listed: Watchlist, tmp_path: Path) -> None:
    path = tmp_path / "b"
    listed.backup(path)
    whole, version = path.read_bytes(), listed.version()
    chance = random.Random(7)
    damaged = [whole[: chance.randrange(len(whole))] for _ in range(20)] + [b"", whole + b"\0"]
    for _ in range(60):
        bad = bytearray(whole)
        bad[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        damaged.append(bytes(bad))
    for place in range(90):
        bad = bytearray(whole)
        bad[place] ^= 4
        damaged.append(bytes(bad))
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"b: is (no backup|damaged)"):
            restore(tmp_path / "home", path)
    assert listed.version() == version
    assert not list(listed.folder.glob("spool-*"))
    assert not (tmp_path / "none").exists()


def test_a_sealed_backup_of_a_wrong_list_is_refused(
    listed: Watchlist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(listed, "UPDATE parts SET triangles = 19 WHERE id = 3")
    with pytest.raises(StoreError, match=r'is damaged.*\n.*design "d 1"'):
        listed.backup(tmp_path / "b")
    assert not (tmp_path / "b").exists()
    # Made by hand, seal and all.
    from partwatch.watchlist import backup

    backup.copy_database(listed.path, tmp_path / "copy")
    backup.write_backup(tmp_path / "copy", tmp_path / "b")
    with pytest.raises(StoreError, match=r'is damaged.*\n.*design "d 1"'):
        restore(tmp_path / "other", tmp_path / "b")
    assert opened(tmp_path / "other").counts().designs == 0


def test_a_backup_of_another_layout_or_program_is_refused(listed: Watchlist, tmp_path: Path) -> None:
    listed.backup(tmp_path / "b")
    with pytest.raises(StoreError, match=r"fingerprint samples-1 .* compares other-1"):
        Watchlist.restore(tmp_path / "x", tmp_path / "b", PrintLayout("other-1", 8, 4))
    with pytest.raises(StoreError, match="cannot be read"):
        restore(tmp_path / "x", tmp_path / "none")


def test_a_list_beyond_reading_is_set_aside_and_replaced(listed: Watchlist, tmp_path: Path) -> None:
    listed.backup(tmp_path / "b")
    version = listed.version()
    content = bytearray(listed.path.read_bytes())
    content[: 1 << 15] = b"rubbish!" * (1 << 12)
    listed.path.write_bytes(content)
    with pytest.raises(StoreError):
        opened(tmp_path / "home", create=False)
    restored = restore(tmp_path / "home", tmp_path / "b")
    assert restored.damaged is not None
    assert (restored.damaged / "watchlist.sqlite").read_bytes() == bytes(content)
    assert opened(tmp_path / "home", create=False).version() == version


def test_a_backup_cannot_be_written_where_there_is_no_folder(listed: Watchlist, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        listed.backup(tmp_path / "no" / "b")
