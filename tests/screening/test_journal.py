"""A run that ended early goes on where it was: nothing lost, nothing twice, nothing of another run."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_screening_driver import FUNCTION, LIMITS, SETUP, write

from partwatch.formats.worker import WorkerPool
from partwatch.model.document import Finding, Item
from partwatch.model.errors import JournalError
from partwatch.screening import journal as journals
from partwatch.screening.driver import Driver, Known
from partwatch.screening.expansion import Node, Unfolded
from partwatch.screening.journal import Journal, journal_folder, terms_of
from partwatch.screening.walk import Source, walk

FILES = {
    "a.stl": "clear",
    "b/1.stl": "match",
    "b/2.zip": {"x.stl": "match", "in.zip": {"y.stl": "review"}, "z.stl": "incomplete"},
    "b.stl": "unreadable",
    "c.stl": "review",
}
TERMS = {"header": {"as_of": "2026-11-24", "list": "one"}, "limits": {"timeout_s": 2}}


@pytest.fixture(autouse=True)
def _old_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' files are too new to be trusted not to change unseen."""
    monkeypatch.setattr(journals, "_GRAIN_NS", 0)


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    write(folder, FILES)
    return folder


class Run:
    """One run with a journal: its items, the names of the files it screened, and of those it knew."""

    def __init__(self, home: Path, *paths: Path, stop_after: int | None = None, terms: Any = TERMS) -> None:
        self.items: list[Item] = []
        self.screened: list[str] = []
        self.known = 0
        with WorkerPool[Node](1, LIMITS, SETUP) as pool, Journal(home, [*map(str, paths)], terms) as journal:
            self.journal = journal
            driver = Driver(pool, FUNCTION, keep=self._keeping(journal.keep))
            for item in driver.screen(self._counted(journal.sources())):
                self.items.append(item)
                if len(self.items) == stop_after:
                    break

    def _keeping(self, keep: Callable[[Source, Unfolded], None]) -> Callable[[Source, Unfolded], None]:
        def kept(source: Source, unfolded: Unfolded) -> None:
            self.screened.append(Path(source.path).name)
            keep(source, unfolded)

        return kept

    def _counted(self, sources: Iterator[Source | Known]) -> Iterator[Source | Known]:
        for source in sources:
            self.known += isinstance(source, Known)
            yield source


def uninterrupted(*paths: Path) -> list[Item]:
    with WorkerPool[Node](1, LIMITS, SETUP) as pool:
        return list(Driver(pool, FUNCTION).screen(walk([*map(str, paths)], lambda: "")))


def database(home: Path, *paths: Path) -> sqlite3.Connection:
    path = journal_folder(home, [*map(str, paths)]) / "journal.sqlite"
    return sqlite3.connect(path, isolation_level=None)


def change(home: Path, *paths: Path, sql: str) -> None:
    rows = database(home, *paths)
    rows.execute(sql)
    rows.close()


@pytest.mark.parametrize("stop_after", range(1, 10))
def test_whenever_it_stops_the_result_is_that_of_one_run(tmp_path: Path, box: Path, stop_after: int) -> None:
    whole = uninterrupted(box)
    assert len(whole) == 9
    first = Run(tmp_path, box, stop_after=stop_after)
    second = Run(tmp_path, box)
    assert second.items == whole
    assert sorted(first.screened + second.screened) == ["1.stl", "2.zip", "a.stl", "b.stl", "c.stl"]
    assert second.known == len(first.screened)


def test_all_that_was_done_is_known_and_nothing_is_screened_again(tmp_path: Path, box: Path) -> None:
    whole = Run(tmp_path, box).items
    again = Run(tmp_path, box)
    assert (again.screened, again.known, again.items) == ([], 5, whole)
    assert again.journal.kept == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("review"),
        lambda path: os.utime(path, ns=(0, 0)),
        lambda path: path.with_suffix(".new").write_text("match") and path.with_suffix(".new").rename(path),
    ],
    ids=["content", "time", "replaced"],
)
def test_a_file_that_changed_is_screened_again(
    tmp_path: Path, box: Path, change: Callable[[Path], object]
) -> None:
    Run(tmp_path, box)
    change(box / "b/1.stl")
    again = Run(tmp_path, box)
    assert again.screened == ["1.stl"]
    assert again.items == uninterrupted(box)
    assert Run(tmp_path, box).screened == []


