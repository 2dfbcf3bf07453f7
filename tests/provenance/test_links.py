"""What links two items, and what does not: presets, settings that hang together, forgeries, silence."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linking import factory, mark, model, shown

from partwatch.model.errors import UsageError
from partwatch.model.marks import Forgery, Mark, MarkKind
from partwatch.provenance.linking.blocks import HARD, Block, block_of, signature
from partwatch.provenance.linking.factory import factory_bytes, read_factory, shipped_factory
from partwatch.provenance.linking.model import LinkWeight, linked, read_model, shipped_model

FACTORY = factory()
MODEL = model(FACTORY)


def weight(a: list[Mark], b: list[Mark]) -> LinkWeight:
    return linked(a, b, MODEL, FACTORY)


def test_absent_marks_prove_nothing() -> None:
    rare = [mark("retract_speed", "37", bits=3.0)]
    for other in ([], [mark("wipe", "1")], [mark("banner", "PrusaSlicer", MarkKind.BANNER)]):
        assert weight(rare, other).bits == 0
        assert weight(other, rare).bits == 0
    # A banner and a date are of everybody and of the job.
    said = [mark("banner", "PrusaSlicer", MarkKind.BANNER), mark("generated", "2026-01-01", MarkKind.DATE)]
    assert weight(said, said).bits == 0


def test_a_rare_value_links_and_another_value_speaks_against_it() -> None:
    same = weight([mark("retract_speed", "37", bits=4.0)], [mark("retract_speed", "37", bits=4.0)])
    assert same.bits == pytest.approx(2.0)
    assert [(each.block, each.bits) for each in same.comparison.agreements] == [(Block.MACHINE, 4.0)]
    other = weight([mark("retract_speed", "37", bits=4.0)], [mark("retract_speed", "40", bits=1.0)])
    assert other.bits == pytest.approx(-2.0)
    # What people change from job to job speaks against nothing.
    assert weight([mark("fill_density", "5%")], [mark("fill_density", "20%")]).bits == 0


def test_settings_that_hang_together_are_not_counted_one_by_one() -> None:
    names = [f"retract_{k}" for k in range(9)]
    own = [mark(name, "3.3", bits=4.0) for name in names]
    assert weight(own, own).bits == pytest.approx(sqrt(9 * 4.0))
    assert weight(own[:1], own[:1]).bits == pytest.approx(sqrt(4.0))


def test_what_a_factory_preset_has_is_worth_nothing() -> None:
    box = [mark("retract_length", "0.8"), mark("max_print_height", "203"), mark("start_gcode", "G28")]
    found = weight(box, box)
    assert found.bits == 0
    assert found.comparison.factory == ("maker 3",)
    assert {each.factory for each in found.comparison.agreements} == {"a factory preset has it"}
    # The same printer with a retraction of the other kind: no preset has both.
    changed = [mark("retract_length", "5"), *box[1:]]
    assert weight(changed, changed).bits > 0
    told = {each.a.name: each.bits for each in weight(changed, changed).comparison.agreements}
    assert told["retract_length"] > 0
    assert told["max_print_height"] == told["start_gcode"] == 0


def test_commands_of_a_printer_as_it_comes_are_worth_nothing() -> None:
    home = [mark("start commands", "home", MarkKind.MACRO, group="gcode start")]
    own = [mark("start commands", "home, then lay a line", MarkKind.MACRO, group="gcode start")]
    assert weight(home, home).bits == 0
    assert weight(own, own).bits > 0


def test_both_kinds_of_evidence_are_kept_apart() -> None:
    said, moved = [mark("retract_speed", "37", bits=4.0)], [shown("retraction", "3.10 mm")]
    forged = weight([*said, *moved], [*said, shown("retraction", "6.50 mm")])
    assert forged.bits_forgeable == pytest.approx(2.0)
    assert forged.bits_hard < 0
    # Whatever is written into a file, what is hard to forge stays as it was.
    lied = weight([mark("retract_speed", "99"), mark("wipe", "1"), *moved], [*said, *moved])
    honest = weight([*said, *moved], [*said, *moved])
    assert lied.bits_hard == honest.bits_hard > 0
    assert lied.bits_forgeable < 0 < honest.bits_forgeable


def test_a_measured_number_may_be_off_by_what_measuring_is_off_by() -> None:
    assert weight([shown("retraction", "3.10 mm")], [shown("retraction", "3.12 mm")]).bits_hard > 0
    assert weight([shown("retraction", "3.10 mm")], [shown("retraction", "3.30 mm")]).bits_hard < 0


def test_names_beside_each_other_do_not_contradict() -> None:
    a = [mark("author", "Ada", MarkKind.AUTHOR, 3.0), mark("author", "Erika", MarkKind.AUTHOR, 3.0)]
    b = [mark("author", "Erika", MarkKind.AUTHOR, 3.0)]
    assert weight(a, b).bits == pytest.approx(2 * sqrt(3.0))
    assert weight(a[:1], b).bits == 0
    assert not weight(a, b).comparison.conflicts


def test_bits_stay_within_what_the_pairs_support() -> None:
    names = [f"retract_{k}" for k in range(400)]
    own, other = [mark(n, "3.3", bits=6.0) for n in names], [mark(n, "4.4", bits=6.0) for n in names]
    assert weight(own, own).bits == 8.0
    assert weight(own, other).bits == -8.0


VALUES = st.lists(
    st.builds(
        mark, st.sampled_from(["retract_speed", "wipe", "fan_speed", "start_gcode", "author"]),
        st.sampled_from(["1", "2", "G28", '""']), st.sampled_from([MarkKind.SETTING, MarkKind.AUTHOR]),
        st.sampled_from([None, 1.0, 3.0]), st.sampled_from([Forgery.TEXT_EDITOR, Forgery.REMAKE]),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(VALUES, VALUES)
def test_either_order_gives_the_same(a: list[Mark], b: list[Mark]) -> None:
    one, two = weight(a, b), weight(b, a)
    # The rarity is either's: a population weighs the same value the same.
    if all(each.rarity is None for each in (*a, *b)):
        assert one.bits == pytest.approx(two.bits)
    assert one.by_block.keys() == two.by_block.keys()
    assert (
        one.without(Block.PEOPLE, MODEL) <= max(one.bits, one.bits - one.by_block.get(Block.PEOPLE, 0.0)) + 16
    )


def test_every_mark_is_in_one_block_by_what_it_takes_to_forge_it() -> None:
    for kind in MarkKind:
        block = block_of(mark("a name", "a value", kind))
        assert block is None or block not in HARD or kind is MarkKind.HABIT
    assert block_of(shown("travel speed", "120 mm/s")) is Block.MEASURED
    assert block_of(shown("layer height", "0.20 mm")) is Block.HEIGHTS
    expected = {
        "infill_speed": Block.PROCESS, "fill_density": Block.TASK, "retract_length": Block.MACHINE,
        "machine_max_feedrate_x": Block.MACHINE, "bridge_fan_speed": Block.MATERIAL,
        "perimeter_extrusion_width": Block.PROCESS, "support_material": Block.TASK,
    }  # fmt: skip
    assert {name: block_of(mark(name, "1")) for name in expected} == expected
    assert signature([mark("a", "1"), mark("a", "2")])[S_A].values.keys() == {"1", "2"}


S_A = (Block.PROCESS, MarkKind.SETTING, "a")


def test_a_table_of_presets_is_read_as_it_was_written_and_a_damaged_one_is_refused() -> None:
    data = factory_bytes(FACTORY)
    again = read_factory(data)
    assert factory_bytes(again) == data
    box = {(MarkKind.SETTING, "retract_length"): "0.8", (MarkKind.SETTING, "max_print_height"): "203"}
    assert again.explained(box) == FACTORY.explained(box) == (frozenset(box), ("maker 3",))
    assert again.is_macro(MarkKind.MACRO, "start commands", "home")
    for broken in (b"", data[: len(data) // 2], data[:-30], b"PK\x03\x04" + bytes(200)):
        with pytest.raises(UsageError, match="install the program anew"):
            read_factory(broken)


def test_no_name_stands_in_the_table_that_ships_but_those_of_presets() -> None:
    shipped = shipped_factory()
    assert {"printer", "print", "filament"} <= set(shipped.kinds)
    assert all(len(of.labels) == len(of.values) > 300 for k, of in shipped.kinds.items() if k != "slicer")
    bits = shipped.bits(MarkKind.SETTING, "retract_length", "0.8")
    rare = shipped.bits(MarkKind.SETTING, "retract_length", "3.14159")
    assert bits is not None
    assert rare is not None
    assert 0 < bits < 4 < rare
    assert shipped.bits(MarkKind.SETTING, "no such setting", "1") is None


def test_a_model_made_for_other_presets_is_refused() -> None:
    assert read_model(MODEL.model_dump_json(), "a file", FACTORY) == MODEL
    with pytest.raises(UsageError, match="a file: made for other marks or presets"):
        read_model(MODEL.model_dump_json(), "a file", factory(59))
    with pytest.raises(UsageError, match="a file: this is no model of links"):
        read_model('{"format": 1}', "a file", FACTORY)


def test_the_model_that_ships_never_rewards_what_is_contradicted() -> None:
    shipped = shipped_model()
    for seen in ({Block.MACHINE, Block.MANNER}, {Block.MANNER}):
        blocks = [block for part in shipped.parts_for(seen) for block in part.weights]
        assert sorted(blocks) == sorted(Block)
    for part in shipped.parts:
        assert all(w.agreed >= 0 and w.against >= 0 and w.slope >= 0 for w in part.weights.values())
        assert all(value >= 0 for value in part.conflicts.values())
        for bound in (part.bounds.forgeable, part.bounds.hard, part.bounds.both):
            assert -12 < bound.low <= 0 <= bound.high < 12
