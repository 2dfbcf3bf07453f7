"""The watch-list with what the gate said of each part: for curators, and for reviewers to look at."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from partwatch.curation.gate import GATE_RATE
from partwatch.model.errors import UsageError
from partwatch.report.escape import visible
from partwatch.service import listing
from partwatch.service.access.forms import Form
from partwatch.service.api.watchlist import receive_design
from partwatch.service.asking import Here, Who
from partwatch.service.listing import UnlistedError
from partwatch.service.pages.rendering import page
from partwatch.service.states import Role
from partwatch.watchlist.gating import rate_text
from partwatch.watchlist.rules import MAX_NAME_CHARACTERS
from partwatch.watchlist.types import DesignSummary, GateReport, PartSummary

router = APIRouter()

MOST_ON_PAGE = 50
Name = Annotated[str, Query(min_length=1, max_length=MAX_NAME_CHARACTERS)]
Asked = Annotated[str, Query(max_length=MAX_NAME_CHARACTERS)]
_READERS = (Role.CURATE, Role.REVIEW)


@router.get("/watchlist")
def list_page(request: Request, here: Here, who: Who, q: Asked = "", after: Asked = "") -> Response:
    """Designs by name, with the gate's result of their parts."""
    who.require(*_READERS)
    found = listing.list_of(here)
    every = [] if found is None else found.designs()
    asked = listing.matching(every, q)
    rest = [one for one in asked if one.name > after]
    shown, today = rest[:MOST_ON_PAGE], date.today()
    told = {
        "q": q,
        "list_version": None if found is None else found.version(),
        "designs": [_design(one, today) for one in shown],
        "count": len(asked),
        "more": f"?{urlencode({'q': q, 'after': shown[-1].name})}" if len(rest) > MOST_ON_PAGE else None,
        "stats": _stats(every, today),
        "may_curate": Role.CURATE in who.roles,
        "visible": visible,
        "urlencode": urlencode,
    }
    return page(request, "watchlist.html", told)


@router.get("/watchlist/design")
def design_page(request: Request, here: Here, who: Who, name: Name) -> Response:
    """One design with its parts and what became of it."""
    return _design_page(request, here, who, name, "")


@router.get("/watchlist/part")
def part_page(
    request: Request, here: Here, who: Who, design: Name, name: Name, shape: bool = False
) -> Response:
    """One part with what it looks like among benign bodies. shape: draw it as well, for curators."""
    who.require(*_READERS)
    found = _listed(here, design)
    part = next((one for one in found.parts if one.name == name), None)
    if part is None:
        raise HTTPException(404)
    png = listing.picture(here, who, design, name) if shape else None
    told = {
        "design": found,
        "part": part,
        "gate": _gate(part.gate),
        "gate_rate": GATE_RATE,
        "size": " × ".join(f"{extent:.1f}" for extent in part.extents_mm),
        "picture": None if png is None else b64encode(png).decode("ascii"),
        "asked_shape": shape,
        "may_curate": Role.CURATE in who.roles,
        "happened": listing.history_of(listing.history(here), found),
        "visible": visible,
        "urlencode": urlencode,
    }
    return page(request, "watchlist_part.html", told)


@router.get("/watchlist/retired")
def retired_page(request: Request, here: Here, who: Who) -> Response:
    """Designs that match no more: expired ones, and those that were retired through this service."""
    who.require(*_READERS)
    found, today = listing.list_of(here), date.today()
    told = {
        "expired": [] if found is None else [one for one in found.designs() if one.expired(today)],
        "retired": [one for one in listing.history(here) if one.act == "retire"],
        "visible": visible,
        "urlencode": urlencode,
    }
    return page(request, "watchlist_retired.html", told)


@router.post("/watchlist/retire")
def retire(request: Request, here: Here, who: Who, form: Form) -> Response:
    """Take a design off the list."""
    name = str(form.get("name", ""))
    try:
        listing.retire(here, who, name, str(form.get("reason", "")))
    except UsageError as error:
        return _design_page(request, here, who, name, str(error), 422)
    except UnlistedError as error:
        raise HTTPException(404) from error
    return RedirectResponse("/watchlist/retired", 303)


@router.get("/watchlist/new")
def new_page(request: Request, who: Who) -> Response:
    """Where designs are added."""
    who.require(Role.CURATE)
    return _new_page(request)


@router.post("/watchlist/new")
async def add(request: Request, here: Here, who: Who) -> Response:
    """Add a design: its manifest with the files that it names."""
    who.require(Role.CURATE)
    try:
        made = await receive_design(request, here, who, request.state.csrf)
    except UsageError as error:
        return _new_page(request, problem=str(error), status=422)
    if made.added and made.parts:
        return RedirectResponse(f"/watchlist/design?{urlencode({'name': made.parts[0].design})}", 303)
    return _new_page(request, problem=made.problem or "", parts=made.parts, status=200)


def _new_page(
    request: Request, problem: str = "", parts: tuple[Any, ...] = (), status: int = 200
) -> Response:
    told = {
        "problem": "\n".join(visible(line) for line in problem.split("\n")),
        "parts": parts,
        "gate_rate": GATE_RATE,
        "rate_text": rate_text,
        "visible": visible,
    }
    return page(request, "watchlist_new.html", told, status)


def _design_page(
    request: Request, here: Here, who: Who, name: str, problem: str, status: int = 200
) -> Response:
    who.require(*_READERS)
    found = _listed(here, name)
    told = {
        "design": _design(found, date.today()),
        "happened": listing.history_of(listing.history(here), found),
        "may_curate": Role.CURATE in who.roles,
        "problem": visible(problem),
        "visible": visible,
        "urlencode": urlencode,
    }
    return page(request, "watchlist_design.html", told, status)


def _listed(here: Here, name: str) -> DesignSummary:
    try:
        return listing.listed(here, name)
    except UnlistedError as error:
        raise HTTPException(404) from error


def _stats(designs: list[DesignSummary], today: date) -> dict[str, int]:
    parts = [part for design in designs if not design.expired(today) for part in design.parts]
    return {
        "designs": sum(not design.expired(today) for design in designs),
        "expired": sum(design.expired(today) for design in designs),
        "parts": len(parts),
        "generic": sum(_is_generic(part.gate) for part in parts),
        "unasked": sum(part.gate is None for part in parts),
    }


def _is_generic(report: GateReport | None) -> bool:
    # Not `>`: what is no number does not pass.
    return report is not None and not report.rate <= GATE_RATE


def _design(design: DesignSummary, today: date) -> dict[str, Any]:
    return {"told": design, "expired": design.expired(today), "parts": [_part(part) for part in design.parts]}


def _part(part: PartSummary) -> dict[str, Any]:
    return {"told": part, "gate": _gate(part.gate)}


def _gate(report: GateReport | None) -> dict[str, Any]:
    """kind, word: of the badge; the rest only where there is a report."""
    if report is None:
        return {"kind": "unscreenable", "word": "gate not asked", "report": None}
    generic = _is_generic(report)
    nearest = report.look_alikes[0] if report.look_alikes else None
    return {
        "kind": "review" if generic else "clear",
        "word": "generic" if generic else "distinct",
        "report": report,
        "rate": rate_text(report.rate),
        "nearest": nearest,
    }
