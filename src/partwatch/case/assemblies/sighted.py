"""What stands in a case of items and their matches, as an assembly weighs it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from partwatch.assembly.sightings import Sighting
from partwatch.assembly.weight import sighting_bits
from partwatch.case.imports.items import BODIES_PROP, bodies_said
from partwatch.case.view import CaseView
from partwatch.model.document import MatchFinding, Medium, Relation

_ITEMS: Final = frozenset({"Item", "PrintJob"})
SightingKey = tuple[str, int, str, str]


@dataclass(frozen=True)
class PathSaid:
    """Where a source has an item: a file, or a member of it. row: of the view, which says so."""

    path: str
    member: str | None
    row: int


@dataclass
class ItemSaid:
    """What stands of one item. paths: every one; of all else the latest word."""

    key: str
    paths: list[PathSaid] = field(default_factory=list)
    bodies: int = 1
    complete: bool = True


@dataclass(frozen=True)
class MatchSaid:
    """A match. item: canonical. numbers: of its statements, all of one source: the latest."""

    item: int
    sighting: Sighting
    numbers: tuple[int, ...]
    source: int


def rows_of_schemata(view: CaseView, *names: str) -> list[int]:
    """Rows that say something of an entity as one of these schemata, in their order."""
    codes = [code for code, name in enumerate(view.schemata) if name in names]
    return [int(row) for row in np.flatnonzero(np.isin(view.schema, codes))]


def items_of(view: CaseView) -> dict[int, ItemSaid]:
    """Items by their canonical place."""
    found: dict[int, ItemSaid] = {}
    about = view.about
    for row in rows_of_schemata(view, *_ITEMS):
        place = int(about[row])
        item = found.setdefault(place, ItemSaid(view.keys[place]))
        prop, value = view.props[view.prop[row]], view.values[row]
        if prop == "path":
            item.paths.append(PathSaid(value, None, row))
        elif prop == "member" and item.paths and item.paths[-1].row == row - 1:
            # A member is said right behind the path of its archive.
            item.paths[-1] = replace(item.paths[-1], member=value)
        elif prop == "complete":
            item.complete = value == "true"
        elif prop == BODIES_PROP and (bodies := bodies_said(value)) is not None:
            item.bodies = bodies
    return found


def matches_of(view: CaseView, sure: float) -> tuple[list[MatchSaid], int]:
    """Matches that can be weighed, and how many cannot. sure: of the policy."""
    told: dict[int, dict[int, dict[str, int]]] = {}
    for row in rows_of_schemata(view, "Match"):
        of_source = told.setdefault(int(view.entity[row]), {}).setdefault(int(view.source[row]), {})
        of_source[view.props[view.prop[row]]] = row
    found: list[MatchSaid] = []
    unread = 0
    for by_source in told.values():
        latest = max(by_source)
        one = _match(view, by_source[latest], latest, sure)
        if one is None:
            unread += 1
        else:
            found.append(one)
    return found, unread


def _match(view: CaseView, rows: Mapping[str, int], source: int, sure: float) -> MatchSaid | None:
    said = {prop: view.values[row] for prop, row in rows.items()}
    try:
        item = view.canonical_of(said["item"])
        design = _design_name(view, said["design"])
        bits = _bits(view, rows, said, sure)
        sighting = Sighting(
            int(said["body"]), design or "", said["part"], bits, MatchFinding(said["finding"]),
            Relation(said["relation"]), Medium(said["medium"]),
        )  # fmt: skip
    except (KeyError, ValueError):
        return None
    if item is None or design is None or sighting.body < 0 or not math.isfinite(bits):
        return None
    numbers = tuple(sorted(int(view.number[row]) for row in rows.values()))
    return MatchSaid(item, sighting, numbers, source)


def _bits(view: CaseView, rows: Mapping[str, int], said: Mapping[str, str], sure: float) -> float:
    """Of the one body and the one part; of results of before those of the search, which are fewer."""
    if "surprise" in said:
        surprise = float(said["surprise"])
        return sighting_bits(surprise, sure) if math.isfinite(surprise) else math.nan
    return float(view.bits[rows["design"]])


def _design_name(view: CaseView, key: str) -> str | None:
    place = view.canonical_of(key)
    if place is None:
        return None
    own = [
        view.values[row]
        for row in view.rows_of(place)
        if view.props[view.prop[row]] == "name" and view.keys[view.entity[row]] == key
    ]
    return own[0] if own else None
