"""`partwatch background`: an operator's own benign stock, which a list is weighed against as well."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partwatch.cli.home import home_of

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Benign bodies that matches are weighed against.",
)


@app.command()
def add(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Benign files: your own stock.")],
    name: Annotated[str | None, typer.Option(help="What it is called; else the folder's name.")] = None,
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Worker processes.")] = None,
) -> None:
    """Add the bodies of a folder's files, as fingerprints only; the files are not kept."""
    from partwatch.cli.evaluate import progress_bar
    from partwatch.curation.background import add_stock
    from partwatch.formats.worker import default_jobs

    with progress_bar() as step:
        added = add_stock(
            home_of(context), folder, name or folder.resolve().name, jobs or default_jobs(), step
        )
    typer.echo(
        f"added {added.bodies:,} bodies of {added.families:,} families from {added.files:,} files "
        f"as {added.name}; {added.unread:,} files could not be read"
    )
    typer.echo("reports of listed parts are out of date now: partwatch watchlist lint --refresh")


@app.command()
def ls(context: typer.Context) -> None:
    """List what matches are weighed against."""
    from partwatch.evidence.population import own_stock, read_population, shipped_population

    own = [read_population(path) for path in own_stock(home_of(context))]
    for population in (shipped_population(), *own):
        typer.echo(
            f"{population.name}: {len(population):,} bodies, {population.family_count:,} families, "
            f"{population.project_count:,} projects, version {population.version}"
        )


@app.command()
def remove(context: typer.Context, name: Annotated[str, typer.Argument(help="As `ls` shows it.")]) -> None:
    """Take an own stock out again."""
    from partwatch.curation.background import remove_stock

    remove_stock(home_of(context), name)
    typer.echo(f"removed {name}")


@app.command()
def marks(
    corpus: Annotated[Path, typer.Option(metavar="DIR", help="Folder that holds MANIFEST.csv.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the table goes.")],
    name: Annotated[
        str, typer.Option(help="What the population is called in results.")
    ] = "open printable projects",
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Worker processes.")] = None,
) -> None:
    """Count the marks of a corpus, by project: what `partwatch marks` reads their rarity from.

    Only digests and counts are written; names of people and things only where several projects share them.
    """
    from partwatch.cli.marks import progress_bar
    from partwatch.formats.base import DEFAULT_LIMITS
    from partwatch.formats.worker import Limits, default_jobs
    from partwatch.model.errors import UsageError
    from partwatch.provenance.marks.census import census
    from partwatch.provenance.marks.of_files import Means
    from partwatch.provenance.marks.rarity import write_table

    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: give a file in a folder that is there")
    with progress_bar("files counted") as step:
        table = census(corpus, name, Means(jobs or default_jobs(), Limits(), DEFAULT_LIMITS), step)
    write_table(table, out)
    typer.echo(
        f"{len(table.values):,} values under {len(table.names):,} names, from {table.about.files:,} files of "
        f"{table.about.projects:,} projects; version {table.about.version}"
    )
