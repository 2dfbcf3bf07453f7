"""The transparency report's figures in words and rows, for every renderer of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from partwatch.model.transparency import Share, Spread, Step, TransparencyReport, Width

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

STATES = {
    "queued": "Waits to be screened",
    "screening": "Is being screened",
    "passed": "Passed: nothing was found, and all was read",
    "held": "Held for a person",
    "asked": "The submitter was asked",
    "released": "Released by a person",
    "confirmed": "Confirmed by a person, and refused",
}
FINDINGS = {
    "match": "Match: a listed part, by its shape",
    "review": "Review: like a listed part; a person has to look",
    "unscreenable": "Unscreenable: could not be read, or not all of it",
    "clear": "Clear",
}
DECISIONS = {
    "held": "Submissions held for a person",
    "decided": "Of these, decided",
    "released_first": "First decision: released",
    "confirmed_first": "First decision: confirmed",
    "asks": "Questions to submitters",
    "answers": "Answers from submitters",
    "near_copies": "Held as near-copies of what was held before",
}
APPEALS = {
    "appeals": "Appeals",
    "submissions": "Submissions appealed",
    "overturned": "Overturned: released on appeal",
    "upheld": "Upheld: confirmed again",
    "open": "Not answered yet",
}
TIMES = {
    "to_result": "From handing in to the finding",
    "to_decision": "From handing in to a person's first decision",
    "held_to_decision": "From the finding to that decision",
    "appeal_to_decision": "From an appeal to its answer",
}
WAITING = {"screening": "For screening", "person": "For a person", "submitter": "For the submitter"}
COLUMNS = {
    "passed": "passed", "released": "released", "confirmed": "confirmed", "open": "held or asked",
    "waiting": "not screened yet",
}  # fmt: skip


def duration(seconds: float | None) -> str:
    """`3 min`; an en dash for none."""
    if seconds is None:
        return "–"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _DAY:.1f} days"


def percent(share: Share) -> str:
    """`12 %`; an en dash for none."""
    return "–" if share.value is None else f"{100 * share.value:.1f}".removesuffix(".0") + " %"


def day(of: date) -> str:
    """`5 Jan 2026`."""
    return f"{of.day} {MONTHS[of.month - 1]} {of.year}"


def begins(step: Step, width: Width) -> str:
    """What a step of the series is called under it."""
    name = MONTHS[step.since.month - 1]
    return f"{name} {step.since.year}" if width is Width.MONTH else f"{step.since.day} {name}"


def rows(report: TransparencyReport) -> Iterator[tuple[str, str, str, float | None]]:
    """Every figure: section, name, unit, value; the names of the document."""
    for name in ("customers", "submissions", "files", "results_gone", "rounded_to"):
        yield "report", name, "count", getattr(report, name)
    for section in ("states", "findings", "decisions", "appeals"):
        for name, value in getattr(report, section).model_dump().items():
            yield section, name, "count", value
    for name in type(report.shares).model_fields:
        share: Share = getattr(report.shares, name)
        yield "shares", f"{name}.of", "count", share.of
        yield "shares", f"{name}.value", "share", share.value
    for section, which in (("times", report.times), ("waiting", report.waiting)):
        for name in type(which).model_fields:
            value = getattr(which, name)
            if not isinstance(value, Spread):
                yield section, name, "seconds", value
                continue
            yield section, f"{name}.count", "count", value.count
            for part in ("median_s", "p90_s", "p95_s"):
                yield section, f"{name}.{part}", "seconds", getattr(value, part)
    for one in report.unscreenable:
        yield "unscreenable", one.code, "files", one.files
    for step in report.series:
        for name in ("received", *COLUMNS):
            yield f"series {report.step} {step.since}", name, "count", getattr(step, name)
