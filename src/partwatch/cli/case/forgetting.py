"""`partwatch case forget`: statements and their keys go; the ledger still verifies."""

from __future__ import annotations

from typing import Annotated

import typer

from partwatch.cli.case import common


def forget(
    context: typer.Context,
    case: common.Case,
    entities: Annotated[
        list[str] | None, typer.Argument(metavar="[ENTITY]...", help="Whom or what to forget.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Forget all that a source says, and its name.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Destroy all that the case holds.")] = False,
    scrub: Annotated[
        bool, typer.Option("--scrub", help="Only empty the file's log of what was forgotten before.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the ledger.")
    ] = "",
    by: common.By = None,
) -> None:
    """Forget for good. An entity goes with the records it was merged of, and what points to it."""
    from partwatch.case import forgetting
    from partwatch.case.naming import named
    from partwatch.case.view import view_of
    from partwatch.model.errors import StoreError, UsageError

    store = common.opened(context, case)
    if scrub:
        if not store.compact():
            raise StoreError(f"{store.named}: somebody is still reading it; try again when they are done")
        return
    if sum((bool(entities), source is not None, everything)) != 1:
        raise UsageError("name what to forget: entities, or --source, or --all")
    if not reason:
        raise UsageError("forgetting needs its reason (--reason)")
    who = common.actor(by)
    if everything:
        gone = forgetting.forget_all(store, reason, who)
    elif source is not None:
        gone = forgetting.forget_source(store, store.source(source).id, reason, who)
    else:
        # Withdrawn sources hold people as well.
        view = view_of(store, standing=[one.id for one in store.sources()])
        keys = [key for text in entities or [] for key in view.keys_of(named(view, text, whole=True))]
        gone = forgetting.forget_entities(store, keys, reason, who)
    common.said(f"{gone.statements:,} statements about {gone.entities:,} entities are forgotten")
    if not gone.scrubbed:
        common.said(
            f"{store.named}: somebody is reading it, so that pages of its log are still on the disk; "
            "`partwatch case forget --scrub` once they are done"
        )
        raise typer.Exit(2)
