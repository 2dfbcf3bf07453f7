"""`partwatch calibrate`: a population and a calibration, made from a corpus by one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partwatch.model.errors import UsageError

NAME = "open printable parts"

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def calibrate(
    corpus: Annotated[Path, typer.Option(metavar="DIR", help="Folder that holds MANIFEST.csv.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where calibration.json and population.npz go.")],
    name: Annotated[str, typer.Option(help="What the population is called in results.")] = NAME,
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Worker processes.")] = None,
    parts: Annotated[int, typer.Option(metavar="N", min=1, help="Parts that each change is tried on.")] = 150,
    disguises: Annotated[
        int, typer.Option(metavar="N", min=1, help="Parts that each disguise is tried on.")
    ] = 40,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Which parts are drawn.")] = 0,
) -> None:
    """Make a calibration and its population from a corpus of benign files; half an hour for 1,800.

    Needs the extra: pip install 'partwatch[calibrate]'.
    """
    from partwatch.cli.evaluate import progress_bar
    from partwatch.curation.calibrate import fit, population_from, require_lir
    from partwatch.curation.corpus import provenance, read_corpus
    from partwatch.curation.disguises.observed import Wanted
    from partwatch.curation.observations import gather
    from partwatch.evidence.calibration import calibration_text
    from partwatch.evidence.pair import POPULATION_FILE
    from partwatch.evidence.population import write_population
    from partwatch.formats.worker import default_jobs

    require_lir()
    if not out.is_dir():
        raise UsageError(f"--out {out}: give a folder that is there")
    files = read_corpus(corpus)
    with progress_bar() as step:
        wanted = Wanted(disguises)
        observed = gather(files, jobs or default_jobs(), parts, seed, progress=step, disguises=wanted)
    population = population_from(observed, name)
    calibration = fit(observed, population, f"{provenance(corpus)}, {parts} parts changed, seed {seed}")
    write_population(population, out / POPULATION_FILE)
    (out / "calibration.json").write_text(calibration_text(calibration), encoding="utf-8")
    typer.echo(
        f"calibration {calibration.version}: {calibration.non_mates:,} bodies of {calibration.families:,} "
        f"families and {calibration.projects} projects against {calibration.list_parts:,} parts; "
        f"{calibration.mates:,} copies; at most {calibration.pair_bound:.1f} bits for one part, "
        f"{calibration.bound(calibration.list_parts):.1f} in a list of {calibration.list_parts:,}"
    )
