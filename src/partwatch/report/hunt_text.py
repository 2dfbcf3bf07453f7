"""A hunt for the terminal: a table that wraps instead of cutting, then what was looked at."""

from __future__ import annotations

from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from partwatch.model.hunt import Hit, HuntDocument, HuntStatus
from partwatch.report import hunt_words as words
from partwatch.report.escape import visible

_STYLES: Final = {
    HuntStatus.MATCH: "bold red",
    HuntStatus.REVIEW: "bold yellow",
    HuntStatus.CANDIDATE: "cyan",
}


def render(document: HuntDocument, console: Console) -> None:
    """Print the whole of it; every string from outside is shown with its controls escaped."""
    if document.hits:
        console.print(_table(document))
    else:
        sought = ", ".join(f"{part.design} / {part.part}" for part in document.asked.parts)
        console.print(Text(f"nothing found that looks like {visible(sought)}"))
    console.print(Text(words.summary(document)), highlight=False)
    for line in words.limits(document):
        console.print(Text(visible(line)), style="dim", highlight=False)


def _table(document: HuntDocument) -> Table:
    table = Table(expand=True, box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Finding", no_wrap=True, width=10)
    table.add_column("Submission", overflow="fold", ratio=2)
    table.add_column("What was found", overflow="fold", ratio=3)
    for hit in document.hits:
        table.add_row(Text(hit.status.value, style=_STYLES[hit.status]), _place(hit), _found(hit))
    return table


def _place(hit: Hit) -> Text:
    cell = Text(visible(hit.file or hit.file_sha256[:16]))
    if hit.member is not None:
        cell.append("\n› " + visible(hit.member))
    cell.append(f"\n{visible(hit.submission)}, body {hit.body}", style="dim")
    cell.append(f"\n{visible(hit.customer)}, {hit.screened_at[:10]}", style="dim")
    return cell


def _found(hit: Hit) -> Text:
    cell = Text(visible(words.target(hit)), style="bold")
    cell.append("\n" + words.found(hit), style="not bold")
    if hit.rate is not None:
        cell.append("\n" + words.rate(hit.rate), style="dim not bold")
    if hit.why is not None:
        cell.append("\nnot verified: " + visible(hit.why), style="dim not bold")
    return cell
