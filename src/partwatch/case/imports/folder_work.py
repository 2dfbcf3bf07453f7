"""The program's own screening, marks and links for a folder, in its worker processes under their limits."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from partwatch import __version__
from partwatch.case.imports.folder import FolderWork, Progress, below, silent
from partwatch.case.imports.origins import OriginTable
from partwatch.case.imports.plans_said import plan_texts
from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Limits, WorkerPool, default_jobs
from partwatch.model.document import Item
from partwatch.model.errors import StoreError, UsageError
from partwatch.model.links import LinksDocument
from partwatch.model.marks import MarkedItem
from partwatch.provenance.linking.factory import shipped_factory
from partwatch.provenance.linking.model import LINK_BITS, shipped_model
from partwatch.provenance.linking.of_items import links_of
from partwatch.provenance.marks.of_files import Means, marked_items
from partwatch.provenance.marks.rarity import Table, shipped_table
from partwatch.screening.driver import Driver
from partwatch.screening.expansion import Node
from partwatch.screening.job import SETUP
from partwatch.screening.terms import Terms, terms_of
from partwatch.screening.walk import walk
from partwatch.watchlist.store import Watchlist


@dataclass(frozen=True)
class FolderOptions:
    """How a folder is screened. as_of: the day that counts for expiry. worker, limits: of `screen`. pieces:
    whether pieces of parts are looked for too. links: whether items are linked to each other. origins:
    where items came from, and the digest of that table for the ledger."""

    home: Path
    as_of: date
    jobs: int = field(default_factory=default_jobs)
    worker: Limits = field(default_factory=Limits)
    limits: ReadLimits = field(default_factory=ReadLimits)
    pieces: bool = True
    links: bool = True
    origins: OriginTable = field(default_factory=OriginTable)
    origins_sha256: str | None = None
    progress: Progress = silent


def work_of(options: FolderOptions) -> FolderWork:
    """Against the operator's watch-list as it is now. Raises StoreError, UsageError."""
    watchlist = Watchlist.open(options.home)
    terms = terms_of(options.home, None, None)
    version = watchlist.version()
    table = shipped_table()
    return FolderWork(
        screened=lambda folder: _screened(options, terms, version, folder),
        marked=lambda folder: _marked(options, table, folder),
        linked=(lambda items: _linked(table, items)) if options.links else None,
        watchlist=version,
        plans=plan_texts(watchlist.designs(), version),
        noted=_noted(options, terms, watchlist, version, table),
        origins=options.origins,
        progress=options.progress,
    )


def _screened(options: FolderOptions, terms: Terms, version: str, folder: Path) -> Iterator[Item]:
    with ExitStack() as stack:
        snapshot = stack.enter_context(Watchlist.open(options.home).snapshot())
        if snapshot.list_version.version != version:
            raise _changed()
        arguments = {
            "home": str(options.home.absolute()),
            "snapshot_key": snapshot.key,
            "as_of": options.as_of.isoformat(),
            "limits": asdict(options.limits),
            "terms": terms.told(),
            "pieces": options.pieces,
        }
        pool = stack.enter_context(
            WorkerPool[Node](
                jobs=options.jobs, limits=options.worker, setup=SETUP, setup_args=arguments
            )
        )  # fmt: skip
        for item in Driver(pool, limits=options.limits).screen(walk([str(folder.absolute())], _no_stdin)):
            yield item.model_copy(update={"path": below(folder.absolute(), item.path)})


def _marked(options: FolderOptions, table: Table, folder: Path) -> Iterator[MarkedItem]:
    means = Means(options.jobs, options.worker, options.limits, triangulation=options.links)
    with tempfile.TemporaryDirectory(prefix="partwatch-marks-") as kept:
        sources = walk([str(folder.absolute())], _no_stdin)
        for item in marked_items(sources, Path(kept), means, table, lambda: None):
            yield item.model_copy(update={"path": below(folder.absolute(), item.path)})


def _linked(table: Table, items: Sequence[MarkedItem]) -> LinksDocument:
    return links_of(items, shipped_model(), shipped_factory(), table.about, LINK_BITS)


def _noted(
    options: FolderOptions, terms: Terms, watchlist: Watchlist, version: str, table: Table
) -> dict[str, Any]:
    return {
        "program": __version__,
        "watchlist": version,
        "listed": _listed(watchlist, options.as_of),
        "calibration": terms.calibration.version,
        "background": terms.population.version,
        "policy": asdict(terms.policy),
        "as_of": options.as_of.isoformat(),
        "pieces": options.pieces,
        "limits": asdict(options.limits),
        "worker": {"timeout_s": options.worker.timeout_s, "memory_mb": options.worker.memory_mb},
        "marks": f"{table.about.name} {table.about.version}",
        "links": {"model": shipped_model().version, "threshold": LINK_BITS} if options.links else None,
        "origins": options.origins_sha256,
    }


def _listed(watchlist: Watchlist, as_of: date) -> str:
    """A digest of the designs that match on that day: what else the day stands for."""
    names = [one.name for one in watchlist.designs() if not one.expired(as_of)]
    return hashlib.sha256(json.dumps(sorted(names)).encode()).hexdigest()


def _changed() -> StoreError:
    return StoreError("the watch-list changed while the folder was about to be screened: import it again")


def _no_stdin() -> str:
    raise UsageError("stdin is no folder: give the folder")
