"""`partwatch case ledger`: the log of a case, signed and taken out for anybody to verify."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from partwatch.cli.case import common


def ledger(
    context: typer.Context,
    case: common.Case,
    out: Annotated[
        Path | None, typer.Option(metavar="BUNDLE", help="Write it out: a new folder, or a .zip.")
    ] = None,
    show: Annotated[
        list[str] | None,
        typer.Option(metavar="ENTITY", help="With --out: show the statements about it, each with its proof."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Hold every statement in the case to the ledger.")
    ] = False,
) -> None:
    """The last checkpoint, to be kept elsewhere; with --out a bundle for `partwatch ledger verify`.

    Exits 0; with --check 1 where a source is not what was taken in; 2 on trouble.
    """
    from partwatch.case.bundle import problems_of, write_bundle
    from partwatch.case.naming import named
    from partwatch.case.view import view_of
    from partwatch.ledger import log

    store = common.opened(context, case)
    if out is not None:
        view = view_of(store)
        keys = [key for text in show or [] for key in view.keys_of(named(view, text))]
        last = write_bundle(store, out, [one.id for one in store.of_entities(keys)])
        common.said(f"{out}: {last.size:,} entries; `partwatch ledger verify {out}` verifies it")
    else:
        with store.reading() as connection:
            found = log.last_checkpoint(connection)
        sys.stdout.write("" if found is None else found.note.decode())
    if check:
        problems = problems_of(store)
        for problem in problems:
            common.said(problem)
        if problems:
            raise typer.Exit(1)
        common.said("the log fits together, and every statement is one that its source was taken in with")
