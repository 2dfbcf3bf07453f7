"""Local features in the list: kept with geometry, counted by no version, indexed, made where they lack."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchlist_samples import (
    LAYOUT,
    as_version,
    change,
    design,
    finished,
    layout_of,
    local_features,
    many,
    opened,
    part,
    plain,
    process,
    without_geometry,
)

from partwatch.curation.observe import Others
from partwatch.fingerprint.feature_index import FeatureIndex, index_features
from partwatch.fingerprint.local import FEATURE, Features, features_layout, features_of_part
from partwatch.model.errors import StoreError
from partwatch.screening.job import Listed
from partwatch.watchlist import backup
from partwatch.watchlist.features import MOST_FEATURES, plain_records, records_of
from partwatch.watchlist.index import load_index
from partwatch.watchlist.refresh import parts_to_refresh, refresh
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import DesignEntry

WORKER = "local_features_samples:make"
DAMAGE = [
    "UPDATE local_features SET records = zeroblob(40)",
    "UPDATE local_features SET records = substr(records, 1, length(records) - 3)",
    "UPDATE local_features SET number = number + 1",
    "UPDATE local_features SET number = -1",
    "UPDATE local_features SET number = 1000000000",
    "UPDATE local_features SET records = (SELECT max(triangles) FROM geometry)",
    "UPDATE local_features SET records = ''",
]


@pytest.fixture(autouse=True)
def _workers_find_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]))


def bare(entry: DesignEntry) -> DesignEntry:
    return replace(entry, parts=tuple(replace(one, features=None) for one in entry.parts))


def indexed(watchlist: Watchlist) -> FeatureIndex:
    """What the list's entries say, indexed at once."""
    return index_features([one.features for entry in watchlist.entries() for one in entry.parts])


def lacking(watchlist: Watchlist) -> list[str]:
    with watchlist.snapshot() as snapshot:
        return [snapshot.parts[int(k)].name for k in np.flatnonzero(snapshot.parts.without_features)]


def test_features_are_kept_to_the_last_bit_and_only_with_geometry(tmp_path: Path) -> None:
    entries = [
        design("a", part(1), part(3), without_geometry(part(2))),
        design("b", part(5), part(8)),
    ]
    watchlist = opened(tmp_path)
    watchlist.add(entries)
    found = {one.name: one.features for entry in watchlist.entries() for one in entry.parts}
    expected = {1: local_features(1), 3: None, 2: None, 5: np.zeros(0, FEATURE), 8: local_features(8)}
    assert plain(tuple(found.values())) == plain(tuple(expected.values()))
    assert lacking(watchlist) == ["part 3"]
    assert watchlist.without_features() == 1
    assert watchlist.verify().without_features == 1
    assert watchlist.verify().problems == ()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=90, unique=True), st.integers(1, 5))
def test_the_index_is_that_of_all_features_at_once(
    tmp_path_factory: pytest.TempPathFactory, seeds: list[int], each: int
) -> None:
    watchlist = opened(tmp_path_factory.mktemp("home"))
    watchlist.add(
        design(f"d {k:03}", *(part(seed) for seed in seeds[k : k + each]))
        for k in reversed(range(0, len(seeds), each))
    )
    with watchlist.snapshot() as snapshot:
        assert plain(snapshot.features) == plain(indexed(watchlist))


def index_bytes(watchlist: Watchlist) -> dict[str, bytes]:
    watchlist.snapshot().close()
    (folder,) = watchlist.folder.glob("index-*")
    ids = {"state.json", "parts.npy", "prints.npy"}
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name not in ids}


def test_lists_of_the_same_designs_have_the_same_index_bytes(tmp_path: Path) -> None:
    one, other = opened(tmp_path / "1"), opened(tmp_path / "2")
    one.add(many("d", 80))
    other.add([design("passing", part(999))])
    other.add(reversed(list(many("d", 80))))
    other.remove(["passing"])
    found = index_bytes(one)
    assert found == index_bytes(other)
    assert {name for name in found if name.startswith("features_")} == {
        f"features_{name}.npy" for name in ("codes", "part", "place", "facing", "start")
    }


