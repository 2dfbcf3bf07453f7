"""What goes out, entity by entity: read from the case in batches, so that a large one needs no more memory
than the view that is there already."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

import numpy as np
from sqlalchemy import select as select_rows

from partwatch import __version__
from partwatch.case.statements import Source, entity_key
from partwatch.case.store import CaseStore, Placed
from partwatch.case.tables import WITHDRAWALS
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import Property, Type, property_of
from partwatch.exchange.base import Entity, Options, Said, SourceTold, Withdrawn
from partwatch.exchange.pseudonyms import Pseudonyms
from partwatch.exchange.selection import Selection, select
from partwatch.model.errors import UsageError

# Statements read at once; an entity with more is read whole.
BATCH: Final = 10_000


class Material:
    """What an exporter is given. `entities` may be read several times, and is the same each time."""

    def __init__(self, view: CaseView, store: CaseStore, options: Options) -> None:
        """Raises UsageError for options that name what is not there, and for a view that holds a source
        which has been withdrawn since."""
        fallen = [one for one in store.sources() if one.withdrawn is not None and one.id in view.sources]
        if fallen:
            raise UsageError(f"{fallen[0].info.name}: was withdrawn since the case was read; read it again")
        self.options = options
        self._view = view
        self._store = store
        self._pseudonyms = Pseudonyms(options.pseudonym_key) if options.pseudonym_key is not None else None
        self._selection: Selection = select(view, options, self._pseudonyms)
        self._elsewhere = 0

    # Who and what.

    @cached_property
    def case_name(self) -> str:
        """The case's name, or what stands for it."""
        return self._named("case", self._store.charter.name)

    @property
    def authority(self) -> str:
        """Who keeps the case."""
        return self._store.charter.authority

    @cached_property
    def case_key(self) -> str:
        """The same for all exports of this case."""
        charter = self._store.charter
        return self._entity(entity_key("case", charter.name, charter.authority))

    @cached_property
    def export_key(self) -> str:
        """The same for the same case, date and choice."""
        options = self.options
        chosen = [None if one is None else sorted(one) for one in (options.only, options.schemata)]
        others = (options.since, options.until, options.bodies, options.missing, sorted(self.standing))
        # Of keys, which are digests of identifiers: under the secret as well, where there is one.
        return self._entity(entity_key("export", self.case_key, options.at, repr(chosen), repr(others)))

    @cached_property
    def standing(self) -> dict[int, SourceTold]:
        """Sources that go out, by number."""
        wanted = self.options.sources
        return {
            number: self._source(one)
            for number, one in sorted(self._view.sources.items())
            if wanted is None or number in wanted
        }

    @cached_property
    def withdrawn(self) -> list[Withdrawn]:
        """Sources that were withdrawn."""
        fallen = [one for one in self._store.sources() if one.withdrawn is not None]
        with self._store.reading() as connection:
            rows = connection.execute(select_rows(WITHDRAWALS).order_by(WITHDRAWALS.c.id)).all()
        latest = {row.source_id: row for row in rows}
        hidden = self._pseudonyms is not None
        return [
            Withdrawn(
                one,
                self._entity(one.info.key),
                self._named("source", one.info.name),
                "" if hidden else (one.withdrawn or ""),
                latest[one.id].at,
                self._named("person", latest[one.id].by),
            )
            for one in fallen
        ]

    def header(self) -> list[str]:
        """What a reader must know of what lies before them, sentence by sentence."""
        charter, options = self._store.charter, self.options
        told = [
            f"Case {self.case_name}, kept by {charter.authority}, to be destroyed after {charter.retention}."
        ]
        if self._pseudonyms is None:
            told.append(f"Legal basis: {charter.legal_basis}. Purpose: {charter.purpose}.")
            by = f" by {options.by}" if options.by else ""
        else:
            told.append("Names and identifiers are replaced by keyed pseudonyms; free text is left out.")
            by = ""
        told.append(f"Exported at {options.at}{by} by partwatch {__version__}; TLP:{options.tlp.upper()}.")
        for one in self.withdrawn:
            reason = f" ({one.reason})" if one.reason else ""
            told.append(f"Withdrawn at {one.at} and left out: source {one.source.id}, {one.name}{reason}.")
        told += [
            f"Not looked at: source {one.id}, {self._named('source', one.info.name)}."
            for one in self._unread()
        ]
        told += self._choices()
        told.append("Bits are log2 of likelihood ratios, no probabilities; what has none was simply said.")
        return told

    def _unread(self) -> list[Source]:
        """Sources that stand and that the view was made without."""
        there = self._view.sources
        return [one for one in self._store.sources() if one.withdrawn is None and one.id not in there]

    def _choices(self) -> list[str]:
        options, told = self.options, []
        if options.only is not None:
            told.append(f"Only {len(options.only)} named entities, and what joins them.")
        if options.schemata is not None:
            told.append(f"Only {', '.join(sorted(options.schemata))}.")
        if options.sources is not None:
            told.append(f"Only sources {', '.join(str(one) for one in sorted(options.sources))}.")
        if options.since is not None or options.until is not None:
            told.append(
                f"Only what happened from {options.since or 'any date'} to {options.until or 'any date'}."
            )
        if not options.bodies:
            told.append("Texts of messages are left out.")
        if not options.missing:
            told.append("What assemblies lack is left out.")
        return told

    # What is said.

    def entities(self) -> Iterator[Entity]:
        """All that go out, in the order in which they were first spoken of."""
        self._elsewhere = 0
        places: list[int] = []
        waiting = 0
        for place in np.flatnonzero(self._selection.entities).tolist():
            places.append(place)
            waiting += len(self._rows(place))
            if waiting >= BATCH:
                yield from self._read(places)
                places, waiting = [], 0
        yield from self._read(places)

    @property
    def left_out(self) -> dict[str, int]:
        """What did not go out, by why; complete once `entities` has been read."""
        chosen = self._selection
        told = {
            "withdrawn_sources": len(self.withdrawn),
            "entities": sum(map(bool, chosen.kinds)) - int(chosen.entities.sum()),
        }
        return told | dict(chosen.withheld) | {"references_elsewhere": self._elsewhere}

    def _rows(self, place: int) -> Sequence[int]:
        rows = self._view.rows_of(place)
        found: list[int] = rows[self._selection.rows[rows]].tolist()
        return found

    def _read(self, places: Sequence[int]) -> Iterator[Entity]:
        rows = {place: self._rows(place) for place in places}
        numbers = [int(self._view.number[row]) for found in rows.values() for row in found]
        read = {one.id: one for one in self._store.by_number(numbers)}
        for place in places:
            # One that was forgotten since the view was made is not there any more.
            found = [
                read[int(self._view.number[row])]
                for row in rows[place]
                if int(self._view.number[row]) in read
            ]
            if found:
                yield self._entity_of(place, tuple(self._said(one) for one in found))

    def _entity_of(self, place: int, said: tuple[Said, ...]) -> Entity:
        key = self._entity(self._view.keys[place])
        others = dict.fromkeys(one.entity for one in said if one.entity != key)
        return Entity(key, self._selection.kinds[place], tuple(others), said)

    def _said(self, placed: Placed) -> Said:
        statement = placed.statement
        prop = property_of(statement.schema, statement.prop)
        assert prop is not None, "the selection holds the vocabulary's properties only"
        bits = statement.bits
        told = Said(
            statement.entity, statement.schema, statement.prop, statement.value, placed.source,
            statement.place, statement.original, statement.said_at,
            bits if bits is not None and math.isfinite(bits) else None,
            *self._target(prop, statement.value),
        )  # fmt: skip
        return told if self._pseudonyms is None else self._hidden(told, prop, self._pseudonyms)

    def _target(self, prop: Property, value: str) -> tuple[str | None, str | None]:
        """Key and schema of the entity that this names, if that goes out."""
        if prop.type is not Type.ENTITY:
            return None, None
        place = self._view.canonical_of(value)
        if place is None or not self._selection.entities[place]:
            self._elsewhere += 1
            return None, None
        return self._entity(self._view.keys[place]), self._selection.kinds[place]

    @staticmethod
    def _hidden(told: Said, prop: Property, pseudonyms: Pseudonyms) -> Said:
        return replace(
            told,
            entity=pseudonyms.entity(told.entity),
            value=pseudonyms.value(told.schema, prop, told.value),
            place=pseudonyms.place(told.place),
            said_at=pseudonyms.moment(told.said_at),
            original=None,
        )

    def _entity(self, key: str) -> str:
        return key if self._pseudonyms is None else self._pseudonyms.entity(key)

    def _named(self, what: str, name: str) -> str:
        return name if self._pseudonyms is None else self._pseudonyms.text(what, name)

    def _source(self, source: Source) -> SourceTold:
        info = source.info
        return SourceTold(
            source.id, self._entity(info.key), info.kind, self._named("source", info.name), info.sha256,
            self._named("person", info.said_by), info.reliability.value,
            info.legal_ref if self._pseudonyms is None else None, source.imported_at,
            self._named("person", source.imported_by), source.statements,
        )  # fmt: skip
