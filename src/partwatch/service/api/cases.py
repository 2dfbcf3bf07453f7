"""Cases: their overview, and what an investigator asks of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from partwatch.case.graph.communities import communities_of
from partwatch.case.graph.filters import Filter
from partwatch.case.graph.neighbours import MOST_HOPS, MOST_NODES, neighbours_of
from partwatch.case.graph.paths import DEFAULT_PATHS, paths_between
from partwatch.case.graph.ranking import DEFAULT_KIND, DEFAULT_LEADS, MOST_LEADS, ranking_of
from partwatch.case.graph.timeline import MOST_EVENTS, timeline_of
from partwatch.case.naming import candidates, named_key
from partwatch.case.vocabulary import SHARED_TYPES
from partwatch.model.case_network import (
    CaseCommunitiesDocument,
    CaseNeighboursDocument,
    CaseTimelineDocument,
)
from partwatch.model.case_overview import CaseOverview
from partwatch.model.case_paths import CasePathsDocument
from partwatch.model.case_ranking import CaseRankingDocument
from partwatch.service import cases
from partwatch.service.api.problems import answers
from partwatch.service.asking import Here, Who
from partwatch.service.cases import ClosedCaseError, OpenCase, ShownCase, UnknownCaseError
from partwatch.service.context import Service
from partwatch.service.principals import Principal

router = APIRouter(prefix="/cases", tags=["cases"])

MOST_TEXT = 500
MOST_PATHS = 20
MOST_CANDIDATES = 100
Key = Annotated[str, Path(min_length=1, max_length=64)]
Entity = Annotated[str, Query(min_length=1, max_length=MOST_TEXT)]
_Words = Annotated[list[str] | None, Query(max_length=20)]
_Day = Annotated[str | None, Query(max_length=32)]


class CaseTold(BaseModel):
    """A case that is shown here, and its charter. open: whether it may be looked at; problem: why not, where
    it cannot be read or its retention has run out. own: whether its authority is this service's operator, as
    far as that is stated."""

    model_config = ConfigDict(frozen=True)

    id: str
    open: bool
    problem: str | None
    own: bool
    name: str | None
    authority: str | None
    legal_basis: str | None
    purpose: str | None
    retention: date | None


class EntityTold(BaseModel):
    """An entity that may be meant. key: names it in questions; kind: its schema."""

    model_config = ConfigDict(frozen=True)

    key: str
    kind: str
    caption: str


@dataclass(frozen=True)
class Only:
    """What questions may be narrowed to. since, until: ISO 8601, as far as they say; kind: schemata or types
    of values; source: numbers, keys or names; country: as the statements write them; dated: only what has a
    date."""

    since: _Day = None
    until: _Day = None
    kind: _Words = None
    source: _Words = None
    country: _Words = None
    dated: bool = False

    def of(self, case: OpenCase) -> Filter:
        """The same for a case. Raises UsageError."""
        return Filter(
            self.since, self.until, frozenset(self.kind or ()),
            frozenset(case.store.source(one).id for one in self.source or ()),
            frozenset(one.casefold() for one in self.country or ()), self.dated,
        )  # fmt: skip


Narrowed = Annotated[Only, Depends()]


@router.get("", responses=answers())
def list_cases(here: Here, who: Who) -> list[CaseTold]:
    """The cases that this service shows. Wants the role investigate, as all of these do."""
    return [_told(one, here.settings.serving.operator) for one in cases.shown_cases(here, who)]


@router.get("/{case}", responses=answers(404))
def get_case(here: Here, who: Who, case: Key) -> CaseTold:
    """One of them."""
    with _found():
        return _told(cases.shown_case(here, who, case), here.settings.serving.operator)


@router.get("/{case}/overview", responses=answers(404, 409))
def get_overview(here: Here, who: Who, case: Key) -> CaseOverview:
    """What the page of a case shows: the best linked part of its network, its events, places and sources."""
    return _opened(here, who, case, "overview").overview()


@router.get("/{case}/entities", responses=answers(404, 409))
def find_entities(here: Here, who: Who, case: Key, text: Entity) -> list[EntityTold]:
    """Entities that may be meant by a name, a part of one, an identifier or a key; 100 at most."""
    found = _opened(here, who, case, "entities")
    return [
        EntityTold(key=one.key, kind=one.schema, caption=one.caption)
        for one in candidates(found.graph.view, text)[:MOST_CANDIDATES]
    ]


@router.get("/{case}/paths", responses=answers(404, 409))
def get_paths(
    here: Here,
    who: Who,
    case: Key,
    start: Entity,
    end: Entity,
    only: Narrowed,
    paths: Annotated[int, Query(ge=1, le=MOST_PATHS)] = DEFAULT_PATHS,
    quick: bool = False,
) -> CasePathsDocument:
    """How two things are tied, how sure that is, and, unless `quick`, what would break it.

    start, end: a name, an identifier, a key, or `type:value`. The question is not kept in the case, as the
    command keeps it: nothing is written there.
    """
    found = _opened(here, who, case, "paths")
    ends = meant(found, start), meant(found, end)
    return paths_between(found.graph, *ends, paths, only.of(found), deep=not quick)


@router.get("/{case}/neighbours", responses=answers(404, 409))
def get_neighbours(
    here: Here,
    who: Who,
    case: Key,
    entity: Entity,
    only: Narrowed,
    hops: Annotated[int, Query(ge=1, le=MOST_HOPS)] = 1,
    most: Annotated[int, Query(ge=1, le=MOST_NODES)] = 200,
) -> CaseNeighboursDocument:
    """What an entity is tied to, nearest first."""
    found = _opened(here, who, case, "neighbours")
    return neighbours_of(found.graph, meant(found, entity), hops, only.of(found), most)


@router.get("/{case}/leads", responses=answers(404, 409))
def get_leads(
    here: Here,
    who: Who,
    case: Key,
    entity: Entity,
    only: Narrowed,
    of_kind: Annotated[str, Query(min_length=1, max_length=64)] = DEFAULT_KIND,
    most: Annotated[int, Query(ge=1, le=MOST_LEADS)] = DEFAULT_LEADS,
) -> CaseRankingDocument:
    """Whom to look at first: who may stand behind an entity, in order. A lead, and no evidence."""
    found = _opened(here, who, case, "leads")
    return ranking_of(found.graph, meant(found, entity), of_kind, only.of(found), most)


@router.get("/{case}/timeline", responses=answers(404, 409))
def get_timeline(
    here: Here,
    who: Who,
    case: Key,
    only: Narrowed,
    entity: Annotated[str | None, Query(min_length=1, max_length=MOST_TEXT)] = None,
    most: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = 1000,
) -> CaseTimelineDocument:
    """What is dated, in order, each with its source: of an entity and what it takes part in, else all."""
    found = _opened(here, who, case, "timeline")
    key = None if entity is None else meant(found, entity)
    return timeline_of(found.graph, key, only.of(found), most)


@router.get("/{case}/communities", responses=answers(404, 409))
def get_communities(here: Here, who: Who, case: Key, only: Narrowed) -> CaseCommunitiesDocument:
    """What hangs together more than with the rest, and who others are tied through."""
    found = _opened(here, who, case, "communities")
    return communities_of(found.graph, only.of(found))


def meant(case: OpenCase, text: str) -> str:
    """The key that somebody means: of an entity, or of a value as `type:value`. Raises UsageError."""
    if text.partition(":")[0] in SHARED_TYPES:
        return text
    return named_key(case.graph.view, text)


def _told(shown: ShownCase, operator: str) -> CaseTold:
    charter: dict[str, Any] = dict.fromkeys(("name", "authority", "legal_basis", "purpose", "retention"))
    problem = None if shown.problem is None else "it cannot be read; the operator's log says why"
    if shown.charter is not None:
        charter = vars(shown.charter)
        if shown.expired:
            problem = f"its retention ended on {shown.charter.retention}"
    return CaseTold(
        id=shown.key, open=problem is None, problem=problem, own=shown.is_kept_by(operator), **charter
    )


def _opened(here: Service, who: Principal, case: str, at_what: str) -> OpenCase:
    with _found():
        return cases.open_case(here, who, case, at_what)


@contextmanager
def _found() -> Iterator[None]:
    try:
        yield
    except UnknownCaseError as error:
        raise HTTPException(404) from error
    except ClosedCaseError as error:
        raise HTTPException(409, str(error)) from error
