"""Assemblies over what stands in a case: groups, what each rests on, and what falls with a source."""

from __future__ import annotations

from pathlib import Path

import pytest
import screened
from screened import DAY, PARTS, PLANS, say

from partwatch.assembly.plan import PlannedPart, plan_of
from partwatch.assembly.sightings import Seen
from partwatch.assembly.store import Arrival, AssemblyStore
from partwatch.assembly.stream import Counts
from partwatch.case.assemblies import (
    BaseRates,
    CaseTelling,
    ListedPlans,
    assemblies_of,
    base_rates,
    difference,
)
from partwatch.case.imports import results
from partwatch.case.imports.results_examples import DESIGN, digest, header, item, match, ndjson
from partwatch.case.imports.said import Speaker
from partwatch.case.statements import Statement, keyed, record_key
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Verdict
from partwatch.case.view import view_of
from partwatch.model.case_assemblies import CaseAssembliesDocument
from partwatch.model.document import Item
from partwatch.report.case_assemblies_text import changes, lines

TELLING = CaseTelling(DAY, limit=1_000)
ITEMS = [keyed("Item", digest(k)) for k in range(20)]


def told(
    store: CaseStore, without: tuple[int, ...] = (), rates: BaseRates | None = None
) -> CaseAssembliesDocument:
    return assemblies_of(view_of(store, without), PLANS, rates or BaseRates(), TELLING)


def of_result(folder: Path, *items: Item, list_version: str = "e" * 64) -> list[Statement]:
    path = folder / "result"
    path.write_bytes(ndjson(*items, head=header(watchlist=list_version)))
    return screened.read(results.IMPORTER, path).statements


def parcel(number: str) -> str:
    return keyed("Parcel", number)


def parcels(*numbers: str) -> list[Statement]:
    """A table that says in which parcel each item came."""
    said = []
    for k, number in enumerate(numbers):
        said.append(say(parcel(number), "Parcel", "trackingNumber", number))
        said.append(say(ITEMS[k], "Item", "parcel", parcel(number)))
    return said


@pytest.fixture
def store(tmp_path: Path) -> CaseStore:
    """Three parts of the pump in three files of three folders, and a clear one."""
    store = screened.case(tmp_path / "case")
    items = [item(f"{k}/a.stl", digest(k), [match(part)]) for k, part in enumerate(PARTS[:3])]
    screened.take(store, "result", of_result(tmp_path, *items, item("9/clear.stl", digest(9), [])))
    return store


def groups(document: CaseAssembliesDocument) -> dict[tuple[str, str], int]:
    """Parts found, by kind and name of each group that was told, those of the same bodies too."""
    found = {}
    for one in document.assemblies:
        for group in ((one.assembly.kind, one.assembly.group), *one.assembly.also):
            found[group] = one.assembly.parts_found
    return found


def test_all_items_of_a_case_are_one_group_and_the_rest_is_what_is_said(store: CaseStore) -> None:
    document = told(store)
    assert groups(document) == {("all", "all"): 3}
    (one,) = document.assemblies
    assert one.assembly.bits > 13.3
    assert (one.assembly.items, one.assembly.bodies, one.sources) == (4, 4, (1,))
    said = store.by_number([number for claim in one.claims for number in claim.statements])
    assert {(said.statement.schema, said.source) for said in said} == {("Match", 1)}
    assert {one.statement.value for one in said if one.statement.prop == "part"} == set(PARTS[:3])


def test_a_case_without_items_or_without_plans_says_so(tmp_path: Path, store: CaseStore) -> None:
    empty = told(screened.case(tmp_path / "empty"))
    assert (empty.assemblies, empty.base.note) == ((), "no item stands in the case")
    unplanned = assemblies_of(view_of(store), ListedPlans(), BaseRates(), TELLING)
    assert (unplanned.assemblies, unplanned.unplanned) == ((), (DESIGN,))


