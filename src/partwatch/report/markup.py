"""Small pieces of HTML. What comes from outside goes through `said`."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from partwatch.report.escape import visible


def said(value: object) -> str:
    """Anything from outside, as text that shows itself and is no markup."""
    return html.escape(visible(str(value)))


def number(count: int) -> str:
    """`12,345`."""
    return f"{count:,}"


def share(hits: int, trials: int) -> str:
    """A percentage that rounds neither up to 100 nor down to 0."""
    if not trials:
        return "none"
    hundredths = math.floor(10_000 * hits / trials)
    if hits and not hundredths:
        return "&lt; 0.01 %"
    return f"{hundredths / 100:.{0 if hits in (0, trials) else 2}f} %"


def words_of(finding: str) -> str:
    """The plural of a finding."""
    return {"match": "matches", "review": "reviews"}.get(finding, said(finding))


@dataclass(frozen=True)
class Cell:
    """One cell, as markup. kind: its CSS class. label: what it is called where there is no head above it."""

    content: str
    kind: str = ""
    label: str = ""


def table(heads: Sequence[str], rows: Iterable[Iterable[Cell]]) -> str:
    """A table whose first column names the row; on a phone each row is a block. heads: markup."""
    first = "".join(f'<th scope="col">{head}</th>' for head in heads)
    body = "".join(_row(list(row)) for row in rows)
    return f'<div class="sheet"><table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table></div>\n'


def _row(cells: list[Cell]) -> str:
    return f'<tr><th scope="row">{cells[0].content}</th>{"".join(map(_cell, cells[1:]))}</tr>'


def _cell(cell: Cell) -> str:
    kind = f' class="{cell.kind}"' if cell.kind else ""
    label = f' data-label="{html.escape(cell.label)}"' if cell.label else ""
    return f"<td{kind}{label}>{cell.content}</td>"
