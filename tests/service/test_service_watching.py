"""A watched folder: every file ends where it belongs, once, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from service_samples import Workers, clear

from partwatch.cli import main
from partwatch.model.document import Finding, ResultDocument
from partwatch.model.errors import UsageError
from partwatch.screening.answer import Answer
from partwatch.screening.driver import Driver
from partwatch.screening.expansion import Node
from partwatch.service.desk.terms import Bench
from partwatch.service.settings import Settings
from partwatch.service.watching import Folders, Moved, Watch, free_place, move, only_watcher
from partwatch.watchlist.store import Watchlist


class Pool(Workers):
    """Workers as a driver asks them."""

    def next_outcome(self) -> object:
        return self.outcome_within(None)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Watchlist.open(tmp_path / "home", create=True)
    return tmp_path / "home"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox" / "sub").mkdir(parents=True)
    return tmp_path / "inbox"


def finding(of: dict[str, Finding]) -> Callable[[Node], Answer]:
    def answer(node: Node) -> Answer:
        found = of.get(Path(node.expansion.source.path).name, Finding.CLEAR)
        complete = found is not Finding.UNSCREENABLE
        return Answer(item=clear(node).item.model_copy(update={"finding": found, "complete": complete}))

    return answer


def worked_off(watch: Watch, home: Path, answer: Callable[[Node], Answer]) -> list[Moved]:
    """One look long after everything was put there."""
    watch.settled(0.0)
    bench = Bench.set_up(home, Settings())
    try:
        ready = watch.settled(100.0)
        return list(watch.screen(ready, bench, lambda keep: Driver(Pool(answer), keep=keep)))  # type: ignore[arg-type]  # as a pool
    finally:
        bench.close()


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_is_clear_passes_and_all_else_is_held_with_a_report(home: Path, inbox: Path) -> None:
    for name in ("a.stl", "sub/b.stl", "c.stl", "d.stl", "new.stl.part"):
        (inbox / name).write_text(name)
    of = {"b.stl": Finding.MATCH, "c.stl": Finding.REVIEW, "d.stl": Finding.UNSCREENABLE}
    moved = worked_off(Watch(Folders.of(inbox)), home, finding(of))
    assert {one.path.name: one.finding for one in moved} == of | {"a.stl": Finding.CLEAR}
    held = [f"held/{name}{end}" for name in ("c.stl", "d.stl", "sub/b.stl")
            for end in ("", ".partwatch.html", ".partwatch.json")]  # fmt: skip
    assert files(inbox) == sorted([*held, "new.stl.part", "passed/a.stl"])
    assert (inbox / "held/sub/b.stl").read_text() == "sub/b.stl"
    report = (inbox / "held/sub/b.stl.partwatch.json").read_text()
    document = ResultDocument.model_validate_json(report)
    assert [(item.path, item.finding) for item in document.items] == [("sub/b.stl", Finding.MATCH)]
    assert document.header.as_of == date.today().isoformat()


def test_a_file_is_left_until_it_has_settled(inbox: Path) -> None:
    watch = Watch(Folders.of(inbox), settled_s=2.0)
    (inbox / "a.stl").write_text("1")
    assert watch.settled(10.0) == []
    assert watch.settled(11.9) == []
    (inbox / "a.stl").write_text("12")
    assert watch.settled(12.1) == []
    assert watch.settled(14.0) == []
    assert watch.settled(14.2) == [inbox / "a.stl"]


def test_what_changes_while_it_is_read_is_looked_at_anew(home: Path, inbox: Path) -> None:
    def answer(node: Node) -> Answer:
        (inbox / "a.stl").write_text("something else, and longer")
        return clear(node)

    (inbox / "a.stl").write_text("1")
    watch = Watch(Folders.of(inbox))
    (one,) = worked_off(watch, home, answer)
    assert one.place is None
    assert files(inbox) == ["a.stl"]
    (then,) = worked_off(watch, home, clear)
    assert then.place == inbox / "passed" / "a.stl"


def test_what_goes_while_it_is_read_is_no_trouble(home: Path, inbox: Path) -> None:
    def answer(node: Node) -> Answer:
        (inbox / "a.stl").unlink()
        return clear(node)

    (inbox / "a.stl").write_text("1")
    (one,) = worked_off(Watch(Folders.of(inbox)), home, answer)
    assert one.place is None
    assert files(inbox) == []


def test_nothing_that_lies_there_is_replaced(home: Path, inbox: Path) -> None:
    watch = Watch(Folders.of(inbox))
    for content in ("1", "2", "3"):
        (inbox / "a.stl").write_text(content)
        worked_off(watch, home, finding({"a.stl": Finding.MATCH}))
    held = {path.name: path.read_text() for path in (inbox / "held").glob("*.stl")}
    assert held == {"a.stl": "1", "a (2).stl": "2", "a (3).stl": "3"}
    assert len(list((inbox / "held").glob("*.partwatch.json"))) == 3


def test_the_report_of_a_killed_move_is_written_over_and_anothers_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.stl.partwatch.json").write_text('{"sha256": "abc"}')
    assert free_place(tmp_path / "a.stl", "abc") == tmp_path / "a.stl"
    assert free_place(tmp_path / "a.stl", "def") == tmp_path / "a (2).stl"


def test_onto_another_disk_a_file_is_moved_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("content")

    def refused(self: Path, target: Path) -> Path:
        raise OSError(18, "another disk")

    monkeypatch.setattr(Path, "rename", refused)
    move(tmp_path / "a", tmp_path / "b")
    assert files(tmp_path) == ["b"]
    assert (tmp_path / "b").read_text() == "content"


def test_folders_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        Folders.of(tmp_path / "none")
    with pytest.raises(UsageError, match="differ"):
        Folders.of(tmp_path, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        Folders.of(tmp_path, tmp_path / "file" / "x")


def test_two_watchers_do_not_share_a_folder(tmp_path: Path) -> None:
    with only_watcher(tmp_path), pytest.raises(UsageError, match="another"), only_watcher(tmp_path):
        pass


def test_the_command_works_off_what_is_there(
    home: Path, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from test_service_desk import tetrahedron, zipped

    (inbox / "good.stl").write_bytes(tetrahedron(20))
    (inbox / "z.zip").write_bytes(zipped())
    (inbox / "\x1b[31m.stl").write_bytes(b"")
    (inbox / "link.stl").symlink_to(inbox / "good.stl")
    assert main(["--home", str(home), "watch", str(inbox), "--once", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert "clear: good.stl" in out
    assert "unscreenable: z.zip" in out
    assert "\x1b" not in out
    assert os.path.lexists(inbox / "held" / "link.stl")
    assert not os.path.lexists(inbox / "good.stl")
    assert (inbox / "passed" / "good.stl").is_file()
    result = json.loads((inbox / "held" / "z.zip.partwatch.json").read_text())
    assert [item["member"] for item in result["items"]] == [None, "one.stl", "junk.stl"]


def test_without_a_list_nothing_is_moved(
    tmp_path: Path, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (inbox / "a.stl").write_text("1")
    assert main(["--home", str(tmp_path / "nowhere"), "watch", str(inbox), "--once"]) == 2
    assert "there is no watch-list here" in capsys.readouterr().err
    shutil.rmtree(inbox / "passed")
    shutil.rmtree(inbox / "held")
    assert files(inbox) == ["a.stl"]
