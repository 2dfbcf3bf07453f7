"""From what stands in a case to the document of its assemblies, each with the statements it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from partwatch import __version__
from partwatch.assembly.claim import best_sightings
from partwatch.assembly.explain import explained
from partwatch.assembly.groups import Group
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.ranking import Ranked
from partwatch.assembly.sightings import Seen, Sighting, bodies_of
from partwatch.case.assemblies import sighted, weighing
from partwatch.case.assemblies.base_rates import BaseRates
from partwatch.case.assemblies.belonging import Belonging, belonging
from partwatch.case.assemblies.plans import CasePlans, ListedPlans, plans_in
from partwatch.case.assemblies.sighted import MatchSaid, SightingKey
from partwatch.case.view import CaseView
from partwatch.model.assemblies import AssembliesHeader
from partwatch.model.case_assemblies import (
    BenignBase,
    CaseAssembliesDocument,
    CaseAssembly,
    CaseClaim,
    CaseMember,
    CaseSource,
)
from partwatch.model.document import MatchFinding


@dataclass(frozen=True)
class CaseTelling:
    """as_of: the day that counts for expiry. limit: candidates at most; findings are never left out.
    names_missing: whether missing parts are named, which is for investigators."""

    as_of: date
    limit: int = 100
    names_missing: bool = False


@dataclass(frozen=True)
class _Told:
    """What the document is made of. rows: of the view, by statement number."""

    view: CaseView
    groups: Belonging
    places: Mapping[str, int]
    matches: Mapping[SightingKey, MatchSaid]
    plans: CasePlans
    rows: Mapping[int, int]

    def sources(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Of statements by their numbers."""
        return tuple(sorted({int(self.view.source[self.rows[one]]) for one in numbers}))

    def named(self, kind: str, value: str) -> str:
        """What a group is called: a case knows whose it is."""
        return self.groups.names.get((kind, value), value)


def assemblies_of(
    view: CaseView,
    listed: ListedPlans,
    rates: BaseRates,
    telling: CaseTelling,
    policy: AssemblyPolicy | None = None,
) -> CaseAssembliesDocument:
    """What items of a case add up to. A pure function of what stands: of a view without a source, or with a
    merge undone, it is what is left then."""
    policy = policy or AssemblyPolicy()
    items = sighted.items_of(view)
    matches, unread = sighted.matches_of(view, policy.sure)
    groups = belonging(view, items)
    plans = plans_in(view, listed, (one.sighting.design for one in matches))
    best = _by_key(items, matches)
    seen = _seen(items, best.values(), groups)
    ranked, kinds = weighing.ranked(seen, plans.plans, plans.designs, rates, policy)
    told = _Told(
        view, groups, {one.key: place for place, one in items.items()},
        best, plans, {int(number): row for row, number in enumerate(view.number)},
    )  # fmt: skip
    chosen, left_out = _chosen(ranked, telling)
    assemblies = tuple(_assembly(told, own, telling) for own in chosen)
    return CaseAssembliesDocument(
        header=_header(plans, listed, telling, seen, rates, policy),
        base=rates.told(kinds) if seen else BenignBase(counted=(), note="no item stands in the case"),
        sources=_sources(view, assemblies),
        assemblies=assemblies,
        unplanned=plans.unplanned,
        unread=unread,
        left_out=left_out,
    )


def _key(item: str, sighting: Sighting) -> SightingKey:
    return item, sighting.body, sighting.design, sighting.part


def _by_key(
    items: Mapping[int, sighted.ItemSaid], matches: Iterable[MatchSaid]
) -> dict[SightingKey, MatchSaid]:
    """The best of each: items that are taken for one may say the same body twice."""
    found: dict[SightingKey, MatchSaid] = {}
    for one in matches:
        if one.item in items and one.sighting.bits > 0:
            key = _key(items[one.item].key, one.sighting)
            if key not in found or one.sighting.bits > found[key].sighting.bits:
                found[key] = one
    return found


