"""Whether a list is whole: every row, every digest, and the index that is searched in its stead."""

from __future__ import annotations

import filecmp
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from partwatch.model.errors import StoreError
from partwatch.watchlist import reading
from partwatch.watchlist.checks import check_entry
from partwatch.watchlist.codec import digest
from partwatch.watchlist.features import count_without
from partwatch.watchlist.folders import Hold
from partwatch.watchlist.index import IndexState, index_folder, write_index
from partwatch.watchlist.rows import digest_of
from partwatch.watchlist.schema import DESIGNS, META
from partwatch.watchlist.types import Counts, PrintLayout

_MOST_TOLD: Final = 100


@dataclass(frozen=True)
class Verification:
    """What was looked at, and every problem found. index: whether there is one of this state to compare.

    without_features: parts with geometry whose local features are still to be made; no damage.
    """

    version: str
    counts: Counts
    index: bool
    problems: tuple[str, ...]
    without_features: int


def verify_list(
    connection: Connection, folder: Path, layout: PrintLayout, progress: Callable[[], None]
) -> Verification:
    """Verify the list as the connection's transaction sees it, whatever is written meanwhile.

    folder: where its indices lie. progress: called once a design. Raises StoreError only where not even
    the tables can be read.
    """
    problems = list(_database_problems(connection))
    meta = {row.key: row.value for row in connection.execute(select(META))}
    state = IndexState(meta["version"], int(meta["generation"]), layout)
    with _held_index(index_folder(folder, state.key)) as place:
        # What SQLite itself finds broken need not be taken apart further.
        if not problems:
            problems += _design_problems(connection, meta["version"], layout, progress)
        if not problems and place is not None:
            problems += _index_problems(connection, state, place)
    counts = reading.counts(connection)
    lacking = count_without(connection)
    return Verification(meta["version"], counts, place is not None, tuple(problems), lacking)


@contextmanager
def _held_index(place: Path) -> Iterator[Path | None]:
    """The index's folder, kept from being swept meanwhile; None where there is none."""
    try:
        hold = Hold(place)
    except OSError:
        yield None
        return
    try:
        # Swept between its opening and the hold on it, it is no longer there.
        yield place if (place / "state.json").is_file() else None
    finally:
        hold.close()


def _database_problems(connection: Connection) -> Iterator[str]:
    for row in connection.exec_driver_sql(f"PRAGMA integrity_check({_MOST_TOLD})"):
        if row[0] != "ok":
            yield f"the database: {row[0]}"
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"the database: row {row[1]} of {row[0]} belongs to nothing"


def _design_problems(
    connection: Connection, version: str, layout: PrintLayout, progress: Callable[[], None]
) -> Iterator[str]:
    digests = []
    for row in connection.execute(select(DESIGNS.c.name, DESIGNS.c.digest).order_by(DESIGNS.c.name)).all():
        digests.append(row.digest)
        try:
            (entry,) = reading.entries(connection, [row.name], layout)
            check_entry(entry, layout)
            (summary,) = reading.summaries(connection, row.name)
            # The one column that no entry is made of, for the mesh itself says it there.
            stated = [part.has_geometry for part in summary.parts]
            if digest_of(entry) != row.digest or stated != [part.has_geometry for part in entry.parts]:
                yield f'design "{row.name}": its content is not what its digest says'
        except (StoreError, ValueError, TypeError) as error:
            yield f'design "{row.name}": {error}'
        progress()
    if digest(layout.version.encode(), *sorted(digests)).hex() != version:
        yield "the version is not that of the designs"


def _index_problems(connection: Connection, state: IndexState, place: Path) -> Iterator[str]:
    """An index is a function of the list: made again, it has the same bytes."""
    with tempfile.TemporaryDirectory(prefix="partwatch-index-") as temporary:
        fresh = Path(temporary)
        write_index(connection, state, fresh)
        for name in sorted({file.name for folder in (fresh, place) for file in folder.iterdir()}):
            ours, theirs = fresh / name, place / name
            if not (ours.is_file() and theirs.is_file() and filecmp.cmp(ours, theirs, shallow=False)):
                yield f"the index: {theirs} is not what the list says; remove its folder, it is made again"
