"""What groups hold, kept up to date item by item, at a cost that does not grow with what is there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Table, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from partwatch.assembly.claim import MOST_RIVALS, claims
from partwatch.assembly.groups import Group
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.sightings import Holdings, Seen, Sighting
from partwatch.assembly.stream import Counts, Verdict, counted, pairs
from partwatch.assembly.tables import (
    GROUPINGS,
    GROUPS,
    HELD,
    HOLDING,
    ITEMS,
    KINDS,
    SIGHTINGS,
    TOGETHER,
    VERDICTS,
)
from partwatch.model.document import MatchFinding, Medium, Relation

# Groups of so many items are read in one go.
_SMALL: Final = 200


def stream_of(connection: Connection, kind: str, designs: Iterable[str]) -> Counts:
    """The counts over all groups of a kind, as far as they are of these designs."""
    groups, bodies = kind_size(connection, kind)
    holding: Counter[tuple[str, str]] = Counter()
    together: Counter[tuple[str, str, str]] = Counter()
    for design in designs:
        here = {"kind": kind, "design": design}
        for row in connection.execute(select(HOLDING).filter_by(**here)):
            holding[design, row.slot] = row.groups
        for row in connection.execute(select(TOGETHER).filter_by(**here)):
            together[design, row.slot, row.other] = row.groups
    return Counts(bodies, groups, holding, together)


def kind_size(connection: Connection, kind: str) -> tuple[int, int]:
    """Groups and bodies of a kind."""
    row = connection.execute(select(KINDS.c.groups, KINDS.c.bodies).filter_by(kind=kind)).one_or_none()
    return (0, 0) if row is None else (row.groups, row.bodies)


def resize(connection: Connection, group: Group, items: int, bodies: int, incomplete: int) -> None:
    """Add so many to a group; a group without items is gone. Less is added where it is negative."""
    kind, value = group
    here = {"kind": kind, "value": value}
    known = connection.execute(select(GROUPS.c["items"]).filter_by(**here)).scalar()
    _add(connection, GROUPS, here, items=items, bodies=bodies, incomplete=incomplete)
    left = (known or 0) + items
    born = int(known is None) - int(left <= 0)
    _add(connection, KINDS, {"kind": kind}, groups=born, bodies=bodies)
    if left <= 0:
        connection.execute(delete(GROUPS).filter_by(**here))


def recount(
    connection: Connection, group: Group, design: str, plan: DesignPlan | None, policy: AssemblyPolicy
) -> None:
    """Bring what a group holds of a design up to date, and the counts by the difference. plan: None where the
    design is not listed any more: then it counts nothing."""
    kind, value = group
    here = {"kind": kind, "value": value, "design": design}
    row = connection.execute(select(HELD.c.slots).filter_by(**here)).scalar()
    before = frozenset(json.loads(row)) if row else frozenset()
    after: frozenset[str] = frozenset()
    filled = 0
    if plan is not None:
        claimed = claims(plan, holdings(connection, group, plan).items)
        after = counted(plan, claimed, policy, verdict_of(connection, group, design))
        filled = len({one.slot for one in claimed})
    _shift(connection, kind, design, before, after)
    if filled:
        row_now = {**here, "slots": json.dumps(sorted(after)), "filled": filled}
        statement = insert(HELD).values(row_now)
        connection.execute(
            statement.on_conflict_do_update(set_={"slots": row_now["slots"], "filled": filled})
        )
    else:
        connection.execute(delete(HELD).filter_by(**here))


def verdict_of(connection: Connection, group: Group, design: str) -> Verdict | None:
    """What a person said of it."""
    kind, value = group
    said = connection.execute(
        select(VERDICTS.c.verdict).filter_by(kind=kind, value=value, design=design)
    ).scalar()
    return None if said is None else Verdict(said)


def holdings(connection: Connection, group: Group, plan: DesignPlan) -> Holdings:
    """What a group holds of a design: of each part the best sightings, as many as may matter."""
    kind, value = group
    size = connection.execute(select(GROUPS).filter_by(kind=kind, value=value)).one_or_none()
    if size is None:
        return Holdings((), 0, 0, 0)
    count = int(size._mapping["items"])
    found: dict[int, list[Sighting]] = {}
    for row in _telling(connection, group, plan, count):
        found.setdefault(row.item_id, []).append(
            Sighting(
                row.body, row.design, row.part, row.bits,
                MatchFinding(row.finding), Relation(row.relation), Medium(row.medium),
            )
        )  # fmt: skip
    return Holdings(seen_items(connection, found), size.bodies, count, size.incomplete)


def seen_items(connection: Connection, sightings: Mapping[int, list[Sighting]]) -> tuple[Seen, ...]:
    """Items by id with these sightings, in the order of their keys."""
    groups: dict[int, list[Group]] = {}
    wanted = list(sightings)
    ids: BindParameter[list[int]] = bindparam("ids", expanding=True)
    for row in connection.execute(select(GROUPINGS).where(GROUPINGS.c.item_id.in_(ids)), {"ids": wanted}):
        groups.setdefault(row.item_id, []).append((row.kind, row.value))
    found = [
        Seen(
            row.key, row.path, row.member, row.bodies, row.complete, tuple(sightings[row.id]),
            date.fromisoformat(row.time) if row.time else None, tuple(sorted(groups.get(row.id, []))),
        )
        for row in connection.execute(select(ITEMS).where(ITEMS.c.id.in_(ids)), {"ids": wanted})
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda item: item.key))


def designs_sighted(connection: Connection, item_ids: Collection[int]) -> set[tuple[Group, str]]:
    """Every group and design that these items have a sighting for."""
    ids: BindParameter[list[int]] = bindparam("ids", expanding=True)
    rows = connection.execute(
        select(SIGHTINGS.c.kind, SIGHTINGS.c.value, SIGHTINGS.c.design)
        .where(SIGHTINGS.c.item_id.in_(ids))
        .distinct(),
        {"ids": list(item_ids)},
    )
    return {((row.kind, row.value), row.design) for row in rows}


def groups_holding(connection: Connection, least: int) -> dict[Group, list[str]]:
    """Groups with at least so many slots of a design filled, and these designs."""
    found: dict[Group, list[str]] = {}
    wanted = select(HELD.c.kind, HELD.c.value, HELD.c.design).where(HELD.c.filled >= least)
    for row in connection.execute(wanted.order_by(HELD.c.kind, HELD.c.value, HELD.c.design)):
        found.setdefault((row.kind, row.value), []).append(row.design)
    return found


def _telling(connection: Connection, group: Group, plan: DesignPlan, items: int) -> Iterable[Any]:
    """All sightings of a design in a small group, in a large one the best of each part."""
    if items <= _SMALL:
        kind, value = group
        wanted = select(SIGHTINGS).filter_by(kind=kind, value=value, design=plan.name)
        yield from connection.execute(wanted).all()
        return
    for slot in plan.slots:
        for part in slot.names:
            yield from _best(connection, group, plan.name, part, MOST_RIVALS + slot.quantity)


def _best(connection: Connection, group: Group, design: str, part: str, most: int) -> Iterable[Any]:
    kind, value = group
    return connection.execute(
        select(SIGHTINGS)
        .filter_by(kind=kind, value=value, design=design, part=part)
        .order_by(SIGHTINGS.c.bits.desc(), SIGHTINGS.c.item_id, SIGHTINGS.c.body)
        .limit(most)
    ).all()


def _shift(
    connection: Connection,
    kind: str,
    design: str,
    before: frozenset[str],
    after: frozenset[str],
) -> None:
    for slots, by in ((before - after, -1), (after - before, 1)):
        for slot in sorted(slots):
            _add(connection, HOLDING, {"kind": kind, "design": design, "slot": slot}, groups=by)
    old, new = set(pairs(before)), set(pairs(after))
    for changed, by in ((old - new, -1), (new - old, 1)):
        for slot, other in sorted(changed):
            where = {"kind": kind, "design": design, "slot": slot, "other": other}
            _add(connection, TOGETHER, where, groups=by)


def _add(connection: Connection, table: Table, where: dict[str, str], **by: int) -> None:
    """Add to the counts of a row, which is made where there is none."""
    changed = connection.execute(
        update(table).filter_by(**where).values({name: table.c[name] + count for name, count in by.items()})
    )
    if not changed.rowcount:
        connection.execute(insert(table).values({**where, **by}))


def count_of(connection: Connection, table: Table) -> int:
    """Rows of a table."""
    return connection.execute(select(func.count()).select_from(table)).scalar() or 0
