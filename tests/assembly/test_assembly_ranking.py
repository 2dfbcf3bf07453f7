"""Groups against designs: what is found, what is not, and what explains it."""

from __future__ import annotations

from datetime import date

import pytest
from assembly_samples import item, plan, sighting

from partwatch.assembly.explain import explained
from partwatch.assembly.groups import groups_of, periods_of
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.ranking import Ranked, rank
from partwatch.assembly.sightings import Seen
from partwatch.model.assemblies import SlotStatus
from partwatch.model.document import MatchFinding

POLICY = AssemblyPolicy()
PLANS = {f"d{k}": plan(f"d{k}") for k in range(99)} | {"clock": plan()}


def ranked(items: list[Seen], plans: dict[str, DesignPlan] = PLANS) -> list[Ranked]:
    return rank(items, plans, POLICY, {}, 30)[0]


def of_group(found: list[Ranked], kind: str, value: str) -> list[Ranked]:
    return [one for one in found if one.group == (kind, value)]


def seller(parts: int, parcels: int = 1) -> list[Seen]:
    return [
        item(f"i{k}", sighting(f"p{k}"), groups=(("account", "a"), ("parcel", f"x{k // parcels}")))
        for k in range(parts)
    ]


def test_three_of_nine_parts_are_held_together_and_one_is_not() -> None:
    assert of_group(ranked(seller(3)), "account", "a")[0].hypothesis.finding is MatchFinding.MATCH
    assert of_group(ranked(seller(1)), "account", "a") == []


def test_generic_parts_add_next_to_nothing() -> None:
    plain = [item(f"i{k}", sighting(f"p{k}", bits=0.5)) for k in range(4)]
    found = of_group(ranked(plain), "account", "a")[0].hypothesis
    assert found.finding is MatchFinding.CANDIDATE
    assert found.bits < 0


def test_what_many_benign_groups_hold_together_is_no_news() -> None:
    households = [
        item(f"h{n}.{part}", sighting(part), groups=(("account", f"h{n}"),))
        for n in range(60)
        for part in ("p0", "p1")
    ]
    alone = of_group(ranked(seller(2)), "account", "a")[0].hypothesis
    beside = of_group(ranked(seller(2) + households), "account", "a")[0].hypothesis
    assert beside.bits < alone.bits - 8
    assert beside.finding is MatchFinding.CANDIDATE
    # Parts that these households do not hold say as much as ever.
    other = [item(f"o{k}", sighting(f"p{k}"), groups=(("account", "b"),)) for k in (4, 5, 6)]
    assert of_group(ranked(other + households), "account", "b")[0].hypothesis.finding is MatchFinding.MATCH


def test_other_sellers_of_the_same_design_do_not_hide_one() -> None:
    others = [
        item(f"s{n}.{k}", sighting(f"p{k}"), groups=(("account", f"s{n}"),))
        for n in range(40)
        for k in range(5)
    ]
    found = of_group(ranked(seller(5) + others), "account", "a")[0].hypothesis
    assert found.finding is MatchFinding.MATCH


def test_a_large_group_says_less() -> None:
    small = of_group(ranked(seller(3)), "account", "a")[0].hypothesis.bits
    crowd = [item(f"c{k}", bodies=100) for k in range(50)]
    assert of_group(ranked(seller(3) + crowd), "account", "a")[0].hypothesis.bits < small - 10


def test_the_order_of_arrival_does_not_matter() -> None:
    items = seller(5, 2)
    there = [(one.group, one.hypothesis.bits, one.beyond) for one in ranked(items)]
    back = [(one.group, one.hypothesis.bits, one.beyond) for one in ranked(items[::-1])]
    assert there == back


def test_a_part_of_two_designs_is_not_counted_twice() -> None:
    plans = {"clock": plan(), "copy": plan("copy")}
    both = [
        item(f"i{k}", sighting(f"p{k}", bits=14.0), sighting(f"p{k}", bits=13.0, design="copy"))
        for k in range(4)
    ]
    first, second = of_group(ranked(both, plans), "account", "a")
    assert (first.hypothesis.plan.name, second.hypothesis.plan.name) == ("clock", "copy")
    assert first.beyond == first.hypothesis.bits
    assert second.beyond < 0 < second.hypothesis.bits


def test_designs_and_kinds_that_were_tried_are_paid_for() -> None:
    few = of_group(ranked(seller(3), {"clock": plan()}), "account", "a")[0].hypothesis.bits
    many = of_group(ranked(seller(3)), "account", "a")[0].hypothesis.bits
    assert few - many == pytest.approx(6.64, abs=0.01)


def test_an_explanation_tells_what_each_parcel_adds_and_hides_what_is_missing() -> None:
    found = of_group(ranked(seller(4, 2)), "account", "a")[0]
    told = explained(found.hypothesis, found.group, found.beyond, lambda kind, value: f"<{value}>", False)
    assert (told.parts_found, told.parts, told.units_by) == (4, 9, "parcel")
    assert told.group == "<a>"
    assert {one.unit for one in told.without} == {"<x0>", "<x1>"}
    assert all(one.bits < told.bits - 8 for one in told.without)
    assert told.minimal_sets == (("<x0>", "<x1>"),)
    missing = [slot for slot in told.slots if slot.status is SlotStatus.MISSING]
    assert len(missing) == 5
    assert all(slot.name is None for slot in missing)
    named = explained(found.hypothesis, found.group, found.beyond, lambda kind, value: value, True)
    assert {slot.name for slot in named.slots} == {f"p{k}" for k in range(9)}


def test_without_a_slot_a_group_that_does_not_count_stays_out_of_the_counts() -> None:
    """With a slot less it would hold few enough to count; what is counted is what it really holds."""
    found = of_group(ranked(seller(4)), "account", "a")[0].hypothesis
    assert found.without(["i0"]).bits < found.bits
    assert found.without_slot(3).bits == pytest.approx(found.without(["i3"]).bits, abs=2)


def test_days_belong_to_one_stretch_of_each_kind() -> None:
    (first, one), (second, other) = periods_of(date(2026, 3, 1))
    assert (first, second) == ("period", "period-2")
    assert one != other
    for _, stretch in ((first, one), (second, other)):
        begin, end = (date.fromisoformat(day) for day in stretch.split("/"))
        assert begin <= date(2026, 3, 1) <= end
        assert (end - begin).days == 29
    timed = item("i", day=date(2026, 3, 1))
    assert [kind for kind, _ in groups_of(timed)] == ["account", "period", "period-2", "all"]
