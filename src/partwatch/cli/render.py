"""`partwatch render`: a saved result, drawn again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def render(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="What --json or --ndjson wrote.")],
    html: Annotated[Path, typer.Option(metavar="FILE", help="The report to write.")],
) -> None:
    """Make a report of a saved result."""
    from partwatch.report import html as report
    from partwatch.report.load import load

    report.write(load(result), html)
