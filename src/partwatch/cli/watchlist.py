"""`partwatch watchlist`: what is listed, put in, taken out, looked over and passed on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress

from partwatch.cli.gate import Told, made_text, report_json, report_text, write_page
from partwatch.cli.home import home_of
from partwatch.curation.gate import GATE_RATE, Gate
from partwatch.formats.worker import default_jobs
from partwatch.matching.policy import Policy
from partwatch.model.errors import HeldBackError, ManifestError, UsageError
from partwatch.report.escape import visible
from partwatch.watchlist.archive import read_archive, write_archive
from partwatch.watchlist.enrol import enrol
from partwatch.watchlist.lint import Remark, Thresholds, lint_list
from partwatch.watchlist.manifest import read_manifests
from partwatch.watchlist.refresh import parts_to_refresh, refresh
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import DesignEntry, DesignSummary, GateReport, PartSummary, gate_version
from partwatch.watchlist.verify import Verification

SOON_DAYS: Final = 30

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="The designs that are watched for.",
)

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names of listed designs.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
GateRate = Annotated[
    float,
    typer.Option("--gate-rate", min=0.0, metavar="N", help="Benign bodies of 10,000 that a part may flag."),
]
Background = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="With the benign files at hand: draw look-alikes from there, for --html."
    ),
]
GatePage = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="One offline page: what the gate found of each part."),
]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", metavar="DATE", formats=["%Y-%m-%d"], help="The day that counts; else today."),
]


@app.command()
def add(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE.toml...", help="Design manifests.")],
    jobs: Annotated[int | None, typer.Option(min=1, help="Part files read at once.")] = None,
    allow_generic: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="List parts above --gate-rate all the same; it is recorded."),
    ] = None,
    gate_rate: GateRate = GATE_RATE,
    background: Background = None,
    page: GatePage = None,
    as_json: AsJson = False,
) -> None:
    """Add designs: all of them, or none and every reason why.

    Says of each part how many of 10,000 benign bodies it flags, and what it looks like. A part that flags
    more than --gate-rate holds back all of them.
    """
    _check_page(background, page)
    watchlist = Watchlist.open(home_of(context), create=True)
    designs = read_manifests(files, watchlist.design_names())
    parts = sum(len(design.parts) for design in designs)
    gate = _gate(context, gate_rate)
    told = Told([design.name for design in designs])
    try:
        with _progress("reading parts", parts) as advance:
            entries = enrol(designs, jobs or default_jobs(), progress=advance)
            watchlist.add(gate.checked(entries, allow_generic, told), gate.version)
    except HeldBackError:
        _echo_told(told, as_json, added=False)
        if page is not None:
            write_page(told.reports(), gate, background, page)
        raise
    _echo_told(told, as_json, added=True)
    if page is not None:
        write_page(told.reports(), gate, background, page)
    if not as_json:
        typer.echo(f"added {_many(len(designs), 'design')}, {_many(parts, 'part')}")


@app.command()
def ls(context: typer.Context, as_json: AsJson = False, as_of: AsOf = None) -> None:
    """List the designs."""
    watchlist = Watchlist.open(home_of(context))
    day, designs = _day(as_of), watchlist.designs()
    if as_json:
        listed = [_design_json(design, day) | {"parts": len(design.parts)} for design in designs]
        _echo_json({"version": watchlist.version(), "as_of": day.isoformat(), "designs": listed})
        return
    width = max((len(design.name) for design in designs), default=0)
    for design in designs:
        parts = _many(len(design.parts), "part")
        typer.echo(f"{design.name:<{width}}  {parts:>9}  {_expiry(design, day)}  {design.authority}")


@app.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a listed design.")],
    as_json: AsJson = False,
    as_of: AsOf = None,
) -> None:
    """Show one design with its parts."""
    design, day = Watchlist.open(home_of(context)).design(name), _day(as_of)
    if as_json:
        _echo_json(_design_json(design, day) | {"parts": [_part_json(part) for part in design.parts]})
        return
    typer.echo(design.name)
    _echo_field("authority", design.authority)
    _echo_field("reason", design.reason)
    _echo_field("expiry", _expiry(design, day))
    if design.note is not None:
        _echo_field("note", design.note)
    for part in design.parts:
        _echo_field("part", _part_line(part))
        if part.gate is not None:
            _echo_field("", visible(report_text(part.gate)))
            _echo_field("", visible(made_text(part.gate)))


@app.command()
def remove(context: typer.Context, names: Names) -> None:
    """Remove designs: all of them, or none where one is not listed."""
    Watchlist.open(home_of(context)).remove(names)
    typer.echo(f"removed {_many(len(set(names)), 'design')}")


@app.command()
def lint(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE.toml...]")] = None,
    as_json: AsJson = False,
    as_of: AsOf = None,
    soon: Annotated[int, typer.Option(min=0, help="Tell of what expires within so many days.")] = SOON_DAYS,
    gate_rate: GateRate = GATE_RATE,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Make every listed part's gate report anew first.")
    ] = False,
    background: Background = None,
    page: GatePage = None,
) -> None:
    """Look over manifests before they are added, or the list itself. Exits 1 where there is a remark."""
    _check_page(background, page)
    if files:
        if refresh or page is not None:
            raise UsageError("--refresh and --html are about the list's own reports; leave the manifests out")
        remarks = _lint_files(files)
    else:
        watchlist, gate = Watchlist.open(home_of(context)), _gate(context, gate_rate)
        if refresh:
            _refresh(watchlist, gate)
        remarks = _lint_list(watchlist, gate, _day(as_of), soon)
        if page is not None:
            write_page(_listed_reports(watchlist), gate, background, page)
    if as_json:
        _echo_json(remarks)
    else:
        for remark in remarks:
            typer.echo(remark["message"])
    if remarks:
        raise typer.Exit(1)


@app.command("export")
def export_list(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[DESIGN...]", help="Only these.")] = None,
    with_part_geometry: Annotated[
        bool,
        typer.Option(
            "--with-part-geometry", help="Hand out the shapes too; without them, matches are at most review."
        ),
    ] = False,
) -> None:
    """Write the list, or some designs of it, to a file for others; without shapes unless asked for."""
    watchlist = Watchlist.open(home_of(context))
    entries = watchlist.entries(names or None)
    written = write_archive(file, entries, watchlist.layout, with_part_geometry)
    shapes = "with" if with_part_geometry else "without"
    typer.echo(f"exported {_many(written, 'design')} {shapes} part geometry")


@app.command("import")
def import_list(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="A file that `export` wrote.")]
) -> None:
    """Add the designs of an exported file: all of them, or none."""
    watchlist = Watchlist.open(home_of(context), create=True)
    names: list[str] = []
    watchlist.add(_named(read_archive(file, watchlist.layout), names))
    typer.echo(f"imported {_many(len(names), 'design')}")
    # An older export has none of the features that go with its shapes.
    _make_features(watchlist, default_jobs(), designs=set(names))


@app.command("refresh")
def refresh_list(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also of the parts that have some.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Parts looked at in parallel.")] = None,
) -> None:
    """Make the local features of listed parts that have none: by these, pieces of them are found."""
    watchlist = Watchlist.open(home_of(context))
    made = _make_features(watchlist, jobs or default_jobs(), every)
    typer.echo(f"made the local features of {_many(made, 'part')}")


@app.command()
def verify(context: typer.Context, as_json: AsJson = False) -> None:
    """Look at every part's geometry and prints, every digest, and the index. Exits 1 where one is wrong."""
    watchlist = Watchlist.open(home_of(context))
    with _progress("verifying designs", watchlist.counts().designs) as advance:
        found = watchlist.verify(advance)
    if as_json:
        _echo_json(
            {
                "version": found.version,
                "designs": found.counts.designs,
                "parts": found.counts.parts,
                "index": found.index,
                "without_features": found.without_features,
                "problems": list(found.problems),
            }
        )
    elif found.problems:
        for problem in found.problems:
            typer.echo(visible(problem))
    else:
        index = "and the index" if found.index else "(no index has been made of it yet)"
        typer.echo(f"sound: {_contents(found)} {index}, version {found.version}")
        _tell_lacking(found.without_features)
    if found.problems:
        raise typer.Exit(1)


