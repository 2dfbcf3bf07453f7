"""Saved results, marks and links as statements: what each says, and what damaged ones do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import screened
from hypothesis import given
from hypothesis import strategies as st

from partwatch.case.imports import links_document, marks_document, marks_said, plans_said, results
from partwatch.case.imports.base import Example, Importer, Limits, Reading
from partwatch.case.imports.items import bodies_said, item_key, match_key
from partwatch.case.imports.plans_said import PlanTexts
from partwatch.case.imports.results_examples import DESIGN, LIST, as_json, digest, item, match, ndjson
from partwatch.case.imports.said import cleaned, number
from partwatch.case.statements import keyed
from partwatch.case.vocabulary import property_of
from partwatch.model.document import Accepted, MatchFinding, Medium
from partwatch.model.errors import UsageError
from partwatch.model.marks import Hypothesis, MarkKind

IMPORTERS = (results.IMPORTER, marks_document.IMPORTER, links_document.IMPORTER)
EXAMPLES = [(importer, example) for importer in IMPORTERS for example in importer.examples()]


def written(folder: Path, example: Example) -> Path:
    for name, data in example.files.items():
        (folder / name).write_bytes(data)
    return folder / example.path


@pytest.mark.parametrize(
    ("importer", "example"), EXAMPLES, ids=[f"{importer.name}, {one.name}" for importer, one in EXAMPLES]
)
def test_each_example_says_what_it_promises(importer: Importer, example: Example, tmp_path: Path) -> None:
    path = written(tmp_path, example)
    assert importer.looks(path)
    assert not any(other.looks(path) for other in IMPORTERS if other is not importer)
    read = screened.read(importer, path)
    told = {(one.schema, one.prop, one.value) for one in read.statements}
    assert set(example.said) <= told
    assert len(read.errors) == example.errors
    assert all(property_of(one.schema, one.prop) for one in read.statements)
    assert all(one.place for one in read.statements)
    # The same bytes say the same again.
    assert screened.read(importer, path) == read


def test_both_forms_of_a_result_say_the_same_but_for_the_place(tmp_path: Path) -> None:
    items = [item("a.stl", digest(1), [match("shaft")], []), item("b.stl", None)]
    said = []
    for name, data in (
        ("lines", ndjson(*items)),
        ("json", as_json(*items)),
        ("anew", json.dumps(json.loads(as_json(*items)), indent=3).encode()),
        ("marked", b"\xef\xbb\xbf" + ndjson(*items).replace(b"\n", b"\r\n\r\n")),
    ):
        (tmp_path / name).write_bytes(data)
        read = screened.read(results.IMPORTER, tmp_path / name, "f" * 64)
        assert read.errors == []
        said.append([replace(one, place="") for one in read.statements])
    assert said[0] == said[1] == said[2] == said[3]


def test_an_item_is_its_content_and_a_match_an_edge_with_bits(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_bytes(ndjson(item("a.stl", digest(1), [match("shaft", bits=14.5, surprise=30.25)])))
    read = screened.read(results.IMPORTER, path)
    key, edge = keyed("Item", digest(1)), match_key(keyed("Item", digest(1)), DESIGN, "shaft", 0)
    assert {one.entity for one in read.statements} == {key, edge, keyed("Design", DESIGN)}
    ends = {one.prop: (one.value, one.bits) for one in read.statements if one.bits is not None}
    assert ends == {"item": (key, 14.5), "design": (keyed("Design", DESIGN), 14.5)}
    assert read.of(edge, "surprise") == ["30.25"]
    assert read.of(edge, "medium") == ["mesh"]
    assert read.of(keyed("Design", DESIGN), "watchlist") == [LIST]


def test_candidates_are_no_edges_and_accepted_matches_are_notes(tmp_path: Path) -> None:
    accepted = Accepted(reason="our own jig", who="Q.", accepted="2026-01-02", expires="2027-01-01")
    jig = match("cap").model_copy(update={"accepted": accepted})
    path = tmp_path / "result"
    path.write_bytes(ndjson(item("a.stl", digest(1), [match("shaft", MatchFinding.CANDIDATE), jig])))
    read = screened.read(results.IMPORTER, path)
    assert read.said("Match", "item") == []
    assert read.said("Design", "name") == []
    assert read.said("Item", "notes") == [
        f"accepted: {DESIGN} / cap by Q. on 2026-01-02, until 2027-01-01: our own jig"
    ]


def test_a_match_without_a_calibration_counts_for_nothing_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_bytes(ndjson(item("a.stl", digest(1), [match("shaft", bits=None)])))
    read = screened.read(results.IMPORTER, path)
    assert {one.bits for one in read.statements if (one.schema, one.prop) == ("Match", "design")} == {0.0}
    assert "no calibration" in read.said("Match", "summary")[0]
    assert read.said("Match", "surprise") == []


def test_members_lie_in_the_nearest_archive_that_came_before_them(tmp_path: Path) -> None:
    path = tmp_path / "result"
    members = ("in.zip", "in.zip/deep/a.stl", "folder/b.stl")
    items = [item("all.zip", digest(0), form="zip")]
    items += [item("all.zip", digest(k), [], member=name) for k, name in enumerate(members, start=1)]
    path.write_bytes(ndjson(*items, item("other.zip", digest(7), [], member="lost.stl")))
    read = screened.read(results.IMPORTER, path)
    held = dict(
        zip(read.said("UnknownLink", "object"), read.said("UnknownLink", "subject"), strict=True)
    )  # fmt: skip
    keys = [keyed("Item", digest(k)) for k in range(4)]
    assert held == {keys[1]: keys[0], keys[2]: keys[1], keys[3]: keys[0]}


def test_the_same_content_in_two_places_is_one_item_whose_matches_are_told_once(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_bytes(ndjson(*(item(f"{k}/a.stl", digest(1), [match("shaft")]) for k in range(3))))
    read = screened.read(results.IMPORTER, path)
    assert read.of(keyed("Item", digest(1)), "path") == ["0/a.stl", "1/a.stl", "2/a.stl"]
    assert len(read.said("Match", "part")) == 1


def test_what_could_not_be_read_is_a_record_of_its_source(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_bytes(ndjson(item("a.stl", None)))
    here, there = (screened.read(results.IMPORTER, path, one * 64) for one in "ab")
    assert here.said("Item", "finding") == ["unscreenable"]
    assert here.said("Item", "contentHash") == []
    assert {one.entity for one in here.statements}.isdisjoint(one.entity for one in there.statements)


def test_a_job_is_told_by_its_format_or_by_what_its_bodies_were_read_from(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_bytes(
        ndjson(
            item("a.bgcode", digest(1), [], form="bgcode"),
            item("b.3mf", digest(2), [match("cap", medium=Medium.TOOLPATH)], form="3mf"),
            item("c.3mf", digest(3), [match("cap")], form="3mf"),
        )
    )
    read = screened.read(results.IMPORTER, path)
    assert read.said("PrintJob", "contentHash") == [digest(1), digest(2)]
    assert read.said("Item", "contentHash") == [digest(3)]


def test_plans_are_kept_only_of_the_list_that_was_searched(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_bytes(ndjson(item("a.stl", digest(1), [match("shaft")])))
    text = '{"plan":[["shaft",2,true,null],["cap",1,false,"shaft"]],"watchlist":"v","designs":7}'
    for version, notes in ((LIST, [text]), ("another", [])):
        read = screened.read(results.importer(PlanTexts(version, {DESIGN: text})), path)
        assert read.said("Design", "notes") == notes
    said = plans_said.plan_said(DESIGN, text)
    assert said is not None
    assert (said.designs, [slot.names for slot in said.plan.slots]) == (7, [("shaft", "cap")])


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"plan":', '{"plan":[1]}', '{"plan":[["a",0,true,null]],"watchlist":"","designs":1}',
     '{"plan":[["a",1,true,5]],"watchlist":"","designs":1}', '{"plan":[],"watchlist":"","designs":"x"}',
     '{"plan":' + "[" * 100_000, "a note by a person"],
)  # fmt: skip
def test_a_text_that_is_no_plan_is_none(text: str) -> None:
    assert plans_said.plan_said("d", text) is None


def damaged(change: Callable[[bytes], bytes], path: Path) -> screened.Read:
    whole = ndjson(item("a.stl", digest(1), [match("shaft")]), item("b.stl", digest(2), []))
    path.write_bytes(change(whole))
    return screened.read(results.IMPORTER, path)


@pytest.mark.parametrize(
    ("change", "errors", "items"),
    [
        (lambda data: data + b'{"type":"item"}\n', 1, 2),
        (lambda data: data + data, 1, 2),
        (lambda data: data.replace(b'"score":0.99', b'"score":NaN'), 1, 1),
        (lambda data: data.replace(b'"bits":14.5', b'"bits":1e999'), 1, 1),
        (lambda data: data.replace(b'"a.stl"', b'"\xff.stl"'), 1, 1),
        (lambda data: data.replace(b'"a.stl"', b'"\\ud800\\u0000.stl"'), 0, 2),
        (lambda data: data.replace(b'"finding":"match"', b'"finding":"guilty"', 1), 1, 1),
        (lambda data: data[: data.rindex(b'{"type":"item"') + 40], 2, 1),
        (lambda data: data.replace(b'"index":0', b'"index":' + b"9" * 5000, 1), 1, 1),
    ],
    ids=["more behind the end", "twice", "NaN", "infinity", "not UTF-8", "half a pair", "its own finding",
         "torn", "a long number"],
)  # fmt: skip
def test_damage_costs_its_own_line_and_is_told(
    change: Callable[[bytes], bytes], errors: int, items: int, tmp_path: Path
) -> None:
    read = damaged(change, tmp_path / "result")
    assert len(read.said("Item", "complete")) == items
    assert len(read.errors) == errors
    for one in read.statements:
        one.value.encode("utf-8")
        assert "\0" not in one.value


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"{}", b"[]", b"null", b'{"type":"summary"}', b'{"type":"header","schema_version":"99"}',
     b'{"header":{"type":"header"},\n"items":[\n', b'{"header":5}', b"\xff\xfe", b"[" * 100_000,
     b'{"type":"header","schema_version":"3"}'],
)  # fmt: skip
def test_what_is_no_result_is_refused_with_its_name(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_bytes(data)
    for refused in (lambda: screened.read(results.IMPORTER, path), lambda: results.noted(path)):
        with pytest.raises(UsageError, match="result"):
            refused()
    for importer in (marks_document.IMPORTER, links_document.IMPORTER):
        with pytest.raises(UsageError, match="run it again"):
            screened.read(importer, path)


def test_limits_hold_for_results(tmp_path: Path) -> None:
    path = screened.sent(tmp_path / "result")
    few = screened.split(results.IMPORTER.read(Reading(path, "f" * 64, limits=Limits(rows=2))))
    assert len(few.said("Item", "complete")) == 2
    assert "more than 2 items" in str(few.errors[0])
    with pytest.raises(UsageError, match="more than the limit"):
        screened.split(results.IMPORTER.read(Reading(path, "f" * 64, limits=Limits(file_bytes=10))))


def test_the_ledger_is_told_with_what_a_result_was_made(tmp_path: Path) -> None:
    told = results.noted(screened.sent(tmp_path / "result"))
    assert (told["watchlist"], told["calibration"], told["as_of"]) == (LIST, "c" * 16, "2026-03-01")
    path = tmp_path / "links"
    example = next(iter(links_document.IMPORTER.examples()))
    path.write_bytes(next(iter(example.files.values())))
    assert links_document.noted(path) == {
        "program": "1.0", "model": "m", "population": None, "threshold": 5.0, "items": 3, "incomplete": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "serial"),
    [
        ("printer_serial_number", "SN-4711-0815", "SN-4711-0815"),
        ("machine.serial", '"00M09A123456789"', "00M09A123456789"),
        ("dev_id", "01S00C000000000", "01S00C000000000"),
        ("serial_port", "ttyUSB012345", None),
        ("filament_serial", "ABC123456", None),
        ("serial_number", "unknown", None),
        ("serial_number", "0000000000", None),
        ("serial_number", "12", None),
        ("serialized", "ABC123456", None),
    ],
)
def test_only_what_reads_like_a_machines_number_is_its_serial(
    name: str, value: str, serial: str | None
) -> None:
    assert marks_said.serial_of(marks_document.mark(MarkKind.SETTING, name, value)) == serial


def test_a_home_folders_name_makes_no_account_that_others_could_share() -> None:
    mark = marks_document.mark(MarkKind.USER, "home folder", "erika")
    item = marks_document.marked("a.gcode", digest(1), mark)
    told = screened.split(marks_said.said(item, "f" * 64, "item 1"))
    assert told.said("UserAccount", "username") == []
    assert told.said("PrintJob", "marks") == ["user home folder: erika"]


def test_a_setting_is_no_identifying_mark_but_the_digest_of_a_key_is() -> None:
    marks = (
        marks_document.mark(MarkKind.SETTING, "layer_height", "0.2"),
        marks_document.mark(MarkKind.SETTING, "printhost_apikey", "(not shown, 0123456789abcdef)"),
        marks_document.mark(MarkKind.IDENTIFIER, "partnumber", "7"),
    )
    told = screened.split(marks_said.said(marks_document.marked("a", digest(1), *marks), "f" * 64, "item 1"))
    assert told.said("PrintJob", "marks") == ["setting printhost_apikey: (not shown, 0123456789abcdef)"]


def test_a_slicer_that_moves_speak_for_has_bits_and_one_that_is_named_has_none() -> None:
    def of(software: str, stated: tuple[str, ...], bits: float | None) -> Hypothesis:
        return Hypothesis(software=software, version=None, stated_by=stated, against=(), bits=bits)

    hypotheses = (of("PrusaSlicer", ("banner",), None), of("Cura", (), 4.5), of("Else", (), -3.0))
    job = marks_document.marked("a", digest(1)).model_copy(update={"attribution": hypotheses})
    told = [one for one in marks_said.said(job, "f" * 64, "item 1") if one.prop == "slicer"]
    assert [(one.value, one.bits) for one in told] == [("PrusaSlicer", None), ("Cura", 4.5)]


def test_links_of_one_content_and_links_that_were_refused_are_no_edges(tmp_path: Path) -> None:
    items = tuple(links_document.linked(k, f"{k}.gcode") for k in range(3))
    items = (*items, items[0].model_copy(update={"id": 3, "path": "copy.gcode", "same_as": 0}))
    edges = (
        links_document.edge(0, 3, 20.0),
        links_document.edge(0, 1, 9.0, against=(1, 2)),
        links_document.edge(2, 1, 7.0),
    )
    path = tmp_path / "links"
    path.write_text(links_document.document_of(items, edges).model_dump_json())
    read = screened.read(links_document.IMPORTER, path)
    assert [(one.value, one.bits) for one in read.statements if one.prop in ("item", "other")] == [
        (keyed("Item", digest(3)), 7.0),
        (keyed("Item", digest(2)), 7.0),
    ]
    assert len(read.said("PrintJob", "notes")) == 2


@given(st.text(), st.text())
def test_every_text_becomes_one_that_databases_take(path: str, member: str) -> None:
    assert "\0" not in cleaned(path)
    cleaned(path).encode("utf-8")
    assert item_key(None, "s", path, member) == item_key(None, "s", path, member)
    assert item_key(None, "s", path, None) != item_key(None, "s", path, member)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_as_it_was(value: float) -> None:
    assert float(number(value)) == value


def test_counts_of_bodies_are_read_back() -> None:
    assert [bodies_said(text) for text in ("1 body", "12 bodies", "12", "a body")] == [1, 12, None, None]
