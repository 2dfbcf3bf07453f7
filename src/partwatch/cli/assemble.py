"""`partwatch assemble`: which items together hold a listed design."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partwatch.cli import stdout
from partwatch.cli.home import home_of
from partwatch.cli.pages import check_page
from partwatch.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from partwatch.assembly.plan import DesignPlan
    from partwatch.assembly.store import Arrival, AssemblyStore
    from partwatch.model.assemblies import AssembliesDocument
    from partwatch.model.document import View
    from partwatch.report.assembly_pictures import Place

EXIT_FINDING = 1
UNLISTED_SHOWN = 5
_SCREENED = (0, 1, 3)

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class FailOn(StrEnum):
    """The least finding that makes the exit code 1."""

    REVIEW = "review"
    MATCH = "match"


@dataclass(frozen=True)
class Options:
    """One run of `assemble`."""

    home: Path
    sources: tuple[Path, ...]
    groups: Path | None
    links: Path | None
    keep: bool
    as_json: bool
    html: Path | None
    missing: bool
    limit: int
    as_of: date
    fail_on: FailOn
    jobs: int | None
    max_pictures: int


@app.command()
def assemble(
    context: typer.Context,
    sources: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RESULT...|DIR", help="What screen --ndjson wrote, or folders to screen."),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Columns path, time, and one for each kind of group: account ..."),
    ] = None,
    links: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="What link --json wrote: items of one source are a group."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--store", help="Keep the items, and weigh them with all that were kept.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with pictures.")] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Name missing parts: for investigators only.")
    ] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Weaker ones than these are left out.")] = 20,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            metavar="DATE", formats=["%Y-%m-%d"], help="The day that counts for expiry and retention."
        ),
    ] = None,
    fail_on: Annotated[FailOn, typer.Option(help="The least finding that exits 1.")] = FailOn.REVIEW,
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Files screened at once.")] = None,
    max_pictures: Annotated[int, typer.Option(metavar="N", min=0, help="Pictures on the page.")] = 300,
    retain: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help="From now on keep items that long (365).")
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(metavar="ITEM", help="Forget an item, by its key in the JSON or its path."),
    ] = None,
    escalate: Annotated[
        str | None, typer.Option(metavar="KIND:GROUP", help="Say who a group is; wants --reason.")
    ] = None,
    release: Annotated[
        str | None, typer.Option(metavar="KIND:GROUP", help="A benign one: it counts; wants --design.")
    ] = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="KIND:GROUP", help="A true one: it never counts; wants --design.")
    ] = None,
    design: Annotated[str | None, typer.Option(metavar="NAME", help="What was looked at.")] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why; it is written down.")] = None,
) -> None:
    """Tell which items together hold a listed design, over any grouping there is and with none.

    Exits 1 if an assembly reaches --fail-on, else 0; 2 on trouble.
    """
    options = Options(
        home_of(context), tuple(sources or ()), groups, links, keep, as_json, html, missing, limit,
        as_of.date() if as_of else date.today(), fail_on, jobs, max_pictures,
    )  # fmt: skip
    check_page(html)
    acts = [one for one in (escalate, release, confirm) if one is not None]
    if acts or forget or retain is not None:
        if sources or len(acts) > 1 or (acts and (forget or retain is not None)):
            raise UsageError(
                "do one thing at a time: take in items, forget, --escalate, --release, --confirm"
            )
        _act(options, retain, forget or [], escalate, release, confirm, design, reason)
        return
    if not sources and not keep:
        raise UsageError("give results or folders, or --store for what was kept")
    if (groups or links) is not None and not sources:
        raise UsageError("--groups and --links say how items came: give the items' results with them")
    raise typer.Exit(run(options))


def run(options: Options) -> int:
    """Assemble and write; returns the exit code."""
    from partwatch.assembly.run import Telling, assembled, plans_of, stored
    from partwatch.assembly.store import AssemblyStore
    from partwatch.model.document import MatchFinding
    from partwatch.report import assembly_page
    from partwatch.report.assembly_pictures import pictures
    from partwatch.watchlist.store import Watchlist

    watchlist = Watchlist.open(options.home)
    plans = plans_of(watchlist.designs(), options.as_of)
    telling = Telling(options.as_of, watchlist.version(), options.limit, options.missing)
    store = AssemblyStore.open(options.home)
    views: dict[Place, tuple[View, float]] = {}
    arrived = list(_arrivals(options, views))
    _tell_unlisted(arrived, plans)
    if options.keep:
        gone = store.retire(options.as_of, plans)
        if gone:
            typer.echo(f"partwatch: {gone:,} items were kept for their time, and are forgotten", err=True)
        touched = store.add(arrived, plans, options.as_of).touched if arrived else None
        document = stored(store, plans, telling, store.ranked(plans, touched))
    else:
        document = assembled(store, arrived, plans, telling)
    if options.html is not None:
        drawn = pictures(document, views, options.max_pictures)
        assembly_page.write(document, drawn, options.html)
    _write(document, options.as_json)
    least = [MatchFinding.MATCH, *([MatchFinding.REVIEW] if options.fail_on is FailOn.REVIEW else [])]
    return EXIT_FINDING if any(one.finding in least for one in document.assemblies) else 0


def _arrivals(options: Options, views: dict[Place, tuple[View, float]]) -> Iterator[Arrival]:
    """Of each source; where a page is wanted, what its pictures need is put into `views`."""
    from partwatch.assembly.arrivals import GroupTable, add_sources, arrivals, read_groups
    from partwatch.report.assembly_pictures import views_of
    from partwatch.report.load import load

    table = read_groups(options.groups) if options.groups else GroupTable()
    if options.links:
        add_sources(table, options.links)
    for source in options.sources:
        with tempfile.TemporaryDirectory(prefix="partwatch-assemble-") as folder:
            result = _screened(options, source, Path(folder)) if source.is_dir() else source
            document = load(result)
        if options.html is not None:
            views |= views_of(document.items)
        yield from arrivals(document.items, table, source if source.is_dir() else None)
    if table.unused:
        typer.echo(
            f"partwatch: {options.groups}: {table.unused:,} rows name no item of these results", err=True
        )


def _tell_unlisted(arrived: list[Arrival], plans: Mapping[str, DesignPlan]) -> None:
    """Say which designs the items resemble and nobody asks for: another list's, or expired ones."""
    from partwatch.report.escape import visible

    named = {one.design for arrival in arrived for one in arrival.seen.sightings}
    if unlisted := sorted(named - plans.keys()):
        shown = ", ".join(map(visible, unlisted[:UNLISTED_SHOWN]))
        more = f" and {len(unlisted) - UNLISTED_SHOWN:,} more" if len(unlisted) > UNLISTED_SHOWN else ""
        typer.echo(
            f"partwatch: not on the list, or expired, and so left out: {shown}{more}; "
            "were the items screened against another list?",
            err=True,
        )