@app.command()
def backup(context: typer.Context, file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write the whole list, with its shapes, to one file for yourself; `export` is for others."""
    written = Watchlist.open(home_of(context)).backup(file)
    typer.echo(f"backed up {_contents(written)}, version {written.version}")


@app.command()
def restore(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")]
) -> None:
    """Put a backup in place of all that is listed, at once; refuses a damaged one."""
    restored = Watchlist.restore(home_of(context), file)
    if restored.damaged is not None:
        typer.echo(f"partwatch: the list was beyond reading, and now lies in {restored.damaged}", err=True)
    replaced = _many(restored.replaced.designs, "design")
    found = restored.verification
    typer.echo(f"restored {_contents(found)}, version {found.version}, in place of {replaced}")
    _tell_lacking(found.without_features)


def _gate(context: typer.Context, most: float) -> Gate:
    """The gate, with the background that this home has."""
    from partwatch.curation.assess import Assessor
    from partwatch.evidence import population_of, shipped_calibration

    population, calibration = population_of(home_of(context)), shipped_calibration()
    assessor = Assessor(population, calibration)
    return Gate(assessor.report, most, gate_version(population.version, calibration.version))


def _contents(found: Verification) -> str:
    return f"{_many(found.counts.designs, 'design')}, {_many(found.counts.parts, 'part')}"


def _lint_files(files: list[Path]) -> list[dict[str, Any]]:
    try:
        read_manifests(files)
    except ManifestError as error:
        return [
            {"code": "manifest", "design": None, "part": None, "message": line} for line in error.problems
        ]
    return []


def _check_page(background: Path | None, page: Path | None) -> None:
    if page is not None and not page.absolute().parent.is_dir():
        raise UsageError(f"{page}: its folder is not there; make it, or name another file for --html")
    if background is not None and page is None:
        raise UsageError("--background is for the pictures of a page; name one with --html FILE")
    if background is not None and not background.is_dir():
        raise UsageError(f"{background}: --background wants the folder with the benign files")


def _refresh(watchlist: Watchlist, gate: Gate) -> None:
    with _progress("asking the gate", watchlist.counts().designs) as advance:
        watchlist.replace_reports(_counted(gate.renewed(watchlist.entries()), advance))


def _make_features(
    watchlist: Watchlist, jobs: int, every: bool = False, designs: set[str] | None = None
) -> int:
    """Of the parts that have none, or with `every` of all; how many got them."""
    with watchlist.snapshot() as snapshot:
        parts = parts_to_refresh(snapshot, every, designs)
        if not parts:
            return 0
        with _progress("looking at parts", len(parts)) as advance:
            return refresh(watchlist, snapshot, parts, jobs, progress=advance)


def _tell_lacking(parts: int) -> None:
    if parts:
        told = f"partwatch: {_many(parts, 'part')} without local features"
        typer.echo(f"{told}: `partwatch watchlist refresh` makes them", err=True)


def _listed_reports(watchlist: Watchlist) -> list[tuple[str, str, GateReport]]:
    return [
        (design.name, part.name, part.gate)
        for design in watchlist.designs()
        for part in design.parts
        if part.gate is not None
    ]


def _lint_list(watchlist: Watchlist, gate: Gate, day: date, soon: int) -> list[dict[str, Any]]:
    thresholds = Thresholds(soon, gate.version, gate.most, Policy().match_distinctiveness)
    with watchlist.snapshot() as snapshot:
        remarks = lint_list(snapshot, day, thresholds)
    return [_remark_json(remark) for remark in remarks]


def _remark_json(remark: Remark) -> dict[str, Any]:
    place = f"{remark.design}" if remark.part is None else f"{remark.design}, part {remark.part}"
    return {
        "code": remark.code,
        "design": remark.design,
        "part": remark.part,
        # A look-alike's name is that of somebody's file.
        "message": visible(f"{place}: {remark.message}"),
    }


def _design_json(design: DesignSummary, day: date) -> dict[str, Any]:
    return {
        "name": design.name,
        "authority": design.authority,
        "reason": design.reason,
        "expires": design.expires.isoformat(),
        "expired": design.expired(day),
        "note": design.note,
    }


def _part_json(part: PartSummary) -> dict[str, Any]:
    return {
        "name": part.name,
        "quantity": part.quantity,
        "required": part.required,
        "alternative_to": part.alternative_to,
        "source_name": part.source_name,
        "sha256": part.sha256,
        "medium": part.medium.value,
        "distinctiveness": part.distinctiveness,
        "area_mm2": part.area_mm2,
        "extents_mm": list(part.extents_mm),
        "triangles": part.triangles,
        "prints": part.prints,
        "has_geometry": part.has_geometry,
        "gate": None if part.gate is None else report_json(part.gate),
    }


def _part_line(part: PartSummary) -> str:
    size = " × ".join(f"{extent:.1f}" for extent in part.extents_mm)
    said = [
        f"{part.quantity} × {part.name}",
        f"{size} mm",
        _many(part.triangles, "triangle"),
        f"distinctiveness {part.distinctiveness:.2f}",
    ]
    if not part.required:
        said.append("optional")
    if part.alternative_to is not None:
        said.append(f"instead of {part.alternative_to}")
    if not part.has_geometry:
        said.append("no geometry: review at most")
    return ", ".join(said)


def _expiry(design: DesignSummary, day: date) -> str:
    return f"{'EXPIRED' if design.expired(day) else 'expires'} {design.expires.isoformat()}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _day(as_of: datetime | None) -> date:
    return as_of.date() if as_of is not None else date.today()


def _echo_field(name: str, value: str) -> None:
    # Later lines are set in: a note cannot pass for another field.
    typer.echo(f"  {name:<9}  " + value.replace("\n", f"\n{'':13}"))


def _echo_told(told: Told, as_json: bool, added: bool) -> None:
    if as_json:
        _echo_json(told.json(added))
    else:
        for line in told.lines():
            typer.echo(line)


def _echo_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _named(entries: Iterator[DesignEntry], names: list[str]) -> Iterator[DesignEntry]:
    for entry in entries:
        names.append(entry.name)
        yield entry


def _counted(entries: Iterator[DesignEntry], advance: Callable[[], None]) -> Iterator[DesignEntry]:
    for entry in entries:
        yield entry
        advance()


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr, on a terminal only; what is yielded moves it by one."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
