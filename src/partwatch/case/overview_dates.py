"""What happened when, to those that a page shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.roles import Role, roles
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import Type, property_of
from partwatch.model.case_overview import Event

# What the date of a property is the date of.
_WORDS: Final = {
    "postedAt": "posted", "deliveredAt": "delivered", "seizedAt": "seized", "publishedAt": "offered",
    "removedAt": "taken down", "printedAt": "printed", "authoredAt": "written", "startDate": "began",
    "endDate": "ended",
}  # fmt: skip
_MOST_WORDS: Final = 120


def events(graph: CaseGraph, place_of: Mapping[int, int], most: int) -> list[Event]:
    """At most so many, in the order of their dates; an even share of them where there are more. place_of:
    on the page, by cluster."""
    view = graph.view
    found = []
    for row in np.flatnonzero(roles(view) == Role.WHEN).tolist():
        entity = int(view.about[row])
        whom = _whom(graph, entity, place_of)
        if whom:
            found.append((view.values[row], row, entity, whom))
    found.sort(key=lambda one: one[:2])
    if len(found) > most:
        found = [found[int(n)] for n in np.linspace(0, len(found) - 1, most)]
    return [
        Event(nodes=whom, date=when, kind=_kind(view, row), told=_told(view, entity),
              statement=int(view.number[row]))
        for when, row, entity, whom in found
    ]  # fmt: skip


def _whom(graph: CaseGraph, entity: int, place_of: Mapping[int, int]) -> tuple[int, ...]:
    """Those on the page: the entity, or where it is a link, its ends."""
    if graph.kind[entity] >= 0:
        here = place_of.get(int(graph.group[entity]))
        return () if here is None else (here,)
    view = graph.view
    ends = []
    for row in view.rows_of(entity).tolist():
        prop = property_of(view.schemata[view.schema[row]], view.props[view.prop[row]])
        if prop is not None and prop.type is Type.ENTITY:
            other = view.canonical_of(view.values[row])
            here = None if other is None else place_of.get(int(graph.group[other]))
            ends += [] if here is None else [here]
    return tuple(dict.fromkeys(ends))


def _kind(view: CaseView, row: int) -> str:
    prop = view.props[view.prop[row]]
    schema: str = view.schemata[view.schema[row]]
    return _WORDS.get(prop, "link" if schema == "UnknownLink" else schema.lower())


def _told(view: CaseView, entity: int) -> str:
    """In a few words."""
    for props in (("subject",), ("bodyText",), ("purpose",)):
        if words := view.values_of(entity, *props):
            return words[0][:_MOST_WORDS]
    if amounts := view.values_of(entity, "amount"):
        return " ".join([*amounts[:1], *view.values_of(entity, "currency")[:1]])
    return view.caption(entity)
