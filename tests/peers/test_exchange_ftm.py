"""followthemoney reads what we write for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange_samples import (
    ANA,
    ANNA,
    PARCEL,
    SOURCES,
    hostile_statements,
    make_case,
    sample_case,
    storable,
    written,
)
from peers import peer

ftm = peer("followthemoney")
orjson = peer("orjson")
serialize = peer("followthemoney.statement.serialize")
entity = peer("followthemoney.statement.entity")
dataset = peer("followthemoney.dataset")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    return sample_case(tmp_path_factory.mktemp("case") / "c")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory):
    said = storable(one for one in hostile_statements() if len(one.value) < 1000)
    return make_case(tmp_path_factory.mktemp("case") / "h", [(SOURCES[0][0], said)])


def lines(data: bytes) -> list[dict]:
    return [orjson.loads(line) for line in data.splitlines()]


def test_each_line_is_an_entity_of_its_model_and_loses_nothing_in_it(store) -> None:
    data, _ = written(store, "ftm")
    for line in lines(data):
        proxy = ftm.model.get_proxy(line, cleaned=True)
        assert proxy.properties == line["properties"]
        assert proxy.to_dict()["partwatch"] == line["partwatch"]


def test_values_are_what_its_own_cleaning_makes_of_them(store) -> None:
    data, _ = written(store, "ftm")
    for line in lines(data):
        proxy = ftm.model.get_proxy(line, cleaned=False)
        if line["partwatch"]["is"] == "entity" and line["schema"] == "BankAccount":
            continue  # the sample's IBAN is cleaned by format alone
        for prop, values in line["properties"].items():
            assert sorted(proxy.get(prop)) == sorted(values), (line["schema"], prop)


def test_merged_people_are_one_with_both_keys(store) -> None:
    data, _ = written(store, "ftm")
    found = next(line for line in lines(data) if line["id"] == ANNA)
    assert found["referents"] == [ANA]
    assert sorted(ftm.model.get_proxy(found).get("name")) == ["Ana K.", "Anna Koval"]


def test_links_that_its_schemata_have_no_property_for_are_edges(store) -> None:
    data, _ = written(store, "ftm")
    edges = [ftm.model.get_proxy(line) for line in lines(data) if line["partwatch"]["is"] == "link"]
    ends = {(one.first("subject"), one.first("object"), one.first("role")) for one in edges}
    assert (PARCEL, ANNA, "sender") in ends
    for one in edges:
        assert one.schema.edge
        assert {role for role, *_ in [(one.first("role"),)]}


def test_a_match_is_an_edge_between_item_and_design(store) -> None:
    data, _ = written(store, "ftm")
    match = next(line for line in lines(data) if line["partwatch"].get("schema") == "Match")
    proxy = ftm.model.get_proxy(match)
    assert (proxy.schema.name, len(list(proxy.edgepairs()))) == ("UnknownLink", 1)
    assert match["partwatch"]["bits"] == 14.25


@pytest.mark.parametrize(("kind", "form"), [("ftm-statements", "csv"), ("ftm-statements-json", "json")])
def test_statements_are_read_with_the_keys_it_would_give_them(
    store, tmp_path: Path, kind: str, form: str
) -> None:
    data, _ = written(store, kind)
    path = tmp_path / f"s.{form}"
    path.write_bytes(data)
    read = list(serialize.read_path_statements(path, form))
    assert len(read) == len(data.splitlines()) - (form == "csv")
    for one in read:
        assert one.id == one.generate_key()
        assert ftm.model.get(one.schema).get(one.prop) is not None


@pytest.mark.parametrize(("kind", "form"), [("ftm-statements", "csv"), ("ftm-statements-json", "json")])
def test_statements_make_entities(store, tmp_path: Path, kind: str, form: str) -> None:
    data, _ = written(store, kind)
    path = tmp_path / f"s.{form}"
    path.write_bytes(data)
    told: dict[str, list] = {}
    for one in serialize.read_path_statements(path, form):
        told.setdefault(one.canonical_id, []).append(one)
    default = dataset.Dataset.make({"name": "partwatch", "title": "Partwatch"})
    made = {key: entity.StatementEntity.from_statements(default, said) for key, said in told.items()}
    assert made[ANNA].schema.name == "Person"
    assert sorted(made[ANNA].get("name")) == ["Ana K.", "Anna Koval"]
    assert len(made[ANNA].datasets) == 2


def test_hostile_texts_are_read_back_as_they_are(hostile, tmp_path: Path) -> None:
    data, summary = written(hostile, "ftm-statements")
    path = tmp_path / "s.csv"
    path.write_bytes(data)
    read = list(serialize.read_path_statements(path, "csv"))
    said = [one for one in storable(hostile_statements()) if len(one.value) < 1000]
    known = {one.value for one in said if one.prop == "name"}
    assert {one.value for one in read if one.prop == "name"} >= known
    assert summary.counts["statements"] < len(read)
    entities, _ = written(hostile, "ftm")
    for line in lines(entities):
        assert ftm.model.get_proxy(line, cleaned=True).properties.keys() == line["properties"].keys()
