"""What options choose: entities and what joins them, schemata, sources, dates."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from exchange_samples import (
    ACCOUNT,
    ANA,
    ANNA,
    AT,
    CHAT,
    DESIGN,
    EXHIBIT,
    HOME,
    ITEM,
    JOB,
    LISTING,
    ORG,
    OTHER,
    PARCEL,
    SCREENED,
    SOURCES,
    TABLE,
    make_case,
    sample_case,
    written,
)
from partwatch.case.statements import Statement, record_key
from partwatch.case.store import CaseStore
from partwatch.exchange import EXPORTERS, Options
from partwatch.exchange.selection import _overlaps

OPTIONS = Options(AT)
PAY, MESSAGE = record_key(TABLE, "Payment", "1"), record_key(CHAT, "Message", "345")
LINK = record_key(TABLE, "UnknownLink", "1")
MATCH, SAME = record_key(SCREENED, "Match", "1"), record_key(SCREENED, "SameSource", "1")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> CaseStore:
    return sample_case(tmp_path_factory.mktemp("case") / "c")


def keys(store: CaseStore, options: Options) -> set[str]:
    lines = [json.loads(line) for line in written(store, "ftm", options)[0].splitlines()]
    return {line["id"] for line in lines if line["partwatch"]["is"] == "entity"}


def test_named_entities_come_with_what_joins_them_alone(store: CaseStore) -> None:
    assert keys(store, replace(OPTIONS, only=frozenset([ANNA, ORG]))) == {ANNA, ORG, PAY, LINK}
    assert keys(store, replace(OPTIONS, only=frozenset([ACCOUNT, OTHER]))) == {ACCOUNT, OTHER, MESSAGE}
    assert keys(store, replace(OPTIONS, only=frozenset([ITEM, DESIGN]))) == {ITEM, DESIGN, MATCH}
    assert keys(store, replace(OPTIONS, only=frozenset([ITEM]))) == {ITEM}


def test_a_name_that_was_merged_stands_for_the_one_it_is(store: CaseStore) -> None:
    assert keys(store, replace(OPTIONS, only=frozenset([ANA]))) == {ANNA}


def test_schemata_take_what_extends_them(store: CaseStore) -> None:
    assert keys(store, replace(OPTIONS, schemata=frozenset(["Document"]))) == {ITEM, JOB}
    assert keys(store, replace(OPTIONS, schemata=frozenset(["PrintJob", "Design"]))) == {JOB, DESIGN}


def test_of_chosen_sources_only_what_they_say_goes_out(store: CaseStore) -> None:
    data, summary = written(store, "ftm", replace(OPTIONS, sources=frozenset([2])))
    assert b"Anna Koval" not in data.replace(b"phone of Anna Koval.json", b"")
    assert b"Ana K." in data
    assert summary.counts["sources"] == 1


def test_dates_keep_what_happened_then_and_what_that_names(store: CaseStore) -> None:
    found = keys(store, replace(OPTIONS, since="2024-05-03", until="2024-05-31"))
    assert {MESSAGE, ACCOUNT, OTHER, EXHIBIT, ORG} <= found
    assert not {PARCEL, LISTING, JOB, PAY} & found, "they happened before"
    # The account's owner and her address are named by what is kept; her payments are not.
    assert {ANNA, HOME} <= found


def test_inferences_between_what_is_kept_come_along(store: CaseStore) -> None:
    assert {ITEM, JOB, SAME} <= keys(store, replace(OPTIONS, since="2024-04-28", until="2024-05"))


def test_nothing_happened_then(store: CaseStore) -> None:
    data, summary = written(store, "ftm", replace(OPTIONS, since="1950", until="1951"))
    assert summary.counts["entities"] == 0
    assert summary.left_out["entities"] > 20
    assert b"Only what happened from 1950 to 1951." in data


@pytest.mark.parametrize(
    ("told", "since", "until", "within"),
    [
        ("2024-05-02", "2024-05-02", "2024-05-02", True),
        ("2024-05-02T10:00:00Z", "2024-05-02", "2024-05-02", True),
        ("2024-05", "2024-05-02", "2024-05-02", True),
        ("2024", "2024-05-02", "2024-05-02", True),
        ("2024-05-03", None, "2024-05-02", False),
        ("2024-05-01", "2024-05-02", None, False),
        ("2024-04", "2024-05-02", None, False),
        ("2024-12-31", None, "2024", True),
        ("2025", None, "2024-12", False),
        ("", "2024", "2024", True),
    ],
)
def test_dates_overlap_as_far_as_they_are_known(told: str, since: str, until: str, within: bool) -> None:
    assert _overlaps(told, since, until) is within


def test_no_link_is_left_to_what_stays(store: CaseStore) -> None:
    options = replace(OPTIONS, only=frozenset([PARCEL, ANNA]))
    data, summary = written(store, "stix", options)
    objects = json.loads(data)["objects"]
    ids = {one["id"] for one in objects}
    for one in objects:
        if one["type"] == "relationship":
            assert {one["source_ref"], one["target_ref"]} <= ids
    assert summary.left_out["references_elsewhere"] > 3


def test_an_entity_of_which_only_what_is_withheld_was_said_is_not_there(tmp_path: Path) -> None:
    said = [
        Statement("aa" * 20, "Message", "bodyText", "only a body", "message 1"),
        Statement("bb" * 20, "Message", "inReplyToMessage", "aa" * 20, "message 2"),
    ]
    store = make_case(tmp_path / "m", [(SOURCES[1][0], said)])
    for kind in EXPORTERS:
        _, summary = written(store, kind)
        assert (summary.counts["entities"], summary.left_out["references_elsewhere"]) == (1, 1)
    event = json.loads(written(store, "misp")[0])["Event"]
    ids = {one["uuid"] for one in event["Object"]}
    assert {ref["referenced_uuid"] for one in event["Object"] for ref in one["ObjectReference"]} <= ids
    assert b"<edge " not in written(store, "graphml")[0]
