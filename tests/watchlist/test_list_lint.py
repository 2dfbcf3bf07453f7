"""What a curator is told of a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from watchlist_samples import design, opened, part

from partwatch.watchlist.lint import Remark, lint_list
from partwatch.watchlist.types import DesignEntry

AS_OF = date(2026, 3, 1)


def remarks(home: Path, *entries: DesignEntry) -> list[Remark]:
    watchlist = opened(home)
    watchlist.add(entries)
    with watchlist.snapshot() as snapshot:
        return lint_list(snapshot, AS_OF, soon_days=30, generic_below=0.25)


def test_a_list_in_order_has_no_remarks(tmp_path: Path) -> None:
    entries = [design(f"d{k}", part(k, distinctiveness=0.25), expires=date(2026, 4, 1)) for k in range(3)]
    assert remarks(tmp_path, *entries) == []


def test_expiry_is_told_to_the_day(tmp_path: Path) -> None:
    days = {"gone": date(2026, 2, 28), "today": AS_OF, "soon": date(2026, 3, 31), "later": date(2026, 4, 1)}
    entries = [
        design(name, part(k, distinctiveness=1.0), expires=day) for k, (name, day) in enumerate(days.items())
    ]
    assert remarks(tmp_path, *entries) == [
        Remark("expired", "gone", None, "expired on 2026-02-28 and matches no more; renew or remove it"),
        Remark("expires_soon", "soon", None, "expires on 2026-03-31; renew it in time"),
        Remark("expires_soon", "today", None, "expires on 2026-03-01; renew it in time"),
    ]


def test_generic_parts_are_told(tmp_path: Path) -> None:
    (remark,) = remarks(
        tmp_path, design("d", part(1, name="pin", distinctiveness=0.2), part(2, distinctiveness=0.3))
    )
    assert (remark.code, remark.design, remark.part) == ("generic_part", "d", "pin")
    assert "distinctiveness 0.20, below 0.25" in remark.message


def test_parts_in_several_designs_are_told_by_file_and_by_shape_once(tmp_path: Path) -> None:
    jaw = part(1, name="jaw", distinctiveness=0.9)
    resaved = replace(jaw, name="resaved", sha256="ab" * 32)
    own_twice = part(9, name="twin", distinctiveness=0.9)
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
