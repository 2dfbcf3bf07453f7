"""`partwatch service backup|restore|status|forget-customer`: what keeps a service, by whoever runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli.case.common import actor
from partwatch.cli.home import home_of
from partwatch.model.errors import UsageError
from partwatch.report.escape import visible

if TYPE_CHECKING:
    from partwatch.service.context import Service
    from partwatch.service.keeping.backing_up import Written

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

_DUMP = "pg_dump --format=custom --file=service.dump"


@app.command()
def backup(
    context: typer.Context,
    target: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A file that is not there yet, or a folder.")
    ],
    history: Annotated[
        bool, typer.Option(help="With the history's fingerprints, where they lie here.")
    ] = True,
) -> None:
    """Write all of the service to one file, while it runs; it holds secrets: keep it as you keep the home."""
    from partwatch.service.keeping.backing_up import backup as write

    service = _service(context)
    done = write(service, target, history)
    _tell_written(done)
    if service.settings.serving.database:
        typer.echo(
            "partwatch: the database lies on a server and is not in it; take it before each such backup: "
            f"{_DUMP} (docs/operate.md)",
            err=True,
        )
    if service.settings.history.url:
        typer.echo("partwatch: the history lies elsewhere and is not in it: back up its bucket", err=True)


def _tell_written(done: Written) -> None:
    assert done.manifest is not None
    typer.echo(
        f"backed up to {visible(str(done.path))}: {done.bytes:,} bytes, {done.files:,} files, "
        f"{done.manifest.ledger:,} entries of the ledger, verified"
    )
    if not done.manifest.watchlist:
        typer.echo("partwatch: there is no watch-list in it, for there is none", err=True)
    for name in done.damaged:
        typer.echo(f"partwatch: service/files/{name} is not what was handed in: the disk may fail", err=True)
    if done.missing:
        typer.echo(f"partwatch: {len(done.missing):,} files were forgotten meanwhile", err=True)


@app.command()
def restore(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")]
) -> None:
    """Restore a backup into --home, which must not be there yet, or be empty."""
    from partwatch.service.keeping.restoring import restore as read

    home = home_of(context)
    found = read(home, file)
    typer.echo(
        f"restored to {visible(str(home))}: {found.files:,} files, {found.manifest.ledger:,} entries of the "
        f"ledger, as of {found.manifest.made_at}"
    )
    if found.missing or found.damaged:
        typer.echo(
            f"partwatch: of the files {found.missing:,} are missing and {found.damaged:,} damaged; their "
            "submissions say that they are gone",
            err=True,
        )
    if not found.manifest.database:
        typer.echo("partwatch: restore the database on its server as well: pg_restore", err=True)


@app.command()
def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """How the service is, whether it runs or not: store, disk, watch-list, queue, chores.

    Exits with 2 where it cannot do its work.
    """
    from partwatch.service.housekeeping import chore_states
    from partwatch.service.wellbeing import Grade, findings, worst_of

    service = _service(context)
    found, chores = findings(service), chore_states(service)
    grade = worst_of(found)
    if as_json:
        checks = [{"name": one.name, "status": one.grade.value, "told": one.told} for one in found]
        failing = {one.name: one.failed for one in chores if one.failed is not None}
        typer.echo(json.dumps({"status": grade.value, "checks": checks, "failing": failing}, indent=1))
    else:
        for one in found:
            typer.echo(f"{one.grade.value:<9} {one.name:<10} {visible(one.told)}")
        for chore in chores:
            if chore.failed is not None:
                typer.echo(f"          {chore.name:<10} {visible(chore.failed)}")
    if grade is Grade.FAILING:
        raise typer.Exit(2)


@app.command("forget-customer")
def forget_customer(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="KEY", help="The customer's key.")],
    reason: Annotated[str, typer.Option(help="Why; it is on record in the ledger.")],
) -> None:
    """Forget all that a customer handed in, its hooks and accounts; it is disabled first.

    What nobody has decided yet is left, and the exit code is 2: decide it, and do this again.
    """
    from partwatch.service.forgetting import forget_customer as forget
    from partwatch.service.principals import Principal
    from partwatch.service.states import Role

    service = _service(context)
    done = forget(service, customer, Principal(actor(None), None, frozenset(Role)), reason)
    typer.echo(f"forgot {done.submissions:,} submissions of {visible(customer)}")
    if not done.scrubbed:
        typer.echo("partwatch: the database's log still holds them, for somebody reads it; repeat", err=True)
    if done.left:
        raise UsageError(
            f"{len(done.left):,} are not decided yet: {', '.join(done.left[:10])}; decide them, and repeat"
        )


def _service(context: typer.Context) -> Service:
    """The service of the home, which must be there."""
    from partwatch.service.context import Service
    from partwatch.service.settings import FOLDER, read_settings

    home = home_of(context)
    if not (home / FOLDER).is_dir():
        raise UsageError(f"{home}: there is no service here; start one with `partwatch serve`")
    return Service.open(home, read_settings(home))
