"""The bodies of a history that are nearest to some descriptors: exact, in bounded memory.

One pass reads the few numbers of every body, a sixteenth of all. What they leave is read whole in the order
of how near it may be, until nothing that is left can be nearer than what was found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.history import rows
from partwatch.history.projection import ROUNDING, SIZE, FloatRows, distances
from partwatch.history.store import HistoryStore, explained

# Rows of one batch of the pass, and of one reading of what it leaves.
BATCH: Final = 16_384
CHUNK: Final = 4_096
# Of what the pass leaves so many are remembered, the nearest: 12 bytes each.
REMEMBERED: Final = 1_000_000


@dataclass(frozen=True)
class Sought:
    """What to look for, and among what. descriptors: (m, DESCRIPTOR_SIZE). reach: the largest distance.
    most: how many to give, the nearest. customer: its key, None for all; since, until: days when screened."""

    descriptors: FloatRows
    reach: float
    most: int
    customer: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Near:
    """A body within reach. query: which of the descriptors is nearest, and how far it is. The rest as in
    `entry.Entry`."""

    id: str
    query: int
    distance: float
    submission: str
    position: int
    file_sha256: str
    item_sha256: str | None
    member: str | None
    body: int
    customer: str
    screened_at: str
    radius_mm: float
    area_mm2: float
    extents_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Nearest:
    """found: nearest first. searched: bodies looked at. all_within: up to which distance all are in it; the
    reach, where nothing was left out."""

    found: tuple[Near, ...]
    searched: int
    all_within: float


@dataclass
class _Left:
    """What the pass leaves: rows by their number in the version, and how near each may be."""

    ids: list[npt.NDArray[np.uint64]] = field(default_factory=list)
    bounds: list[FloatRows] = field(default_factory=list)
    count: int = 0
    # How near those may be that are no longer remembered.
    gone_from: float = np.inf

    def keep(self, ids: npt.NDArray[np.uint64], bounds: FloatRows) -> None:
        """Some more; the farthest go where there are too many."""
        self.ids.append(ids)
        self.bounds.append(bounds)
        self.count += len(ids)
        if self.count > 2 * REMEMBERED:
            self.sort()
            self.gone_from = min(self.gone_from, float(self.bounds[0][REMEMBERED]))
            self.ids, self.bounds = [self.ids[0][:REMEMBERED]], [self.bounds[0][:REMEMBERED]]
            self.count = REMEMBERED

    def sort(self) -> None:
        """The nearest first."""
        ids = np.concatenate([np.empty(0, np.uint64), *self.ids])
        bounds = np.concatenate([np.empty(0, np.float32), *self.bounds])
        order = np.lexsort((ids, bounds))
        self.ids, self.bounds = [ids[order]], [bounds[order]]


def nearest(store: HistoryStore, sought: Sought) -> Nearest:
    """The bodies nearest to any of the descriptors. Raises StoreError."""
    if sought.most < 1 or len(sought.descriptors) == 0:
        return Nearest((), 0, 0.0)
    with explained(store.url):
        table = store.table
        # Of one version: row numbers mean nothing in another.
        table.checkout(table.version)
        left, searched = _pass(table, store, sought)
        left.sort()
        found, all_within = _ranked(table, left, sought)
    return Nearest(tuple(found), searched, max(0.0, min(all_within, left.gone_from - ROUNDING)))


def _pass(table: Any, store: HistoryStore, sought: Sought) -> tuple[_Left, int]:
    """All that may be within reach by the few numbers, and how many were looked at."""
    queries = store.projection.few(sought.descriptors)
    left, searched = _Left(), 0
    asked = table.search(None).select([rows.FEW]).with_row_id(True)
    where = rows.limited(sought.customer, sought.since, sought.until)
    for batch in (asked.where(where) if where else asked).to_batches(BATCH):
        searched += batch.num_rows
        few = rows.floats(batch.column(rows.FEW), SIZE)
        bounds = distances(few, queries).min(axis=1)
        near = np.flatnonzero(bounds <= sought.reach + ROUNDING)
        if len(near):
            ids = batch.column("_rowid").to_numpy(zero_copy_only=False).astype(np.uint64)
            left.keep(ids[near], bounds[near])
    return left, searched


def _ranked(table: Any, left: _Left, sought: Sought) -> tuple[list[Near], float]:
    """The nearest of these, and up to which distance none is left out."""
    ids, bounds = left.ids[0], left.bounds[0]
    best: dict[str, tuple[float, int, int]] = {}
    for place in range(0, len(ids), CHUNK):
        if len(best) > sought.most and _last(best, sought.most) < bounds[place] - ROUNDING:
            break
        for key, one in _measured(table, ids[place : place + CHUNK], sought):
            best[key] = one
        if len(best) > 2 * sought.most:
            best = dict(_first(best, 2 * sought.most))
    all_within = sought.reach if len(best) <= sought.most else _last(best, sought.most)
    return _read(table, best, sought.most), all_within


def _measured(
    table: Any, ids: npt.NDArray[np.uint64], sought: Sought
) -> list[tuple[str, tuple[float, int, int]]]:
    """Those within reach: by id, the distance, to which descriptor, and the row's number."""
    batch = (
        table.take_row_ids(ids.tolist()).select(["id", rows.DESCRIPTOR]).with_row_id().to_arrow()
    ).combine_chunks()
    descriptors = rows.floats(batch.column(rows.DESCRIPTOR).combine_chunks(), DESCRIPTOR_SIZE)
    far = distances(descriptors, sought.descriptors.astype(np.float32))
    queries = far.argmin(axis=1)
    keys, numbers = batch.column("id").to_pylist(), batch.column("_rowid").to_pylist()
    return [
        (keys[k], (float(far[k, queries[k]]), int(queries[k]), int(numbers[k])))
        for k in np.flatnonzero(far.min(axis=1) <= sought.reach)
    ]


def _first(best: dict[str, tuple[float, int, int]], most: int) -> list[tuple[str, tuple[float, int, int]]]:
    return sorted(best.items(), key=lambda one: (one[1][0], one[0]))[:most]


def _last(best: dict[str, tuple[float, int, int]], most: int) -> float:
    return _first(best, most)[-1][1][0]


def _read(table: Any, best: dict[str, tuple[float, int, int]], most: int) -> list[Near]:
    """The facts of the nearest."""
    chosen = _first(best, most)
    found: list[Near] = []
    for place in range(0, len(chosen), CHUNK):
        some = chosen[place : place + CHUNK]
        numbers = [number for _, (_, _, number) in some]
        facts = [name for name in rows.FACTS if name != "version"]
        told = table.take_row_ids(numbers).select(["id", *facts]).to_arrow().to_pylist()
        by_id = {row["id"]: row for row in told}
        for key, (distance, query, _) in some:
            row = dict(by_id[key])
            extent_x, extent_y, extent_z = row.pop("extents_mm")
            found.append(
                Near(query=query, distance=distance, extents_mm=(extent_x, extent_y, extent_z), **row)
            )
    return found
