"""Cases: which there are, one with its network, time line and map, and what is asked of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from rich.console import Console
from starlette.exceptions import HTTPException
from starlette.responses import Response

from partwatch.case.graph.neighbours import neighbours_of
from partwatch.case.graph.paths import paths_between
from partwatch.case.graph.ranking import DEFAULT_KIND, ranking_of
from partwatch.model.errors import StoreError, UsageError
from partwatch.report import case_page, case_ranking_text, case_text
from partwatch.report.escape import visible
from partwatch.service import cases
from partwatch.service.api.cases import MOST_TEXT, meant
from partwatch.service.asking import Here, Who
from partwatch.service.cases import ClosedCaseError, OpenCase, UnknownCaseError
from partwatch.service.pages.rendering import page
from partwatch.service.states import Role

router = APIRouter()

Asked = Annotated[str, Query(max_length=MOST_TEXT)]
# Columns of an answer: as wide as a page has room for, and it scrolls by itself.
_WIDTH = 118
_NEAR, _MOST_NEAR = 1, 100
PATH, LEADS, NEAR = "path", "leads", "neighbours"
_NOT_THERE = "it cannot be read now; the operator's log says why"


@router.get("/cases")
def list_page(request: Request, here: Here, who: Who) -> Response:
    """All cases that the settings name."""
    told = {
        "cases": cases.shown_cases(here, who),
        "operator": here.settings.serving.operator,
        "may_administer": Role.ADMINISTER in who.roles,
        "visible": visible,
    }
    return page(request, "cases.html", told)


@router.get("/cases/{key}")
def case_of(request: Request, here: Here, who: Who, key: str) -> Response:
    """One case; of one that may not be looked at, its charter and why."""
    try:
        found = cases.open_case(here, who, key, "overview")
        document = found.overview()
    except (UnknownCaseError, ClosedCaseError, StoreError) as error:
        return _refused(request, here, who, key, error)
    told = {
        "key": key,
        "shown": found.shown,
        "operator": here.settings.serving.operator,
        "charter": Markup(case_page.charter_facts(document)),
        "views": Markup(case_page.views()),
        "without_script": Markup(case_page.without_script(document)),
        "about": Markup(case_page.about(document)),
        "data": Markup(case_page.data_block(document)),
        "scripts": case_page.SCRIPTS,
        "visible": visible,
    }
    return page(request, "case.html", told)


@router.get("/cases/{key}/ask")
def ask(
    request: Request,
    here: Here,
    who: Who,
    key: str,
    what: Asked = PATH,
    one: Asked = "",
    other: Asked = "",
) -> Response:
    """How two things are tied, whom to look at first, what is near: answered in words."""
    one, other = one.strip(), other.strip()
    try:
        found = cases.open_case(here, who, key, what if what in (PATH, LEADS, NEAR) else "question")
    except (UnknownCaseError, ClosedCaseError, StoreError) as error:
        return _refused(request, here, who, key, error)
    answer, problem = "", ""
    try:
        if one:
            answer = _answer(found, what, one, other)
    except UsageError as error:
        problem = str(error)
    told = {
        "key": key, "name": found.charter.name, "what": what, "one": one, "other": other, "answer": answer,
        "problem": "\n".join(visible(line) for line in problem.split("\n")), "visible": visible,
    }  # fmt: skip
    return page(request, "case_ask.html", told, 422 if problem else 200)


def _answer(found: OpenCase, what: str, one: str, other: str) -> str:
    """In the words of the command line. Raises UsageError."""
    if what == LEADS:
        ranking = ranking_of(found.graph, meant(found, one), other or DEFAULT_KIND)
        return _text(lambda console: case_ranking_text.render(ranking, console))
    if what == NEAR:
        near = neighbours_of(found.graph, meant(found, one), _NEAR, most=_MOST_NEAR)
        return _text(lambda console: case_text.render(near, console))
    if what != PATH:
        raise UsageError(f"{what!a}: is no question; ask for path, leads or neighbours")
    if not other:
        raise UsageError("a path has two ends: name the other one as well")
    paths = paths_between(found.graph, meant(found, one), meant(found, other))
    return _text(lambda console: case_text.render(paths, console))


def _text(render: Callable[[Console], None]) -> str:
    out = io.StringIO()
    render(Console(file=out, width=_WIDTH, color_system=None, force_terminal=False))
    return out.getvalue()


def _refused(request: Request, here: Here, who: Who, key: str, error: Exception) -> Response:
    if isinstance(error, UnknownCaseError):
        raise HTTPException(404) from error
    told = {
        "shown": cases.shown_case(here, who, key),
        "reason": str(error) if isinstance(error, ClosedCaseError) else _NOT_THERE,
        "visible": visible,
    }
    return page(request, "case_closed.html", told, 409 if isinstance(error, ClosedCaseError) else 503)
