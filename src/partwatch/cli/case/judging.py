"""`partwatch case judge`: what a person decides of two entities."""

from __future__ import annotations

from typing import Annotated

import typer

from partwatch.case.verdicts import Verdict
from partwatch.cli.case import common

Entity = Annotated[str, typer.Argument(metavar="ENTITY", help="Its name, an identifier, or its key.")]


def judge(
    context: typer.Context,
    case: common.Case,
    left: Entity,
    right: Entity,
    verdict: Annotated[Verdict, typer.Argument(help="What they are; undone takes back what was said.")],
    reason: common.Reason,
    by: common.By = None,
) -> None:
    """Decide whether two records are of one entity. Nothing is overwritten: the latest decision counts."""
    from partwatch.case.naming import named_key
    from partwatch.case.view import view_of

    store = common.opened(context, case)
    view = view_of(store)
    made = store.decide(named_key(view, left), named_key(view, right), verdict, reason, common.actor(by))
    common.said(f"{made.left[:12]} and {made.right[:12]}: {made.verdict.value}")
