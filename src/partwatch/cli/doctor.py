"""`partwatch doctor`: what is installed, what is missing and how to get it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from partwatch.cli.home import home_of

EXIT_AILING = 1

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Say what works here and what does not. Exits 1 if something that is needed is broken or missing."""
    from partwatch import __version__
    from partwatch.cli.checks import State, examine
    from partwatch.report.escape import visible

    found = examine(home_of(context))
    if as_json:
        checks = [
            {"check": one.name, "state": one.state.value, "says": one.says, "mend": one.mend} for one in found
        ]
        typer.echo(json.dumps({"program_version": __version__, "checks": checks}, indent=2))
    else:
        width = max(len(one.name) for one in found)
        for one in found:
            typer.echo(f"{one.state.value:<7}  {one.name:<{width}}  {visible(one.says)}")
            if one.mend is not None:
                typer.echo(f"{'':7}  {'':{width}}  → {visible(one.mend)}")
    if any(one.state is State.BROKEN for one in found):
        raise typer.Exit(EXIT_AILING)
