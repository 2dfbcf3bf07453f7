"""From hypotheses to the document: what stands for what, what each parcel adds, which few hold it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from partwatch.assembly.cover import Cover, smallest_covers
from partwatch.assembly.hypothesis import Hypothesis
from partwatch.assembly.sightings import Seen
from partwatch.evidence.words import support_of
from partwatch.model.assemblies import Assembly, Held, SlotState, SlotStatus, Without
from partwatch.model.document import MatchFinding

UNIT_KINDS = ("parcel", "submission")
BY_ITEM = "item"
# Units named one by one, those that matter most first.
MOST_UNITS = 40

Naming = Callable[[str, str], str]


def explained(
    hypothesis: Hypothesis,
    group: tuple[str, str],
    beyond: float,
    named: Naming,
    names_missing: bool,
    also: Sequence[tuple[str, str]] = (),
) -> Assembly:
    """The document's record. beyond: bits that no better assembly of the group explains. named: what a
    group is called, by its kind and value. also: other groups of the same bodies."""
    kind, value = group
    units_by = _units_by(hypothesis, kind)
    unit_of = {item.key: _unit(item, units_by) for item in hypothesis.holdings.items}

    def called(unit: str) -> str:
        return unit if units_by == BY_ITEM else named(units_by, unit)

    days = sorted(one.item.time.isoformat() for one in hypothesis.claimed if one.item.time)
    cover = _cover(hypothesis, unit_of)
    return Assembly(
        design=hypothesis.plan.name,
        kind=kind,
        group=named(kind, value),
        finding=hypothesis.finding,
        bits=rounded(hypothesis.bits),
        support=support_of(rounded(hypothesis.bits)),
        beyond_better=rounded(beyond),
        parts_found=len(hypothesis.found),
        parts=len(hypothesis.plan.slots),
        slots=_slots(hypothesis, unit_of, called, names_missing),
        items=hypothesis.holdings.count,
        bodies=hypothesis.holdings.bodies,
        incomplete_items=hypothesis.holdings.incomplete,
        units_by=units_by,
        without=_without(hypothesis, unit_of, called),
        minimal_sets=tuple(tuple(sorted(map(called, units))) for units in cover.sets),
        minimal_exact=cover.exact,
        first=days[0] if days else None,
        last=days[-1] if days else None,
        verdict=hypothesis.verdict.value if hypothesis.verdict else None,
        also=tuple((kind, named(kind, value)) for kind, value in also),
    )


def rounded(bits: float) -> float:
    """To a tenth: more is noise."""
    return round(bits, 1) + 0.0


def _units_by(hypothesis: Hypothesis, kind: str) -> str:
    for unit in UNIT_KINDS:
        if unit != kind and any(name == unit for one in hypothesis.claimed for name, _ in one.item.groups):
            return unit
    return BY_ITEM


def _unit(item: Seen, units_by: str) -> str:
    # An item without a parcel stands for itself.
    return next((value for kind, value in item.groups if kind == units_by), item.key)


def _slots(
    hypothesis: Hypothesis, unit_of: Mapping[str, str], called: Callable[[str], str], names_missing: bool
) -> tuple[SlotState, ...]:
    states = []
    for number, slot in enumerate(hypothesis.plan.slots):
        own = hypothesis.found.get(number, [])
        status = SlotStatus.MISSING
        if own:
            sure = any(claim.sighting.finding is MatchFinding.MATCH for claim in own)
            status = SlotStatus.FOUND if sure else SlotStatus.REVIEW
        held = tuple(
            Held(
                item=claim.item.key,
                path=claim.item.path,
                member=claim.item.member,
                body=claim.sighting.body,
                part=claim.sighting.part,
                bits=rounded(claim.sighting.bits),
                finding=claim.sighting.finding,
                relation=claim.sighting.relation,
                medium=claim.sighting.medium,
                time=claim.item.time.isoformat() if claim.item.time else None,
                unit=called(unit_of[claim.item.key]),
            )
            for claim in own
        )
        share = hypothesis.presence.get(number)
        states.append(
            SlotState(
                name=slot.name if own or names_missing else None,
                quantity=slot.quantity,
                required=slot.required,
                status=status,
                held=held,
                bits=rounded(hypothesis.bits - hypothesis.without_slot(number).bits) if own else 0.0,
                benign_share=None if share is None else float(f"{share:.2g}"),
            )
        )
    return tuple(states)


def _without(
    hypothesis: Hypothesis, unit_of: Mapping[str, str], called: Callable[[str], str]
) -> tuple[Without, ...]:
    units: dict[str, set[str]] = {}
    for claim in hypothesis.claimed:
        units.setdefault(unit_of[claim.item.key], set())
    for key, unit in unit_of.items():
        if unit in units:
            units[unit].add(key)
    if len(units) < 2:
        return ()
    # A unit that holds more of the slots is likelier to matter: those are worked out.
    held: dict[str, int] = {}
    for claim in hypothesis.claimed:
        held[unit_of[claim.item.key]] = held.get(unit_of[claim.item.key], 0) + 1
    chosen = sorted(units, key=lambda unit: (-held[unit], unit))[:MOST_UNITS]
    left = [Without(unit=called(unit), bits=rounded(hypothesis.without(units[unit]).bits)) for unit in chosen]
    return tuple(sorted(left, key=lambda one: (one.bits, one.unit)))


def _cover(hypothesis: Hypothesis, unit_of: Mapping[str, str]) -> Cover:
    holds: dict[str, dict[int, int]] = {}
    wanted: dict[int, int] = {}
    for claim in hypothesis.claimed:
        own = holds.setdefault(unit_of[claim.item.key], {})
        own[claim.slot] = own.get(claim.slot, 0) + 1
        wanted[claim.slot] = wanted.get(claim.slot, 0) + 1
    return smallest_covers(holds, wanted)
