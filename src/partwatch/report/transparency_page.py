"""The transparency report as HTML: its body, which the service's page shows too, and a page that opens
anywhere, offline, without a script.

It only reads the document, which names nobody. The operator's own name is the one text from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from partwatch.model.document import Record
from partwatch.model.transparency import EXACT, Spread, TransparencyReport
from partwatch.report import transparency_words as words
from partwatch.report.markup import Cell, number, said, table
from partwatch.report.page import head
from partwatch.report.transparency_chart import chart

STYLES = ("report.css", "transparency.css")


def page(report: TransparencyReport) -> str:
    """The whole page; the same document gives the same bytes."""
    title = f"Transparency report, {words.day(report.since)} to {words.day(report.until)}"
    whose = f"<p>{said(report.operator)}</p>\n" if report.operator else ""
    made = (
        f'<p class="muted">Made on {said(report.made_at)} by Partwatch {said(report.program_version)}.</p>\n'
    )
    return f"{head(title, STYLES)}{whose}{made}</header>\n<main>\n{body(report)}</main>\n</body>\n</html>\n"


def body(report: TransparencyReport) -> str:
    """All figures, as markup."""
    return "".join(
        (
            _cards(report),
            _section("What came in", chart(report) + _series(report)),
            _section(
                "What was found, and what became of it",
                _pair(
                    _counts("The finding", words.FINDINGS, report.findings),
                    _counts("Where they stand now", words.STATES, report.states),
                ),
            ),
            _section(
                "Decisions and appeals",
                _pair(
                    _counts("Decisions", words.DECISIONS, report.decisions),
                    _counts("Appeals", words.APPEALS, report.appeals),
                ),
            ),
            _section("How long it took", _spreads("Of what", words.TIMES, report.times)),
            _section("What still waits, and for how long", _waiting(report)),
            _section("Why files could not be read", _reasons(report)),
            _section("How these figures are made", _made(report)),
        )
    )


def _section(title: str, content: str) -> str:
    return f'<section class="figures"><h2>{title}</h2>\n{content}</section>\n'


def _pair(one: str, other: str) -> str:
    return f'<div class="pair">\n{one}{other}</div>\n'


def _cards(report: TransparencyReport) -> str:
    appeals = report.appeals
    cards = (
        ("clear", number(report.submissions), "handed in", f"{number(report.files)} files"),
        (
            "review", number(report.decisions.held), "held for a person",
            f"of what was screened: {words.percent(report.shares.held)}",
        ),
        (
            "match", number(appeals.overturned), "overturned on appeal",
            f"of the answered appeals: {words.percent(report.shares.overturned)}",
        ),
        (
            "candidate", words.duration(report.times.to_decision.median_s), "to a decision",
            f"by half; the finding alone: {words.duration(report.times.to_result.median_s)}",
        ),
    )  # fmt: skip
    drawn = "".join(
        f'<div class="card t-{tone}"><b>{figure}</b><span>{what}</span><small>{more}</small></div>\n'
        for tone, figure, what, more in cards
    )
    return f'<div class="cards">\n{drawn}</div>\n'


def _counts(title: str, told: Mapping[str, str], counts: Record) -> str:
    rows = [(Cell(name), _number(getattr(counts, key), "how many")) for key, name in told.items()]
    return f"<div>{table((title, 'How many'), rows)}</div>\n"


def _number(count: int, label: str) -> Cell:
    return Cell(number(count), "number", label)


def _spread(spread: Spread) -> Iterable[Cell]:
    yield _number(spread.count, "how many")
    for label, value in (("half", spread.median_s), ("90 %", spread.p90_s), ("95 %", spread.p95_s)):
        yield Cell(words.duration(value), "number", label)


_HEADS = ("How many", "Half within", "90 % within", "95 % within")


def _spreads(title: str, told: Mapping[str, str], of: Record) -> str:
    rows = [(Cell(name), *_spread(getattr(of, key))) for key, name in told.items()]
    return table((title, *_HEADS), rows)


def _waiting(report: TransparencyReport) -> str:
    waiting = report.waiting
    rows = [
        (
            Cell(name),
            *_spread(getattr(waiting, key)),
            Cell(words.duration(getattr(waiting, f"oldest_{key}_s")), "number", "longest"),
        )
        for key, name in words.WAITING.items()
    ]
    return table(("For whom", *_HEADS, "Longest"), rows)


def _reasons(report: TransparencyReport) -> str:
    if not report.unscreenable:
        return '<p class="muted">There were none, or too few to be told.</p>\n'
    rows = [
        (Cell(f'<span class="mono">{said(one.code)}</span>'), _number(one.files, "files"))
        for one in report.unscreenable
    ]
    return table(("Reason", "Files"), rows)


def _series(report: TransparencyReport) -> str:
    heads = (report.step.value.capitalize(), "handed in", *words.COLUMNS.values())
    names = ("received", *words.COLUMNS)
    rows = [
        (
            Cell(f"from {words.day(step.since)}"),
            *(_number(getattr(step, name), label) for name, label in zip(names, heads[1:], strict=True)),
        )
        for step in report.series
        if step.received
    ]
    return (
        f'<details class="fold"><summary>As a table</summary>\n{table(heads, rows)}</details>\n'
        if rows
        else ""
    )


def _made(report: TransparencyReport) -> str:
    told = [
        f"Of all that was handed in from {words.day(report.since)} to {words.day(report.until)}, both days "
        "included, in UTC, and what had become of it when this was made.",
        "A false alert is what was held and then released. Who releases it at first sees it as one; what was "
        "confirmed first and released on appeal was a person's mistake, or new facts.",
        "Times are nearest ranks: half of them were no longer than the first, nine in ten no longer than the "
        "second.",
        "A file may be unscreenable for several reasons; each is counted.",
    ]
    if report.results_gone:
        told.append(
            f"The reasons of {number(report.results_gone)} unscreenable submissions are no longer kept."
        )
    if report.rounded_to != EXACT:
        told.append(
            f"Every count, sums too, is rounded to the nearest {report.rounded_to}; shares of fewer than "
            "23 and times of few are left out, so that nobody is told by a small count. Sums need not add up."
        )
    return f"<ul>{''.join(f'<li>{one}</li>' for one in told)}</ul>\n"
