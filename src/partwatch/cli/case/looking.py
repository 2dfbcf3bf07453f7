"""`partwatch case sources`, `show`, `find`: what is in a case, statement by statement."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli import stdout
from partwatch.cli.case import common

if TYPE_CHECKING:
    from partwatch.case.store import Placed


def sources(context: typer.Context, case: common.Case, as_json: common.AsJson = False) -> None:
    """Every source: whose words, how reliable, how many statements, and whether it stands."""
    from rich.table import Table

    from partwatch.report.escape import visible

    store = common.opened(context, case)
    found = store.sources()
    if as_json:
        rows = [
            {
                "id": one.id,
                "key": one.info.key,
                "kind": one.info.kind,
                "name": one.info.name,
                "sha256": one.info.sha256,
                "said_by": one.info.said_by,
                "reliability": one.info.reliability.value,
                "legal_ref": one.info.legal_ref,
                "importer": one.info.importer,
                "imported_at": one.imported_at,
                "imported_by": one.imported_by,
                "statements": one.statements,
                "skipped": one.skipped,
                "entry": one.entry,
                "withdrawn": one.withdrawn,
            }
            for one in found
        ]
        stdout.prepare(True)
        sys.stdout.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return
    table = Table("source", "name", "kind", "said by", "grade", "statements", "skipped", "entry", "stands")
    for one in found:
        stands = "yes" if one.withdrawn is None else f"withdrawn: {one.withdrawn}"
        cells = (one.info.name, one.info.kind, one.info.said_by, one.info.reliability.value)
        counts = (f"{one.statements:,}", f"{one.skipped:,}", str(one.entry))
        table.add_row(str(one.id), *map(visible, cells), *counts, visible(stands))
    common.console().print(table, markup=False, highlight=False)


def show(
    context: typer.Context,
    case: common.Case,
    entity: Annotated[str, typer.Argument(metavar="ENTITY", help="Its name, an identifier, or its key.")],
    as_json: common.AsJson = False,
) -> None:
    """Every statement about an entity, with its source and its place there."""
    from partwatch.case.naming import named
    from partwatch.case.view import view_of

    store = common.opened(context, case)
    view = view_of(store)
    keys = view.keys_of(named(view, entity))
    _write(store.of_entities(keys), {one.id: one.info.name for one in store.sources()}, as_json)


def find(
    context: typer.Context,
    case: common.Case,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A name or a part of one, or an identifier.")],
) -> None:
    """Entities that may be meant, with their keys."""
    from partwatch.case.naming import candidates
    from partwatch.case.view import view_of
    from partwatch.report.escape import visible

    stdout.prepare(False)
    found = candidates(view_of(common.opened(context, case)), text)
    for one in found:
        sys.stdout.write(f"{one.key[:12]}  {one.schema:13}  {visible(one.caption)}\n")
    if not found:
        common.said(f"{text}: nothing in the case is called so")
        raise typer.Exit(1)


def _write(placed: list[Placed], names: dict[int, str], as_json: bool) -> None:
    from rich.table import Table

    from partwatch.report.escape import visible

    if as_json:
        rows = [
            {"statement": one.id, "source": one.source, "source_name": names[one.source],
             "place": one.statement.place, "entity": one.statement.entity, "schema": one.statement.schema,
             "prop": one.statement.prop, "value": one.statement.value, "original": one.statement.original,
             "said_at": one.statement.said_at, "bits": one.statement.bits}
            for one in placed
        ]  # fmt: skip
        stdout.prepare(True)
        sys.stdout.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return
    table = Table(
        "statement", "schema", "property", "value", "as written", "said at", "bits", "source", "place"
    )
    for one in placed:
        told = one.statement
        bits = "" if told.bits is None else f"{told.bits:.1f}"
        cells = (told.schema, told.prop, told.value, told.original or "", told.said_at or "", bits)
        table.add_row(str(one.id), *map(visible, cells), visible(names[one.source]), visible(told.place))
    common.console().print(table, markup=False, highlight=False)
