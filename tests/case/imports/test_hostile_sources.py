"""Sources made to do harm, or merely broken: a row costs itself, and a source costs no more than its
limits."""

from __future__ import annotations

import gzip
import json
import os
import signal
import tracemalloc
from pathlib import Path

import pytest

from partwatch.case.imports import child, mail, table
from partwatch.case.imports.base import Limits, Note, Reading, RowError
from partwatch.case.imports.child import ChildLimits, read_in_child
from partwatch.case.imports.registry import importer_named, importer_of
from partwatch.case.imports.table_examples import workbook
from partwatch.case.imports.web_examples import examples as pages
from partwatch.case.statements import Statement
from partwatch.model.errors import UsageError

LIMITS = Limits()
MAPPING = '[[entities]]\nschema = "Person"\n[entities.properties]\nname = "Name"\n'
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADER = '<row r="1"><c t="inlineStr"><is><t>Name</t></is></c></row>'


def told(kind: str, data: bytes, folder: Path, limits: Limits = LIMITS) -> tuple[list[str], list[RowError]]:
    """Values, and errors, in order."""
    path = folder / "source"
    path.write_bytes(data)
    mapping = MAPPING if kind == "table" else None
    heard = list(importer_named(kind).read(Reading(path, "ab" * 32, "FR", mapping, limits)))
    return [one.value for one in heard if isinstance(one, Statement)], [
        one for one in heard if isinstance(one, RowError) and not isinstance(one, Note)
    ]


def sheet(rows: str, before: str = "") -> bytes:
    return workbook(
        [], f'{before}<worksheet xmlns="{SHEET}"><sheetData>{HEADER}{rows}</sheetData></worksheet>'
    )


def cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


@pytest.mark.parametrize(
    ("rows", "values", "bad"),
    [
        (b'"x,1\n' + b"ok,1\n" * 300, ["ok"] * 300, ["row 2"]),
        (b'ok,1\n"x,1\nok,2\n', ["ok", "ok"], ["row 3"]),
        (b'5" wheel,1\n6" wheel,2\nok,3\n', ['5" wheel', '6" wheel', "ok"], []),
        (b'"two\nlines",1\nok,2\n', ["two lines", "ok"], []),
        (b'"a"b,1\nok,2\n', ["ok"], ["row 2"]),
        (b"ok,1,shifted\nok,2\n,3\nok\n", ["ok"], ["row 2", "row 5"]),
        (b"x," * 600_000 + b"\nok,1\n", ["ok"], ["row 2"]),
        (b"x," * 20_000 + b"\nok,1\n", ["ok"], ["row 2"]),
        (b"x" * 1_200_000 + b",1\nok,1\n", ["ok"], ["row 2"]),
        ("é,1\n".encode() * 60 + b"\xff,1\nok,2\n", ["é"] * 60 + ["ok"], ["row 62"]),
        (b"a\x00b\x07c,1\nok,2\n", ["abc", "ok"], []),
    ],
    ids=str,
)
def test_a_bad_row_of_a_table_costs_itself(
    rows: bytes, values: list[str], bad: list[str], tmp_path: Path
) -> None:
    found, errors = told("table", b"Name,Other\n" + rows, tmp_path)
    assert found == values
    assert [one.place for one in errors] == bad


