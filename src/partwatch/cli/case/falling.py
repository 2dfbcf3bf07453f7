"""`partwatch case withdraw`: a source falls, and all that leaned on it is worked out again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli.case import common
from partwatch.cli.home import home_of

if TYPE_CHECKING:
    from partwatch.case.view import CaseView
    from partwatch.model.case_assemblies import CaseAssembliesDocument

_ALL = 1_000_000


def withdraw(
    context: typer.Context,
    case: common.Case,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Its number, name or key.")],
    reason: common.Reason,
    reinstate: Annotated[bool, typer.Option("--reinstate", help="Have it stand again.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, change nothing.")
    ] = False,
    as_json: common.AsJson = False,
    by: common.By = None,
) -> None:
    """Withdraw a source that may not be used, and show what falls with it: links, entities, merges, answers
    to questions that were asked, assemblies. Nothing is deleted."""
    from partwatch.case.falling import fallen
    from partwatch.model.errors import UsageError

    store = common.opened(context, case)
    found = store.source(source)
    if (found.withdrawn is None) == reinstate:
        raise UsageError(f"{found.info.name}: {'stands' if reinstate else 'is withdrawn'} already")
    home = home_of(context)
    document = fallen(store, found.id, reinstate, lambda view: _assemblies(home, view))
    if not dry_run:
        store.stand(found.id, reinstate, reason, common.actor(by))
    if as_json:
        common.write_json(document)
        return
    from partwatch.report.case_assemblies_text import changes
    from partwatch.report.case_text import render

    render(document.network, common.console())
    for line in changes(document.assemblies):
        sys.stdout.write(line + "\n")
    done = "would be" if dry_run else "is"
    common.said(f"{found.info.name}: {done} {'standing again' if reinstate else 'withdrawn'}")


def _assemblies(home: Path, view: CaseView) -> CaseAssembliesDocument:
    from partwatch.cli.case.assembling import weighed

    return weighed(home, view, None, limit=_ALL)