def _screened(options: Options, folder: Path, kept: Path) -> Path:
    """A folder's files, screened as `screen` does, with what pictures need where a page is wanted."""
    result = kept / "result.ndjson"
    command = [
        sys.executable, "-P", "-m", "partwatch", "--home", str(options.home), "screen", str(folder),
        "--ndjson", "--as-of", options.as_of.isoformat(),
    ]  # fmt: skip
    command += ["--views"] if options.html is not None else []
    command += ["--jobs", str(options.jobs)] if options.jobs else []
    with result.open("wb") as stream:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stream, check=False)
    if ended.returncode not in _SCREENED:
        raise UsageError(
            f"{folder}: screening it ended with {ended.returncode}; see above, or screen it first"
        )
    return result


def _write(document: AssembliesDocument, as_json: bool) -> None:
    from partwatch.report.assembly_text import lines

    stdout.prepare(as_json)
    if as_json:
        sys.stdout.write(document.model_dump_json(indent=1) + "\n")
    else:
        for line in lines(document):
            typer.echo(line)


def _act(
    options: Options,
    retain: int | None,
    forget: list[str],
    escalate: str | None,
    release: str | None,
    confirm: str | None,
    design: str | None,
    reason: str | None,
) -> None:
    from partwatch.assembly.run import plans_of
    from partwatch.assembly.store import AssemblyStore
    from partwatch.assembly.stream import Verdict
    from partwatch.watchlist.store import Watchlist

    plans = plans_of(Watchlist.open(options.home).designs(), options.as_of)
    store = AssemblyStore.open(options.home)
    if retain is not None:
        store.keep_for(retain)
        typer.echo(f"items are kept for {retain} days; {store.retire(options.as_of, plans):,} were forgotten")
    if forget:
        _forget(store, forget, plans)
    if escalate is not None:
        name = store.escalate(_group(escalate), _stated(reason), options.as_of)
        typer.echo(f"{escalate} is {name!r}; that you asked, and why, is written down")
    said = release or confirm
    if said is not None:
        verdict = Verdict.RELEASED if release else Verdict.CONFIRMED
        if design is None:
            raise UsageError("--release and --confirm want --design: what was looked at")
        store.judge(_group(said), design, verdict, _stated(reason), plans, options.as_of)
        typer.echo(f"{said} is {verdict.value} for {design}")


def _forget(store: AssemblyStore, wanted: list[str], plans: Mapping[str, DesignPlan]) -> None:
    keys = store.keys_of(wanted)
    if lacking := [name for name in wanted if not keys[name]]:
        raise UsageError(f"{lacking[0]}: no such item is kept; nothing was forgotten")
    count = store.forget((key for own in keys.values() for key in own), plans)
    typer.echo(f"{count:,} item{'s' * (count != 1)} forgotten, and what leaned on them counted anew")


def _group(text: str) -> tuple[str, str]:
    kind, colon, value = text.partition(":")
    if not colon or not kind or not value:
        raise UsageError(f"{text!r}: name a group as KIND:GROUP, as the table does: account:1f0c...")
    return kind, value


def _stated(reason: str | None) -> str:
    if reason is None or not reason.strip():
        raise UsageError("give --reason: it is written down with the day")
    return reason.strip()