@pytest.mark.parametrize(
    ("kind", "statements"),
    [
        ("parcel", [say(one, "Item", "parcel", parcel("RB1")) for one in ITEMS[:3]]),
        ("parcel", [say(parcel("RB1"), "Parcel", "contents", one) for one in ITEMS[:3]]),
        ("exhibit", [say(one, "Item", "exhibit", keyed("Exhibit", "E1")) for one in ITEMS[:3]]),
        ("exhibit", [say(keyed("Exhibit", "E1"), "Exhibit", "contents", one) for one in ITEMS[:3]]),
        ("account", [say(one, "Item", "account", keyed("UserAccount", "s", "a")) for one in ITEMS[:3]]),
        ("printer", [say(one, "PrintJob", "printer", keyed("Printer", "SN1")) for one in ITEMS[:3]]),
        ("account", [
            *[say(one, "Item", "listing", keyed("Listing", "p", "7")) for one in ITEMS[:3]],
            say(keyed("Listing", "p", "7"), "Listing", "seller", keyed("UserAccount", "s", "a")),
        ]),
        ("account", [
            *[say(keyed("Listing", "p", "7"), "Listing", "items", one) for one in ITEMS[:3]],
            say(keyed("Listing", "p", "7"), "Listing", "seller", keyed("UserAccount", "s", "a")),
        ]),
        ("sender", [
            *parcels("RB1", "RB2", "RB3"),
            *[say(parcel(one), "Parcel", "sender", "p" * 40) for one in ("RB1", "RB2", "RB3")],
            say("p" * 40, "Person", "name", "Ada"),
        ]),
        ("recipient", [
            *[say(one, "Item", "exhibit", keyed("Exhibit", f"E{k}")) for k, one in enumerate(ITEMS[:3])],
            *[say(keyed("Exhibit", f"E{k}"), "Exhibit", "parcel", parcel("RB1")) for k in range(3)],
            say(parcel("RB1"), "Parcel", "recipient", "p" * 40), say("p" * 40, "Person", "name", "Ada"),
        ]),
        ("person", [
            *[say(ITEMS[k], "Item", "account", keyed("UserAccount", "s", f"{k}")) for k in range(3)],
            *[say(keyed("UserAccount", "s", f"{k}"), "UserAccount", "owner", "p" * 40) for k in range(3)],
            say("p" * 40, "Person", "name", "Ada"),
        ]),
        ("source", [
            *[say("l" * 39 + str(k), "SameSource", "item", ITEMS[k]) for k in range(2)],
            *[say("l" * 39 + str(k), "SameSource", "other", ITEMS[k + 1]) for k in range(2)],
        ]),
    ],
    ids=["parcel", "contents of a parcel", "exhibit", "contents of an exhibit", "account", "printer",
         "seller of a listing", "items of a listing", "sender", "recipient by exhibit", "owner of accounts",
         "marks"],
)  # fmt: skip
def test_what_items_have_in_common_groups_them(
    kind: str, statements: list[Statement], store: CaseStore
) -> None:
    things = {one.value for one in statements} & {
        keyed("Printer", "SN1"), keyed("Exhibit", "E1"), keyed("UserAccount", "s", "a"), parcel("RB1"),
    }  # fmt: skip
    named = [say(one, "Thing", "name", "X") for one in sorted(things)]
    screened.take(store, "table", [*statements, *named], "table")
    one = next(one for one in told(store).assemblies if kind in {one.assembly.kind, *dict(one.assembly.also)})
    assert one.assembly.parts_found == 3
    if one.assembly.kind == kind:
        assert {number for member in one.members for number in member.sources} == {2}
        ways = store.by_number([number for member in one.members for number in member.statements])
        assert all(way.source == 2 for way in ways)
        assert one.sources == (1, 2)


