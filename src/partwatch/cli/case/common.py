"""What the verbs of a case share: which case, who asks, how an answer is written."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli import stdout
from partwatch.cli.home import home_of

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

    from partwatch.case.store import CaseStore

ACTOR = "PARTWATCH_ACTOR"

Case = Annotated[str, typer.Argument(metavar="CASE", help="The case: a folder, or a postgresql:// URL.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="WHO", help=f"Who does this; else {ACTOR}, else the user's name."),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the ledger.")]


def keys_of(context: typer.Context) -> Path:
    """Where the signing keys of cases on a server lie."""
    return home_of(context) / "keys"


def opened(context: typer.Context, case: str) -> CaseStore:
    """The case that is there."""
    from partwatch.case.store import CaseStore

    return CaseStore.open(case, keys_of(context))


def actor(by: str | None) -> str:
    """Who does this, for the ledger."""
    found = by or os.environ.get(ACTOR)
    if found:
        return found
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def console() -> Console:
    """Where text goes. A pipe has no width: lines as long as they are can be searched."""
    from rich.console import Console

    stdout.prepare(False)
    return Console() if sys.stdout.isatty() else Console(width=240)


def write_json(document: BaseModel) -> None:
    """One JSON document."""
    stdout.prepare(True)
    sys.stdout.write(document.model_dump_json(indent=1) + "\n")


def said(message: str) -> None:
    """A message on stderr, with what a terminal must not get made visible."""
    from partwatch.report.escape import visible

    sys.stderr.write("".join(f"{visible(line)}\n" for line in message.splitlines()))


@contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's stderr, and nothing elsewhere; told how many there are by now."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    shown = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:,.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda count: bar.update(task, completed=count)
