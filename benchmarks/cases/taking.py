"""A generated case taken into a store, by statements or by files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path

from benchmarks.cases.truth import Truth
from partwatch.case.charter import Charter
from partwatch.case.spool import BATCH, Spool
from partwatch.case.statements import SourceInfo, Statement
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Pair, ordered

BY = "benchmark"


def new_store(folder: Path) -> CaseStore:
    """An empty case."""
    charter = Charter("generated", "nobody", "none: every name is invented", "measuring", date(2099, 1, 1))
    return CaseStore.create(str(folder), charter, BY)


def take_all(store: CaseStore, told: Iterable[tuple[SourceInfo, Iterator[Statement]]]) -> None:
    """Every source, as an import takes it."""
    for info, own in told:
        with Spool() as spool:
            while batch := list(islice(own, BATCH)):
                spool.add(batch)
            store.take_in(info, spool, BY)


def merge_by_truth(store: CaseStore, truth: Truth) -> None:
    """A run that makes no mistake: the records of a person are one, whatever they say."""
    of: dict[str, list[str]] = {}
    for record in truth.records:
        of.setdefault(record.person, []).append(record.key)
    pairs = (
        Pair(*ordered(keys[0], other), 30.0, 30.0, True)
        for keys in (list(dict.fromkeys(keys)) for keys in of.values())
        for other in keys[1:]
    )
    store.add_run("truth", {"why": "generated"}, pairs, BY)
