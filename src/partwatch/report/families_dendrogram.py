"""How near the shapes of a family are to each other, as a picture that grows out of its tree.

A family is held together by the tree of least differences; joining along it, the nearest first, is single
linkage. Two shapes are joined where the greatest of the differences between them on the way lies: the share
of the surface of one that the other lacks. Drawn as SVG without style, so that any page may have it.
"""

from __future__ import annotations

from dataclasses import dataclass

from partwatch.model.families import Branch, Family, FamilyShape
from partwatch.report.escape import visible
from partwatch.report.families_words import KINSHIPS
from partwatch.report.markup import said

# A picture of more rows is a wallpaper.
MOST_SHAPES = 60
_ROW, _LEFT, _RIGHT, _WIDTH, _FOOT = 24, 300, 40, 900, 34
_NAME_CHARS = 38


@dataclass(frozen=True)
class Join:
    """Two branches that come together. rows: their places from the top; since, at: the differences, 0 to 1,
    at which each came to be and at which they join; told: what the kinship is called."""

    rows: tuple[float, float]
    since: tuple[float, float]
    at: float
    told: str


def difference_of(branch: Branch) -> float:
    """The share of the surface of one that the other lacks, 0 to 1: the greater of the two."""
    told = branch.difference
    return min(1.0, max(0.0, 1.0 - min(told.coverage_parent, told.coverage_child)))


def joins_of(family: Family) -> tuple[list[FamilyShape], list[Join]]:
    """The shapes from the top, and the joins, the nearest first. A pure function of the family."""
    members: dict[int, list[int]] = {shape.id: [shape.id] for shape in family.shapes}
    merged: list[tuple[list[int], list[int], Branch]] = []
    ordered = sorted(family.tree, key=lambda one: (difference_of(one), one.parent, one.child))
    for branch in ordered:
        left, right = members[branch.parent], members[branch.child]
        merged.append((left, right, branch))
        both = [*left, *right]
        members.update(dict.fromkeys(both, both))
    order = members[family.root]
    row = {shape: float(place) for place, shape in enumerate(order)}
    since = dict.fromkeys(order, 0.0)
    joins = []
    for left, right, branch in merged:
        at = difference_of(branch)
        told = KINSHIPS[branch.difference.kinship]
        one, other = row[left[0]], row[right[0]]
        joins.append(Join((one, other), (since[left[0]], since[right[0]]), at, told))
        for shape in (*left, *right):
            row[shape], since[shape] = (one + other) / 2, at
    by_id = {shape.id: shape for shape in family.shapes}
    return [by_id[shape] for shape in order], joins


def dendrogram(family: Family) -> str:
    """As SVG; empty for a family of fewer than three shapes, or of too many."""
    if not 3 <= len(family.shapes) <= MOST_SHAPES:
        return ""
    shapes, joins = joins_of(family)
    most = max((one.at for one in joins), default=0.0) or 1.0
    height = _ROW * len(shapes) + _FOOT

    def x(at: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * at / most

    def y(row: float) -> float:
        return _ROW * (row + 0.5)

    drawn = [
        f'<text x="{_LEFT - 8}" y="{y(place) + 4:.0f}" text-anchor="end">{said(_name(shape))}</text>'
        for place, shape in enumerate(shapes)
    ]
    for one in joins:
        top, low = y(one.rows[0]), y(one.rows[1])
        drawn.append(
            f'<path d="M{x(one.since[0]):.1f} {top:.1f}H{x(one.at):.1f}V{low:.1f}H{x(one.since[1]):.1f}">'
            f"<title>{said(one.told)}, {100 * one.at:.1f} % differs</title></path>"
        )
    foot = height - 8
    marks = "".join(
        f'<text x="{x(most * share):.0f}" y="{foot}" text-anchor="middle">{100 * most * share:.3g} %</text>'
        for share in (0.0, 0.5, 1.0)
    )
    label = f"Dendrogram of {len(shapes)} shapes by the share of surface that differs"
    return (
        f'<svg class="dendrogram" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">'
        f"{''.join(drawn)}{marks}</svg>\n"
    )


def _name(shape: FamilyShape) -> str:
    file = shape.files[0]
    name = visible((file.member or file.path).rsplit("/", 1)[-1])
    return name if len(name) <= _NAME_CHARS else f"{name[: _NAME_CHARS - 1]}…"
