"""Assemblies for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from partwatch.model.assemblies import AssembliesDocument, Assembly, SlotState
from partwatch.report import assembly_words as words
from partwatch.report.escape import visible

MOST_HELD = 3
MOST_WITHOUT = 6
MOST_SETS = 3


def lines(document: AssembliesDocument) -> Iterator[str]:
    """Every assembly, then what was counted."""
    for assembly in document.assemblies:
        yield from _assembly(assembly)
        yield ""
    if not document.assemblies:
        yield "no items together hold two parts of a listed design"
    if document.left_out:
        yield f"{document.left_out:,} weaker ones are left out; --limit shows more"
    header = document.header
    counted = "; ".join(
        f"{size.groups:,} of kind {visible(size.kind)}" for size in header.stream if size.kind != "all"
    )
    yield f"{header.items:,} items, {header.bodies:,} bodies; groups counted: {counted or 'none'}"
    yield document.header.not_claimed


def _assembly(assembly: Assembly) -> Iterator[str]:
    verdict = f", {assembly.verdict} by a person" if assembly.verdict else ""
    yield (
        f"{visible(assembly.design)} in {words.group(assembly)}: "
        f"{words.FINDINGS[assembly.finding]}{verdict}, "
        f"{words.parts(assembly)}, {assembly.bits:.1f} bits ({assembly.support.value})"
    )
    told = [words.items(assembly), words.days(assembly), words.also(assembly), words.beyond(assembly)]
    yield f"  {'; '.join(part for part in told if part)}"
    for state in assembly.slots:
        if state.held or state.name is not None:
            yield from _slot(state)
    if missing := words.missing(assembly):
        hint = "" if all(state.name for state in assembly.slots) else " (names with --missing)"
        yield f"  {missing}{hint}"
    for one in assembly.without[:MOST_WITHOUT]:
        yield f"  without {assembly.units_by} {visible(one.unit)}: {one.bits:.1f} bits"
    if len(assembly.without) > MOST_WITHOUT:
        yield f"  and {len(assembly.without) - MOST_WITHOUT:,} more"
    yield from _sets(assembly)


def _slot(state: SlotState) -> Iterator[str]:
    weight = f"{state.bits:+6.1f} bits" if state.held else " " * 11
    yield f"  {state.status.value:8} {weight}  {words.slot(state)}"
    for held in state.held[:MOST_HELD]:
        when = f"{held.time}  " if held.time else ""
        yield f"{'':22}{when}{words.place(held)} ({held.relation.value}, {held.medium.value})"
    if len(state.held) > MOST_HELD:
        yield f"{'':22}and {len(state.held) - MOST_HELD:,} more"


def _sets(assembly: Assembly) -> Iterator[str]:
    sets = assembly.minimal_sets
    if not sets or len(assembly.without) < 2:
        return
    size = len(sets[0])
    few = "fewest" if assembly.minimal_exact else "few"
    shown = " | ".join(", ".join(map(visible, units)) for units in sets[:MOST_SETS])
    yield f"  {few} that hold all of it: {size} {assembly.units_by}{'s' * (size != 1)}: {shown}"
