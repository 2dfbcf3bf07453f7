"""The watch-list on disk: one SQLite file is the truth, the index beside it can be made again.

::

    HOME/watchlist/watchlist.sqlite     designs, parts, prints, geometry
    HOME/watchlist/index-…/             what matching searches, one folder a version of the list
    HOME/watchlist/spool-…/             designs on their way in
    HOME/watchlist/lock                 held while one of these folders is made or swept
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from partwatch.fingerprint import CLOUD_SIZE, DESCRIPTOR_SIZE, FINGERPRINT_VERSION
from partwatch.fingerprint.local import Features
from partwatch.model.errors import StoreError
from partwatch.watchlist import reading
from partwatch.watchlist.backup import copy_database, is_damaged, read_backup, set_aside, write_backup
from partwatch.watchlist.checks import check_entry
from partwatch.watchlist.codec import digest
from partwatch.watchlist.database import durable_engine, explained, spool_engine
from partwatch.watchlist.features import count_without
from partwatch.watchlist.folders import only_one, scratch
from partwatch.watchlist.gating import check_reports
from partwatch.watchlist.rows import digest_of, replace_features, replace_reports
from partwatch.watchlist.schema import APPLICATION_ID, DESIGNS, META, METADATA, SCHEMA_VERSION
from partwatch.watchlist.snapshot import Snapshot, open_snapshot
from partwatch.watchlist.spool import ATTACHED_AS, Spool, clashing_names, copy_spool
from partwatch.watchlist.types import Counts, DesignEntry, DesignSummary, PrintLayout
from partwatch.watchlist.upgrade import is_earlier, layout_of, pragma, upgrade
from partwatch.watchlist.verify import Verification, verify_list

_NAMES_SHOWN: Final = 10
_PROBLEMS_SHOWN: Final = 20


@dataclass(frozen=True)
class Restored:
    """What a restore put in place, what it replaced, and where a list beyond reading was set aside."""

    verification: Verification
    replaced: Counts
    damaged: Path | None


class Watchlist:
    """A list of designs. Any number of processes may read and write it at once.

    Every method may raise StoreError: damaged, busy for too long, or not writable.
    """

    def __init__(self, home: Path, layout: PrintLayout) -> None:
        """Use `open`."""
        self.home = home
        self.layout = layout
        self.folder = home / "watchlist"
        self.path = self.folder / "watchlist.sqlite"
        self._lock = self.folder / "lock"
        self._engine = durable_engine(self.path)

    @classmethod
    def open(cls, home: Path, create: bool = False, layout: PrintLayout | None = None) -> Watchlist:
        """The list at home; where there is none, a new one with `create`, else StoreError.

        layout: of the prints that this program makes and compares; the program's own by default.
        StoreError too where the list was made by another one.
        """
        watchlist = cls(home, layout if layout is not None else program_layout())
        if create:
            watchlist._create()
        elif not watchlist.path.is_file():
            raise StoreError(f"{home}: there is no watch-list here; make one with `partwatch watchlist add`")
        watchlist._check()
        return watchlist

    def add(self, entries: Iterable[DesignEntry], gate_version: str | None = None) -> None:
        """Add all of the designs or none. They are taken one at a time and not kept in memory.

        gate_version: what each part's gate report must have been made with (`types.gate_version`). Without it
        none is asked for: imports, restores and lists that are thrown away take parts as they come.

        Raises StoreError where a name is listed already, naming every such name, where an entry does not fit
        the list, and where a report is missing or stale; whatever `entries` itself raises comes through, with
        nothing added.
        """
        with Spool(self.folder, self._lock) as spool:
            for entry in entries:
                check_entry(entry, self.layout)
                if gate_version is not None:
                    check_reports(entry, gate_version)
                spool.add(entry)
            spool.close()
            with self._writing(attach=spool.path) as connection:
                if clashes := clashing_names(connection):
                    raise StoreError(f"already listed: {_shown(clashes)}; rename or remove them first")
                copy_spool(connection)

    def remove(self, names: Sequence[str]) -> None:
        """Remove all of the designs or none. Raises StoreError naming those that are not listed."""
        wanted = set(names)
        with self._writing() as connection:
            unknown = sorted(wanted.difference(reading.design_names(connection)))
            if unknown:
                raise StoreError(f"not listed: {_shown(unknown)}; `partwatch watchlist ls` shows what is")
            for name in sorted(wanted):
                connection.execute(delete(DESIGNS).where(DESIGNS.c.name == name))

    def replace_reports(self, entries: Iterable[DesignEntry]) -> int:
        """Put the entries' gate reports in place of those that the list has; how many parts got one.

        entries: as `entries` gave them, but for the reports; a design that is not listed as it was then is
        left alone. All are taken first and written at once; what is searched stays, and so does the version.
        """
        made = [(digest_of(entry), [part.gate for part in entry.parts]) for entry in entries]
        with self._writing(sealed=False) as connection:
            return replace_reports(connection, made)

    def replace_features(self, made: Mapping[int, Features]) -> int:
        """Put local features in place of those that parts have; how many got them.

        made: by the part's id (`Snapshot.parts.id_of`); parts that are gone are left out. The version stays;
        the index is made again, since it holds them.
        """
        with self._writing() as connection:
            return replace_features(connection, made)

    def without_features(self) -> int:
        """How many parts with geometry have no local features of this program's layout yet."""
        with self._reading() as connection:
            return count_without(connection)

    def design_names(self) -> list[str]:
        """The names of all designs, sorted."""
        with self._reading() as connection:
            return reading.design_names(connection)

    def designs(self) -> list[DesignSummary]:
        """All designs, by name."""
        with self._reading() as connection:
            return reading.summaries(connection)

    def design(self, name: str) -> DesignSummary:
        """The design of that name; StoreError where it is not listed."""
        with self._reading() as connection:
            found = reading.summaries(connection, name)
        if not found:
            raise StoreError(f"not listed: {_shown([name])}; `partwatch watchlist ls` shows what is")
        return found[0]

    def entries(self, names: Sequence[str] | None = None) -> Iterator[DesignEntry]:
        """Designs with prints and geometry, by name, all of one moment, one at a time.

        Raises StoreError naming those of `names` that are not listed, before the first design.
        """
        with self._reading() as connection:
            listed = reading.design_names(connection)
            if names is not None and (unknown := sorted(set(names).difference(listed))):
                raise StoreError(f"not listed: {_shown(unknown)}; `partwatch watchlist ls` shows what is")
            chosen = listed if names is None else sorted(set(names))
            yield from reading.entries(connection, chosen, self.layout)

    def version(self) -> str:
        """SHA-256 of the content, hex: the same for the same designs in whatever order they came."""
        with self._reading() as connection:
            return _meta(connection)["version"]

    def counts(self) -> Counts:
        """How much the list holds."""
        with self._reading() as connection:
            return reading.counts(connection)

    def snapshot(self, key: str | None = None) -> Snapshot:
        """What matching searches: the list as it is now, whatever is written to it later.

        key: of another process's snapshot (`Snapshot.key`), to search exactly what that one does; it
        must still be open there. StoreError where it is gone.
        """
        return open_snapshot(self._engine, self.folder, self._lock, self.layout, key)

    def verify(self, progress: Callable[[], None] = lambda: None) -> Verification:
        """Look at every row, digest and array of the list as it is now. progress: called once a design."""
        with self._reading() as connection:
            return verify_list(connection, self.folder, self.layout, progress)

    def backup(self, path: Path) -> Verification:
        """Write the whole list, as it is at one moment, to one file; what it holds.

        Raises StoreError where the list is damaged: a backup is verified before it takes its name.
        """
        with scratch(self.folder, self._lock, "spool-") as folder:
            copy = folder / "list.sqlite"
            copy_database(self.path, copy)
            verification = self._verified(copy, self.path)
            write_backup(copy, path)
        return verification

    @classmethod
    def restore(cls, home: Path, path: Path, layout: PrintLayout | None = None) -> Restored:
        """Put the designs of a backup in place of all that the list at home holds, at once.

        Raises StoreError where the backup is damaged or of another version, with nothing changed. A list
        that SQLite cannot read any more is set aside, not removed.
        """
        watchlist = cls(home, layout if layout is not None else program_layout())
        watchlist._make_folder()
        with scratch(watchlist.folder, watchlist._lock, "spool-") as folder:
            copy = folder / "list.sqlite"
            read_backup(path, copy)
            verification = watchlist._verified(copy, path)
            damaged = None
            if watchlist.path.is_file() and is_damaged(watchlist.path):
                damaged = set_aside(watchlist.path)
            watchlist = cls.open(home, create=True, layout=watchlist.layout)
            replaced = watchlist.counts()
            with watchlist._writing(attach=copy) as connection:
                connection.execute(delete(DESIGNS))
                copy_spool(connection)
        return Restored(verification, replaced, damaged)

    def _verified(self, copy: Path, source: Path) -> Verification:
        with explained(source), spool_engine(copy).connect() as connection:
            upgrade(connection)
            connection.commit()
            self._check_file(connection, source)
            verification = verify_list(connection, copy.parent, self.layout, lambda: None)
        if verification.problems:
            told = "\n".join(verification.problems[:_PROBLEMS_SHOWN])
            raise StoreError(f"{source}: is damaged; take it from another backup or an export\n{told}")
        return verification

    def _create(self) -> None:
        self._make_folder()
        with only_one(self._lock), explained(self.path), self._engine.connect() as connection:
            connection.execution_options(writes=True)
            with connection.begin():
                if pragma(connection, "user_version") == 0:
                    _make_tables(connection, self.layout)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(
                f"{self.folder}: cannot be made ({error.strerror}); take another home"
            ) from error

    def _check(self) -> None:
        with self._reading() as connection:
            if not is_earlier(connection):
                self._check_file(connection, self.path)
                return
        with self._writing(sealed=False) as connection:
            upgrade(connection)
            # A list that this program cannot use is left as it was.
            self._check_file(connection, self.path)

    def _check_file(self, connection: Connection, path: Path) -> None:
        found = layout_of(connection)
        if found[0] != APPLICATION_ID:
            raise StoreError(f"{path}: this is no watch-list; move it away, or choose another home")
        if found[1] != SCHEMA_VERSION:
            raise StoreError(
                f"{path}: was written by another version of this program (layout {found[1]}, this "
                f"one reads {SCHEMA_VERSION}); use that version, or add the designs to a new list"
            )
        self._check_layout(_meta(connection), path)

    def _check_layout(self, meta: dict[str, str], path: Path) -> None:
        theirs = PrintLayout(
            meta["fingerprint_version"], int(meta["descriptor_size"]), int(meta["cloud_size"])
        )
        if theirs != self.layout:
            raise StoreError(
                f"{path}: its prints are of fingerprint {_layout_text(theirs)}, this program compares "
                f"{_layout_text(self.layout)}; add the designs to a new list from their manifests"
            )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explained(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self, attach: Path | None = None, sealed: bool = True) -> Iterator[Connection]:
        """A transaction that no other writer is in; the version is brought up to date at its end.

        sealed: False only for what no index holds.
        """
        with explained(self.path), self._engine.connect() as connection:
            if attach is not None:
                driver: Any = connection.connection.driver_connection
                # Before any transaction: SQLite attaches within none.
                driver.execute(f"ATTACH DATABASE ? AS {ATTACHED_AS}", (str(attach),))
            connection.execution_options(writes=True)
            with connection.begin():
                yield connection
                if sealed:
                    _seal(connection)


