"""Items and assemblies of a case as a disclosure pack tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from partwatch.case.view import CaseView
from partwatch.case.vocabulary import SCHEMATA
from partwatch.model.assemblies import SlotStatus
from partwatch.model.case_assemblies import CaseAssembliesDocument, CaseAssembly
from partwatch.model.case_pack import PackAssembly, PackItem

# A finding that is worse goes first: of several that sources have, that one is told.
_FINDINGS = ("match", "review", "unscreenable", "clear")
# Of statements that an assembly rests on.
_MOST_RESTING = 60


def entities_of(view: CaseView, schema: str) -> Iterator[int]:
    """Canonical entities of a schema, and of what extends it."""
    codes = [
        code for code, name in enumerate(view.schemata) if name in SCHEMATA and SCHEMATA[name].is_a(schema)
    ]
    rows = np.isin(view.schema, codes)
    yield from np.unique(view.about[rows]).tolist()


def items(view: CaseView) -> tuple[PackItem, ...]:
    """Those that were screened, the worst finding first."""
    matched = _matched(view)
    made = [one for entity in entities_of(view, "Item") if (one := _item(view, entity, matched)) is not None]
    return tuple(sorted(made, key=lambda one: (_rank(one.finding), one.caption, one.sha256 or "")))


def never_screened(view: CaseView) -> int:
    """How many items have no finding."""
    matched = _matched(view)
    return sum(_item(view, entity, matched) is None for entity in entities_of(view, "Item"))


def assemblies(view: CaseView) -> tuple[PackAssembly, ...]:
    """All of them, in the order of their designs."""
    made = [_assembly(view, entity) for entity in entities_of(view, "Assembly")]
    return tuple(sorted(made, key=lambda one: (one.design, one.items)))


def weighed(document: CaseAssembliesDocument) -> tuple[PackAssembly, ...]:
    """Those that were worked out of the case (`case.assemblies`), most bits first."""
    return tuple(_weighed(one) for one in document.assemblies)


def _weighed(one: CaseAssembly) -> PackAssembly:
    held = [held for slot in one.assembly.slots for held in slot.held]
    resting = [number for claim in one.claims for number in claim.statements]
    resting += [number for member in one.members for number in member.statements]
    return PackAssembly(
        design=one.assembly.design, finding=one.assembly.finding.value, bits=round(one.assembly.bits, 2),
        items=tuple(dict.fromkeys(item.member or item.path for item in held)),
        missing=sum(slot.status is SlotStatus.MISSING for slot in one.assembly.slots),
        statements=tuple(dict.fromkeys(resting))[:_MOST_RESTING],
    )  # fmt: skip


def _rank(finding: str) -> int:
    return _FINDINGS.index(finding) if finding in _FINDINGS else len(_FINDINGS)


def _matched(view: CaseView) -> dict[int, list[int]]:
    """Rows that hold the finding of a match, by the item that it is of."""
    found: dict[int, list[int]] = {}
    for match in entities_of(view, "Match"):
        for key in view.values_of(match, "item"):
            entity = view.canonical_of(key)
            if entity is not None:
                found.setdefault(entity, []).extend(_rows(view, match, "finding"))
    return found


def _item(view: CaseView, entity: int, matched: Mapping[int, list[int]]) -> PackItem | None:
    """None where nobody says what came of screening it."""
    rows = [*_rows(view, entity, "finding"), *matched.get(entity, [])]
    rows = [row for row in rows if view.values[row] in _FINDINGS]
    if not rows:
        return None
    worst = min((view.values[row] for row in rows), key=_rank)
    complete = not any(one.lower() in ("false", "no", "0") for one in view.values_of(entity, "complete"))
    numbers = [row for row in rows if view.values[row] == worst]
    return PackItem(
        caption=view.caption(entity), sha256=next(iter(view.values_of(entity, "contentHash")), None),
        finding=worst, complete=complete, statements=tuple(int(view.number[row]) for row in numbers[:4]),
    )  # fmt: skip


def _assembly(view: CaseView, entity: int) -> PackAssembly:
    rows = view.rows_of(entity).tolist()
    bits = [float(view.bits[row]) for row in rows if np.isfinite(view.bits[row])]
    missing = next((one for one in view.values_of(entity, "missing") if one.isdigit()), None)
    design = next(iter(_captions(view, entity, "design")), view.caption(entity))
    return PackAssembly(
        design=design, finding=next(iter(view.values_of(entity, "finding")), ""),
        bits=round(max(bits), 2) if bits else None, items=tuple(_captions(view, entity, "items")),
        missing=None if missing is None else int(missing),
        statements=tuple(int(view.number[row]) for row in rows[:40]),
    )  # fmt: skip


def _captions(view: CaseView, entity: int, prop: str) -> list[str]:
    """Of the entities that a property points to."""
    places = [(key, view.canonical_of(key)) for key in view.values_of(entity, prop)]
    return [key[:12] if place is None else view.caption(place) for key, place in places]


def _rows(view: CaseView, entity: int, prop: str) -> list[int]:
    return [row for row in view.rows_of(entity).tolist() if view.props[view.prop[row]] == prop]
