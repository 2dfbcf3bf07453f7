"""The cases that this service shows: which there are, whether they may be looked at, and what they hold.

They are read where they lie and never written to; who looked is noted in the service's own ledger. A case
whose retention has run out is named and not opened: all that may be done with it is to hand it over or to
destroy it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from partwatch.case import engine as engines
from partwatch.case.charter import Charter
from partwatch.case.store import CaseStore
from partwatch.ledger import log
from partwatch.model.case_overview import CaseOverview
from partwatch.model.errors import PartwatchError, StoreError
from partwatch.service.context import Service
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore

if TYPE_CHECKING:
    from partwatch.case.graph.links import CaseGraph

# Networks remembered in this process; one of a million statements has some hundred megabytes.
_MOST_KEPT: Final = 3


class UnknownCaseError(Exception):
    """No case of that key is shown here."""


class ClosedCaseError(Exception):
    """The case's retention has run out; the message says when, and what may still be done."""


@dataclass(frozen=True)
class ShownCase:
    """A case that the settings name. key: what it is called in addresses. named: where it lies, without a
    password. charter: None where it cannot be read, for the `problem`."""

    key: str
    location: str
    named: str
    charter: Charter | None
    problem: str | None

    @property
    def expired(self) -> bool:
        """Whether its retention has run out."""
        return self.charter is not None and self.charter.expired(datetime.now(UTC).date())

    def is_kept_by(self, operator: str) -> bool:
        """Whether it is under a charter of this service's operator, as far as that is stated."""
        stated = operator.strip().casefold()
        return self.charter is None or not stated or self.charter.authority.strip().casefold() == stated


@dataclass(frozen=True, eq=False)
class OpenCase:
    """A case that may be looked at, with its network as it is now."""

    shown: ShownCase
    charter: Charter
    store: CaseStore
    graph: CaseGraph
    overview: Callable[[], CaseOverview]


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    cases: dict[tuple[str, int, int], OpenCase] = field(default_factory=dict)


_KEPT: Final[WeakKeyDictionary[ServiceStore, _Kept]] = WeakKeyDictionary()
_MAKING: Final = threading.Lock()


def shown_cases(service: Service, by: Principal) -> list[ShownCase]:
    """All cases that the settings name, in their order. Raises ForbiddenError."""
    by.require(Role.INVESTIGATE)
    return [_shown(service, location) for location in dict.fromkeys(service.settings.serving.cases)]


def shown_case(service: Service, by: Principal, key: str) -> ShownCase:
    """The case of that key. Raises ForbiddenError, UnknownCaseError."""
    by.require(Role.INVESTIGATE)
    for location in service.settings.serving.cases:
        if _key(location) == key:
            return _shown(service, location)
    raise UnknownCaseError(key)


def open_case(service: Service, by: Principal, key: str, at_what: str) -> OpenCase:
    """The case of that key, to be looked at; that somebody does is noted first.

    Raises ForbiddenError, UnknownCaseError, ClosedCaseError, StoreError.
    """
    shown = shown_case(service, by, key)
    if shown.charter is None:
        raise StoreError(shown.problem or f"{shown.named}: cannot be read")
    if shown.expired:
        raise ClosedCaseError(
            f"the retention of this case ended on {shown.charter.retention}; hand it over (partwatch case "
            "export, report) or destroy it (partwatch case forget --all)"
        )
    with service.store.writing() as connection:
        told = {"case": key, "name": shown.charter.name, "at": at_what}
        service.store.note(connection, "look", told, by.name)
    return _opened(service, shown, shown.charter)


def _shown(service: Service, location: str) -> ShownCase:
    key = _key(location)
    try:
        named = engines.shown(location)
        charter = CaseStore.open(location, _signing_keys(service.home)).charter
    except (PartwatchError, OSError) as error:
        return ShownCase(key, location, named, None, str(error))
    return ShownCase(key, location, named, charter, None)


def _opened(service: Service, shown: ShownCase, charter: Charter) -> OpenCase:
    """The network of a case, as it was worked out last where nothing changed in it since."""
    store = CaseStore.open(shown.location, _signing_keys(service.home))
    with _MAKING:
        kept = _KEPT.setdefault(service.store, _Kept())
    with kept.lock:
        with store.reading() as connection:
            entries = log.size(connection)
        place = (shown.location, entries, len(store.questions()))
        found = kept.cases.pop(place, None) or _worked_out(service, shown, charter, store)
        for other in [one for one in kept.cases if one[0] == shown.location]:
            del kept.cases[other]
        kept.cases[place] = found
        while len(kept.cases) > _MOST_KEPT:
            del kept.cases[next(iter(kept.cases))]
    return found


def _worked_out(service: Service, shown: ShownCase, charter: Charter, store: CaseStore) -> OpenCase:
    from partwatch.case.graph.build import graph_of_case

    graph = graph_of_case(store)
    made: list[CaseOverview] = []
    lock = threading.Lock()

    def overview() -> CaseOverview:
        # Only the page wants it, and it is much of the work.
        with lock:
            if not made:
                made.append(_overview(service.home, store, graph))
        return made[0]

    return OpenCase(shown, charter, store, graph, overview)


def _overview(home: Path, store: CaseStore, graph: CaseGraph) -> CaseOverview:
    from partwatch.case.answers import answers_of
    from partwatch.case.assemblies import CaseTelling, ListedPlans, assemblies_of, base_rates, listed_plans
    from partwatch.case.overview import overview_of

    day = datetime.now(UTC).date()
    listed = listed_plans(home, day) if (home / "watchlist").is_dir() else ListedPlans()
    held = assemblies_of(graph.view, listed, base_rates(home, listed.plans), CaseTelling(day))
    return overview_of(store, graph, answers_of(store, graph).told, assemblies=held)


def _key(location: str) -> str:
    return hashlib.sha256(location.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _signing_keys(home: Path) -> Path:
    """Where the signing keys of cases on a server lie, as for the command line."""
    return home / "keys"