def test_a_folder_and_an_archive_group_what_lies_in_them(tmp_path: Path) -> None:
    store = screened.case(tmp_path / "case")
    inside = [
        item("x/all.zip", digest(k), [match(part)], member=f"{k}.stl") for k, part in enumerate(PARTS[:2])
    ]
    beside = [item(f"y/{k}.stl", digest(k), [match(PARTS[k])]) for k in (2, 3)]
    screened.take(
        store, "result", of_result(tmp_path, item("x/all.zip", digest(9), form="zip"), *inside, *beside)
    )
    found = groups(told(store))
    assert found["folder", "x/all.zip (result)"] == 2
    assert found["folder", "y (result)"] == 2
    assert found["all", "all"] == 4


def test_members_belong_where_their_archive_does(tmp_path: Path) -> None:
    store = screened.case(tmp_path / "case")
    inside = [item("all.zip", digest(k), [match(PARTS[k])], member=f"{k}.stl") for k in (1, 2)]
    screened.take(store, "result", of_result(tmp_path, item("all.zip", digest(0), form="zip"), *inside))
    screened.take(store, "table", parcels("RB1"), "table")
    one = told(store).assemblies[0]
    assert ("parcel", "RB1") in {(one.assembly.kind, one.assembly.group), *one.assembly.also}


def test_days_are_of_the_parcel_and_make_periods_that_rest_on_them(store: CaseStore) -> None:
    dated = [say(parcel(f"RB{k}"), "Parcel", "postedAt", f"2026-03-1{k}T09:00:00") for k in range(3)]
    screened.take(store, "table", [*parcels("RB0", "RB1", "RB2"), *dated], "table")
    (one,) = told(store).assemblies
    assert (one.assembly.first, one.assembly.last) == ("2026-03-10", "2026-03-12")
    assert one.assembly.units_by == "parcel"
    assert [way.unit for way in one.assembly.without] == ["RB0", "RB1", "RB2"]
    if one.assembly.kind.startswith("period"):
        assert one.sources == (1, 2)


def test_two_records_of_a_sender_are_a_group_once_they_are_merged_and_none_once_that_is_undone(
    store: CaseStore,
) -> None:
    people = [record_key("f" * 64, "Person", str(k)) for k in range(3)]
    said = parcels("RB0", "RB1", "RB2")
    for k, person in enumerate(people):
        said += [
            say(parcel(f"RB{k}"), "Parcel", "sender", person),
            say(person, "Person", "name", f"A. da {k}"),
        ]
    screened.take(store, "table", said, "table")
    apart = told(store)
    assert not [one for one in groups(apart) if one[0] == "sender"]
    store.decide(people[0], people[1], Verdict.SAME, "one handwriting", "me")
    store.decide(people[1], people[2], Verdict.SAME, "one handwriting", "me")
    merged = told(store)
    (sender,) = [
        one for one in merged.assemblies if "sender" in {one.assembly.kind, *dict(one.assembly.also)}
    ]
    assert sender.assembly.parts_found == 3
    store.decide(people[1], people[2], Verdict.UNDONE, "it was not", "me")
    undone = told(store)
    two = [one for one in undone.assemblies if one.assembly.kind == "sender"]
    assert [one.assembly.parts_found for one in two] == [2]
    assert two[0].group_members == tuple(sorted(people[:2]))
    change = next(one for one in difference(merged, undone).changes if one.kind == sender.assembly.kind)
    assert change.bits_before is not None
    assert difference(apart, apart).changes == ()


