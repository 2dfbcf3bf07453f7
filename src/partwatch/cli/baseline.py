"""`partwatch baseline`: writes the file of known and accepted matches that `screen --baseline` reads."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Known and accepted matches.",
)


@app.callback()
def _root() -> None:
    """Known and accepted matches."""


@app.command()
def add(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="What --json or --ndjson wrote.")],
    reason: Annotated[str, typer.Option(help="Why these matches are accepted, in a sentence.")],
    expires: Annotated[
        datetime, typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="The last day on which it counts.")
    ],
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Add to this file; else stdout.")] = None,
    who: Annotated[str | None, typer.Option(help="Who accepts them.")] = None,
    design: Annotated[str | None, typer.Option(help="Only matches of this design.")] = None,
    path: Annotated[str | None, typer.Option(help="Only matches in the item of this path.")] = None,
) -> None:
    """Accept the matches of a saved result, each for its own file and listed part; look at them first."""
    from partwatch.report.load import load
    from partwatch.screening.acceptance import accepted_now, add_to_file, entries_of, written

    chosen = entries_of(load(result), design, path)
    text = written(chosen, accepted_now(reason, who, date.today(), expires.date()))
    if to is None:
        typer.echo(text, nl=False)
    else:
        add_to_file(to, text)
    matches = f"{len(chosen):,} {'match' if len(chosen) == 1 else 'matches'}"
    typer.echo(f"partwatch: accepted {matches} until {expires.date()}", err=True)
