"""What was put on the watch-list is hunted for, against everything ever seen, without anybody asking.

A design is new where its name, or the file of one of its parts, was not on the list when this last looked.
The first time a service looks nothing is new: what is listed by then has been screened for all along.
Each has a hunt of its own, so that one that is retired by then, or has too many prints, fails alone.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from sqlalchemy import func, insert, select, update

from partwatch.model.errors import StoreError, UsageError
from partwatch.service.context import Service
from partwatch.service.hunt_queue import WAITING, ask
from partwatch.service.hunting import Query
from partwatch.service.principals import Principal
from partwatch.service.queueing import BusyError
from partwatch.service.states import Role
from partwatch.service.tables import HUNTS, META
from partwatch.watchlist.store import Watchlist

THE_LIST: Final = Principal("the watch-list", None, frozenset({Role.INVESTIGATE}))
# So many of its hunts wait at once: people's find room beside them.
MOST_OF_LIST: Final = 20
_KEY: Final = "hunted_list"


def hunt_new(service: Service) -> bool:
    """Ask for a hunt for each design that is new on the list; whether there is more to do at once."""
    if not (service.settings.history.enabled and service.settings.history.hunt_new):
        return False
    try:
        watchlist = Watchlist.open(service.home)
    except StoreError:
        # There is none yet.
        return False
    with service.store.reading() as connection:
        told = connection.execute(select(META.c.value).filter_by(key=_KEY)).scalar()
    before = json.loads(told) if told is not None else None
    version = watchlist.version()
    if before is not None and before["version"] == version:
        return False
    designs = {
        design.name: _digest([design.name, *sorted(part.sha256 for part in design.parts)])
        for design in watchlist.designs()
    }
    known = set(designs.values() if before is None else before["designs"])
    # Only what is listed and was asked for is known; the version only once nothing is left to ask for.
    known &= set(designs.values())
    fresh = sorted(name for name, digest in designs.items() if digest not in known)
    if not fresh:
        _note(service, version, known, told is None)
        return False
    for name in fresh[: _room(service)]:
        try:
            ask(service, Query(designs=(name,)), THE_LIST)
        except BusyError:
            return False
        except UsageError:
            # Of a name that cannot be asked for, ever: it keeps no other from being hunted for.
            pass
        known.add(designs[name])
        _note(service, "", known, first=False)
    return False


def _room(service: Service) -> int:
    """How many more hunts of the list may wait."""
    mine = select(func.count()).select_from(HUNTS).where(HUNTS.c.state.in_(WAITING))
    with service.store.reading() as connection:
        waiting = connection.execute(mine.where(HUNTS.c.by == THE_LIST.name)).scalar_one()
    return max(0, MOST_OF_LIST - int(waiting))


def _note(service: Service, version: str, designs: set[str], first: bool) -> None:
    value = json.dumps({"version": version, "designs": sorted(designs)})
    with service.store.writing() as connection:
        if first:
            connection.execute(insert(META).values(key=_KEY, value=value))
        else:
            connection.execute(update(META).where(META.c.key == _KEY).values(value=value))


def _digest(told: list[str]) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
