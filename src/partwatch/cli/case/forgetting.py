"""`partwatch case forget`: statements and their keys go; the ledger still verifies."""

from __future__ import annotations

from typing import Annotated

import typer

from partwatch.cli.case import common


def forget(
    context: typer.Context,
    case: common.Case,
    reason: common.Reason,
    entities: Annotated[
        list[str] | None, typer.Argument(metavar="[ENTITY]...", help="Whom or what to forget.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Forget all that a source says, and its name.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Destroy all that the case holds.")] = False,
    by: common.By = None,
) -> None:
    """Forget for good. An entity goes with the records it was merged of, and what points to it."""
    from partwatch.case import forgetting
    from partwatch.case.naming import named
    from partwatch.case.view import view_of
    from partwatch.model.errors import UsageError

    if sum((bool(entities), source is not None, everything)) != 1:
        raise UsageError("name what to forget: entities, or --source, or --all")
    store = common.opened(context, case)
    who = common.actor(by)
    if everything:
        gone = forgetting.forget_all(store, reason, who)
    elif source is not None:
        gone = forgetting.forget_source(store, store.source(source).id, reason, who)
    else:
        view = view_of(store)
        keys = [key for text in entities or [] for key in view.keys_of(named(view, text))]
        gone = forgetting.forget_entities(store, keys, reason, who)
    common.said(f"{gone.statements:,} statements about {gone.entities:,} entities are forgotten")
