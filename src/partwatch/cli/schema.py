"""`partwatch schema`: the JSON Schema of a result, or of another document."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Kind(StrEnum):
    """Documents that have a schema."""

    RESULT = "result"
    COMPARISON = "comparison"
    MARKS = "marks"
    LINKS = "links"
    ASSEMBLIES = "assemblies"
    CASE_PATHS = "case-paths"
    CASE_LEADS = "case-leads"
    CASE_NEIGHBOURS = "case-neighbours"
    CASE_TIMELINE = "case-timeline"
    CASE_COMMUNITIES = "case-communities"
    CASE_ASSEMBLIES = "case-assemblies"
    CASE_WITHDRAWAL = "case-withdrawal"
    CASE_OVERVIEW = "case-overview"
    CASE_PACK = "case-pack"
    TRANSPARENCY = "transparency"
    HUNT = "hunt"
    LEDGER = "ledger-verification"


# Where each lies: modules are loaded for the one that is asked for.
MODELS: Final = {
    Kind.RESULT: "partwatch.model.document:ResultDocument",
    Kind.COMPARISON: "partwatch.model.comparison:Comparison",
    Kind.MARKS: "partwatch.model.marks:MarksDocument",
    Kind.LINKS: "partwatch.model.links:LinksDocument",
    Kind.ASSEMBLIES: "partwatch.model.assemblies:AssembliesDocument",
    Kind.CASE_PATHS: "partwatch.model.case_paths:CasePathsDocument",
    Kind.CASE_LEADS: "partwatch.model.case_ranking:CaseRankingDocument",
    Kind.CASE_NEIGHBOURS: "partwatch.model.case_network:CaseNeighboursDocument",
    Kind.CASE_TIMELINE: "partwatch.model.case_network:CaseTimelineDocument",
    Kind.CASE_COMMUNITIES: "partwatch.model.case_network:CaseCommunitiesDocument",
    Kind.CASE_ASSEMBLIES: "partwatch.model.case_assemblies:CaseAssembliesDocument",
    Kind.CASE_WITHDRAWAL: "partwatch.model.case_withdrawal:CaseWithdrawalDocument",
    Kind.CASE_OVERVIEW: "partwatch.model.case_overview:CaseOverview",
    Kind.CASE_PACK: "partwatch.model.case_pack:CasePack",
    Kind.TRANSPARENCY: "partwatch.model.transparency:TransparencyReport",
    Kind.HUNT: "partwatch.model.hunt:HuntDocument",
    Kind.LEDGER: "partwatch.ledger.verified:VerifiedLedger",
}


@app.command()
def schema(
    of: Annotated[
        Kind, typer.Argument(metavar="[DOCUMENT]", help=f"Of what: {', '.join(Kind)}.")
    ] = Kind.RESULT,
) -> None:
    """Print the JSON Schema of what `screen --json` writes, or of another verb's document."""
    import importlib
    import json

    module, _, name = MODELS[of].partition(":")
    model = getattr(importlib.import_module(module), name)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    typer.echo(json.dumps(head | model.model_json_schema(mode="serialization"), indent=2))
