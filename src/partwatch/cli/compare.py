"""`partwatch compare`: two files beside each other, no list needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli import limits, stdout
from partwatch.cli.pages import check_page
from partwatch.model.errors import DocumentError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from partwatch.formats.base import ReadLimits
    from partwatch.formats.worker import WorkerPool
    from partwatch.model.comparison import Comparison

EXIT_DIFFERENT = 1
EXIT_UNKNOWN = 2

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@dataclass(frozen=True)
class Options:
    """What one comparison may cost, and whether it is to be drawn."""

    timeout_s: float
    memory_mb: int
    read_limits: ReadLimits
    views: bool


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A file, or - for stdin.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another, or - for stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with pictures.")] = None,
    timeout: Annotated[
        float, typer.Option(metavar="S", min=0.001, help="Seconds for each file, and for comparing them.")
    ] = 120,
    max_memory: Annotated[int, typer.Option(metavar="MB", min=1, help="Megabytes for the worker.")] = 4096,
    max_file_size: limits.MaxFileSize = limits.FILE_MB,
    max_triangles: limits.MaxTriangles = limits.TRIANGLES,
    max_bodies: limits.MaxBodies = limits.BODIES,
    max_members: limits.MaxMembers = limits.MEMBERS,
    max_depth: limits.MaxDepth = limits.DEPTH,
    max_expansion: limits.MaxExpansion = limits.EXPANSION,
) -> None:
    """Compare two files by shape: what is the same, what differs, where and by how much.

    Exits 0 if they are the same, 1 if they differ, 2 on trouble.
    """
    from partwatch.report.compared_text import render
    from partwatch.screening.walk import check_paths

    check_paths((a, b))
    check_page(html)
    read_limits = limits.read_limits(
        max_file_size, max_triangles, max_bodies, max_members, max_depth, max_expansion
    )
    document = compared(a, b, Options(timeout, max_memory, read_limits, html is not None))
    _write(document, as_json, render)
    if html is not None:
        from partwatch.report import compared_page

        compared_page.write(document, html)
    raise typer.Exit(exit_code(document))


def exit_code(document: Comparison) -> int:
    """0 same, 1 different, 2 where that cannot be told, as of diff."""
    from partwatch.model.comparison import Verdict

    return {Verdict.SAME: 0, Verdict.DIFFERENT: EXIT_DIFFERENT, Verdict.UNKNOWN: EXIT_UNKNOWN}[
        document.verdict
    ]


def compared(a: str, b: str, options: Options) -> Comparison:
    """Both files read and compared in a worker. Raises UnreadableError naming the file."""
    from pydantic import ValidationError

    from partwatch.formats.worker import Limits, WorkerPool
    from partwatch.model.comparison import Comparison
    from partwatch.screening.compare import COMPARE, READ, SETUP
    from partwatch.screening.walk import STDIN, shown, stdin_spool

    with stdin_spool(options.read_limits.max_file_bytes) as spool, _progress() as step:
        paths = [spool() if path == STDIN else path for path in (a, b)]
        names = [shown(path) for path in (a, b)]
        with WorkerPool[None](
            jobs=1,
            limits=Limits(timeout_s=options.timeout_s, memory_mb=options.memory_mb),
            setup=SETUP,
            setup_args={"limits": asdict(options.read_limits)},
        ) as pool:
            for path, name in zip(paths, names, strict=True):
                step(f"reading {name}")
                _done(pool, READ, {"path": path}, name)
            step("comparing")
            args = {"paths": paths, "shown": names, "views": options.views}
            answer = _done(pool, COMPARE, args, f"{names[0]} beside {names[1]}")
    try:
        return Comparison.model_validate_json(answer)
    except ValidationError as error:
        raise DocumentError(f"{names[0]}, {names[1]}: the worker's answer cannot be read: {error}") from error


def _done(pool: WorkerPool[None], function: str, args: dict[str, object], name: str) -> bytes:
    from partwatch.formats.worker import Failure, Task
    from partwatch.screening.driver import reason_of

    pool.submit(Task(function, args, tag=None))
    _, outcome = pool.next_outcome()
    if isinstance(outcome, Failure):
        raise UnreadableError(f"{name}: {reason_of(outcome).message}")
    return outcome


def _write(document: Comparison, as_json: bool, render: Callable[..., None]) -> None:
    from rich.console import Console

    from partwatch.model.comparison import without_views

    stdout.prepare(as_json)
    if as_json:
        typer.echo(without_views(document).model_dump_json(by_alias=True, indent=1))
    else:
        render(document, Console())


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Tells what is being done on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda told: None
        return
    from rich.console import Console

    from partwatch.report.escape import visible

    with Console(stderr=True).status("starting") as status:
        yield lambda told: status.update(visible(told).replace("[", r"\["))