def test_a_change_within_the_grain_of_the_clock_is_not_missed(
    tmp_path: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "_GRAIN_NS", 3600 * 10**9)
    Run(tmp_path, box)
    assert len(Run(tmp_path, box).screened) == 5


def test_new_files_come_in_their_place(tmp_path: Path, box: Path) -> None:
    Run(tmp_path, box)
    write(box, {"0.stl": "match", "b/11.stl": "clear", "b0.stl": "clear", "z.stl": "review"})
    again = Run(tmp_path, box)
    assert again.screened == ["0.stl", "11.stl", "b0.stl", "z.stl"]
    assert again.items == uninterrupted(box)
    assert Run(tmp_path, box).items == again.items


def test_a_file_that_is_gone_keeps_its_place_and_its_finding(tmp_path: Path, box: Path) -> None:
    before = Run(tmp_path, box).items
    for name in ("b/1.stl", "b/2.zip", "c.stl"):
        (box / name).unlink()
    for _ in range(2):
        after = Run(tmp_path, box)
        assert after.screened == []
        assert [(one.path, one.member, one.finding) for one in after.items] == [
            (one.path, one.member, one.finding) for one in before
        ]
        gone = [one for one in after.items if "gone" in [reason.code for reason in one.reasons]]
        assert [(Path(one.path).name, one.member) for one in gone] == [
            ("1.stl", None),
            ("2.zip", None),
            ("c.stl", None),
        ]


def test_a_path_of_the_run_that_is_gone_keeps_its_finding(tmp_path: Path, box: Path) -> None:
    paths = (box / "c.stl", box / "a.stl")
    Run(tmp_path, *paths)
    (box / "c.stl").unlink()
    first, last = Run(tmp_path, *paths).items
    assert (first.finding, first.reasons[-1].code, last.finding) == (Finding.REVIEW, "gone", Finding.CLEAR)


def test_a_folder_that_became_a_file_is_told_once(tmp_path: Path, box: Path) -> None:
    Run(tmp_path, box)
    shutil.rmtree(box / "b")
    write(box, {"b": "match"})
    items = Run(tmp_path, box).items
    assert [Path(one.path).relative_to(box).as_posix() for one in items if one.member is None] == [
        "a.stl",
        "b",
        "b.stl",
        "b/1.stl",
        "b/2.zip",
        "c.stl",
    ]


def test_paths_that_overlap_are_each_told_as_asked_for(tmp_path: Path, box: Path) -> None:
    paths = (box / "b", box, box / "b")
    whole = uninterrupted(*paths)
    Run(tmp_path, *paths, stop_after=7)
    assert Run(tmp_path, *paths).items == whole


def test_what_a_bad_day_of_the_machine_did_is_tried_again(tmp_path: Path) -> None:
    box = tmp_path / "box"
    write(box, {"1": "abort", "2": "fail", "3": "nolist", "4": "hang", "5": "eat", "6": {"x": "segfault"}})
    whole = Run(tmp_path, box)
    again = Run(tmp_path, box)
    assert again.screened == ["1", "2", "3", "6"]
    assert again.items == whole.items


def test_a_row_that_rotted_is_screened_again(tmp_path: Path, box: Path) -> None:
    whole = Run(tmp_path, box).items
    rotten = "CAST(replace(CAST(items AS TEXT), 'clear', 'match') AS BLOB)"
    change(tmp_path, box, sql=f"UPDATE sources SET items = {rotten} WHERE CAST(path AS TEXT) LIKE '%a.stl'")
    again = Run(tmp_path, box)
    assert (again.screened, again.items) == (["a.stl"], whole)


def test_a_row_that_rotted_and_whose_file_is_gone_is_not_clear(tmp_path: Path, box: Path) -> None:
    Run(tmp_path, box)
    change(tmp_path, box, sql="UPDATE sources SET digest = x'00' WHERE CAST(path AS TEXT) LIKE '%a.stl'")
    (box / "a.stl").unlink()
    first = Run(tmp_path, box).items[0]
    assert (Path(first.path).name, first.finding, first.complete) == ("a.stl", Finding.UNSCREENABLE, False)


