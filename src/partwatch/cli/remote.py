"""`screen --server URL`: the same command and the same output, with the work done by a service."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from partwatch.cli import stdout
from partwatch.model.errors import UsageError

if TYPE_CHECKING:
    from partwatch.cli.screen import Options
    from partwatch.model.document import Item
    from partwatch.service.remote import Remote
    from partwatch.service.views import SubmissionView

TOKEN: Final = "PARTWATCH_TOKEN"
# The options of `screen` that mean the same with a server. The others are settings of the server's own.
KEPT: Final = frozenset(
    {"paths", "as_json", "as_ndjson", "html", "fail_on", "views", "max_views", "server", "token_file"}
)
_MOST_TOKEN_BYTES: Final = 4096


@dataclass(frozen=True)
class Server:
    """Who screens instead. url: as it was given."""

    url: str
    token: str | None


def server_of(context: typer.Context, url: str | None, token_file: Path | None) -> Server | None:
    """The server that was asked for; None where there is none. Raises UsageError for options that only
    screening on this machine knows."""
    if url is None:
        if token_file is not None:
            raise UsageError("--token-file is for a server: give --server URL with it")
        return None
    refused = [
        max(parameter.opts, key=len)
        for parameter in context.command.params
        if parameter.name not in KEPT and _is_given(context, parameter.name)
    ]
    if refused:
        raise UsageError(
            f"{', '.join(sorted(refused))}: not with --server, which screens by its own settings and list"
        )
    return Server(url, _token(token_file))


def _is_given(context: typer.Context, name: str | None) -> bool:
    source = context.get_parameter_source(name or "")
    return source is not None and source.name == "COMMANDLINE"


def _token(file: Path | None) -> str | None:
    if file is None:
        text = os.environ.get(TOKEN, "")
        where = TOKEN
    else:
        where = f"--token-file {file}"
        with file.open("rb") as opened:
            text = opened.read(_MOST_TOKEN_BYTES).decode("ascii", "replace")
    token = text.strip()
    if file is not None and not token:
        raise UsageError(f"{where}: is empty; put the token into it")
    if any(not "!" <= one <= "~" for one in token):
        raise UsageError(f"{where}: holds what no token does; put nothing but the token into it")
    return token or None


def run(options: Options, server: Server) -> int:
    """Have the files screened and write the results; returns the exit code."""
    from partwatch.service.extras import SERVICE

    SERVICE.module("httpx", "--server")
    from partwatch.screening.walk import stdin_spool, walk
    from partwatch.service.client import Client, address_of
    from partwatch.service.remote import Remote

    address = address_of(server.url, server.token is not None)
    with ExitStack() as stack:
        client = stack.enter_context(Client(address, server.token, _tell))
        sees_results = client.greet()
        if not sees_results and options.makes_views:
            raise UsageError(
                "results, and so pictures of them, are for reviewers: leave --html and --views out"
            )
        spool = stack.enter_context(stdin_spool(options.read_limits.max_file_bytes))
        remote, sources = Remote(client, options.makes_views), walk(options.paths, spool)
        if sees_results:
            return _written(options, remote, remote.items(sources))
        return _stated(options, remote.states(sources))


def _written(options: Options, remote: Remote, items: Iterator[Item]) -> int:
    """The result, as `screen` writes its own."""
    from partwatch.cli.screen import emit, exit_code
    from partwatch.screening.tally import Tally

    first = _until_header(items, remote)
    if remote.header is None:
        raise UsageError("there was nothing to hand in: name at least one file that can be read")
    tally = Tally()
    emit(options, remote.header, chain(first, items), tally)
    return exit_code(tally.summary, options.fail_on)


def _until_header(items: Iterator[Item], remote: Remote) -> list[Item]:
    """The first items: up to one that the server has said something of, by which its header is known."""
    first: list[Item] = []
    while remote.header is None:
        try:
            first.append(next(items))
        except StopIteration:
            break
    return first


def _stated(options: Options, coming: Iterator[SubmissionView | Item]) -> int:
    """What became of it, for whoever is not told what was found: submissions with their statements."""
    from partwatch.cli.screen import EXIT_FINDING, EXIT_INCOMPLETE, Output
    from partwatch.model.document import Item
    from partwatch.service.states import State

    _tell("results are for reviewers; this is what became of what you handed in")
    stdout.prepare(options.output is not Output.TEXT)
    seen: list[SubmissionView] = []
    unread = 0
    for one in coming:
        if isinstance(one, Item):
            unread += 1
            _tell(f"{one.path}: was not handed in: {one.reasons[0].message}")
            continue
        seen.append(one)
        if options.output is Output.TEXT:
            _write_statement(one)
        elif options.output is Output.NDJSON:
            sys.stdout.write(one.model_dump_json() + "\n")
            sys.stdout.flush()
    if options.output is Output.JSON:
        told = {"submissions": [one.model_dump(mode="json") for one in seen]}
        typer.echo(json.dumps(told, ensure_ascii=False))
    if any(one.state not in (State.PASSED, State.RELEASED) for one in seen):
        return EXIT_FINDING
    return EXIT_INCOMPLETE if unread else 0


def _write_statement(one: SubmissionView) -> None:
    from partwatch.report.escape import visible

    typer.echo(visible(f"submission {one.id}: {one.state.value}, {one.file_count:,} files"))
    told = one.statement
    if told is None:
        return
    for line in (told.decision, told.effect, told.ground, told.automated, told.redress.how):
        typer.echo(visible(f"  {line}"))
    for message in told.messages:
        typer.echo(visible(f"  {message.at} {message.by}: {message.text}"))


def _tell(message: str) -> None:
    from partwatch.report.escape import visible

    typer.echo(f"partwatch: {visible(message)}", err=True)