def test_when_a_source_falls_its_bodies_are_lost_and_the_difference_says_which(
    tmp_path: Path, store: CaseStore
) -> None:
    more = [item("5/b.stl", digest(5), [match(PARTS[3])])]
    screened.take(store, "second search", of_result(tmp_path, *more))
    account = keyed("UserAccount", "shop", "ada")
    ties = [say(ITEMS[k], "Item", "account", account) for k in (0, 1, 2, 5)]
    screened.take(store, "subscriber", [*ties, say(account, "UserAccount", "username", "ada")], "table")
    before = told(store)
    store.stand(2, False, "no warrant", "me")
    after = told(store)
    assert after == told(store, without=(2,))
    told_of = difference(before, after)
    (change,) = [one for one in told_of.changes if one.kind == "account"]
    assert change.group == "ada"
    assert (change.parts_before, change.parts_after) == (4, 3)
    assert change.items_lost == (ITEMS[5],)
    assert change.sources_lost == (2,)
    assert change.bits_before is not None
    assert change.bits_after is not None
    assert change.bits_after < change.bits_before

    # Without what ties them together, the group is gone; all items are still all items.
    store.stand(3, False, "wrong account", "me")
    rest = told(store)
    assert groups(rest) == {("all", "all"): 3}
    store.stand(1, False, "no warrant either", "me")
    assert told(store).assemblies == ()
    (gone, *_) = difference(rest, told(store)).changes
    assert (gone.bits_after, gone.parts_after, gone.items_lost) == (None, 0, tuple(sorted(ITEMS[:3])))
    assert difference(told(store), rest).changes[0].items_gained == tuple(sorted(ITEMS[:3]))


def test_two_sources_of_one_likeness_are_one_and_it_stands_while_one_of_them_does(
    tmp_path: Path, store: CaseStore
) -> None:
    before = told(store)
    items = [item(f"{k}/a.stl", digest(k), [match(part)]) for k, part in enumerate(PARTS[:3])]
    screened.take(store, "screened again", of_result(tmp_path, *items, list_version="d" * 64))
    both = told(store)
    assert [one.assembly.bits for one in both.assemblies] == [one.assembly.bits for one in before.assemblies]
    assert both.assemblies[0].sources == (2,)
    store.stand(2, False, "a damaged disk", "me")
    assert told(store) == before


def test_copies_of_one_file_are_one_body(tmp_path: Path) -> None:
    store = screened.case(tmp_path / "case")
    items = [item(f"{k}.stl", digest(1), [match("shaft")]) for k in range(8)]
    screened.take(store, "result", of_result(tmp_path, *items))
    document = told(store)
    assert document.header.items == 1
    assert document.assemblies == ()


def test_items_taken_for_one_count_once(tmp_path: Path) -> None:
    store = screened.case(tmp_path / "case")
    items = [item(f"{k}.stl", digest(k), [match("shaft", surprise=20.0 + k)]) for k in range(2)]
    screened.take(store, "result", of_result(tmp_path, *items, item("c.stl", digest(2), [match("cap")])))
    store.decide(ITEMS[0], ITEMS[1], Verdict.SAME, "one scan", "me")
    (one,) = told(store).assemblies
    assert one.assembly.items == 2
    assert len(one.claims) == 2


def test_a_match_that_lacks_something_is_counted_and_not_guessed(store: CaseStore) -> None:
    edge = "m" * 40
    speaker = Speaker("row 1")
    said = [
        speaker.says(edge, "Match", "item", ITEMS[9]),
        speaker.says(edge, "Match", "design", keyed("Design", DESIGN)),
        speaker.says(edge, "Match", "part", PARTS[4]),
        speaker.says(edge, "Match", "relation", "looks like it"),
    ]
    screened.take(store, "foreign", said, "ftm")
    document = told(store)
    assert document.unread == 1
    assert document.assemblies[0].assembly.parts_found == 3


def test_unread_items_are_counted_among_a_group(tmp_path: Path) -> None:
    store = screened.case(tmp_path / "case")
    items = [item(f"{k}.stl", digest(k), [match(part)]) for k, part in enumerate(PARTS[:3])]
    screened.take(store, "result", of_result(tmp_path, *items, item("locked.stl", None)))
    (one,) = told(store).assemblies
    assert one.assembly.incomplete_items == 1


