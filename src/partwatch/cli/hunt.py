"""`partwatch hunt`: something new against everything that this home's service ever screened."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli import stdout
from partwatch.cli.home import home_of
from partwatch.cli.screen import EXIT_FINDING, EXIT_INCOMPLETE, FailOn
from partwatch.model.errors import UsageError

if TYPE_CHECKING:
    from partwatch.model.hunt import HuntDocument
    from partwatch.service.hunting import Query

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_DAY = ["%Y-%m-%d"]


@app.command()
def hunt(
    context: typer.Context,
    sought: Annotated[
        str, typer.Argument(metavar="DESIGN|FILE", help="A listed design, or a file, or - for stdin.")
    ],
    part: Annotated[str | None, typer.Option(help="Only that part of the design.")] = None,
    since: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=_DAY, help="Screened on that day or later.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=_DAY, help="Screened on that day or before.")
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=10_000, help="Candidates to take, the nearest.")
    ] = 1_000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    fail_on: Annotated[FailOn, typer.Option(help="The least finding that exits 1.")] = FailOn.REVIEW,
    jobs: Annotated[int | None, typer.Option(min=1, help="Files screened again at once.")] = None,
) -> None:
    """Hunt for a listed design, or for a file, in everything that this home's service has screened.

    What is near by fingerprint is screened again where its file is still held. Exits 1 if what that finds
    reaches --fail-on, else 3 if a candidate could not be verified, else 0; 2 on trouble.
    """
    from partwatch.screening.walk import STDIN, shown, stdin_spool
    from partwatch.service.hunting import Query

    first, last = _day(since), _day(until)
    home = home_of(context)
    with stdin_spool() as spool:
        # A design that is called like a file here is the design: a file can be called by its path.
        if sought != STDIN and _is_listed(home, sought):
            query = Query(designs=(sought,), part=part, since=first, until=last, most=limit)
            document = _hunted(home, query, None, jobs)
        else:
            file = Path(spool()) if sought == STDIN else Path(sought)
            if not file.is_file():
                raise UsageError(f"{shown(sought)}: no such design on the watch-list, and no such file")
            if part is not None:
                raise UsageError("--part is for a listed design; hunt for the file of the part alone")
            name = STDIN if sought == STDIN else shown(file.name)
            query = Query(name=name, since=first, until=last, most=limit)
            document = _hunted(home, query, file, jobs)
    _write(document, as_json)
    raise typer.Exit(exit_code(document, fail_on))


def exit_code(document: HuntDocument, fail_on: FailOn) -> int:
    """1 if something verified reaches `fail_on`, else 3 if a candidate is left, else 0."""
    from partwatch.model.hunt import HuntStatus

    statuses = {hit.status for hit in document.hits}
    if HuntStatus.MATCH in statuses or (fail_on is FailOn.REVIEW and HuntStatus.REVIEW in statuses):
        return EXIT_FINDING
    return EXIT_INCOMPLETE if HuntStatus.CANDIDATE in statuses else 0


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _is_listed(home: Path, name: str) -> bool:
    from partwatch.model.errors import StoreError
    from partwatch.watchlist.store import Watchlist

    if not (home / "watchlist" / "watchlist.sqlite").is_file():
        return False
    try:
        Watchlist.open(home).design(name)
    except StoreError as error:
        if str(error).startswith("not listed"):
            return False
        raise
    return True


def _hunted(home: Path, query: Query, file: Path | None, jobs: int | None) -> HuntDocument:
    from partwatch.history.extras import HISTORY
    from partwatch.service.context import Service
    from partwatch.service.hunting import Step
    from partwatch.service.hunting import hunt as hunt_all
    from partwatch.service.principals import THIS_MACHINE
    from partwatch.service.settings import FOLDER, read_settings

    HISTORY.module("lancedb", "the history")
    settings = read_settings(home)
    if not settings.serving.database and not (home / FOLDER / "service.sqlite").is_file():
        raise UsageError(f"{home}: no service has run here, so that nothing was ever screened to hunt in")
    service = Service.open(home, settings)
    with _progress() as tell:
        return hunt_all(service, query, THIS_MACHINE, file, Step(jobs=jobs, tell=tell))


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Files that were screened again, on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, files: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("searching", total=None)

        def tell(done: int, files: int) -> None:
            bar.update(task, description="screening again", completed=done, total=files)

        yield tell


def _write(document: HuntDocument, as_json: bool) -> None:
    stdout.prepare(as_json)
    if as_json:
        typer.echo(document.model_dump_json(indent=1))
        return
    from rich.console import Console

    from partwatch.report.hunt_text import render

    render(document, Console())
