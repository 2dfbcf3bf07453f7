"""What was put on the watch-list is hunted for, against everything ever seen, without anybody asking.

A design is new where its name, or the file of one of its parts, was not on the list when this last looked.
The first time a service looks nothing is new: what is listed by then has been screened for all along.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from sqlalchemy import insert, select, update

from partwatch.model.errors import StoreError
from partwatch.service.context import Service
from partwatch.service.hunt_queue import ask
from partwatch.service.hunting import MOST_DESIGNS, Query
from partwatch.service.principals import Principal
from partwatch.service.queueing import BusyError
from partwatch.service.states import Role
from partwatch.service.tables import META
from partwatch.watchlist.store import Watchlist

THE_LIST: Final = Principal("the watch-list", None, frozenset({Role.INVESTIGATE}))
_KEY: Final = "hunted_list"


def hunt_new(service: Service) -> bool:
    """Ask for a hunt for designs that are new on the list; whether there is more to do."""
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
    fresh = sorted(name for name, digest in designs.items() if digest not in known)[:MOST_DESIGNS]
    if fresh:
        try:
            ask(service, Query(designs=tuple(fresh)), THE_LIST)
        except BusyError:
            return False
    # Only what is listed and was asked for is known; the version only once nothing is left to ask for.
    known = {digest for name, digest in designs.items() if digest in known or name in fresh}
    more = len(known) < len(set(designs.values()))
    _note(service, "" if more else version, sorted(known), told is None)
    return more


def _note(service: Service, version: str, designs: list[str], first: bool) -> None:
    value = json.dumps({"version": version, "designs": designs})
    with service.store.writing() as connection:
        if first:
            connection.execute(insert(META).values(key=_KEY, value=value))
        else:
            connection.execute(update(META).where(META.c.key == _KEY).values(value=value))


def _digest(told: list[str]) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
