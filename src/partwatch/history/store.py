"""The history: a LanceDB of two tables, in a folder or below an object store's URL.

::

    about.lance     one row: which layout, which fingerprint, and the projection that its few numbers are by
    bodies.lance    a row for each body that was screened, by an id that is the same however often it comes

Any number of processes may read and write at once. A commit is whole or not there. What is deleted is not
found from that moment; its bytes go when the versions before that moment are cleaned up by `tidy`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from partwatch.fingerprint import DESCRIPTOR_SIZE, FINGERPRINT_VERSION
from partwatch.history import rows
from partwatch.history.entry import Entry
from partwatch.history.extras import HISTORY
from partwatch.history.projection import Projection
from partwatch.model.errors import PartwatchError, StoreError

LAYOUT: Final = 1
ABOUT: Final = "about"
BODIES: Final = "bodies"
# Readers look at a version for seconds, at most for an hour; what is older may go.
KEPT_VERSIONS: Final = timedelta(hours=1)
_TRIES: Final = 5
_T = TypeVar("_T")


@dataclass(frozen=True)
class Counts:
    """How much there is. oldest, newest: when screened; None where there is nothing."""

    bodies: int
    submissions: int
    oldest: str | None
    newest: str | None


class NoHistoryError(StoreError):
    """There is none yet."""


class HistoryStore:
    """One history. Every method may raise StoreError."""

    def __init__(self, url: str, connection: Any, projection: Projection) -> None:
        """Use `open`."""
        self.url = url
        self.projection = projection
        self._connection = connection

    @classmethod
    def open(cls, url: str | Path, fitted: Callable[[], Projection] | None = None) -> HistoryStore:
        """The history at a folder or URL. fitted: makes the projection of a new one; without it
        NoHistoryError where there is none. Raises UsageError where the library is not installed."""
        lancedb = HISTORY.module("lancedb", "the history")
        named = str(url)
        if "://" not in named and fitted is None and not (Path(named) / f"{ABOUT}.lance").is_dir():
            raise NoHistoryError(f"{named}: there is no history here; nothing has been screened yet")
        with explained(named):
            if "://" not in named:
                Path(named).mkdir(mode=0o700, parents=True, exist_ok=True)
            # Each call sees what was committed before it, by whatever process.
            connection = lancedb.connect(named, read_consistency_interval=timedelta(0))
            about = _about(connection, named, fitted)
            connection.create_table(BODIES, schema=rows.schema(), exist_ok=True)
            return cls(named, connection, about)

    @property
    def table(self) -> Any:
        """The table of bodies as it is now."""
        with explained(self.url):
            return self._connection.open_table(BODIES)

    def add(self, entries: Sequence[Entry]) -> None:
        """Write these; those that are there already are written over, and none is there twice."""
        by_id = {entry.id: entry for entry in entries}
        if not by_id:
            return
        self._merge(rows.table_of(list(by_id.values()), self.projection))

    def forget_submissions(self, submissions: Sequence[str]) -> None:
        """Delete all bodies of these submissions, by their ids."""
        for place in range(0, len(submissions), 500):
            some = ", ".join(map(rows.quoted, submissions[place : place + 500]))
            self._delete(f"submission IN ({some})")

    def forget_customer(self, customer: str) -> None:
        """Delete all bodies of a customer, by its key."""
        self._delete(f"customer = {rows.quoted(customer)}")

    def forget_before(self, moment: str) -> None:
        """Delete all that was screened before that moment, in UTC as entries have it."""
        self._delete(f"screened_at < {rows.quoted(moment)}")

    def counts(self) -> Counts:
        """How much there is; reads two columns."""
        with explained(self.url):
            seen: set[str] = set()
            bodies, oldest, newest = 0, None, None
            for batch in self.table.search(None).select(["submission", "screened_at"]).to_batches():
                bodies += batch.num_rows
                seen.update(batch.column("submission").to_pylist())
                times = [time for time in (oldest, newest, *batch.column("screened_at").to_pylist()) if time]
                oldest, newest = min(times, default=None), max(times, default=None)
            return Counts(bodies, len(seen), oldest, newest)

    def submissions(self) -> set[str]:
        """The ids of all submissions that something is known of."""
        with explained(self.url):
            batches = self.table.search(None).select(["submission"]).to_batches()
            return {one for batch in batches for one in batch.column("submission").to_pylist()}

    def tidy(self, kept: timedelta = KEPT_VERSIONS) -> None:
        """Make many small pieces one, without what was deleted of them, and remove versions that are older
        than so long: bounded by the size of the pieces that are not whole yet (a million bodies, about a
        gigabyte)."""
        self._unsettle()
        # Whoever writes goes first; the next time it is done then.
        with contextlib.suppress(_ConflictError):
            self._committed(lambda: self.table.optimize(cleanup_older_than=kept))

    def _unsettle(self) -> None:
        """A single piece of which little was deleted would be left as it is, with what was deleted in it: one
        of its rows is written anew, so that there are two, which are made one."""
        with explained(self.url):
            table = self.table
            told = table.stats()
            pieces = told["fragment_stats"]
            if pieces["num_fragments"] != 1 or told["num_rows"] in (0, pieces["lengths"]["max"]):
                return
            row = table.search(None).limit(1).to_arrow()
        self._merge(row)

    def _merge(self, batch: Any) -> None:
        self._committed(
            lambda: (
                self.table.merge_insert("id")
                .when_matched_update_all()
                .when_not_matched_insert_all()
                .execute(batch)
            )
        )

    def _delete(self, where: str) -> None:
        self._committed(lambda: self.table.delete(where))

    def _committed(self, write: Callable[[], _T]) -> _T:
        """Again where another process committed at the same moment."""
        for left in reversed(range(_TRIES)):
            try:
                with explained(self.url):
                    return write()
            except _ConflictError:
                if not left:
                    raise
        raise AssertionError("unreachable")


class _ConflictError(StoreError):
    """Another process wrote at the same moment."""


@contextmanager
def explained(url: str) -> Iterator[None]:
    """The library's errors as ours: it has no tree of them."""
    try:
        yield
    except PartwatchError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())[:300]
        if "conflict" in said.lower() or "concurrent" in said.lower():
            raise _ConflictError(f"{url}: others write to this history all the time: try again") from error
        raise StoreError(
            f"{url}: the history cannot be used ({said}); check the place, the disk and permissions"
        ) from error


def _about(connection: Any, url: str, fitted: Callable[[], Projection] | None) -> Projection:
    """The projection of the history, made where there is none yet."""
    if ABOUT not in rows.table_names(connection):
        if fitted is None:
            raise NoHistoryError(f"{url}: there is no history here; nothing has been screened yet")
        try:
            connection.create_table(ABOUT, rows.about_of(LAYOUT, FINGERPRINT_VERSION, fitted()))
        except (OSError, RuntimeError, ValueError):
            # Made by another process since.
            if ABOUT not in rows.table_names(connection):
                raise
    (told,) = connection.open_table(ABOUT).search(None).to_list()
    if (told["layout"], told["fingerprint"]) != (LAYOUT, FINGERPRINT_VERSION):
        raise StoreError(
            f"{url}: was written by another version of this program (layout {told['layout']}, fingerprint "
            f"{told['fingerprint']}; this one reads {LAYOUT} and {FINGERPRINT_VERSION}): use that, or begin "
            "a new history elsewhere"
        )
    directions = np.frombuffer(told["directions"], dtype="<f4")
    return Projection(directions.reshape(DESCRIPTOR_SIZE, -1))