def test_no_version_and_no_digest_counts_them(tmp_path: Path) -> None:
    lists = [opened(tmp_path / str(k)) for k in range(3)]
    for watchlist, features in zip(lists, [None, local_features(1), local_features(2)], strict=True):
        watchlist.add([design("a", part(1, features=features))])
    assert len({watchlist.version() for watchlist in lists}) == 1
    # As before there were any.
    assert lists[0].version() == "400db4557ce439b9cf404b69d262ba4508c5bd7532a9e38fb8841822369a23d0"
    assert [watchlist.verify().problems for watchlist in lists] == [()] * 3


def changed(features: Features, field: str, value: object) -> Features:
    found = features.copy()
    found[field][0] = value
    return found


SOME = local_features(1)


@pytest.mark.parametrize(
    ("features", "says"),
    [
        (changed(SOME, "octave", 13), "an octave that there is not"),
        (changed(SOME, "octave", -9), "an octave that there is not"),
        (changed(SOME, "place", np.nan), "lies nowhere"),
        (changed(SOME, "place", np.inf), "lies nowhere"),
        (changed(SOME, "facing", (0, 0, 0)), "not of unit length"),
        (changed(SOME, "facing", (127, 127, 0)), "not of unit length"),
        (np.resize(SOME, MOST_FEATURES + 1), "901 local features, and no part has more than 900"),
        (SOME["place"].copy(), "no row of records"),
        (SOME[None], "no row of records"),
    ],
)
def test_features_that_cannot_be_are_refused(tmp_path: Path, features: Features, says: str) -> None:
    watchlist = opened(tmp_path)
    with pytest.raises(StoreError, match=f'design "a": part "part 1": .*{says}'):
        watchlist.add([design("a", part(1, features=features))])
    assert watchlist.counts().designs == 0


def test_features_without_geometry_are_refused(tmp_path: Path) -> None:
    flat = replace(without_geometry(part(1)), features=SOME)
    with pytest.raises(StoreError, match="has local features but no mesh"):
        opened(tmp_path).add([design("a", flat)])


@pytest.mark.parametrize("statement", DAMAGE)
def test_damage_is_told_by_verify_and_searched_as_no_features(tmp_path: Path, statement: str) -> None:
    watchlist = opened(tmp_path)
    watchlist.add([design("a", part(1)), design("b", part(2))])
    change(watchlist, f"{statement} WHERE part_id = 1")
    (problem,) = watchlist.verify().problems
    assert problem.startswith('design "a": the list holds a part with damaged local features')
    assert problem.endswith("`partwatch watchlist refresh` makes them anew")
    assert lacking(watchlist) == ["part 1"]
    with watchlist.snapshot() as snapshot:
        assert plain(snapshot.features) == plain(index_features([None, local_features(2)]))
    with pytest.raises(StoreError, match="damaged local features"):
        list(watchlist.entries())