def test_a_run_of_other_terms_is_refused_and_says_what_differs(tmp_path: Path, box: Path) -> None:
    Run(tmp_path, box, stop_after=1)
    other = {"header": {"as_of": "2026-11-24", "list": "two"}, "limits": {"timeout_s": 3}}
    says = r"header\.list was one, is two; limits\.timeout_s was 2, is 3"
    with pytest.raises(JournalError, match=says) as told:
        Run(tmp_path, box, terms=other)
    afresh = str(told.value).rpartition("rm -r ")[2]
    shutil.rmtree(afresh)
    assert Run(tmp_path, box, terms=other).known == 0


def test_other_paths_are_another_run(tmp_path: Path, box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Run(tmp_path, box, stop_after=1)
    assert Run(tmp_path, box / "b", terms={"other": "terms"}).known == 0
    monkeypatch.chdir(box)
    here = journal_folder(tmp_path, ["b"])
    monkeypatch.chdir(tmp_path)
    assert journal_folder(tmp_path, ["b"]) != here
    assert terms_of(tmp_path, [str(box)]) == TERMS
    assert terms_of(tmp_path, ["b"]) is None


def test_two_runs_at_once_are_refused(tmp_path: Path, box: Path) -> None:
    with Journal(tmp_path, [str(box)], TERMS), pytest.raises(JournalError, match="another process"):
        Journal(tmp_path, [str(box)], TERMS)
    Journal(tmp_path, [str(box)], TERMS).close()


def test_a_removed_journal_leaves_nothing_and_the_next_begins_anew(tmp_path: Path, box: Path) -> None:
    with Journal(tmp_path, [str(box)], TERMS) as journal:
        journal.remove()
        with Journal(tmp_path, [str(box)], TERMS) as other:
            assert other.kept == 0
            other.remove()
    assert list((tmp_path / "runs").iterdir()) == []


def test_only_its_owner_can_read_it(tmp_path: Path, box: Path) -> None:
    old = os.umask(0)
    try:
        with Journal(tmp_path, [str(box)], TERMS) as journal:
            files = [journal.folder, *journal.folder.iterdir()]
            modes = {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in files}
    finally:
        os.umask(old)
    assert len(files) >= 2
    assert modes == {0}


def test_a_damaged_journal_is_refused_with_the_way_out(tmp_path: Path, box: Path) -> None:
    Run(tmp_path, box, stop_after=1)
    folder = journal_folder(tmp_path, [str(box)])
    (folder / "journal.sqlite").write_bytes(b"no database, but long enough to be one" * 100)
    assert terms_of(tmp_path, [str(box)]) is None
    with pytest.raises(JournalError, match=f"damaged .*rm -r {folder}"):
        Run(tmp_path, box)


def test_a_journal_that_was_only_begun_is_begun_again(tmp_path: Path, box: Path) -> None:
    folder = journal_folder(tmp_path, [str(box)])
    folder.mkdir(parents=True)
    (folder / "journal.sqlite").touch()
    assert Run(tmp_path, box).known == 0


def test_a_full_disk_stops_the_run_and_loses_nothing_of_what_was_kept(tmp_path: Path, box: Path) -> None:
    whole = uninterrupted(box)
    paths = [str(box)]
    with WorkerPool[Node](1, LIMITS, SETUP) as pool, Journal(tmp_path, paths, TERMS) as journal:
        driver = Driver(pool, FUNCTION, keep=journal.keep)
        items = driver.screen(journal.sources())
        next(items)
        journal.commit()
        full = journal._database.execute("PRAGMA page_count").fetchone()[0]
        journal._database.execute(f"PRAGMA max_page_count = {full}")
        journal._pending.append((9, b"", 1, "", bytes(1 << 20), b""))
        with pytest.raises(JournalError, match=r"full.*run the same command again"):
            journal.commit()
        journal._pending.pop()
    again = Run(tmp_path, box)
    assert again.known >= 1
    assert again.items == whole
