"""The figures of a service: what came in, what was held, what people made of it, and how long all that took.

`gather` reads a period from the store; everything after it is computed from what that gave.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from partwatch import __version__
from partwatch.model.document import Finding
from partwatch.model.errors import UsageError
from partwatch.model.transparency import (
    AppealCounts,
    DecisionCounts,
    FindingCounts,
    ReasonCount,
    Share,
    Shares,
    Spread,
    StateCounts,
    Step,
    Times,
    TransparencyReport,
    Waiting,
    Width,
)
from partwatch.service.results import unpacked
from partwatch.service.states import SCREENED, Act, State
from partwatch.service.tables import DECISIONS, FILES, RESULTS, SUBMISSIONS

MOST_DAYS: Final = 3660
_EARLIEST: Final = date(2000, 1, 1)
_LATEST: Final = date(2999, 12, 31)
_FINAL: Final = frozenset({Act.RELEASE, Act.CONFIRM})
_OPEN: Final = frozenset({State.HELD, State.ASKED})
# So many steps of one width at most; then the next one.
_MOST_DAYS_BY_DAY: Final = 62
_MOST_DAYS_BY_WEEK: Final = 400


@dataclass(frozen=True)
class Period:
    """From a day to a day, both included, in UTC."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if not _EARLIEST <= self.since <= self.until <= _LATEST:
            raise UsageError(
                f"since {self.since}, until {self.until}: is no period; give days of this century, the "
                "earlier first"
            )
        if (self.until - self.since).days >= MOST_DAYS:
            raise UsageError(f"since {self.since}: a period has {MOST_DAYS:,} days at most; give a later day")

    @classmethod
    def last(cls, days: int, until: date) -> Period:
        """So many days up to one."""
        return cls(until - timedelta(days=days - 1), until)


@dataclass(frozen=True)
class Story:
    """What became of one submission. acts: what was done about it, in its order. codes: for each of its
    unscreenable files whose result is kept, the codes of the reasons."""

    customer: str
    received_at: datetime
    files: int
    state: State
    finding: Finding | None
    screened_at: datetime | None
    near_copy: bool = False
    acts: tuple[tuple[Act, datetime], ...] = ()
    codes: tuple[frozenset[str], ...] = ()


def gather(connection: Connection, period: Period, customer: str | None = None) -> list[Story]:
    """What was handed in within a period, of all customers or of one. Raises StoreError."""

    def within(asked: Select[Any]) -> Select[Any]:
        # Times are texts: a day is before all its moments.
        asked = asked.where(
            SUBMISSIONS.c.received_at >= period.since.isoformat(),
            SUBMISSIONS.c.received_at < (period.until + timedelta(days=1)).isoformat(),
        )
        return asked if customer is None else asked.where(SUBMISSIONS.c.customer == customer)

    acts: dict[int, list[tuple[Act, datetime]]] = {}
    decided = select(DECISIONS.c.submission, DECISIONS.c.act, DECISIONS.c.at)
    decided = decided.join(SUBMISSIONS, SUBMISSIONS.c.number == DECISIONS.c.submission)
    for row in connection.execute(within(decided).order_by(DECISIONS.c.id)):
        acts.setdefault(row.submission, []).append((Act(row.act), _moment(row.at)))
    codes: dict[int, list[frozenset[str]]] = {}
    unread = select(FILES.c.submission, RESULTS.c.found).join(FILES, FILES.c.id == RESULTS.c.file)
    unread = unread.join(SUBMISSIONS, SUBMISSIONS.c.number == FILES.c.submission)
    unread = unread.where(RESULTS.c.finding == Finding.UNSCREENABLE.value).order_by(RESULTS.c.file)
    for row in connection.execute(within(unread)):
        codes.setdefault(row.submission, []).append(_codes(row.found))
    columns = ("number", "customer", "received_at", "files", "state", "finding", "screened_at", "withheld")
    asked = select(*(SUBMISSIONS.c[name] for name in columns)).order_by(SUBMISSIONS.c.number)
    return [
        Story(
            customer=row.customer, received_at=_moment(row.received_at), files=row[3], state=State(row.state),
            finding=None if row.finding is None else Finding(row.finding),
            screened_at=None if row.screened_at is None else _moment(row.screened_at),
            near_copy=bool(row.withheld), acts=tuple(acts.get(row.number, ())),
            codes=tuple(codes.get(row.number, ())),
        )
        for row in connection.execute(within(asked))
    ]  # fmt: skip


