"""Whatever one file does, every file has its item, in order, and the finding fails closed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Limits, WorkerPool
from partwatch.model.document import Finding, Item
from partwatch.screening.driver import Driver, LookAhead
from partwatch.screening.expansion import Node
from partwatch.screening.walk import Source, walk

FUNCTION = "screening_jobs:screen_file"
SETUP = "screening_jobs:setup"
LIMITS = Limits(timeout_s=2, memory_mb=1000, output_bytes=1 << 20)


def no_stdin() -> str:
    raise AssertionError("stdin was not asked for")


def write(folder: Path, files: dict[str, Any]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))


def screen(
    folder: Path,
    jobs: int = 2,
    limits: Limits = LIMITS,
    look_ahead: LookAhead | None = None,
    read_limits: ReadLimits | None = None,
) -> list[Item]:
    """The items of a folder, their paths relative to it."""
    with WorkerPool[Node](jobs, limits, SETUP) as pool:
        driver = Driver(pool, FUNCTION, look_ahead or LookAhead(), read_limits or ReadLimits())
        items = list(driver.screen(walk([str(folder)], no_stdin)))
    return [item.model_copy(update={"path": os.path.relpath(item.path, folder)}) for item in items]


def named(items: list[Item]) -> dict[str, Item]:
    return {item.path if item.member is None else f"{item.path}!{item.member}": item for item in items}


def codes(item: Item) -> list[str]:
    return [reason.code for reason in item.reasons]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("abort", "crashed", "SIGABRT"),
        ("segfault", "crashed", "SIGSEGV"),
        ("hang", "timeout", "raise --timeout"),
        ("eat", "memory", "raise --max-memory"),
        ("long", "output", "limit of 1,048,576"),
        ("junk", "error", "cannot be read"),
        ("fail", "error", "ValueError: odd"),
        ("unreadable", "damaged", "cut short at byte 7: transfer it again"),
        ("nolist", "watchlist", "the list is gone"),
    ],
)
def test_a_file_that_fails_is_unscreenable_with_its_reason(
    tmp_path: Path, content: str, code: str, words: str
) -> None:
    write(tmp_path, {"a.stl": "clear", "b.stl": content, "c.stl": "match"})
    first, failed, last = screen(tmp_path)
    assert (first.finding, last.finding) == (Finding.CLEAR, Finding.MATCH)
    assert (failed.path, failed.member) == ("b.stl", None)
    assert (failed.finding, failed.complete, failed.bodies) == (Finding.UNSCREENABLE, False, ())
    assert codes(failed) == [code]
    assert words in failed.reasons[0].message
    assert failed.sha256 == hashlib.sha256(content.encode()).hexdigest()


def test_what_a_reader_prints_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"a.stl": "print"})
    assert [item.finding for item in screen(tmp_path)] == [Finding.CLEAR]


HARD = {
    "01/a.stl": "hang",
    "01.stl": "abort",
    "02.zip": {
        "x.stl": "clear",
        "in.zip": {"deep.stl": "segfault", "deeper.zip": {"y": "match"}},
        "z": "review",
    },
    "03": "clear",
    "04.zip": {},
    "05": "unreadable",
    **{f"06/{number:02}": "clear" for number in range(40)},
}


def test_the_items_are_the_same_for_any_number_of_jobs(tmp_path: Path) -> None:
    write(tmp_path, HARD)
    one = screen(tmp_path, jobs=1)
    assert screen(tmp_path, jobs=3) == one
    assert screen(tmp_path, jobs=2, look_ahead=LookAhead(1, 1)) == one
    assert [key for key in named(one) if not key.startswith("06")] == [
        "01.stl",
        "01/a.stl",
        "02.zip",
        "02.zip!x.stl",
        "02.zip!in.zip",
        "02.zip!in.zip/deep.stl",
        "02.zip!in.zip/deeper.zip",
        "02.zip!in.zip/deeper.zip/y",
        "02.zip!z",
        "03",
        "04.zip",
        "05",
    ]


def test_an_archive_is_as_bad_as_the_worst_of_its_members(tmp_path: Path) -> None:
    write(tmp_path, HARD)
    items = named(screen(tmp_path))
    outer, inner, deeper = (items[key] for key in ("02.zip", "02.zip!in.zip", "02.zip!in.zip/deeper.zip"))
    assert (outer.finding, outer.complete) == (Finding.MATCH, False)
    assert (inner.finding, inner.complete) == (Finding.MATCH, False)
    assert (deeper.finding, deeper.complete) == (Finding.MATCH, True)
    assert codes(outer) == ["member_match", "member_review", "members_incomplete"]
    assert outer.reasons[2].message.startswith("1 of its 3 members")
    assert items["02.zip!x.stl"].finding is Finding.CLEAR
    assert (items["02.zip!in.zip/deep.stl"].finding, codes(items["02.zip!in.zip/deep.stl"])) == (
        Finding.UNSCREENABLE,
        ["crashed"],
    )


def test_an_archive_of_clear_members_is_clear(tmp_path: Path) -> None:
    write(tmp_path, {"a.zip": {"x": "clear", "y": "clear"}, "b.zip": {"x": "clear", "y": "incomplete"}})
    items = named(screen(tmp_path))
    assert (items["a.zip"].finding, items["a.zip"].complete, items["a.zip"].reasons) == (
        Finding.CLEAR,
        True,
        (),
    )
    assert (items["b.zip"].finding, items["b.zip"].complete) == (Finding.UNSCREENABLE, False)
    assert codes(items["b.zip"]) == ["members_incomplete"]


def test_archives_nest_only_so_deep(tmp_path: Path) -> None:
    nested: Any = "match"
    for _ in range(4):
        nested = {"in": nested}
    write(tmp_path, {"a.zip": nested})
    items = screen(tmp_path, read_limits=ReadLimits(max_depth=2))
    assert [item.member for item in items] == [None, "in", "in/in"]
    assert [item.complete for item in items] == [False] * 3
    assert codes(items[2]) == ["limit"]
    assert "2 deep" in items[2].reasons[0].message


def test_members_of_different_archives_are_never_shown_alike(tmp_path: Path) -> None:
    write(tmp_path, {"a.zip": {"a": {"b/c": "clear"}, "a/b": {"c": "match"}, "x": {"x": {"x": "clear"}}}})
    items = screen(tmp_path)
    members = [item.member for item in items]
    assert members == [None, "a", "a/b/c", "a/b", "a/b/c (entry 5)", "x", "x/x", "x/x/x"]
    assert items[4].finding is Finding.MATCH


@pytest.mark.parametrize("jobs", [1, 3])
def test_which_members_fall_to_the_limit_does_not_depend_on_speed(tmp_path: Path, jobs: int) -> None:
    slow = {str(number): "hang" if number == 0 else "clear" for number in range(4)}
    fast = {str(number): "clear" for number in range(4)}
    write(tmp_path, {"a.zip": {"wait": "hang", "slow.zip": slow, "fast.zip": fast}})
    items = named(screen(tmp_path, jobs=jobs, read_limits=ReadLimits(max_members=9)))
    assert [key for key in items if "slow.zip/" in key] == [f"a.zip!slow.zip/{n}" for n in range(4)]
    assert [key for key in items if "fast.zip/" in key] == []
    assert codes(items["a.zip!fast.zip"]) == ["limit"]
    assert items["a.zip!fast.zip"].finding is Finding.UNSCREENABLE


def test_items_are_handed_out_as_soon_as_all_before_them_are(tmp_path: Path) -> None:
    go = tmp_path / "go"
    write(tmp_path / "in", {"a": "clear", "b": f"wait {go}", "c": "clear"})
    with WorkerPool[Node](2, Limits(timeout_s=60)) as pool:
        items = Driver(pool, FUNCTION).screen(walk([str(tmp_path / "in")], no_stdin))
        assert Path(next(items).path).name == "a"
        go.touch()
        assert [Path(item.path).name for item in items] == ["b", "c"]


def test_nothing_is_taken_beyond_the_look_ahead(tmp_path: Path) -> None:
    go = tmp_path / "go"
    write(tmp_path, {"slow": f"wait {go}", "fast": "clear"})
    taken = 0

    def endless() -> Iterator[Source]:
        nonlocal taken
        while True:
            taken += 1
            if taken == 50:
                go.touch()
            yield Source(str(tmp_path / ("slow" if taken == 1 else "fast")), str(taken))

    with WorkerPool[Node](2, Limits(timeout_s=60)) as pool:
        items = Driver(pool, FUNCTION, LookAhead(max_sources=50)).screen(endless())
        for number in range(1, 100):
            assert next(items).path == str(number)
            assert taken < number + 50


def test_many_sources_that_are_not_opened_need_no_worker(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number:03}").symlink_to("nowhere")
    items = screen(tmp_path)
    assert [item.path for item in items] == [f"{number:03}" for number in range(100)]
    assert {(item.finding, item.complete, *codes(item)) for item in items} == {
        (Finding.UNSCREENABLE, False, "not_a_file")
    }


def test_no_sources_no_items(tmp_path: Path) -> None:
    assert screen(tmp_path) == []