@pytest.mark.parametrize(
    ("rows", "values", "bad"),
    [
        (f'<row r="2">{cell("x")}</row>', ["x"], []),
        ('<row r="2"><c t="str"><f>HYPERLINK("http://a")</f><v>stored</v></c></row>'
         '<row r="3"><c><f>CMD()</f></c></row>',
         ["stored"], []),
        (f'<row r="2000000000">{cell("x")}</row>', [], ["row 1048577"]),
        ('<row r="2"><c r="ZZZ2" t="inlineStr"><is><t>x</t></is></c></row>'
         f'<row r="3">{cell("y")}</row>', ["y"], ["row 2"]),
        ('<row r="2"><c r="ZZZZZZ2" t="inlineStr"><is><t>x</t></is></c></row>', [], ["row 2"]),
        ('<row r="2"><c t="s"><v>77</v></c></row>', [], ["row 2"]),
        (f'<row r="2">{cell("x")}</row><row r="3"><c><v>1e9</v></c></row>', ["x", "1000000000"], []),
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_row_of_a_workbook_costs_itself_or_the_rest(
    rows: str, values: list[str], bad: list[str], tmp_path: Path
) -> None:
    found, errors = told("table", sheet(rows), tmp_path)
    assert found == values
    assert [one.place for one in errors] == bad


def test_a_stated_extent_of_a_sheet_is_not_believed(tmp_path: Path) -> None:
    told_extent = (
        f'<worksheet xmlns="{SHEET}"><dimension ref="A1:XFD1048576"/><sheetData>{HEADER}'
        f'<row r="2">{cell("x")}</row></sheetData></worksheet>'
    )
    assert told("table", workbook([], told_extent), tmp_path) == (["x"], [])


def test_entities_of_xml_are_refused_in_a_workbook(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    with pytest.raises(UsageError, match="declares XML entities"):
        told("table", sheet(f'<row r="2">{cell("&b;")}</row>', laughs), tmp_path)
    with pytest.raises(UsageError, match="declares XML entities"):
        told("table", sheet(" " * (1 << 20) + "<!-- x -->" + "<!DOCTYPE"), tmp_path)


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unpacks to .* more than the limit"):
        told("table", sheet(" " * (4 << 20)), tmp_path, Limits(member_bytes=1 << 20))


def chat(*messages: str) -> bytes:
    return ('{"name": "c", "type": "x", "id": 1, "messages": [' + ", ".join(messages) + "]}").encode()


GOOD = '{"id": 2, "type": "message", "from_id": "user1", "text": "good"}'


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": 1, "text": ' + "[" * 50_000 + "]" * 50_000 + "}",
        '{"id": 1, "text": [' + "1," * 250_000 + "1]}",
        '"text"', "5", "null",
    ],
    ids=["deep", "wide", "text", "number", "null"],
)  # fmt: skip
def test_a_message_beyond_bounds_costs_itself(bad: str, tmp_path: Path) -> None:
    values, errors = told("telegram", chat(bad, GOOD), tmp_path)
    assert "good" in values
    assert len(errors) == 1


def test_nesting_outside_of_messages_is_passed_over(tmp_path: Path) -> None:
    data = b'{"other": ' + b'{"a": [' * 50_000 + b"]}" * 50_000 + b", " + chat(GOOD)[1:]
    assert "good" in told("telegram", data, tmp_path)[0]


def test_of_an_export_that_breaks_off_what_came_before_is_kept(tmp_path: Path) -> None:
    values, errors = told("telegram", chat(GOOD, GOOD)[:-30], tmp_path)
    assert values.count("good") == 1
    assert errors[0].problem.startswith("is no JSON from here on")


def test_values_of_every_wrong_type_are_passed_over(tmp_path: Path) -> None:
    keys = (
        "id from from_id text text_entities date_unixtime members file contact_information "
        "reply_to_message_id forwarded_from"
    )
    odd = json.dumps({key: {"x": [1]} for key in keys.split()})
    assert "good" in told("telegram", chat(odd, GOOD), tmp_path)[0]


def test_lines_beyond_bounds_cost_themselves(tmp_path: Path) -> None:
    good = b'{"id": "b", "schema": "Person", "properties": {"name": ["good"]}}\n'
    bad = b'{"id": ' + b"[" * 100_000 + b"\n" + b'{"id": "' + b"x" * (17 << 20) + b'"}\n[]\n{"id": "a"}\n'
    values, errors = told("ftm", good + bad + good, tmp_path)
    assert values == ["good", "good"]
    assert [one.place for one in errors] == ["line 2", "line 3", "line 4", "line 5"]


def letter(headers: bytes, body: bytes = b"good\n") -> bytes:
    return b"From: a@example.org\nTo: b@example.org\n" + headers + b"\n" + body


@pytest.mark.parametrize(
    "headers",
    [
        b"Subject: =?x-unknown?b?////?= =?utf-8?q?=ff?= \xff\nDate: 99 Foo\n",
        b"Cc: " + b"(" * 30_000 + b"\n",
        b"Cc: " + b'"<' * 20_000 + b"\n",
        b"Content-Type: text/plain; charset=no-such; x*0*=x\n",
        b"Content-Type: ;;;===\nContent-Transfer-Encoding: base63\n",
        b"Message-ID: <" + b"x" * 5000 + b">\nIn-Reply-To: <<>>\n",
    ],
    ids=range(6),
)
def test_a_hostile_header_leaves_the_rest_of_a_letter(headers: bytes, tmp_path: Path) -> None:
    values, _ = told("mail", letter(headers), tmp_path)
    assert "a@example.org" in values
    assert "good" in values


def test_a_letter_that_cannot_be_parsed_costs_itself(tmp_path: Path) -> None:
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(1500)
    )
    box = b"From x Tue\n" + letter(nested) + b"\n\nFrom x Tue\n" + letter(b"Subject: good\n")
    values, errors = told("mail", box, tmp_path)
    assert "good" in values
    assert [one.place for one in errors] == ["mail 1"]


