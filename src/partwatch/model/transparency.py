"""What a service did in a period, in figures: frozen, versioned, and all that its renderers read.

Nobody is named in it: no customer, no file, no part, no reviewer. The names and their meaning are the
contract; a change here is a new version of it and a line in the changelog and in docs/reference/figures.md.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field

from partwatch.model.document import Record

EXACT = 1
# For publishing: see `model.rounding`.
ROUNDED_TO = 5


class StateCounts(Record):
    """Submissions by where they stand when the report is made."""

    queued: int = 0
    screening: int = 0
    passed: int = 0
    held: int = 0
    asked: int = 0
    released: int = 0
    confirmed: int = 0


class FindingCounts(Record):
    """Screened submissions by the worst that was found in them."""

    match: int = 0
    review: int = 0
    unscreenable: int = 0
    clear: int = 0


class DecisionCounts(Record):
    """What people did about what was held.

    held: submissions that were ever held for a person. decided: of them, those that a person released or
    confirmed at least once; released_first, confirmed_first: the first of these decisions. asks, answers:
    how often something was asked and answered. near_copies: submissions withheld because they looked like
    several of their customer's that were held before.
    """

    held: int = 0
    decided: int = 0
    released_first: int = 0
    confirmed_first: int = 0
    asks: int = 0
    answers: int = 0
    near_copies: int = 0


class AppealCounts(Record):
    """appeals: each of them, also several of one submission. overturned: that ended in a release: false
    alerts that were put right; upheld: in a confirmation; open: in neither yet."""

    submissions: int = 0
    appeals: int = 0
    overturned: int = 0
    upheld: int = 0
    open: int = 0


class Spread(Record):
    """Times in seconds: how many, and by nearest rank the least that is not exceeded by half of them, by 90
    and by 95 per cent. None: of none, or of too few to be told."""

    count: int = 0
    median_s: float | None = None
    p90_s: float | None = None
    p95_s: float | None = None


class Times(Record):
    """to_result: from handing in to the finding. to_decision: from handing in to the first release or
    confirmation. held_to_decision: from the finding to that. appeal_to_decision: from an appeal to the
    release or confirmation that answers it."""

    to_result: Spread = Spread()
    to_decision: Spread = Spread()
    held_to_decision: Spread = Spread()
    appeal_to_decision: Spread = Spread()


class Waiting(Record):
    """What still waits, and for how long when the report is made: for screening since it was handed in, for a
    person or for the submitter since it last came to them."""

    screening: Spread = Spread()
    person: Spread = Spread()
    submitter: Spread = Spread()
    oldest_screening_s: float | None = None
    oldest_person_s: float | None = None
    oldest_submitter_s: float | None = None


class ReasonCount(Record):
    """How many unscreenable files say so, by the stable code of a reason; a file may have several."""

    code: str
    files: int


class Share(Record):
    """of: how many it is a share of. value: 0 to 1; None: of none, or of too few to be told."""

    of: int = 0
    value: float | None = None


class Shares(Record):
    """held: of what was screened. released_first: of what was decided: false alerts found by the first person
    who looked. overturned: of the appeals that were answered. unscreenable: of what was screened."""

    held: Share = Share()
    released_first: Share = Share()
    overturned: Share = Share()
    unscreenable: Share = Share()


class Width(StrEnum):
    """How long each step of the series is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Step(Record):
    """Submissions handed in from that day on, until the next step: by where they stand now. waiting: not
    screened yet; open: held or asked."""

    since: date
    received: int = 0
    passed: int = 0
    released: int = 0
    confirmed: int = 0
    open: int = 0
    waiting: int = 0


class TransparencyReport(Record):
    """All figures are of what was handed in from `since` to `until`, both days included, in UTC, and say what
    had become of it when the report was made.

    operator: who runs the service, in its own words. rounded_to: every count is exact where it is 1, else the
    nearest multiple, and shares and times of few are left out: see docs/reference/figures.md. customers: how
    many handed anything in. results_gone: unscreenable submissions whose results are no longer kept, so that
    their files are not in `unscreenable`.
    """

    schema_version: Literal["partwatch-transparency-1"] = "partwatch-transparency-1"
    program_version: str
    operator: str = ""
    since: date
    until: date
    made_at: str
    rounded_to: int = Field(default=EXACT, ge=1)
    customers: int = 0
    submissions: int = 0
    files: int = 0
    states: StateCounts = StateCounts()
    findings: FindingCounts = FindingCounts()
    decisions: DecisionCounts = DecisionCounts()
    appeals: AppealCounts = AppealCounts()
    shares: Shares = Shares()
    times: Times = Times()
    waiting: Waiting = Waiting()
    unscreenable: tuple[ReasonCount, ...] = ()
    results_gone: int = 0
    step: Width = Width.DAY
    series: tuple[Step, ...] = ()
