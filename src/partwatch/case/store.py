"""A case on disk or on a server: sources and their statements, decisions, withdrawals, the ledger.

Every change is one transaction that holds its entry of the ledger as well: either both are there or neither.
Any number of processes may read and write at once; writers wait for one another.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, insert, inspect, select

from partwatch.case import engine as engines
from partwatch.case import taking
from partwatch.case.charter import Charter, charter_of
from partwatch.case.notary import Notary
from partwatch.case.spool import Spool
from partwatch.case.statements import Reliability, Source, SourceInfo, Statement, is_key
from partwatch.case.tables import (
    APPLICATION_ID,
    DECISIONS,
    ENTITIES,
    META,
    METADATA,
    PAIRS,
    QUESTIONS,
    RUNS,
    SCHEMA_VERSION,
    SOURCES,
    STATEMENTS,
    WITHDRAWALS,
)
from partwatch.case.verdicts import Decision, Pair, Run, Verdict, ordered
from partwatch.ledger.tables import LEDGER_METADATA
from partwatch.model.errors import StoreError, UsageError

_CHUNK: Final = 500


@dataclass(frozen=True)
class Placed:
    """A statement where it is kept. id: its number; source: the source's; position: within the source."""

    id: int
    source: int
    position: int
    statement: Statement


class CaseStore:
    """One case. Methods may raise StoreError; those that change something need a charter that has not run
    out. by: who does it, as the ledger shall say."""

    def __init__(self, location: str, engine: Engine, charter: Charter, notary: Notary) -> None:
        """Use `create` or `open`."""
        self.location = location
        self.named = engines.shown(location)
        self.charter = charter
        self.notary = notary
        self._engine = engine

    @classmethod
    def create(cls, location: str, charter: Charter, by: str, keys: Path | None = None) -> CaseStore:
        """A new case. keys: the folder for signing keys of cases on a server. Raises UsageError where there
        is one already."""
        engines.checked_location(location)
        if not engines.is_url(location):
            folder = Path(location)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(engines.file_of(folder), os.O_CREAT | os.O_RDWR, 0o600))
        engine = engines.engine_of(location)
        with engines.writing(engine, engines.shown(location)) as connection:
            if inspect(connection).has_table("meta"):
                raise UsageError(f"{engines.shown(location)}: there is a case already")
            METADATA.create_all(connection)
            LEDGER_METADATA.create_all(connection)
            notary = Notary.create(location, charter.name, keys)
            told = charter.told() | {"application_id": str(APPLICATION_ID), "version": str(SCHEMA_VERSION)}
            told["origin"] = notary.origin
            connection.execute(insert(META), [{"key": key, "value": told[key]} for key in sorted(told)])
            with notary.sealing(nullcontext(connection)):
                notary.note(connection, "case", charter.told(), by, now())
        return cls(location, engine, charter, notary)

    @classmethod
    def open(cls, location: str, keys: Path | None = None) -> CaseStore:
        """The case that is there. Raises UsageError, StoreError."""
        engines.checked_location(location)
        if not engines.is_url(location) and not engines.file_of(Path(location)).is_file():
            raise UsageError(f"{engines.shown(location)}: no case is there; `partwatch case init` makes one")
        engine = engines.engine_of(location)
        with engines.reading(engine, engines.shown(location)) as connection:
            if not inspect(connection).has_table("meta"):
                raise UsageError(
                    f"{engines.shown(location)}: no case is there; `partwatch case init` makes one"
                )
            told = {row.key: row.value for row in connection.execute(select(META))}
        if (told.get("application_id"), told.get("version")) != (str(APPLICATION_ID), str(SCHEMA_VERSION)):
            raise StoreError(f"{engines.shown(location)}: this is no case that this version reads")
        return cls(location, engine, charter_of(told), Notary.open(location, told["origin"], keys))

    # What goes in.

    def take_in(
        self,
        info: SourceInfo,
        spool: Spool,
        by: str,
        skipped: int = 0,
        also: Mapping[str, Any] | None = None,
        again: bool = False,
    ) -> Source | None:
        """Take a source in, whole. None where it is there already. also: what else the ledger shall hold.
        again: although the same bytes are there, read another way or as somebody else's words; they then
        count as two sources. Raises UsageError."""
        self.check_open()
        with self.writing() as connection:
            if connection.execute(select(SOURCES.c.id).filter_by(key=info.key)).scalar() is not None:
                return None
            _check_new(connection, info, again)
            return taking.take(connection, self.notary, info, spool, by, now(), skipped, also or {})

    # What is there.

    def sources(self) -> list[Source]:
        """All of them in the order they came, with why they were withdrawn, if so."""
        with self.reading() as connection:
            return _sources(connection)

    def source(self, named: str) -> Source:
        """The source of that number, else of that key, else of that name. Raises UsageError where none or
        several are called so."""
        every = self.sources()
        for told in (lambda one: str(one.id), lambda one: one.info.key, lambda one: one.info.name):
            found = [one for one in every if told(one) == named]
            if len(found) == 1:
                return found[0]
            if found:
                numbers = ", ".join(str(one.id) for one in found)
                raise UsageError(f"{named}: sources {numbers} are called so; give the number")
        raise UsageError(f"{named}: no source is called so; `partwatch case sources` lists them")

    def of_entities(self, keys: Iterable[str], withdrawn: bool = False) -> list[Placed]:
        """Statements about these entities, in the order they came; of withdrawn sources if asked for."""
        wanted = sorted(set(keys))
        with self.reading() as connection:
            standing = {one.id for one in _sources(connection) if withdrawn or one.withdrawn is None}
            found = [
                one
                for start in range(0, len(wanted), _CHUNK)
                for one in _placed(connection, ENTITIES.c.key.in_(wanted[start : start + _CHUNK]))
                if one.source in standing
            ]
        return sorted(found, key=lambda one: one.id)

    def by_number(self, numbers: Iterable[int]) -> list[Placed]:
        """Statements by their numbers, in the order they came."""
        wanted = sorted(set(numbers))
        with self.reading() as connection:
            return [
                one
                for start in range(0, len(wanted), _CHUNK)
                for one in _placed(connection, STATEMENTS.c.id.in_(wanted[start : start + _CHUNK]))
            ]

    def find(self, value: str, limit: int = 50) -> list[Placed]:
        """Statements that hold exactly that value, of sources that stand."""
        with self.reading() as connection:
            standing = {one.id for one in _sources(connection) if one.withdrawn is None}
            found = list(_placed(connection, STATEMENTS.c.value == value))
        return [one for one in found if one.source in standing][:limit]

    def counts(self) -> dict[str, int]:
        """Rows of each kind."""
        tables = {"sources": SOURCES, "statements": STATEMENTS, "entities": ENTITIES, "decisions": DECISIONS}
        with self.reading() as connection:
            return {
                name: int(connection.execute(select(func.count()).select_from(table)).scalar() or 0)
                for name, table in tables.items()
            }

    # What is decided.

    def decide(self, left: str, right: str, verdict: Verdict, reason: str, by: str) -> Decision:
        """Note what a person decided of two entities (their keys). Raises UsageError."""
        self.check_open()
        if left == right:
            raise UsageError(f"{left}: is one entity; name two")
        if not reason.strip():
            raise UsageError("a decision needs its reason")
        left, right = ordered(left, right)
        row = {
            "left": left,
            "right": right,
            "verdict": verdict.value,
            "reason": reason,
            "at": now(),
            "by": by,
        }
        with self.writing() as connection:
            for key in (left, right):
                if connection.execute(select(ENTITIES.c.id).filter_by(key=key)).scalar() is None:
                    raise UsageError(f"{key}: no such entity is in the case")
            kind = "merge" if verdict is Verdict.SAME else "decision"
            entry = self.notary.note(connection, kind, row, by, row["at"])
            connection.execute(insert(DECISIONS).values({**row, "entry": entry}))
        return Decision(left, right, verdict, reason, row["at"], by)

    def decisions(self, history: bool = False) -> list[Decision]:
        """What people decided: the latest of each pair, or all of them in their order."""
        with self.reading() as connection:
            rows = connection.execute(select(DECISIONS).order_by(DECISIONS.c.id)).all()
        told = [
            Decision(row.left, row.right, Verdict(row.verdict), row.reason, row.at, row.by) for row in rows
        ]
        if history:
            return told
        latest = {(one.left, one.right): one for one in told}
        return [one for one in latest.values() if one.verdict is not Verdict.UNDONE]

    def add_run(self, model: str, told: Mapping[str, Any], pairs: Iterable[Pair], by: str) -> int:
        """Keep what a run of the resolution found; from now on it is what counts. Returns its number."""
        self.check_open()
        at = now()
        rows = [_pair_row(one) for one in pairs]
        with self.writing() as connection:
            # What was forgotten meanwhile does not come back by what was found of it before.
            known = known_keys(connection, {key for row in rows for key in (row["left"], row["right"])})
            rows = [row for row in rows if row["left"] in known and row["right"] in known]
            return self._add_run(connection, model, dict(told), rows, by, at)

    def _add_run(
        self,
        connection: Connection,
        model: str,
        told: dict[str, Any],
        rows: list[dict[str, Any]],
        by: str,
        at: str,
    ) -> int:
        told = told | {"pairs": len(rows), "merged": sum(row["merged"] for row in rows)}
        entry = self.notary.note(connection, "resolution", told | {"model": model}, by, at)
        run = {"model": model, "told": json.dumps(told), "at": at, "by": by, "entry": entry}
        made = connection.execute(insert(RUNS).values(run)).inserted_primary_key
        assert made is not None
        number = int(made[0])
        for start in range(0, len(rows), 20_000):
            connection.execute(
                insert(PAIRS), [row | {"run_id": number} for row in rows[start : start + 20_000]]
            )
        return number

    def latest_run(self) -> Run | None:
        """The run that counts."""
        with self.reading() as connection:
            row = connection.execute(select(RUNS).order_by(RUNS.c.id.desc()).limit(1)).first()
        return Run(row.id, row.model, json.loads(row.told), row.at, row.by) if row else None

    def pairs(self, run: int, merged: bool | None = None) -> list[Pair]:
        """The pairs of a run, most bits first; only those it merged, or did not."""
        wanted = select(PAIRS).where(PAIRS.c.run_id == run)
        if merged is not None:
            wanted = wanted.where(PAIRS.c.merged == int(merged))
        with self.reading() as connection:
            rows = connection.execute(wanted.order_by(PAIRS.c.bits.desc(), PAIRS.c.left, PAIRS.c.right)).all()
        return [
            Pair(row.left, row.right, row.raw, row.bits, bool(row.merged), json.loads(row.waterfall))
            for row in rows
        ]

    def merged(self, run: int) -> list[tuple[str, str]]:
        """The pairs that a run merged, most bits first: the keys alone. Their waterfalls are most of a run,
        and who is one does not hang on them."""
        wanted = select(PAIRS.c.left, PAIRS.c.right).where(PAIRS.c.run_id == run, PAIRS.c.merged == 1)
        with self.reading() as connection:
            rows = connection.execute(wanted.order_by(PAIRS.c.bits.desc(), PAIRS.c.left, PAIRS.c.right))
            return [(row.left, row.right) for row in rows]

    # What falls.

    def stand(self, source: int, standing: bool, reason: str, by: str) -> None:
        """Withdraw a source, or have it stand again. Raises UsageError."""
        self.check_open()
        if not reason.strip():
            raise UsageError("withdrawing a source needs its reason")
        with self.writing() as connection:
            found = {one.id: one for one in _sources(connection)}.get(source)
            if found is None:
                raise UsageError(f"{source}: no such source")
            if (found.withdrawn is None) == standing:
                raise UsageError(f"{found.info.name}: {'stands' if standing else 'is withdrawn'} already")
            at = now()
            told = {"source": found.info.key, "name": found.info.name, "reason": reason}
            entry = self.notary.note(connection, "reinstatement" if standing else "withdrawal", told, by, at)
            row = {"source_id": source, "standing": int(standing), "reason": reason, "at": at, "by": by}
            connection.execute(insert(WITHDRAWALS).values(row | {"entry": entry}))

    # What was asked.

    def ask(self, kind: str, told: Mapping[str, Any], by: str) -> None:
        """Keep a question, to be answered again when something falls."""
        row = {"kind": kind, "told": json.dumps(dict(told), sort_keys=True)}
        keys = {value for value in told.values() if isinstance(value, str) and is_key(value)}
        with self.writing() as connection:
            if keys - known_keys(connection, keys):
                return
            if connection.execute(select(QUESTIONS.c.id).filter_by(**row)).scalar() is None:
                connection.execute(insert(QUESTIONS).values(row | {"at": now(), "by": by}))

    def questions(self) -> list[tuple[str, dict[str, Any]]]:
        """Kind and words of each, in the order they were asked."""
        with self.reading() as connection:
            rows = connection.execute(select(QUESTIONS).order_by(QUESTIONS.c.id)).all()
        return [(row.kind, json.loads(row.told)) for row in rows]

    def note(self, kind: str, body: Mapping[str, Any], by: str) -> int:
        """An entry of the ledger for what changes nothing in the case: an export, a look. Its number."""
        with self.writing() as connection:
            return self.notary.note(connection, kind, body, by, now())

    def compact(self) -> bool:
        """What was deleted leaves the file as well. False where somebody who reads holds SQLite's log for
        more than a few seconds. A server does so in its own time (VACUUM)."""
        if self._engine.dialect.name != "sqlite":
            return True
        with engines.explained(self.named), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 5000")
            return bool(connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0] == 0)

    # How.

    def check_open(self) -> None:
        """Raises UsageError once the case's retention has run out."""
        if self.charter.expired(datetime.now(UTC).date()):
            raise UsageError(
                f"{self.named}: the retention of this case ended on {self.charter.retention}; hand it "
                "over (`case export`, `case report`) or destroy it (`case forget --all`)"
            )

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that sees one moment of the case."""
        return engines.reading(self._engine, self.named)

    def writing(self) -> AbstractContextManager[Connection]:
        """The one transaction that writes; checkpoints are made at its end."""
        return self.notary.sealing(engines.writing(self._engine, self.named))


def now() -> str:
    """The moment, as the case writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def known_keys(connection: Connection, keys: set[str]) -> set[str]:
    """Those of these keys that the case holds."""
    wanted = sorted(keys)
    return {
        str(row.key)
        for start in range(0, len(wanted), _CHUNK)
        for row in connection.execute(
            select(ENTITIES.c.key).where(ENTITIES.c.key.in_(wanted[start : start + _CHUNK]))
        )
    }


