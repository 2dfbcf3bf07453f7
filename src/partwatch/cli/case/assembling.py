"""`partwatch case assemblies`: which items of a case together hold a listed design."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli.case import common
from partwatch.cli.home import home_of

if TYPE_CHECKING:
    from partwatch.case.view import CaseView
    from partwatch.model.case_assemblies import CaseAssembliesDocument

AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", metavar="DATE", formats=["%Y-%m-%d"], help="The day that counts; else today."),
]


def assemblies(
    context: typer.Context,
    case: common.Case,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="SOURCE", help="As if this source were withdrawn."),
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Name missing parts as well; for investigators.")
    ] = False,
    as_of: AsOf = None,
    as_json: common.AsJson = False,
) -> None:
    """Weigh which items together hold a listed design, each claim with what it rests on."""
    from partwatch.case.view import view_of
    from partwatch.report.case_assemblies_text import lines

    store = common.opened(context, case)
    view = view_of(store, [store.source(one).id for one in without or ()])
    document = weighed(home_of(context), view, as_of, missing)
    if as_json:
        common.write_json(document)
        return
    common.console()
    for line in lines(document):
        sys.stdout.write(line + "\n")


def weighed(
    home: Path, view: CaseView, as_of: datetime | None, missing: bool = False, limit: int = 100
) -> CaseAssembliesDocument:
    """The assemblies of what a view holds, by the operator's list and stream where there are any."""
    from partwatch.case.assemblies import CaseTelling, ListedPlans, assemblies_of, base_rates, listed_plans

    day = common.today() if as_of is None else as_of.date()
    listed = listed_plans(home, day) if (home / "watchlist").is_dir() else ListedPlans()
    rates = base_rates(home, listed.plans)
    return assemblies_of(view, listed, rates, CaseTelling(day, limit, missing))