def test_well_packed_features_that_cannot_be_are_damage_too(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add([design("a", part(1))])
    bad = zlib.compress(changed(SOME, "octave", 100).tobytes(), 1).hex()
    change(watchlist, f"UPDATE local_features SET records = x'{bad}'")
    (problem,) = watchlist.verify().problems
    assert "a local feature is of an octave that there is not" in problem
    assert lacking(watchlist) == ["part 1"]


def test_features_of_another_codebook_are_as_good_as_none(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add([design("a", part(1), part(2))])
    change(watchlist, "UPDATE local_features SET layout = '1-another' WHERE part_id = 2")
    assert lacking(watchlist) == ["part 2"]
    (entry,) = watchlist.entries()
    assert [one.features is None for one in entry.parts] == [False, True]
    assert watchlist.verify().problems == ()


def test_an_index_made_with_another_codebook_is_not_taken(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add([design("a", part(1))])
    with watchlist.snapshot() as snapshot:
        assert snapshot.key.endswith(features_layout())


Break = Callable[[dict[str, np.ndarray]], object]


@pytest.mark.parametrize(
    "break_it",
    [
        lambda a: a["part"].__setitem__(0, 99),
        lambda a: a["part"].__setitem__(0, -1),
        lambda a: a["start"].__setitem__(5, -1),
        lambda a: a["start"].__setitem__(5, 10**6),
        lambda a: a["start"].__setitem__(0, 1),
        lambda a: a["start"].__setitem__(-1, 10**6),
        lambda a: a.update(start=a["start"][:-1]),
        lambda a: a.update(codes=a["codes"][:-1]),
        lambda a: a.update(codes=a["codes"][:, :-1].copy()),
        lambda a: a.update(place=a["place"].astype("<f8")),
        lambda a: a.update({name: a[name][:0] for name in ("codes", "part", "place", "facing")}),
    ],
)
def test_an_index_whose_features_do_not_fit_is_made_again(tmp_path: Path, break_it: Break) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 5))
    watchlist.snapshot().close()
    (folder,) = watchlist.folder.glob("index-*")
    arrays = {file.stem.removeprefix("features_"): np.load(file) for file in folder.glob("features_*.npy")}
    break_it(arrays)
    for name, array in arrays.items():
        np.save(folder / f"features_{name}.npy", array)
    with pytest.raises(ValueError, match="features"):
        load_index(folder)
    with watchlist.snapshot() as snapshot:
        assert plain(snapshot.features) == plain(indexed(watchlist))


def test_a_list_less_some_parts_has_their_features_only(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 5))
    every = [one.features for entry in watchlist.entries() for one in entry.parts]
    with watchlist.snapshot() as snapshot:
        listed = Listed(snapshot)
        assert plain(listed.features) == plain(index_features(every))
        rows = np.flatnonzero(~np.isin(listed.part_index, [2, 7, 8]))
        others = Others(listed, rows)
        kept = [None if k in (2, 7, 8) else one for k, one in enumerate(every)]
        assert plain(others.features) == plain(index_features(kept))
        assert others.features is others.features


@pytest.mark.parametrize("version", [1, 2])
def test_a_list_of_an_earlier_version_has_none_until_they_are_made(tmp_path: Path, version: int) -> None:
    watchlist = opened(tmp_path)
    watchlist.add([*many("d", 3), design("flat", without_geometry(part(50)))])
    reports = {one.name: one.gate for entry in watchlist.entries() for one in entry.parts}
    before, found_version = [plain(bare(entry)) for entry in watchlist.entries()], watchlist.version()
    as_version(watchlist, version)
    found = opened(tmp_path, create=False)
    assert layout_of(found.path)[0] == 3
    assert found.version() == found_version
    assert found.without_features() == 6
    if version == 2:
        assert [plain(entry) for entry in found.entries()] == before
        assert {one.name: one.gate for entry in found.entries() for one in entry.parts} == reports
    with found.snapshot() as snapshot:
        parts = parts_to_refresh(snapshot)
        assert [snapshot.parts[k].design for k in parts] == ["d 0", "d 0", "d 1", "d 1", "d 2", "d 2"]
        assert parts_to_refresh(snapshot, designs={"d 1", "flat"}) == [2, 3]
        steps: list[None] = []
        assert refresh(found, snapshot, parts, progress=lambda: steps.append(None)) == 6
        assert len(steps) == 6
        # Whoever began to search before goes on with what the list was then.
        assert snapshot.parts.without_features.sum() == 6
    assert found.without_features() == 0
    assert found.version() == found_version
    parts_made = [one for entry in found.entries() for one in entry.parts]
    expected = [None if one.mesh is None else features_of_part(one.mesh) for one in parts_made]
    assert [plain(one.features) for one in parts_made] == [plain(one) for one in expected]
    with found.snapshot() as snapshot:
        assert plain(snapshot.features) == plain(indexed(found))
        assert parts_to_refresh(snapshot) == []
        assert parts_to_refresh(snapshot, every=True) == list(range(6))
    assert found.verify().problems == ()


