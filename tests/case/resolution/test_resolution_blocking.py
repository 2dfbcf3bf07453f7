"""Blocks: who may be one is compared, and no block costs more than all others."""

from __future__ import annotations

from itertools import combinations

from partwatch.case.resolution.blocking import NARROWEST, blocks_of
from partwatch.case.resolution.records import Kind, records


def people(said: list[dict[str, str]], kind: Kind = Kind.PERSON):  # type: ignore[no-untyped-def] # a shorthand
    return records(
        kind,
        {f"{place:06d}": {prop: [value] for prop, value in one.items()} for place, one in enumerate(said)},
    )


def pairs(keys: list[list[str]]) -> set[tuple[int, int]]:
    return {
        (a, b) for a, b in combinations(range(len(keys)), 2) if set(keys[a]) & set(keys[b])
    }  # fmt: skip


def test_each_way_of_being_found_brings_a_pair_together() -> None:
    found = people([
        {"name": "Anna Müller"}, {"name": "Mueller Anna"},
        {"name": "Jan Kowal", "phone": "+48 600 100 200"}, {"name": "J. K.", "phone": "0048600100200"[2:]},
        {"name": "Mia Lang", "birthDate": "2001-03-15"}, {"name": "Maja Lange", "birthDate": "2001-03-15"},
        {"name": "Rolf Tann", "email": "A@b.example"}, {"name": "Vera Wald", "email": "a@b.example"},
        {"name": "Nobody Else"},
    ])  # fmt: skip
    assert pairs(blocks_of(found).keys) == {(0, 1), (2, 3), (4, 5), (6, 7)}


def test_a_wide_block_is_divided_and_what_is_still_wide_is_left_out_and_told() -> None:
    crowd = [
        {"name": "Jan Kowal", "phone": "+4930111222", "birthDate": str(1940 + n % 40)} for n in range(400)
    ]
    found = blocks_of(people(crowd), widest=50)
    assert "phone" in {rule.partition("+")[0] for rule in (*found.rules, *found.left_out)}
    sizes: dict[str, int] = {}
    for keys in found.keys:
        for one in keys:
            sizes[one] = sizes.get(one, 0) + 1
    assert max(sizes.values()) <= 50
    assert any(rule.endswith("+initial") for rule in found.left_out)
    assert sum(blocks for blocks, _ in found.left_out.values()) > 0
    assert all(held > 50 for _, held in found.left_out.values())


def test_blocks_grow_narrower_where_there_would_be_too_many_pairs() -> None:
    crowd = [
        {"name": f"P{n % 40}x Q{n % 41}y", "phone": f"+49301{n // 90:06d}", "email": f"m{n // 80}@x.example",
         "birthDate": f"19{40 + n // 95:02d}-01-01", "idNumber": f"A{n // 85}"}
        for n in range(2000)
    ]  # fmt: skip
    found = blocks_of(people(crowd))
    assert NARROWEST <= found.widest < 100
    assert found.pairs <= 60 * 2000 or found.widest == NARROWEST


def test_nothing_has_no_blocks() -> None:
    for kind in Kind:
        assert blocks_of(people([], kind)).pairs == 0
        assert blocks_of(people([{"name": "Alone Here"}], kind)).keys in ([], [[]])
