"""The history: nothing twice, nothing that was forgotten, and what is near is what brute force says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.fingerprint.descriptor import COARSE_SIZE
from partwatch.history import rows, search
from partwatch.history.entry import Entry, customer_key
from partwatch.history.projection import ROUNDING, SIZE, FloatRows, Projection, distances
from partwatch.history.rates import PAIRS, farther, rate_at
from partwatch.history.search import Sought, nearest
from partwatch.history.store import ABOUT, HistoryStore
from partwatch.model.errors import StoreError

pytest.importorskip("lancedb", reason="needs the extra: pip install 'partwatch[history]'")

KNOWN = 400
DAY = "2026-01-{:02}T12:00:00.000Z"


def normalised(values: FloatRows) -> FloatRows:
    made = np.abs(values).astype(np.float32)
    for block in (made[:, :COARSE_SIZE], made[:, COARSE_SIZE:]):
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return made


def descriptors(count: int, seed: int = 1) -> FloatRows:
    """Some that crowd about a few."""
    chance = np.random.default_rng(seed)
    middles = chance.random((8, DESCRIPTOR_SIZE)) ** 4
    far = chance.random((count, 1)) ** 2
    return normalised(middles[chance.integers(0, 8, count)] + far * chance.random((count, DESCRIPTOR_SIZE)))


def entry(number: int, row: FloatRows, submission: str = "") -> Entry:
    return Entry(
        submission or f"s{number // 3}", number % 3, "f" * 64, "e" * 64, None if number % 2 else "a/b.stl",
        number, f"c{number % 4}", DAY.format(number % 28 + 1), row, 10.0 + number, 20.0, (1.0, 2.0, 3.0),
    )  # fmt: skip


@cache
def fitted() -> Projection:
    return Projection.fitted(descriptors(100, 2))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[HistoryStore, FloatRows]:
    store = HistoryStore.open(tmp_path_factory.mktemp("history"), fitted)
    known = descriptors(KNOWN)
    store.add([entry(number, row) for number, row in enumerate(known)])
    return store, known


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    queries=st.integers(1, 5),
    reach=st.floats(0.0, 2.0),
    most=st.integers(1, KNOWN + 10),
    customer=st.sampled_from([None, "c0", "c3"]),
    since=st.sampled_from([None, date(2026, 1, 10)]),
    until=st.sampled_from([None, date(2026, 1, 20), date.max]),
)
def test_what_is_near_is_what_brute_force_says(
    filled: tuple[HistoryStore, FloatRows],
    seed: int,
    queries: int,
    reach: float,
    most: int,
    customer: str | None,
    since: date | None,
    until: date | None,
) -> None:
    store, known = filled
    wanted = descriptors(queries, seed)
    got = nearest(store, Sought(wanted, reach, most, customer, since, until))
    halves = known.astype(np.float16).astype(np.float32)
    far = distances(halves, wanted).min(axis=1)
    among = [
        number
        for number in range(KNOWN)
        if customer in (None, f"c{number % 4}")
        and (since is None or number % 28 + 1 >= since.day)
        and (until in (None, date.max) or number % 28 + 1 <= until.day)
    ]
    within = sorted(far[number] for number in among if far[number] <= reach)
    assert got.searched == len(among)
    assert np.allclose([one.distance for one in got.found], within[:most], atol=1e-5)
    assert got.all_within == pytest.approx(reach if len(within) <= most else within[most - 1], abs=1e-5)
    assert len({one.id for one in got.found}) == len(got.found)
    for one in got.found:
        assert one.distance == pytest.approx(far[one.body], abs=1e-5)
        assert one.extents_mm == (1.0, 2.0, 3.0)


def test_little_memory_is_told_by_how_far_all_are_there(
    filled: tuple[HistoryStore, FloatRows], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = filled
    sought = Sought(descriptors(2, 3), 2.0, 10)
    before = nearest(store, sought)
    for name, value in (("REMEMBERED", 40), ("BATCH", 16), ("CHUNK", 7)):
        monkeypatch.setattr(search, name, value)
    after = nearest(store, sought)
    # What is no longer remembered may be nearer than some that are given: so far it says that all are there.
    assert 0 < after.all_within < before.all_within
    sure = [one.id for one in before.found if one.distance <= after.all_within]
    assert [one.id for one in after.found[: len(sure)]] == sure
    assert all(one.distance > after.all_within for one in after.found[len(sure) :])


@given(seed=st.integers(0, 10_000))
def test_few_numbers_are_never_farther_apart_than_all_of_them(seed: int) -> None:
    some = descriptors(30, seed)
    projection = fitted()
    kept = projection.few(some).astype(np.float16).astype(np.float32)
    assert (distances(kept, projection.few(some)) <= distances(some, some) + ROUNDING).all()


def test_directions_that_would_lose_something_are_refused() -> None:
    with pytest.raises(ValueError, match="orthonormal"):
        Projection(np.ones((DESCRIPTOR_SIZE, SIZE), np.float32))
    with pytest.raises(ValueError, match="directions"):
        Projection(np.eye(SIZE, dtype=np.float32))


@settings(max_examples=8)
@given(batches=st.lists(st.lists(st.integers(0, 20), max_size=8), max_size=5))
def test_the_same_is_never_there_twice_however_it_is_written(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]]
) -> None:
    store = HistoryStore.open(tmp_path_factory.mktemp("history"), fitted)
    known = descriptors(21)
    for batch in batches:
        store.add([entry(number, known[number]) for number in batch])
    kept = store.table.search(None).select(["id"]).to_arrow().column("id").to_pylist()
    assert sorted(kept) == sorted({entry(k, known[k]).id for batch in batches for k in batch})


def test_an_id_is_of_the_place_and_nothing_else() -> None:
    one, row = entry(1, descriptors(1)[0]), descriptors(2)[1]
    assert replace(one, descriptor=row, customer="x", screened_at="y", radius_mm=1.0).id == one.id
    others = [replace(one, submission="x"), replace(one, position=9), replace(one, body=9)]
    others += [replace(one, member="x"), replace(one, member="")]
    assert len({one.id, *(other.id for other in others)}) == 6


def test_forgetting_takes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    store = HistoryStore.open(tmp_path, fitted)
    hostile = "x' OR '1'='1"
    known = descriptors(12)
    store.add([entry(number, row) for number, row in enumerate(known)])
    store.add([entry(99, known[0], hostile)])
    store.forget_submissions(["s0", hostile, "'; --", "nothing"])
    assert store.submissions() == {"s1", "s2", "s3"}
    store.forget_customer("c0")
    assert store.counts().bodies == 7
    store.forget_customer("c0' OR 'a'='a")
    store.forget_before(DAY.format(8))
    counts = store.counts()
    assert (counts.bodies, counts.submissions, counts.oldest) == (4, 2, DAY.format(8))
    store.tidy()
    assert store.counts() == counts
    left = {one.body for one in nearest(store, Sought(known, 2.0, 100)).found}
    assert left == {7, 9, 10, 11}


@pytest.mark.parametrize("rest", [0, 299])
def test_what_is_forgotten_is_gone_from_the_disk_once_it_is_tidied(tmp_path: Path, rest: int) -> None:
    store = HistoryStore.open(tmp_path, fitted)
    store.add([entry(number, row, f"left-{number}") for number, row in enumerate(descriptors(rest))])
    store.add([entry(1, descriptors(1)[0], "forgotten-one")])
    store.tidy(timedelta(milliseconds=1))
    assert holding(tmp_path, b"forgotten-one")
    store.forget_submissions(["forgotten-one"])
    store.tidy(timedelta(milliseconds=1))
    assert holding(tmp_path, b"forgotten-one") == []
    assert store.counts().bodies == rest


def holding(folder: Path, text: bytes) -> list[str]:
    """Data files that hold a text."""
    return [path.name for path in folder.rglob("*.lance") if path.is_file() and text in path.read_bytes()]


def test_names_that_no_text_can_hold_are_kept_as_escapes(tmp_path: Path) -> None:
    store = HistoryStore.open(tmp_path, fitted)
    member = "\ud800<script>\u202e/../'.stl"
    store.add([replace(entry(2, descriptors(1)[0]), member=member)])
    (found,) = nearest(store, Sought(descriptors(1), 0.1, 5)).found
    assert found.member == "\\ud800<script>\u202e/../'.stl"


def test_a_history_that_is_not_there_or_of_another_version_is_told_with_its_mend(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no history here"):
        HistoryStore.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    store = HistoryStore.open(tmp_path / "old", fitted)
    about = rows.about_of(99, "7", fitted())
    store._connection.create_table(ABOUT, about, mode="overwrite")
    with pytest.raises(StoreError, match=r"layout 99, fingerprint 7.*begin"):
        HistoryStore.open(tmp_path / "old")
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below", "gopher://a/b"):
        with pytest.raises(StoreError, match=r"cannot be used.*check"):
            HistoryStore.open(place, fitted)


def test_a_history_keeps_the_projection_that_it_was_begun_with(tmp_path: Path) -> None:
    first = HistoryStore.open(tmp_path, fitted)
    again = HistoryStore.open(tmp_path, lambda: Projection.fitted(descriptors(100, 9)))
    assert np.array_equal(first.projection.directions, again.projection.directions)


def test_nothing_is_near_in_an_empty_history(tmp_path: Path) -> None:
    store = HistoryStore.open(tmp_path, fitted)
    got = nearest(store, Sought(descriptors(1), 1.0, 5))
    assert (got.found, got.searched, got.all_within) == ((), 0, 1.0)
    assert store.counts().bodies == 0
    store.add([])
    store.tidy()
    store.forget_submissions([])


WRITER = """
import sys
from partwatch.history.store import HistoryStore
sys.path.insert(0, sys.argv[2])
from test_history_store import descriptors, entry, fitted
store, known = HistoryStore.open(sys.argv[1], fitted), descriptors(20)
for part in range(12):
    store.add([entry(number, row, f"{part}") for number, row in enumerate(known)])
    if part % 5 == 4:
        store.tidy()
