"""What a curator is told of a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from watchlist_samples import design, gate_report, opened, part, without_geometry

from partwatch.watchlist.lint import Remark, Thresholds, lint_list
from partwatch.watchlist.types import DesignEntry

AS_OF = date(2026, 3, 1)
THRESHOLDS = Thresholds(soon_days=30, gate_version="p1+c1", gate_rate=1.0, generic_below=0.25)
FRESH = gate_report()


def remarks(home: Path, *entries: DesignEntry) -> list[Remark]:
    watchlist = opened(home)
    watchlist.add(entries)
    with watchlist.snapshot() as snapshot:
        return lint_list(snapshot, AS_OF, THRESHOLDS)


def test_a_list_in_order_has_no_remarks(tmp_path: Path) -> None:
    entries = [
        design(f"d{k}", part(k, gate=gate_report(rate)), expires=date(2026, 4, 1))
        for k, rate in enumerate([0.0, 0.5, 1.0])
    ]
    assert remarks(tmp_path, *entries) == []


def test_expiry_is_told_to_the_day(tmp_path: Path) -> None:
    days = {"gone": date(2026, 2, 28), "today": AS_OF, "soon": date(2026, 3, 31), "later": date(2026, 4, 1)}
    entries = [
        design(name, part(k, gate=FRESH), expires=day) for k, (name, day) in enumerate(days.items(), 4)
    ]
    assert remarks(tmp_path, *entries) == [
        Remark("expired", "gone", None, "expired on 2026-02-28 and matches no more; renew or remove it"),
        Remark("expires_soon", "soon", None, "expires on 2026-03-31; renew it in time"),
        Remark("expires_soon", "today", None, "expires on 2026-03-01; renew it in time"),
    ]


def test_parts_that_flag_too_much_are_told_with_the_reason_for_which_they_are_listed(tmp_path: Path) -> None:
    pin = part(1, name="pin", distinctiveness=0.9, gate=gate_report(35.2))
    ring = part(2, name="ring", gate=gate_report(1.01, allowed="wanted", look_alikes=()))
    plain_but_rare = part(4, distinctiveness=0.1, gate=FRESH)
    found = remarks(tmp_path, design("d", pin, ring, plain_but_rare))
    flags = "is a generic shape (flags {} of 10,000 benign bodies, above 1; "
    allowed = "; listed all the same: wanted"
    harm = ": it will match much that is harmless and carry little weight"
    assert [(one.code, one.design, one.part, one.message) for one in found] == [
        ("generic_part", "d", "pin", f"{flags.format(35)}most like shelf: hook.stl (1.75 of 2)){harm}"),
        ("generic_part", "d", "ring", f"{flags.format(1.01)}like no body of the background){harm}{allowed}"),
    ]


def test_without_a_report_distinctiveness_tells(tmp_path: Path) -> None:
    found = remarks(
        tmp_path,
        design("d", part(1, distinctiveness=0.2, gate=None), part(2, distinctiveness=0.3, gate=None)),
    )
    assert [(one.code, one.part) for one in found] == [
        ("generic_part", "part 1"),
        ("no_gate_report", "part 1"),
        ("no_gate_report", "part 2"),
    ]
    assert "distinctiveness 0.20, below 0.25" in found[0].message
    assert "`partwatch watchlist lint --refresh` makes it" in found[1].message


def test_parts_with_geometry_but_without_local_features_are_told(tmp_path: Path) -> None:
    bare = part(4, gate=FRESH, features=None)
    found = remarks(tmp_path, design("d", part(1, gate=FRESH), without_geometry(part(2, gate=FRESH)), bare))
    says = "has no local features, so pieces of it are not found; `partwatch watchlist refresh` makes them"
    assert found == [Remark("no_local_features", "d", "part 4", says)]


def test_a_report_of_another_population_or_calibration_is_stale(tmp_path: Path) -> None:
    reports = [FRESH, gate_report(population="p2"), gate_report(calibration="c2")]
    found = remarks(tmp_path, design("d", *(part(k, gate=report) for k, report in enumerate(reports))))
    assert [(one.code, one.part) for one in found] == [
        ("stale_gate_report", "part 1"),
        ("stale_gate_report", "part 2"),
    ]
    assert "made with p2+c1, now p1+c1" in found[0].message


def test_parts_in_several_designs_are_told_by_file_and_by_shape_once(tmp_path: Path) -> None:
    jaw = part(1, name="jaw", gate=FRESH)
    resaved = replace(jaw, name="resaved", sha256="ab" * 32)
    own_twice = part(9, name="twin", gate=FRESH)
    found = remarks(
        tmp_path,
        design("a", jaw, own_twice, replace(own_twice, name="twin two")),
        design("b", replace(jaw, name="jaw b")),
        design("c", resaved),
    )
    assert [(one.code, one.design, one.part, one.message) for one in found] == [
        ("same_file", "a", "jaw", 'is the same file as "b", "jaw b"'),
        ("same_file", "b", "jaw b", 'is the same file as "a", "jaw"'),
        ("same_shape", "c", "resaved", 'is the same shape as "a", "jaw"; "b", "jaw b"'),
    ]
