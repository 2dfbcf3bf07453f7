"""`partwatch case import`: lawfully exported material becomes statements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.case.statements import Reliability
from partwatch.cli.case import common

if TYPE_CHECKING:
    from collections.abc import Callable

    from partwatch.case.importing import Imported, Manner
    from partwatch.case.imports.base import Importer, RowError

ERRORS_SHOWN = 20


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
    by: common.By = None,
) -> None:
    """Take material in, a source at a time: all of it, or nothing and every reason why.

    Exits 0 if all was taken, 3 if rows were skipped or a dry run found any; 2 on trouble.
    """
    from partwatch.case import importing
    from partwatch.case.imports.base import Reading
    from partwatch.case.imports.child import read_in_child
    from partwatch.case.imports.mapping import read_mapping

    store = common.opened(context, case)
    store.check_open()
    told = None if mapping is None else read_mapping(mapping)
    origin = importing.Origin(said_by, reliability, legal_ref)
    failed = 0
    with _Errors(errors) as written, common.progress("reading") as advance:
        for path in paths:
            importer = _importer(kind, path)
            reading = Reading(path, importing.digest_of(path), region, told)
            manner = importing.Manner(dry_run, skip_bad_rows, written.of(path), advance)
            made = importing.take(store, importer, reading, read_in_child, origin, manner, common.actor(by))
            failed += made.skipped
            _tell(made, manner)
    if failed:
        raise typer.Exit(3)


def _importer(kind: str | None, path: Path) -> Importer:
    from partwatch.case.imports.registry import importer_named, importer_of

    return importer_of(path) if kind is None else importer_named(kind)


def _tell(made: Imported, manner: Manner) -> None:
    counts = ", ".join(f"{count:,} {schema}" for schema, count in made.counts.items()) or "nothing"
    if made.known:
        common.said(f"{made.name}: is in the case already; nothing was taken in")
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
        self._file = None if self._path is None else self._path.open("w", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def of(self, path: Path) -> Callable[[RowError], None]:
        """What hears the errors of one source."""

        def heard(error: RowError) -> None:
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
