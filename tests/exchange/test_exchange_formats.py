"""What each format owes its readers, without the libraries that read it (those are held in tests/peers)."""

from __future__ import annotations

import json
import uuid
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from exchange_samples import ANNA, AT, DESIGN, HASH, ITEM, ORG, PARCEL, sample_case, written
from partwatch.case.store import CaseStore
from partwatch.exchange import Options
from partwatch.exchange.case_words import CONTEXT

OPTIONS = Options(AT)
GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> CaseStore:
    return sample_case(tmp_path_factory.mktemp("case") / "c")


def nodes(told: Any) -> Iterator[dict[str, Any]]:
    """Every object within a JSON document."""
    if isinstance(told, dict):
        yield told
        for value in told.values():
            yield from nodes(value)
    elif isinstance(told, list):
        for value in told:
            yield from nodes(value)


@pytest.fixture(scope="module")
def objects(store: CaseStore) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(written(store, "stix")[0])["objects"]
    return found


def test_a_file_has_the_identifier_that_stix_makes_of_its_content(objects: list[dict[str, Any]]) -> None:
    """STIX 2.1, 2.9: UUIDv5 of the canonical JSON of the contributing properties."""
    told = f'{{"hashes":{{"SHA-256":"{HASH}"}},"name":"part.stl"}}'
    made = uuid.uuid5(uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7"), told)
    assert [one["id"] for one in objects if one.get("name") == "part.stl"] == [f"file--{made}"]


def test_stix_has_types_of_its_own_only(objects: list[dict[str, Any]]) -> None:
    assert {one["type"] for one in objects} == {
        "marking-definition", "identity", "extension-definition", "note", "user-account", "relationship",
        "email-addr", "location", "infrastructure", "observed-data", "file", "ipv4-addr",
    }  # fmt: skip


def test_in_stix_all_but_the_marking_are_marked_and_ours_say_who_made_them(
    objects: list[dict[str, Any]],
) -> None:
    observables = {"file", "user-account", "email-addr", "ipv4-addr"}
    for one in objects[1:]:
        assert one["object_marking_refs"] == [objects[0]["id"]]
        assert ("created_by_ref" in one) is (one["type"] not in observables)


def test_the_extension_of_stix_is_defined_and_has_every_statement(store: CaseStore) -> None:
    data, summary = written(store, "stix")
    objects = json.loads(data)["objects"]
    defined = [one["id"] for one in objects if one["type"] == "extension-definition"]
    used = [extension for one in objects for extension in one.get("extensions", {}).items()]
    assert {name for name, _ in used} == set(defined)
    assert sum(len(told.get("statements", ())) for _, told in used) == summary.counts["statements"]


@pytest.fixture(scope="module")
def event(store: CaseStore) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written(store, "misp")[0])["Event"]
    return found


def test_identifiers_of_misp_are_there_once(event: dict[str, Any]) -> None:
    counted = Counter(one["uuid"] for one in nodes(event) if "uuid" in one)
    assert [key for key, count in counted.items() if count > 1] == []


def test_references_of_misp_lead_somewhere(event: dict[str, Any]) -> None:
    ids = {one["uuid"] for one in event["Object"]}
    for one in event["Object"]:
        for reference in one["ObjectReference"]:
            assert reference["object_uuid"] == one["uuid"]
            assert reference["referenced_uuid"] in ids


def test_nothing_in_misp_is_for_detection(event: dict[str, Any]) -> None:
    told = [one["to_ids"] for one in nodes(event) if "to_ids" in one]
    assert len(told) > 100
    assert not any(told)


def test_words_for_chances_need_the_odds_before(store: CaseStore, event: dict[str, Any]) -> None:
    assert "estimative-language" not in json.dumps(event)
    told = written(store, "misp", replace(OPTIONS, prior_bits=-14.25))[0].decode()
    found = [
        tag["name"]
        for one in nodes(json.loads(told))
        for tag in one.get("Tag", ())
        if "estimative" in tag["name"]
    ]
    assert sorted(found) == [
        'estimative-language:likelihood-probability="almost-no-chance"',  # 7.5 - 14.25 bits: 1 in 108
        'estimative-language:likelihood-probability="roughly-even-chance"',  # 14.25 - 14.25 bits
    ]


def test_the_level_of_sharing_is_a_tag(store: CaseStore) -> None:
    told = json.loads(written(store, "misp", replace(OPTIONS, tlp="red"))[0])["Event"]
    assert told["Tag"] == [{"name": "tlp:red"}]


def test_in_case_every_reference_is_a_node_and_every_prefix_is_told(store: CaseStore) -> None:
    told = json.loads(written(store, "case-uco")[0])
    assert told["@context"] == dict(CONTEXT)
    found = list(nodes(told["@graph"]))
    defined = [one["@id"] for one in found if "@id" in one and "@type" in one]
    assert len(defined) == len(set(defined))
    assert {one["@id"] for one in found if set(one) == {"@id"}} <= set(defined)
    prefixes = {name.partition(":")[0] for one in found for name in one if not name.startswith("@")}
    assert prefixes <= set(CONTEXT)


def test_case_tells_what_was_done(store: CaseStore) -> None:
    graph = json.loads(written(store, "case-uco")[0])["@graph"]
    done = Counter(one["uco-core:name"] for one in graph if one["@type"].__contains__("InvestigativeAction"))
    assert done == {"import": 2, "screening": 1, "withdrawal": 1}


def test_attributes_of_graphml_are_declared_and_ends_are_nodes(store: CaseStore) -> None:
    root = ElementTree.fromstring(written(store, "graphml")[0])  # noqa: S314  # we wrote it
    declared = {key.get("id") for key in root.iter(f"{GRAPHML}key")}
    assert {data.get("key") for data in root.iter(f"{GRAPHML}data")} <= declared
    there = {node.get("id") for node in root.iter(f"{GRAPHML}node")}
    edges = list(root.iter(f"{GRAPHML}edge"))
    assert {edge.get(end) for edge in edges for end in ("source", "target")} <= there
    ids = [edge.get("id") for edge in edges]
    assert len(ids) == len(set(ids))
    ends = {(edge.get("source"), edge.get("target")) for edge in edges}
    assert {(ITEM, DESIGN), (PARCEL, ANNA), (ANNA, ORG)} <= ends


def test_in_graphml_nodes_come_before_edges(store: CaseStore) -> None:
    text = written(store, "graphml")[0]
    assert text.rindex(b"<node ") < text.index(b"<edge ")
