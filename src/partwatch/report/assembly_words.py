"""Assemblies in words, for the terminal and for the page."""

from __future__ import annotations

from partwatch.model.assemblies import Assembly, Held, SlotState
from partwatch.model.document import MatchFinding
from partwatch.report.escape import visible

FINDINGS = {
    MatchFinding.MATCH: "held together",
    MatchFinding.REVIEW: "for review",
    MatchFinding.CANDIDATE: "candidate",
}
ALL_ITEMS = "all items"


def group(assembly: Assembly) -> str:
    """What groups the items, and which group it is."""
    return _group(assembly.kind, assembly.group)


def also(assembly: Assembly) -> str:
    """Other groups of the same bodies; empty where there are none."""
    return f"also {', '.join(_group(*one) for one in assembly.also)}" if assembly.also else ""


def _group(kind: str, value: str) -> str:
    if kind == "all":
        return ALL_ITEMS
    return f"{'period' if kind.startswith('period-') else visible(kind)} {visible(value)}"


def parts(assembly: Assembly) -> str:
    """`4 of 9 parts`."""
    return f"{assembly.parts_found} of {assembly.parts} parts"


def items(assembly: Assembly) -> str:
    """`in 12 items`, and what went unread."""
    told = f"in {assembly.items:,} item{'s' * (assembly.items != 1)}"
    if assembly.incomplete_items:
        told += f", {assembly.incomplete_items:,} of them not read to the end"
    return told


def days(assembly: Assembly) -> str:
    """From the first to the last body that stands for a part; empty where no day is known."""
    if assembly.first is None or assembly.last is None:
        return ""
    return assembly.first if assembly.first == assembly.last else f"{assembly.first} to {assembly.last}"


def place(held: Held) -> str:
    """Where a body is."""
    member = f" ▸ {visible(held.member)}" if held.member else ""
    return f"{visible(held.path)}{member}, body {held.body}"


def slot(state: SlotState) -> str:
    """A part's name and how many of it are there."""
    name = "a part" if state.name is None else visible(state.name)
    return name if state.quantity == 1 else f"{name} ({len(state.held)} of {state.quantity})"


def beyond(assembly: Assembly) -> str:
    """What is left where better assemblies of the group claim the same bodies; empty where none does."""
    if assembly.beyond_better >= assembly.bits:
        return ""
    return (
        f"{assembly.beyond_better:.1f} bits without the bodies that already stand for a design listed above "
        "for the same group"
    )


def missing(assembly: Assembly) -> str:
    """`5 parts are missing`; empty where none is."""
    count = sum(not state.held for state in assembly.slots)
    return "" if not count else f"{count} part{'s are' if count > 1 else ' is'} missing"
