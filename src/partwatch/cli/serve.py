"""`partwatch serve`: the service, until it is interrupted."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from partwatch.cli.home import home_of

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Role(StrEnum):
    """What this command runs."""

    WEB = "web"
    DESK = "desk"
    HOUSEKEEPING = "housekeeping"
    ALL = "all"


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where to listen; else as set, or 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0 for any; else as set, or 8077.")
    ] = None,
    roles: Annotated[
        list[Role] | None, typer.Option(help="What to run here; may come several times. All by default.")
    ] = None,
    desks: Annotated[int, typer.Option(min=1, max=64, help="Processes that screen.")] = 1,
    jobs: Annotated[int | None, typer.Option(min=1, help="Files that each desk screens at once.")] = None,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="A line on stderr for each request, without names.")
    ] = False,
) -> None:
    """Serve the API and the pages, and screen what is handed in, until interrupted.

    Everything else is set in HOME/service/service.toml.
    """
    from dataclasses import replace

    from partwatch.service.extras import SERVICE

    SERVICE.module("cryptography", "the service")
    from partwatch.service.running.processes import Plan, duties_of
    from partwatch.service.running.processes import serve as run
    from partwatch.service.settings import read_settings

    home = home_of(context)
    settings = read_settings(home)
    serving = replace(
        settings.serving,
        host=settings.serving.host if host is None else host,
        port=settings.serving.port if port is None else port,
    )
    screening = replace(settings.screening, jobs=jobs or settings.screening.jobs)
    run(
        home,
        replace(settings, serving=serving, screening=screening),
        Plan(duties_of([role.value for role in roles or [Role.ALL]]), desks, access_log),
    )
    # It ends by being interrupted, and no other way.
    raise KeyboardInterrupt