def _seen(
    items: Mapping[int, sighted.ItemSaid], matches: Iterable[MatchSaid], groups: Belonging
) -> list[Seen]:
    own: dict[int, list[Sighting]] = {}
    for one in matches:
        own.setdefault(one.item, []).append(one.sighting)
    seen = []
    for place, item in items.items():
        sightings = tuple(best_sightings(own.get(place, ())))
        path, member = (item.paths[0].path, item.paths[0].member) if item.paths else (item.key, None)
        bodies = max(item.bodies, *(one.body + 1 for one in sightings), 0)
        day = groups.times[place][0] if place in groups.times else None
        own_groups = tuple(sorted(groups.groups[place]))
        seen.append(Seen(item.key, path, member, bodies, item.complete, sightings, day, own_groups))
    return seen


def _chosen(ranked: list[Ranked], telling: CaseTelling) -> tuple[list[list[Ranked]], int]:
    """Groups of the very same bodies are told once, the best of them."""
    same: dict[object, list[Ranked]] = {}
    for one in ranked:
        bodies = frozenset(
            (claim.slot, claim.item.key, claim.sighting.body) for claim in one.hypothesis.claimed
        )
        same.setdefault((one.hypothesis.plan.name, bodies), []).append(one)
    told = [
        own
        for place, own in enumerate(same.values())
        if place < telling.limit or own[0].hypothesis.finding is not MatchFinding.CANDIDATE
    ]
    return told, len(same) - len(told)


def _assembly(told: _Told, same: list[Ranked], telling: CaseTelling) -> CaseAssembly:
    best = same[0]
    also = [one.group for one in same[1:]]
    assembly = explained(best.hypothesis, best.group, best.beyond, told.named, telling.names_missing, also)
    claims = tuple(_claim(told, claim.item.key, claim.sighting) for claim in best.hypothesis.claimed)
    holders = list(dict.fromkeys(claim.item.key for claim in best.hypothesis.claimed))
    members = tuple(_member(told, key, best.group) for key in holders)
    sources = {one for claim in claims for one in claim.sources}
    sources |= {one for member in members for one in member.sources}
    said_by = told.plans.sources.get(best.hypothesis.plan.name)
    sources |= set() if said_by is None else {said_by}
    return CaseAssembly(
        assembly=assembly,
        group_key=best.group[1],
        group_members=_members(told, best.group),
        also_keys=tuple(also),
        claims=claims,
        members=members,
        sources=tuple(sorted(sources)),
        plan_from=told.plans.origin[best.hypothesis.plan.name],
    )


def _claim(told: _Told, item: str, sighting: Sighting) -> CaseClaim:
    said = told.matches[_key(item, sighting)]
    return CaseClaim(
        item=item, body=sighting.body, part=sighting.part, statements=said.numbers, sources=(said.source,)
    )  # fmt: skip


def _member(told: _Told, item: str, group: Group) -> CaseMember:
    rows = told.groups.why(told.places[item], group)
    numbers = tuple(sorted({int(told.view.number[row]) for row in rows}))
    return CaseMember(item=item, statements=numbers, sources=told.sources(numbers))


def _members(told: _Told, group: Group) -> tuple[str, ...]:
    place = told.groups.entities.get(group)
    if place is None:
        return (group[1],)
    return tuple(sorted(told.view.keys[one] for one in told.view.members.get(place, (place,))))


def _sources(view: CaseView, assemblies: Iterable[CaseAssembly]) -> tuple[CaseSource, ...]:
    wanted = sorted({number for one in assemblies for number in one.sources})
    return tuple(
        CaseSource(number=number, kind=info.kind, name=info.name, reliability=info.reliability.value)
        for number in wanted
        for info in [view.sources[number].info]
    )


def _header(
    plans: CasePlans,
    listed: ListedPlans,
    telling: CaseTelling,
    seen: list[Seen],
    rates: BaseRates,
    policy: AssemblyPolicy,
) -> AssembliesHeader:
    numbers = asdict(policy) | {"match_bits": policy.match_bits, "review_bits": policy.review_bits}
    return AssembliesHeader(
        program_version=__version__,
        watchlist=listed.version,
        designs=plans.designs,
        as_of=telling.as_of.isoformat(),
        items=len(seen),
        bodies=bodies_of(seen),
        stream=rates.sizes(),
        policy={name: float(value) for name, value in numbers.items()},
        names_missing=telling.names_missing,
    )
