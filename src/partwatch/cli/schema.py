"""`partwatch schema`: the JSON Schema of a result, or of a comparison."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Kind(StrEnum):
    """Documents that have a schema."""

    RESULT = "result"
    COMPARISON = "comparison"


@app.command()
def schema(
    of: Annotated[Kind, typer.Argument(metavar="[result|comparison]", help="Of what.")] = Kind.RESULT,
) -> None:
    """Print the JSON Schema of what `screen --json` writes, or `compare --json`."""
    import json

    from partwatch.model.comparison import Comparison
    from partwatch.model.document import ResultDocument

    model = ResultDocument if of is Kind.RESULT else Comparison
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    typer.echo(json.dumps(head | model.model_json_schema(mode="serialization"), indent=2))