def program_layout() -> PrintLayout:
    """The layout of the prints that this program makes."""
    return PrintLayout(FINGERPRINT_VERSION, DESCRIPTOR_SIZE, CLOUD_SIZE)


def _make_tables(connection: Connection, layout: PrintLayout) -> None:
    METADATA.create_all(connection)
    meta = {
        "fingerprint_version": layout.version,
        "descriptor_size": str(layout.descriptor_size),
        "cloud_size": str(layout.cloud_size),
        "version": "",
        "generation": "0",
    }
    connection.execute(insert(META), [{"key": key, "value": value} for key, value in meta.items()])
    _seal(connection)
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _seal(connection: Connection) -> None:
    """Write down the new version, and one more generation: equal content may come back under new ids."""
    meta = _meta(connection)
    digests = connection.scalars(select(DESIGNS.c.digest).order_by(DESIGNS.c.digest))
    version = digest(meta["fingerprint_version"].encode(), *digests).hex()
    for key, value in (("version", version), ("generation", str(int(meta["generation"]) + 1))):
        connection.execute(update(META).where(META.c.key == key).values(value=value))


def _meta(connection: Connection) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(select(META))}


def _layout_text(layout: PrintLayout) -> str:
    return f"{layout.version} ({layout.descriptor_size} numbers, {layout.cloud_size} points)"


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:_NAMES_SHOWN])
    return shown if len(names) <= _NAMES_SHOWN else f"{shown} and {len(names) - _NAMES_SHOWN} more"
