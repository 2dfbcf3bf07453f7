"""What the pages of the watch-list tell beyond the list itself: what became of a design, and its shape.

The list keeps no history; the service's ledger does, of what was done through it. A listed part's shape is
shown to curators only, one at a time, and each time is noted first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from partwatch.ledger import log
from partwatch.model.view import DecodedView
from partwatch.report.picture import render
from partwatch.service.context import Service
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.service.submissions import check_text
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import DesignSummary

KIND: Final = "watchlist"
MOST_REASON_CHARS: Final = 4000


class UnlistedError(Exception):
    """There is nothing of that name on the list."""


@dataclass(frozen=True)
class Happened:
    """Something that was done to the list. design: None where the ledger's entry names files only."""

    at: str
    by: str
    act: str
    design: str | None
    reason: str | None
    files: frozenset[str]


def list_of(service: Service) -> Watchlist | None:
    """The list; None where none was made yet. Raises StoreError."""
    made = (service.home / "watchlist" / "watchlist.sqlite").is_file()
    return Watchlist.open(service.home) if made else None


def listed(service: Service, name: str) -> DesignSummary:
    """The design of that name. Raises UnlistedError, StoreError."""
    found = list_of(service)
    if found is None or name not in found.design_names():
        raise UnlistedError(name)
    return found.design(name)


def matching(designs: Iterable[DesignSummary], text: str) -> list[DesignSummary]:
    """Those in whose words, or in whose parts' names, files or digests, the text is found."""
    wanted = text.strip().casefold()
    return [one for one in designs if not wanted or any(wanted in told.casefold() for told in _words(one))]


def _words(design: DesignSummary) -> Iterator[str]:
    yield from (design.name, design.authority, design.reason, design.note or "")
    for part in design.parts:
        yield from (part.name, part.source_name, part.sha256)


def history(service: Service) -> list[Happened]:
    """What was done to the list through this service, the latest first."""
    with service.store.reading() as connection:
        found = [
            _happened(entry.at, entry.by, entry.opening.body)
            for entry in log.entries(connection, kind=KIND)
            if entry.opening is not None
        ]
    return found[::-1]


def history_of(happened: Iterable[Happened], design: DesignSummary) -> list[Happened]:
    """What of it was done to one design: what names it, and what came with its parts' files."""
    parts = {part.sha256 for part in design.parts}
    return [one for one in happened if one.design == design.name or (parts and parts <= one.files)]


def _happened(at: str, by: str, told: dict[str, Any]) -> Happened:
    files = told.get("files", ())
    return Happened(
        at, by, str(told.get("act", "")), told.get("design"), told.get("reason") or told.get("allow_generic"),
        frozenset(map(str, files)) if isinstance(files, list | tuple) else frozenset(),
    )  # fmt: skip


def retire(service: Service, by: Principal, name: str, reason: str) -> None:
    """Take a design off the list: nothing is held for it any more. That, who and why is in the ledger.

    Raises ForbiddenError, UsageError without a reason, UnlistedError, StoreError.
    """
    by.require(Role.CURATE)
    reason = reason.strip()
    check_text("the reason for which a design is retired", reason, MOST_REASON_CHARS)
    found = listed(service, name)
    with service.store.writing() as connection:
        told = {"act": "retire", "design": name, "reason": reason}
        told_parts = [part.sha256 for part in found.parts]
        service.store.note(connection, KIND, told | {"parts": told_parts}, by.name)
        # Within the transaction: what could not be retired is not noted as retired.
        Watchlist.open(service.home).remove([name])


def picture(service: Service, by: Principal, design: str, part: str) -> bytes | None:
    """A PNG of a listed part, once it is noted who looks at it; None where the list holds no shape of it.

    Raises ForbiddenError, UnlistedError, StoreError.
    """
    by.require(Role.CURATE)
    if all(one.name != part for one in listed(service, design).parts):
        raise UnlistedError(part)
    with service.store.writing() as connection:
        told = {"design": design, "part": part, "at": "a listed part's shape"}
        service.store.note(connection, "look", told, by.name)
    for entry in Watchlist.open(service.home).entries([design]):
        for one in entry.parts:
            if one.name == part and one.mesh is not None:
                still = np.zeros(len(one.mesh.vertices))
                points = one.mesh.vertices.astype(np.float32)
                return render(DecodedView(points, one.mesh.triangles, still), tolerance_mm=1.0)
    return None
