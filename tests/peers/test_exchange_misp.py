"""pymisp loads what we write, and its templates take our objects."""

from __future__ import annotations

import json
import logging
import pathlib

import pytest

from exchange_samples import SOURCES, hostile_statements, make_case, sample_case, storable, written
from partwatch.case.vocabulary import SCHEMATA
from partwatch.exchange.misp_templates import THEIRS, template_of
from peers import peer

pymisp = peer("pymisp")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(sample_case(tmp_path_factory.mktemp("case") / "c"), "misp")[0]


def loaded(data: bytes):
    event = pymisp.MISPEvent()
    event.load(data)
    return event


def test_the_event_loads_and_nothing_in_it_is_for_detection(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="pymisp"):
        event = loaded(data)
    assert [one.message for one in caplog.records if "template" not in one.message] == []
    told = json.loads(data)["Event"]
    assert len(event.objects) == len(told["Object"])
    assert sum(len(one.attributes) for one in event.objects) == sum(
        len(one["Attribute"]) for one in told["Object"]
    )
    attributes = [*event.attributes, *(one for found in event.objects for one in found.attributes)]
    assert len(attributes) > 100
    assert not any(one.to_ids for one in attributes)
    assert event.distribution == 0
    assert not event.published


def test_it_is_the_same_event_when_it_is_written_again(data: bytes) -> None:
    again = json.loads(loaded(data).to_json())
    told = json.loads(data)["Event"]
    assert again["uuid"] == told["uuid"]
    assert {one["uuid"] for one in again["Object"]} == {one["uuid"] for one in told["Object"]}
    before = {one["uuid"]: one["value"] for found in told["Object"] for one in found["Attribute"]}
    assert {
        one["uuid"]: str(one["value"]) for found in again["Object"] for one in found["Attribute"]
    } == before


def test_objects_of_misp_keep_to_its_templates(data: bytes) -> None:
    checked = set()
    for told in json.loads(data)["Event"]["Object"]:
        if told["name"].startswith("partwatch-"):
            continue
        made = pymisp.MISPObject(told["name"], strict=True)
        assert (made.template_uuid, told["template_version"]) == (
            told["template_uuid"],
            str(made.template_version),
        )
        for one in told["Attribute"]:
            relation = made._definition["attributes"][one["object_relation"]]
            assert relation["misp-attribute"] == one["type"], (told["name"], one["object_relation"])
            made.add_attribute(one["object_relation"], **{k: one[k] for k in ("type", "value", "category")})
        made.to_dict(strict=True)
        checked.add(told["name"])
    assert checked == {one.name for one in THEIRS.values()} | {"intelligence-source-assessment"}


def test_our_objects_keep_to_our_templates(data: bytes) -> None:
    templates = {told["name"]: told for told in (template_of(schema) for schema in SCHEMATA)}
    for told in json.loads(data)["Event"]["Object"]:
        if told["name"] not in templates:
            continue
        made = pymisp.MISPObject(
            told["name"], strict=True, misp_objects_template_custom=templates[told["name"]]
        )
        assert (made.template_uuid, str(made.template_version)) == (
            told["template_uuid"],
            told["template_version"],
        )
        for one in told["Attribute"]:
            relation = made._definition["attributes"][one["object_relation"]]
            assert one["type"] in (relation["misp-attribute"], "text")
            made.add_attribute(one["object_relation"], **{k: one[k] for k in ("type", "value", "category")})
        made.to_dict(strict=True)


@pytest.mark.parametrize("schema", list(SCHEMATA))
def test_our_templates_have_the_form_of_templates(schema: str) -> None:
    path = pathlib.Path(pymisp.__file__).parent / "data" / "misp-objects" / "schema_objects.json"
    form, told = json.loads(path.read_text()), template_of(schema)
    assert told.keys() <= form["properties"].keys()
    assert set(form["required"]) <= told.keys()
    for one in told["attributes"].values():
        assert one.keys() <= form["defs"]["attribute"]["properties"].keys()


@pytest.mark.parametrize("schema", list(SCHEMATA))
def test_our_templates_use_types_and_categories_that_misp_has(schema: str) -> None:
    path = pathlib.Path(pymisp.__file__).parent / "data" / "describeTypes.json"
    known = set(json.loads(path.read_text())["result"]["types"])
    assert {one["misp-attribute"] for one in template_of(schema)["attributes"].values()} <= known


def test_categories_are_those_that_misp_allows_for_the_type(data: bytes) -> None:
    path = pathlib.Path(pymisp.__file__).parent / "data" / "describeTypes.json"
    allowed = json.loads(path.read_text())["result"]["category_type_mappings"]
    event = json.loads(data)["Event"]
    for one in [*event["Attribute"], *(one for found in event["Object"] for one in found["Attribute"])]:
        assert one["type"] in allowed[one["category"]], (one["category"], one["type"])


def test_hostile_texts_load(tmp_path) -> None:
    said = storable(one for one in hostile_statements() if len(one.value) < 1000)
    data, _ = written(make_case(tmp_path / "h", [(SOURCES[0][0], said)]), "misp")
    event = loaded(data)
    assert len(event.objects) == len(json.loads(data)["Event"]["Object"])
