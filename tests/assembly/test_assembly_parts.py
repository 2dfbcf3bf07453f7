"""Slots, claims, covers, counts: the pieces that a hypothesis is made of."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from assembly_samples import item, plan, sighting
from hypothesis import given, settings
from hypothesis import strategies as st

from partwatch.assembly.claim import claims
from partwatch.assembly.cover import smallest_covers
from partwatch.assembly.plan import PlannedPart, plan_of
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.stream import Counted, Counts, Verdict, counted, rate, rate_beside
from partwatch.model.document import MatchFinding, Relation

POLICY = AssemblyPolicy()


def test_alternatives_share_a_slot() -> None:
    made = plan_of(
        "pump",
        [
            PlannedPart("arm", 2),
            PlannedPart("arm-short", alternative_to="arm"),
            PlannedPart("arm-tiny", alternative_to="arm-short"),
            PlannedPart("knob", required=False, alternative_to="nothing-of-the-list"),
        ],
    )
    assert [slot.names for slot in made.slots] == [("arm", "arm-short", "arm-tiny"), ("knob",)]
    assert made.slots[0].quantity == 2
    assert made.slot_of()["arm-tiny"] == 0
    assert not made.slots[1].required


def test_alternatives_to_each_other_are_one_slot() -> None:
    made = plan_of("pump", [PlannedPart("b", alternative_to="a"), PlannedPart("a", alternative_to="b")])
    assert [slot.names for slot in made.slots] == [("a", "b")]


def test_a_body_stands_for_one_slot_and_the_sum_is_greatest() -> None:
    both = item("one", sighting("p0", 0, 10.0), sighting("p1", 0, 9.0))
    other = item("two", sighting("p0", 0, 8.0))
    found = claims(plan(), [both, other])
    assert {(one.slot, one.item.key) for one in found} == {(0, "two"), (1, "one")}


def test_a_body_that_contains_two_parts_stands_for_both() -> None:
    fused = item(
        "one",
        sighting("p0", 0, relation=Relation.CONTAINS),
        sighting("p1", 0, relation=Relation.CONTAINS),
    )
    assert {one.slot for one in claims(plan(), [fused])} == {0, 1}


def test_no_more_copies_than_the_design_has() -> None:
    many = [item(f"i{k}", sighting("p0", bits=5.0 + k)) for k in range(6)]
    found = claims(plan(quantity=2), many)
    assert [one.item.key for one in found] == ["i5", "i4"]


def test_what_counts_against_stands_for_nothing() -> None:
    assert claims(plan(), [item("one", sighting("p0", bits=-1.0), sighting("p1", bits=0.0))]) == []


@settings(max_examples=60)
@given(st.data())
def test_claims_are_the_best_assignment(data: st.DataObject) -> None:
    """Held to trying every assignment of five bodies to three slots."""
    bits = [[data.draw(st.sampled_from([0.0, 1.0, 2.5, 4.0, 9.0, 12.0])) for _ in range(3)] for _ in range(5)]
    items = [
        item(f"i{body}", *(sighting(f"p{slot}", 0, told) for slot, told in enumerate(row)))
        for body, row in enumerate(bits)
    ]
    best = max(
        sum(bits[body][slot] for slot, body in enumerate(chosen))
        for chosen in itertools.permutations(range(5), 3)
    )
    assert sum(one.sighting.bits for one in claims(plan(parts=3), items)) == pytest.approx(best)


@settings(max_examples=80)
@given(
    st.dictionaries(
        st.sampled_from("abcdefgh"),
        st.dictionaries(st.integers(0, 4), st.integers(1, 2), min_size=1, max_size=3),
        min_size=1,
        max_size=7,
    )
)
def test_covers_are_the_smallest(holds: dict[str, dict[int, int]]) -> None:
    wanted: dict[int, int] = {}
    for own in holds.values():
        for slot, count in own.items():
            wanted[slot] = wanted.get(slot, 0) + count
    wanted = {slot: min(count, 3) for slot, count in wanted.items()}

    def covers(units: tuple[str, ...]) -> bool:
        return all(sum(holds[unit].get(slot, 0) for unit in units) >= n for slot, n in wanted.items())

    found = smallest_covers(holds, wanted)
    assert found.exact
    assert all(covers(units) for units in found.sets)
    size = len(found.sets[0])
    assert not any(covers(units) for units in itertools.combinations(sorted(holds), size - 1))


def test_many_units_are_covered_greedily_and_said_so() -> None:
    holds = {f"u{k:02d}": {k: 1} for k in range(30)} | {"all": dict.fromkeys(range(30), 1)}
    found = smallest_covers(holds, dict.fromkeys(range(30), 1))
    assert found.sets == (("all",),)
    assert not found.exact


def test_a_group_with_many_slots_is_no_measure_of_benign_ones() -> None:
    few = claims(plan(), [item("one", sighting("p0"), sighting("p1", 1))])
    many = claims(plan(), [item("one", *(sighting(f"p{k}", k) for k in range(4)))])
    assert counted(plan(), few, POLICY) == {"p0", "p1"}
    assert counted(plan(), many, POLICY) == frozenset()
    assert counted(plan(), many, POLICY, Verdict.RELEASED) == {"p0", "p1", "p2", "p3"}
    assert counted(plan(), few, POLICY, Verdict.CONFIRMED) == frozenset()


def test_candidates_do_not_count() -> None:
    seen = claims(plan(), [item("one", sighting("p0", finding=MatchFinding.CANDIDATE))])
    assert seen
    assert counted(plan(), seen, POLICY) == frozenset()


def test_rates_follow_the_counts_without_the_group_itself() -> None:
    stream = Counts()
    for _ in range(1000):
        stream.add_group(10)
    for _ in range(50):
        stream.add("clock", {"p0", "p1"})
    policy = replace(POLICY, presence=1e-5, presence_bodies=50_000)
    nobody, own = Counted(frozenset(), 0), Counted(frozenset({"p0", "p1"}), 10)
    assert rate(stream, "clock", "p0", nobody, policy) == pytest.approx(50.5 / 60_000)
    assert rate(stream, "clock", "p0", own, policy) == pytest.approx(49.5 / 59_990)
    assert rate(stream, "clock", "p2", nobody, policy) == pytest.approx(0.5 / 60_000)
    beside = rate_beside(stream, "clock", "p1", ["p0"], nobody, 0.001, POLICY)
    assert beside == pytest.approx((50 + 0.001) / 51)
    assert rate_beside(stream, "clock", "p1", ["p5"], nobody, 0.001, POLICY) == pytest.approx(0.001)


def test_thresholds_follow_the_allowed_alarms() -> None:
    assert POLICY.match_bits == pytest.approx(13.288, abs=1e-3)
    assert replace(POLICY, match_per_10000=10.0).match_bits == pytest.approx(POLICY.review_bits)