def _codes(packed: bytes) -> frozenset[str]:
    """Why a file is unscreenable: of the items that are so for themselves."""
    items = [item for item in unpacked(packed, "a file") if item.finding is Finding.UNSCREENABLE]
    return frozenset(
        reason.code for item in items for reason in item.reasons if not reason.code.startswith("member")
    )


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)


def report_of(
    stories: Sequence[Story],
    period: Period,
    made_at: datetime,
    operator: str = "",
    width: Width | None = None,
) -> TransparencyReport:
    """The report of all that was handed in within a period. made_at: aware, not before anything in it.
    width: of the steps of the series, else what `width_of` says."""
    states = Counter(story.state for story in stories)
    findings = Counter(story.finding for story in stories if story.finding is not None)
    decisions, appeals = _decisions(stories), _appeals(stories)
    width = width_of(period) if width is None else width
    screened = sum(findings.values())
    return TransparencyReport(
        program_version=__version__,
        operator=operator,
        since=period.since,
        until=period.until,
        made_at=made_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        customers=len({story.customer for story in stories}),
        submissions=len(stories),
        files=sum(story.files for story in stories),
        states=StateCounts(**{state.value: states[state] for state in State}),
        findings=FindingCounts(**{finding.value: findings[finding] for finding in Finding}),
        decisions=decisions,
        appeals=appeals,
        shares=Shares(
            held=_share(decisions.held, screened),
            released_first=_share(decisions.released_first, decisions.decided),
            overturned=_share(appeals.overturned, appeals.overturned + appeals.upheld),
            unscreenable=_share(findings[Finding.UNSCREENABLE], screened),
        ),
        times=_times(stories),
        waiting=_waiting(stories, made_at),
        unscreenable=_reasons(stories),
        results_gone=sum(story.finding is Finding.UNSCREENABLE and not story.codes for story in stories),
        step=width,
        series=_series(stories, period, width),
    )


def _decisions(stories: Sequence[Story]) -> DecisionCounts:
    first = Counter(final[0] for story in stories if (final := _first_final(story)) is not None)
    acts = Counter(act for story in stories for act, _ in story.acts)
    return DecisionCounts(
        # Only what was held is ever decided, and what passed never is.
        held=sum(story.state in SCREENED - {State.PASSED} for story in stories),
        decided=sum(first.values()),
        released_first=first[Act.RELEASE],
        confirmed_first=first[Act.CONFIRM],
        asks=acts[Act.ASK],
        answers=acts[Act.ANSWER],
        near_copies=sum(story.near_copy for story in stories),
    )


def _first_final(story: Story) -> tuple[Act, datetime] | None:
    return next(((act, at) for act, at in story.acts if act in _FINAL), None)


def _answered(story: Story) -> Iterable[tuple[datetime, tuple[Act, datetime] | None]]:
    """Each appeal's moment with the decision that answers it."""
    for place, (act, at) in enumerate(story.acts):
        if act is Act.APPEAL:
            yield at, next(((one, then) for one, then in story.acts[place + 1 :] if one in _FINAL), None)


def _appeals(stories: Sequence[Story]) -> AppealCounts:
    answers = [answer for story in stories for _, answer in _answered(story)]
    ends = Counter(None if answer is None else answer[0] for answer in answers)
    return AppealCounts(
        submissions=sum(any(act is Act.APPEAL for act, _ in story.acts) for story in stories),
        appeals=len(answers),
        overturned=ends[Act.RELEASE],
        upheld=ends[Act.CONFIRM],
        open=ends[None],
    )


