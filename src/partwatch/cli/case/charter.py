"""`partwatch case init`, `status`: what a case rests on, and what is in it."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from partwatch.cli import stdout
from partwatch.cli.case import common


def init(
    context: typer.Context,
    case: common.Case,
    name: Annotated[str, typer.Option(metavar="TEXT", help="What the case is called.")],
    authority: Annotated[str, typer.Option(metavar="TEXT", help="Who keeps it.")],
    legal_basis: Annotated[str, typer.Option(metavar="TEXT", help="The law or order that allows it.")],
    purpose: Annotated[str, typer.Option(metavar="TEXT", help="What for.")],
    retention: Annotated[
        datetime, typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="The last day it may be kept.")
    ],
    by: common.By = None,
) -> None:
    """Begin a case: nothing goes in before its legal basis, purpose and retention are stated."""
    from partwatch.case.charter import Charter
    from partwatch.case.store import CaseStore

    charter = Charter(name, authority, legal_basis, purpose, retention.date())
    store = CaseStore.create(case, charter, common.actor(by), common.keys_of(context))
    common.said(f"{store.named}: the case is begun, and its ledger ({store.notary.origin})")


def status(context: typer.Context, case: common.Case, as_json: common.AsJson = False) -> None:
    """What the case rests on, and how much is in it."""
    import json

    from partwatch.report.escape import visible

    store = common.opened(context, case)
    told = store.charter.told()
    counts = store.counts()
    if as_json:
        stdout.prepare(True)
        sys.stdout.write(json.dumps(told | counts, indent=1, ensure_ascii=False) + "\n")
        return
    console = common.console()
    for key, value in (told | {name: f"{count:,}" for name, count in counts.items()}).items():
        console.print(f"{key.replace('_', ' '):12} {visible(value)}", markup=False, highlight=False)
