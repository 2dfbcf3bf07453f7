"""Known and accepted matches, from a TOML file: reported as such, and raising nothing while they count.

::

    [[accepted]]
    sha256 = "9f86…"          # of the file, or of the archive's member, that holds the match
    design = "hand-pump"      # the listed design; without it, whatever is found in that file
    part = "housing"          # only this part of it
    body = 0                  # only this body of the file
    reason = "our own product, cleared with the list's authority"
    who = "A. Example"
    accepted = 2026-11-24
    expires = 2027-11-24      # no longer counts after this day, and says so

`sha256` or `design` is needed, and `reason`, `accepted` and `expires`; the rest is optional.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from partwatch.matching import FINGERPRINT_ONLY
from partwatch.model.document import ACCEPTED, Accepted, Body, Item, Match, MatchFinding, Reason
from partwatch.model.errors import BaselineError
from partwatch.screening.findings import finding_of
from partwatch.watchlist.rules import name_problem, text_problem

MAX_BYTES: Final = 64 << 20
EXPIRED: Final = "acceptance_expired"
_KEYS: Final = ("sha256", "design", "part", "body", "reason", "who", "accepted", "expires")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_TABLE: Final = re.compile(r"^\s*\[\[\s*accepted\s*\]\]", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One accepted thing; what is None leaves it open. place: where the entry stands in its file."""

    sha256: str | None
    design: str | None
    part: str | None
    body: int | None
    reason: str
    who: str | None
    accepted: date
    expires: date
    place: str

    def covers(self, item: Item, body: Body, match: Match) -> bool:
        """Whether it accepts that match of that item."""
        return (
            self.sha256 in (None, item.sha256)
            and self.design in (None, match.design)
            and self.part in (None, match.part)
            and self.body in (None, body.index)
        )

    @property
    def covers_whole_item(self) -> bool:
        """Whether it accepts all that is found in its file, resemblances without a match among it."""
        return self.sha256 is not None and self.design is None and self.body is None

    def __str__(self) -> str:
        parts = (("sha256", self.sha256), ("design", self.design), ("part", self.part), ("body", self.body))
        return ", ".join(f"{name} {value}" for name, value in parts if value is not None)


@dataclass(eq=False)
class Baseline:
    """The entries of one file, as of a day. sha256: of the file."""

    sha256: str
    entries: tuple[Entry, ...]
    as_of: date
    _used: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        # By file where one is named, so that a long baseline costs an item nothing.
        self._by_sha256: dict[str | None, list[int]] = {}
        for number, entry in enumerate(self.entries):
            self._by_sha256.setdefault(entry.sha256, []).append(number)

    def judge(self, item: Item) -> Item:
        """The item with what is accepted in it marked, and its finding as if that were absent."""
        numbers = [*self._by_sha256.get(item.sha256, ()), *self._by_sha256.get(None, ())]
        if not numbers:
            return item
        reasons = list(item.reasons)
        bodies = tuple(self._judged(item, body, numbers, reasons) for body in item.bodies)
        counting = self._without_resemblances(item, numbers, reasons)
        if len(reasons) == len(item.reasons):
            return item
        finding = finding_of(_unaccepted(bodies), counting, item.complete)
        return item.model_copy(update={"bodies": bodies, "reasons": tuple(reasons), "finding": finding})

    def unused(self) -> list[Entry]:
        """The entries that nothing matched so far."""
        return [entry for number, entry in enumerate(self.entries) if number not in self._used]

    def _judged(self, item: Item, body: Body, numbers: list[int], reasons: list[Reason]) -> Body:
        matches = []
        for match in body.matches:
            covering = [number for number in numbers if self.entries[number].covers(item, body, match)]
            if covering and match.finding is not MatchFinding.CANDIDATE:
                what = f"{match.design} / {match.part} in body {body.index}"
                entry = self._chosen(covering, what, reasons)
                match = match if entry is None else match.model_copy(update={"accepted": _mark(entry)})
            matches.append(match)
        return body.model_copy(update={"matches": tuple(matches)})

    def _without_resemblances(self, item: Item, numbers: list[int], reasons: list[Reason]) -> list[Reason]:
        """The item's reasons that still count towards its finding."""
        covering = [number for number in numbers if self.entries[number].covers_whole_item]
        resembling = [reason for reason in item.reasons if reason.code == FINGERPRINT_ONLY]
        if not covering or not resembling:
            return list(item.reasons)
        if self._chosen(covering, "what its fingerprint resembles", reasons) is None:
            return list(item.reasons)
        return [reason for reason in item.reasons if reason.code != FINGERPRINT_ONLY]

    def _chosen(self, covering: list[int], what: str, reasons: list[Reason]) -> Entry | None:
        """The entry that counts longest, or None where all have expired; told among the reasons."""
        self._used.update(covering)
        entry = max((self.entries[number] for number in covering), key=lambda entry: entry.expires)
        if entry.expires < self.as_of:
            said = f"{what} was accepted until {entry.expires} and counts again ({entry.reason})"
            reasons.append(Reason(code=EXPIRED, message=said))
            return None
        said = f"{what} is accepted until {entry.expires}: {entry.reason}"
        reasons.append(Reason(code=ACCEPTED, message=said))
        return entry