def test_nothing_of_a_case_is_counted_as_benign_and_the_document_says_what_was(store: CaseStore) -> None:
    alone = told(store)
    assert alone.header.stream == ()
    assert "no benign stream was counted" in alone.base.note
    common = Counts(bodies=100_000, groups=20_000)
    for _ in range(2_000):
        common.add(DESIGN, PARTS[:3])
    counted = told(store, rates=BaseRates({"account": common}))
    assert "for all, folder, which it does not count: as account" in counted.base.note
    # What one customer in ten has together is no news.
    assert max((one.assembly.bits for one in counted.assemblies), default=0.0) < 6
    quiet = told(store, rates=BaseRates({"account": Counts(bodies=100_000, groups=20_000)}))
    assert quiet.assemblies[0].assembly.bits >= alone.assemblies[0].assembly.bits > 30


def test_the_operators_stream_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert base_rates(home, [DESIGN]) == BaseRates()
    assert not home.exists()
    kept = AssemblyStore.open(home)
    seen = [
        Seen("", f"{k}.stl", None, 3, True, (), DAY, (("account", f"customer {k}"), ("colour", "red")))
        for k in range(5)
    ]
    kept.add([Arrival(one, digest(k)) for k, one in enumerate(seen)], PLANS.plans, DAY)
    before = kept.sizes()
    rates = base_rates(home, [DESIGN])
    assert {kind: (one.groups, one.bodies) for kind, one in rates.counts.items()} == {"account": (5, 15)}
    assert rates.of("parcel") is rates.of("account")
    assert kept.sizes() == before


def test_more_designs_on_the_list_cost_more(store: CaseStore) -> None:
    plans = {f"other {k}": plan_of(f"other {k}", [PlannedPart("x")]) for k in range(63)}
    many = ListedPlans({**PLANS.plans, **plans}, PLANS.version)
    few, more = (assemblies_of(view_of(store), one, BaseRates(), TELLING) for one in (PLANS, many))
    assert few.assemblies[0].assembly.bits - more.assemblies[0].assembly.bits == pytest.approx(6.0, abs=0.11)


def test_findings_are_told_whatever_the_limit(store: CaseStore) -> None:
    document = assemblies_of(view_of(store), PLANS, BaseRates(), CaseTelling(DAY, limit=0))
    assert [one.assembly.finding for one in document.assemblies] == ["match"]
    assert document.left_out == 0


def test_missing_parts_are_named_for_who_asks(store: CaseStore) -> None:
    for asked in (False, True):
        document = assemblies_of(view_of(store), PLANS, BaseRates(), CaseTelling(DAY, names_missing=asked))
        names = [slot.name for slot in document.assemblies[0].assembly.slots]
        assert names == [*PARTS[:3], *(PARTS[3:] if asked else (None, None))]


def test_the_order_in_which_sources_came_changes_no_bits(tmp_path: Path) -> None:
    said = []
    for turn, order in enumerate(((0, 1, 2), (2, 1, 0))):
        store = screened.case(tmp_path / f"case{turn}")
        for k in order:
            screened.take(store, f"r{k}", of_result(tmp_path, item(f"{k}.stl", digest(k), [match(PARTS[k])])))
        said.append(
            [
                (one.assembly.bits, sorted(claim.item for claim in one.claims))
                for one in told(store).assemblies
            ]
        )
    assert said[0] == said[1]


def test_as_text_files_are_named_and_what_each_rests_on(tmp_path: Path, store: CaseStore) -> None:
    text = "\n".join(lines(told(store)))
    assert "without" in text
    assert "0/a.stl" in text
    assert not any(key in text for key in ITEMS)
    assert "rests on result (" in text
    more = [item("5/b.stl", digest(5), [match(PARTS[3])])]
    screened.take(store, "second search", of_result(tmp_path, *more))
    before = told(store)
    store.stand(2, False, "no warrant", "me")
    changed = "\n".join(changes(difference(before, told(store))))
    assert "4 parts, 3 now, 1 items lost" in changed
