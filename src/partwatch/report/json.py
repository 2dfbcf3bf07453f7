"""The result as one JSON document, still written item by item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from partwatch.model.document import AnyRecord, Header, Item
from partwatch.report.ndjson import dumps


def write(records: Iterable[AnyRecord], stream: TextIO) -> None:
    """Write header, items and summary, in that order, as `{"header": …, "items": […], "summary": …}`."""
    separator = ""
    for record in records:
        if isinstance(record, Header):
            stream.write(f'{{"header":{dumps(record)},\n"items":[')
        elif isinstance(record, Item):
            stream.write(f"{separator}\n{dumps(record)}")
            separator = ","
        else:
            stream.write(f'\n],\n"summary":{dumps(record)}}}\n')