def read_baseline(path: Path, as_of: date) -> Baseline:
    """The baseline in that file. Raises BaselineError with every problem in it, each with its line."""
    content, text = _load(path)
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BaselineError([f"{path}: is not valid TOML: {error}"]) from error
    reader = _Reader(path, text)
    entries = reader.entries(table)
    if reader.problems:
        raise BaselineError(reader.problems)
    return Baseline(hashlib.sha256(content).hexdigest(), tuple(entries), as_of)


def _load(path: Path) -> tuple[bytes, str]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BaselineError([f"{path}: cannot be opened ({error.strerror}); check the path"]) from error
    if len(content) > MAX_BYTES:
        raise BaselineError([f"{path}: is over {MAX_BYTES:,} bytes; accept whole designs, or split it"])
    try:
        return content, content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BaselineError([f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8"]) from error


class _Reader:
    """Reads the tables and collects what is wrong with them."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.problems: list[str] = []
        self._lines = [text.count("\n", 0, found.end()) + 1 for found in _TABLE.finditer(text)]

    def entries(self, table: dict[str, Any]) -> list[Entry]:
        for key in table:
            if key != "accepted":
                self.problems.append(f"{self.path}: {key!a}: is no key here; write [[accepted]] tables")
        tables = table.get("accepted", [])
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            self.problems.append(f"{self.path}: accepted: is not an array of tables; write [[accepted]]")
            return []
        # A text of several lines can look like a table: then better no lines than wrong ones.
        lines = self._lines if len(self._lines) == len(tables) else [None] * len(tables)
        return [
            self._entry(one, f"entry {number}" + (f" (line {line})" if line else ""))
            for number, (one, line) in enumerate(zip(tables, lines, strict=True), start=1)
        ]

    def _entry(self, table: dict[str, Any], place: str) -> Entry:
        def told(key: str, problem: str | None) -> None:
            if problem is not None:
                self.problems.append(f"{self.path}: {place}: {key}: {problem}")

        for key in table:
            if key not in _KEYS:
                told(ascii(key), f"is no key here; known: {', '.join(_KEYS)}")
        values = {key: _typed(table, key, told) for key in _KEYS}
        if values["sha256"] is not None and not _SHA256.fullmatch(values["sha256"]):
            told("sha256", "is not 64 lower-case hex digits; take it from a result")
        for key in ("design", "part", "who"):
            if values[key] is not None:
                told(key, name_problem(values[key]))
        if values["reason"] is not None:
            told("reason", text_problem(values["reason"]))
        for problem in _contradictions(table, values):
            told(*problem)
        return Entry(**values, place=place)


def _typed(table: dict[str, Any], key: str, told: Any) -> Any:
    """The value under key, or None where there is none, and a problem where that may not be."""
    kinds: dict[str, tuple[type, str]] = {
        "body": (int, "a whole number, as the result counts bodies"),
        "accepted": (date, "a date without quotes or time, as in 2027-12-31"),
        "expires": (date, "a date without quotes or time, as in 2027-12-31"),
    }
    kind, wanted = kinds.get(key, (str, "text in quotes"))
    stand_in = date.max if kind is date else None
    if key not in table:
        if key in ("reason", "accepted", "expires"):
            told(key, f"is missing; write {wanted}")
        return stand_in
    # type, not isinstance: true is an int to Python, and a date with a time is a date.
    if type(table[key]) is kind:
        return table[key]
    told(key, f"is {_kind(table[key])}; write {wanted}")
    return stand_in


def _contradictions(table: dict[str, Any], values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "sha256" not in table and "design" not in table:
        yield "sha256", "is missing, and so is design: name the file, the listed design, or both"
    if "part" in table and "design" not in table:
        yield "part", "stands without its design; name that too"
    if "body" in table and "sha256" not in table:
        yield "body", "stands without its file; give the sha256 too"
    if values["body"] is not None and values["body"] < 0:
        yield "body", f"is {values['body']}; bodies are counted from 0"
    if "accepted" in table and "expires" in table and values["expires"] < values["accepted"]:
        yield "expires", f"is before the day of acceptance, {values['accepted']}; mend one of the two"


def _kind(value: object) -> str:
    kinds = {str: "text", bool: "a boolean", int: "a whole number", datetime: "a date with a time"}
    return kinds.get(type(value), f"a {type(value).__name__}")


def _mark(entry: Entry) -> Accepted:
    return Accepted(
        reason=entry.reason,
        who=entry.who,
        accepted=entry.accepted.isoformat(),
        expires=entry.expires.isoformat(),
    )


def _unaccepted(bodies: tuple[Body, ...]) -> Iterator[Body]:
    for body in bodies:
        kept = tuple(match for match in body.matches if match.accepted is None)
        yield body.model_copy(update={"matches": kept})
