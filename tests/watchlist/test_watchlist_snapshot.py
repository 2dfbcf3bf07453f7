"""What matching searches: complete, in one order, and of one moment."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
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

from partwatch.model.document import ListVersion
from partwatch.model.errors import StoreError
from partwatch.watchlist.snapshot import Snapshot


def _content(snapshot: Snapshot) -> object:
    parts = [(one.design, one.name, one.sha256, plain(snapshot.mesh(one.index))) for one in snapshot.parts]
    rows = range(len(snapshot.print_ids))
    return (
        parts,
        snapshot.part_index.tolist(),
        plain(np.array(snapshot.descriptors)),
        plain(snapshot.clouds(rows)),
    )


def test_rows_hold_what_the_entries_hold_by_design_and_place(tmp_path: Path) -> None:
    entries = [design("b", part(2), part(1)), design("a", part(5), note="n")]
    watchlist = opened(tmp_path)
    watchlist.add(entries)
    with watchlist.snapshot() as snapshot:
        assert snapshot.list_version == ListVersion(version=watchlist.version(), designs=2, parts=3)
        assert snapshot.layout == LAYOUT
        assert [(one.design, one.name) for one in snapshot.parts] == [
            ("a", "part 5"),
            ("b", "part 2"),
            ("b", "part 1"),
        ]
        known = [entries[1].parts[0], *entries[0].parts]
        expected = [(k, one) for k, entry in enumerate(known) for one in entry.prints]
        assert snapshot.part_index.tolist() == [k for k, _ in expected]
        assert snapshot.shells.tolist() == [one.shell for _, one in expected]
        assert plain(np.array(snapshot.descriptors)) == plain(
            np.stack([one.descriptor for _, one in expected])
        )
        rows = [3, 0, 3]
        assert plain(snapshot.clouds(rows)) == plain(np.stack([expected[row][1].cloud for row in rows]))
        assert plain(snapshot.cloud(1)) == plain(expected[1][1].cloud)
        for k, entry in enumerate(known):
            assert plain(snapshot.mesh(k)) == plain(entry.mesh)
            for field in ("quantity", "required", "source_name", "medium", "distinctiveness", "area_mm2"):
                assert getattr(snapshot.parts[k], field) == getattr(entry, field)
            assert snapshot.parts[k].extents_mm == entry.extents_mm
        assert (snapshot.designs[0].note, snapshot.designs[1].note) == ("n", None)
        assert snapshot.parts.with_sha256(known[1].sha256) == [1]
        assert snapshot.parts.with_sha256("f" * 64) == []


def test_arrays_are_read_only(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 2))
    with watchlist.snapshot() as snapshot:
        for array in (
            snapshot.descriptors,
            snapshot.part_index,
            snapshot.mesh(0).vertices,
            snapshot.cloud(0),
        ):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_parts_are_found_by_the_hash_of_their_file(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    hashes = [f"{k % 3:064x}" for k in range(10)]
    watchlist.add(design(f"d{k}", part(k, sha256=sha256)) for k, sha256 in enumerate(hashes))
    with watchlist.snapshot() as snapshot:
        for sha256 in (*hashes, "f" * 64, "0" * 63, ""):
            expected = [one.index for one in snapshot.parts if one.sha256 == sha256]
            assert snapshot.parts.with_sha256(sha256) == expected


def test_an_empty_list_can_be_searched(tmp_path: Path) -> None:
    with opened(tmp_path).snapshot() as snapshot:
        assert snapshot.descriptors.shape == (0, LAYOUT.descriptor_size)
        assert snapshot.clouds([]).shape == (0, LAYOUT.cloud_size, 6)
        assert list(snapshot.parts) == []
        assert snapshot.parts.with_sha256("0" * 64) == []


def test_one_content_is_searched_in_one_order_whatever_way_it_came(tmp_path: Path) -> None:
    entries = list(many("d", 7))
    first, second = opened(tmp_path / "1"), opened(tmp_path / "2")
    first.add(entries)
    for entry in reversed(entries):
        second.add([entry])
    with first.snapshot() as one, second.snapshot() as other:
        assert _content(one) == _content(other)


def test_parts_expire_the_day_after_their_last(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add([design("a", part(1), part(2), expires=date(2026, 1, 31)), design("b")])
    with watchlist.snapshot() as snapshot:
        assert snapshot.parts.unexpired(date(2026, 1, 31)).tolist() == [True, True, True]
        assert snapshot.parts.unexpired(date(2026, 2, 1)).tolist() == [False, False, True]


def test_a_part_without_geometry_says_so_and_is_still_found_by_its_descriptors(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add([design("d", without_geometry(part(1)), part(2))])
    with watchlist.snapshot() as snapshot:
        assert snapshot.parts.has_geometry.tolist() == [False, True]
        assert plain(np.array(snapshot.descriptors[0])) == plain(part(1).prints[0].descriptor)
        with pytest.raises(StoreError, match='design "d", part "part 1": the list holds no geometry'):
            snapshot.mesh(0)
        with pytest.raises(StoreError, match="the list holds no geometry"):
            snapshot.clouds([len(snapshot.print_ids) - 1, 0])


def test_an_open_snapshot_does_not_see_what_is_written_later(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 4))
    with watchlist.snapshot() as snapshot:
        watchlist.remove(["d 0", "d 3"])
        watchlist.add([design("new")])
        with watchlist.snapshot() as later:
            assert [one.name for one in later.designs] == ["d 1", "d 2", "new"]
        seen = _content(snapshot)
    reference = opened(tmp_path / "reference")
    reference.add(many("d", 4))
    with reference.snapshot() as same:
        assert seen == _content(same)


def test_another_process_can_search_the_same_snapshot_while_it_is_open(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 3))
    with watchlist.snapshot() as snapshot:
        watchlist.add([design("new")])
        with opened(tmp_path).snapshot(snapshot.key) as same:
            assert _content(same) == _content(snapshot)
        watchlist.remove(["d 1"])
        with opened(tmp_path).snapshot(snapshot.key) as same:
            assert plain(same.mesh(0)) == plain(snapshot.mesh(0))
            with pytest.raises(StoreError, match='"d 1", part "part 2": was removed from the list while'):
                same.mesh(2)
    watchlist.snapshot().close()
    with pytest.raises(StoreError, match=r"the list changed and version .* is gone; run again"):
        watchlist.snapshot(snapshot.key)


def test_indices_that_nobody_holds_are_swept(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    for number in range(4):
        watchlist.add([design(f"d{number}")])
        watchlist.snapshot().close()
    assert len(list(tmp_path.glob("watchlist/index-*"))) == 1


def test_equal_content_under_new_ids_gets_an_index_of_its_own(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 2))
    with watchlist.snapshot() as before:
        watchlist.remove(["d 0", "d 1"])
        watchlist.add(many("d", 2))
        with watchlist.snapshot() as after:
            assert after.version == before.version
            assert after.key != before.key
            assert _content(after) == _content(before)


@pytest.mark.parametrize("damage", ["cut", "gone", "other"])
def test_a_damaged_index_is_made_again(tmp_path: Path, damage: str) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 3))
    with watchlist.snapshot() as snapshot:
        whole = _content(snapshot)
    file = next(tmp_path.glob("watchlist/index-*/descriptors.npy"))
    if damage == "cut":
        os.truncate(file, file.stat().st_size - 4)
    elif damage == "gone":
        file.unlink()
    else:
        file.write_bytes(b"\x93NUMPY nothing")
    with watchlist.snapshot() as again:
        assert _content(again) == whole


def test_processes_that_open_at_once_see_one_index(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 200))
    # Half-made by a process that was killed.
    (watchlist.folder / "index-new-left").mkdir()
    children = [process("open_snapshot", tmp_path) for _ in range(4)]
    assert len({finished(child) for child in children}) == 1
    assert len(list(tmp_path.glob("watchlist/index-*"))) == 1


def test_a_forked_child_reads_on_its_own(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 3))
    with watchlist.snapshot() as snapshot:
        expected = _content(snapshot)
        child = os.fork()
        if child == 0:
            os._exit(0 if _content(snapshot) == expected else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert _content(snapshot) == expected
