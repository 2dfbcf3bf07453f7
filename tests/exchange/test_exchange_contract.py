"""What every export owes its reader, whatever its format."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from exchange_samples import (
    ANA,
    ANNA,
    AT,
    BODY,
    KEY,
    RUMOUR,
    SOURCES,
    hostile_statements,
    make_case,
    sample_case,
    storable,
    written,
)
from partwatch.case.statements import Statement
from partwatch.case.store import CaseStore
from partwatch.case.view import view_of
from partwatch.exchange import EXPORTERS, Options
from partwatch.model.errors import UsageError

KINDS = list(EXPORTERS)
OPTIONS = Options(AT, "officer Dupont")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> CaseStore:
    return sample_case(tmp_path_factory.mktemp("case") / "c")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> CaseStore:
    said = storable(one for one in hostile_statements() if len(one.value) < 1000)
    return make_case(tmp_path_factory.mktemp("case") / "h", [(SOURCES[0][0], said)])


def parsed(kind: str, data: bytes) -> object:
    """Whatever a reader of that format makes of the bytes; raises where it is not that format."""
    text = data.decode("utf-8")
    if kind == "graphml":
        return ElementTree.fromstring(text)  # noqa: S314  # we wrote it
    if kind == "ftm-statements":
        return list(csv.DictReader(io.StringIO(text, newline=""), dialect=csv.unix_dialect))
    if kind in ("ftm", "ftm-statements-json"):
        return [json.loads(line) for line in text.split("\n")[:-1]]
    return json.loads(text)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_case_and_date_give_the_same_bytes(store: CaseStore, kind: str) -> None:
    first, summary = written(store, kind)
    again, _ = written(CaseStore.open(store.location), kind)
    assert first == again
    assert (summary.sha256, summary.size_bytes) == (hashlib.sha256(first).hexdigest(), len(first))
    later, _ = written(store, kind, replace(OPTIONS, at="2026-02-01T12:00:00Z"))
    assert later != first


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_the_case_goes_out_and_what_does_not_is_counted(store: CaseStore, kind: str) -> None:
    _, summary = written(store, kind)
    view = view_of(store)
    counts, left = summary.counts, summary.left_out
    assert counts["entities"] == len({int(one) for one in view.about})
    assert counts["sources"] == 3
    withheld = left["statements_outside_vocabulary"] + left["message_bodies"] + left["missing_parts"]
    assert (withheld, left["free_text"], left["withdrawn_sources"], left["references_elsewhere"]) == (
        3,
        0,
        1,
        0,
    )
    assert counts["statements"] + withheld == len(view)


@pytest.mark.parametrize("kind", KINDS)
def test_a_withdrawn_source_is_named_as_such_and_nothing_of_it_goes_out(store: CaseStore, kind: str) -> None:
    text = written(store, kind)[0].decode()
    assert "hearsay of Mallory.csv" in text
    assert "Mallory made it up" in text
    for said in ("Somebody Else", "The Rumoured", RUMOUR, "an informant"):
        assert said not in text


@pytest.mark.parametrize("kind", KINDS)
def test_messages_and_what_is_missing_are_left_out_unless_asked_for(store: CaseStore, kind: str) -> None:
    text = written(store, kind)[0].decode()
    assert BODY not in text
    assert "valve" not in text
    asked = written(store, kind, replace(OPTIONS, bodies=True, missing=True))[0].decode()
    assert "valve" in asked
    assert BODY in asked or kind == "graphml"  # whose nodes have no room for long texts


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_vocabulary_does_not_know_stays(store: CaseStore, kind: str) -> None:
    assert b"what no vocabulary knows" not in written(store, kind)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_sources_bits_and_reliability_go_out(store: CaseStore, kind: str) -> None:
    text = written(store, kind)[0].decode()
    assert "14.25" in text
    assert "parcels.csv" in text
    assert "the post" in text
    assert "TLP:AMBER" in text or kind == "misp"
    assert "row 3" in text or kind == "graphml"


@pytest.mark.parametrize("kind", KINDS)
def test_pseudonyms_leave_no_name_identifier_or_free_text(store: CaseStore, kind: str) -> None:
    data, summary = written(store, kind, replace(OPTIONS, pseudonym_key=KEY, bodies=True, missing=True))
    text = data.decode()
    hidden = (
        "Koval", "Anna", "Ana K", "anna", "boris", "33612345678", "3225551234", "example.org",
        "RR123456785FR", "2024/17",
        "AB-123", "bc1q", "FR76", "X1234567", "1990-05-17", "Pompe", "Pump Club", "Crank", "Nice", "43.7",
        "7.25",
        "203.0.113", "lives alone", BODY, "part.stl", "SN-77", "Mallory", "Dupont", "informant", "the post",
        "order 12", "article 1", "tracing pumps", ANNA, KEY.decode(), KEY.hex(),
    )  # fmt: skip
    assert [one for one in hidden if one in text] == []
    assert summary.left_out["free_text"] > 5
    for told in ("hand-cranked pump", "0f" * 32, "La Poste", "14.25", "2024-05-02"):
        assert told in text


def test_pseudonyms_are_the_same_under_one_key_and_others_under_another(store: CaseStore) -> None:
    first = written(store, "ftm", replace(OPTIONS, pseudonym_key=KEY))[0]
    assert first == written(store, "ftm", replace(OPTIONS, pseudonym_key=KEY))[0]
    other = written(store, "ftm", replace(OPTIONS, pseudonym_key=KEY[::-1]))[0]
    keys = [{json.loads(line)["id"] for line in data.splitlines()} for data in (first, other)]
    assert len(keys[0]) == len(keys[1])
    assert keys[0] & keys[1] == set()


def test_no_digest_that_could_be_found_by_trying_goes_out_beside_pseudonyms(store: CaseStore) -> None:
    """Keys of entities and sources are digests of names: whoever guesses the name could tell."""
    view = view_of(store)
    digests = [*view.keys, *(source.info.key for source in store.sources())]
    for kind in KINDS:
        text = written(store, kind, replace(OPTIONS, pseudonym_key=KEY))[0].decode()
        assert [one for one in digests if one in text] == []


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_texts_stay_within_the_format(hostile: CaseStore, kind: str) -> None:
    data, summary = written(hostile, kind)
    assert parsed(kind, data)
    text = data.decode("utf-8")
    if kind != "ftm-statements":
        assert "<script>" not in text
        assert (
            not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\ufeff]", text)
            or kind == "graphml"
        )
        assert "]]>" not in text
    assert summary.counts["statements"] > 1500


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_case_is_an_export_that_says_so(tmp_path: Path, kind: str) -> None:
    data, summary = written(make_case(tmp_path / "e", []), kind)
    assert parsed(kind, data)
    assert (summary.counts["entities"], summary.counts["statements"]) == (0, 0)
    assert b"Operation Crank" in data


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_with_everything_withdrawn_is_an_export_too(tmp_path: Path, kind: str) -> None:
    info, said = SOURCES[3]
    store = make_case(tmp_path / "w", [(info, said())])
    store.stand(1, False, "not lawful", "judge")
    data, summary = written(store, kind)
    assert parsed(kind, data)
    assert (summary.counts["entities"], summary.left_out["withdrawn_sources"]) == (0, 1)
    assert b"not lawful" in data


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_forgotten_since_the_view_was_made_is_not_there(tmp_path: Path, kind: str) -> None:
    store = make_case(tmp_path / "f", [(SOURCES[0][0], SOURCES[0][1]())])
    view = view_of(store)
    with store.writing() as connection:
        connection.exec_driver_sql(
            "DELETE FROM statements WHERE entity_id IN (SELECT id FROM entities WHERE key = ?)", (ANNA,)
        )
    data, _ = written(store, kind, view=view)
    assert parsed(kind, data)
    assert b"Koval" not in data


def test_a_view_that_holds_what_was_withdrawn_since_is_refused(tmp_path: Path) -> None:
    store = make_case(tmp_path / "s", [(info, said()) for info, said in SOURCES])
    view = view_of(store)
    store.stand(4, False, "not lawful", "judge")
    for kind in KINDS:
        with pytest.raises(UsageError, match="withdrawn since"):
            written(store, kind, view=view)


@pytest.mark.parametrize("kind", KINDS)
def test_a_view_without_a_source_says_so(store: CaseStore, kind: str) -> None:
    text = written(store, kind, view=view_of(store, without=[2]))[0].decode()
    assert "Not looked at: source 2, phone of Anna Koval.json." in text
    assert "Ana K." not in text


def test_names_that_were_merged_are_told_of_the_chosen_sources_only(store: CaseStore) -> None:
    text = written(store, "ftm", replace(OPTIONS, sources=frozenset([1])))[0].decode()
    assert ANNA in text
    assert ANA not in text


def test_bits_that_are_no_number_are_none(tmp_path: Path) -> None:
    said = [Statement("ab" * 20, "Person", "name", "A", "row 1", bits=float("inf"))]
    store = make_case(tmp_path / "n", [(SOURCES[0][0], said)])
    for kind in KINDS:
        assert b"nfinity" not in written(store, kind)[0]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (replace(OPTIONS, at="yesterday"), "yesterday"),
        (replace(OPTIONS, tlp="purple"), "purple"),
        (replace(OPTIONS, only=frozenset(["no such key"])), "no such key"),
        (replace(OPTIONS, only=frozenset([RUMOUR])), RUMOUR),
        (replace(OPTIONS, schemata=frozenset(["Rocket"])), "Rocket"),
        (replace(OPTIONS, sources=frozenset([4])), "source 4"),
        (replace(OPTIONS, since="May"), "May"),
        (replace(OPTIONS, pseudonym_key=b"short"), "16 bytes"),
    ],
)
def test_options_that_mean_nothing_are_refused_before_anything_is_written(
    store: CaseStore, options: Options, named: str
) -> None:
    for kind in KINDS:
        with pytest.raises(UsageError, match=named):
            written(store, kind, options)


def test_an_unknown_format_is_refused_with_those_there_are(store: CaseStore) -> None:
    with pytest.raises(UsageError, match="case-uco, misp, stix, graphml"):
        written(store, "docx")