"""


# The second has no locks and no renames, as object stores.
@pytest.mark.parametrize("scheme", ["", "file-object-store://"])
def test_two_processes_that_write_the_same_at_once_write_it_once(tmp_path: Path, scheme: str) -> None:
    url = f"{scheme}{tmp_path / 'h'}"
    command = [sys.executable, "-c", WRITER, url, str(Path(__file__).parent)]
    writers = [subprocess.Popen(command) for _ in range(2)]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    counts = HistoryStore.open(url).counts()
    assert (counts.bodies, counts.submissions) == (240, 12)


def test_a_reader_keeps_what_it_began_with_while_others_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = HistoryStore.open(tmp_path, fitted)
    known = descriptors(60)
    store.add([entry(number, row) for number, row in enumerate(known)])
    ranked = search._ranked

    def meanwhile(*asked: object) -> object:
        other = HistoryStore.open(tmp_path)
        other.forget_submissions(["s0", "s1"])
        other.add([entry(200, known[0], "new")])
        other.tidy()
        return ranked(*asked)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(search, "_ranked", meanwhile)
    got = nearest(store, Sought(known, 2.0, 100))
    assert {one.body for one in got.found} == set(range(60))
    monkeypatch.setattr(search, "_ranked", ranked)
    assert {one.body for one in nearest(store, Sought(known, 2.0, 100)).found} == {*range(6, 60), 200}


def test_a_customers_key_is_the_services_own_and_tells_no_name() -> None:
    assert customer_key("service/1", "shop") == customer_key("service/1", "shop")
    assert customer_key("service/1", "shop") != customer_key("service/2", "shop")
    assert customer_key("service/1", "shop") != customer_key("service/1", "other")
    assert "shop" not in customer_key("service/1", "shop")


def test_a_rate_is_of_its_distance_and_size_and_falls_with_distance() -> None:
    near, far = rate_at(0.01, 1.0), rate_at(0.18, 1.01)
    assert (near.own_size, near.from_distance, near.to_distance) == (True, 0.0, 0.02)
    assert near.low > far.high
    assert rate_at(0.01, None) == rate_at(0.01, 1.5)
    assert rate_at(9.0, 1.0).to_distance == 0.35
    for distance in np.linspace(0, 0.4, 60):
        for size in (1.0, 2.0):
            rate = rate_at(float(distance), size)
            assert 0 <= rate.low <= rate.found / rate.pairs <= rate.high <= 1
    assert [farther(0.35), farther(0.2), farther(0.01)] == [0, 1, PAIRS]
