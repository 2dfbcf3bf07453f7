"""`partwatch watch`: a folder whose files are screened as they come, for shops with nothing else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli.home import home_of

if TYPE_CHECKING:
    from partwatch.formats.worker import WorkerPool
    from partwatch.screening.driver import Driver
    from partwatch.screening.expansion import Node, Unfolded
    from partwatch.screening.walk import Source
    from partwatch.service.desk.terms import Bench
    from partwatch.service.settings import Settings
    from partwatch.service.watching import Moved, Watch

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that jobs are saved in.")],
    passed: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where what passed goes; else DIR/passed.")
    ] = None,
    held: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where all else goes, with a report; else DIR/held.")
    ] = None,
    settle: Annotated[
        float, typer.Option(metavar="S", min=2.0, help="Seconds for which a file must be left alone.")
    ] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Work off what is there, then end.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Files screened at once.")] = None,
    timeout: Annotated[float, typer.Option(metavar="S", min=0.001, help="Seconds for one file.")] = 60,
    max_memory: Annotated[int, typer.Option(metavar="MB", min=1, help="Megabytes for one worker.")] = 4096,
    pieces: Annotated[
        bool, typer.Option("--pieces/--no-pieces", help="Look for pieces of parts too: slower.")
    ] = True,
) -> None:
    """Screen what is put into a folder, and move it to what passed or to what is held.

    What is not clear, or was not read whole, is held, with a report beside it. Runs until it is interrupted.
    """
    from partwatch.service.settings import Screening, Settings
    from partwatch.service.watching import Folders, Watch, only_watcher

    screening = Screening(jobs or 0, timeout, max_memory, pieces)
    watcher = Watch(Folders.of(folder, passed, held), settle)
    with only_watcher(watcher.folders.watched):
        _watch(watcher, home_of(context), Settings(screening=screening), once)


def _watch(watcher: Watch, home: Path, settings: Settings, once: bool) -> None:
    from partwatch.service.desk.executor import pool_of
    from partwatch.service.desk.terms import Bench

    while True:
        bench = Bench.set_up(home, settings)
        pool = pool_of(settings.screening, dict(bench.setup_args()) | {"prints": False})
        try:
            with pool:
                while bench.is_current():
                    busy = _round(watcher, bench, pool)
                    if once and not any(watcher.folders.waiting()):
                        return
                    if not busy:
                        time.sleep(min(1.0, watcher.settled_s / 4))
        finally:
            bench.close()


def _round(watcher: Watch, bench: Bench, pool: WorkerPool[Node]) -> bool:
    """Screen and move what has settled; whether there was anything."""
    from partwatch.screening.driver import Driver

    def driver(keep: Callable[[Source, Unfolded], None]) -> Driver:
        return Driver(pool, limits=bench.read_limits, keep=keep)

    ready = watcher.settled(time.monotonic())
    for one in watcher.screen(ready, bench, driver):
        _say(watcher, one)
        # Somebody may follow it in a log.
        sys.stdout.flush()
    return bool(ready)


def _say(watcher: Watch, moved: Moved) -> None:
    from partwatch.report.escape import visible
    from partwatch.report.words import best_match
    from partwatch.screening.walk import shown

    name = shown(str(moved.path.relative_to(watcher.folders.watched)))
    if moved.place is None:
        typer.echo(visible(f"again: {name} changed while it was read"))
        return
    found = next((pair for item in moved.items if (pair := best_match(item))), None)
    if found is not None and moved.finding.value in ("match", "review"):
        why = f" ({found[1].design} / {found[1].part})"
    else:
        reasons = [reason.message for item in moved.items if not item.complete for reason in item.reasons]
        why = f" ({reasons[0]})" if reasons else ""
    typer.echo(visible(f"{moved.finding.value}: {name}{why}"))