def test_several_processes_may_open_a_list_of_version_2_at_once(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 1))
    as_version(watchlist, 2)
    children = [process("open_snapshot", tmp_path) for _ in range(3)]
    assert len({finished(child) for child in children}) == 1
    assert layout_of(watchlist.path)[0] == 3


@pytest.mark.parametrize("version", [1, 2])
def test_a_backup_of_an_earlier_version_is_restored(tmp_path: Path, version: int) -> None:
    watchlist = opened(tmp_path / "home")
    watchlist.add(many("d", 3))
    listed = watchlist.version()
    as_version(watchlist, version)
    backup.write_backup(watchlist.path, tmp_path / "b")
    restored = Watchlist.restore(tmp_path / "other", tmp_path / "b", LAYOUT)
    assert (restored.verification.version, restored.verification.without_features) == (listed, 6)
    assert opened(tmp_path / "other", create=False).without_features() == 6


def test_features_go_through_a_backup(tmp_path: Path) -> None:
    watchlist = opened(tmp_path / "home")
    watchlist.add(many("d", 3))
    watchlist.backup(tmp_path / "b")
    Watchlist.restore(tmp_path / "other", tmp_path / "b", LAYOUT)
    with watchlist.snapshot() as one, opened(tmp_path / "other").snapshot() as other:
        assert plain(other.features) == plain(one.features)


def test_damaged_features_are_made_anew(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 2))
    change(watchlist, "UPDATE local_features SET records = zeroblob(9) WHERE part_id IN (1, 3)")
    with watchlist.snapshot() as snapshot:
        assert refresh(watchlist, snapshot, parts_to_refresh(snapshot)) == 3
    assert watchlist.verify().problems == ()
    assert lacking(watchlist) == []


def test_parts_whose_features_cannot_be_made_are_told_and_the_others_get_theirs(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    names = ["good", "crash", "short", "zeros", "refused"]
    watchlist.add([bare(design("d", *(part(k, name=name) for k, name in enumerate(names))))])
    with watchlist.snapshot() as snapshot, pytest.raises(StoreError) as caught:
        refresh(watchlist, snapshot, parts_to_refresh(snapshot), task=WORKER)
    assert [line.split(": ")[:3] for line in str(caught.value).splitlines()] == [
        ['design "d", part "crash"', "no local features", "making them failed (crashed)"],
        ['design "d", part "refused"', "no local features", "making them failed (error)"],
        ['design "d", part "short"', "no local features", "cannot reshape array of size 35 into shape (36)"],
        [
            'design "d", part "zeros"',
            "no local features",
            "the facing of a local feature is not of unit length",
        ],
    ]
    assert lacking(watchlist) == names[1:]


def test_a_part_that_was_removed_meanwhile_gets_none(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(
        [design("kept", part(3)), design("gone", part(10)), design("flat", without_geometry(part(2)))]
    )
    with watchlist.snapshot() as snapshot:
        ids = {snapshot.parts[k].design: snapshot.parts.id_of(k) for k in range(3)}
    watchlist.remove(["gone"])
    assert watchlist.replace_features(dict.fromkeys(ids.values(), SOME)) == 1
    found = {entry.name: plain(entry.parts[0].features) for entry in watchlist.entries()}
    assert found == {"kept": plain(SOME), "flat": None}


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300), st.binary(max_size=200))
def test_plain_records_are_features_again_and_other_bytes_are_refused(seed: int, content: bytes) -> None:
    features = local_features(seed)
    assert plain(records_of(plain_records(features))) == plain(features)
    stray = np.frombuffer(content, dtype=np.uint8)
    with pytest.raises(ValueError, match="local features"):
        records_of(stray)
