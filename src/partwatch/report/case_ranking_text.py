"""Leads for a terminal, and for a pipe: who comes before whom, and by what way."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.text import Text

from partwatch.model.case_paths import CaseNode
from partwatch.model.case_ranking import CaseLead, CaseRankingDocument
from partwatch.report.escape import visible

_VALUE_CHARS: Final = 40
_KEY_CHARS: Final = 12


def render(document: CaseRankingDocument, console: Console) -> None:
    """Print it. Controls in strings from outside are shown escaped."""
    kind = visible(document.kind)
    _line(console, f"from {_named(document.start)}: {kind}, those to look at first", "bold")
    if not document.leads:
        _line(console, f"nothing leads to any of {document.population:,}")
    for lead in document.leads:
        _lead(lead, console)
    if document.leads:
        told = f"{document.reached:,} of {document.population:,} are reached"
        _line(console, told + (f"; {document.left_out:,} not told" if document.left_out else ""), "dim")
    _line(console, document.note, "yellow")


def _lead(lead: CaseLead, console: Console) -> None:
    shown = "" if lead.bits_shown else ", not shown to be the strongest"
    often = 2.0**lead.score
    times = f"{often:,.0f}" if often >= 10 else f"{often:.2g}"
    _line(console, f"{lead.place:>4}  {_named(lead.node)}", "bold")
    told = f"{times} times as often come by as one drawn blindly; {lead.hops} hops"
    _line(console, f"      {told}; strongest path {lead.bits:.1f} bits{shown}")
    if lead.path:
        _line(console, f"      {' · '.join(_cut(node.caption) for node in lead.path)}", "dim")


def _named(node: CaseNode) -> str:
    records = f", {node.records} records" if node.records > 1 else ""
    key = "" if node.key.startswith(f"{node.kind}:") else f" {visible(node.key[:_KEY_CHARS])}"
    return f"{_cut(node.caption)} [{visible(node.kind)}{key}{records}]"


def _cut(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _VALUE_CHARS else f"{shown[: _VALUE_CHARS - 1]}…"


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), highlight=False, soft_wrap=True)
