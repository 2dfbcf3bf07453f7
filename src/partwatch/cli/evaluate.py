"""`partwatch evaluate`: the program judged on a corpus."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from partwatch.cli.pages import check_page
from partwatch.curation.gate import GATE_RATE

if TYPE_CHECKING:
    from rich.progress import TaskID

_STAGES = {
    "list": "parts listed",
    "recall": "changed parts screened",
    "disguise": "disguised parts screened",
    "wrong": "files searched among other projects' parts",
    "stock": "files read",
}

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def evaluate(
    corpus: Annotated[Path, typer.Option(metavar="DIR", help="Folder that holds MANIFEST.csv.")],
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Worker processes.")] = None,
    parts: Annotated[int, typer.Option(metavar="N", min=1, help="Parts that each change is tried on.")] = 150,
    disguises: Annotated[
        int, typer.Option(metavar="N", min=0, help="Parts that each disguise is counted on; 0 for none.")
    ] = 40,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Which parts, and which folds.")] = 0,
    sample: Annotated[
        int | None, typer.Option("--files", metavar="N", min=1, help="Only so many files, drawn by the seed.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="As for `screen`.")] = None,
    calibration: Annotated[
        Path | None, typer.Option(metavar="FILE", help="One that was made from another corpus.")
    ] = None,
    gate_rate: Annotated[
        float, typer.Option(min=0, help="Benign bodies of 10,000 from which on a part is held back.")
    ] = GATE_RATE,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with plots.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="OLD.json", help="Compare; exits 1 on a significant loss.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All figures, misses and wrong matches.")] = False,
) -> None:
    """Measure recall, false alerts and the honesty of bits on a corpus of benign files.

    Every printable part of the corpus is listed, in a list of its own that is thrown away. A corpus that the
    shipped calibration was made from is judged in five folds of its projects, each body and part with what is
    calibrated on the folds of neither; that needs the extra `calibrate`.
    """
    from partwatch.curation.corpus import read_corpus
    from partwatch.curation.disguises.observed import Wanted
    from partwatch.curation.earlier import changes, differences, has_loss
    from partwatch.curation.evaluate import drawn, judges_of
    from partwatch.curation.evaluate import evaluate as run
    from partwatch.curation.observations import gather
    from partwatch.evidence.pair import calibrated
    from partwatch.evidence.policy import AlertPolicy, read_policy
    from partwatch.formats.worker import default_jobs
    from partwatch.model.evaluation import load
    from partwatch.report.comparison import table
    from partwatch.report.evaluation import page

    old = load(baseline) if baseline else None
    check_page(html)
    files = drawn(read_corpus(corpus), sample, seed)
    alerts = read_policy(policy) if policy else AlertPolicy()
    own = calibrated(calibration) if calibration else None
    with progress_bar() as step:
        wanted = Wanted(disguises, policy, calibration)
        observed = gather(files, jobs or default_jobs(), parts, seed, progress=step, disguises=wanted)
    result = run(observed, seed, gate_rate, alerts, judges_of(observed, seed, own))
    typer.echo(json.dumps(result, indent=1, ensure_ascii=False) if as_json else text(result))
    if html is not None:
        html.write_text(page(result), encoding="utf-8")
    if old is not None:
        found = changes(old, result)
        typer.echo(table(found, differences(old, result)), err=as_json)
        if has_loss(found):
            raise typer.Exit(1)


@contextmanager
def progress_bar() -> Iterator[Callable[[str], None]]:
    """Counts steps by stage on stderr, on a terminal only."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        stages: dict[str, TaskID] = {}

        def step(stage: str) -> None:
            if stage not in stages:
                stages[stage] = bar.add_task(_STAGES.get(stage, stage), total=None)
            bar.advance(stages[stage])

        yield step


def text(result: Mapping[str, Any]) -> str:
    """The figures for people."""
    from partwatch.report import evaluation_disguises

    held, llr = result["held_back"], result["llr"]
    lines = [
        f"{held['of']} parts of {result['population']['projects']} projects; the goodware gate holds back "
        f"{held['parts']} ({held['parts'] / max(held['of'], 1):.1%}) at {held['gate_rate']:g} per 10,000; "
        f"{len(result['unlisted'])} files could not be listed",
    ]
    for at in ("match", "review"):
        lines += ["", f"recall at {at} (95 % exact interval; 95 % by family)"]
        lines += [_recall_line(row) for row in result["recall"] if row["at"] == at]
    told = evaluation_disguises.lines(result["disguises"])
    lines += ["", *told] if told else []
    lines += [
        "",
        f"false alerts in a list of {held['of'] - held['parts']} parts, by bodies of other projects",
    ]
    for row in result["false"]:
        lines.append(
            f"  {row['finding']:<7} {row['hits']:>5} of {row['bodies']} bodies, {row['per_10000']:8.1f} "
            f"per 10,000; at most {row['upper_per_10000']:.1f} (one-sided 95 %), by family "
            f"{row['family_upper_per_10000']:.1f}; tail model, an estimate: {row['estimated_per_10000']:.2g}"
        )
    if llr is not None:
        lines += ["", *_llr_lines(llr)]
    every = result["llr_of_all_parts"]
    if every is not None:
        lines.append(f"  with the parts that the gate holds back: Cllr {every['cllr']:.4f}")
    if result["revisions"]["bits"]:
        bits = result["revisions"]["bits"]
        lines.append(
            f"  revisions, scored apart: {result['revisions']['pairs']} pairs, bits {bits['p5']:.1f} / "
            f"{bits['p50']:.1f} / {bits['p95']:.1f} (5 %, median, 95 %)"
        )
    return "\n".join(lines)


def _llr_lines(llr: Mapping[str, Any]) -> list[str]:
    interval = "" if llr["cllr_low"] is None else f" [{llr['cllr_low']:.4f}, {llr['cllr_high']:.4f}]"
    lines = [
        f"bits: Cllr {llr['cllr']:.4f}{interval}, at best {llr['cllr_min']:.4f}; {llr['mates']} copies, "
        f"{llr['non_mates']} of each body's hardest strangers, {llr['families']} families"
    ]
    for row in llr["stated"]:
        too_many = "" if row["holds"] else "  TOO MANY"
        lines.append(
            f"  stated 1 in {1 / row['stated']:,.0f} ({row['bits']:.1f} bits): "
            f"{row['non_mates_at_or_above']} of {row['of']} unrelated searches, "
            f"by family [{row['low']:.2%}, {row['high']:.2%}]{too_many}"
        )
    return lines


def _recall_line(row: Mapping[str, Any]) -> str:
    share = row["hits"] / max(row["trials"], 1)
    label = f"{row['group']}: {row['class']}"
    return (
        f"  {label:<78} {row['hits']:>6}/{row['trials']:<6} {share:8.2%}  "
        f"[{row['low']:.2%}, {row['high']:.2%}]  [{row['family_low']:.2%}, {row['family_high']:.2%}]"
    )
