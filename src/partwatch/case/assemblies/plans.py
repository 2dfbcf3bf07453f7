"""Which parts designs have: by the operator's watch-list now, else as it was when items were screened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.run import plans_of
from partwatch.case.assemblies.sighted import rows_of_schemata
from partwatch.case.imports import plans_said
from partwatch.case.view import CaseView

FROM_LIST: Final = "the watch-list"


@dataclass(frozen=True)
class ListedPlans:
    """A watch-list's plans on a day. version: of the list; designs: how many match on that day. Empty where
    there is no list."""

    plans: Mapping[str, DesignPlan] = field(default_factory=dict)
    version: str = ""


@dataclass(frozen=True)
class CasePlans:
    """plans: of the designs that items of the case match, and of all that the list has. origin: whose word
    each is; sources: and by number, where it is a source's. designs: how many might have been found: each
    pays for that. unplanned: those without a plan."""

    plans: Mapping[str, DesignPlan]
    origin: Mapping[str, str]
    sources: Mapping[str, int]
    designs: int
    unplanned: tuple[str, ...]


def listed_plans(home: Path, as_of: date) -> ListedPlans:
    """Of the operator's watch-list. Raises StoreError."""
    from partwatch.watchlist.store import Watchlist

    watchlist = Watchlist.open(home)
    return ListedPlans(plans_of(watchlist.designs(), as_of), watchlist.version())


def plans_in(view: CaseView, listed: ListedPlans, sighted: Iterable[str]) -> CasePlans:
    """Plans for a case. sighted: designs that its items match."""
    kept = _said(view)
    plans, origin = dict(listed.plans), dict.fromkeys(listed.plans, FROM_LIST)
    designs = len(plans)
    unplanned, sources = [], {}
    for name in sorted(set(sighted) - plans.keys()):
        if name not in kept:
            unplanned.append(name)
            continue
        said, source = kept[name]
        plans[name] = said.plan
        origin[name] = f"source {source}, as the list was then"
        sources[name] = source
        designs = max(designs, said.designs)
    return CasePlans(plans, origin, sources, max(designs, len(plans)), tuple(unplanned))


def _said(view: CaseView) -> dict[str, tuple[plans_said.PlanSaid, int]]:
    """The latest plan of each design, with its source."""
    names: dict[int, str] = {}
    texts: dict[int, tuple[str, int]] = {}
    for row in rows_of_schemata(view, "Design"):
        entity, prop = int(view.entity[row]), view.props[view.prop[row]]
        if prop == "name":
            names[entity] = view.values[row]
        elif prop == plans_said.PROP:
            texts[entity] = (view.values[row], int(view.source[row]))
    found = {}
    for entity, (text, source) in texts.items():
        said = plans_said.plan_said(names.get(entity, ""), text)
        if said is not None:
            found[said.plan.name] = (said, source)
    return found
