"""`partwatch assemble` without its command line: from arrivals to the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from partwatch import __version__
from partwatch.assembly.explain import Naming, explained
from partwatch.assembly.groups import FOLDER, OWN_KINDS, PERIOD_DAYS, SOURCE
from partwatch.assembly.plan import DesignPlan, PlannedPart, plan_of
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.ranking import Ranked, rank
from partwatch.assembly.sightings import bodies_of
from partwatch.assembly.store import Arrival, AssemblyStore
from partwatch.model.assemblies import AssembliesDocument, AssembliesHeader, StreamSize
from partwatch.model.document import MatchFinding
from partwatch.watchlist.types import DesignSummary


@dataclass(frozen=True)
class Telling:
    """How the document is told. limit: assemblies at most. names_missing: whether missing parts are named.
    named_kinds: of groups that keep their names, because whoever reads it knows them anyway."""

    as_of: date
    watchlist: str
    limit: int
    names_missing: bool
    named_kinds: frozenset[str] = frozenset()


def plans_of(designs: Iterable[DesignSummary], as_of: date) -> dict[str, DesignPlan]:
    """Plans of the designs that still match on that day."""
    return {
        design.name: plan_of(
            design.name,
            [
                PlannedPart(part.name, part.quantity, part.required, part.alternative_to)
                for part in design.parts
            ],
        )
        for design in designs
        if not design.expired(as_of)
    }


def assembled(
    store: AssemblyStore, arrivals: Iterable[Arrival], plans: Mapping[str, DesignPlan], telling: Telling
) -> AssembliesDocument:
    """The document of these arrivals alone; nothing is kept but the store's key."""
    arrived = list(arrivals)
    seen = []
    names: dict[tuple[str, str], str] = {}
    for arrival in arrived:
        pseudonymous, own = store.pseudonymous(arrival)
        seen.append(pseudonymous)
        names |= own
    ranked, counts = rank(seen, plans, store.policy, {}, PERIOD_DAYS)
    sizes = tuple(
        StreamSize(kind=kind, groups=one.groups, bodies=one.bodies) for kind, one in sorted(counts.items())
    )
    header = _header(telling, plans, store.policy, len(seen), bodies_of(seen), sizes)
    return document_of(header, ranked, _naming(names, telling.named_kinds), telling)


def stored(
    store: AssemblyStore,
    plans: Mapping[str, DesignPlan],
    telling: Telling,
    ranked: list[Ranked],
) -> AssembliesDocument:
    """The document of what lies in the store."""
    items, bodies = store.counts()
    header = _header(telling, plans, store.policy, items, bodies, store.sizes())
    return document_of(header, ranked, _naming(store.folders()), telling)


def document_of(
    header: AssembliesHeader, ranked: list[Ranked], named: Naming, telling: Telling
) -> AssembliesDocument:
    """Assemblies with bits above zero, as many as are to be told; findings are never left out."""
    same: dict[object, list[Ranked]] = {}
    for one in ranked:
        if one.hypothesis.bits > 0:
            same.setdefault(_bodies(one), []).append(one)
    told = [
        own
        for place, own in enumerate(same.values())
        if place < telling.limit or own[0].hypothesis.finding is not MatchFinding.CANDIDATE
    ]
    assemblies = tuple(
        explained(
            own[0].hypothesis, own[0].group, own[0].beyond, named, telling.names_missing,
            [one.group for one in own[1:]],
        )
        for own in told
    )  # fmt: skip
    return AssembliesDocument(header=header, assemblies=assemblies, left_out=len(same) - len(told))


def _bodies(one: Ranked) -> object:
    """What is the same of two groups that say the same thing."""
    claimed = ((claim.slot, claim.item.key, claim.sighting.body) for claim in one.hypothesis.claimed)
    return one.hypothesis.plan.name, frozenset(claimed)


def _naming(names: Mapping[tuple[str, str], str], also: frozenset[str] = frozenset()) -> Naming:
    """Folders are the operator's own and keep their names; whoever a group is of stays behind a pseudonym.
    also: kinds that keep their names as well."""
    kept = {FOLDER, SOURCE, *OWN_KINDS, *also}

    def named(kind: str, value: str) -> str:
        return names.get((kind, value), value) if kind in kept else value

    return named


def _header(
    telling: Telling,
    plans: Mapping[str, DesignPlan],
    policy: AssemblyPolicy,
    items: int,
    bodies: int,
    sizes: tuple[StreamSize, ...],
) -> AssembliesHeader:
    numbers = asdict(policy) | {"match_bits": policy.match_bits, "review_bits": policy.review_bits}
    return AssembliesHeader(
        program_version=__version__,
        watchlist=telling.watchlist,
        designs=len(plans),
        as_of=telling.as_of.isoformat(),
        items=items,
        bodies=bodies,
        stream=sizes,
        policy={name: float(value) for name, value in numbers.items()},
        names_missing=telling.names_missing,
    )
