"""`partwatch case import`: lawfully exported material becomes statements."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from partwatch.case.statements import Reliability
from partwatch.cli.case import common
from partwatch.cli.home import home_of

if TYPE_CHECKING:
    from partwatch.case.importing import Imported, Manner
    from partwatch.case.imports.base import Importer, Reading, RowError, Told

ERRORS_SHOWN = 20
FOLDER = "folder"


def import_(
    context: typer.Context,
    case: common.Case,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Exported files or folders.")],
    said_by: Annotated[str, typer.Option(metavar="WHO", help="Whose words these are.")],
    kind: Annotated[
        str | None, typer.Option("--as", metavar="KIND", help="What it is; else told by its content.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="What the columns of a table mean.")
    ] = None,
    reliability: Annotated[
        Reliability, typer.Option(help="Grade of the source, by the Admiralty code.")
    ] = Reliability.CANNOT_BE_JUDGED,
    legal_ref: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The order or consent under which it was obtained.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="CC", help="Country (two letters) of phone numbers that state none."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and tell, keep nothing.")] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Take the rest where rows cannot be read.")
    ] = False,
    errors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Every row that failed, as NDJSON.")
    ] = None,
    origins: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="Of a folder: which exhibit, parcel or account each file is of."
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Of a folder: worker processes.")
    ] = None,
    no_links: Annotated[
        bool, typer.Option("--no-links", help="Of a folder: do not link its items to each other.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="The same bytes are there, and are a second source all the same.")
    ] = False,
    by: common.By = None,
) -> None:
    """Take material in, a source at a time: all of it, or nothing and every reason why.

    Exits 0 if all was taken, 3 if rows were skipped or a dry run found any; 2 on trouble.
    """
    from partwatch.case import importing
    from partwatch.case.imports.mapping import read_mapping

    store = common.opened(context, case)
    store.check_open()
    told = None if mapping is None else read_mapping(mapping)
    origin = importing.Origin(said_by, reliability, legal_ref)
    region = _region(region)
    _check_options(kind, paths, mapping, region, origins, jobs, no_links)
    folders = _Folders(home_of(context), origins, jobs, not no_links)
    failed = 0
    with _Errors(errors) as written, common.progress("reading") as advance:
        for path in paths:
            manner = importing.Manner(dry_run, skip_bad_rows, again, written.of(path), advance)
            way = folders.way(path) if _is_folder(kind, path) else _way(kind, path, region, told)
            made = importing.take(
                store, way.importer, way.reading, way.read, origin, manner, common.actor(by), way.also
            )
            failed += made.skipped
            _tell(made, manner)
    if failed:
        raise typer.Exit(3)


@dataclass(frozen=True)
class _Way:
    """How one path is read. also: what the ledger holds of it beside."""

    importer: Importer
    reading: Reading
    read: Callable[[Importer, Reading], Iterator[Told]]
    also: Mapping[str, Any]


def _is_folder(kind: str | None, path: Path) -> bool:
    return kind == FOLDER or (kind is None and path.is_dir())


def _way(kind: str | None, path: Path, region: str | None, mapping: Any) -> _Way:
    """In a process of its own."""
    from partwatch.case.importing import digest_of
    from partwatch.case.imports.base import Reading
    from partwatch.case.imports.child import read_in_child
    from partwatch.case.imports.noted import noted
    from partwatch.case.imports.registry import importer_named, importer_of

    importer = importer_of(path) if kind is None else importer_named(kind)
    return _Way(
        importer, Reading(path, digest_of(path), region, mapping), read_in_child, noted(importer, path)
    )


@dataclass(frozen=True)
class _Folders:
    """Folders are screened on the way in: the reading is done by workers already."""

    home: Path
    origins: Path | None
    jobs: int | None
    links: bool

    def way(self, path: Path) -> _Way:
        """Against the watch-list as it is now."""
        from partwatch.case.importing import digest_of
        from partwatch.case.imports import folder
        from partwatch.case.imports.base import Reading
        from partwatch.case.imports.folder_work import FolderOptions, work_of
        from partwatch.case.imports.origins import OriginTable, read_origins
        from partwatch.formats.worker import default_jobs

        table = OriginTable() if self.origins is None else read_origins(self.origins)
        options = FolderOptions(
            self.home, common.today(), self.jobs or default_jobs(), links=self.links, origins=table,
            origins_sha256=None if self.origins is None else digest_of(self.origins),
        )  # fmt: skip
        work = work_of(options)
        reading = Reading(path, folder.digest_of(path))
        return _Way(folder.importer(work), reading, lambda one, given: one.read(given), work.noted)


def _region(told: str | None) -> str | None:
    """A country that phone numbers are known of."""
    if told is None:
        return None
    from partwatch.case.extras import CASE
    from partwatch.model.errors import UsageError

    known = CASE.module("phonenumbers", "phone numbers").SUPPORTED_REGIONS
    if told.upper() not in known:
        raise UsageError(f"--region {told}: no country's two letters (FR, BE, DE ...)")
    return told.upper()


def _check_options(
    kind: str | None,
    paths: list[Path],
    mapping: Path | None,
    region: str | None,
    origins: Path | None,
    jobs: int | None,
    no_links: bool,
) -> None:
    """What is given and does not apply is a mistake."""
    from partwatch.model.errors import UsageError

    folders = [path for path in paths if _is_folder(kind, path)]
    if folders and (mapping is not None or region is not None):
        raise UsageError(f"{folders[0]}: is screened; --mapping and --region are for exported material")
    if len(folders) < len(paths) and (origins is not None or jobs is not None or no_links):
        raise UsageError("--origins, --jobs and --no-links are for folders that are screened")


def _tell(made: Imported, manner: Manner) -> None:
    counts = ", ".join(f"{count:,} {schema}" for schema, count in made.counts.items()) or "nothing"
    if made.known:
        common.said(f"{made.name}: is in the case already; nothing was taken in")
    elif made.source is None and not manner.dry_run:
        common.said(f"{made.name}: says nothing; nothing was taken in")
    elif made.source is None:
        common.said(f"{made.name}: {made.statements:,} statements would be taken in ({counts})")
    else:
        common.said(
            f"{made.name}: source {made.source.id}, {made.statements:,} statements ({counts}), "
            f"entry {made.source.entry} of the ledger"
        )
    if made.skipped:
        common.said(f"{made.name}: {made.skipped:,} rows could not be read")


class _Errors:
    """Rows that failed: the first of them on stderr, all of them in a file where one is named."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._shown = 0

    def __enter__(self) -> _Errors:
        self._file = (
            None if self._path is None else self._path.open("w", encoding="utf-8", errors="backslashreplace")
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def of(self, path: Path) -> Callable[[RowError], None]:
        """What hears the errors of one source."""

        def heard(error: RowError) -> None:
            from partwatch.case.imports.base import Note

            if isinstance(error, Note):
                common.said(f"{path}: {error}")
                return
            if self._file is not None:
                row = {
                    "source": str(path),
                    "place": error.place,
                    "problem": error.problem,
                    "mend": error.mend,
                }
                self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
            if self._shown < ERRORS_SHOWN:
                common.said(f"{path}: {error}")
            elif self._shown == ERRORS_SHOWN:
                common.said("more rows failed; --errors FILE names all of them")
            self._shown += 1

        return heard