def _share(number: int, of: int) -> Share:
    return Share(of=of, value=round(number / of, 4) if of else None)


def _times(stories: Sequence[Story]) -> Times:
    results = [(story, story.screened_at) for story in stories if story.screened_at is not None]
    finals = [
        (story, then, final[1]) for story, then in results if (final := _first_final(story)) is not None
    ]
    return Times(
        to_result=spread_of(_seconds(story.received_at, then) for story, then in results),
        to_decision=spread_of(_seconds(story.received_at, at) for story, _, at in finals),
        held_to_decision=spread_of(_seconds(then, at) for _, then, at in finals),
        appeal_to_decision=spread_of(
            _seconds(at, answer[1]) for story in stories for at, answer in _answered(story) if answer
        ),
    )


def _waiting(stories: Sequence[Story], made_at: datetime) -> Waiting:
    def ages(which: Callable[[State], bool]) -> list[float]:
        return [_seconds(_waits_since(story), made_at) for story in stories if which(story.state)]

    screening = ages(lambda state: state not in SCREENED)
    person, submitter = ages(lambda state: state is State.HELD), ages(lambda state: state is State.ASKED)
    return Waiting(
        screening=spread_of(screening),
        person=spread_of(person),
        submitter=spread_of(submitter),
        oldest_screening_s=max(screening, default=None),
        oldest_person_s=max(person, default=None),
        oldest_submitter_s=max(submitter, default=None),
    )


def _waits_since(story: Story) -> datetime:
    """When it last came to whoever it waits for."""
    if story.acts:
        return story.acts[-1][1]
    return story.screened_at or story.received_at


def _seconds(begin: datetime, end: datetime) -> float:
    # A clock that was set back makes nothing negative.
    return round(max(0.0, (end - begin).total_seconds()), 3)


def spread_of(seconds: Iterable[float]) -> Spread:
    """Nearest ranks: the least of them that so many are not above."""
    ordered = sorted(seconds)
    if not ordered:
        return Spread()
    at = [ordered[math.ceil(percent * len(ordered) / 100) - 1] for percent in (50, 90, 95)]
    return Spread(count=len(ordered), median_s=at[0], p90_s=at[1], p95_s=at[2])


def _reasons(stories: Sequence[Story]) -> tuple[ReasonCount, ...]:
    counts = Counter(code for story in stories for codes in story.codes for code in codes)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(ReasonCount(code=code, files=files) for code, files in ordered)


def width_of(period: Period) -> Width:
    """Days for two months, weeks for a year, then months."""
    days = (period.until - period.since).days + 1
    if days <= _MOST_DAYS_BY_DAY:
        return Width.DAY
    return Width.WEEK if days <= _MOST_DAYS_BY_WEEK else Width.MONTH


def wider(width: Width) -> Width:
    """The next one: rounded counts of short steps are mostly their rounding."""
    return Width.WEEK if width is Width.DAY else Width.MONTH


def begin_of(day: date, width: Width) -> date:
    """The first day of the step that a day is in; weeks begin on Monday."""
    if width is Width.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if width is Width.MONTH else day


def _series(stories: Sequence[Story], period: Period, width: Width) -> tuple[Step, ...]:
    counts: dict[date, Counter[str]] = {}
    day = period.since
    while day <= period.until:
        counts.setdefault(begin_of(day, width), Counter())
        day += timedelta(days=1)
    for story in stories:
        counts[begin_of(story.received_at.astimezone(UTC).date(), width)][_column(story.state)] += 1
    return tuple(
        # The first step begins with the period, also within a week.
        Step(since=max(begin, period.since), received=sum(found.values()), **found)
        for begin, found in sorted(counts.items())
    )


def _column(state: State) -> str:
    if state not in SCREENED:
        return "waiting"
    return "open" if state in _OPEN else state.value
