"""`partwatch link`: which items are of one source, with the reasons, and what would break each link."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli import limits, stdout
from partwatch.cli.marks import marked

if TYPE_CHECKING:
    from partwatch.model.links import LinksDocument

EXIT_INCOMPLETE = 3

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def link(
    paths: Annotated[list[str], typer.Argument(metavar="ITEM...", help="Files, folders, or - for stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    threshold: Annotated[
        float | None, typer.Option(metavar="BITS", min=0.1, help="From so many bits on two items are linked.")
    ] = None,
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
    """Group items by the machine and profile, or the export, that they are from. Needs no watch-list.

    Exits 0 if all was read, 3 if anything went unread; 2 on trouble.
    """
    from partwatch.formats.worker import Limits, default_jobs
    from partwatch.provenance.linking.factory import shipped_factory
    from partwatch.provenance.linking.model import LINK_BITS, shipped_model
    from partwatch.provenance.linking.of_items import links_of
    from partwatch.provenance.marks.of_files import Means
    from partwatch.provenance.marks.rarity import read_table, shipped_table
    from partwatch.screening.walk import check_paths

    check_paths(paths)
    table = shipped_table() if population is None else read_table(population)
    model, factory = shipped_model(), shipped_factory()
    means = Means(
        jobs or default_jobs(),
        Limits(timeout_s=timeout, memory_mb=max_memory),
        limits.read_limits(
            max_file_size, limits.TRIANGLES, limits.BODIES, max_members, max_depth, max_expansion
        ),
        triangulation=True,
    )
    items = tuple(marked(paths, means, table))
    document = links_of(items, model, factory, table.about, LINK_BITS if threshold is None else threshold)
    _write(document, as_json)
    if document.summary.incomplete:
        raise typer.Exit(EXIT_INCOMPLETE)


def _write(document: LinksDocument, as_json: bool) -> None:
    from rich.console import Console

    from partwatch.report.link_text import render

    stdout.prepare(as_json)
    if as_json:
        sys.stdout.write(document.model_dump_json(indent=1) + "\n")
    else:
        # A pipe has no width: lines as long as they are can be searched.
        render(document, Console() if sys.stdout.isatty() else Console(width=240))
