"""Times, sizes and states in words, as the pages say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from partwatch.service.states import Act, State
from partwatch.service.store import now

STATES: Final[Mapping[State, str]] = {
    State.QUEUED: "waiting",
    State.SCREENING: "being read",
    State.PASSED: "passed",
    State.HELD: "held",
    State.ASKED: "question",
    State.RELEASED: "released",
    State.CONFIRMED: "refused",
}
HEADINGS: Final[Mapping[State, str]] = {
    State.QUEUED: "It waits to be read",
    State.SCREENING: "It is being read",
    State.PASSED: "It was passed",
    State.HELD: "It is held until a person has looked at it",
    State.ASKED: "A person has a question",
    State.RELEASED: "A person looked at it and released it",
    State.CONFIRMED: "A person looked at it and refused it",
}
ACTS: Final[Mapping[Act, str]] = {
    Act.RELEASE: "Released",
    Act.CONFIRM: "Confirmed and refused",
    Act.ASK: "Question",
    Act.ANSWER: "Answer",
    Act.APPEAL: "Appeal",
}
_STEPS: Final = ((86_400, "day", "days"), (3600, "hour", "hours"), (60, "minute", "minutes"))
_KB: Final = 1000
_UNITS: Final = ("kB", "MB", "GB")


@dataclass(frozen=True)
class When:
    """A moment for a `time` element. machine: as it stands in the store; shown: for people."""

    machine: str
    shown: str


def when(at: str) -> When:
    """`2026-11-29 07:53 UTC`."""
    return When(at, f"{at[:10]} {at[11:16]} UTC")


def age(at: str, moment: str | None = None) -> str:
    """How long ago in its largest unit: `3 hours`, `under a minute`."""
    seconds = (_parsed(moment or now()) - _parsed(at)).total_seconds()
    for length, one, many in _STEPS:
        if (count := int(seconds // length)) >= 1:
            return f"{count:,} {one if count == 1 else many}"
    return "under a minute"


def size(count: int) -> str:
    """`4.2 MB`, in thousands."""
    if count < _KB:
        return f"{count} bytes" if count != 1 else "1 byte"
    power = min((len(str(count)) - 1) // 3, len(_UNITS))
    return f"{count / _KB**power:.1f} {_UNITS[power - 1]}"


def many(count: int, one: str, several: str) -> str:
    """`1 file`, `3 files`."""
    return f"{count:,} {one if count == 1 else several}"


def _parsed(at: str) -> datetime:
    return datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone(UTC)
