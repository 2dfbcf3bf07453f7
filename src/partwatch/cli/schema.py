"""`partwatch schema`: the JSON Schema of a result, or of another document."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Kind(StrEnum):
    """Documents that have a schema."""

    RESULT = "result"
    COMPARISON = "comparison"
    MARKS = "marks"
    LINKS = "links"
    ASSEMBLIES = "assemblies"


@app.command()
def schema(
    of: Annotated[
        Kind, typer.Argument(metavar="[result|comparison|marks|links|assemblies]", help="Of what.")
    ] = Kind.RESULT,
) -> None:
    """Print the JSON Schema of what `screen --json` writes, or another verb's `--json`."""
    import json

    from pydantic import BaseModel

    from partwatch.model.assemblies import AssembliesDocument
    from partwatch.model.comparison import Comparison
    from partwatch.model.document import ResultDocument
    from partwatch.model.links import LinksDocument
    from partwatch.model.marks import MarksDocument

    models: dict[Kind, type[BaseModel]] = {
        Kind.RESULT: ResultDocument, Kind.COMPARISON: Comparison, Kind.MARKS: MarksDocument,
        Kind.LINKS: LinksDocument,
        Kind.ASSEMBLIES: AssembliesDocument,
    }  # fmt: skip
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    typer.echo(json.dumps(head | models[of].model_json_schema(mode="serialization"), indent=2))
