"""Families: asked for, and shown with pictures, dendrograms and the submissions they come from."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from partwatch.model.errors import UsageError
from partwatch.model.families import Family
from partwatch.report import families_page
from partwatch.report.escape import visible
from partwatch.report.families_dendrogram import dendrogram
from partwatch.service import families
from partwatch.service.access.forms import Form
from partwatch.service.asking import Here, Who
from partwatch.service.assembling import Question, day_of
from partwatch.service.customers import customers
from partwatch.service.families import MOST_FILES, Of, Run, RunState, UnknownRunError
from partwatch.service.pages.rendering import page
from partwatch.service.queueing import BusyError
from partwatch.service.states import Role

router = APIRouter()

_TONES = {
    RunState.RUNNING: "screening",
    RunState.DONE: "passed",
    RunState.FAILED: "confirmed",
    RunState.ENDED: "asked",
}


@router.get("/families")
def list_page(request: Request, here: Here, who: Who) -> Response:
    """Runs, and a form that asks for another."""
    who.require(Role.INVESTIGATE, Role.CURATE)
    return _list_page(request, here, who, {}, "", 200)


@router.post("/families")
def ask(request: Request, here: Here, who: Who, form: Form) -> Response:
    """Begin a run."""
    said = {name: str(form.get(name, "")) for name in ("of", "customer", "since", "until")}
    try:
        if said["of"] not in set(Of):
            raise UsageError(f"{said['of']!a}: choose kept files, or the parts of the list")
        since, until = day_of("From", said["since"]), day_of("Until", said["until"])
        question = Question(said["customer"] or None, None, since, until)
        run = families.ask(here, who, Of(said["of"]), question)
    except UsageError as error:
        return _list_page(request, here, who, said, str(error), 422)
    except BusyError as error:
        return _list_page(request, here, who, said, str(error), 429)
    return RedirectResponse(f"/families/{run.id}", 303)


@router.get("/families/{key}")
def run_page(request: Request, here: Here, who: Who, key: str) -> Response:
    """What a run found, or how it stands."""
    try:
        run = families.run_of(here, who, key)
    except UnknownRunError as error:
        raise HTTPException(404) from error
    told = {
        "run": run,
        "tone": _TONES[run.state],
        "may_review": Role.REVIEW in who.roles,
        "visible": visible,
        "content": None,
    }
    if run.state is RunState.DONE:
        document, pictures = families.found_by(here, who, run)
        told["made"] = Markup(families_page.made(document))
        told["content"] = Markup("".join(families_page.content(document, pictures, _beside)))
    return page(request, "families_run.html", told)


def _beside(family: Family) -> str:
    drawn = dendrogram(family)
    if not drawn:
        return ""
    return f'<h3>How much differs</h3><div class="wide-drawing">{drawn}</div>'


def _list_page(
    request: Request, here: Here, who: Who, form: dict[str, str], problem: str, status: int
) -> Response:
    told = {
        "form": {name: form.get(name, "") for name in ("of", "customer", "since", "until")},
        "customers": customers(here.store),
        "runs": [(one, _TONES[one.state], _about(one)) for one in families.runs(here, who)],
        "may_curate": Role.CURATE in who.roles,
        "may_investigate": Role.INVESTIGATE in who.roles,
        "most": MOST_FILES,
        "today": date.today(),
        "problem": visible(problem),
        "visible": visible,
    }
    return page(request, "families.html", told, status)


def _about(run: Run) -> str:
    if run.of is Of.LIST:
        return "parts of the watch-list"
    return f"{len(run.told['files']):,} files of {len(run.submissions):,} submissions"
