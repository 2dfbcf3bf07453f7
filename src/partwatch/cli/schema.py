"""`partwatch schema`: the JSON Schema of a result."""

from __future__ import annotations

import typer

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the result document."""
    import json

    from partwatch.model.document import ResultDocument

    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    typer.echo(json.dumps(head | ResultDocument.model_json_schema(mode="serialization"), indent=2))