def _check_new(connection: Connection, info: SourceInfo, again: bool) -> None:
    """Bytes that are there count once, and those of a withdrawn source do not come back another way."""
    for one in _sources(connection):
        if one.info.sha256 != info.sha256 or not info.sha256:
            continue
        if one.withdrawn is not None:
            raise UsageError(
                f"{info.name}: is source {one.id}, which was withdrawn ({one.withdrawn}); "
                "`partwatch case withdraw --reinstate` has it stand again"
            )
        if not again:
            raise UsageError(
                f"{info.name}: the same bytes are source {one.id} already, said by {one.info.said_by}; read "
                "another way they would count as a second source (--again, if they are one)"
            )


def _pair_row(pair: Pair) -> dict[str, Any]:
    waterfall = json.dumps(pair.waterfall)
    return {"left": pair.left, "right": pair.right, "raw": pair.raw, "bits": pair.bits,
            "merged": int(pair.merged), "waterfall": waterfall}  # fmt: skip


def _sources(connection: Connection) -> list[Source]:
    withdrawn: dict[int, str | None] = {}
    for row in connection.execute(select(WITHDRAWALS).order_by(WITHDRAWALS.c.id)):
        withdrawn[row.source_id] = None if row.standing else row.reason
    return [
        Source(
            row.id,
            SourceInfo(
                row.kind, row.name, row.sha256, row.said_by, Reliability(row.reliability), row.legal_ref,
                row.importer,
            ),
            row.imported_at, row.imported_by, row.statements, row.skipped, row.entry, withdrawn.get(row.id),
        )
        for row in connection.execute(select(SOURCES).order_by(SOURCES.c.id))
    ]  # fmt: skip


def _placed(connection: Connection, condition: Any) -> Iterator[Placed]:
    wanted = (
        select(STATEMENTS, ENTITIES.c.key)
        .join(ENTITIES, ENTITIES.c.id == STATEMENTS.c.entity_id)
        .where(condition)
        .order_by(STATEMENTS.c.id)
    )
    for row in connection.execute(wanted):
        statement = Statement(
            row.key, row.schema, row.prop, row.value, row.place, row.original, row.said_at, row.bits
        )
        yield Placed(row.id, row.source_id, row.position, statement)
