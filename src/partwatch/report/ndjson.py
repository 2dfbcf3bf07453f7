"""The result as NDJSON: one record a line, written as they come."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TextIO

from pydantic_core import PydanticSerializationError

from partwatch.model.document import AnyRecord

# JSON lets these through, and readers that split lines as Unicode does would cut a record at them.
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def dumps(record: AnyRecord) -> str:
    """One record on one line of JSON."""
    try:
        return record.model_dump_json().translate(_LINE_ENDS)
    except PydanticSerializationError:
        # A name that is not valid UTF-8 reaches us with lone surrogates, which only an escape can carry.
        return json.dumps(record.model_dump(mode="python"), ensure_ascii=True, separators=(",", ":"))


def write(records: Iterable[AnyRecord], stream: TextIO) -> None:
    """Write header, items and summary, a line each, flushed so that a reader can follow along."""
    for record in records:
        stream.write(dumps(record) + "\n")
        stream.flush()
