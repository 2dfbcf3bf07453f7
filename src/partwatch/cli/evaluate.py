"""`partwatch evaluate`: the program judged on a corpus."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import TaskID

    from partwatch.curation.evaluate import Evaluation

_STAGES = {"list": "parts listed", "recall": "changed parts screened", "wrong": "files screened"}

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def evaluate(
    corpus: Annotated[Path, typer.Option(metavar="DIR", help="Folder that holds MANIFEST.csv.")],
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Worker processes.")] = None,
    parts: Annotated[int, typer.Option(metavar="N", min=1, help="Parts that each change is tried on.")] = 120,
    as_json: Annotated[bool, typer.Option("--json", help="All figures, misses and wrong matches.")] = False,
) -> None:
    """Measure recall by class of change, and wrong matches between projects, on a corpus of benign files.

    Every printable part of the corpus is listed, in a list of its own that is thrown away.
    """
    from partwatch.curation.corpus import read_corpus
    from partwatch.curation.evaluate import evaluate as run
    from partwatch.formats.worker import default_jobs

    files = read_corpus(corpus)
    with _progress() as step:
        result = run(files, jobs or default_jobs(), parts, progress=step)
    typer.echo(json.dumps(asdict(result), indent=1, ensure_ascii=False) if as_json else _text(result))


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
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


def _text(result: Evaluation) -> str:
    from partwatch.model.document import MatchFinding

    lines = [
        f"{result.parts} parts listed, {result.generic} of them generic and left out of recall; "
        f"{len(result.unlisted)} files could not be listed",
        "",
        "recall at match, by class of change (95 % exact interval)",
    ]
    for label, rate in result.recall.items():
        low, high = rate.interval()
        lines.append(
            f"  {label:<70} {rate.hits:>6}/{rate.trials:<6} {rate.value:8.2%}  [{low:.2%}, {high:.2%}]"
        )
    lines += [
        "",
        f"between projects: {result.bodies} bodies of {result.items} items ({result.unread} not complete)",
    ]
    for finding in MatchFinding:
        rate = result.wrong_rate(finding)
        lines.append(
            f"  bodies with a wrong {finding.value:<10} {rate.hits:>5}, {rate.value * 1e4:8.1f} per 10,000; "
            f"at most {rate.upper() * 1e4:.1f} (one-sided 95 %)"
        )
    lines += [
        f"    {wrong.finding}: {Path(wrong.path).name} body {wrong.body} ~ {wrong.design} "
        f"({wrong.relation}, coverage {wrong.coverage:.3f}, distinctiveness {wrong.distinctiveness:.2f})"
        for wrong in result.wrong
        if wrong.finding != MatchFinding.CANDIDATE.value
    ]
    return "\n".join(lines)
