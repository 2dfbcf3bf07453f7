"""The watch-list: what is listed with what the gate said of it, adding and retiring designs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, cast

import anyio
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from partwatch.curation.gate import GATE_RATE
from partwatch.model.document import Medium
from partwatch.model.errors import UsageError
from partwatch.service.api.describing import form_with_files
from partwatch.service.api.intake import receive_form
from partwatch.service.api.problems import ProblemError, answers
from partwatch.service.asking import Here, Who
from partwatch.service.context import Service
from partwatch.service.enrolling import Enrolled, check_manifest, checked_names, enrol_apart
from partwatch.service.listing import MOST_REASON_CHARS, retire
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.service.submissions import Incoming
from partwatch.watchlist.rules import MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, text_problem
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import DesignSummary, GateReport, PartSummary

router = APIRouter(prefix="/watchlist", tags=["watch-list"])

_ALLOW: Final = "allow_generic"
_RETRY_S: Final = 30
# Each takes a process with the whole background: one at a time, and nobody waits with a body in hand.
_adding: Final[RunVar[anyio.Semaphore]] = RunVar("partwatch-adding")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class LookAlikeView(_Model):
    """A benign body that looks like a part. similarity: of their fingerprints, 2 for the same."""

    name: str
    similarity: float


class GateView(_Model):
    """What the goodware gate found of a part. rate_per_10000: benign bodies of so many that it would flag.
    allowed: the reason for which it is listed above the rate that may pass."""

    rate_per_10000: float
    look_alikes: tuple[LookAlikeView, ...]
    population: str
    calibration: str
    made: date
    allowed: str | None


class PartView(_Model):
    """One listed part, without its shape. Lengths in millimetres."""

    name: str
    quantity: int
    required: bool
    alternative_to: str | None
    source_name: str
    sha256: str
    medium: Medium
    distinctiveness: float
    area_mm2: float
    extents_mm: tuple[float, float, float]
    triangles: int
    prints: int
    has_geometry: bool
    gate: GateView | None


class DesignView(_Model):
    """One listed design. expires: the last day on which it matches."""

    name: str
    authority: str
    reason: str
    expires: date
    expired: bool
    note: str | None
    parts: tuple[PartView, ...]


class DesignPage(_Model):
    """Designs by name. version: of the list, None where there is none yet. next: for `after`."""

    version: str | None
    as_of: date
    designs: tuple[DesignView, ...]
    next: str | None


class GatedPart(_Model):
    """What the gate said of a part that was sent. held_back: whether it is what holds all of them back."""

    design: str
    part: str
    held_back: bool
    gate: GateView


class Addition(_Model):
    """What came of adding a design: all of it, or nothing. problem: why nothing was added, with the mend."""

    added: bool
    version: str | None
    parts: tuple[GatedPart, ...]
    problem: str | None


Name = Annotated[str, Query(min_length=1, max_length=MAX_NAME_CHARACTERS, description="As it is listed.")]
Reason = Annotated[str, Query(min_length=1, max_length=MOST_REASON_CHARS, description="Why; it is kept.")]


@router.get("/designs", responses=answers())
def list_designs(
    here: Here,
    who: Who,
    after: Annotated[
        str | None,
        Query(min_length=1, max_length=MAX_NAME_CHARACTERS, description="`next` of the page before."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DesignPage:
    """What is listed, by name, with what the gate said of each part. For curators and reviewers."""
    who.require(Role.CURATE, Role.REVIEW)
    found, day = _list_at(here.home), date.today()
    if found is None:
        return DesignPage(version=None, as_of=day, designs=(), next=None)
    designs = [one for one in found.designs() if after is None or one.name > after]
    page = designs[:limit]
    return DesignPage(
        version=found.version(),
        as_of=day,
        designs=tuple(_design_view(one, day) for one in page),
        next=page[-1].name if len(designs) > limit else None,
    )


@router.get("/design", responses=answers(404))
def get_design(name: Name, here: Here, who: Who) -> DesignView:
    """One design with its parts."""
    who.require(Role.CURATE, Role.REVIEW)
    return _design_view(_design(here, name), date.today())


@router.get("/part", responses=answers(404))
def get_part(design: Name, name: Name, here: Here, who: Who) -> PartView:
    """One part of a design."""
    who.require(Role.CURATE, Role.REVIEW)
    for part in _design(here, design).parts:
        if part.name == name:
            return _part_view(part)
    raise _unlisted()


_BODY: Final = form_with_files(
    {"minItems": 2, "description": "One manifest, whose name ends in .toml, and the files it names."},
    {
        _ALLOW: {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_TEXT_CHARACTERS,
            "description": "Why parts above the gate's rate are listed all the same.",
        }
    },
)


@router.post(
    "/designs",
    status_code=201,
    response_model=Addition,
    responses={200: {"model": Addition, "description": "Nothing was added: the gate holds parts back."}}
    | answers(400, 408, 413, 415, s429="Another is being added; Retry-After says when to ask again.")
    | answers(507),
    openapi_extra=_BODY,
)
async def add_design(request: Request, response: Response, here: Here, who: Who) -> Addition:
    """Add a design: a manifest and the files that it names, as `partwatch watchlist add` takes them. The
    goodware gate is asked; a part that would flag too many benign bodies holds back all of it. For
    curators; it is in the ledger."""
    made = await receive_design(request, here, who)
    response.status_code = 201 if made.added else 200
    return made


async def receive_design(
    request: Request, here: Service, who: Principal, csrf: str | None = None
) -> Addition:
    """What comes of adding the design that a form carries. csrf: what its field `csrf` must be, None where
    it is not asked for. Raises as `receive_form` does, and ProblemError where another is being added."""
    who.require(Role.CURATE)
    try:
        turn = _adding.get()
    except LookupError:
        turn = anyio.Semaphore(1)
        _adding.set(turn)
    try:
        turn.acquire_nowait()
    except anyio.WouldBlock:
        told = "another design is being added; try again later"
        raise ProblemError(429, "Too Many Requests", told, {"Retry-After": str(_RETRY_S)}) from None
    try:
        return await receive_form(
            request, here, (_ALLOW,), lambda incoming, fields: _add(here, who, incoming, fields), csrf
        )
    finally:
        turn.release()


@router.delete("/design", status_code=204, responses=answers(404))
def retire_design(name: Name, reason: Reason, here: Here, who: Who) -> None:
    """Retire a design: nothing is held for it any more. For curators; the ledger keeps the reason."""
    who.require(Role.CURATE)
    _design(here, name)
    retire(here, who, name, reason)


def _add(here: Service, who: Principal, incoming: Incoming, fields: Mapping[str, str]) -> Addition:
    allow = fields.get(_ALLOW) or None
    if allow is not None and (problem := text_problem(allow)) is not None:
        raise UsageError(f"{_ALLOW}: the reason {problem}")
    names = [name for name, _, _ in incoming.files]
    manifest = checked_names(names)
    folder = incoming.folder / "design"
    folder.mkdir(mode=0o700)
    for place, name in enumerate(names):
        (incoming.folder / str(place)).rename(folder / name)
    check_manifest(folder / manifest, [name for name in names if name != manifest])
    asked = {"act": "add", "files": [sha256 for _, _, sha256 in incoming.files], "allow_generic": allow}
    _note(here, who, asked)
    made = enrol_apart(here.home, folder / manifest, allow)
    found = _list_at(here.home)
    version = None if found is None else found.version()
    _note(here, who, {"act": "added" if made.added else "held back", "version": version})
    return _addition(made, version)


def _note(here: Service, who: Principal, told: Mapping[str, object]) -> None:
    with here.store.writing() as connection:
        here.store.note(connection, "watchlist", told, who.name)


def _addition(made: Enrolled, version: str | None) -> Addition:
    parts = [
        GatedPart(design=one["design"], part=one["part"], held_back=False, gate=GateView(**one["gate"]))
        for one in cast("list[dict[str, Any]]", made.told["parts"])
    ]
    held = [
        part.model_copy(update={"held_back": not made.added and _is_held_back(part.gate)}) for part in parts
    ]
    return Addition(added=made.added, version=version, parts=tuple(held), problem=made.problem)


def _is_held_back(gate: GateView) -> bool:
    return gate.allowed is None and not gate.rate_per_10000 <= GATE_RATE


def _list_at(home: Path) -> Watchlist | None:
    """The list of a home folder; None where none was made yet."""
    return Watchlist.open(home) if (home / "watchlist" / "watchlist.sqlite").is_file() else None


def _design(here: Service, name: str) -> DesignSummary:
    found = _list_at(here.home)
    if found is None or name not in found.design_names():
        raise _unlisted()
    return found.design(name)


def _unlisted() -> ProblemError:
    return ProblemError(
        404, "Not Found", "there is nothing of that name on the list; see /v1/watchlist/designs"
    )


def _design_view(one: DesignSummary, day: date) -> DesignView:
    return DesignView(
        name=one.name, authority=one.authority, reason=one.reason, expires=one.expires,
        expired=one.expired(day), note=one.note, parts=tuple(map(_part_view, one.parts)),
    )  # fmt: skip


def _part_view(one: PartSummary) -> PartView:
    return PartView(
        name=one.name, quantity=one.quantity, required=one.required, alternative_to=one.alternative_to,
        source_name=one.source_name, sha256=one.sha256, medium=one.medium,
        distinctiveness=one.distinctiveness, area_mm2=one.area_mm2, extents_mm=one.extents_mm,
        triangles=one.triangles, prints=one.prints, has_geometry=one.has_geometry,
        gate=None if one.gate is None else _gate_view(one.gate),
    )  # fmt: skip


def _gate_view(one: GateReport) -> GateView:
    return GateView(
        rate_per_10000=one.rate,
        look_alikes=tuple(
            LookAlikeView(name=like.name, similarity=like.similarity) for like in one.look_alikes
        ),
        population=one.population,
        calibration=one.calibration,
        made=one.made,
        allowed=one.allowed,
    )
