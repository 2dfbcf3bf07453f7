"""Pictures and meshes of what was found, each at an address of its own, for reviewers only.

Every one is noted in the ledger, unless its page, or another of them, was within the last minutes. The listed
part is shown to those who curate the list as well, and each time that is noted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from partwatch.formats.worker import Failure, FailureKind
from partwatch.model.document import Body, Item, Match
from partwatch.report import look_alikes
from partwatch.service.api.problems import ProblemError
from partwatch.service.asking import Here, Who, of_application
from partwatch.service.context import Service
from partwatch.service.decisions import look
from partwatch.service.pages.drawing import MESH, PICTURE
from partwatch.service.pages.studio import BusyStudioError, studio_of
from partwatch.service.principals import Principal
from partwatch.service.reviewing import found_by_file
from partwatch.service.states import Role
from partwatch.service.submissions import UnknownSubmissionError, find

router = APIRouter()

LOOK_S: Final = 900.0
_MOST_LOOKS: Final = 10_000
_PLACE: Final = r"^\d{1,6}(\.\d{1,6}){3}$"
_RETRY: Final = {"Retry-After": "5"}
Id = Annotated[str, Path(min_length=1, max_length=64)]
PlaceText = Annotated[str, Path(pattern=_PLACE, max_length=27)]
WithPart = Annotated[bool, Query(alias="part")]


@dataclass(frozen=True)
class Place:
    """Where a match stands in a submission: file by position, item in it, body in that, match in that."""

    file: int
    item: int
    body: int
    match: int

    def __str__(self) -> str:
        return f"{self.file}.{self.item}.{self.body}.{self.match}"


class Looks:
    """Who looked at what lately, so that a page and its pictures are one look. Safe in threads."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def is_fresh(self, name: str, public: str) -> bool:
        """Whether that one looked at this within LOOK_S."""
        with self._lock:
            return time.monotonic() - self._at.get((name, public), -LOOK_S) < LOOK_S

    def noted(self, name: str, public: str) -> None:
        """It is in the ledger now."""
        with self._lock:
            if len(self._at) >= _MOST_LOOKS:
                self._at.clear()
            self._at[name, public] = time.monotonic()


def looks_of(request: Request) -> Looks:
    """The application's own."""
    return of_application(request, "looks", Looks)


def may_see_parts(principal: Principal) -> bool:
    """Whether listed geometry may be shown to it: only to those who keep the list."""
    return {Role.REVIEW, Role.CURATE} <= principal.roles


def _match_at(
    request: Request, here: Service, who: Principal, public: str, text: str
) -> tuple[Item, Body, Match]:
    """The match at a place, after the look is noted. Raises UnknownSubmissionError where there is none."""
    who.require(Role.REVIEW)
    looks = looks_of(request)
    if not looks.is_fresh(who.name, public):
        look(here.store, public, who, f"view {text}")
        looks.noted(who.name, public)
    place = Place(*(int(number) for number in text.split(".")))
    with here.store.reading() as connection:
        found = find(connection, public, who)
        files = found_by_file(here.store, connection, found, place.file, 1)
    try:
        item = (files[0].items or ())[place.item]
        body = item.bodies[place.body]
        return item, body, body.matches[place.match]
    except IndexError:
        raise UnknownSubmissionError(public) from None


def _args(here: Service, who: Principal, public: str, match: Match, with_part: bool) -> dict[str, Any]:
    """For `drawing`. Raises ForbiddenError where the part is asked for by whoever may not see it."""
    if match.view is None:
        raise UnknownSubmissionError(public)
    told: dict[str, Any] = {"view": match.view.model_dump(), "tolerance_mm": match.tolerance_mm}
    if with_part:
        who.require(Role.CURATE)
        look(here.store, public, who, f"listed geometry of {match.design} / {match.part}")
        told["part"] = {
            "home": str(here.home.absolute()), "design": match.design, "part": match.part,
            "T_part_body": match.T_part_body,
        }  # fmt: skip
    return told


# Ahead of the next, which would take its name for a side.
@router.get("/review/{id}/views/{place}/look-alike.png")
def look_alike(request: Request, here: Here, who: Who, id: Id, place: PlaceText) -> Response:
    """The benign body that looks most like the listed part, where its file is at hand."""
    _, _, match = _match_at(request, here, who, id, place)
    if (found := look_alike_of(here, match)) is None:
        raise UnknownSubmissionError(id)
    args = {"path": str(found[0]), "body": found[1]}
    return _answer(_made(request, look_alikes.TASK, args), "image/png", kept=True)


@router.get("/review/{id}/views/{place}/{side}.png")
def picture(
    request: Request, here: Here, who: Who, id: Id, place: PlaceText,
    side: Annotated[str, Path(pattern="^(front|back)$")], part: WithPart = False,
) -> Response:  # fmt: skip
    """The submitted body from one side, coloured by its distance to the listed part."""
    _, _, match = _match_at(request, here, who, id, place)
    args = _args(here, who, id, match, part) | {"side": side}
    return _answer(_made(request, PICTURE, args), "image/png", kept=not part)


@router.get("/review/{id}/views/{place}/mesh.bin")
def mesh(
    request: Request, here: Here, who: Who, id: Id, place: PlaceText, part: WithPart = False
) -> Response:
    """The same to be turned around: see `drawing.mesh` for its layout."""
    _, _, match = _match_at(request, here, who, id, place)
    args = _args(here, who, id, match, part)
    return _answer(_made(request, MESH, args), "application/octet-stream", kept=not part)


def look_alike_of(here: Service, match: Match) -> tuple[FilePath, int] | None:
    """The file of the nearest benign look-alike, and which of its bodies; None where it is not at hand."""
    folder = here.settings.screening.background
    if not folder or match.evidence is None or match.evidence.rival.look_alike is None:
        return None
    return look_alikes.locate(FilePath(folder), match.evidence.rival.look_alike)


def _made(request: Request, function: str, args: Mapping[str, Any]) -> bytes:
    try:
        outcome = studio_of(request).made(function, args)
    except BusyStudioError as error:
        raise ProblemError(503, "Busy", str(error), _RETRY) from error
    if isinstance(outcome, Failure):
        status = 422 if outcome.kind in (FailureKind.UNREADABLE, FailureKind.ERROR) else 503
        raise ProblemError(status, "No picture", f"it cannot be drawn: {outcome.message}")
    return outcome


def _answer(content: bytes, kind: str, kept: bool) -> Response:
    # A browser keeps it as long as a look counts, and listed geometry not at all.
    cache = f"private, max-age={int(LOOK_S)}" if kept else "no-store"
    return Response(
        content, media_type=kind, headers={"Cache-Control": cache, "X-Content-Type-Options": "nosniff"}
    )
