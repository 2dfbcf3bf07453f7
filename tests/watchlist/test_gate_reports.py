"""Gate reports in the list: kept, asked for, made anew, and no part of what is searched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from watchlist_samples import (
    LAYOUT,
    as_version,
    change,
    design,
    finished,
    gate_report,
    layout_of,
    many,
    opened,
    part,
    plain,
    process,
)

from partwatch.model.errors import StoreError
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import DesignEntry, GateReport, LookAlike, PrintLayout, gate_version

VERSION = gate_version("p1", "c1")
ODD = gate_report(
    0.1 + 0.2, look_alikes=(LookAlike("sh\u202elf: \x1b[2J\n.stl body 3", 1.9999999),), allowed="ü"
)


def with_reports(entry: DesignEntry, *reports: GateReport | None) -> DesignEntry:
    parts = zip(entry.parts, reports, strict=True)
    return replace(entry, parts=tuple(replace(one, gate=report) for one, report in parts))


def as_before(entry: DesignEntry) -> DesignEntry:
    """As version 1 can hold it."""
    return replace(entry, parts=tuple(replace(one, gate=None, features=None) for one in entry.parts))


def reports_of(watchlist: Watchlist) -> dict[str, GateReport | None]:
    """By part; the same whichever way they are read."""
    found = {one.name: one.gate for entry in watchlist.entries() for one in entry.parts}
    assert {one.name: one.gate for entry in watchlist.designs() for one in entry.parts} == found
    with watchlist.snapshot() as snapshot:
        names = [one.name for one in snapshot.parts]
        assert dict(zip(names, snapshot.gate_reports(), strict=True)) == found
    return found


def test_reports_are_kept_to_the_last_digit(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    entries = [
        with_reports(design("a", part(2), part(3)), None, ODD),
        design("b", part(5, gate=gate_report(0.0))),
    ]
    watchlist.add(entries)
    assert reports_of(watchlist) == {"part 2": None, "part 3": ODD, "part 5": gate_report(0.0)}
    assert [plain(entry) for entry in watchlist.entries()] == [plain(entry) for entry in entries]


def test_a_part_without_a_fresh_report_is_refused_where_one_is_asked_for(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    good = design("good", part(1, gate=gate_report()))
    bad = design(
        "bad",
        part(2, gate=None),
        part(3, gate=gate_report()),
        part(4, gate=gate_report(population="p0")),
        part(5, gate=gate_report(calibration="c0")),
    )
    with pytest.raises(StoreError) as refused:
        watchlist.add([good, bad], VERSION)
    mend = "; add it with `partwatch watchlist add`, which asks the goodware gate"
    stale = "its gate report is stale: it was made with population and calibration"
    assert str(refused.value).splitlines() == [
        f'design "bad": part "part 2": has no gate report{mend}',
        f'design "bad": part "part 4": {stale} p0+c1{mend}',
        f'design "bad": part "part 5": {stale} p1+c0{mend}',
    ]
    assert watchlist.counts().designs == 0
    watchlist.add([good], VERSION)
    watchlist.add([bad])
    assert watchlist.design_names() == ["bad", "good"]


@pytest.mark.parametrize(
    "report",
    [
        gate_report(float("nan")),
        gate_report(-0.1),
        gate_report(10_000.1),
        gate_report(look_alikes=(LookAlike("x", float("inf")),)),
        gate_report(look_alikes=(LookAlike("x", 1.0),) * 101),
        gate_report(look_alikes=(LookAlike("", 1.0),)),
        gate_report(look_alikes=(LookAlike("\udcff.stl", 1.0),)),
        gate_report(population=""),
        gate_report(allowed="x" * 10_001),
    ],
)  # fmt: skip
def test_a_report_that_says_nonsense_is_refused(tmp_path: Path, report: GateReport) -> None:
    watchlist = opened(tmp_path)
    with pytest.raises(StoreError, match='design "a": part "part 1": its gate report'):
        watchlist.add([design("a", part(1, gate=report))])
    assert watchlist.counts().designs == 0


def test_lists_of_the_same_designs_have_one_version_whatever_their_reports(tmp_path: Path) -> None:
    lists = [opened(tmp_path / str(k)) for k in range(3)]
    for watchlist, report in zip(lists, [None, gate_report(), ODD], strict=True):
        watchlist.add([design("a", part(1, gate=report))])
    assert len({watchlist.version() for watchlist in lists}) == 1
    assert [watchlist.verify().problems for watchlist in lists] == [()] * 3


def renewed(watchlist: Watchlist) -> Iterator[DesignEntry]:
    for entry in watchlist.entries():
        yield with_reports(entry, *(gate_report(9.0, calibration="c2") for _ in entry.parts))


def test_reports_are_replaced_at_once_and_the_search_goes_on(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 4))
    version = watchlist.version()
    with watchlist.snapshot() as before:
        assert watchlist.replace_reports(renewed(watchlist)) == 8
        found = set(reports_of(watchlist).values())
        assert found == {gate_report(9.0, calibration="c2")}
        with watchlist.snapshot() as after:
            assert after.key == before.key
        # Of the moment at which it was taken, like all else.
        assert before.gate_reports() == [part(k).gate for k in range(8)]
    assert watchlist.version() == version
    assert watchlist.verify().problems == ()
    cleared = [with_reports(entry, None, None) for entry in watchlist.entries(["d 1", "d 2"])]
    assert watchlist.replace_reports(cleared) == 0
    assert sum(report is None for report in reports_of(watchlist).values()) == 4


def test_a_design_that_changed_while_its_reports_were_made_is_left_alone(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add([design("kept", part(1)), design("gone", part(2)), design("changed", part(4))])
    entries = list(renewed(watchlist))
    watchlist.remove(["gone", "changed"])
    watchlist.add([design("changed", part(7))])
    assert watchlist.replace_reports(entries) == 1
    assert reports_of(watchlist) == {"part 1": gate_report(9.0, calibration="c2"), "part 7": part(7).gate}


def test_reports_that_cannot_all_be_made_leave_the_list_as_it_was(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 3))
    before = reports_of(watchlist)

    def failing() -> Iterator[DesignEntry]:
        yield from list(renewed(watchlist))[:2]
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        watchlist.replace_reports(failing())
    assert reports_of(watchlist) == before


def test_reports_go_through_a_backup(tmp_path: Path) -> None:
    watchlist = opened(tmp_path / "home")
    watchlist.add([design("a", part(1, gate=ODD), part(2, gate=None))])
    watchlist.backup(tmp_path / "b")
    Watchlist.restore(tmp_path / "other", tmp_path / "b", LAYOUT)
    assert reports_of(opened(tmp_path / "other")) == {"part 1": ODD, "part 2": None}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gate_reports SET look_alikes = '[1]'",
        "UPDATE gate_reports SET look_alikes = '{'",
        "UPDATE gate_reports SET made = 'today'",
    ],
)
def test_a_damaged_report_is_told_by_verify(tmp_path: Path, statement: str) -> None:
    watchlist = opened(tmp_path)
    watchlist.add([design("a", part(1))])
    change(watchlist, statement)
    (problem,) = watchlist.verify().problems
    assert problem.startswith('design "a": the list holds a damaged gate report')


def test_a_list_of_version_1_is_brought_up_to_date_in_place(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    bare = [as_before(entry) for entry in many("d", 3)]
    watchlist.add(bare)
    with watchlist.snapshot() as snapshot:
        key = snapshot.key
    version = watchlist.version()
    tables = as_version(watchlist, 1)
    assert layout_of(watchlist.path) == (1, tables)
    found = opened(tmp_path, create=False)
    assert layout_of(found.path) == (3, sorted([*tables, "gate_reports", "local_features"]))
    assert [plain(entry) for entry in found.entries()] == [plain(entry) for entry in bare]
    assert found.version() == version
    with found.snapshot() as snapshot:
        assert snapshot.key == key
    assert found.verify().problems == ()
    found.add([design("new", part(50, gate=ODD))])
    assert reports_of(found)["part 50"] == ODD
    found.remove(["new"])
    assert set(reports_of(opened(tmp_path)).values()) == {None}


def test_several_processes_may_open_a_list_of_version_1_at_once(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 1))
    as_version(watchlist, 1)
    children = [process("open_snapshot", tmp_path) for _ in range(3)]
    assert len({finished(child) for child in children}) == 1
    assert layout_of(watchlist.path)[0] == 3


def test_a_list_of_version_1_and_another_fingerprint_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    watchlist = opened(tmp_path)
    watchlist.add(many("d", 1))
    tables = as_version(watchlist, 1)
    with pytest.raises(StoreError, match=r"fingerprint samples-1.*this program compares other"):
        Watchlist.open(tmp_path, layout=PrintLayout("other", 8, 4))
    assert layout_of(watchlist.path) == (1, tables)


def test_a_backup_of_version_1_is_restored(tmp_path: Path) -> None:
    from partwatch.watchlist import backup

    watchlist = opened(tmp_path / "home")
    watchlist.add(many("d", 3))
    as_version(watchlist, 1)
    backup.write_backup(watchlist.path, tmp_path / "b")
    Watchlist.restore(tmp_path / "other", tmp_path / "b", LAYOUT)
    found = opened(tmp_path / "other", create=False)
    bare = [as_before(entry) for entry in many("d", 3)]
    assert [plain(entry) for entry in found.entries()] == [plain(entry) for entry in bare]
