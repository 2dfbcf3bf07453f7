"""What goes to followthemoney comes back whole."""

from __future__ import annotations

import csv
import io
import json

import pytest

from exchange_samples import SOURCES, hostile_statements, make_case, sample_case, storable, written
from partwatch.case.statements import Statement
from partwatch.case.store import CaseStore
from partwatch.case.view import view_of
from partwatch.exchange import Options

ALL = Options("2026-01-31T12:00:00Z", bodies=True, missing=True)
Rows = list[tuple[int, Statement]]


@pytest.fixture(scope="module", params=["sample", "hostile"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CaseStore:
    folder = tmp_path_factory.mktemp("case") / "c"
    if request.param == "sample":
        return sample_case(folder)
    said = storable(one for one in hostile_statements() if len(one.value) < 1000)
    return make_case(folder, [(SOURCES[0][0], said)])


def expected(store: CaseStore) -> set[tuple[int, Statement]]:
    placed = store.by_number(view_of(store).number.tolist())
    return {(one.source, one.statement) for one in placed if one.statement.prop != "inventedByNobody"}


def from_entities(data: bytes) -> Rows:
    found = []
    for line in data.decode().split("\n")[:-1]:
        told = json.loads(line)["partwatch"]
        for one in told.get("said", ()):
            source = one.pop("source")
            found.append((source, Statement(**one)))
    return found


def from_rows(rows: list[dict[str, str | None]]) -> Rows:
    found = []
    for row in rows:
        if not row["partwatch_prop"]:
            continue
        value = row["partwatch_value"]
        found.append((
            int(str(row["dataset"]).split("_")[1]),
            Statement(
                str(row["entity_id"]), str(row["partwatch_schema"]), str(row["partwatch_prop"]),
                str(row["value"] if value is None else value), str(row["place"]), row["original_value"],
                row["said_at"], None if row["bits"] is None else float(str(row["bits"])),
            ),
        ))  # fmt: skip
    return found


def test_the_companion_of_each_line_holds_every_statement_whole(store: CaseStore) -> None:
    read = from_entities(written(store, "ftm", ALL)[0])
    assert set(read) == expected(store)
    assert len(read) == len(set(read))


def test_lines_of_statements_hold_every_statement_whole(store: CaseStore) -> None:
    data, _ = written(store, "ftm-statements-json", ALL)
    rows = [json.loads(line) for line in data.decode().split("\n")[:-1]]
    assert set(from_rows(rows)) == expected(store)


def test_rows_of_statements_hold_every_statement_whole_but_for_empty_texts(store: CaseStore) -> None:
    """CSV has no way to tell an empty text from none."""
    data, _ = written(store, "ftm-statements", ALL)
    read = csv.DictReader(io.StringIO(data.decode(), newline=""), dialect=csv.unix_dialect)
    rows = [{name: value or None for name, value in row.items()} for row in read]
    for row in rows:
        row["value"] = row["value"] or ""
        row["place"] = row["place"] or ""
    wanted = {
        (source, Statement(one.entity, one.schema, one.prop, one.value, one.place, one.original,
                           one.said_at or None, one.bits))
        for source, one in expected(store)
        if one.value
    }  # fmt: skip
    assert {(source, one) for source, one in from_rows(rows) if one.value and one.place != ""} == {
        (source, one) for source, one in wanted if one.place
    }


def test_sources_are_told_with_what_makes_them_what_they_are(store: CaseStore) -> None:
    lines = [json.loads(line) for line in written(store, "ftm", ALL)[0].decode().split("\n")[:-1]]
    told = {one["partwatch"]["key"]: one["partwatch"] for one in lines if one["partwatch"]["is"] == "source"}
    for source in view_of(store).sources.values():
        found = told[source.info.key]
        assert found["reliability"] == source.info.reliability
        assert (found["name"], found["sha256"], found["said_by"]) == (
            source.info.name, source.info.sha256, source.info.said_by,
        )  # fmt: skip
        assert found["dataset"] in {name for one in lines for name in one["datasets"]}
