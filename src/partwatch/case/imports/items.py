"""One screened item as statements: what it is, what holds it, which listed parts it matches."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from partwatch.case.imports import plans_said
from partwatch.case.imports.said import CONTAINS, Speaker, number
from partwatch.case.statements import Statement, entity_key, keyed, record_key
from partwatch.model.document import Item, Match, MatchFinding, Medium

# Formats of print jobs, as an item's `format` spells them, several joined by "+".
JOB_FORMATS: Final = frozenset({"gcode", "bgcode", "sl1"})
_JOB_MEDIA: Final = frozenset({Medium.TOOLPATH, Medium.LAYERS})
_RAISES: Final = frozenset({MatchFinding.MATCH, MatchFinding.REVIEW})
# How many bodies an item holds, in words: the vocabulary has no number for it.
BODIES_PROP: Final = "summary"
_BODIES = re.compile(r"(\d{1,9}) bod(?:y|ies)")
_MOST_NOTES: Final = 50
UNWEIGHED: Final = "no calibration: its weight is not known, and it counts for nothing"


def item_key(sha256: str | None, source_sha256: str, path: str, member: str | None) -> str:
    """An item is its content; one that nobody could read is a record of its source."""
    if sha256 is not None:
        return keyed("Item", sha256)
    return record_key(source_sha256, "Item", path if member is None else f"{path}\n{member}")


def schema_of_formats(names: Iterable[str]) -> str:
    """PrintJob where a print job is among the formats that an item was read as, else Item."""
    return "Item" if JOB_FORMATS.isdisjoint(names) else "PrintJob"


def bodies_said(text: str) -> int | None:
    """How many bodies a text of ours says; None where it says none."""
    found = _BODIES.fullmatch(text)
    return int(found[1]) if found else None


def identity(
    speaker: Speaker, key: str, schema: str, sha256: str | None, path: str, member: str | None
) -> Iterator[Statement]:
    """What tells one item from others."""
    if sha256 is not None:
        yield speaker.says(key, schema, "contentHash", sha256)
    if name := _file_name(member or path):
        yield speaker.says(key, schema, "fileName", name)
    yield speaker.says(key, schema, "path", path)
    if member is not None:
        yield speaker.says(key, schema, "member", member)


def match_key(item: str, design: str, part: str, body: int) -> str:
    """The same likeness found by two screenings is one: they are no independent evidence."""
    return entity_key("Match", item, design, part, str(body))


@dataclass
class ItemTeller:
    """Tells the items of one source in their order, members behind what holds them.

    source_sha256: of the source; watchlist: the version of the list that was searched, None where it is not
    known; plans: what `plans_said` says of its designs, by name, where that list is at hand.
    """

    source_sha256: str
    watchlist: str | None = None
    plans: Mapping[str, str] = field(default_factory=dict)
    _path: str | None = None
    _inside: dict[str | None, str] = field(default_factory=dict)
    _designs: set[str] = field(default_factory=set)
    _matched: set[str] = field(default_factory=set)

    def tell(self, item: Item, place: str) -> Iterator[Statement]:
        """All that the screening says of an item. Raises ValueError where a number in it is none."""
        told = list(self._tell(item, Speaker(place)))
        yield from told

    def _tell(self, item: Item, speaker: Speaker) -> Iterator[Statement]:
        key = item_key(item.sha256, self.source_sha256, item.path, item.member)
        schema = schema_of_item(item)
        yield from identity(speaker, key, schema, item.sha256, item.path, item.member)
        if item.format is not None:
            yield speaker.says(key, schema, "format", item.format)
        yield speaker.says(key, schema, "finding", item.finding.value)
        yield speaker.says(key, schema, "complete", "true" if item.complete else "false")
        count = len(item.bodies)
        yield speaker.says(key, schema, BODIES_PROP, f"{count} {'body' if count == 1 else 'bodies'}")
        for reason in item.reasons[:_MOST_NOTES]:
            yield speaker.says(key, schema, "notes", f"{reason.code}: {reason.message}")
        yield from self._held(item, key, speaker)
        if key not in self._matched:
            yield from self._matches(item, key, schema, speaker)

    def _held(self, item: Item, key: str, speaker: Speaker) -> Iterator[Statement]:
        """The nearest archive that holds it: what it is a member of came before it."""
        if item.path != self._path:
            self._path = item.path
            self._inside = {}
        if item.member is not None:
            above = _above(item.member)
            holder = next((self._inside[name] for name in above if name in self._inside), None)
            if holder is not None and holder != key:
                yield from speaker.link(holder, key, CONTAINS)
        self._inside[item.member] = key

    def _matches(self, item: Item, key: str, schema: str, speaker: Speaker) -> Iterator[Statement]:
        for body in item.bodies:
            for match in body.matches:
                if match.finding not in _RAISES:
                    continue
                self._matched.add(key)
                if match.accepted is not None:
                    yield speaker.says(key, schema, "notes", _accepted(match))
                else:
                    yield from self._design(match.design, speaker)
                    yield from _match(key, body.index, match, speaker)

    def _design(self, name: str, speaker: Speaker) -> Iterator[Statement]:
        if name in self._designs:
            return
        self._designs.add(name)
        key = keyed("Design", name)
        yield speaker.says(key, "Design", "name", name)
        if self.watchlist is not None:
            yield speaker.says(key, "Design", "watchlist", self.watchlist)
        if name in self.plans:
            yield speaker.says(key, "Design", plans_said.PROP, self.plans[name])


def _match(item: str, body: int, match: Match, speaker: Speaker) -> Iterator[Statement]:
    key = match_key(item, match.design, match.part, body)
    bits = 0.0 if match.bits is None else _finite(match.bits)
    ends = {"item": item, "design": keyed("Design", match.design)}
    for prop, value in ends.items():
        yield speaker.says(key, "Match", prop, value, bits=bits)
    simply = {
        "part": match.part,
        "relation": match.relation.value,
        "medium": match.medium.value,
        "finding": match.finding.value,
        "body": str(body),
        "score": number(match.score),
    }
    if match.evidence is not None and match.evidence.surprise is not None:
        simply["surprise"] = number(match.evidence.surprise)
    if match.bits is None:
        simply["summary"] = UNWEIGHED
    elif match.evidence is not None:
        simply["summary"] = match.evidence.statement
    for prop, value in simply.items():
        yield speaker.says(key, "Match", prop, value)


def _accepted(match: Match) -> str:
    accepted = match.accepted
    assert accepted is not None
    by = f" by {accepted.who}" if accepted.who else ""
    return (
        f"accepted: {match.design} / {match.part}{by} on {accepted.accepted}, until {accepted.expires}: "
        f"{accepted.reason}"
    )


def schema_of_item(item: Item) -> str:
    """PrintJob where it was read as a print job, else Item."""
    media = {match.medium for body in item.bodies for match in body.matches}
    if media & _JOB_MEDIA:
        return "PrintJob"
    return schema_of_formats((item.format or "").split("+"))


def _above(member: str) -> Iterator[str | None]:
    """Where a member may lie: every path that its own begins with, the longest first, then the file."""
    parts = member.split("/")
    for count in range(len(parts) - 1, 0, -1):
        yield "/".join(parts[:count])
    yield None


def _file_name(path: str) -> str:
    return "" if path == "-" else PurePosixPath(path.replace("\\", "/")).name


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return float(value)
