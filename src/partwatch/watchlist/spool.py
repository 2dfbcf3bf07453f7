"""Where designs wait until all of them are there: reading them takes long, adding them must not.

A spool is a small database of the same tables in a folder of its own, copied into the list by one
short transaction; other writers wait for that one only. A killed process leaves a folder that the
next spool sweeps.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final

from sqlalchemy import Connection, MetaData, Table, insert, select, text

from partwatch.model.errors import StoreError
from partwatch.watchlist.database import explained, spool_engine
from partwatch.watchlist.folders import Hold, only_one, sweep
from partwatch.watchlist.rows import RowBatch
from partwatch.watchlist.schema import (
    CLOUDS,
    DESIGNS,
    GATE_REPORTS,
    GEOMETRY,
    LOCAL_FEATURES,
    METADATA,
    PARTS,
    PRINTS,
)
from partwatch.watchlist.types import DesignEntry

ATTACHED_AS: Final = "spool"

_SPOOLED: Final = {
    table: table.to_metadata(MetaData(), schema=ATTACHED_AS)
    for table in (DESIGNS, PARTS, GEOMETRY, PRINTS, CLOUDS, GATE_REPORTS, LOCAL_FEATURES)
}
# Which ids each column of ids counts in.
_COUNTED_IN: Final = {"design_id": DESIGNS, "part_id": PARTS, "print_id": PRINTS}


class Spool:
    """A context: folder made on entry, gone on exit. `add` designs, `close`,
    then attach `path` to the list's connection for `copy_spool`."""

    def __init__(self, folder: Path, lock: Path) -> None:
        self._parent = folder
        self._lock = lock
        self._names: set[str] = set()

    def __enter__(self) -> Spool:
        with only_one(self._lock):
            sweep(self._parent, "spool-*")
            self._folder = Path(tempfile.mkdtemp(prefix="spool-", dir=self._parent))
            self._hold = Hold(self._folder)
        self.path = self._folder / "spool.sqlite"
        self._connection = spool_engine(self.path).connect()
        METADATA.create_all(self._connection)
        self._batch = RowBatch(self._connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._hold.close()

    def add(self, entry: DesignEntry) -> None:
        """Take one design. Raises StoreError where its name was added before."""
        if entry.name in self._names:
            raise StoreError(f'"{entry.name}" is added twice; rename one of the two designs')
        self._names.add(entry.name)
        with explained(self.path):
            self._batch.add(entry)

    def close(self) -> None:
        """Write all that was added; nothing can be added after."""
        with explained(self.path):
            self._batch.flush()
            self._connection.commit()
            self._connection.close()


def clashing_names(connection: Connection) -> list[str]:
    """Names that are both in the list and in the attached spool, sorted."""
    spooled = _SPOOLED[DESIGNS]
    joined = select(DESIGNS.c.name).join(spooled, spooled.c.name == DESIGNS.c.name).order_by(DESIGNS.c.name)
    return list(connection.scalars(joined))


def copy_spool(connection: Connection) -> None:
    """Copy the attached spool into the list, its ids raised above all that the list ever gave."""
    offsets = {table: _last_id(connection, table) for table in (DESIGNS, PARTS, PRINTS)}
    for table, spooled in _SPOOLED.items():
        columns = []
        for column in spooled.c:
            counted_in = table if column.name == "id" else _COUNTED_IN.get(column.name)
            columns.append(column if counted_in is None else column + offsets[counted_in])
        copied = select(*columns).order_by(*spooled.primary_key.columns)
        connection.execute(insert(table).from_select([column.name for column in spooled.c], copied))


def _last_id(connection: Connection, table: Table) -> int:
    """The highest id ever given in the table, also to rows that are gone."""
    statement = text("SELECT seq FROM main.sqlite_sequence WHERE name = :name")
    return connection.scalar(statement, {"name": table.name}) or 0
