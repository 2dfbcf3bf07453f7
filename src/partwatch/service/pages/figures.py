"""What the service does, in figures: the transparency report."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from partwatch.model.errors import UsageError
from partwatch.report import transparency_page
from partwatch.service.api.figures import answer_of, headers_of
from partwatch.service.asking import Here, Who
from partwatch.service.figures import Period
from partwatch.service.pages.rendering import page
from partwatch.service.reporting import period_of, reported, today

router = APIRouter()
_QUICK: Final = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "a year"))
Day = Annotated[str | None, Query(max_length=40)]


@router.get("/figures")
def figures(request: Request, here: Here, who: Who, since: Day = None, until: Day = None) -> HTMLResponse:
    """The figures of a period, with how to get them as files."""
    problem, status = "", 200
    try:
        period = period_of(_day(since), _day(until))
    except UsageError as error:
        problem, status, period = str(error), 422, period_of(None, None)
    report = reported(here, who, period)
    told = {
        "period": period,
        "problem": problem,
        "body": Markup(transparency_page.body(report)),
        "quick": [(words, Period.last(days, today())) for days, words in _QUICK],
        "today": today(),
    }
    return page(request, "figures.html", told, status)


@router.get("/figures/report.{kind}")
def saved(
    here: Here, who: Who, kind: Literal["html", "json", "csv"], since: Day = None, until: Day = None
) -> Response:
    """The transparency report as it may be published, to be saved."""
    report = reported(here, who, period_of(_day(since), _day(until)), publish=True)
    if kind != "html":
        return answer_of(report, kind, attached=True)
    headers = headers_of(report, kind, attached=True)
    return HTMLResponse(transparency_page.page(report), headers=headers)


def _day(text: str | None) -> date | None:
    """A field of the form; an empty one is none."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!a}: is no day; write it as 2026-01-31") from error
