"""The command line: `partwatch [--home DIR] VERB ...`, one module a verb.

A verb's module holds a typer app and is imported only when the verb is asked for. `main` is the only
place where an exception becomes an exit code, because Python's own default, 1, means a finding here.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from partwatch import __version__
from partwatch.model.errors import PartwatchError

EXIT_TROUBLE = 2
EXIT_INTERRUPTED = 130

# In the order of the help page.
VERBS = {
    "screen": "partwatch.cli.screen",
    "watch": "partwatch.cli.watch",
    "serve": "partwatch.cli.serve",
    "service": "partwatch.cli.service",
    "hunt": "partwatch.cli.hunt",
    "watchlist": "partwatch.cli.watchlist",
    "baseline": "partwatch.cli.baseline",
    "compare": "partwatch.cli.compare",
    "render": "partwatch.cli.render",
    "families": "partwatch.cli.families",
    "marks": "partwatch.cli.marks",
    "link": "partwatch.cli.link",
    "assemble": "partwatch.cli.assemble",
    "case": "partwatch.cli.case",
    "ledger": "partwatch.cli.ledger",
    "background": "partwatch.cli.background",
    "calibrate": "partwatch.cli.calibrate",
    "evaluate": "partwatch.cli.evaluate",
    "schema": "partwatch.cli.schema",
    "doctor": "partwatch.cli.doctor",
}


class _Verbs(TyperGroup):
    """Looks verbs up in VERBS and imports the one that is called."""

    # Any: typer's context and command types have moved between its versions.
    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in VERBS:
            return None
        command = typer.main.get_command(importlib.import_module(VERBS[cmd_name]).app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=_Verbs, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"partwatch {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    home: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where the watch-list lies; else PARTWATCH_HOME, else the usual place."
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
) -> None:
    """Screens printable files against a watch-list of designs, by shape."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code, 2 for any trouble and 130 when interrupted."""
    try:
        with _signals_interrupt():
            code = _run(list(sys.argv[1:] if arguments is None else arguments))
        # Here and not at exit, where a full disk or a closed pipe would no longer be told.
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        _silence_stdout()
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return EXIT_TROUBLE
    except PartwatchError as error:
        return _trouble(str(error))
    except OSError as error:
        _silence_stdout()
        return _trouble(str(error))
    except BaseException as error:
        # What rich makes of a closed pipe: SystemExit(1), which is a finding.
        if isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError):
            _silence_stdout()
            return EXIT_TROUBLE
        # An internal error: whatever it is, it must not end as 1 either.
        with contextlib.suppress(OSError):
            traceback.print_exc()
        return EXIT_TROUBLE


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    try:
        # Not command.main(): that turns a closed pipe and an interruption into 1.
        with command.make_context("partwatch", arguments) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        # What the parser has to say of the command line; its class has no public name in typer.
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return EXIT_TROUBLE
    return 0


def _trouble(message: str) -> int:
    from partwatch.report.escape import visible

    with contextlib.suppress(OSError):
        for line in message.splitlines():
            print(f"partwatch: {visible(line)}", file=sys.stderr)  # noqa: T201
    return EXIT_TROUBLE


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Being asked to end cleans up just as ^C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    changed = []
    if threading.current_thread() is threading.main_thread():
        # Ignored ones stay so: that is how nohup works.
        endings = (signal.SIGTERM, signal.SIGHUP)
        changed = [each for each in endings if signal.getsignal(each) is signal.SIG_DFL]
    try:
        for number in changed:
            signal.signal(number, interrupt)
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def _silence_stdout() -> None:
    """Nobody reads on: what is still buffered must not fail once more at exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
