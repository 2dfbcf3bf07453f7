"""What counts now: the statements of sources that stand, about entities of which some are one.

Held in columns, as a million rows of objects would not fit where a case is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from partwatch.case.statements import Source
from partwatch.case.store import CaseStore
from partwatch.case.tables import ENTITIES, STATEMENTS
from partwatch.case.vocabulary import most_specific

_FETCHED: Final = 50_000


@dataclass(frozen=True)
class CaseView:
    """n statements about m entities.

    sources: those that stand, by number. keys: m entity keys; canonical: int32 (m,), the entity that each
    is taken for (itself where it is alone). number: int64 (n,), statements' numbers; entity: int32 (n,),
    places in `keys`, not yet canonical; schema, prop: int16 (n,), places in `schemata`, `props`; source:
    int32 (n,); values: n texts; bits: float64 (n,), NaN where a source simply says so.
    """

    sources: Mapping[int, Source]
    keys: tuple[str, ...]
    canonical: NDArray[np.int32]
    schemata: tuple[str, ...]
    props: tuple[str, ...]
    number: NDArray[np.int64]
    entity: NDArray[np.int32]
    schema: NDArray[np.int16]
    prop: NDArray[np.int16]
    source: NDArray[np.int32]
    values: tuple[str, ...]
    bits: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def place_of(self) -> Mapping[str, int]:
        """Places in `keys` by key."""
        return {key: place for place, key in enumerate(self.keys)}

    @cached_property
    def about(self) -> NDArray[np.int32]:
        """int32 (n,): the canonical entity that each statement is about."""
        found: NDArray[np.int32] = self.canonical[self.entity]
        return found

    @cached_property
    def _by_entity(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.about, kind="stable")
        starts = np.searchsorted(self.about[order], np.arange(len(self.keys) + 1))
        return order, starts

    def rows_of(self, entity: int) -> NDArray[np.int64]:
        """Rows of the statements about a canonical entity, in their order."""
        order, starts = self._by_entity
        return order[starts[entity] : starts[entity + 1]]

    def canonical_of(self, key: str) -> int | None:
        """The canonical place of an entity by its key; None where nothing that stands is said of it."""
        place = self.place_of.get(key)
        return None if place is None else int(self.canonical[place])

    @cached_property
    def members(self) -> Mapping[int, tuple[int, ...]]:
        """Places in `keys` of the entities that are one, by their canonical one; those alone left out."""
        found: dict[int, list[int]] = {}
        for place in np.flatnonzero(self.canonical != np.arange(len(self.keys), dtype=np.int32)):
            found.setdefault(int(self.canonical[place]), []).append(int(place))
        return {one: (one, *others) for one, others in found.items()}

    def keys_of(self, entity: int) -> list[str]:
        """Keys of all the records that a canonical entity is made of."""
        return [self.keys[one] for one in self.members.get(entity, (entity,))]

    def schema_of(self, entity: int) -> str:
        """What a canonical entity is."""
        return most_specific(
            frozenset(self.schemata[code] for code in np.unique(self.schema[self.rows_of(entity)]))
        )

    def values_of(self, entity: int, *props: str) -> list[str]:
        """Distinct values of these properties of a canonical entity, in the order they were said."""
        codes = {self.props.index(name) for name in props if name in self.props}
        found = (self.values[row] for row in self.rows_of(entity) if self.prop[row] in codes)
        return list(dict.fromkeys(found))

    def caption(self, entity: int) -> str:
        """What to call an entity among people."""
        for prop in CAPTIONS:
            if found := self.values_of(entity, prop):
                return max(found, key=len) if prop == "name" else found[0]
        return f"{self.schema_of(entity)} {self.keys[entity][:8]}"


# Properties that name an entity, best first.
CAPTIONS: Final = (
    "name",
    "username",
    "title",
    "trackingNumber",
    "exhibitNumber",
    "fileName",
    "subject",
    "iban",
    "publicKey",
    "registrationNumber",
    "serialNumber",
    "full",
    "alias",
    "weakAlias",
    "contentHash",
    "email",
    "phone",
)


@dataclass
class _Codes:
    names: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names))


def view_of(store: CaseStore, without: Iterable[int] = ()) -> CaseView:
    """What counts now. without: numbers of sources to leave out as if they were withdrawn."""
    from partwatch.case.merging import canonical_entities

    left_out = set(without)
    sources = {one.id: one for one in store.sources() if one.withdrawn is None and one.id not in left_out}
    with store.reading() as connection:
        columns = _read(connection, sources)
    keys = columns.pop_keys
    canonical = canonical_entities(store, keys)
    return CaseView(
        sources, keys, canonical, tuple(columns.schemata.names), tuple(columns.props.names),
        np.array(columns.number, dtype=np.int64), np.array(columns.entity, dtype=np.int32),
        np.array(columns.schema, dtype=np.int16), np.array(columns.prop, dtype=np.int16),
        np.array(columns.source, dtype=np.int32), tuple(columns.values),
        np.array(columns.bits, dtype=np.float64),
    )  # fmt: skip


@dataclass
class _Columns:
    pop_keys: tuple[str, ...] = ()
    schemata: _Codes = field(default_factory=_Codes)
    props: _Codes = field(default_factory=_Codes)
    number: list[int] = field(default_factory=list)
    entity: list[int] = field(default_factory=list)
    schema: list[int] = field(default_factory=list)
    prop: list[int] = field(default_factory=list)
    source: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    bits: list[float] = field(default_factory=list)


def _read(connection: Connection, sources: Mapping[int, Source]) -> _Columns:
    told = _Columns()
    places: dict[int, int] = {}
    shared: dict[str, str] = {}  # equal values are one object
    nan = float("nan")
    for row in _rows(connection):
        number, source, entity, schema, prop, value, bits = row
        if source not in sources:
            continue
        told.number.append(number)
        told.source.append(source)
        told.entity.append(places.setdefault(entity, len(places)))
        told.schema.append(told.schemata.of(schema))
        told.prop.append(told.props.of(prop))
        told.values.append(shared.setdefault(value, value))
        told.bits.append(nan if bits is None else bits)
    keys = {row.id: row.key for row in connection.execute(select(ENTITIES.c.id, ENTITIES.c.key))}
    told.pop_keys = tuple(keys[number] for number in places)
    return told


def _rows(connection: Connection) -> Iterator[tuple[int, int, int, str, str, str, float | None]]:
    cursor = connection.connection.cursor()
    cursor.execute(
        f"SELECT id, source_id, entity_id, schema, prop, value, bits FROM {STATEMENTS.name} ORDER BY id"
    )
    while rows := cursor.fetchmany(_FETCHED):
        yield from rows
    cursor.close()
