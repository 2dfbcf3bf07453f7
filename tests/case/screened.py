"""A case in a folder, and sources taken into it from importers, for tests of items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from partwatch.assembly.plan import PlannedPart, plan_of
from partwatch.case.assemblies import ListedPlans
from partwatch.case.charter import Charter
from partwatch.case.imports.base import Importer, Reading, RowError, Told
from partwatch.case.imports.results_examples import DESIGN, digest, item, match, ndjson
from partwatch.case.imports.saved import file_sha256
from partwatch.case.spool import Spool
from partwatch.case.statements import Reliability, Source, SourceInfo, Statement, keyed
from partwatch.case.store import CaseStore

DAY = date(2026, 6, 1)
PARTS = ("shaft", "cap", "wheel", "lever", "frame")
PLANS = ListedPlans({DESIGN: plan_of(DESIGN, [PlannedPart(name) for name in PARTS])}, "e" * 64)


@dataclass(frozen=True)
class Read:
    """What came of a reading."""

    statements: list[Statement]
    errors: list[RowError]

    def said(self, schema: str, prop: str) -> list[str]:
        return [one.value for one in self.statements if (one.schema, one.prop) == (schema, prop)]

    def of(self, entity: str, prop: str) -> list[str]:
        return [one.value for one in self.statements if (one.entity, one.prop) == (entity, prop)]


def read(importer: Importer, path: Path, sha256: str | None = None) -> Read:
    return split(importer.read(Reading(path, sha256 or file_sha256(path))))


def split(told: Iterable[Told]) -> Read:
    every = list(told)
    return Read(
        [one for one in every if isinstance(one, Statement)],
        [one for one in every if isinstance(one, RowError)],
    )


def case(folder: Path) -> CaseStore:
    charter = Charter("Case 7", "Lab", "order 12/2026", "parts in parcels", date(2099, 1, 1))
    return CaseStore.create(str(folder), charter, "tester")


def take(store: CaseStore, name: str, statements: Iterable[Statement], kind: str = "results") -> Source:
    info = SourceInfo(kind, name, file_digest(name), "the lab", Reliability.USUALLY, None, "1")
    with Spool() as spool:
        spool.add(statements)
        source = store.take_in(info, spool, "tester")
    assert source is not None
    return source


def file_digest(name: str) -> str:
    return keyed("Item", name).ljust(64, "0")


def sent(path: Path) -> Path:
    """A saved result: three parts of the pump in three files, a fourth file that is clear."""
    items = [item(f"box/{k}.stl", digest(k), [match(part)]) for k, part in enumerate(PARTS[:3])]
    path.write_bytes(ndjson(*items, item("box/clear.stl", digest(9), [])))
    return path


def say(entity: str, schema: str, prop: str, value: str) -> Statement:
    return Statement(entity, schema, prop, value, "row 1")
