"""Figures."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from partwatch.model.transparency import TransparencyReport
from partwatch.report.transparency_table import table_of
from partwatch.service.api.days import Day
from partwatch.service.api.problems import MEDIA_TYPE
from partwatch.service.asking import Here, Who
from partwatch.service.reporting import period_of, reported

router = APIRouter(prefix="/figures", tags=["figures"])
CSV: Final = "text/csv"
_PROBLEM: Final[dict[str, Any]] = {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {CSV: {"schema": {"type": "string"}}}, "description": "The report."},
    403: {"description": "Whoever asks has neither role.", **_PROBLEM},
    422: {"description": "That is no period, or no such customer.", **_PROBLEM},
    503: {"description": "The store cannot be read now.", **_PROBLEM},
}


@router.get("", response_model=TransparencyReport, responses=_ANSWERS)
def figures(
    here: Here,
    who: Who,
    since: Annotated[Day | None, Query(description="The first day, in UTC; 90 days by default.")] = None,
    until: Annotated[Day | None, Query(description="The last day, which is included; today.")] = None,
    customer: Annotated[
        str | None, Query(min_length=1, max_length=63, description="Of that customer alone.")
    ] = None,
    publish: Annotated[bool, Query(description="Round every count, so that nobody is told by one.")] = False,
    format: Annotated[
        Literal["json", "csv"] | None, Query(description="Else what the header Accept asks for.")
    ] = None,
    accept: Annotated[str | None, Header(max_length=1000, include_in_schema=False)] = None,
) -> Response:
    """What the service did in a period, in figures; needs the role *review* or *administer*.

    All figures are of what was handed in within the period, as it stands now. Nobody is named in it.
    """
    report = reported(here, who, period_of(since, until), customer, publish)
    wants_csv = format == "csv" or (format is None and CSV in (accept or "").lower())
    return answer_of(report, "csv" if wants_csv else "json")


def answer_of(report: TransparencyReport, kind: str, attached: bool = False) -> Response:
    """The report as JSON or CSV. attached: to be saved by a browser."""
    text = table_of(report) if kind == "csv" else report.model_dump_json(indent=2) + "\n"
    media_type = f"{CSV}; charset=utf-8" if kind == "csv" else "application/json"
    return Response(text, media_type=media_type, headers=headers_of(report, kind, attached))


def headers_of(report: TransparencyReport, kind: str, attached: bool) -> dict[str, str]:
    """That it is not kept on the way, and what it is called where it is saved."""
    kept = {"Cache-Control": "no-store", "Vary": "Accept"}
    name = f"transparency-{report.since}-{report.until}.{kind}"
    return kept | ({"Content-Disposition": f'attachment; filename="{name}"'} if attached else {})
