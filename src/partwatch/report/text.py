"""The result for a terminal, and for a pipe: a table that wraps instead of cutting, then the counts."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from partwatch.model.document import Body, Finding, Header, Item, Match, MatchFinding, Reason, Summary
from partwatch.model.mesh import Unit
from partwatch.report import weight, words
from partwatch.report.escape import visible

STYLES: dict[Finding, str] = {
    Finding.MATCH: "bold red",
    Finding.REVIEW: "bold yellow",
    Finding.UNSCREENABLE: "bold magenta",
    Finding.CLEAR: "green",
}


def render(header: Header, items: Iterable[Item], summary: Summary, console: Console) -> None:
    """Print the whole result on `console`; every string from outside is shown with its controls escaped."""
    rows = list(items)
    # One item's worth is told in full; of many each gets a clause, and the propositions stand once, below.
    in_full = sum(words.best_match(item) is not None for item in rows) == 1
    if rows:
        console.print(_table(rows, header, in_full))
    console.print(_summary_line(summary), highlight=False)
    console.print(_footer(header), style="dim", highlight=False)
    if header.calibration is not None:
        console.print(Text(weight.in_words(header)), style="dim", highlight=False)


def _table(items: list[Item], header: Header, in_full: bool) -> Table:
    # Ratios, not widths: the same on a terminal of any width; `fold` breaks long names and loses nothing.
    table = Table(expand=True, box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Finding", no_wrap=True, width=12)
    table.add_column("Item", overflow="fold", ratio=2)
    table.add_column("What was found", overflow="fold", ratio=3)
    for item in items:
        finding = Text(item.finding.value, style=STYLES[item.finding])
        table.add_row(finding, _item_cell(item), _found_cell(item, header, in_full))
    return table


def _item_cell(item: Item) -> Text:
    cell = Text(visible(item.path))
    if item.member is not None:
        cell.append("\n› " + visible(item.member))
    known = [item.format, _count(len(item.bodies), "body", "bodies") if item.bodies else None]
    if facts := ", ".join(visible(fact) for fact in known if fact):
        cell.append("\n" + facts, style="dim")
    if not item.complete:
        cell.append("\nnot read completely", style="magenta")
    return cell


def _found_cell(item: Item, header: Header, in_full: bool) -> Text:
    """The best match in full, how many others there are, and the reasons."""
    cell = Text()
    best = words.best_match(item)
    if best is not None:
        _append_match(cell, item, *best)
        if header.calibration is not None:
            _append_weight(cell, best[1], header, in_full)
        if words.is_generic(best[1], header) and not any(
            "many objects share" in r.message for r in item.reasons
        ):
            _line(cell, "generic shape, says little on its own")
        if others := sum(len(body.matches) for body in item.bodies) - 1:
            _line(cell, f"and {_count(others, 'other match', 'other matches')}", "dim")
    elif not item.reasons:
        cell.append("nothing on the list", style="dim")
    for reason in item.reasons:
        if (said := _news(reason)) is not None:
            _line(cell, visible(said))
    return cell


def _news(reason: Reason) -> str | None:
    """What a reason adds to the match that stands above it: all, why it is only review, or nothing."""
    if reason.code == MatchFinding.MATCH.value:
        return None
    if reason.code == MatchFinding.REVIEW.value:
        return reason.message.partition("; ")[2] or None
    return reason.message


def _append_match(cell: Text, item: Item, body: Body, match: Match) -> None:
    deviation = match.deviation_mm
    _line(cell, words.target(match), "bold")
    where = f", body {body.index}" if len(item.bodies) > 1 else ""
    cell.append(f"  {words.RELATIONS[match.relation]}{where}")
    _line(
        cell,
        f"{words.percent(match.coverage_part)} of the part, {words.percent(match.coverage_body)} of the body "
        f"within {words.millimetres(match.tolerance_mm)}; off by {words.millimetres(deviation.median)} "
        f"(95 %: {words.millimetres(deviation.p95)})",
    )
    for remark in words.remarks(body, match):
        if not (body.unit is Unit.MILLIMETRE and remark == words.unit(body)):
            _line(cell, remark, "yellow")


def _append_weight(cell: Text, match: Match, header: Header, in_full: bool) -> None:
    """The bits with the word beside them, what they mean, and what else the body might be."""
    said = weight.support(match)
    _line(cell, weight.figure(match, header) + (f", {said}" if said else ""), "bold" if said else "dim")
    if said is None:
        return
    if in_full:
        told = [weight.statement(match), weight.false_alerts(match, header), *weight.rivals(match)]
    else:
        told = [weight.in_short(match), weight.rivals_in_short(match)]
    for line in filter(None, told):
        _line(cell, line, "dim")


def _summary_line(summary: Summary) -> Text:
    line = Text(f"{_count(summary.items, 'item', 'items')}, {_count(summary.bodies, 'body', 'bodies')}: ")
    for position, finding in enumerate(Finding):
        count = summary.findings.get(finding, 0)
        line.append(", " if position else "")
        line.append(f"{count} {finding.value}", style=STYLES[finding] if count else "dim")
    if summary.accepted:
        line.append(f"; {_count(summary.accepted, 'item', 'items')} with accepted matches")
    if summary.incomplete:
        line.append(f"; {summary.incomplete} not read completely", style="magenta")
    return line


def _footer(header: Header) -> Text:
    calibration = header.calibration or "not calibrated, thresholds are provisional"
    return Text(
        f"partwatch {visible(header.program_version)}, list {visible(header.watchlist.version[:16])} "
        f"({_count(header.watchlist.designs, 'design', 'designs')}, "
        f"{_count(header.watchlist.parts, 'part', 'parts')}), as of {visible(header.as_of)}, "
        f"policy {visible(header.policy.name)}; bits: {visible(calibration)}"
        + (f"; baseline {visible(header.baseline[:16])}" if header.baseline else "")
    )


def _line(cell: Text, line: str, style: str = "") -> None:
    if cell.plain:
        cell.append("\n")
    cell.append(line, style=style)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
