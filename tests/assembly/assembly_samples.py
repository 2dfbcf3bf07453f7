"""Items that say what a test wants of them."""

from __future__ import annotations

from datetime import date

from partwatch.assembly.plan import DesignPlan, PlannedPart, plan_of
from partwatch.assembly.sightings import Seen, Sighting
from partwatch.model.document import MatchFinding, Medium, Relation


def plan(name: str = "clock", parts: int = 9, quantity: int = 1) -> DesignPlan:
    return plan_of(name, [PlannedPart(f"p{number}", quantity) for number in range(parts)])


def sighting(
    part: str,
    body: int = 0,
    bits: float = 14.0,
    design: str = "clock",
    finding: MatchFinding = MatchFinding.MATCH,
    relation: Relation = Relation.SAME_SHAPE,
) -> Sighting:
    return Sighting(body, design, part, bits, finding, relation, Medium.MESH)


def item(
    key: str,
    *sightings: Sighting,
    bodies: int | None = None,
    groups: tuple[tuple[str, str], ...] = (("account", "a"),),
    day: date | None = None,
    complete: bool = True,
) -> Seen:
    count = max(len(sightings), 1) if bodies is None else bodies
    return Seen(key, f"{key}.stl", None, count, complete, tuple(sightings), day, groups)
