"""Keys and the bytes that statements are committed by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.case.statements import Statement, entity_key, keyed, record_key
from partwatch.case.vocabulary import SCHEMATA, Type, most_specific, property_of
from partwatch.model.errors import UsageError


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_keys_are_the_same_only_for_the_same_parts(left: list[str], right: list[str]) -> None:
    assert (entity_key(*left) == entity_key(*right)) == (left == right)


def test_a_keyed_thing_is_one_whoever_writes_it() -> None:
    assert keyed("UserAccount", "Telegram", "PumpMaker") == keyed("UserAccount", "telegram", " pumpmaker ")
    assert keyed("PrintJob", "ab" * 32) == keyed("Item", "AB" * 32)
    assert keyed("Parcel", "RR123456785FR") != keyed("Exhibit", "RR123456785FR")
    assert record_key("a", "Person", "row 1") != record_key("b", "Person", "row 1")
    with pytest.raises(UsageError, match="not keyed by 1"):
        keyed("Person", "Jean")


@given(st.text(), st.text(), st.text() | st.none(), st.floats(allow_nan=False) | st.none())
def test_two_statements_that_differ_have_different_bytes(
    value: str, place: str, original: str | None, bits: float | None
) -> None:
    one = Statement("e" * 40, "Person", "name", value, place, original, None, bits)
    assert (
        one.canonical()
        == Statement("e" * 40, "Person", "name", value, place, original, None, bits).canonical()
    )
    assert (
        one.canonical()
        != Statement("e" * 40, "Person", "name", value + "x", place, original, None, bits).canonical()
    )
    assert (
        one.canonical()
        != Statement("e" * 40, "Person", "alias", value, place, original, None, bits).canonical()
    )


def test_the_vocabulary_fits_together() -> None:
    for schema in SCHEMATA.values():
        assert set(schema.extends) <= SCHEMATA.keys()
        assert set(schema.keyed_by) <= schema.properties.keys()
        if schema.edge:
            ends = [property_of(schema.name, end) for end in (schema.edge.source, schema.edge.target)]
            assert all(end is not None and end.type is Type.ENTITY for end in ends)
        for prop in schema.properties.values():
            assert (prop.type is Type.ENTITY) == (prop.range is not None)
            assert prop.range is None or prop.range in SCHEMATA
        assert schema.ours == (schema.abroad is not None)


def test_the_most_specific_schema_is_what_an_entity_is() -> None:
    assert most_specific(frozenset(("LegalEntity", "Person"))) == "Person"
    assert most_specific(frozenset(("Item", "PrintJob", "Document"))) == "PrintJob"
    assert most_specific(frozenset()) == "Thing"