def test_a_letter_over_the_limit_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_MOST_MESSAGE_BYTES", 1000)
    box = b"From x Tue\n" + letter(b"", b"x" * 2000) + b"\n\nFrom x Tue\n" + letter(b"Subject: good\n")
    values, errors = told("mail", box, tmp_path)
    assert "good" in values
    assert [one.place for one in errors] == ["mail 1"]


def test_a_page_that_nests_without_end_is_not_parsed(tmp_path: Path) -> None:
    _, errors = told("web", b"<html><body>" + b"<div>" * 200_000, tmp_path)
    assert "nest deeper" in errors[0].problem


def test_data_of_a_page_that_nests_without_end_are_passed_over(tmp_path: Path) -> None:
    page = b'<html><script type="application/ld+json">' + b"[" * 200_000 + b"</script><body>a@example.org"
    assert "a@example.org" in told("web", page, tmp_path)[0]


def test_a_gzipped_archive_is_read_record_by_record_and_kept_up_to_its_damage(tmp_path: Path) -> None:
    warc = next(one for one in pages() if one.name == "warc").files["a.warc"]
    records = [b"WARC/1.0" + one for one in warc.split(b"WARC/1.0")[1:]]
    packed = [gzip.compress(one, mtime=0) for one in records]
    values, errors = told("web", b"".join(packed), tmp_path)
    assert {"Clock kit", "About"} <= set(values)
    assert errors == []
    values, errors = told("web", packed[0] + packed[1] + packed[2][:60], tmp_path)
    assert "Clock kit" in values
    assert "About" not in values


def test_recognising_takes_no_long_look(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for data in (
        b"<!---->\n" * 1000 + b"<",
        b"<!-- -->" * 1000 + b"<html",
        b"A: b\n" * 20_000,
        b"{" * 70_000,
    ):
        path.write_bytes(data)
        for name in ("web", "mail", "telegram", "ftm", "case_uco", "table"):
            importer_named(name).looks(path)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / str(rows)
        path.write_bytes(b"Name,Other\n" + b"a wheel of a clock,1\n" * rows)
        tracemalloc.start()
        count = sum(1 for _ in table.read(Reading(path, "ab" * 32, None, MAPPING)))
        assert count == rows + 1
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    assert peak(5000) < peak(500) + (1 << 20)


# What a child may do, and how its end is told.


def reading_of(folder: Path, data: bytes) -> Reading:
    path = folder / "source"
    path.write_bytes(data)
    return Reading(path, "ab" * 32, None, MAPPING)


def test_a_child_that_is_out_of_memory_is_told_as_that(tmp_path: Path) -> None:
    huge = chat('{"id": 1, "type": "message", "from_id": "user1", "text": "' + "x" * (40 << 20) + '"}')
    with pytest.raises(UsageError, match=r"more than the 120 MB|died"):
        list(
            read_in_child(importer_named("telegram"), reading_of(tmp_path, huge), ChildLimits(memory_mb=120))
        )


def test_a_child_without_progress_is_ended(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, b"Name,b\nx,1\n")
    with pytest.raises(UsageError, match="no progress"):
        list(read_in_child(importer_named("table"), reading, ChildLimits(progress_s=0.0001)))


def test_a_child_that_is_killed_is_an_error_and_never_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = reading_of(tmp_path, b"Name,b\n" + b"x,1\n" * 20_000)
    kept: list[int] = []
    start = child.subprocess.Popen

    def spied(*args: object, **kwargs: object) -> object:
        process = start(*args, **kwargs)  # type: ignore[call-overload]  # whatever it was called with
        kept.append(process.pid)
        return process

    monkeypatch.setattr(child.subprocess, "Popen", spied)
    stream = read_in_child(importer_named("table"), reading)
    next(stream)
    os.kill(kept[0], signal.SIGKILL)
    with pytest.raises(UsageError, match="died of signal 9"):
        list(stream)


def test_what_a_child_refuses_is_raised_here_as_it_stands(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, b"Nome,b\nx,1\n")
    with pytest.raises(UsageError, match='no column "Name"; did you mean "Nome"'):
        list(read_in_child(importer_named("table"), reading))


def test_a_stream_that_is_dropped_takes_its_child_along(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, b"Name,b\n" + b"x,1\n" * 20_000)
    stream = read_in_child(importer_named("table"), reading)
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert importer_of(reading.path).name == "table"
