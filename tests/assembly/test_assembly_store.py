"""The store: the same as in memory, whatever the order; forgets; keeps names apart."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from assembly_samples import item, plan, sighting

from partwatch.assembly import counting
from partwatch.assembly.claim import MOST_RIVALS
from partwatch.assembly.plan import DesignPlan, PlannedPart, plan_of
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.ranking import Ranked, rank
from partwatch.assembly.sightings import Seen
from partwatch.assembly.store import Arrival, AssemblyStore
from partwatch.assembly.stream import Verdict
from partwatch.assembly.tables import SIGHTINGS
from partwatch.model.document import MatchFinding, Relation
from partwatch.model.errors import StoreError, UsageError

DAY = date(2026, 6, 1)
PLANS = {f"d{k}": plan_of(f"d{k}", [PlannedPart(f"p{n}", 1 + n % 2) for n in range(2 + k)]) for k in range(4)}


def arrivals(count: int, seed: int = 0) -> list[Arrival]:
    chance = random.Random(seed)
    made = []
    for number in range(count):
        seen = []
        for body in range(chance.choice([0, 1, 1, 2])):
            design = chance.choice(list(PLANS))
            part = chance.choice(PLANS[design].slots).name
            seen.append(
                sighting(
                    part, body, chance.uniform(-2, 15), design, chance.choice(list(MatchFinding)),
                    chance.choice([Relation.SAME_SHAPE, Relation.CONTAINS]),
                )
            )  # fmt: skip
        groups = ("account", f"a{chance.randrange(9)}"), ("parcel", f"x{number // 3}")
        day = date(2026, 3, 1) + timedelta(days=chance.randrange(60))
        made.append(Arrival(item(f"{seed}.{number}", *seen, groups=groups, day=day), "00"))
    return made


def told(ranked: list[Ranked]) -> list[tuple[object, ...]]:
    return [
        (one.group, one.hypothesis.plan.name, round(one.hypothesis.bits, 9), round(one.beyond, 9),
         len(one.hypothesis.claimed), one.hypothesis.holdings.count)
        for one in ranked
    ]  # fmt: skip


def in_memory(store: AssemblyStore, arrived: list[Arrival]) -> list[tuple[object, ...]]:
    items: dict[str, Seen] = {}
    for arrival in arrived:
        seen, _ = store.pseudonymous(arrival)
        items[seen.key] = seen
    return told(rank(items.values(), PLANS, store.policy, {}, 30)[0])


def test_the_store_says_what_memory_says_in_any_order_and_after_forgetting(tmp_path: Path) -> None:
    arrived, strangers = arrivals(60), arrivals(25, seed=1)
    store = AssemblyStore.open(tmp_path)
    mixed = arrived[::-1] + strangers
    random.Random(2).shuffle(mixed)
    store.add(mixed[:40], PLANS, DAY)
    taken = store.add(mixed[40:] + mixed[:10], PLANS, DAY)
    assert taken.known == 10
    assert store.counts()[0] == 85
    keys = [store.pseudonymous(one)[0].key for one in strangers]
    assert store.forget([*keys, "nothing"], PLANS) == 25
    expected = in_memory(store, arrived)
    assert len(expected) > 20
    assert told(store.ranked(PLANS)) == expected


def test_a_changed_design_is_counted_anew(tmp_path: Path) -> None:
    arrived = arrivals(40)
    store = AssemblyStore.open(tmp_path)
    store.add(arrived, PLANS, DAY)
    fewer = {name: one for name, one in PLANS.items() if name != "d3"}
    assert not any(one.hypothesis.plan.name == "d3" for one in store.ranked(fewer))
    assert told(store.ranked(PLANS)) == in_memory(store, arrived)


def test_only_what_was_touched_is_told(tmp_path: Path) -> None:
    store = AssemblyStore.open(tmp_path)
    store.add(arrivals(40), PLANS, DAY)
    touched = store.add(
        [Arrival(item("new", sighting("p0", design="d0"), sighting("p1", 1, design="d0"),
                      groups=(("account", "fresh"),)), None)],
        PLANS, DAY,
    ).touched  # fmt: skip
    groups = {one.group for one in store.ranked(PLANS, touched)}
    assert groups == {("all", "all"), ("account", store.pseudonyms.of_group("account", "fresh"))}


def test_what_was_kept_for_its_time_is_forgotten(tmp_path: Path) -> None:
    store = AssemblyStore.open(tmp_path)
    assert store.retention_days == 365
    store.add(arrivals(10), PLANS, DAY)
    store.add(arrivals(10, seed=4), PLANS, DAY + timedelta(days=200))
    assert store.retire(DAY + timedelta(days=366), PLANS) == 10
    store.keep_for(30)
    assert store.retire(DAY + timedelta(days=366), PLANS) == 10
    assert store.counts() == (0, 0)
    assert store.ranked(PLANS) == []
    assert all(size.groups == 0 for size in store.sizes())


def test_names_lie_in_one_place_and_go_with_the_last_item(tmp_path: Path) -> None:
    store = AssemblyStore.open(tmp_path)
    arrived = [Arrival(item("one", sighting("p0", design="d0"), groups=(("account", "Ada Example"),)), None)]
    store.add(arrived, PLANS, DAY)
    value = store.pseudonyms.of_group("account", "Ada Example")
    assert "Ada" not in value
    assert store.escalate(("account", value), "case 7", DAY) == "Ada Example"
    with pytest.raises(UsageError, match="no such group"):
        store.escalate(("account", "0" * 16), "case 7", DAY)
    store.forget([store.pseudonymous(arrived[0])[0].key], PLANS)
    with pytest.raises(UsageError, match="no such group"):
        store.escalate(("account", value), "case 7", DAY)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "assembly").iterdir())
    assert b"Ada" not in kept


def test_another_home_has_other_pseudonyms(tmp_path: Path) -> None:
    one, other = (AssemblyStore.open(tmp_path / name).pseudonyms for name in "ab")
    assert one.of_group("account", "x") != other.of_group("account", "x")
    assert one.of_group("account", "x") == AssemblyStore.open(tmp_path / "a").pseudonyms.of_group(
        "account", "x"
    )
    assert one.of_item("a", "bc") != one.of_item("ab", "c")


def test_a_person_s_verdict_changes_what_counts(tmp_path: Path) -> None:
    plans = {"clock": plan()}
    store = AssemblyStore.open(tmp_path)
    for who in ("a", "b"):
        items = [item(f"{who}{k}", sighting(f"p{k}"), groups=(("account", who),)) for k in range(4)]
        store.add([Arrival(one, None) for one in items], plans, DAY)
    group = "account", store.pseudonyms.of_group("account", "a")
    other = "account", store.pseudonyms.of_group("account", "b")

    def bits() -> float:
        return next(one.hypothesis.bits for one in store.ranked(plans) if one.group == other)

    before = bits()
    store.judge(group, "clock", Verdict.RELEASED, "a clock club", plans, DAY)
    released = bits()
    assert released < before - 3
    store.judge(group, "clock", Verdict.CONFIRMED, "looked at", plans, DAY)
    assert bits() == pytest.approx(before)
    with pytest.raises(UsageError, match="holds nothing"):
        store.judge(("account", "nobody"), "clock", Verdict.RELEASED, "x", plans, DAY)


def test_nothing_is_added_where_one_fails(tmp_path: Path) -> None:
    store = AssemblyStore.open(tmp_path)

    def broken() -> object:
        yield arrivals(1)[0]
        raise RuntimeError("power")

    with pytest.raises(RuntimeError):
        store.add(broken(), PLANS, DAY)  # type: ignore[arg-type]  # an iterator is what breaks in the middle
    assert store.counts() == (0, 0)


def test_two_processes_add_at_once_and_lose_nothing(tmp_path: Path) -> None:
    AssemblyStore.open(tmp_path)
    script = (
        "import sys; from pathlib import Path; from test_assembly_store import *\n"
        "store = AssemblyStore.open(Path(sys.argv[1]))\n"
        "for one in arrivals(12, seed=int(sys.argv[2])): store.add([one], PLANS, DAY)\n"
    )
    here = Path(__file__).parent
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"import sys; sys.path.insert(0, {str(here)!r}); {script}",
                str(tmp_path),
                str(seed),
            ],
            cwd=here,
        )
        for seed in (5, 6)
    ]
    assert [one.wait(120) for one in running] == [0, 0]
    store = AssemblyStore.open(tmp_path)
    assert store.counts()[0] == 24
    assert told(store.ranked(PLANS)) == in_memory(store, arrivals(12, seed=5) + arrivals(12, seed=6))


def test_a_file_that_is_no_store_is_said_so(tmp_path: Path) -> None:
    folder = tmp_path / "assembly"
    folder.mkdir()
    (folder / "assembly.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"assembly\.sqlite"):
        AssemblyStore.open(tmp_path)
    (folder / "pseudonyms.key").write_bytes(b"short")
    with pytest.raises(StoreError, match="no key"):
        AssemblyStore.open(tmp_path)


def test_large_groups_are_weighed_by_their_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a group is too large to be read at once, the outcome is the same."""
    arrived = arrivals(50)
    store = AssemblyStore.open(tmp_path, AssemblyPolicy())
    monkeypatch.setattr("partwatch.assembly.counting._SMALL", 3)
    store.add(arrived, PLANS, DAY)
    assert told(store.ranked(PLANS)) == in_memory(store, arrived)


def test_a_plate_of_a_thousand_pins_stays_small(tmp_path: Path) -> None:
    plans = {"clock": plan(quantity=90)}
    pins = [sighting("p0", body, 5.0 + body / 1000) for body in range(1000)]
    plate = item("plate", *pins, sighting("p1", 1000))
    store = AssemblyStore.open(tmp_path)
    store.add([Arrival(plate, None)], plans, DAY)
    # Two groups, the best of the pins and the other part.
    with store._reading() as connection:
        assert counting.count_of(connection, SIGHTINGS) == 2 * (2 * MOST_RIVALS + 1)
    seen, _ = store.pseudonymous(Arrival(plate, None))
    assert told(store.ranked(plans)) == told(rank([seen], plans, store.policy, {}, 30)[0])


def test_designs_of_one_part_are_told(tmp_path: Path) -> None:
    plans: dict[str, DesignPlan] = {"clock": plan(parts=1), "other": plan("other")}
    store = AssemblyStore.open(tmp_path)
    store.add([Arrival(item("one", sighting("p0")), None)], plans, DAY)
    assert {one.hypothesis.plan.name for one in store.ranked(plans)} == {"clock"}
