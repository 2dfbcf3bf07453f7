"""Sections of the report, and their Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


@dataclass(frozen=True)
class Table:
    """Cells as they are to be read."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """What one benchmark says: the result in a sentence or two, the numbers, how it was done."""

    title: str
    headline: tuple[str, ...]
    tables: tuple[Table, ...]
    method: tuple[str, ...]


def markdown(section: Section) -> str:
    """A section of the page."""
    lines = [f"## {section.title}", ""]
    lines += [f"**{line}**  " for line in section.headline]
    for table in section.tables:
        lines += ["", *_table(table)]
    lines += ["", *(f"- {line}" for line in section.method), ""]
    return "\n".join(lines)


def page(facts: Sequence[str], sections: Iterable[Section]) -> str:
    """All of it, between marks that let other text on the page stay."""
    lines = [
        BEGIN,
        "# Benchmarks",
        "",
        *facts,
        "",
        "Ratios come first: both sides of each were measured in turn in the same minutes. Absolute times are "
        "of a noisy machine that does other work beside, and say little about another one.",
        "",
        *(markdown(section) for section in sections),
        END,
    ]
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Put the page between the marks of what is there; without marks it is all there is."""
    old = path.read_text("utf-8") if path.is_file() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END + "\n")
    if not begin or not end:
        before = after = ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(before + text + after, "utf-8")


def spread(values: Sequence[float], digits: int = 2, scale: float = 1.0, unit: str = "") -> str:
    """Median, with least and most."""
    low, middle, high = (
        f"{scale * value:.{digits}f}" for value in (min(values), median(values), max(values))
    )
    return f"{middle}{unit} ({low}–{high})"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _table(table: Table) -> list[str]:
    rule = "|".join(["---"] + ["---:"] * (len(table.columns) - 1))
    rows = [table.columns, *table.rows]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [lines[0], f"|{rule}|", *lines[1:]]
