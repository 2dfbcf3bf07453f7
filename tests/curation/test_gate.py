"""The goodware gate: what it lets pass, what it holds back, and what it records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from partwatch.curation.gate import GATE_RATE, Gate
from partwatch.model.document import Medium
from partwatch.model.errors import HeldBackError, UsageError
from partwatch.watchlist.types import DesignEntry, GateReport, LookAlike, PartEntry, PartPrint

LOOK_ALIKES = tuple(LookAlike(f"shelf: pin {k}.stl", 1.99 - k / 10) for k in range(4))


def part(name: str, rate: float) -> PartEntry:
    """A part that flags so much: its report is read off its area."""
    prints = (PartPrint(np.zeros(8, np.float32), None, -1),)
    sizes = (1.0, 1.0, 1.0)
    return PartEntry(
        name, 1, True, None, f"{name}.stl", "0" * 64, Medium.MESH, 0.5, rate, sizes, 4, None, prints
    )


def design(name: str, *parts: PartEntry) -> DesignEntry:
    return DesignEntry(name, "Test", "a stand-in", date(2030, 1, 31), None, parts)


def report(part: PartEntry) -> GateReport:
    return GateReport(part.area_mm2, LOOK_ALIKES, "p1", "c1", date(2026, 2, 3))


def gate(most: float = GATE_RATE) -> Gate:
    return Gate(report, most, "p1+c1")


def test_what_passes_comes_through_with_its_reports_and_nothing_else_changed() -> None:
    entries = [design("a", part("x", 0.0), part("y", 1.0)), design("b", part("z", 0.5))]
    passed = list(gate().checked(entries, None))
    assert [[one.gate for one in entry.parts] for entry in passed] == [
        [report(one) for one in entry.parts] for entry in entries
    ]
    for before, after in zip(entries, passed, strict=True):
        bare = replace(after, parts=tuple(replace(one, gate=None) for one in after.parts))
        assert [vars(one) for one in bare.parts] == [vars(one) for one in before.parts]
        assert replace(bare, parts=()).__dict__ == replace(before, parts=()).__dict__


def test_parts_above_the_rate_are_all_named_at_the_end_with_the_mend() -> None:
    asked: list[str] = []

    def entries() -> Iterator[DesignEntry]:
        for entry in [
            design("good", part("x", 0.0)),
            design("pump", part("pin", 35.4), part("housing", 0.0), part("ball", 1234.0)),
            design("after", part("y", 0.0)),
            design("clock", part("bar", 1.01)),
        ]:
            asked.append(entry.name)
            yield entry

    given: list[DesignEntry] = []
    told: list[tuple[str, str]] = []
    checked = gate().checked(entries(), None, lambda design, part: told.append((design, part.name)))
    with pytest.raises(HeldBackError) as held:
        given.extend(checked)
    like = (
        "most like shelf: pin 0.stl (1.99 of 2); shelf: pin 1.stl (1.89 of 2); shelf: pin 2.stl (1.79 of 2)"
    )
    says = "would flag {} of 10,000 benign bodies, and 1 may pass: " + like
    assert held.value.problems == [
        f'design "clock", part "bar": {says.format("1.01")}',
        f'design "pump", part "pin": {says.format("35")}',
        f'design "pump", part "ball": {says.format("1,234")}',
    ]
    assert str(held.value).splitlines()[:3] == held.value.problems
    assert "--allow-generic REASON" in str(held.value).splitlines()[3]
    assert [entry.name for entry in given] == ["good"]
    assert asked == ["good", "pump", "after", "clock"]
    assert [name for _, name in told] == ["x", "pin", "housing", "ball", "y", "bar"]


def test_a_reason_is_recorded_with_the_parts_above_the_rate_only() -> None:
    (entry,) = gate(10).checked(
        [design("a", part("x", 10.0), part("pin", 10.5))], "asked for by the authority"
    )
    assert [one.gate and one.gate.allowed for one in entry.parts] == [None, "asked for by the authority"]


@pytest.mark.parametrize("reason", ["", "  ", "\u202eno", "x" * 10_001])
def test_a_reason_that_says_nothing_is_refused_before_anything_is_read(reason: str) -> None:
    def unread() -> Iterator[DesignEntry]:
        raise AssertionError("read")
        yield

    with pytest.raises(UsageError, match="--allow-generic: the reason "):
        list(gate().checked(unread(), reason))


def test_a_rate_that_is_no_number_does_not_pass() -> None:
    with pytest.raises(HeldBackError, match="would flag nan of"):
        list(gate().checked([design("a", part("x", float("nan")))], None))


def test_a_part_like_nothing_is_told_so() -> None:
    alone = Gate(lambda part: replace(report(part), look_alikes=()), 0.5, "p1+c1")
    with pytest.raises(HeldBackError, match="like no body of the background"):
        list(alone.checked([design("a", part("x", 1.0))], None))


def test_renewed_reports_keep_the_reason_and_hold_nothing_back() -> None:
    old = GateReport(50.0, (), "p0", "c0", date(2020, 1, 1), allowed="for the test")
    entries = [design("a", replace(part("pin", 35.0), gate=old), part("ring", 35.0), part("x", 0.0))]
    (entry,) = gate().renewed(entries)
    pin, ring, plain = entry.parts
    assert pin.gate == replace(report(pin), allowed="for the test")
    assert (ring.gate, plain.gate) == (report(ring), report(plain))
