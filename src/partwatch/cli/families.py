"""`partwatch families`: what in a folder is a copy, a revision or a remix of what."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli import limits, stdout
from partwatch.cli.pages import check_page
from partwatch.model.errors import UsageError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from partwatch.curation.families_of_folder import Means, Progress
    from partwatch.model.families import FamiliesSummary

EXIT_INCOMPLETE = 3
_STAGES = {"read": "files read", "compared": "pairs compared", "drawn": "pictures drawn"}

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def families(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of files, archives included.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with pictures.")] = None,
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Worker processes.")] = None,
    max_pictures: Annotated[int, typer.Option(metavar="N", min=0, help="Pictures on the page.")] = 600,
    timeout: Annotated[float, typer.Option(metavar="S", min=0.001, help="Seconds for one file.")] = 60,
    max_memory: Annotated[int, typer.Option(metavar="MB", min=1, help="Megabytes for one worker.")] = 4096,
    max_file_size: limits.MaxFileSize = limits.FILE_MB,
    max_triangles: limits.MaxTriangles = limits.TRIANGLES,
    max_bodies: limits.MaxBodies = limits.BODIES,
    max_members: limits.MaxMembers = limits.MEMBERS,
    max_depth: limits.MaxDepth = limits.DEPTH,
    max_expansion: limits.MaxExpansion = limits.EXPANSION,
) -> None:
    """Group files into copies, re-exports, mirror images, revisions and remixes. Needs no watch-list.

    Exits 0, or 3 if anything went unread or uncompared; 2 on trouble.
    """
    from partwatch.curation.families_of_folder import Means
    from partwatch.formats.worker import Limits, default_jobs

    if not Path(folder).is_dir():
        raise UsageError(f"{folder}: give a folder of files")
    check_page(html)
    means = Means(
        jobs or default_jobs(),
        Limits(timeout_s=timeout, memory_mb=max_memory),
        limits.read_limits(max_file_size, max_triangles, max_bodies, max_members, max_depth, max_expansion),
    )
    summary = run(folder, means, as_json, html, max_pictures)
    if summary.unread or summary.incomplete or summary.uncompared:
        raise typer.Exit(EXIT_INCOMPLETE)


def run(folder: str, means: Means, as_json: bool, html: Path | None, max_pictures: int) -> FamiliesSummary:
    """Find the families and write them; returns the summary."""
    from partwatch.curation.families_of_folder import find_families, sources_below
    from partwatch.report import families_page
    from partwatch.report.families_pictures import pictures
    from partwatch.report.families_text import lines

    with tempfile.TemporaryDirectory(prefix="partwatch-families-") as kept, progress_bar() as step:
        catalogue, found = find_families(sources_below(folder), Path(kept), means, step)
        drawn = {}
        if html is not None:
            drawn = pictures(
                catalogue, found, max_pictures, means.jobs, means.worker, lambda count: step("drawn", count)
            )
    document = found.document
    if html is not None:
        families_page.write(document, drawn, html)
    stdout.prepare(as_json)
    if as_json:
        sys.stdout.write(document.model_dump_json(indent=1) + "\n")
    else:
        for line in lines(document):
            typer.echo(line)
    return document.summary


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Counts steps by stage on stderr, on a terminal only."""
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), TextColumn("{task.completed:.0f}"), TimeElapsedColumn()
    with Bar(
        *columns, console=console, transient=True, redirect_stdout=False, disable=not console.is_terminal
    ) as bar:
        stages: dict[str, TaskID] = {}

        def step(stage: str, count: int) -> None:
            if stage not in stages:
                stages[stage] = bar.add_task(_STAGES[stage], total=None)
            bar.advance(stages[stage], count)

        yield step
