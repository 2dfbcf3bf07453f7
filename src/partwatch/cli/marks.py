"""`partwatch marks`: what files tell about their origin."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli import limits, stdout

if TYPE_CHECKING:
    from partwatch.model.marks import MarkedItem, MarksDocument
    from partwatch.provenance.marks.of_files import Means
    from partwatch.provenance.marks.rarity import Table as MarksTable

EXIT_INCOMPLETE = 3

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def marks(
    paths: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files, folders, or - for stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every mark, each setting among them.")] = False,
    population: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What rarity is counted in; else what ships with the program."),
    ] = None,
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Worker processes.")] = None,
    timeout: Annotated[float, typer.Option(metavar="S", min=0.001, help="Seconds for one file.")] = 60,
    max_memory: Annotated[int, typer.Option(metavar="MB", min=1, help="Megabytes for one worker.")] = 4096,
    max_file_size: limits.MaxFileSize = limits.FILE_MB,
    max_members: limits.MaxMembers = limits.MEMBERS,
    max_depth: limits.MaxDepth = limits.DEPTH,
    max_expansion: limits.MaxExpansion = limits.EXPANSION,
) -> None:
    """Show what files tell about their origin: software, settings, names, dates, habits. Needs no watch-list.

    Exits 0 if all was read, 3 if anything went unread; 2 on trouble.
    """
    from partwatch.formats.worker import Limits, default_jobs
    from partwatch.provenance.marks.of_files import Means, document_of
    from partwatch.provenance.marks.rarity import read_table, shipped_table
    from partwatch.screening.walk import check_paths

    check_paths(paths)
    table = shipped_table() if population is None else read_table(population)
    means = Means(
        jobs or default_jobs(),
        Limits(timeout_s=timeout, memory_mb=max_memory),
        limits.read_limits(
            max_file_size, limits.TRIANGLES, limits.BODIES, max_members, max_depth, max_expansion
        ),
    )
    document = document_of(marked(paths, means, table), table)
    _write(document, as_json, every)
    if document.summary.incomplete:
        raise typer.Exit(EXIT_INCOMPLETE)


def _write(document: MarksDocument, as_json: bool, every: bool) -> None:
    from rich.console import Console

    from partwatch.report.marks_text import render

    stdout.prepare(as_json)
    if as_json:
        sys.stdout.write(document.model_dump_json(indent=1) + "\n")
    else:
        # A pipe has no width: lines as long as they are can be searched.
        render(document, Console() if sys.stdout.isatty() else Console(width=240), every)


def marked(paths: list[str], means: Means, table: MarksTable) -> Iterator[MarkedItem]:
    """The items of files, folders and stdin with their marks, while a bar counts the files."""
    from partwatch.provenance.marks.of_files import marked_items
    from partwatch.screening.walk import stdin_spool, walk

    with (
        stdin_spool(means.limits.max_file_bytes) as spool,
        tempfile.TemporaryDirectory(prefix="partwatch-marks-") as kept,
        progress_bar("files read") as step,
    ):
        yield from marked_items(walk(paths, spool), Path(kept), means, table, step)


@contextmanager
def progress_bar(said: str) -> Iterator[Callable[[], None]]:
    """Counts on stderr, on a terminal only."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), TextColumn("{task.completed:.0f}"), TimeElapsedColumn()
    with Progress(
        *columns, console=console, transient=True, redirect_stdout=False, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(said, total=None)
        yield lambda: bar.advance(task)
