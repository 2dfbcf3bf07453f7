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
    print_jobs: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Only what print jobs are weighed by, from jobs of the corpus' parts, each beside a JSON "
            "file that names its part.",
        ),
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --print-jobs: the calibration that it is added to, whose other numbers stay "
            "(default: the shipped one).",
        ),
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With --print-jobs: where what was observed of jobs is kept."),
    ] = None,
) -> None:
    """Make a calibration and its population from a corpus of benign files; half an hour for 1,800.

    With --print-jobs, what bodies rebuilt from print jobs are weighed by, a few seconds a job.
    Needs the extra: pip install 'partwatch[calibrate]'.
    """
    from partwatch.curation.calibrate import require_lir

    require_lir()
    if not out.is_dir():
        raise UsageError(f"--out {out}: give a folder that is there")
    if print_jobs is not None:
        _of_print_jobs(corpus, out, print_jobs, base, kept, jobs)
        return
    if base is not None or kept is not None:
        raise UsageError("--base and --kept go with --print-jobs: give its folder, or leave them out")
    from partwatch.cli.evaluate import progress_bar
    from partwatch.curation.calibrate import fit, population_from
    from partwatch.curation.corpus import provenance, read_corpus
    from partwatch.curation.disguises.observed import Wanted
    from partwatch.curation.observations import gather
    from partwatch.evidence.calibration import calibration_text
    from partwatch.evidence.pair import POPULATION_FILE
    from partwatch.evidence.population import write_population
    from partwatch.formats.worker import default_jobs

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


def _of_print_jobs(
    corpus: Path, out: Path, folder: Path, base: Path | None, kept: Path | None, jobs: int | None
) -> None:
    """Writes the base with numbers for the media of the folder's jobs, and its population beside it."""
    from partwatch.cli.evaluate import progress_bar
    from partwatch.curation.corpus import provenance, read_corpus
    from partwatch.curation.fit_media import with_media
    from partwatch.curation.print_jobs import gather_jobs
    from partwatch.curation.print_jobs import print_jobs as jobs_in
    from partwatch.evidence.calibration import calibration_text
    from partwatch.evidence.pair import POPULATION_FILE, calibrated
    from partwatch.evidence.population import write_population
    from partwatch.formats.worker import default_jobs

    calibration, population = calibrated(base)
    found = jobs_in(folder)
    with progress_bar() as step:
        gathered = gather_jobs(read_corpus(corpus), found, jobs or default_jobs(), kept=kept, progress=step)
    made_from = f"{provenance(corpus)}, {len(gathered.rows)} print jobs"
    calibration = with_media(calibration, population, gathered, made_from)
    write_population(population, out / POPULATION_FILE)
    (out / "calibration.json").write_text(calibration_text(calibration), encoding="utf-8")
    typer.echo(f"calibration {calibration.version}; {gathered.unread:,} jobs could not be read")
    for medium, model in calibration.media.items():
        own = calibration.of_medium(medium)
        typer.echo(
            f"{medium.value}: {model.mates:,} jobs; {model.non_mates:,} bodies of {model.families:,} "
            f"families and {model.projects} projects; at most {own.pair_bound:.1f} bits for one part, "
            f"{own.bound(own.list_parts):.1f} in a list of {own.list_parts:,}"
        )
