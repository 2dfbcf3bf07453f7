"""followthemoney statements, as CSV or one a line of JSON, with columns of ours beside theirs.

Their reader goes by names and passes ours over. A row with `partwatch_prop` is a statement of the case; one
without was made for other readers (links, sources).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from partwatch.case.vocabulary import SCHEMATA
from partwatch.exchange.base import Counts, Entity, Exporter, Said
from partwatch.exchange.ftm_words import (
    Link,
    abroad,
    case_dataset,
    dataset_of,
    links_of,
    moment,
    properties_abroad,
    schema_abroad,
    source_id,
    source_properties,
)
from partwatch.exchange.material import Material
from partwatch.exchange.writing import Sink, clean, json_text

THEIRS: Final = (
    "canonical_id", "entity_id", "prop", "prop_type", "schema", "value", "dataset", "origin", "lang",
    "original_value", "external", "first_seen", "last_seen", "id",
)  # fmt: skip
OURS: Final = (
    "partwatch_schema", "partwatch_prop", "partwatch_value", "place", "said_at", "bits", "reliability",
)  # fmt: skip
Row = dict[str, Any]


def _rows(material: Material, counts: Counts) -> Iterator[Row]:
    yield from _header(material)
    for entity in material.entities():
        for said in entity.said:
            yield _statement(entity, said, material)
        for link in links_of(entity):
            counts.add("links")
            yield from _link(link, material)


def _statement(entity: Entity, said: Said, material: Material) -> Row:
    there = abroad(entity, said, merged=False)
    source = material.standing[said.source]
    schema = schema_abroad(entity.schema)
    row = _row(
        said.entity, entity.key, schema, there.prop, there.value, dataset_of(source), source.imported_at
    )
    return row | {
        "original_value": said.original,
        "partwatch_schema": said.schema,
        "partwatch_prop": said.prop,
        "partwatch_value": said.value if said.value != there.value else None,
        "place": said.place,
        "said_at": said.said_at,
        "bits": said.bits,
        "reliability": source.reliability,
    }


def _link(link: Link, material: Material) -> Iterator[Row]:
    source = material.standing[link.said[0].source]
    for prop, value in (("subject", link.subject), ("object", link.object), ("role", link.role)):
        yield _row(link.id, link.id, "UnknownLink", prop, value, dataset_of(source), source.imported_at)


def _header(material: Material) -> Iterator[Row]:
    key, at = material.export_key, moment(material.options.at)
    for prop, value in (("name", material.case_name), ("publisher", material.authority), ("createdAt", at)):
        yield _row(key, key, "Note", prop, value, case_dataset(material), at)
    for sentence in material.header():
        yield _row(key, key, "Note", "description", sentence, case_dataset(material), at)
    for source in material.standing.values():
        identity = source_id(source)
        for prop, values in source_properties(source).items():
            for value in values:
                yield _row(
                    identity, identity, "Document", prop, value, dataset_of(source), source.imported_at
                )


def _row(entity: str, canonical: str, schema: str, prop: str, value: str, dataset: str, seen: str) -> Row:
    value, seen = clean(value), moment(seen)
    known = properties_abroad(schema).get(prop) or SCHEMATA["Thing"].properties[prop]
    row: Row = dict.fromkeys(THEIRS + OURS)
    # The library's own key of a statement, so that it need not make another one.
    told = hashlib.sha1(f"{dataset}.{entity}.{prop}.{value}".encode(), usedforsecurity=False).hexdigest()
    return row | {
        "canonical_id": canonical, "entity_id": entity, "prop": prop, "prop_type": known.type.value,
        "schema": schema, "value": value, "dataset": dataset, "external": False, "first_seen": seen,
        "last_seen": seen, "id": told,
    }  # fmt: skip


def _writer(line: Callable[[Row], str], head: str) -> Callable[[Material, Sink], Mapping[str, int]]:
    def write(material: Material, sink: Sink) -> Mapping[str, int]:
        counts = Counts()
        counts.add("links", 0)
        sink.write(head)
        for row in _rows(material, counts):
            sink.write(line(row))
        return counts.of

    return write


def _csv(values: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, dialect=csv.unix_dialect).writerow(values)
    return out.getvalue()


def _csv_row(row: Row) -> str:
    return _csv([_csv_value(row[name]) for name in THEIRS + OURS])


def _csv_value(value: str | float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    return value if isinstance(value, str) else repr(value)


def _json_row(row: Row) -> str:
    return json_text(row) + "\n"


CSV_EXPORTER: Final = Exporter(
    "ftm-statements", "followthemoney statements (CSV)", ".statements.csv", "text/csv",
    _writer(_csv_row, _csv(list(THEIRS + OURS))),
)  # fmt: skip
JSON_EXPORTER: Final = Exporter(
    "ftm-statements-json", "followthemoney statements (JSON lines)", ".statements.json",
    "application/json", _writer(_json_row, ""),
)  # fmt: skip
