"""stix2 parses what we write, with nothing custom allowed."""

from __future__ import annotations

import json

import pytest

from exchange_samples import HASH, SOURCES, hostile_statements, make_case, sample_case, storable, written
from peers import peer

stix2 = peer("stix2")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory):
    data, _ = written(sample_case(tmp_path_factory.mktemp("case") / "c"), "stix")
    return stix2.parse(data.decode(), allow_custom=False)


def test_all_objects_are_of_its_own_types(bundle) -> None:
    assert bundle.type == "bundle"
    assert len(bundle.objects) > 50
    assert all(isinstance(one, stix2.base._STIXBase) for one in bundle.objects)


def test_identifiers_of_observables_are_those_that_it_makes(bundle) -> None:
    seen = set()
    for one in bundle.objects:
        if one.type in ("file", "user-account", "email-addr", "ipv4-addr"):
            told = {name: value for name, value in one.items() if name not in ("id", "object_marking_refs")}
            again = stix2.parse(json.loads(json.dumps(told, default=str)) | {"id": one.id})
            made = type(one)(
                **{name: value for name, value in told.items() if name not in ("type", "spec_version")}
            )
            assert made.id == one.id == again.id, one.type
            seen.add(one.type)
    assert seen == {"file", "user-account", "email-addr", "ipv4-addr"}


def test_the_marking_is_the_one_that_everybody_has(bundle) -> None:
    marking = next(one for one in bundle.objects if one.type == "marking-definition")
    assert marking == stix2.TLP_AMBER


def test_no_reference_leads_nowhere_and_no_identifier_is_there_twice(bundle) -> None:
    ids = [one.id for one in bundle.objects]
    assert len(ids) == len(set(ids))
    for one in bundle.objects:
        for name, value in one.items():
            if name.endswith("_ref"):
                assert value in ids
            if name.endswith("_refs"):
                assert set(value) <= set(ids)


def test_a_store_answers_questions_of_it(bundle) -> None:
    store = stix2.MemoryStore(bundle.objects, allow_custom=False)
    file = store.query([stix2.Filter("type", "=", "file"), stix2.Filter("name", "=", "part.stl")])[0]
    assert file.hashes["SHA-256"] == HASH
    match = next(one for one in store.relationships(file.id) if one.relationship_type == "match")
    extension = next(iter(match.extensions.values()))
    assert extension["bits"] == 14.25
    assert store.get(match.target_ref).infrastructure_types == ["partwatch-design"]


def test_hostile_texts_parse(tmp_path) -> None:
    said = storable(one for one in hostile_statements() if len(one.value) < 1000)
    data, _ = written(make_case(tmp_path / "h", [(SOURCES[0][0], said)]), "stix")
    assert len(stix2.parse(data.decode(), allow_custom=False).objects) > 100
