"""How an importer of ours says things: one place at a time, in text that every database takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from partwatch.case.statements import Statement, entity_key

# What holds another: an archive its members.
CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Makes statements of one place of a source."""

    place: str

    def says(
        self, entity: str, schema: str, prop: str, value: str, original: str | None = None,
        bits: float | None = None,
    ) -> Statement:  # fmt: skip
        """One property of one entity."""
        told = None if original is None or original == value else cleaned(original)
        return Statement(entity, schema, prop, cleaned(value), self.place, told, None, bits)

    def link(self, subject: str, target: str, role: str) -> Iterator[Statement]:
        """That one entity stands to another in some role; the same link from whatever source."""
        key = entity_key("UnknownLink", subject, target, role)
        yield self.says(key, "UnknownLink", "subject", subject)
        yield self.says(key, "UnknownLink", "object", target)
        yield self.says(key, "UnknownLink", "role", role)


def cleaned(text: str) -> str:
    """Text without what no database takes: zero bytes, and halves of surrogate pairs as escapes."""
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def number(value: float) -> str:
    """A number as text, the shortest that is it; whole ones without a point."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
