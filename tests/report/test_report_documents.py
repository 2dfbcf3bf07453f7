"""JSON and NDJSON: written as they come, read back whole, and refused when damaged."""

from __future__ import annotations

import io
import json as stdlib_json
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_golden import HEADER, document, golden, item, weighed_golden
from report_shapes import housing_view

from partwatch.model.document import READABLE_VERSIONS, SCHEMA_VERSION, AnyRecord, Finding, ResultDocument
from partwatch.model.errors import DocumentError
from partwatch.report import json, ndjson
from partwatch.report.load import load, loads


def records(result: ResultDocument) -> Iterator[AnyRecord]:
    yield result.header
    yield from result.items
    yield result.summary


def as_ndjson(result: ResultDocument) -> str:
    stream = io.StringIO()
    ndjson.write(records(result), stream)
    return stream.getvalue()


def as_json(result: ResultDocument) -> str:
    stream = io.StringIO()
    json.write(records(result), stream)
    return stream.getvalue()


@pytest.mark.parametrize("save", [as_json, as_ndjson])
def test_what_was_saved_is_loaded(save: object) -> None:
    for result in (golden(housing_view()), weighed_golden(), document([])):
        assert loads(save(result)) == result  # type: ignore[operator]


def test_ndjson_is_one_record_a_line_whatever_the_names() -> None:
    lines = as_ndjson(golden()).splitlines()

    assert [stdlib_json.loads(line)["type"] for line in lines] == ["header", *["item"] * 5, "summary"]


def test_json_is_one_document_of_the_same_records() -> None:
    whole = stdlib_json.loads(as_json(golden()))

    lines = [stdlib_json.loads(line) for line in as_ndjson(golden()).splitlines()]
    assert [whole["header"], *whole["items"], whole["summary"]] == lines


def test_records_are_written_as_they_come() -> None:
    stream = io.StringIO()

    def watched() -> Iterator[AnyRecord]:
        yield HEADER
        assert stream.getvalue().endswith("\n")
        yield golden().items[0]
        assert len(stream.getvalue().splitlines()) == 2

    ndjson.write(watched(), stream)


@pytest.mark.parametrize("save", [as_json, as_ndjson])
def test_a_name_that_is_not_utf8_survives(save: object) -> None:
    result = document([item("broken-\udcff.stl", Finding.CLEAR)])

    text = save(result)  # type: ignore[operator]
    text.encode("utf-8")
    assert loads(text) == result


def test_a_file_is_loaded_by_its_path_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("\ufeff" + as_json(golden()), encoding="utf-8")

    assert load(path) == golden()


SAVED_BEFORE = Path(__file__).with_name("saved-schema-1.json")


def test_a_result_saved_under_schema_1_is_read_as_what_it_was() -> None:
    old = load(SAVED_BEFORE)

    assert old.header.schema_version == "1"
    assert (old.header.calibration, old.header.basis) == (None, None)
    assert old.model_copy(update={"header": HEADER}) == golden()
    assert {(m.bits, m.evidence) for i in old.items for b in i.bodies for m in b.matches} == {(None, None)}


def test_an_old_result_keeps_its_version_when_it_is_saved_again() -> None:
    old = load(SAVED_BEFORE)

    assert loads(as_ndjson(old)) == old
    assert stdlib_json.loads(as_json(old))["header"]["schema_version"] == "1"


def test_the_version_that_is_written_can_be_read() -> None:
    assert SCHEMA_VERSION in READABLE_VERSIONS
    assert HEADER.schema_version == SCHEMA_VERSION


def test_windows_line_ends_are_read() -> None:
    assert loads(as_ndjson(golden()).replace("\n", "\r\n")) == golden()


def broken(change: str) -> str:
    lines = as_ndjson(golden()).splitlines()
    return {
        "no summary": "\n".join(lines[:-1]),
        "no header": "\n".join(lines[1:]),
        "two results": "\n".join([*lines[:-1], *lines]),
        "an item missing": "\n".join([*lines[:2], *lines[3:]]),
        "cut line": "\n".join([*lines[:2], lines[2][:40]]),
        "other version": lines[0].replace(f'"schema_version":"{SCHEMA_VERSION}"', '"schema_version":"99"'),
        "bad field": "\n".join([lines[0], lines[1].replace('"match"', '"guilty"', 1), *lines[2:]]),
        "unknown record": "\n".join([lines[0], '{"type":"verdict"}', *lines[1:]]),
        "empty": "\n",
    }[change]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("no summary", r"r: line 6: .*without a summary"),
        ("no header", r"r: line 1: .*header is missing"),
        ("two results", r"r: line 7: a second header"),
        ("an item missing", r"counts 5 items and it holds 4"),
        ("cut line", r"line 3, column \d+: not JSON"),
        ("other version", r"schema version '99'.* reads '1' and '2'"),
        ("bad field", r"r: line 2: item.finding: .*screen again"),
        ("unknown record", r"r: line 2: .*verdict"),
        ("empty", r"r: it is empty"),
    ],
)
def test_a_damaged_result_is_refused_with_its_place_and_a_mend(change: str, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        loads(broken(change), "r")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", r"no header in it"),
        ('{"items": [], \n oops', r"line 2, column 2: not JSON"),
        ("[" * 100_000, r"nested too deeply"),
        (
            as_json(golden()).replace(f'"schema_version":"{SCHEMA_VERSION}"', '"schema_version":2'),
            r"schema version 2,",
        ),
        (as_json(golden()).replace('"complete":true', '"complete":"perhaps"', 1), r"items.0.complete: "),
    ],
)
def test_a_damaged_document_is_refused(text: str, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        loads(text, "r")


def test_a_path_that_cannot_be_read_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"cannot be read"):
        load(tmp_path / "missing.json")
    (tmp_path / "image").write_bytes(b"\x89PNG")
    with pytest.raises(DocumentError, match=r"byte 0 is not UTF-8"):
        load(tmp_path / "image")
