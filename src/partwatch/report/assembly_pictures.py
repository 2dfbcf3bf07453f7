"""Pictures of the bodies that stand for parts, from the views that the items' results carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from partwatch.model.assemblies import AssembliesDocument, Held
from partwatch.model.document import Item, View
from partwatch.model.view import decode_view
from partwatch.report.picture import render

SIZE = (240, 180)
Place = tuple[str, str | None, int, str, str]


def place_of(held: Held, design: str) -> Place:
    """What a picture is of: path, member, body, design, part."""
    return held.path, held.member, held.body, design, held.part


def views_of(items: Iterable[Item]) -> dict[Place, tuple[View, float]]:
    """The views of results, each with its tolerance in mm."""
    return {
        (item.path, item.member, body.index, match.design, match.part): (match.view, match.tolerance_mm)
        for item in items
        for body in item.bodies
        for match in body.matches
        if match.view is not None
    }


def pictures(
    document: AssembliesDocument, views: Mapping[Place, tuple[View, float]], most: int
) -> dict[Place, bytes]:
    """PNG by place, of the first body of each part, the strongest assemblies first; at most so many."""
    drawn: dict[Place, bytes] = {}
    for assembly in document.assemblies:
        for state in assembly.slots:
            for held in state.held[:1]:
                place = place_of(held, assembly.design)
                if place in views and place not in drawn and len(drawn) < most:
                    view, tolerance = views[place]
                    drawn[place] = render(decode_view(view), tolerance, size=SIZE)
    return drawn
