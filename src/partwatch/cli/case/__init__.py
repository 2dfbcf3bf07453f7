"""`partwatch case`: from items to the network behind them. One module for each group of verbs."""

from __future__ import annotations

import typer

from partwatch.cli.case import (
    asking,
    assembling,
    charter,
    falling,
    forgetting,
    handing,
    ledger,
    looking,
    resolving,
    taking,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Items, people, accounts, parcels and places, and the links between them, each with its source.",
)

for verb in (
    charter.init,
    taking.import_,
    looking.sources,
    looking.show,
    looking.find,
    resolving.resolve,
    resolving.queue,
    resolving.judge,
    asking.path,
    asking.leads,
    asking.neighbours,
    asking.timeline,
    asking.communities,
    assembling.assemblies,
    falling.withdraw,
    handing.export,
    handing.report,
    forgetting.forget,
    ledger.ledger,
    charter.status,
):
    app.command(verb.__name__.rstrip("_").replace("_", "-"))(verb)
