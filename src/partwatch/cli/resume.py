"""`screen --resume`: the journal of a run, from its terms to the moment at which nobody needs it any more."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from partwatch.model.errors import UsageError

if TYPE_CHECKING:
    from partwatch.formats.worker import WorkerPool
    from partwatch.model.document import Header
    from partwatch.screening.expansion import Node
    from partwatch.screening.journal import Journal

# The same list may have another key, and lie elsewhere: the header names it by its content.
_NOT_TERMS = ("home", "snapshot_key")


def check_resumable(paths: tuple[str, ...]) -> None:
    """Raise UsageError for what cannot be read twice."""
    if "-" in paths:
        raise UsageError("--resume: stdin cannot be read again; save it to a file and screen that")


def is_interrupted(home: Path, paths: tuple[str, ...]) -> bool:
    """Whether a run of these paths was begun with --resume and has not ended."""
    from partwatch.screening.journal import terms_of

    return terms_of(home, paths) is not None


def day_begun(home: Path, paths: tuple[str, ...]) -> date | None:
    """The day as of which the interrupted run screens: it may go on past midnight."""
    from partwatch.screening.journal import terms_of

    with suppress(KeyError, TypeError, ValueError):
        return date.fromisoformat((terms_of(home, paths) or {})["header"]["as_of"])
    return None


@contextmanager
def journal_of(
    home: Path, paths: tuple[str, ...], header: Header, pool: WorkerPool[Node]
) -> Iterator[Journal]:
    """The run's journal, which says on stderr what is known already, and how to go on after ^C."""
    from partwatch.screening.journal import JOURNAL_VERSION, Journal

    terms: dict[str, Any] = {
        "journal": JOURNAL_VERSION,
        # A baseline is applied to what the journal holds: it may change between two runs.
        "header": header.model_dump(mode="json", exclude={"baseline"}),
        "limits": asdict(pool.limits),
        "options": {name: value for name, value in pool.setup_args.items() if name not in _NOT_TERMS},
    }
    with Journal(home, paths, terms) as journal:
        if journal.kept:
            typer.echo(f"partwatch: going on: {journal.kept:,} files were screened before", err=True)
        else:
            typer.echo("partwatch: no interrupted run of these paths; beginning one", err=True)
        try:
            yield journal
        except KeyboardInterrupt:
            typer.echo("partwatch: interrupted; the same command goes on from here", err=True)
            raise


def finish(journal: Journal, html: Path | None) -> None:
    """Remove the journal, once what was written is where no loss of power can take it."""
    from partwatch.screening.journal import sync_to_disk

    sys.stdout.flush()
    # A pipe cannot be synced, and a stream of a test's has no descriptor.
    with suppress(OSError, ValueError):
        os.fsync(sys.stdout.fileno())
    if html is not None:
        sync_to_disk(html)
        sync_to_disk(html.absolute().parent)
    journal.remove()
