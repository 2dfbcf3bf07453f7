"""The words of a case against followthemoney's own model."""

from __future__ import annotations

import pytest

from partwatch.case.vocabulary import SCHEMATA, Schema, Type
from partwatch.exchange.ftm_words import properties_abroad, schema_abroad
from peers import peer

ftm = peer("followthemoney")

THEIRS = [one for one in SCHEMATA.values() if not one.ours]
OURS = [one for one in SCHEMATA.values() if one.ours]


def named(schema: Schema) -> str:
    return schema.name


def theirs(schema: Schema):
    found = ftm.model.get(schema.name)
    assert found is not None, f"followthemoney has no {schema.name}"
    return found


def test_types_are_all_of_theirs() -> None:
    known = {one.name for one in peer("followthemoney.types").registry.types}
    assert {one.value for one in Type} <= known


@pytest.mark.parametrize("schema", THEIRS, ids=named)
def test_properties_have_their_types_and_ranges(schema: Schema) -> None:
    found = theirs(schema)
    for prop in properties_abroad(schema.name).values():
        other = found.get(prop.name)
        assert other is not None, f"{schema.name}.{prop.name}"
        assert other.type.name == prop.type.value, f"{schema.name}.{prop.name}"
        assert not other.stub, f"{schema.name}.{prop.name} is only the other side of a reference"
        assert (other.range.name if other.range else None) == prop.range, f"{schema.name}.{prop.name}"


@pytest.mark.parametrize("schema", THEIRS, ids=named)
def test_edges_have_their_ends_and_direction(schema: Schema) -> None:
    found = theirs(schema)
    assert bool(found.edge) == (schema.edge is not None)
    if schema.edge is not None:
        ends = (found.source_prop.name, found.target_prop.name, found.edge_directed)
        assert ends == (schema.edge.source, schema.edge.target, schema.edge.directed)


@pytest.mark.parametrize("schema", THEIRS, ids=named)
def test_what_is_matchable_is_matchable_there(schema: Schema) -> None:
    assert theirs(schema).matchable == schema.matchable


# A message of theirs is a document with files in it; a case keeps messages out of what it counts as things.
LEFT_OUT = {"Message": {"Thing", "Document"}}


@pytest.mark.parametrize("schema", THEIRS, ids=named)
def test_what_it_extends_it_extends_there(schema: Schema) -> None:
    ancestors = {one.name for one in theirs(schema).schemata}
    known = {one.name for one in THEIRS}
    assert {name for name in known if schema.is_a(name)} == (ancestors & known) - LEFT_OUT.get(
        schema.name, set()
    )


@pytest.mark.parametrize("schema", OURS, ids=named)
def test_ours_are_called_like_none_of_theirs(schema: Schema) -> None:
    assert ftm.model.get(schema.name) is None


@pytest.mark.parametrize("schema", OURS, ids=named)
def test_ours_are_told_as_something_they_have(schema: Schema) -> None:
    told = ftm.model.get(schema.told_as)
    assert told is not None
    assert bool(told.edge) == (schema.edge is not None)


@pytest.mark.parametrize("schema", OURS, ids=named)
def test_properties_of_ours_mean_nothing_else_there(schema: Schema) -> None:
    for prop in schema.properties.values():
        other = ftm.model.get(schema_abroad(schema.name)).get(prop.name)
        assert other is None or other.type.name == prop.type.value, f"{schema.name}.{prop.name}"


@pytest.mark.parametrize("schema", list(SCHEMATA.values()), ids=named)
def test_what_goes_abroad_is_no_abstract_schema(schema: Schema) -> None:
    found = ftm.model.get(schema_abroad(schema.name))
    assert found is not None
    assert not found.abstract
    for prop in properties_abroad(schema_abroad(schema.name)).values():
        assert found.get(prop.name) is not None, f"{found.name}.{prop.name}"
        assert found.get(prop.name).type.name == prop.type.value
