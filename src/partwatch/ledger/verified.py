"""What a verification found: frozen, versioned, printed as JSON as it is.

The names and their meaning are a contract; a change here is a new SCHEMA and a line in
docs/reference/ledger.md.
"""

from __future__ import annotations

from typing import Final, Literal

from partwatch.model.document import Record

SCHEMA: Final = "partwatch-ledger-verification-1"
MOST_TOLD: Final = 100

Result = Literal["passed", "failed", "not_checked"]


class Problem(Record):
    """One thing that does not fit. where: file and line, entry, checkpoint. meaning: what may have been."""

    where: str
    what: str
    meaning: str


class Check(Record):
    """One check by its name. count: what it looked at. said: a sentence. untold: further problems."""

    name: str
    result: Result
    count: int
    said: str
    problems: tuple[Problem, ...] = ()
    untold: int = 0


class ToldStamp(Record):
    """Over the checkpoint of `size` entries. at: its moment. verified: by a root that was given."""

    size: int
    at: str
    verified: bool


class VerifiedLedger(Record):
    """The whole of it. verified: no check failed. trusted: and the key is the one that was asked for.

    root: hexadecimal, of all entries; null where they could not be read. opened, forgotten, withheld: entries
    whose body is in the bundle, whose key was destroyed as the bundle says, and the others. remarks: what is
    odd but proves nothing. not_shown: what no check here can tell.
    """

    schema_version: str = SCHEMA
    bundle: str
    verified: bool
    trusted: bool
    origin: str | None
    key_fingerprint: str | None
    size: int
    root: str | None
    first_at: str | None
    last_at: str | None
    checkpoints: int
    opened: int
    forgotten: int
    withheld: int
    statements: int
    timestamps: tuple[ToldStamp, ...]
    checks: tuple[Check, ...]
    remarks: tuple[str, ...]
    not_shown: tuple[str, ...]


class Checking:
    """A check while it runs: counts, and collects what does not fit."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.failures = 0
        self.problems: list[Problem] = []
        self.skipped: str | None = None

    def fail(self, where: str, what: str, meaning: str) -> None:
        """Something does not fit."""
        self.failures += 1
        if len(self.problems) < MOST_TOLD:
            self.problems.append(Problem(where=where, what=what, meaning=meaning))

    def skip(self, said: str) -> None:
        """It was not checked, and why."""
        self.skipped = said

    def done(self, said: str) -> Check:
        """The check; `said` where it passed."""
        result: Result = "passed"
        if self.failures:
            result, said = "failed", f"{self.failures:,} of its checks failed"
        elif self.skipped is not None:
            result, said = "not_checked", self.skipped
        return Check(
            name=self.name,
            result=result,
            count=self.count,
            said=said,
            problems=tuple(self.problems),
            untold=self.failures - len(self.problems),
        )
