"""Two evaluations beside each other, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from partwatch.curation.earlier import LEVEL, Change, Verdict
from partwatch.report.escape import visible

_FIRST = [Verdict.WORSE, Verdict.GONE, Verdict.BETTER, Verdict.NEW]


def table(changes: Sequence[Change], differences: Sequence[str] = ()) -> str:
    """Lines of text: what else differs, losses, what got better, the rest in its order, and the count."""
    ordered = sorted(
        changes,
        key=lambda change: _FIRST.index(change.verdict) if change.verdict in _FIRST else len(_FIRST),
    )
    rows = [("", "then", "now", "", "p"), *(_row(change) for change in ordered)]
    widths = [max(len(row[k]) for row in rows) for k in range(5)]
    lines = [f"not the same: {visible(line)}" for line in differences]
    lines += [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    tested = sum(change.p is not None for change in changes)
    losses = sum(change.is_loss for change in changes)
    lines.append(
        f"{losses or 'no'} significant {'loss' if losses == 1 else 'losses'}; "
        f"{tested} comparisons, together at the {LEVEL:.0%} level (Holm)"
    )
    return "\n".join(lines)


def _row(change: Change) -> tuple[str, str, str, str, str]:
    p = "" if change.p is None else "< 0.0001" if change.p < 1e-4 else f"{change.p:.4f}"
    return visible(change.name), visible(change.old), visible(change.new), change.verdict.value, p
