"""What was seen, kept: items arrive, are weighed with all that is there, and can be forgotten.

::

    HOME/assembly/assembly.sqlite     items, sightings, what groups hold, who they are
    HOME/assembly/pseudonyms.key      without which no group can be told to be one that is known
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DBAPIError

from partwatch.assembly import counting
from partwatch.assembly.claim import best_sightings
from partwatch.assembly.groups import FOLDER, OWN_KINDS, PERIOD_DAYS, SOURCE, Group, groups_of
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.pseudonyms import Pseudonyms, pseudonyms_of
from partwatch.assembly.ranking import Ranked, rank_group
from partwatch.assembly.sightings import Seen
from partwatch.assembly.stream import Verdict
from partwatch.assembly.tables import (
    APPLICATION_ID,
    ESCALATIONS,
    GROUPINGS,
    HELD,
    IDENTITIES,
    ITEMS,
    KINDS,
    META,
    METADATA,
    PLANS,
    SCHEMA_VERSION,
    SIGHTINGS,
    VERDICTS,
)
from partwatch.model.assemblies import StreamSize
from partwatch.model.errors import StoreError, UsageError
from partwatch.watchlist.database import BUSY_TIMEOUT_S, durable_engine

RETENTION_DAYS: Final = 365
_CHUNK: Final = 500


@dataclass(frozen=True)
class Arrival:
    """An item as it comes in: its groups under their own names. sha256: of its content."""

    seen: Seen
    sha256: str | None


@dataclass(frozen=True)
class Taken:
    """What came of arrivals. touched: the groups and designs whose weight may have changed."""

    added: int
    known: int
    touched: frozenset[tuple[Group, str]]


class AssemblyStore:
    """Any number of processes may read and write it at once. Every method may raise StoreError."""

    def __init__(self, home: Path, policy: AssemblyPolicy | None = None) -> None:
        """Use `open`."""
        self.path = home / "assembly" / "assembly.sqlite"
        self.policy = policy or AssemblyPolicy()
        self.pseudonyms: Pseudonyms = pseudonyms_of(home)
        self._engine = durable_engine(self.path)

    @classmethod
    def open(cls, home: Path, policy: AssemblyPolicy | None = None) -> AssemblyStore:
        """The store at home; a new one where there is none."""
        store = cls(home, policy)
        with store._writing() as connection:
            if connection.exec_driver_sql("PRAGMA user_version").scalar() == 0:
                METADATA.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            found = tuple(
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("application_id", "user_version")
            )
        if found != (APPLICATION_ID, SCHEMA_VERSION):
            raise StoreError(f"{store.path}: this is no store that this version reads; move it away")
        store.path.chmod(0o600)
        return store

    def add(self, arrivals: Iterable[Arrival], plans: Mapping[str, DesignPlan], day: date) -> Taken:
        """Take items in, all or none. One that is known (path, content, day, groups) replaces itself."""
        added = known = 0
        touched: set[tuple[Group, str]] = set()
        with self._writing() as connection:
            self._follow(connection, plans)
            for arrival in arrivals:
                pseudonymous, names = self.pseudonymous(arrival)
                old = connection.execute(select(ITEMS.c.id).filter_by(key=pseudonymous.key)).scalar()
                if old is not None:
                    known += 1
                    touched |= _remove(connection, [old])
                added += old is None
                touched |= _insert(connection, pseudonymous, names, arrival.sha256, day)
            for group, design in sorted(touched):
                counting.recount(connection, group, design, plans.get(design), self.policy)
        return Taken(added, known, frozenset(touched))

    def ranked(
        self, plans: Mapping[str, DesignPlan], only: Iterable[tuple[Group, str]] | None = None
    ) -> list[Ranked]:
        """Hypotheses, most bits first: all, or of the groups in `only`."""
        found: list[Ranked] = []
        with self._writing() as connection:
            self._follow(connection, plans)
        with self._reading() as connection:
            least = min(self.policy.least_slots, min((len(plan.slots) for plan in plans.values()), default=1))
            held = counting.groups_holding(connection, least)
            if only is not None:
                held = {group: held[group] for group in sorted({group for group, _ in only}) if group in held}
            kinds = counting.count_of(connection, KINDS)
            # Many groups hold the same designs: what is counted of these is read once.
            streams = {
                kind: counting.stream_of(connection, kind, sorted(designs))
                for kind, designs in _designs_by_kind(held).items()
            }
            for group, designs in held.items():
                verdicts = {
                    (group, design): verdict
                    for design in designs
                    if (verdict := counting.verdict_of(connection, group, design))
                }
                own = {
                    design: counting.holdings(connection, group, plans[design])
                    for design in designs
                    if design in plans
                }
                found += rank_group(group, own, plans, streams[group[0]], kinds, self.policy, verdicts)
        return sorted(found, key=lambda one: one.order)

    def forget(self, keys: Iterable[str], plans: Mapping[str, DesignPlan]) -> int:
        """Forget items by key, and all that leaned on them; returns how many there were."""
        wanted = sorted(set(keys))
        with self._writing() as connection:
            ids = [
                row.id
                for start in range(0, len(wanted), _CHUNK)
                for row in connection.execute(
                    select(ITEMS.c.id).where(ITEMS.c.key.in_(wanted[start : start + _CHUNK]))
                )
            ]
            self._forget(connection, ids, plans)
        return len(ids)

    def keys_of(self, names: Iterable[str]) -> dict[str, list[str]]:
        """Keys of the items that are called so, by key or by path."""
        with self._reading() as connection:
            return {
                name: [
                    row.key
                    for row in connection.execute(
                        select(ITEMS.c.key).where((ITEMS.c.key == name) | (ITEMS.c.path == name))
                    )
                ]
                for name in names
            }

    def forget_before(self, day: date, plans: Mapping[str, DesignPlan]) -> int:
        """Forget all items taken in before a day; returns how many."""
        with self._writing() as connection:
            rows = connection.execute(select(ITEMS.c.id).where(ITEMS.c.kept_since < day.isoformat()))
            ids = [row.id for row in rows]
            self._forget(connection, ids, plans)
        return len(ids)

    def retire(self, as_of: date, plans: Mapping[str, DesignPlan]) -> int:
        """Forget what has been kept for longer than the retention; returns how many."""
        return self.forget_before(as_of - timedelta(days=self.retention_days), plans)

    @property
    def retention_days(self) -> int:
        """How long an item is kept."""
        with self._reading() as connection:
            said = connection.execute(select(META.c.value).filter_by(key="retention_days")).scalar()
        return RETENTION_DAYS if said is None else int(said)

    def keep_for(self, days: int) -> None:
        """Set the retention."""
        if days < 1:
            raise UsageError(f"a retention of {days} days: give one day or more")
        row = {"key": "retention_days", "value": str(days)}
        with self._writing() as connection:
            connection.execute(upsert(META).values(row).on_conflict_do_update(set_={"value": row["value"]}))

    def judge(
        self,
        group: Group,
        design: str,
        verdict: Verdict,
        reason: str,
        plans: Mapping[str, DesignPlan],
        day: date,
    ) -> None:
        """Note what a person said of a group and a design; what is counted follows it."""
        kind, value = group
        row = {"kind": kind, "value": value, "design": design, "verdict": verdict.value, "reason": reason,
               "day": day.isoformat()}  # fmt: skip
        with self._writing() as connection:
            known = connection.execute(select(HELD.c.filled).filter_by(kind=kind, value=value, design=design))
            if known.scalar() is None:
                raise UsageError(
                    f"{kind}:{value} holds nothing of {design}; name a group and a design of the table"
                )
            connection.execute(
                upsert(VERDICTS).values(row).on_conflict_do_update(
                    set_={name: row[name] for name in ("verdict", "reason", "day")}
                )
            )  # fmt: skip
            counting.recount(connection, group, design, plans.get(design), self.policy)

    def escalate(self, group: Group, reason: str, day: date) -> str:
        """The name behind a pseudonym. That it was asked for, when and why, is written down."""
        kind, value = group
        with self._writing() as connection:
            name = connection.execute(select(IDENTITIES.c.name).filter_by(kind=kind, value=value)).scalar()
            if name is None:
                raise UsageError(f"{kind}:{value}: no such group is known here")
            connection.execute(
                insert(ESCALATIONS).values(kind=kind, value=value, reason=reason, day=day.isoformat())
            )
        return str(name)

    def sizes(self) -> tuple[StreamSize, ...]:
        """Groups and bodies by kind."""
        with self._reading() as connection:
            rows = connection.execute(select(KINDS).order_by(KINDS.c.kind)).all()
        return tuple(StreamSize(kind=row.kind, groups=row.groups, bodies=row.bodies) for row in rows)

    def folders(self) -> dict[Group, str]:
        """Names of the groups that are folders or sources: these are nobody's, and no secret."""
        with self._reading() as connection:
            rows = connection.execute(select(IDENTITIES).where(IDENTITIES.c.kind.in_((FOLDER, SOURCE)))).all()
        return {(row.kind, row.value): row.name for row in rows}

    def counts(self) -> tuple[int, int]:
        """Items, and their bodies, an item that was not read counting as one."""
        with self._reading() as connection:
            items = counting.count_of(connection, ITEMS)
            return items, counting.kind_size(connection, "all")[1]

    def pseudonymous(self, arrival: Arrival) -> tuple[Seen, dict[Group, str]]:
        """The item with its groups under pseudonyms, and the names that these stand for."""
        seen = arrival.seen
        names = {(kind, self.pseudonyms.of_group(kind, name)): name for kind, name in seen.groups}
        groups = tuple(sorted(names))
        time = seen.time.isoformat() if seen.time else None
        key = self.pseudonyms.of_item(
            seen.path, seen.member, arrival.sha256, time, *(part for group in groups for part in group)
        )
        return Seen(
            key, seen.path, seen.member, seen.bodies, seen.complete, seen.sightings, seen.time, groups
        ), names

    def _forget(self, connection: Connection, ids: list[int], plans: Mapping[str, DesignPlan]) -> None:
        touched: set[tuple[Group, str]] = set()
        for start in range(0, len(ids), _CHUNK):
            touched |= _remove(connection, ids[start : start + _CHUNK])
        for group, design in sorted(touched):
            counting.recount(connection, group, design, plans.get(design), self.policy)
        _clear_unused(connection)

    def _follow(self, connection: Connection, plans: Mapping[str, DesignPlan]) -> None:
        """Count anew what was counted with another plan of a design."""
        known = {row.design: row.digest for row in connection.execute(select(PLANS))}
        now = {name: _digest(plan) for name, plan in plans.items()}
        for design in sorted(known.keys() | now.keys()):
            if known.get(design) == now.get(design):
                continue
            wanted = select(SIGHTINGS.c.kind, SIGHTINGS.c.value).filter_by(design=design).distinct()
            for row in connection.execute(wanted).all():
                counting.recount(connection, (row.kind, row.value), design, plans.get(design), self.policy)
            connection.execute(delete(PLANS).filter_by(design=design))
            if design in now:
                connection.execute(insert(PLANS).values(design=design, digest=now[design]))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _explained(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _explained(self.path), self._engine.connect() as connection:
            connection.execution_options(writes=True)
            with connection.begin():
                yield connection


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        cause = str(error.orig)
        if "locked" in cause or "busy" in cause:
            cause = f"another program has been writing here for {BUSY_TIMEOUT_S} s; try again"
        else:
            cause = f"{cause}; check the disk, or restore the file from a backup"
        raise StoreError(f"{path}: cannot be used: {cause}") from error


def _designs_by_kind(held: Mapping[Group, Iterable[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for (kind, _), designs in held.items():
        found.setdefault(kind, set()).update(designs)
    return found


def _insert(
    connection: Connection, seen: Seen, names: Mapping[Group, str], sha256: str | None, day: date
) -> set[tuple[Group, str]]:
    row = {"key": seen.key, "path": seen.path, "member": seen.member, "sha256": sha256, "bodies": seen.bodies,
           "complete": seen.complete, "time": seen.time.isoformat() if seen.time else None,
           "kept_since": day.isoformat()}  # fmt: skip
    inserted = connection.execute(insert(ITEMS).values(row)).inserted_primary_key
    assert inserted is not None
    number = int(inserted[0])
    groups = list(groups_of(seen, PERIOD_DAYS))
    connection.execute(
        insert(GROUPINGS), [{"item_id": number, "kind": kind, "value": value} for kind, value in groups]
    )
    for kind, value in groups:
        counting.resize(connection, (kind, value), 1, max(seen.bodies, 1), int(not seen.complete))
        if kind not in OWN_KINDS:
            identity = {"kind": kind, "value": value, "name": names[kind, value]}
            connection.execute(upsert(IDENTITIES).values(identity).on_conflict_do_nothing())
    sightings = best_sightings(seen.sightings)
    rows = [
        {"item_id": number, "kind": kind, "value": value, "body": one.body, "design": one.design,
         "part": one.part, "bits": one.bits, "finding": one.finding.value, "relation": one.relation.value,
         "medium": one.medium.value}
        for kind, value in groups
        for one in sightings
    ]  # fmt: skip
    if rows:
        connection.execute(insert(SIGHTINGS), rows)
    return {(group, one.design) for group in groups for one in sightings}


def _remove(connection: Connection, ids: list[int]) -> set[tuple[Group, str]]:
    """Take items out, and off their groups; what they held is for the caller to count anew."""
    touched = counting.designs_sighted(connection, ids)
    wanted = (
        select(GROUPINGS.c.kind, GROUPINGS.c.value, ITEMS.c.bodies, ITEMS.c.complete)
        .join(ITEMS, ITEMS.c.id == GROUPINGS.c.item_id)
        .where(ITEMS.c.id.in_(ids))
    )
    for row in connection.execute(wanted).all():
        counting.resize(connection, (row.kind, row.value), -1, -max(row.bodies, 1), -int(not row.complete))
    connection.execute(delete(ITEMS).where(ITEMS.c.id.in_(ids)))
    return touched


def _clear_unused(connection: Connection) -> None:
    """Who is in no group that is left is forgotten with it, and what was said of them."""
    for table in (IDENTITIES, VERDICTS, ESCALATIONS):
        used = (
            select(GROUPINGS.c.item_id)
            .where(GROUPINGS.c.kind == table.c.kind, GROUPINGS.c.value == table.c.value)
            .exists()
        )
        connection.execute(delete(table).where(~used))


def _digest(plan: DesignPlan) -> str:
    told = [[*slot.names, slot.quantity, slot.required] for slot in plan.slots]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
