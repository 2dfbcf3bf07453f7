"""`partwatch case resolve`, `queue`, `judge`: which records are of one person, company or address."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from partwatch.case.verdicts import Verdict
from partwatch.cli import stdout
from partwatch.cli.case import common

Entity = Annotated[str, typer.Argument(metavar="ENTITY", help="Its name, an identifier, or its key.")]


def resolve(
    context: typer.Context,
    case: common.Case,
    merge: Annotated[
        float, typer.Option(metavar="P", help="From this probability on, two records are taken for one.")
    ] = 0.99,
    review: Annotated[
        float, typer.Option(metavar="P", help="From this probability on, a person is asked.")
    ] = 0.5,
    others: Annotated[
        float | None,
        typer.Option(metavar="N", help="How many other records a record is believed to have, beforehand."),
    ] = None,
    recalibrate: Annotated[
        bool, typer.Option("--recalibrate", help="Move the bits to fit what people judged in this case.")
    ] = False,
    as_json: common.AsJson = False,
    by: common.By = None,
) -> None:
    """Compare records, weigh each pair in bits, merge what is sure enough. Each run counts until the next."""
    from partwatch.case.resolution import Policy
    from partwatch.case.resolution import resolve as run
    from partwatch.report.case_resolution_text import render_run

    store = common.opened(context, case)
    policy = Policy(merge=merge, review=review, against=min(0.05, review), others=others)
    with common.progress("comparing records"):
        told = run(store, common.actor(by), policy, recalibrate=recalibrate)
    if as_json:
        stdout.prepare(True)
        sys.stdout.write(json.dumps(asdict(told), indent=1, ensure_ascii=False) + "\n")
    else:
        render_run(told, common.console())


def queue(
    context: typer.Context,
    case: common.Case,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Pairs at most.")] = 20,
    pair: Annotated[
        tuple[str, str] | None, typer.Option(metavar="ENTITY ENTITY", help="Explain this pair instead.")
    ] = None,
    as_json: common.AsJson = False,
) -> None:
    """Pairs that a person should judge, those that tell most first, each with what made its weight."""
    from partwatch.case import resolution
    from partwatch.case.naming import named_key
    from partwatch.case.view import view_of
    from partwatch.report.case_resolution_text import render_pairs

    store = common.opened(context, case)
    view = view_of(store)
    if pair is None:
        found = resolution.queue(store, limit, view)
    else:
        found = [resolution.explain(store, named_key(view, pair[0]), named_key(view, pair[1]), view)]
    if as_json:
        stdout.prepare(True)
        sys.stdout.write(json.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False) + "\n")
    else:
        render_pairs(found, common.console())


def judge(
    context: typer.Context,
    case: common.Case,
    left: Entity,
    right: Entity,
    verdict: Annotated[Verdict, typer.Argument(help="What they are; undone takes back what was held.")],
    reason: common.Reason,
    by: common.By = None,
) -> None:
    """Decide whether two records are of one entity. Nothing is overwritten: the latest decision counts."""
    from partwatch.case import resolution
    from partwatch.case.merging import check_joinable
    from partwatch.case.naming import record_named
    from partwatch.case.view import view_of

    store = common.opened(context, case)
    view = view_of(store)
    keys = record_named(view, left), record_named(view, right)
    if verdict is Verdict.SAME:
        check_joinable(store, view, *keys)
    if verdict is Verdict.UNDONE:
        made = resolution.undo(store, *keys, reason, common.actor(by))
    else:
        made = store.decide(*keys, verdict, reason, common.actor(by))
    common.said(f"{made.left[:12]} and {made.right[:12]}: {made.verdict.value}")
