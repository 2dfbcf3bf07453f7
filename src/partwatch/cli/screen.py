"""`partwatch screen`: every file against the watch-list."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli import limits, remote, stdout
from partwatch.cli import resume as resuming
from partwatch.cli.home import home_of
from partwatch.cli.pages import check_page
from partwatch.model.errors import UsageError

if TYPE_CHECKING:
    from partwatch.formats.base import ReadLimits
    from partwatch.formats.worker import WorkerPool
    from partwatch.model.document import AnyRecord, Header, Item, Summary
    from partwatch.screening.baseline import Baseline
    from partwatch.screening.driver import Known
    from partwatch.screening.expansion import Node
    from partwatch.screening.tally import Tally
    from partwatch.screening.terms import Terms
    from partwatch.screening.walk import Source
    from partwatch.watchlist.snapshot import Snapshot

EXIT_FINDING = 1
EXIT_INCOMPLETE = 3
UNUSED_SHOWN = 20

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class FailOn(StrEnum):
    """The least finding that makes the exit code 1."""

    REVIEW = "review"
    MATCH = "match"


class Output(StrEnum):
    """What goes to stdout."""

    TEXT = "text"
    JSON = "json"
    NDJSON = "ndjson"


@dataclass(frozen=True)
class Options:
    """One run of `screen`; views: for stdout, not only for the HTML report."""

    home: Path
    paths: tuple[str, ...]
    output: Output
    html: Path | None
    jobs: int
    fail_on: FailOn
    as_of: date
    timeout_s: float
    memory_mb: int
    views: bool
    with_part_geometry: bool
    pieces: bool
    max_views: int
    read_limits: ReadLimits
    resume: bool = False
    baseline: Path | None = None
    policy: Path | None = None
    calibration: Path | None = None

    @property
    def makes_views(self) -> bool:
        """Whether workers are to draw at all."""
        return self.views or self.html is not None

    def check(self) -> None:
        """Raise UsageError for what would only show after hours of work."""
        from partwatch.screening.walk import check_paths

        if self.resume:
            resuming.check_resumable(self.paths)
        # What an interrupted run has screened may be gone by now, and its items are still in the result.
        if not (self.resume and resuming.is_interrupted(self.home, self.paths)):
            check_paths(self.paths)
        check_page(self.html)
        if self.with_part_geometry and not self.makes_views:
            raise UsageError("--with-part-geometry is for pictures: give --html or --views with it")


@app.command()
def screen(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, or - for stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    as_ndjson: Annotated[bool, typer.Option("--ndjson", help="A JSON record a line, as they come.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a report with pictures.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Files screened at once.")] = None,
    fail_on: Annotated[FailOn, typer.Option(help="The least finding that exits 1.")] = FailOn.REVIEW,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            metavar="DATE", formats=["%Y-%m-%d"], help="The day that counts for expiry; else today."
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(metavar="S", min=0.001, help="Seconds for one file.")] = 60,
    max_memory: Annotated[int, typer.Option(metavar="MB", min=1, help="Megabytes for one worker.")] = 4096,
    views: Annotated[bool, typer.Option("--views", help="Put what pictures need into the result.")] = False,
    with_part_geometry: Annotated[
        bool, typer.Option("--with-part-geometry", help="Draw the listed part too: shows what is listed.")
    ] = False,
    pieces: Annotated[
        bool,
        typer.Option(
            "--pieces/--no-pieces", help="Look for pieces of parts, and parts within bodies, too: slower."
        ),
    ] = True,
    max_views: Annotated[int, typer.Option(metavar="N", min=0, help="Pictures in all.")] = 500,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Known matches, accepted with a reason and an expiry.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How many false alerts are acceptable (TOML).")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A calibration of your own, by `partwatch calibrate`.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep a journal, and go on from an interrupted run's.")
    ] = False,
    server: Annotated[
        str | None, typer.Option(metavar="URL", help="Have a Partwatch service screen them, by its list.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With the service's token; else PARTWATCH_TOKEN.")
    ] = None,
    max_file_size: limits.MaxFileSize = limits.FILE_MB,
    max_triangles: limits.MaxTriangles = limits.TRIANGLES,
    max_bodies: limits.MaxBodies = limits.BODIES,
    max_members: limits.MaxMembers = limits.MEMBERS,
    max_depth: limits.MaxDepth = limits.DEPTH,
    max_expansion: limits.MaxExpansion = limits.EXPANSION,
) -> None:
    """Screen files against the watch-list.

    Exits 1 if a finding reaches --fail-on, else 3 if anything went unread, else 0; 2 on trouble.
    """
    from partwatch.formats.worker import default_jobs

    if as_json and as_ndjson:
        raise UsageError("give --json or --ndjson, not both")
    service = remote.server_of(context, server, token_file)
    home = home_of(context)
    begun = resuming.day_begun(home, tuple(paths)) if resume else None
    options = Options(
        home=home,
        paths=tuple(paths),
        output=Output.JSON if as_json else Output.NDJSON if as_ndjson else Output.TEXT,
        html=html,
        jobs=jobs or default_jobs(),
        fail_on=fail_on,
        as_of=as_of.date() if as_of else begun or date.today(),
        timeout_s=timeout,
        memory_mb=max_memory,
        views=views,
        with_part_geometry=with_part_geometry,
        pieces=pieces,
        max_views=max_views,
        resume=resume,
        baseline=baseline,
        policy=policy,
        calibration=calibration,
        read_limits=limits.read_limits(
            max_file_size, max_triangles, max_bodies, max_members, max_depth, max_expansion
        ),
    )
    options.check()
    raise typer.Exit(run(options) if service is None else remote.run(options, service))


def run(options: Options) -> int:
    """Screen and write the results; returns the exit code."""
    from partwatch.screening.driver import Driver
    from partwatch.screening.tally import Tally
    from partwatch.screening.terms import header_of, terms_of
    from partwatch.screening.walk import stdin_spool, walk
    from partwatch.watchlist.store import Watchlist

    tally = Tally()
    with ExitStack() as stack:
        snapshot = stack.enter_context(Watchlist.open(options.home).snapshot())
        spool = stack.enter_context(stdin_spool(options.read_limits.max_file_bytes))
        terms = terms_of(options.home, options.policy, options.calibration)
        pool = stack.enter_context(_pool(options, snapshot.key, terms))
        baseline = _baseline(options)
        digest = baseline.sha256 if baseline else None
        header = header_of(snapshot, terms, options.as_of, options.pieces, digest)
        journal = None
        sources: Iterable[Source | Known] = walk(options.paths, spool)
        if options.resume:
            journal = stack.enter_context(resuming.journal_of(options.home, options.paths, header, pool))
            sources = journal.sources()
        judge = baseline.judge if baseline else None
        keep = journal.keep if journal else None
        _tell_kernel()
        if options.pieces:
            _tell_lacking(snapshot)
        driver = Driver(pool, limits=options.read_limits, judge=judge, keep=keep)
        emit(options, header, driver.screen(sources), tally)
        if journal:
            resuming.finish(journal, options.html)
    if baseline:
        _tell_unused(baseline, options)
    if not tally.summary.items:
        typer.echo("partwatch: there was nothing to screen", err=True)
    return exit_code(tally.summary, options.fail_on)


def emit(options: Options, header: Header, items: Iterable[Item], tally: Tally) -> None:
    """Write a result as its items come, and count them."""
    from partwatch.screening.views import keep_views

    with _progress(tally.over(keep_views(items, options.max_views)), options.output) as shown:
        _write(options, header, shown, tally)


def _tell_kernel() -> None:
    """Say that the work is done in numpy: whoever waits, or reads a log, is to know why it takes so long."""
    from partwatch import kernel

    if kernel.KERNEL == kernel.NUMPY:
        told = f"partwatch: slow, since the numpy kernel is used: {kernel.WHY}; see `partwatch doctor`"
        typer.echo(told, err=True)


def _tell_lacking(snapshot: Snapshot) -> None:
    """Say of how many parts no piece is looked for: they are compared as wholes only."""
    lacking = int(snapshot.parts.without_features.sum())
    if lacking:
        of = int(snapshot.parts.has_geometry.sum())
        told = (
            f"partwatch: {lacking:,} of {of:,} parts have no local features, so pieces of them are not found"
        )
        typer.echo(f"{told}: `partwatch watchlist refresh` makes them", err=True)


def exit_code(summary: Summary, fail_on: FailOn) -> int:
    """1 if a finding reaches `fail_on`, else 3 if any item is not complete, else 0."""
    from partwatch.model.document import Finding

    least = Finding(fail_on.value).severity
    if any(count and finding.severity >= least for finding, count in summary.findings.items()):
        return EXIT_FINDING
    return EXIT_INCOMPLETE if summary.incomplete else 0


def _pool(options: Options, snapshot_key: str, terms: Terms) -> WorkerPool[Node]:
    from partwatch.formats.worker import Limits, WorkerPool

    return WorkerPool(
        jobs=options.jobs,
        limits=Limits(timeout_s=options.timeout_s, memory_mb=options.memory_mb),
        setup="partwatch.screening.job:setup",
        setup_args={
            "home": str(options.home.absolute()),
            "snapshot_key": snapshot_key,
            "as_of": options.as_of.isoformat(),
            "views": options.makes_views,
            "with_part_geometry": options.with_part_geometry,
            "limits": asdict(options.read_limits),
            "terms": terms.told(),
            "pieces": options.pieces,
        },
    )


def _baseline(options: Options) -> Baseline | None:
    if options.baseline is None:
        return None
    from partwatch.screening.baseline import read_baseline

    return read_baseline(options.baseline, options.as_of)


def _tell_unused(baseline: Baseline, options: Options) -> None:
    from partwatch.report.escape import visible

    unused = baseline.unused()
    for entry in unused[:UNUSED_SHOWN]:
        told = f"partwatch: {options.baseline}: {entry.place} matched nothing: {entry}"
        typer.echo(visible(told), err=True)
    if len(unused) > UNUSED_SHOWN:
        typer.echo(f"partwatch: and {len(unused) - UNUSED_SHOWN:,} more of its entries", err=True)


def _write(options: Options, header: Header, items: Iterable[Item], tally: Tally) -> None:
    """To stdout as the items come, and to the report once all are there."""
    from partwatch.model.document import ResultDocument
    from partwatch.report import html

    kept: list[Item] = []
    if options.html is not None:
        items = _keeping(items, kept)
    _write_stdout(options, header, items, tally)
    if options.html is not None:
        document = ResultDocument(header=header, items=tuple(kept), summary=tally.summary)
        html.write(document, options.html)


def _write_stdout(options: Options, header: Header, items: Iterable[Item], tally: Tally) -> None:
    from partwatch.report import json, ndjson, text
    from partwatch.screening.views import without_views

    if not options.views:
        items = map(without_views, items)
    stdout.prepare(options.output is not Output.TEXT)
    if options.output is Output.TEXT:
        from rich.console import Console

        rows = list(items)
        text.render(header, rows, tally.summary, Console())
    else:
        writer = json if options.output is Output.JSON else ndjson
        writer.write(_records(header, items, tally), sys.stdout)


def _records(header: Header, items: Iterable[Item], tally: Tally) -> Iterator[AnyRecord]:
    yield header
    yield from items
    yield tally.summary


def _keeping(items: Iterable[Item], kept: list[Item]) -> Iterator[Item]:
    for item in items:
        kept.append(item)
        yield item


@contextmanager
def _progress(items: Iterable[Item], output: Output) -> Iterator[Iterable[Item]]:
    """The items, counted on stderr where that is a terminal that the results do not go to as well."""
    if not sys.stderr.isatty() or (output is not Output.TEXT and sys.stdout.isatty()):
        yield items
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("screened {task.completed:.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        yield bar.track(items)
